package curve_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"github.com/keybase/go-crypto/brainpool"
	"pgregory.net/rapid"

	"balcao/cardreader/curve"
)

// TestGenerator finds mistakes in the table: a wrong digit anywhere leaves the generator off the curve, or
// its order wrong.
func TestGenerator(t *testing.T) {
	for _, c := range curve.Known() {
		t.Run(c.Name(), func(t *testing.T) {
			p := c.Params()
			if !c.IsOnCurve(p.Gx, p.Gy) {
				t.Error("the generator is not on the curve")
			}
			if !p.P.ProbablyPrime(20) || !p.N.ProbablyPrime(20) {
				t.Error("field or order is not prime")
			}
			if x, y := c.ScalarBaseMult(p.N.Bytes()); x.Sign() != 0 || y.Sign() != 0 {
				t.Error("the order times the generator is not infinity")
			}
			before := new(big.Int).Sub(p.N, big.NewInt(1))
			x, y := c.ScalarBaseMult(before.Bytes())
			if x.Cmp(p.Gx) != 0 || y.Cmp(new(big.Int).Sub(p.P, p.Gy)) != 0 {
				t.Error("the order less one, times the generator, is not its opposite")
			}
		})
	}
}

// arithmetic is what other implementations are asked for.
type arithmetic interface {
	Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int)
	ScalarMult(x, y *big.Int, k []byte) (*big.Int, *big.Int)
	ScalarBaseMult(k []byte) (x, y *big.Int)
}

// TestArithmetic compares with implementations that nobody here wrote.
func TestArithmetic(t *testing.T) {
	pairs := []struct {
		ours   *curve.Curve
		theirs arithmetic
	}{
		{mustName(t, "P-224").Plain(), elliptic.P224()},
		{mustName(t, "P-256").Plain(), elliptic.P256()},
		{mustName(t, "P-521").Plain(), elliptic.P521()},
		{mustName(t, "brainpoolP256r1"), brainpool.P256r1()},
		{mustName(t, "brainpoolP384r1"), brainpool.P384r1()},
		{mustName(t, "brainpoolP512r1"), brainpool.P512r1()},
		{mustName(t, "brainpoolP256t1"), brainpool.P256t1()},
	}
	for _, p := range pairs {
		t.Run(p.ours.Name(), rapid.MakeCheck(func(t *rapid.T) {
			k := rapid.SliceOfN(rapid.Byte(), 1, p.ours.OrderSize()).Draw(t, "k")
			m := rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "m")
			x1, y1 := p.ours.ScalarBaseMult(k)
			same(t, x1, y1)(p.theirs.ScalarBaseMult(k))
			x2, y2 := p.ours.ScalarMult(x1, y1, m)
			same(t, x2, y2)(p.theirs.ScalarMult(x1, y1, m))
			x3, y3 := p.ours.Add(x1, y1, x2, y2)
			if x3.Sign() == 0 && y3.Sign() == 0 {
				return // a point and its opposite, which is infinity to everybody
			}
			if !p.ours.IsOnCurve(x3, y3) {
				t.Error("a sum is not on the curve")
			}
			same(t, x3, y3)(p.theirs.Add(x1, y1, x2, y2))
		}))
	}
}

func same(t *rapid.T, x, y *big.Int) func(x, y *big.Int) {
	return func(otherX, otherY *big.Int) {
		if x.Cmp(otherX) != 0 || y.Cmp(otherY) != 0 {
			t.Errorf("got another point than the other implementation")
		}
	}
}

func TestAddOpposite(t *testing.T) {
	for _, c := range curve.Known() {
		p := c.Params()
		minus := new(big.Int).Sub(p.P, p.Gy)
		if x, y := c.Add(p.Gx, p.Gy, p.Gx, minus); x.Sign() != 0 || y.Sign() != 0 {
			t.Errorf("%s: a point plus its opposite is not infinity", c.Name())
		}
		zero := new(big.Int)
		if x, y := c.Add(p.Gx, p.Gy, zero, zero); x.Cmp(p.Gx) != 0 || y.Cmp(p.Gy) != 0 {
			t.Errorf("%s: a point plus infinity is another point", c.Name())
		}
		dx, dy := c.Double(p.Gx, p.Gy)
		if x, y := c.ScalarBaseMult([]byte{2}); x.Cmp(dx) != 0 || y.Cmp(dy) != 0 {
			t.Errorf("%s: doubling and multiplying by two differ", c.Name())
		}
	}
}

