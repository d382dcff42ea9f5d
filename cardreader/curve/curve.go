// Package curve is the elliptic curves of travel documents: the Brainpool curves (RFC 5639) and P-192,
// which the standard library does not have, beside those that it has, and public keys whose curve is
// written out as explicit parameters, as Doc 9303-12 §4.1.6.3 demands.
//
// A *Curve is an elliptic.Curve, so crypto/ecdsa verifies signatures with it, and it adds and multiplies
// points, which the generic mapping of PACE (Doc 9303-11 §4.4.3.3.1) needs and crypto/ecdh does not offer. For the
// curves of the standard library both are done there.
//
// Only standardised curves are accepted. Explicit parameters of any other are refused: with a curve
// or generator of one's own choice a signature can be made that verifies under any key
// (CVE-2020-0601).
//
// The arithmetic of this package is not constant in time. It is used with secrets that live for one
// session with a chip on the desk, never with long-term keys.
package curve

import (
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// ErrPoint says that bytes are not a point of the curve, or that a computation met the point at infinity.
var ErrPoint = errors.New("not a point of the curve")

// ErrUnknown says that a curve is none of the standardised ones.
var ErrUnknown = errors.New("unknown elliptic curve")

// Curve is a standardised curve over a prime field in short Weierstrass form. It is immutable.
type Curve struct {
	params   *elliptic.CurveParams
	a        *big.Int
	oid      asn1.ObjectIdentifier
	id       int            // standardised domain parameter, -1 for none
	standard elliptic.Curve // does the arithmetic when the standard library has the curve
}

var _ elliptic.Curve = (*Curve)(nil)

// definition is a curve as the table writes it.
type definition struct {
	name, oid          string
	parameterID        int
	p, a, b, gx, gy, n string
}

var known = makeKnown()

func makeKnown() []*Curve {
	var curves []*Curve
	for _, d := range table {
		curves = append(curves, &Curve{
			params: &elliptic.CurveParams{
				Name: d.name, BitSize: number(d.p).BitLen(),
				P: number(d.p), B: number(d.b), Gx: number(d.gx), Gy: number(d.gy), N: number(d.n),
			},
			a: number(d.a), oid: identifier(d.oid), id: d.parameterID,
		})
	}
	for _, s := range []struct {
		curve elliptic.Curve
		oid   string
		id    int
	}{
		{elliptic.P224(), "1.3.132.0.33", 10},
		{elliptic.P256(), "1.2.840.10045.3.1.7", 12},
		{elliptic.P384(), "1.3.132.0.34", 15},
		{elliptic.P521(), "1.3.132.0.35", 18},
	} {
		p := s.curve.Params()
		curves = append(curves, &Curve{
			params: p, a: new(big.Int).Sub(p.P, big.NewInt(3)), oid: identifier(s.oid), id: s.id, standard: s.curve,
		})
	}
	return curves
}

func number(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("curve: a number of the table is not hexadecimal")
	}
	return n
}

func identifier(dotted string) (oid asn1.ObjectIdentifier) {
	for n := 0; n < len(dotted); n++ {
		if n == 0 || dotted[n-1] == '.' {
			oid = append(oid, 0)
		}
		if dotted[n] != '.' {
			oid[len(oid)-1] = oid[len(oid)-1]*10 + int(dotted[n]-'0')
		}
	}
	return oid
}

func find(matches func(*Curve) bool) (*Curve, error) {
	for _, c := range known {
		if matches(c) {
			return c, nil
		}
	}
	return nil, ErrUnknown
}

// Standardised returns the curve of a standardised domain parameter identifier, 8 to 18 (Doc 9303-11 §9.5.1),
// or ErrUnknown.
func Standardised(id int) (*Curve, error) {
	return find(func(c *Curve) bool { return id >= 0 && c.id == id })
}

// ByOID returns the curve that an object identifier names, or ErrUnknown.
func ByOID(oid asn1.ObjectIdentifier) (*Curve, error) {
	return find(func(c *Curve) bool { return c.oid.Equal(oid) })
}

// Name is the curve's name: "brainpoolP256r1", "P-256".
func (c *Curve) Name() string { return c.params.Name }

// Elliptic returns the curve with which crypto/ecdsa verifies fastest: the standard library's own
// where it has it.
func (c *Curve) Elliptic() elliptic.Curve {
	if c.standard != nil {
		return c.standard
	}
	return c
}

// Params implements elliptic.Curve. For curves of the table, only the numbers in it are of use: its methods
// take the coefficient a to be -3.
func (c *Curve) Params() *elliptic.CurveParams { return c.params }

// Size is the length of a coordinate in bytes.
func (c *Curve) Size() int { return (c.params.BitSize + 7) / 8 }

// OrderSize is the length of the order in bytes.
func (c *Curve) OrderSize() int { return (c.params.N.BitLen() + 7) / 8 }

// Encode returns a point as 04 || x || y, both coordinates padded to Size (BSI TR-03111 §3.2.1).
func (c *Curve) Encode(x, y *big.Int) []byte {
	out := make([]byte, 1+2*c.Size())
	out[0] = 4
	x.FillBytes(out[1 : 1+c.Size()])
	y.FillBytes(out[1+c.Size():])
	return out
}

// Decode reads 04 || x || y. The error is ErrPoint for any other form, for coordinates outside the
// field and for a point that is not on the curve: a multiplication with one would leak bits of our
// secret.
func (c *Curve) Decode(data []byte) (x, y *big.Int, err error) {
	if len(data) != 1+2*c.Size() || data[0] != 4 {
		return nil, nil, fmt.Errorf("%w: not an uncompressed point of %d bytes", ErrPoint, 1+2*c.Size())
	}
	x = new(big.Int).SetBytes(data[1 : 1+c.Size()])
	y = new(big.Int).SetBytes(data[1+c.Size():])
	if !c.IsOnCurve(x, y) {
		return nil, nil, ErrPoint
	}
	return x, y, nil
}

// Secret returns a random number from 1 to the order less 1, padded to OrderSize.
func (c *Curve) Secret(random io.Reader) ([]byte, error) {
	size := c.OrderSize()
	excess := uint(8*size - c.params.N.BitLen())
	secret := make([]byte, size)
	for {
		if _, err := io.ReadFull(random, secret); err != nil {
			return nil, fmt.Errorf("drawing a secret: %w", err)
		}
		secret[0] >>= excess // a number beyond the order is drawn again: taking it modulo would favour the small ones
		n := new(big.Int).SetBytes(secret)
		if n.Sign() > 0 && n.Cmp(c.params.N) < 0 {
			return secret, nil
		}
	}
}
