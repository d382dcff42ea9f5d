package pki_test

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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

// TestCountries: openssl reads each certificate for travel documents, finds the issuer that was meant, and
// verifies its signature; names are marked as a test; the key is the certificate's.
func TestCountries(t *testing.T) {
	p := pki.New()
	for _, spec := range pki.Countries() {
		t.Run(spec.Slug, func(t *testing.T) {
			a, err := p.Country(spec.Slug)
			if err != nil {
				t.Fatal(err)
			}
			above := a
			if spec.Issuer != "" {
				if above, err = p.Country(spec.Issuer); err != nil {
					t.Fatal(err)
				}
			}
			dir := t.TempDir()
			for name, data := range map[string][]byte{"own": a.Certificate, "above": above.Certificate} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := func(args ...string) []byte {
				cmd := exec.Command("openssl", args...)
				cmd.Dir = dir
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("openssl %s: %v", args, err)
				}
				return out
			}
			if text := string(run("x509", "-inform", "der", "-in", "own", "-noout", "-subject")); !strings.Contains(text, "CN = (Teste) ") {
				t.Errorf("named as if it were real: %s", text)
			}
			public := run("x509", "-inform", "der", "-in", "above", "-noout", "-pubkey")
			if err := os.WriteFile(filepath.Join(dir, "public"), public, 0o600); err != nil {
				t.Fatal(err)
			}
			var cert struct {
				TBS       asn1.RawValue
				Algorithm asn1.RawValue
				Signature asn1.BitString
			}
			if _, err := asn1.Unmarshal(a.Certificate, &cert); err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string][]byte{"tbs": cert.TBS.FullBytes, "signature": cert.Signature.Bytes} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			verify := map[pki.Scheme][]string{
				pki.RSASHA256: {"-sha256"}, pki.ECDSASHA384: {"-sha384"},
				pki.PSSSHA256: {"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"},
			}[above.Scheme]
			run(append(append([]string{"dgst"}, verify...), "-verify", "public", "-signature", "signature", "tbs")...)

			// What the authority signs, openssl believes to be signed with the certificate's key.
			sod, err := a.Sign(pki.SecurityObject{Groups: map[int][]byte{1: {1}}, Hash: crypto.SHA256, ByKeyID: true})
			if spec.Role != pki.TravelSigner {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var object asn1.RawValue
			if _, err := asn1.Unmarshal(sod, &object); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "sod"), object.Bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			run("cms", "-verify", "-inform", "der", "-in", "sod", "-noverify", "-out", os.DevNull)
		})
	}
	if _, err := p.Country("nobody"); err == nil {
		t.Error("a country authority that does not exist")
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
