package trust_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/trusttest"
)

// responder is what answers for a CA in a test. Nil answers with "not found".
type responder struct {
	ocsp, crl func() []byte
	asked     atomic.Int32
}

// scene is a CA, a certificate that names the server, and the server.
type scene struct {
	*responder
	server     *httptest.Server
	ca, leaf   *trusttest.Authority
	revocation *trust.Revocation
	clock      time.Time
}

func mustScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{responder: &responder{}, clock: trusttest.Now}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		answer := s.crl
		if r.URL.Path == "/ocsp" {
			answer = s.ocsp
			if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/ocsp-request" {
				t.Errorf("OCSP asked with %s %s", r.Method, r.Header.Get("Content-Type"))
			}
			if _, err := io.ReadAll(r.Body); err != nil {
				t.Error(err)
			}
		}
		if answer == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(answer())
	}))
	t.Cleanup(s.server.Close)
	s.ca = trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0014"), nil, trusttest.MustKey(t))
	template := trusttest.CitizenTemplate()
	template.OCSPServer = []string{s.server.URL + "/ocsp"}
	template.CRLDistributionPoints = []string{s.server.URL + "/list.crl"}
	s.leaf = trusttest.MustIssue(t, template, s.ca, trusttest.MustKey(t))
	s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: func() time.Time { return s.clock }}
	return s
}

func (s *scene) check() (trust.Answer, error) {
	return s.revocation.Check(context.Background(), s.leaf.Cert, s.ca.Cert)
}

// ocspAnswer is a response of the CA itself, changed by the function.
func (s *scene) ocspAnswer(t *testing.T, signer *trusttest.Authority, change func(*ocsp.Response)) func() []byte {
	t.Helper()
	template := ocsp.Response{
		Status: ocsp.Good, SerialNumber: s.leaf.Cert.SerialNumber,
		ThisUpdate: trusttest.Now.Add(-time.Hour), NextUpdate: trusttest.Now.Add(time.Hour), IssuerHash: crypto.SHA1,
	}
	if signer != s.ca {
		template.Certificate = signer.Cert
	}
	if change != nil {
		change(&template)
	}
	der, err := ocsp.CreateResponse(s.ca.Cert, signer.Cert, template, signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	return func() []byte { return der }
}

func (s *scene) list(t *testing.T, signer *trusttest.Authority, change func(*x509.RevocationList)) func() []byte {
	t.Helper()
	template := x509.RevocationList{Number: big.NewInt(1), ThisUpdate: trusttest.Now.Add(-time.Hour), NextUpdate: trusttest.Now.Add(time.Hour)}
	if change != nil {
		change(&template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, &template, signer.Cert, signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	return func() []byte { return der }
}

func responderTemplate() x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{CommonName: "OCSP"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
}

func TestRevocation_OCSP(t *testing.T) {
	s := mustScene(t)
	delegate := trusttest.MustIssue(t, responderTemplate(), s.ca, trusttest.MustKey(t))
	cases := map[string]struct {
		signer *trusttest.Authority
		change func(*ocsp.Response)
		want   trust.Status
	}{
		"good":      {s.ca, nil, trust.Good},
		"delegated": {delegate, nil, trust.Good},
		"revoked": {s.ca, func(r *ocsp.Response) {
			r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, trusttest.Now.Add(-time.Hour), ocsp.KeyCompromise
		}, trust.Revoked},
		"suspended": {delegate, func(r *ocsp.Response) {
			r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, trusttest.Now.Add(-time.Hour), ocsp.CertificateHold
		}, trust.Suspended},
		"within the skew": {s.ca, func(r *ocsp.Response) { r.ThisUpdate = trusttest.Now.Add(4 * time.Minute) }, trust.Good},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			s.ocsp = s.ocspAnswer(t, tt.signer, tt.change)
			s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: func() time.Time { return trusttest.Now }}
			answer, err := s.check()
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != tt.want || answer.Method != trust.MethodOCSP || !strings.HasPrefix(answer.Source, "127.0.0.1:") {
				t.Errorf("got %+v, want %s", answer, tt.want)
			}
		})
	}
}

