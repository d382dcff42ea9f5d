package cms_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/icao"
)

// The messages here are made by OpenSSL, which knows nothing of this package.

var content = []byte("what the signer meant to sign")

// kinds of messages: how the key is made and how OpenSSL is asked to sign.
var kinds = map[string]struct {
	key  []string
	sign []string
}{
	"RSA-SHA256":         {rsa2048, []string{"-md", "sha256"}},
	"RSA-SHA512":         {rsa2048, []string{"-md", "sha512"}},
	"RSA-SHA384-keyid":   {rsa2048, []string{"-md", "sha384", "-keyid"}},
	"PSS-SHA256":         {rsa2048, []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss"}},
	"PSS-SHA512-salt20":  {rsa2048, []string{"-md", "sha512", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"}},
	"PSS-SHA256-keyid":   {rsa2048, []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyid"}},
	"P-224-SHA224":       {curve("secp224r1"), []string{"-md", "sha224"}},
	"P-256-SHA256":       {curve("prime256v1"), []string{"-md", "sha256"}},
	"P-256-SHA256-keyid": {curve("prime256v1"), []string{"-md", "sha256", "-keyid"}},
	"P-384-SHA384":       {curve("secp384r1"), []string{"-md", "sha384"}},
	"P-521-SHA512":       {curve("secp521r1"), []string{"-md", "sha512"}},
}

var rsa2048 = []string{"-newkey", "rsa:2048"}

func curve(name string) []string {
	return []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + name}
}

// signers are certificates with keys, made once per kind of key.
var signers sync.Map

// mustSigner returns the paths of a certificate and its key.
func mustSigner(t testing.TB, key []string) (cert, private string) {
	t.Helper()
	_, name, _ := strings.Cut(key[len(key)-1], ":")
	make, _ := signers.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "cms-test-")
		if err != nil {
			return "", err
		}
		args := append([]string{"req", "-x509", "-nodes", "-subj", "/C=PT/CN=signer " + name, "-days", "30"}, key...)
		out, err := exec.Command("openssl", append(args, "-keyout", filepath.Join(dir, "key.pem"), "-out", filepath.Join(dir, "cert.pem"))...).CombinedOutput()
		if err != nil {
			return "", errors.New(string(out))
		}
		return dir, nil
	}))
	dir, err := make.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

func TestMain(m *testing.M) {
	code := m.Run()
	signers.Range(func(_, value any) bool {
		if dir, err := value.(func() (string, error))(); err == nil {
			_ = os.RemoveAll(dir)
		}
		return true
	})
	os.Exit(code)
}

// mustSign lets OpenSSL sign the content.
func mustSign(t testing.TB, key []string, options ...string) []byte {
	t.Helper()
	cert, private := mustSigner(t, key)
	args := append([]string{"cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-signer", cert, "-inkey", private}, options...)
	cmd := exec.Command("openssl", args...)
	cmd.Stdin = bytes.NewReader(content)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl: %v: %s", err, stderr.String())
	}
	return out
}

func mustDER(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	return block.Bytes
}

func TestVerify_OpenSSL(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			der := mustSign(t, kind.key, kind.sign...)
			v, err := cms.Verify(der, cms.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(v.Content, content) {
				t.Errorf("got content %q", v.Content)
			}
			cert, _ := mustSigner(t, kind.key)
			if !bytes.Equal(v.Signer, mustDER(t, cert)) {
				t.Error("another certificate than the signer's")
			}
			if v.SigningTime.IsZero() || v.Digest == 0 || v.ContentType.String() != "1.2.840.113549.1.7.1" {
				t.Errorf("got %v %v %v", v.SigningTime, v.Digest, v.ContentType)
			}
		})
	}
}

// No byte of a message can be changed without being noticed, except within what nothing vouches for.
func TestVerify_Tampered(t *testing.T) {
	for _, name := range []string{"RSA-SHA256", "PSS-SHA256-keyid", "P-256-SHA256"} {
		t.Run(name, func(t *testing.T) {
			der := mustSign(t, kinds[name].key, kinds[name].sign...)
			for i := range der {
				changed := bytes.Clone(der)
				changed[i] ^= 0x01
				v, err := cms.Verify(changed, cms.Options{})
				if err != nil {
					if v != nil {
						t.Fatalf("byte %d: a message beside the error %v", i, err)
					}
					continue
				}
				if !bytes.Equal(v.Content, content) {
					t.Fatalf("byte %d changed the content unnoticed", i)
				}
			}
		})
	}
}