func TestDecode(t *testing.T) {
	c := mustName(t, "brainpoolP256r1")
	p := c.Params()
	good := c.Encode(p.Gx, p.Gy)
	x, y, err := c.Decode(good)
	if err != nil || x.Cmp(p.Gx) != 0 || y.Cmp(p.Gy) != 0 {
		t.Fatalf("decoding the generator: %v", err)
	}
	wrong := map[string][]byte{
		"empty":        {},
		"infinity":     {0},
		"short":        good[:len(good)-1],
		"long":         append(bytes.Clone(good), 0),
		"compressed":   append([]byte{2}, good[1:33]...),
		"zeros":        append([]byte{4}, make([]byte, 64)...),
		"off curve":    flip(good, 64),
		"beyond field": append(append([]byte{4}, new(big.Int).Add(p.P, big.NewInt(1)).Bytes()...), good[33:]...),
	}
	for name, data := range wrong {
		if _, _, err := c.Decode(data); !errors.Is(err, curve.ErrPoint) {
			t.Errorf("%s: got %v, want ErrPoint", name, err)
		}
	}
}

func TestEncodePads(t *testing.T) {
	c := mustName(t, "brainpoolP512r1")
	got := c.Encode(big.NewInt(1), big.NewInt(2))
	if len(got) != 129 || got[64] != 1 || got[128] != 2 {
		t.Errorf("got %x, want coordinates of 64 bytes", got)
	}
}

func TestSecret(t *testing.T) {
	c := mustName(t, "P-521")
	zeroFirst := bytes.NewReader(append(make([]byte, 66), bytes.Repeat([]byte{1}, 66)...))
	secret, err := c.Secret(zeroFirst)
	if err != nil || len(secret) != 66 || new(big.Int).SetBytes(secret).Sign() == 0 {
		t.Errorf("got %x and %v, want the second draw: zero is no secret", secret, err)
	}
	tooLarge := bytes.NewReader(append(bytes.Repeat([]byte{0xff}, 66), bytes.Repeat([]byte{1}, 66)...))
	secret, err = c.Secret(tooLarge)
	if err != nil || new(big.Int).SetBytes(secret).Cmp(c.Params().N) >= 0 {
		t.Errorf("got %x and %v, want a number below the order", secret, err)
	}
	if _, err := c.Secret(bytes.NewReader(nil)); err == nil {
		t.Error("no randomness, and yet a secret")
	}
}

func TestStandardised(t *testing.T) {
	names := map[int]string{
		8: "secp192r1", 9: "brainpoolP192r1", 10: "P-224", 11: "brainpoolP224r1", 12: "P-256", 13: "brainpoolP256r1",
		14: "brainpoolP320r1", 15: "P-384", 16: "brainpoolP384r1", 17: "brainpoolP512r1", 18: "P-521",
	}
	for id := -2; id < 24; id++ {
		c, err := curve.Standardised(id)
		switch want, ok := names[id]; {
		case ok && (err != nil || c.Name() != want):
			t.Errorf("parameter %d: got %v, want %s", id, err, want)
		case !ok && !errors.Is(err, curve.ErrUnknown):
			t.Errorf("parameter %d: got %v, want ErrUnknown", id, err)
		}
	}
}

func TestByOID_ErrUnknown(t *testing.T) {
	if _, err := curve.ByOID(asn1.ObjectIdentifier{1, 2, 3}); !errors.Is(err, curve.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

func mustName(t testing.TB, name string) *curve.Curve {
	t.Helper()
	for _, c := range curve.Known() {
		if c.Name() == name {
			return c
		}
	}
	t.Fatalf("there is no curve %s", name)
	return nil
}

func flip(data []byte, at int) []byte {
	changed := bytes.Clone(data)
	changed[at] ^= 1
	return changed
}

func BenchmarkScalarMult(b *testing.B) {
	for _, name := range []string{"brainpoolP256r1", "brainpoolP512r1"} {
		c := mustName(b, name)
		secret, err := c.Secret(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c.ScalarBaseMult(secret)
			}
		})
	}
}
