package agreement

import (
	"bytes"
	"fmt"
	"io"
	"math/big"

	"balcao/cardreader/curve"
)

// elliptic is a curve as a Group.
type elliptic struct{ curve *curve.Curve }

var _ Group = elliptic{}

func (e elliptic) Name() string      { return e.curve.Name() }
func (e elliptic) Elliptic() bool    { return true }
func (e elliptic) Bits() int         { return e.curve.Params().BitSize }
func (e elliptic) Modulus() *big.Int { return e.curve.Params().P }

func (e elliptic) Generator() []byte {
	return e.curve.Encode(e.curve.Params().Gx, e.curve.Params().Gy)
}

func (e elliptic) Scalar(random io.Reader) ([]byte, error) { return e.curve.Secret(random) }

func (e elliptic) Secret(element []byte) []byte {
	return bytes.Clone(element[1 : 1+e.curve.Size()])
}

func (e elliptic) Multiply(element, scalar []byte) ([]byte, error) {
	x, y, err := e.curve.Decode(element)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrElement, err)
	}
	if x.Cmp(e.curve.Params().Gx) == 0 && y.Cmp(e.curve.Params().Gy) == 0 {
		return e.encode(e.curve.ScalarBaseMult(scalar)) // the standard library has tables for it
	}
	return e.encode(e.curve.ScalarMult(x, y, scalar))
}

func (e elliptic) Combine(a, b []byte) ([]byte, error) {
	ax, ay, err := e.curve.Decode(a)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrElement, err)
	}
	bx, by, err := e.curve.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrElement, err)
	}
	return e.encode(e.curve.Add(ax, ay, bx, by))
}

// encode refuses infinity, which is (0, 0).
func (e elliptic) encode(x, y *big.Int) ([]byte, error) {
	if x.Sign() == 0 && y.Sign() == 0 {
		return nil, fmt.Errorf("%w: point at infinity", ErrElement)
	}
	return e.curve.Encode(x, y), nil
}

// MapInteger is the point encoding of Doc 9303-11 §4.4.3.3.3 in affine coordinates (Appendix B.1): a number to a point,
// for primes that are 3 modulo 4. P-224, whose prime is not, is ErrUnknown.
func (e elliptic) MapInteger(n *big.Int) ([]byte, error) {
	p, b := e.curve.Params().P, e.curve.Params().B
	if p.Bit(0) != 1 || p.Bit(1) != 1 {
		return nil, fmt.Errorf("%w: %s has no integrated mapping", ErrUnknown, e.Name())
	}
	a := e.coefficient()
	mod := func(z *big.Int) *big.Int { return z.Mod(z, p) }
	mul := func(x, y *big.Int) *big.Int { return mod(new(big.Int).Mul(x, y)) }

	t := mod(new(big.Int).Set(n))
	alpha := mod(new(big.Int).Neg(mul(t, t)))                                              // 1. α = -t²
	inverse := new(big.Int).ModInverse(mod(new(big.Int).Add(alpha, mul(alpha, alpha))), p) // of α+α²
	inverseA := new(big.Int).ModInverse(a, p)
	if inverse == nil || inverseA == nil {
		return nil, fmt.Errorf("%w: no point for this nonce", ErrElement) // t is 0, 1 or -1
	}
	x2 := mul(mul(mod(new(big.Int).Neg(b)), inverseA), mod(inverse.Add(inverse, big.NewInt(1)))) // 2. X2 = -b·a⁻¹·(1+(α+α²)⁻¹)
	x3 := mul(alpha, x2)                                                                         // 3. X3 = α·X2
	h := mul(mul(x2, x2), x2)                                                                    // 4. h2 = X2³+a·X2+b
	h = mod(h.Add(h, mul(a, x2)))
	h = mod(h.Add(h, b))
	u := mul(mul(mul(t, t), t), h) // 6. U = t³·h2

	exponent := new(big.Int).Add(p, big.NewInt(1)) // 7. A = h2^(p-1-(p+1)/4)
	exponent.Sub(new(big.Int).Sub(p, big.NewInt(1)), exponent.Rsh(exponent, 2))
	root := new(big.Int).Exp(h, exponent, p)
	x, y := x3, mul(root, u) // 9.
	if mul(mul(root, root), h).Cmp(big.NewInt(1)) == 0 {
		x, y = x2, mul(root, h) // 8.
	}
	if !e.curve.IsOnCurve(x, y) {
		return nil, fmt.Errorf("%w: no point for this nonce", ErrElement)
	}
	return e.encode(x, y)
}

// coefficient returns the curve's a, which follows from its generator: y² = x³+ax+b.
func (e elliptic) coefficient() *big.Int {
	params := e.curve.Params()
	a := new(big.Int).Mul(params.Gy, params.Gy)
	a.Sub(a, new(big.Int).Exp(params.Gx, big.NewInt(3), params.P))
	a.Sub(a, params.B)
	a.Mul(a, new(big.Int).ModInverse(params.Gx, params.P))
	return a.Mod(a, params.P)
}
