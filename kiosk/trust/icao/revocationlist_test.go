package icao_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"balcao/kiosk/trust/icao"
)

// mustRevoke lets OpenSSL make a revocation list of a CA that names two numbers, one of them negative.
func mustRevoke(t testing.TB, ca []byte, private string, sign ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	index := "R\t300101000000Z\t250101000000Z\t2A\tunknown\t/CN=a\nR\t300101000000Z\t250102000000Z,keyCompromise\t-4D\tunknown\t/CN=b\n"
	config := "[ca]\ndefault_ca=x\n[x]\ndatabase=" + filepath.Join(dir, "index") + "\ncrlnumber=" + filepath.Join(dir, "number") +
		"\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n"
	for name, content := range map[string]string{"index": index, "number": "07\n", "config": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.der"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"ca", "-config", filepath.Join(dir, "config"), "-gencrl", "-crldays", "90", "-cert", filepath.Join(dir, "ca.der"),
		"-keyfile", private, "-out", filepath.Join(dir, "list.pem")}, sign...)
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v: %s", err, out)
	}
	der, err := exec.Command("openssl", "crl", "-in", filepath.Join(dir, "list.pem"), "-outform", "DER").Output()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// signOptions are how OpenSSL's "ca" is asked for the signatures of kindsOfCA.
var signOptions = map[string][]string{
	"RSA":                      {"-md", "sha256"},
	"PSS":                      {"-md", "sha384", "-sigopt", "rsa_padding_mode:pss"},
	"P-256":                    {"-md", "sha256"},
	"brainpoolP256r1":          {"-md", "sha256"},
	"brainpoolP512r1 explicit": {"-md", "sha512"},
}

func TestParseRevocationList_OpenSSL(t *testing.T) {
	stranger, _ := mustCA(t, curve("prime256v1"), []string{"-sha256"})
	for name, sign := range signOptions {
		t.Run(name, func(t *testing.T) {
			der, private := mustCA(t, kindsOfCA[name].key, kindsOfCA[name].sign)
			ca := mustCertificate(t, der)
			l, err := icao.ParseRevocationList(mustRevoke(t, der, private, sign...))
			if err != nil {
				t.Fatal(err)
			}
			if err := l.CheckSignatureFrom(ca); err != nil {
				t.Error(err)
			}
			if err := l.CheckSignatureFrom(mustCertificate(t, stranger)); !errors.Is(err, icao.ErrSignature) {
				t.Errorf("a stranger's key: got %v", err)
			}
			if !l.IssuedBy(ca) || l.IssuedBy(mustCertificate(t, stranger)) || l.Country != "UT" || l.Number.Int64() != 7 || l.Partial {
				t.Errorf("got issuer %v, country %q, number %v", l.IssuedBy(ca), l.Country, l.Number)
			}
			if got := l.NextUpdate.Sub(l.ThisUpdate); got != 90*24*time.Hour {
				t.Errorf("it holds for %v", got)
			}
			for serial, want := range map[int64]int{0x2A: icao.ReasonUnspecified, -0x4D: 1} {
				if reason, listed := l.Reason(big.NewInt(serial)); !listed || reason != want {
					t.Errorf("%d: got %d, %v", serial, reason, listed)
				}
			}
			if _, listed := l.Reason(big.NewInt(0x4D)); listed || l.Len() != 2 {
				t.Error("a number that is not in the list")
			}
		})
	}
}

func TestParseRevocationList(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &x509.Certificate{
		Subject: pkix.Name{Country: []string{"UT"}, CommonName: "CSCA Utopia"}, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1},
	}
	mustList := func(extensions ...pkix.Extension) []byte {
		t.Helper()
		template := x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: time.Unix(1<<30, 0), NextUpdate: time.Unix(1<<31, 0), ExtraExtensions: extensions,
			RevokedCertificateEntries: []x509.RevocationListEntry{{
				SerialNumber: big.NewInt(5), RevocationTime: time.Unix(1<<30, 0), ReasonCode: 4,
				ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 24}, Value: []byte("\x18\x0f20200101000000Z")}},
			}},
		}
		der, err := x509.CreateRevocationList(rand.Reader, &template, issuer, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	good := mustList()

	t.Run("OK", func(t *testing.T) {
		l, err := icao.ParseRevocationList(good)
		if err != nil {
			t.Fatal(err)
		}
		if reason, listed := l.Reason(big.NewInt(5)); !listed || reason != 4 || len(l.UnknownCritical) != 0 || l.Partial {
			t.Errorf("got %d, %v, %v", reason, listed, l.UnknownCritical)
		}
	})
	t.Run("OK/Partial", func(t *testing.T) {
		for _, id := range []int{27, 28} {
			l, err := icao.ParseRevocationList(mustList(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, id}, Critical: true, Value: []byte{0x30, 0}}))
			if err != nil || !l.Partial {
				t.Errorf("extension %d: got %+v, %v", id, l, err)
			}
		}
	})
	t.Run("OK/UnknownCritical", func(t *testing.T) {
		l, err := icao.ParseRevocationList(mustList(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}))
		if err != nil || len(l.UnknownCritical) != 1 {
			t.Errorf("got %+v, %v", l, err)
		}
	})
	inner := []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2}
	other := []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3}
	next := bytes.LastIndex(good, []byte("\x17\x0d38011903140")) // NextUpdate
	if next < 0 {
		t.Fatal("the list has no date where it should be")
	}
	for name, der := range map[string][]byte{
		"empty":           nil,
		"trailing":        append(bytes.Clone(good), 0),
		"truncated":       good[:len(good)-1],
		"other algorithm": bytes.Replace(good, inner, other, 1),
		"version":         bytes.Replace(good, []byte{2, 1, 1}, []byte{2, 1, 2}, 1),
		"no next update":  withoutElement(good, next, 15),
		"bad names":       mustList(ext([]byte{5, 0}, 2, 5, 29, 18)),
		"bad number":      mustList(ext([]byte{5, 0}, 2, 5, 29, 21), ext([]byte{5, 0}, 2, 5, 29, 18)),
	} {
		if l, err := icao.ParseRevocationList(der); l != nil || !errors.Is(err, icao.ErrRevocationList) {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
	}
}

// withoutElement cuts an element out of the signed part of a list and corrects the two lengths around it.
func withoutElement(der []byte, at, length int) []byte {
	var outline struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &outline); err != nil {
		return nil
	}
	element := der[at : at+length]
	tbs, _ := asn1.Marshal(asn1.RawValue{Tag: 16, IsCompound: true, Bytes: bytes.Replace(outline.TBS.Bytes, element, nil, 1)})
	outline.TBS = asn1.RawValue{FullBytes: tbs}
	out, _ := asn1.Marshal(outline)
	return out
}

func FuzzParseRevocationList(f *testing.F) {
	der, private := mustCA(f, curve("prime256v1"), []string{"-sha256"})
	ca := mustCertificate(f, der)
	f.Add(mustRevoke(f, der, private, "-md", "sha256"))
	f.Fuzz(func(t *testing.T, der []byte) {
		l, err := icao.ParseRevocationList(der)
		if (l == nil) == (err == nil) || err != nil && !errors.Is(err, icao.ErrRevocationList) {
			t.Fatalf("got %v and %v", l, err)
		}
		if err == nil && (!bytes.Equal(l.Raw, der) || l.NextUpdate.IsZero() || l.CheckSignatureFrom(ca) == nil && !l.IssuedBy(ca)) {
			t.Fatalf("got %+v", l)
		}
	})
}