// What an OCSP responder says counts only when the CA or a delegate of its own said it, now, of this
// certificate.
func TestRevocation_OCSPRefused(t *testing.T) {
	s := mustScene(t)
	expired := responderTemplate()
	expired.NotBefore, expired.NotAfter = trusttest.Day(2024), trusttest.Day(2025)
	noUse := responderTemplate()
	noUse.ExtKeyUsage = nil
	stranger := trusttest.MustIssue(t, trusttest.CaTemplate(s.ca.Cert.Subject.CommonName), nil, trusttest.MustKey(t))
	cases := map[string]func() []byte{
		"garbage":          func() []byte { return []byte("garbage") },
		"try later":        func() []byte { return ocsp.TryLaterErrorResponse },
		"too long":         func() []byte { return make([]byte, 1<<20) },
		"unknown":          s.ocspAnswer(t, s.ca, func(r *ocsp.Response) { r.Status = ocsp.Unknown }),
		"out of date":      s.ocspAnswer(t, s.ca, func(r *ocsp.Response) { r.NextUpdate = trusttest.Now.Add(-10 * time.Minute) }),
		"from the future":  s.ocspAnswer(t, s.ca, func(r *ocsp.Response) { r.ThisUpdate = trusttest.Now.Add(10 * time.Minute) }),
		"old, no next":     s.ocspAnswer(t, s.ca, func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = trusttest.Now.Add(-3*time.Hour), time.Time{} }),
		"other number":     s.ocspAnswer(t, s.ca, func(r *ocsp.Response) { r.SerialNumber = big.NewInt(1) }),
		"not for OCSP":     s.ocspAnswer(t, trusttest.MustIssue(t, noUse, s.ca, trusttest.MustKey(t)), nil),
		"expired delegate": s.ocspAnswer(t, trusttest.MustIssue(t, expired, s.ca, trusttest.MustKey(t)), nil),
		"citizen signs":    s.ocspAnswer(t, s.leaf, nil),
		"stranger's":       s.ocspAnswer(t, trusttest.MustIssue(t, responderTemplate(), stranger, trusttest.MustKey(t)), nil),
		"stranger itself":  s.ocspAnswer(t, stranger, nil),
	}
	// A delegate of this CA speaks of a certificate of another CA that has the same number.
	delegate := trusttest.MustIssue(t, responderTemplate(), s.ca, trusttest.MustKey(t))
	other, err := ocsp.CreateResponse(stranger.Cert, delegate.Cert, ocsp.Response{
		Status: ocsp.Good, SerialNumber: s.leaf.Cert.SerialNumber, IssuerHash: crypto.SHA1,
		ThisUpdate: trusttest.Now.Add(-time.Hour), NextUpdate: trusttest.Now.Add(time.Hour), Certificate: delegate.Cert,
	}, delegate.Key)
	if err != nil {
		t.Fatal(err)
	}
	cases["other CA"] = func() []byte { return other }

	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			s.ocsp = answer
			s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: func() time.Time { return trusttest.Now }}
			if answer, err := s.check(); !errors.Is(err, trust.ErrUnknown) {
				t.Errorf("got %+v, %v", answer, err)
			}
		})
	}
}

func TestRevocation_CRL(t *testing.T) {
	s := mustScene(t)
	entry := func(reason int) []x509.RevocationListEntry {
		return []x509.RevocationListEntry{
			{SerialNumber: big.NewInt(1), RevocationTime: trusttest.Now.Add(-time.Hour)},
			{SerialNumber: s.leaf.Cert.SerialNumber, RevocationTime: trusttest.Now.Add(-time.Hour), ReasonCode: reason},
		}
	}
	point := func(address string) pkix.Extension {
		return pkix.Extension{
			Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true,
			Value: trusttest.Wrap(0x30, trusttest.Wrap(0xA0, trusttest.Wrap(0xA0, trusttest.Wrap(0x86, []byte(address)))), []byte{0x81, 1, 0xFF}),
		}
	}
	cases := map[string]struct {
		change func(*x509.RevocationList)
		want   trust.Status
	}{
		"good":       {nil, trust.Good},
		"not listed": {func(l *x509.RevocationList) { l.RevokedCertificateEntries = entry(1)[:1] }, trust.Good},
		"revoked":    {func(l *x509.RevocationList) { l.RevokedCertificateEntries = entry(1) }, trust.Revoked},
		"no reason":  {func(l *x509.RevocationList) { l.RevokedCertificateEntries = entry(0) }, trust.Revoked},
		"suspended":  {func(l *x509.RevocationList) { l.RevokedCertificateEntries = entry(6) }, trust.Suspended},
		"its point": {func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{point(s.leaf.Cert.CRLDistributionPoints[0])}
		}, trust.Good},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			s.crl = s.list(t, s.ca, tt.change)
			s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: func() time.Time { return trusttest.Now }}
			answer, err := s.check()
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != tt.want || answer.Method != trust.MethodCRL {
				t.Errorf("got %+v, want %s", answer, tt.want)
			}
		})
	}
}

