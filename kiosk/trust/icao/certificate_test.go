package icao_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"balcao/kiosk/trust/icao"
)

// kindsOfCA are the keys and signatures of country signing CAs as OpenSSL makes them, most of which crypto/x509
// does not read or not verify.
var kindsOfCA = map[string]struct {
	key  []string
	sign []string
	hash crypto.Hash
}{
	"RSA":                      {rsa2048, []string{"-sha256"}, crypto.SHA256},
	"RSA-SHA1":                 {rsa2048, []string{"-sha1"}, crypto.SHA1},
	"PSS":                      {rsa2048, []string{"-sha384", "-sigopt", "rsa_padding_mode:pss"}, crypto.SHA384},
	"PSS key":                  {[]string{"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"}, []string{"-sha256"}, crypto.SHA256},
	"P-256":                    {curve("prime256v1"), []string{"-sha256"}, crypto.SHA256},
	"P-521":                    {curve("secp521r1"), []string{"-sha512"}, crypto.SHA512},
	"P-384 explicit":           {explicit("secp384r1"), []string{"-sha384"}, crypto.SHA384},
	"brainpoolP224r1":          {curve("brainpoolP224r1"), []string{"-sha224"}, crypto.SHA224},
	"brainpoolP256r1":          {curve("brainpoolP256r1"), []string{"-sha256"}, crypto.SHA256},
	"brainpoolP256r1 explicit": {explicit("brainpoolP256r1"), []string{"-sha1"}, crypto.SHA1},
	"brainpoolP384r1 explicit": {explicit("brainpoolP384r1"), []string{"-sha384"}, crypto.SHA384},
	"brainpoolP512r1 explicit": {explicit("brainpoolP512r1"), []string{"-sha512"}, crypto.SHA512},
}

var rsa2048 = []string{"-newkey", "rsa:2048"}

func curve(name string) []string {
	return []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + name}
}

func explicit(name string) []string { return append(curve(name), "-pkeyopt", "ec_param_enc:explicit") }

// mustCA lets OpenSSL make a self-signed certificate and returns it with the path of its key.
func mustCA(t testing.TB, key, sign []string, options ...string) (der []byte, private string) {
	t.Helper()
	dir := t.TempDir()
	private = filepath.Join(dir, "key.pem")
	args := append([]string{"req", "-x509", "-nodes", "-days", "30", "-subj", "/C=ut/O=State/CN=CSCA Utopia", "-outform", "DER", "-keyout", private}, key...)
	args = append(append(args, sign...), options...)
	cmd := exec.Command("openssl", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	der, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl: %v: %s", err, stderr.String())
	}
	return der, private
}

