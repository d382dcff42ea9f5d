package trust_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"golang.org/x/crypto/ocsp"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

// respelt is an authority whose name is written in capitals, in strings of another kind, for what it issues next.
func respelt(t testing.TB, a *trusttest.Authority) *trusttest.Authority {
	t.Helper()
	c := *a.Cert
	country := trusttest.Wrap(0x31, trusttest.Wrap(0x30, trusttest.Wrap(0x06, []byte{0x55, 4, 6}), trusttest.Wrap(0x0c, []byte("pt"))))
	name := trusttest.Wrap(0x31, trusttest.Wrap(0x30, trusttest.Wrap(0x06, []byte{0x55, 4, 3}), trusttest.Wrap(0x0c, []byte("  (TESTE)  "+c.Subject.CommonName[len("(Teste) "):]))))
	c.RawSubject = trusttest.Wrap(0x30, country, name)
	if !icao.SameName(c.RawSubject, a.Cert.RawSubject) || string(c.RawSubject) == string(a.Cert.RawSubject) {
		t.Fatal("not the same name in another spelling")
	}
	return &trusttest.Authority{Cert: &c, Key: a.Key}
}

// Authorities write their names in one way in their own certificates and in another in those they issue.
func TestChain_NamesInOtherSpelling(t *testing.T) {
	w := trusttest.MustWorld(t)
	auth := trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0014")
	w.Auth = trusttest.MustIssue(t, auth, respelt(t, w.Cards), trusttest.MustKey(t))
	w.Cards = trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) Cartão de Cidadão 006"), respelt(t, w.Root), w.Cards.Key)
	w.Citizen = trusttest.MustIssue(t, trusttest.CitizenTemplate(), respelt(t, w.Auth), trusttest.MustKey(t))
	stranger := trusttest.MustIssue(t, trusttest.CitizenTemplate(), respelt(t, trusttest.MustWorld(t).Auth), trusttest.MustKey(t))
	for name, tt := range map[string]struct{ intermediates, extra []*x509.Certificate }{
		"in the store":    {[]*x509.Certificate{w.Cards.Cert, w.Auth.Cert}, nil},
		"on the card":     {[]*x509.Certificate{w.Cards.Cert}, []*x509.Certificate{w.Auth.Cert}},
		"all on the card": {nil, []*x509.Certificate{w.Auth.Cert, w.Cards.Cert}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := trust.NewStore([]*x509.Certificate{w.Root.Cert}, tt.intermediates)
			if err != nil {
				t.Fatal(err)
			}
			chain, err := s.Chain(w.Citizen.Cert, tt.extra, trusttest.Now)
			if err != nil {
				t.Fatal(err)
			}
			want := []*x509.Certificate{w.Citizen.Cert, w.Auth.Cert, w.Cards.Cert, w.Root.Cert}
			if len(chain) != len(want) {
				t.Fatalf("got %d certificates, want %d", len(chain), len(want))
			}
			for i, c := range chain {
				if c != want[i] {
					t.Errorf("certificate %d is not the one that was given", i)
				}
			}
			if chain, err := s.Chain(stranger.Cert, tt.extra, trusttest.Now); chain != nil || trust.FaultOf(err) != trust.FaultUntrusted {
				t.Errorf("a stranger's: got %v, %v", chain, err)
			}
		})
	}
}

func TestRevocation_NamesInOtherSpelling(t *testing.T) {
	s := mustScene(t)
	template := trusttest.CitizenTemplate()
	template.OCSPServer, template.CRLDistributionPoints = s.leaf.Cert.OCSPServer, s.leaf.Cert.CRLDistributionPoints
	other := respelt(t, s.ca)
	s.leaf = trusttest.MustIssue(t, template, other, trusttest.MustKey(t))
	delegate := trusttest.MustIssue(t, responderTemplate(), other, trusttest.MustKey(t))
	for name, issuer := range map[string]*trusttest.Authority{"as in its own certificate": s.ca, "as in the certificate asked about": other} {
		t.Run(name, func(t *testing.T) {
			answer := ocsp.Response{
				Status: ocsp.Good, SerialNumber: s.leaf.Cert.SerialNumber, IssuerHash: crypto.SHA1, Certificate: delegate.Cert,
				ThisUpdate: trusttest.Now, NextUpdate: trusttest.Now.AddDate(0, 0, 1),
			}
			der, err := ocsp.CreateResponse(issuer.Cert, delegate.Cert, answer, delegate.Key)
			if err != nil {
				t.Fatal(err)
			}
			s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: s.revocation.Now}
			s.ocsp, s.crl = func() []byte { return der }, nil
			if got, err := s.check(); err != nil || got.Method != trust.MethodOCSP || got.Status != trust.Good {
				t.Errorf("OCSP: got %+v, %v", got, err)
			}
			s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: s.revocation.Now}
			s.ocsp, s.crl = nil, s.list(t, issuer, nil)
			if got, err := s.check(); err != nil || got.Method != trust.MethodCRL || got.Status != trust.Good {
				t.Errorf("CRL: got %+v, %v", got, err)
			}
		})
	}
}

// A root that names itself in two ways is its own issuer all the same.
func TestImport_RootInTwoSpellings(t *testing.T) {
	root := trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) ECRaizEstado 002"), nil, trusttest.MustKey(t))
	template := trusttest.CaTemplate("(Teste) ECRaizEstado 002")
	template.SerialNumber, template.BasicConstraintsValid = trusttest.NextSerial(), true
	template.NotBefore, template.NotAfter = trusttest.Day(2020), trusttest.Day(2050)
	der, err := x509.CreateCertificate(rand.Reader, &template, respelt(t, root).Cert, root.Key.Public(), root.Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	report, err := trust.Import(dir, trusttest.MustWrite(t, t.TempDir(), "root.cer", der))
	if err != nil || !report.Items[0].Anchor {
		t.Errorf("got %+v, %v", report, err)
	}
}