func TestRevocation_CRLRefused(t *testing.T) {
	s := mustScene(t)
	critical := func(id asn1.ObjectIdentifier, value []byte) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: id, Critical: true, Value: value}}
		}
	}
	scope := asn1.ObjectIdentifier{2, 5, 29, 28}
	stranger := trusttest.MustIssue(t, trusttest.CaTemplate(s.ca.Cert.Subject.CommonName), nil, trusttest.MustKey(t))
	cases := map[string]func() []byte{
		"garbage":         func() []byte { return []byte("garbage") },
		"out of date":     s.list(t, s.ca, func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = trusttest.Day(2025), trusttest.Day(2026) }),
		"from the future": s.list(t, s.ca, func(l *x509.RevocationList) { l.ThisUpdate = trusttest.Now.Add(10 * time.Minute) }),
		"stranger's":      s.list(t, stranger, nil),
		"delta":           s.list(t, s.ca, critical(asn1.ObjectIdentifier{2, 5, 29, 27}, []byte{2, 1, 1})),
		"indirect":        s.list(t, s.ca, critical(scope, []byte{0x30, 3, 0x84, 1, 0xFF})),
		"only CAs":        s.list(t, s.ca, critical(scope, []byte{0x30, 3, 0x82, 1, 0xFF})),
		"some reasons":    s.list(t, s.ca, critical(scope, []byte{0x30, 4, 0x83, 2, 1, 0x40})),
		"attributes":      s.list(t, s.ca, critical(scope, []byte{0x30, 3, 0x85, 1, 0xFF})),
		"other point":     s.list(t, s.ca, critical(scope, trusttest.Wrap(0x30, trusttest.Wrap(0xA0, trusttest.Wrap(0xA0, trusttest.Wrap(0x86, []byte("http://other/list.crl"))))))),
		"indirect entry": s.list(t, s.ca, func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{
				SerialNumber: big.NewInt(1), RevocationTime: trusttest.Day(2026),
				ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}},
			}}
		}),
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			s.crl = answer
			s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: func() time.Time { return trusttest.Now }}
			if answer, err := s.check(); !errors.Is(err, trust.ErrUnknown) {
				t.Errorf("got %+v, %v", answer, err)
			}
		})
	}
}

func TestRevocation_Memory(t *testing.T) {
	t.Run("OCSP", func(t *testing.T) {
		s := mustScene(t)
		s.ocsp = s.ocspAnswer(t, s.ca, nil)
		for range 3 {
			if _, err := s.check(); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := s.asked.Load(), int32(1); got != want {
			t.Errorf("asked %d times, want %d", got, want)
		}
		s.clock = trusttest.Now.Add(2 * time.Minute)
		if _, err := s.check(); err != nil || s.asked.Load() != 2 {
			t.Errorf("later: asked %d times, %v", s.asked.Load(), err)
		}
	})
	t.Run("CRL", func(t *testing.T) {
		s := mustScene(t)
		s.leaf.Cert.OCSPServer = nil
		s.crl = s.list(t, s.ca, func(l *x509.RevocationList) { l.NextUpdate = trusttest.Now.Add(3 * time.Hour) })
		for range 3 {
			if _, err := s.check(); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := s.asked.Load(), int32(1); got != want {
			t.Errorf("asked %d times, want %d", got, want)
		}
		s.crl, s.clock = nil, trusttest.Now.Add(2*time.Hour)
		if _, err := s.check(); err != nil {
			t.Errorf("a list that still holds was dropped when its host failed: %v", err)
		}
		s.clock = trusttest.Now.Add(4 * time.Hour)
		if _, err := s.check(); !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("a list out of date still answers: %v", err)
		}
	})
}

func TestRevocation_Redirects(t *testing.T) {
	var s, other *scene
	for name, test := range map[string]struct {
		to   func(*http.Request) string
		want bool
	}{
		"within":       {func(*http.Request) string { return "/ocsp" }, true},
		"another port": {func(*http.Request) string { return other.server.URL + "/ocsp" }, false},
		"another host": {func(*http.Request) string {
			return strings.Replace(s.server.URL, "127.0.0.1", "localhost", 1) + "/ocsp"
		}, false},
		"in a circle": {func(r *http.Request) string { return r.URL.Path }, false},
		"no HTTP":     {func(*http.Request) string { return "file:///ocsp" }, false},
	} {
		s, other = mustScene(t), mustScene(t)
		s.ocsp = s.ocspAnswer(t, s.ca, nil)
		other.ocsp = s.ocsp
		inner := s.server.Config.Handler
		s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/moved" {
				http.Redirect(w, r, test.to(r), http.StatusPermanentRedirect)
				return
			}
			inner.ServeHTTP(w, r)
		})
		s.leaf.Cert.OCSPServer = []string{s.server.URL + "/moved"}
		if _, err := s.check(); (err == nil) != test.want {
			t.Errorf("%s: got %v", name, err)
		}
		if n := other.asked.Load(); n != 0 {
			t.Errorf("%s: another port was asked %d times", name, n)
		}
	}
}

func TestRevocation_Nobody(t *testing.T) {
	s := mustScene(t)
	for name, addresses := range map[string][]string{
		"none": nil, "file": {"file:///etc/passwd"}, "ldap": {"ldap://127.0.0.1/x"},
		"user": {"http://user:secret@127.0.0.1/"}, "closed": {"http://127.0.0.1:1/ocsp"},
	} {
		s.leaf.Cert.OCSPServer, s.leaf.Cert.CRLDistributionPoints = addresses, addresses
		_, err := s.check()
		if !errors.Is(err, trust.ErrUnknown) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.leaf.Cert.OCSPServer = []string{s.server.URL + "/ocsp"}
	if _, err := s.revocation.Check(ctx, s.leaf.Cert, s.ca.Cert); !errors.Is(err, trust.ErrUnknown) {
		t.Errorf("cancelled: got %v", err)
	}
}