func mustCertificate(t testing.TB, der []byte) *icao.Certificate {
	t.Helper()
	c, err := icao.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseCertificate_OpenSSL(t *testing.T) {
	stranger, _ := mustCA(t, curve("prime256v1"), []string{"-sha256"})
	for name, kind := range kindsOfCA {
		t.Run(name, func(t *testing.T) {
			der, _ := mustCA(t, kind.key, kind.sign)
			c := mustCertificate(t, der)
			if !c.SelfSigned() || c.SignatureHash() != kind.hash || c.Country != "UT" || c.Title != "CSCA Utopia" || !c.IsCA {
				t.Errorf("got self-signed %v, %v, %q, %q, CA %v", c.SelfSigned(), c.SignatureHash(), c.Country, c.Title, c.IsCA)
			}
			if err := c.CheckSignatureFrom(mustCertificate(t, stranger)); !errors.Is(err, icao.ErrSignature) {
				t.Errorf("a stranger's key: got %v", err)
			}
			altered := bytes.Clone(der)
			altered[len(altered)-1] ^= 1
			if mustCertificate(t, altered).SelfSigned() {
				t.Error("an altered signature verifies")
			}
			altered = bytes.Replace(der, []byte("Utopia"), []byte("Utopie"), 2)
			if mustCertificate(t, altered).SelfSigned() {
				t.Error("an altered name verifies")
			}
		})
	}
}

// Keys that are read but vouch for nothing.
func TestCheckSignatureFrom_Refused(t *testing.T) {
	for name, tt := range map[string]struct {
		key  []string
		want error
	}{
		"RSA of 1024 bits": {[]string{"-newkey", "rsa:1024"}, icao.ErrSignature},
		"P-192":            {curve("prime192v1"), icao.ErrSignature},
		"secp256k1":        {curve("secp256k1"), icao.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			der, _ := mustCA(t, tt.key, []string{"-sha256"})
			c := mustCertificate(t, der)
			if err := c.CheckSignatureFrom(c); !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("Ed25519", func(t *testing.T) {
		der, _ := mustCA(t, []string{"-newkey", "ed25519"}, nil)
		c := mustCertificate(t, der)
		if err := c.CheckSignatureFrom(c); !errors.Is(err, icao.ErrMalformed) || c.SignatureHash() != 0 {
			t.Errorf("got %v, hash %v", err, c.SignatureHash())
		}
		if key, err := c.PublicKey(); err == nil {
			if _, ok := key.(ed25519.PublicKey); !ok {
				t.Errorf("got a key of type %T", key)
			}
		}
	})
	t.Run("PKCS #1 v1.5 with a PSS key", func(t *testing.T) {
		plain, private := mustCA(t, rsa2048, []string{"-sha256"})
		c := mustCertificate(t, plain)
		public, err := exec.Command("openssl", "pkey", "-in", private, "-pubout", "-outform", "DER").Output()
		if err != nil {
			t.Fatal(err)
		}
		c.SPKI = forPSS(t, public)
		if key, err := c.PublicKey(); err != nil {
			t.Error(err)
		} else if _, ok := key.(*icao.PSSPublicKey); !ok {
			t.Errorf("got a key of type %T", key)
		}
		if err := c.CheckSignatureFrom(c); !errors.Is(err, icao.ErrSignature) {
			t.Errorf("got %v", err)
		}
	})
}

// forPSS marks an RSA key as one for RSASSA-PSS.
func forPSS(t testing.TB, spki []byte) []byte {
	t.Helper()
	var outline struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &outline); err != nil {
		t.Fatal(err)
	}
	outline.Algorithm = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}}
	der, err := asn1.Marshal(outline)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// What crypto/x509 reads too has to read the same.
func TestParseCertificate_LikeX509(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[A-Za-z0-9 '.-]{1,20}`)
		template := x509.Certificate{
			SerialNumber: big.NewInt(rapid.Int64Min(1).Draw(rt, "serial")),
			Subject: pkix.Name{
				Country:      []string{rapid.StringMatching(`[A-Za-z]{2}`).Draw(rt, "country")},
				Organization: rapid.SliceOfN(text, 0, 2).Draw(rt, "organizations"),
				CommonName:   text.Draw(rt, "name"),
			},
			NotBefore:             time.Unix(rapid.Int64Range(0, 1<<33).Draw(rt, "from"), 0).UTC(),
			NotAfter:              time.Unix(rapid.Int64Range(1<<33, 1<<34).Draw(rt, "until"), 0).UTC(),
			KeyUsage:              x509.KeyUsage(rapid.IntRange(0, 1<<9-1).Draw(rt, "usage")),
			SubjectKeyId:          rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "subject key"),
			BasicConstraintsValid: rapid.Bool().Draw(rt, "constraints"),
			ExtKeyUsage:           rapid.SliceOfN(rapid.SampledFrom([]x509.ExtKeyUsage{x509.ExtKeyUsageAny, x509.ExtKeyUsageServerAuth}), 0, 2).Draw(rt, "purposes"),
		}
		if template.BasicConstraintsValid && rapid.Bool().Draw(rt, "CA") {
			template.IsCA = true
			template.MaxPathLen = rapid.IntRange(-1, 3).Draw(rt, "path")
			template.MaxPathLenZero = template.MaxPathLen == 0
		}
		for _, host := range rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,8}`), 0, 3).Draw(rt, "points") {
			template.CRLDistributionPoints = append(template.CRLDistributionPoints, (&url.URL{Scheme: "http", Host: host, Path: "/x.crl"}).String())
		}
		parent := template
		parent.SubjectKeyId = rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(rt, "issuer key")
		parent.Subject.CommonName += " CA"
		der, err := x509.CreateCertificate(rand.Reader, &template, &parent, key.Public(), key)
		if err != nil {
			rt.Fatal(err)
		}
		want, err := x509.ParseCertificate(der)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := icao.ParseCertificate(der)
		if err != nil {
			rt.Fatal(err)
		}
		compareWithX509(rt, got, want)
	})
}

// compareWithX509 is also what the German master list is put to.
func compareWithX509(t interface{ Errorf(string, ...any) }, got *icao.Certificate, want *x509.Certificate) {
	differs := func(what string, same bool) {
		if !same {
			t.Errorf("%s: %s differs from what crypto/x509 reads", got.Title, what)
		}
	}
	differs("whole", bytes.Equal(got.Raw, want.Raw) && bytes.Equal(got.RawTBS, want.RawTBSCertificate))
	differs("version", got.Version == want.Version)
	differs("serial", got.Serial.Cmp(want.SerialNumber) == 0)
	differs("names", bytes.Equal(got.RawIssuer, want.RawIssuer) && bytes.Equal(got.RawSubject, want.RawSubject))
	differs("validity", got.NotBefore.Equal(want.NotBefore) && got.NotAfter.Equal(want.NotAfter))
	differs("key", bytes.Equal(got.SPKI, want.RawSubjectPublicKeyInfo))
	differs("signature", bytes.Equal(got.Signature, want.Signature))
	differs("key identifiers", bytes.Equal(got.SubjectKeyID, want.SubjectKeyId) && bytes.Equal(got.AuthorityKeyID, want.AuthorityKeyId))
	differs("key usage", got.KeyUsage == want.KeyUsage)
	differs("constraints", got.HasConstraints == want.BasicConstraintsValid && got.IsCA == want.IsCA)
	if want.BasicConstraintsValid && want.IsCA {
		differs("path length", got.MaxPathLen == want.MaxPathLen)
	}
	differs("distribution points", len(got.CRLDistributionPoints) == len(want.CRLDistributionPoints))
	for i := range got.CRLDistributionPoints {
		differs("distribution point", got.CRLDistributionPoints[i] == want.CRLDistributionPoints[i])
	}
	differs("purposes", len(got.ExtKeyUsage) == len(want.ExtKeyUsage)+len(want.UnknownExtKeyUsage))
	differs("critical", len(got.UnknownCritical) == len(want.UnhandledCriticalExtensions))
	if key, err := got.PublicKey(); err != nil {
		t.Errorf("%s: key: %v", got.Title, err)
	} else if comparable, ok := want.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok {
		differs("key", comparable.Equal(key))
	}
}

func TestParseCertificate_Refused(t *testing.T) {
	good, _ := mustCA(t, curve("prime256v1"), []string{"-sha256"})
	inner := []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2}
	other := []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3}
	version := []byte{0xA0, 3, 2, 1, 2}
	for name, der := range map[string][]byte{
		"empty":            nil,
		"trailing":         append(bytes.Clone(good), 0),
		"truncated":        good[:len(good)-1],
		"PEM":              pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good}),
		"other algorithm":  bytes.Replace(good, inner, other, 1),
		"extensions of v1": bytes.Replace(good, version, []byte{0xA0, 3, 2, 1, 0}, 1),
		"version 4":        bytes.Replace(good, version, []byte{0xA0, 3, 2, 1, 3}, 1),
	} {
		if c, err := icao.ParseCertificate(der); c != nil || !errors.Is(err, icao.ErrCertificate) {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}

// An RSA key without the NULL of its parameters, as old CAs have it.
func TestParsePublicKey_WithoutNULL(t *testing.T) {
	_, private := mustCA(t, rsa2048, []string{"-sha256"})
	spki, err := exec.Command("openssl", "pkey", "-in", private, "-pubout", "-outform", "DER").Output()
	if err != nil {
		t.Fatal(err)
	}
	var outline struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &outline); err != nil {
		t.Fatal(err)
	}
	outline.Algorithm.Parameters = asn1.RawValue{}
	bare, err := asn1.Marshal(outline)
	if err != nil {
		t.Fatal(err)
	}
	key, err := icao.ParsePublicKey(bare)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := x509.ParsePKIXPublicKey(spki); err != nil || !want.(*rsa.PublicKey).Equal(key) {
		t.Errorf("got %v, %v", key, err)
	}
}

func FuzzParseCertificate(f *testing.F) {
	for _, name := range []string{"RSA", "PSS", "P-256", "brainpoolP256r1 explicit"} {
		der, _ := mustCA(f, kindsOfCA[name].key, kindsOfCA[name].sign)
		f.Add(der)
	}
	f.Add(mustWithExtensions(f, ext([]byte("0\x0d\x02\x01\x001\x08\x13\x02AR\x13\x02ID"), 2, 23, 136, 1, 1, 6, 2)))
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := icao.ParseCertificate(der)
		if (c == nil) == (err == nil) || err != nil && !errors.Is(err, icao.ErrCertificate) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(c.Raw, der) || c.Version < 1 || c.Serial == nil || !icao.SameName(c.RawIssuer, c.RawIssuer) {
			t.Fatalf("got %+v", c)
		}
		_ = c.SelfSigned()
		if !c.Equal(c) || c.Country != "" && len(c.Country) != 2 {
			t.Fatalf("country %q", c.Country)
		}
	})
}
