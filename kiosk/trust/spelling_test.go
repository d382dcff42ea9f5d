package trust_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"golang.org/x/crypto/ocsp"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/cms"
)

// respelt is an authority whose name is written in capitals, in strings of another kind, for what it issues next.
func respelt(t testing.TB, a *authority) *authority {
	t.Helper()
	c := *a.cert
	country := wrap(0x31, wrap(0x30, wrap(0x06, []byte{0x55, 4, 6}), wrap(0x0c, []byte("pt"))))
	name := wrap(0x31, wrap(0x30, wrap(0x06, []byte{0x55, 4, 3}), wrap(0x0c, []byte("  (TESTE)  "+c.Subject.CommonName[len("(Teste) "):]))))
	c.RawSubject = wrap(0x30, country, name)
	if !cms.SameName(c.RawSubject, a.cert.RawSubject) || string(c.RawSubject) == string(a.cert.RawSubject) {
		t.Fatal("not the same name in another spelling")
	}
	return &authority{cert: &c, key: a.key}
}

// Authorities write their names in one way in their own certificates and in another in those they issue.
func TestChain_NamesInOtherSpelling(t *testing.T) {
	w := mustWorld(t)
	auth := caTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0014")
	w.auth = mustIssue(t, auth, respelt(t, w.cards), mustKey(t))
	w.cards = mustIssue(t, caTemplate("(Teste) Cartão de Cidadão 006"), respelt(t, w.root), w.cards.key)
	w.citizen = mustIssue(t, citizenTemplate(), respelt(t, w.auth), mustKey(t))
	stranger := mustIssue(t, citizenTemplate(), respelt(t, mustWorld(t).auth), mustKey(t))
	for name, tt := range map[string]struct{ intermediates, extra []*x509.Certificate }{
		"in the store":    {[]*x509.Certificate{w.cards.cert, w.auth.cert}, nil},
		"on the card":     {[]*x509.Certificate{w.cards.cert}, []*x509.Certificate{w.auth.cert}},
		"all on the card": {nil, []*x509.Certificate{w.auth.cert, w.cards.cert}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := trust.NewStore([]*x509.Certificate{w.root.cert}, tt.intermediates)
			if err != nil {
				t.Fatal(err)
			}
			chain, err := s.Chain(w.citizen.cert, tt.extra, now)
			if err != nil {
				t.Fatal(err)
			}
			want := []*x509.Certificate{w.citizen.cert, w.auth.cert, w.cards.cert, w.root.cert}
			if len(chain) != len(want) {
				t.Fatalf("got %d certificates, want %d", len(chain), len(want))
			}
			for i, c := range chain {
				if c != want[i] {
					t.Errorf("certificate %d is not the one that was given", i)
				}
			}
			if chain, err := s.Chain(stranger.cert, tt.extra, now); chain != nil || trust.FaultOf(err) != trust.FaultUntrusted {
				t.Errorf("a stranger's: got %v, %v", chain, err)
			}
		})
	}
}

func TestRevocation_NamesInOtherSpelling(t *testing.T) {
	s := mustScene(t)
	template := citizenTemplate()
	template.OCSPServer, template.CRLDistributionPoints = s.leaf.cert.OCSPServer, s.leaf.cert.CRLDistributionPoints
	other := respelt(t, s.ca)
	s.leaf = mustIssue(t, template, other, mustKey(t))
	delegate := mustIssue(t, responderTemplate(), other, mustKey(t))
	for name, issuer := range map[string]*authority{"as in its own certificate": s.ca, "as in the certificate asked about": other} {
		t.Run(name, func(t *testing.T) {
			answer := ocsp.Response{
				Status: ocsp.Good, SerialNumber: s.leaf.cert.SerialNumber, IssuerHash: crypto.SHA1, Certificate: delegate.cert,
				ThisUpdate: now, NextUpdate: now.AddDate(0, 0, 1),
			}
			der, err := ocsp.CreateResponse(issuer.cert, delegate.cert, answer, delegate.key)
			if err != nil {
				t.Fatal(err)
			}
			s.revocation = &trust.Revocation{Now: s.revocation.Now}
			s.ocsp, s.crl = func() []byte { return der }, nil
			if got, err := s.check(); err != nil || got.Method != trust.MethodOCSP || got.Status != trust.Good {
				t.Errorf("OCSP: got %+v, %v", got, err)
			}
			s.revocation = &trust.Revocation{Now: s.revocation.Now}
			s.ocsp, s.crl = nil, s.list(t, issuer, nil)
			if got, err := s.check(); err != nil || got.Method != trust.MethodCRL || got.Status != trust.Good {
				t.Errorf("CRL: got %+v, %v", got, err)
			}
		})
	}
}

// A root that names itself in two ways is its own issuer all the same.
func TestImport_RootInTwoSpellings(t *testing.T) {
	root := mustIssue(t, caTemplate("(Teste) ECRaizEstado 002"), nil, mustKey(t))
	template := caTemplate("(Teste) ECRaizEstado 002")
	template.SerialNumber, template.BasicConstraintsValid = nextSerial(), true
	template.NotBefore, template.NotAfter = day(2020), day(2050)
	der, err := x509.CreateCertificate(rand.Reader, &template, respelt(t, root).cert, root.key.Public(), root.key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	report, err := trust.Import(dir, mustWrite(t, t.TempDir(), "root.cer", der))
	if err != nil || !report.Items[0].Anchor {
		t.Errorf("got %+v, %v", report, err)
	}
}
