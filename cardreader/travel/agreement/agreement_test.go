package agreement_test

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"

	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

func TestMultiply_Vectors(t *testing.T) {
	eachVector(t, "ecpoint", func(t *testing.T, read func(any)) {
		var v struct {
			Curve  string
			SK, PK octets
		}
		read(&v)
		g := mustGroup(t, v.Curve)
		if got := mustMultiply(t, g, g.Generator(), v.SK); !bytes.Equal(got, v.PK) {
			t.Errorf("got %X, want %X", got, v.PK)
		}
	})
	for _, kind := range []string{"ecdh", "dh"} {
		eachVector(t, kind, func(t *testing.T, read func(any)) {
			var v struct {
				Curve, Group string
				SKA          octets `json:"sk_a"`
				SKB          octets `json:"sk_b"`
				PKA          octets `json:"pk_a"`
				PKB          octets `json:"pk_b"`
				K            octets `json:"k_shared"`
				Enc          octets `json:"ks_enc_aes128"`
				Stripped     octets `json:"ks_enc_aes128_stripped"`
			}
			read(&v)
			g := mustGroup(t, v.Curve+v.Group)
			for _, side := range []struct{ secret, public, other []byte }{{v.SKA, v.PKA, v.PKB}, {v.SKB, v.PKB, v.PKA}} {
				if got := mustMultiply(t, g, g.Generator(), side.secret); !bytes.Equal(got, side.public) {
					t.Errorf("public: got %X, want %X", got, side.public)
				}
				// The leading zero of the secret stays, and with it the key is the right one.
				got := g.Secret(mustMultiply(t, g, side.other, side.secret))
				if key := secure.AES128.DeriveKey(got, secure.ForEncryption); !bytes.Equal(got, v.K) || !bytes.Equal(key, v.Enc) || bytes.Equal(key, v.Stripped) {
					t.Errorf("secret: got %X, want %X", got, v.K)
				}
			}
		})
	}
}

type mapping struct {
	Curve, Group string
	Nonce        octets
	H            octets
	PRNG         octets
	GMap         octets `json:"g_map"`
}

func TestMapGeneric_Vectors(t *testing.T) {
	for _, kind := range []string{"pace-gm-ecdh", "pace-gm-dh", "pace-cam-ecdh"} {
		eachVector(t, kind, func(t *testing.T, read func(any)) {
			var v mapping
			read(&v)
			got, err := agreement.MapGeneric(mustGroup(t, v.Curve+v.Group), v.Nonce, v.H)
			if err != nil || !bytes.Equal(got, v.GMap) {
				t.Errorf("got %X, %v, want %X", got, err, v.GMap)
			}
		})
	}
}

func TestMapInteger_Vectors(t *testing.T) {
	for _, kind := range []string{"pace-im-ecdh", "pace-im-dh"} {
		eachVector(t, kind, func(t *testing.T, read func(any)) {
			var v mapping
			read(&v)
			got, err := mustGroup(t, v.Curve+v.Group).MapInteger(new(big.Int).SetBytes(v.PRNG))
			if err != nil || !bytes.Equal(got, v.GMap) {
				t.Errorf("got %X, %v, want %X", got, err, v.GMap)
			}
		})
	}
}

// eachGroup runs a test on every standardised group.
func eachGroup(t *testing.T, test func(t *testing.T, id int, g agreement.Group)) {
	t.Helper()
	for _, id := range []int{0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18} {
		g, err := agreement.Standardised(id)
		if err != nil {
			t.Fatalf("%d: %v", id, err)
		}
		t.Run(g.Name(), func(t *testing.T) { test(t, id, g) })
	}
}

