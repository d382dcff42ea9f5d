package secure_test

import (
	"bytes"
	"testing"

	"balcao/cardreader/travel/secure"
)

func TestDeriveKey_Vectors(t *testing.T) {
	eachVector(t, "kdf", func(t *testing.T, in, out func(any)) {
		var given struct {
			K     octets `json:"k"`
			KSeed octets `json:"k_seed"`
			Alg   string `json:"alg"`
		}
		var want struct {
			C1   octets `json:"c1"`
			C2   octets `json:"c2"`
			C3   octets `json:"c3"`
			KEnc octets `json:"k_enc"`
			KMac octets `json:"k_mac"`
		}
		in(&given)
		out(&want)
		secret := append(given.K, given.KSeed...)
		c := mustCipher(t, given.Alg)
		for purpose, key := range map[byte][]byte{
			secure.ForEncryption: append(want.C1, want.KEnc...),
			secure.ForMAC:        append(want.C2, want.KMac...),
			secure.ForPassword:   want.C3,
		} {
			if len(key) == 0 {
				continue // the printed example has no password key
			}
			if got := c.DeriveKey(secret, purpose); !bytes.Equal(got, key) {
				t.Errorf("purpose %d: got %X, want %X", purpose, got, key)
			}
		}
	})
}

type macInput struct {
	Key octets `json:"key"`
	Msg octets `json:"msg"`
}

func TestMAC_Vectors(t *testing.T) {
	eachVector(t, "cmac", func(t *testing.T, in, out func(any)) {
		var given macInput
		var want struct {
			MAC8 octets `json:"mac8"`
		}
		in(&given)
		out(&want)
		c := map[int]secure.Cipher{16: secure.AES128, 24: secure.AES192, 32: secure.AES256}[len(given.Key)]
		if got := c.MAC(given.Key, given.Msg); !bytes.Equal(got, want.MAC8) {
			t.Errorf("got %X, want %X", got, want.MAC8)
		}
	})
	eachVector(t, "retail-mac", func(t *testing.T, in, out func(any)) {
		var given macInput
		var want struct {
			MAC octets `json:"mac"`
		}
		in(&given)
		out(&want)
		if got := secure.TripleDES.MAC(given.Key, given.Msg); !bytes.Equal(got, want.MAC) {
			t.Errorf("got %X, want %X", got, want.MAC)
		}
	})
}

func TestUnpad(t *testing.T) {
	for name, padded := range map[string][]byte{
		"Nothing":    {},
		"OnlyZeros":  {0, 0, 0, 0},
		"NoMark":     {1, 2, 3, 4},
		"ZerosAfter": {1, 2, 3, 0},
	} {
		if got, ok := secure.Unpad(padded); ok || got != nil {
			t.Errorf("%s: got %X, %v", name, got, ok)
		}
	}
	if got, ok := secure.Unpad([]byte{1, 0x80, 0, 0}); !ok || !bytes.Equal(got, []byte{1}) {
		t.Errorf("got %X, %v", got, ok)
	}
}

func TestCipher_String(t *testing.T) {
	for c, want := range map[secure.Cipher]string{
		secure.TripleDES: "3DES", secure.AES128: "AES-128", secure.AES192: "AES-192", secure.AES256: "AES-256", 0: "Cipher(0)",
	} {
		if got := c.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
