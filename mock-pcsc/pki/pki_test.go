package pki_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"strings"
	"testing"
	"time"

	"balcao/assets/testpki"
	"balcao/mock-pcsc/pki"
)

// TestHierarchy: each authority has the key of its file, the issuer of its spec, and a name that is
// marked as a test.
func TestHierarchy(t *testing.T) {
	p := pki.New()
	for _, spec := range pki.Hierarchy() {
		a, err := p.Authority(spec.Slug)
		if err != nil {
			t.Fatal(err)
		}
		above, err := p.Issuer(spec.Slug)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(a.Certificate.Subject.CommonName, "(Teste) ") {
			t.Errorf("%s: named as if it were real", spec.Slug)
		}
		public, ok := a.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !public.Equal(a.Certificate.PublicKey) {
			t.Errorf("%s: the key is not the certificate's", spec.Slug)
		}
		err = a.Certificate.CheckSignatureFrom(above.Certificate)
		if wantErr := spec.SHA1; (err != nil) != wantErr { // Go refuses SHA-1, as it should
			t.Errorf("%s: signature by %s: %v", spec.Slug, above.Slug, err)
		}
		if spec.SHA1 && a.Certificate.SignatureAlgorithm != x509.SHA1WithRSA {
			t.Errorf("%s: signed with %v", spec.Slug, a.Certificate.SignatureAlgorithm)
		}
	}
}

// TestIssueTwice: the same order gives the same certificate.
func TestIssueTwice(t *testing.T) {
	for _, slug := range []string{"auc-0014", "auc-0019"} {
		var made [2]string
		for i := range made {
			p := pki.New()
			issuer, err := p.Authority(slug)
			if err != nil {
				t.Fatal(err)
			}
			key, err := p.CardKey("p256-1")
			if err != nil {
				t.Fatal(err)
			}
			day := time.Date(1990, 5, 6, 0, 0, 0, 0, time.UTC)
			der, err := pki.IssueAuthentication(issuer, pki.Citizen{
				CardName: "x", Surname: "Simões", GivenNames: "Inês", CivilNumber: "990005887", BirthDate: day, Key: key.Public(),
				From: day.AddDate(30, 0, 0), Until: day.AddDate(60, 0, 0),
			})
			if err != nil {
				t.Fatal(err)
			}
			made[i] = string(der)
		}
		if made[0] != made[1] {
			t.Errorf("%s issues another certificate each time", slug)
		}
	}
}

func TestUnknown(t *testing.T) {
	p := pki.New()
	if _, err := p.Authority("nobody"); err == nil {
		t.Error("an authority that does not exist")
	}
	if _, err := p.Issuer("nobody"); err == nil {
		t.Error("an issuer that does not exist")
	}
	if _, err := p.CardKey("none"); err == nil {
		t.Error("a key that does not exist")
	}
}

func TestMailServer(t *testing.T) {
	roots := x509.NewCertPool()
	ca, err := fs.ReadFile(testpki.FS, "tls/ca.crt")
	if err != nil || !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("no mail authority: %v", err)
	}
	data, err := fs.ReadFile(testpki.FS, "tls/smtp.crt")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