// TestGroup_Agreement: in every group both sides come to the same, by whichever generator.
func TestGroup_Agreement(t *testing.T) {
	eachGroup(t, func(t *testing.T, _ int, g agreement.Group) {
		generator := g.Generator()
		for range 2 {
			a, b := mustScalar(t, g), mustScalar(t, g)
			left := mustMultiply(t, g, mustMultiply(t, g, generator, a), b)
			right := mustMultiply(t, g, mustMultiply(t, g, generator, b), a)
			if !bytes.Equal(left, right) {
				t.Fatalf("got %X and %X", left, right)
			}
			if got := len(g.Secret(left)); got != (g.Bits()+7)/8 {
				t.Errorf("secret of %d bytes for %d bits", got, g.Bits())
			}
			var err error
			if generator, err = agreement.MapGeneric(g, []byte("a nonce as it is"), left); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestGroup_MapInteger: an integer becomes an element wherever the standard has an integrated mapping.
func TestGroup_MapInteger(t *testing.T) {
	eachGroup(t, func(t *testing.T, id int, g agreement.Group) {
		n, err := rand.Int(rand.Reader, new(big.Int).Lsh(g.Modulus(), 64))
		if err != nil {
			t.Fatal(err)
		}
		mapped, err := g.MapInteger(n)
		if id == 10 { // P-224: its prime is 1 modulo 4
			if !errors.Is(err, agreement.ErrUnknown) {
				t.Errorf("got %X, %v, want ErrUnknown", mapped, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		mustMultiply(t, g, mapped, mustScalar(t, g))
	})
}

func TestMapInteger_NoElement(t *testing.T) {
	eachGroup(t, func(t *testing.T, id int, g agreement.Group) {
		for _, n := range []*big.Int{new(big.Int), big.NewInt(1), g.Modulus(), new(big.Int).Sub(g.Modulus(), big.NewInt(1))} {
			if got, err := g.MapInteger(n); err == nil && !g.Elliptic() || err == nil && id != 10 {
				t.Errorf("%d bits: got %X", n.BitLen(), got)
			}
		}
	})
}

// TestGroup_ErrElement: nothing that is no element is computed with, and nothing neutral comes out.
func TestGroup_ErrElement(t *testing.T) {
	eachGroup(t, func(t *testing.T, _ int, g agreement.Group) {
		good := mustMultiply(t, g, g.Generator(), mustScalar(t, g))
		changed := bytes.Clone(good)
		changed[len(changed)-1] ^= 1
		modulus := g.Modulus().Bytes()
		bad := map[string][]byte{
			"Nothing": {}, "Short": good[1:], "Long": append([]byte{0}, good...), "Zero": make([]byte, len(good)), "OffTheGroup": changed,
		}
		if g.Elliptic() {
			bad["Infinity"] = []byte{0}
			bad["Compressed"] = append([]byte{2}, good[1:1+(len(good)-1)/2]...)
			bad["BeyondTheField"] = append(append([]byte{4}, modulus...), modulus...)
		} else {
			bad["One"] = append(make([]byte, len(good)-1), 1)
			bad["Modulus"] = modulus
			bad["MinusOne"] = new(big.Int).Sub(g.Modulus(), big.NewInt(1)).Bytes()
		}
		for name, element := range bad {
			if got, err := g.Multiply(element, []byte{2}); !errors.Is(err, agreement.ErrElement) || got != nil {
				t.Errorf("%s: multiplied to %X, %v", name, got, err)
			}
			if got, err := g.Combine(good, element); !errors.Is(err, agreement.ErrElement) || got != nil {
				t.Errorf("%s: combined to %X, %v", name, got, err)
			}
			if got, err := g.Combine(element, good); !errors.Is(err, agreement.ErrElement) || got != nil {
				t.Errorf("%s: combined to %X, %v", name, got, err)
			}
		}
		if got, err := g.Multiply(good, []byte{0}); !errors.Is(err, agreement.ErrElement) {
			t.Errorf("zero times: got %X, %v", got, err)
		}
	})
}

func mustScalar(t *testing.T, g agreement.Group) []byte {
	t.Helper()
	scalar, err := g.Scalar(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return scalar
}

func mustMultiply(t *testing.T, g agreement.Group, element, scalar []byte) []byte {
	t.Helper()
	out, err := g.Multiply(element, scalar)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// primeAlgorithm writes an AlgorithmIdentifier of a prime group; q nil for PKCS #3.
func primeAlgorithm(p, g, q *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		oid := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1}
		if q != nil {
			oid = asn1.ObjectIdentifier{1, 2, 840, 10046, 2, 1}
		}
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(p)
			b.AddASN1BigInt(g)
			if q != nil {
				b.AddASN1BigInt(q)
			}
		})
	})
	return b.BytesOrPanic()
}

func publicKey(algorithm, bits []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(algorithm)
		b.AddASN1BitString(bits)
	})
	return b.BytesOrPanic()
}

func integer(n *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	return b.BytesOrPanic()
}

// modulus1024 is the prime of a group that nobody has standardised: the Second Oakley Group's (RFC 2409 §6.2).
var modulus1024, _ = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)

func TestParsePublicKey_PrimeGroups(t *testing.T) {
	p, two := modulus1024, big.NewInt(2)
	q := new(big.Int).Rsh(p, 1) // p is a safe prime
	four := big.NewInt(4)       // a square, so in the subgroup of order q
	public := new(big.Int).Exp(four, big.NewInt(12345), p)
	for name, algorithm := range map[string][]byte{"WithOrder": primeAlgorithm(p, four, q), "WithoutOrder": primeAlgorithm(p, two, nil)} {
		g, element, err := agreement.ParsePublicKey(publicKey(algorithm, integer(public)))
		if err != nil || g.Name() != "DH-1024" || new(big.Int).SetBytes(element).Cmp(public) != 0 {
			t.Fatalf("%s: got %v, %X, %v", name, g, element, err)
		}
		secret := mustScalar(t, g)
		mustMultiply(t, g, element, secret)
		// Nobody has signed the parameters of PACE, so there it must be a known group.
		if _, err := agreement.Parse(algorithm); !errors.Is(err, agreement.ErrUnknown) {
			t.Errorf("%s: for PACE got %v, want ErrUnknown", name, err)
		}
	}
	composite := new(big.Int).Add(p, two)
	for name, spki := range map[string][]byte{
		"Composite":       publicKey(primeAlgorithm(composite, four, nil), integer(public)),
		"Small":           publicKey(primeAlgorithm(big.NewInt(1019), four, big.NewInt(509)), integer(four)),
		"OrderNoDivisor":  publicKey(primeAlgorithm(p, four, new(big.Int).Sub(q, two)), integer(public)),
		"GeneratorOne":    publicKey(primeAlgorithm(p, big.NewInt(1), q), integer(public)),
		"OutsideSubgroup": publicKey(primeAlgorithm(p, four, q), integer(new(big.Int).Sub(p, public))),
		"BeyondModulus":   publicKey(primeAlgorithm(p, four, q), integer(composite)),
		"NoInteger":       publicKey(primeAlgorithm(p, four, q), []byte{4, 1, 2}),
		"Trailing":        append(publicKey(primeAlgorithm(p, four, q), integer(public)), 0),
	} {
		if g, element, err := agreement.ParsePublicKey(spki); err == nil || g != nil || element != nil {
			t.Errorf("%s: got %v, %X", name, g, element)
		}
	}
}

// TestParsePublicKey_HugeOrder: whoever brings the parameters cannot have a number of their size tested for being prime,
// which takes longer than any job may. 2^110503-1 is one.
func TestParsePublicKey_HugeOrder(t *testing.T) {
	order := new(big.Int).Lsh(big.NewInt(1), 110503)
	order.Sub(order, big.NewInt(1))
	key := publicKey(primeAlgorithm(modulus1024, big.NewInt(4), order), integer(big.NewInt(16)))
	refused := make(chan error, 1)
	go func() { _, _, err := agreement.ParsePublicKey(key); refused <- err }()
	select {
	case err := <-refused:
		if !errors.Is(err, agreement.ErrMalformed) {
			t.Errorf("got %v, want ErrMalformed", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("no answer after 10 s")
	}
}

// TestParse_Standardised: the number of a group, and the same group written out, are the same group.
func TestParse_Standardised(t *testing.T) {
	eachGroup(t, func(t *testing.T, id int, g agreement.Group) {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 2})
			b.AddASN1Int64(int64(id))
		})
		got, err := agreement.Parse(b.BytesOrPanic())
		if err != nil || got.Name() != g.Name() {
			t.Errorf("got %v, %v", got, err)
		}
	})
	g := mustGroup(t, "DH-2048-256")
	order, _ := new(big.Int).SetString("8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3", 16)
	for _, q := range []*big.Int{order, nil} {
		got, err := agreement.Parse(primeAlgorithm(g.Modulus(), new(big.Int).SetBytes(g.Generator()), q))
		if err != nil || got.Name() != g.Name() {
			t.Errorf("written out: got %v, %v", got, err)
		}
	}
	for _, id := range []int{-1, 3, 7, 19, 31, 32} {
		if g, err := agreement.Standardised(id); !errors.Is(err, agreement.ErrUnknown) {
			t.Errorf("%d: got %v, %v, want ErrUnknown", id, g, err)
		}
	}
}

