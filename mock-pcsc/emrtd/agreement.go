package emrtd

import (
	"errors"
	"io"
	"math/big"

	"balcao/mock-pcsc/curve"
)

// element is a public key: a point, or for Diffie-Hellman over a prime field a number x without y.
type element struct{ x, y *big.Int }

// group is where two sides agree on a secret (ICAO 9303-11 §9.5). Its functions take elements of the
// group only, which parse makes sure of.
type group interface {
	generator() element
	order() *big.Int
	times(e element, k *big.Int) element
	plus(a, b element) element
	// mapped is the integrated mapping's function into the group (ICAO 9303-11 §4.4.3.3.2).
	mapped(random []byte) element
	encode(e element) []byte
	// parse refuses what is not of the group, and its neutral element.
	parse(b []byte) (e element, ok bool)
	// secret is a shared element as key derivation takes it, with leading zeros.
	secret(e element) []byte
	// exponent is the length of a private key in bytes.
	exponent() int
	elliptic() bool
}

// groupOf finds the standardised parameters with an ID: 0 to 2 are prime fields.
func groupOf(domain byte) (group, error) {
	if g, ok := groups5114[domain]; ok {
		return primeField{p: hex(g.p), g: hex(g.g), q: hex(g.q)}, nil
	}
	c, err := curve.ByDomain(domain)
	if err != nil {
		return nil, err
	}
	return points{c}, nil
}

// keyPair draws a private key and returns it with its public key over a generator.
func keyPair(g group, generator element, random io.Reader) (*big.Int, element, error) {
	b := make([]byte, g.exponent())
	for range 256 { // most attempts succeed
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, element{}, err
		}
		b[0] &= 0xff >> (8*len(b) - g.order().BitLen()) // bits that no private key has
		k := new(big.Int).SetBytes(b)
		if k.Sign() > 0 && k.Cmp(g.order()) < 0 {
			return k, g.times(generator, k), nil
		}
	}
	return nil, element{}, errors.New("no private key in the source of randomness")
}

// points is a group on a curve.
type points struct{ *curve.Curve }

func (g points) generator() element { return element{g.Params().Gx, g.Params().Gy} }

func (g points) order() *big.Int { return g.Params().N }

func (g points) times(e element, k *big.Int) element {
	x, y := g.ScalarMult(e.x, e.y, new(big.Int).Mod(k, g.Params().N).Bytes())
	return element{x, y}
}

func (g points) plus(a, b element) element {
	x, y := g.Add(a.x, a.y, b.x, b.y)
	return element{x, y}
}

func (g points) encode(e element) []byte { return g.Point(e.x, e.y) }

func (g points) parse(b []byte) (element, bool) {
	x, y, ok := g.Parse(b)
	return element{x, y}, ok
}

func (g points) secret(e element) []byte { return e.x.FillBytes(make([]byte, g.Size())) }

func (g points) exponent() int { return (g.Params().N.BitLen() + 7) / 8 }

func (g points) elliptic() bool { return true }

// mapped is the point encoding of ICAO 9303-11 §4.4.3.3.4 for fields whose prime is 3 modulo 4, in the steps
// and names of the standard.
func (g points) mapped(random []byte) element {
	p := g.Params().P
	mod := func(n *big.Int) *big.Int { return n.Mod(n, p) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	one := big.NewInt(1)

	t := new(big.Int).Mod(new(big.Int).SetBytes(random), p)
	alpha := mod(new(big.Int).Neg(mul(t, t)))
	sum := mod(new(big.Int).Add(alpha, mul(alpha, alpha)))
	fraction := new(big.Int).ModInverse(sum, p)
	fraction.Add(fraction, one)
	x2 := mul(mod(new(big.Int).Neg(g.B)), new(big.Int).ModInverse(g.A, p))
	x2 = mul(x2, fraction)
	x3 := mul(alpha, x2)
	curveAt := func(x *big.Int) *big.Int {
		value := mul(mul(x, x), x)
		value.Add(value, mul(g.A, x))
		return mod(value.Add(value, g.B))
	}
	h2 := curveAt(x2)
	u := mul(mul(mul(t, t), t), h2)
	// h2^(p-1-(p+1)/4) is a square root of 1/h2 where there is one.
	exponent := new(big.Int).Add(p, one)
	exponent.Rsh(exponent, 2)
	exponent.Sub(new(big.Int).Sub(p, one), exponent)
	root := new(big.Int).Exp(h2, exponent, p)
	if mul(mul(root, root), h2).Cmp(one) == 0 {
		return element{x2, mul(root, h2)}
	}
	return element{x3, mul(root, u)}
}

// primeField is a subgroup of a prime field (RFC 5114).
type primeField struct{ p, g, q *big.Int }

func (f primeField) generator() element { return element{x: f.g} }

// order bounds private keys, which the standard's examples draw from the whole field.
func (f primeField) order() *big.Int { return f.p }

func (f primeField) times(e element, k *big.Int) element {
	return element{x: new(big.Int).Exp(e.x, k, f.p)}
}

func (f primeField) plus(a, b element) element {
	product := new(big.Int).Mul(a.x, b.x)
	return element{x: product.Mod(product, f.p)}
}

func (f primeField) mapped(random []byte) element {
	cofactor := new(big.Int).Sub(f.p, big.NewInt(1))
	cofactor.Div(cofactor, f.q)
	base := new(big.Int).Mod(new(big.Int).SetBytes(random), f.p)
	return element{x: base.Exp(base, cofactor, f.p)}
}

func (f primeField) encode(e element) []byte { return f.secret(e) }

func (f primeField) parse(b []byte) (element, bool) {
	x := new(big.Int).SetBytes(b)
	one := big.NewInt(1)
	if len(b) != f.exponent() || x.Cmp(one) <= 0 || x.Cmp(f.p) >= 0 || new(big.Int).Exp(x, f.q, f.p).Cmp(one) != 0 {
		return element{}, false
	}
	return element{x: x}, true
}

func (f primeField) secret(e element) []byte { return e.x.FillBytes(make([]byte, f.exponent())) }

func (f primeField) exponent() int { return (f.p.BitLen() + 7) / 8 }

func (f primeField) elliptic() bool { return false }

func hex(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("emrtd: parameter that is not hexadecimal")
	}
	return n
}
