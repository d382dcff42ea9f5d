package emrtd_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/emrtdtest"
)

// TestPACE_Everything runs all curves, all ciphers and both passwords.
func TestPACE_Everything(t *testing.T) {
	var ways []emrtd.PACE
	ciphers := []emrtd.Cipher{emrtd.TripleDES, emrtd.AES128, emrtd.AES192, emrtd.AES256}
	for i, c := range curve.All {
		ways = append(ways, emrtd.PACE{Cipher: ciphers[i%len(ciphers)], Domain: c.Domain})
	}
	for _, cipher := range ciphers {
		ways = append(ways, emrtd.PACE{Cipher: cipher, Domain: 12})
	}
	for i, p := range ways {
		reference, password := byte(emrtd.PasswordMRZ), zone
		if i%2 == 1 {
			reference, password = emrtd.PasswordCAN, can
		}
		terminal := emrtdtest.New(document(func(contents *emrtd.Contents) { contents.PACE = []emrtd.PACE{p} }))
		if _, err := terminal.PACE(p, reference, password); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		if got, err := terminal.File(0x011d, 100); string(got) != "card security" {
			t.Errorf("%+v: reading: %q, %v", p, got, err)
		}
	}
}

func TestPACE_ChipAuthentication(t *testing.T) {
	for _, name := range []string{"P-256", "brainpoolP256r1", "brainpoolP384r1"} {
		c, err := curve.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, static := range []int64{1, 1 << 40} { // one secret is right, the other a clone's
			p := emrtd.PACE{Mapping: emrtd.ChipAuthentication, Cipher: emrtd.AES256, Domain: c.Domain, Static: big.NewInt(static)}
			terminal := emrtdtest.New(document(func(contents *emrtd.Contents) { contents.PACE = []emrtd.PACE{p} }))
			proof, err := terminal.PACE(p, emrtd.PasswordMRZ, zone)
			if err != nil || proof == nil {
				t.Fatalf("%s: proof %v, %v", name, proof, err)
			}
			// The certified key is the generator: that of the private key 1.
			x, y := c.ScalarBaseMult(proof.Factor.Bytes())
			if got, want := bytes.Equal(c.Point(x, y), proof.Mapping), static == 1; got != want {
				t.Errorf("%s: the proof for private key %d holds: %v", name, static, got)
			}
		}
	}
}

func TestChipAuthentication(t *testing.T) {
	for _, name := range []string{"P-256", "brainpoolP256r1", "brainpoolP320r1"} {
		c, err := curve.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, cipher := range []emrtd.Cipher{emrtd.TripleDES, emrtd.AES128, emrtd.AES192, emrtd.AES256} {
			private := big.NewInt(0x123456789)
			chip := document(func(contents *emrtd.Contents) {
				contents.Chip = []*emrtd.ChipKey{{ID: -1, Ciphers: []emrtd.Cipher{cipher}, Domain: c.Domain, Private: private}}
			})
			public, err := emrtd.Public(c.Domain, private)
			if err != nil {
				t.Fatal(err)
			}
			clone, err := emrtd.Public(c.Domain, big.NewInt(0x987654321))
			if err != nil {
				t.Fatal(err)
			}
			terminal := mustBAC(t, chip)
			for range 2 { // also within the session that it made
				if err := terminal.ChipAuthentication(c, cipher, public); err != nil {
					t.Fatalf("%s, cipher %d: %v", name, cipher, err)
				}
				if got, err := terminal.File(0x0101, 200); err != nil || len(got) != 92 {
					t.Errorf("%s, cipher %d: reading: %d bytes, %v", name, cipher, len(got), err)
				}
			}
			if err := terminal.ChipAuthentication(c, cipher, clone); err != nil {
				t.Fatalf("%s, cipher %d: %v", name, cipher, err)
			}
			if _, err := terminal.File(0x0101, 200); status(t, err) != 0x6988 {
				t.Errorf("%s, cipher %d: a clone reads: %v", name, cipher, err)
			}
		}
	}
}

func TestActiveAuthentication(t *testing.T) {
	challenge := []byte("challeng")
	t.Run("RSA", func(t *testing.T) {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		for hash, trailer := range map[crypto.Hash]int{crypto.SHA1: 1, crypto.SHA256: 2, crypto.SHA512: 2} {
			signature := active(t, &emrtd.ActiveKey{Private: key, Hash: hash}, challenge)
			message := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, 128))
			end := len(message) - trailer
			recovered, digest := message[1:end-hash.Size()], message[end-hash.Size():end]
			h := hash.New()
			h.Write(recovered)
			h.Write(challenge)
			if message[0] != 0x6a || !bytes.Equal(h.Sum(nil), digest) {
				t.Errorf("%v: not a signature over the challenge", hash)
			}
		}
	})
	t.Run("ECDSA", func(t *testing.T) {
		for _, c := range []elliptic.Curve{elliptic.P256(), curve.All[5].Curve} {
			key, err := ecdsa.GenerateKey(c, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			signature := active(t, &emrtd.ActiveKey{Private: key, Hash: crypto.SHA256}, challenge)
			h := crypto.SHA256.New()
			h.Write(challenge)
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			if len(signature) != 64 || !ecdsa.Verify(&key.PublicKey, h.Sum(nil), r, s) {
				t.Error("not a signature over the challenge")
			}
		}
	})
}

func active(t *testing.T, key *emrtd.ActiveKey, challenge []byte) []byte {
	t.Helper()
	terminal := mustBAC(t, document(func(c *emrtd.Contents) { c.Active = key }))
	signature, err := terminal.Send([4]byte{0x00, 0x88, 0, 0}, challenge, 256)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}
