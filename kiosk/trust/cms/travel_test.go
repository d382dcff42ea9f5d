package cms_test

import (
	"bytes"
	"crypto"
	"errors"
	"testing"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/icao"
)

// travelKinds are the signatures of documents, which take ParsePublicKey and sometimes SHA-1.
var travelKinds = map[string]struct {
	key  []string
	sign []string
	hash crypto.Hash
}{
	"RSA-SHA1":                 {rsa2048, []string{"-md", "sha1"}, crypto.SHA1},
	"RSA-SHA224-keyid":         {rsa2048, []string{"-md", "sha224", "-keyid"}, crypto.SHA224},
	"PSS-SHA1":                 {rsa2048, []string{"-md", "sha1", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"}, crypto.SHA1},
	"brainpoolP224r1-SHA1":     {curve("brainpoolP224r1"), []string{"-md", "sha1"}, crypto.SHA1},
	"brainpoolP256r1":          {curve("brainpoolP256r1"), []string{"-md", "sha256"}, crypto.SHA256},
	"brainpoolP256r1-keyid":    {curve("brainpoolP256r1"), []string{"-md", "sha256", "-keyid"}, crypto.SHA256},
	"brainpoolP320r1-SHA384":   {curve("brainpoolP320r1"), []string{"-md", "sha384"}, crypto.SHA384},
	"brainpoolP512r1-SHA256":   {curve("brainpoolP512r1"), []string{"-md", "sha256"}, crypto.SHA256},
	"brainpoolP384r1 explicit": {[]string{"-newkey", "ec", "-pkeyopt", "ec_param_enc:explicit", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"}, []string{"-md", "sha384"}, crypto.SHA384},
	"P-521-SHA512":             {curve("secp521r1"), []string{"-md", "sha512"}, crypto.SHA512},
}

func TestVerify_Travel(t *testing.T) {
	for name, kind := range travelKinds {
		t.Run(name, func(t *testing.T) {
			der := mustSign(t, kind.key, kind.sign...)
			v, err := cms.Verify(der, cms.Options{SHA1: true, ParseKey: icao.ParsePublicKey})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(v.Content, content) || v.Digest != kind.hash || v.SignedHash != kind.hash {
				t.Errorf("got %q, %v, %v", v.Content, v.Digest, v.SignedHash)
			}
			_, err = cms.Verify(der, cms.Options{ParseKey: icao.ParsePublicKey})
			if refused := errors.Is(err, icao.ErrMalformed); refused != (kind.hash == crypto.SHA1) {
				t.Errorf("without SHA-1: got %v", err)
			}
			altered := bytes.Clone(der)
			altered[len(altered)-1] ^= 1
			if v, err := cms.Verify(altered, cms.Options{SHA1: true, ParseKey: icao.ParsePublicKey}); v != nil || err == nil {
				t.Errorf("altered: got %v, %v", v, err)
			}
		})
	}
}

func FuzzVerify_Travel(f *testing.F) {
	for _, name := range []string{"PSS-SHA1", "brainpoolP256r1-keyid", "brainpoolP384r1 explicit"} {
		f.Add(mustSign(f, travelKinds[name].key, travelKinds[name].sign...))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		v, err := cms.Verify(der, cms.Options{SHA1: true, MixedHashes: true, ParseKey: icao.ParsePublicKey})
		if (v == nil) == (err == nil) {
			t.Fatalf("got %v and %v", v, err)
		}
		if err == nil && !bytes.Equal(v.Content, content) {
			t.Fatal("other content than the signer's is verified")
		}
	})
}
