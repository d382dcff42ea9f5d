package curve_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/curve"
)

// TestParsePublicKey reads keys that OpenSSL made, and verifies with them what OpenSSL signed.
func TestParsePublicKey(t *testing.T) {
	for _, name := range []string{"prime192v1", "brainpoolP256r1", "brainpoolP320r1", "brainpoolP512r1", "brainpoolP384t1", "prime256v1", "secp521r1"} {
		for _, form := range []string{"named_curve", "explicit"} {
			t.Run(name+"/"+form, func(t *testing.T) {
				private, spki := mustKey(t, "EC", "ec_paramgen_curve:"+name, "ec_param_enc:"+form)
				key, err := curve.ParsePublicKey(spki)
				if err != nil {
					t.Fatal(err)
				}
				message := []byte("signed by somebody else's code")
				signature := mustRun(t, message, "dgst", "-sha256", "-sign", private)
				digest := sha256.Sum256(message)
				if !ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), digest[:], signature) {
					t.Error("a good signature does not verify")
				}
				digest[0] ^= 1
				if ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), digest[:], signature) {
					t.Error("the signature of another message verifies")
				}
			})
		}
	}
}

func TestParsePublicKeyRSA(t *testing.T) {
	_, spki := mustKey(t, "RSA", "rsa_keygen_bits:2048")
	key, err := curve.ParsePublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	if got := key.(*rsa.PublicKey).N.BitLen(); got != 2048 {
		t.Errorf("got %d bits, want 2048", got)
	}
	again, err := curve.ParsePublicKey(withoutNULL(t, spki))
	if err != nil {
		t.Fatalf("RSA without NULL: %v", err)
	}
	if !again.(*rsa.PublicKey).Equal(key) {
		t.Error("RSA without NULL is another key")
	}
}

// TestForeignGenerator: explicit parameters with a generator of somebody's own are how signatures of anybody
// were forged (CVE-2020-0601).
func TestForeignGenerator(t *testing.T) {
	_, spki := mustKey(t, "EC", "ec_paramgen_curve:brainpoolP256r1", "ec_param_enc:explicit")
	c := mustName(t, "brainpoolP256r1")
	p := c.Params()
	generator := c.Encode(p.Gx, p.Gy)
	at := bytes.Index(spki, generator)
	if at < 0 {
		t.Fatal("the key does not write its generator out")
	}
	x, y := c.ScalarBaseMult([]byte{3})
	forged := bytes.Clone(spki)
	copy(forged[at:], c.Encode(x, y))
	if _, err := curve.ParsePublicKey(forged); !errors.Is(err, curve.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

func FuzzParsePublicKey(f *testing.F) {
	for _, arguments := range [][]string{
		{"EC", "ec_paramgen_curve:brainpoolP256r1", "ec_param_enc:explicit"},
		{"EC", "ec_paramgen_curve:prime256v1", "ec_param_enc:named_curve"},
		{"RSA", "rsa_keygen_bits:2048"},
	} {
		_, spki := mustKey(f, arguments[0], arguments[1:]...)
		f.Add(spki)
	}
	f.Fuzz(func(t *testing.T, spki []byte) {
		key, err := curve.ParsePublicKey(spki)
		if err != nil && key != nil {
			t.Error("a key beside an error")
		}
		if ec, ok := key.(*ecdsa.PublicKey); ok && !ec.Curve.IsOnCurve(ec.X, ec.Y) { //nolint:staticcheck // what is to be proven
			t.Error("a key that is not on its curve")
		}
	})
}

// mustKey lets OpenSSL make a key; it returns the file of the private one and the public one as DER.
func mustKey(t testing.TB, algorithm string, options ...string) (private string, spki []byte) {
	t.Helper()
	private = filepath.Join(t.TempDir(), "key.pem")
	arguments := []string{"genpkey", "-algorithm", algorithm, "-out", private}
	for _, o := range options {
		arguments = append(arguments, "-pkeyopt", o)
	}
	mustRun(t, nil, arguments...)
	public := mustRun(t, nil, "pkey", "-in", private, "-pubout")
	block, _ := pem.Decode(public)
	if block == nil {
		t.Fatal("openssl wrote no public key")
	}
	return private, block.Bytes
}

func mustRun(t testing.TB, stdin []byte, arguments ...string) []byte {
	t.Helper()
	cmd := exec.Command("openssl", arguments...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v: %s", arguments[0], err, stderr.String())
	}
	return out
}

// withoutNULL rewrites an RSA key as some countries write theirs.
func withoutNULL(t *testing.T, spki []byte) []byte {
	t.Helper()
	input := cryptobyte.String(spki)
	var outer, algorithm, oid, bits cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1Element(&oid, cbasn1.OBJECT_IDENTIFIER) || !outer.ReadASN1Element(&bits, cbasn1.BIT_STRING) {
		t.Fatal("not an RSA key")
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
		b.AddBytes(bits)
	})
	return b.BytesOrPanic()
}