// TestElliptic_SumsAndMultiples: (a+b)·G = a·G + b·G, on a curve of the standard library and one of ours.
func TestElliptic_SumsAndMultiples(t *testing.T) {
	for _, name := range []string{"P-256", "brainpoolP256r1"} {
		g := mustGroup(t, name)
		rapid.Check(t, func(rt *rapid.T) {
			a, b := rapid.Uint32Range(1, 1<<31).Draw(rt, "a"), rapid.Uint32Range(1, 1<<31).Draw(rt, "b")
			times := func(n uint64) []byte { return mustMultiply(t, g, g.Generator(), new(big.Int).SetUint64(n).Bytes()) }
			sum, err := g.Combine(times(uint64(a)), times(uint64(b)))
			if err != nil || !bytes.Equal(sum, times(uint64(a)+uint64(b))) {
				rt.Fatalf("got %X, %v", sum, err)
			}
		})
	}
}

func FuzzParsePublicKey(f *testing.F) {
	four, q := big.NewInt(4), new(big.Int).Rsh(modulus1024, 1)
	f.Add(publicKey(primeAlgorithm(modulus1024, four, q), integer(four)))
	f.Add(publicKey(primeAlgorithm(modulus1024, four, nil), integer(four)))
	f.Add([]byte{0x30, 0x12, 0x30, 0x0C, 6, 7, 4, 0, 0x7F, 0, 7, 1, 2, 2, 1, 13, 3, 2, 0, 4})
	f.Fuzz(func(t *testing.T, spki []byte) {
		g, element, err := agreement.ParsePublicKey(spki)
		if err != nil {
			if g != nil || element != nil {
				t.Errorf("got %v, %X beside %v", g, element, err)
			}
			return
		}
		if _, err := g.Multiply(element, []byte{1}); err != nil {
			t.Errorf("a key that cannot be used: %v", err)
		}
	})
}