func TestVerify_Refused(t *testing.T) {
	good := mustSign(t, rsa2048, "-md", "sha256")
	otherCert, _ := mustSigner(t, curve("prime256v1"))

	cases := map[string]struct {
		der  []byte
		want error
	}{
		"empty":                {nil, icao.ErrMalformed},
		"trailing byte":        {append(bytes.Clone(good), 0), icao.ErrMalformed},
		"truncated":            {good[:len(good)-1], icao.ErrMalformed},
		"no signed attributes": {mustSign(t, rsa2048, "-md", "sha256", "-noattr"), icao.ErrMalformed},
		"no certificate":       {mustSign(t, rsa2048, "-md", "sha256", "-nocerts"), cms.ErrNoSigner},
		"SHA-1":                {mustSign(t, rsa2048, "-md", "sha1"), icao.ErrMalformed},
		"MD5":                  {mustSign(t, rsa2048, "-md", "md5"), icao.ErrMalformed},
		"other certificate":    {mustSign(t, rsa2048, "-md", "sha256", "-nocerts", "-certfile", otherCert), cms.ErrNoSigner},
		"two signers":          {mustSignTwice(t), icao.ErrMalformed},
		"detached":             {mustSignDetached(t), icao.ErrMalformed},
		"content altered":      {bytes.Replace(good, []byte("meant"), []byte("MEANT"), 1), icao.ErrSignature},
		"brainpool":            {mustSign(t, curve("brainpoolP256r1"), "-md", "sha256"), icao.ErrMalformed},
		"weak RSA":             {mustSign(t, []string{"-newkey", "rsa:1024"}, "-md", "sha256"), icao.ErrSignature},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v, err := cms.Verify(tt.der, cms.Options{})
			if v != nil || !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v; want %v", v, err, tt.want)
			}
		})
	}
}

// The signer's key may be another one than the certificate's: the certificate is exchanged for one with
// the same names and number.
func TestVerify_ExchangedCertificate(t *testing.T) {
	dir := t.TempDir()
	var certs, keys [2]string
	for i := range certs {
		keys[i] = filepath.Join(dir, "key"+string(rune('0'+i)))
		certs[i] = filepath.Join(dir, "cert"+string(rune('0'+i)))
		out, err := exec.Command("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
			"-subj", "/CN=same", "-set_serial", "7", "-days", "30", "-keyout", keys[i], "-out", certs[i]).CombinedOutput()
		if err != nil {
			t.Fatalf("openssl: %s", out)
		}
	}
	cmd := exec.Command("openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-nocerts",
		"-signer", certs[0], "-inkey", keys[0], "-certfile", certs[1], "-md", "sha256")
	cmd.Stdin = bytes.NewReader(content)
	der, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := cms.Verify(der, cms.Options{}); v != nil || !errors.Is(err, icao.ErrSignature) {
		t.Errorf("got %v, %v; want ErrSignature", v, err)
	}
}

func TestVerify_SHA1Admitted(t *testing.T) {
	v, err := cms.Verify(mustSign(t, rsa2048, "-md", "sha1"), cms.Options{SHA1: true})
	if err != nil || v.Digest != crypto.SHA1 {
		t.Errorf("got %v, %v", v, err)
	}
}

// ParseKey is where other curves come in: it sees the signer's key as it stands in the certificate.
func TestVerify_ParseKey(t *testing.T) {
	der := mustSign(t, curve("prime256v1"), "-md", "sha256")
	refused := errors.New("not this one")
	_, err := cms.Verify(der, cms.Options{ParseKey: func(spki []byte) (crypto.PublicKey, error) {
		var outline struct {
			Algorithm asn1.RawValue
			Key       asn1.BitString
		}
		if rest, err := asn1.Unmarshal(spki, &outline); err != nil || len(rest) > 0 {
			t.Errorf("not a SubjectPublicKeyInfo: %v", err)
		}
		return nil, refused
	}})
	if !errors.Is(err, icao.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func mustSignTwice(t testing.TB) []byte {
	t.Helper()
	cert, key := mustSigner(t, curve("prime256v1"))
	return mustSign(t, rsa2048, "-md", "sha256", "-signer", cert, "-inkey", key)
}

func mustSignDetached(t testing.TB) []byte {
	t.Helper()
	cert, key := mustSigner(t, rsa2048)
	cmd := exec.Command("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-signer", cert, "-inkey", key)
	cmd.Stdin = bytes.NewReader(content)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzVerify(f *testing.F) {
	for _, name := range []string{"RSA-SHA256", "PSS-SHA512-salt20", "P-256-SHA256-keyid"} {
		f.Add(mustSign(f, kinds[name].key, kinds[name].sign...))
	}
	f.Add([]byte{0x30, 0x80, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, der []byte) {
		v, err := cms.Verify(der, cms.Options{SHA1: true})
		if (v == nil) == (err == nil) {
			t.Fatalf("got %v and %v", v, err)
		}
		if err == nil && (len(v.Signer) == 0 || len(v.ContentType) == 0) {
			t.Fatal("verified, but nothing in it")
		}
	})
}
