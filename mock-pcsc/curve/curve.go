// Package curve holds the elliptic curves of ICAO 9303-11 §9.5.1 for the chips and the authorities of
// the test bench. crypto/elliptic computes on those of NIST, keybase's brainpool package on the three
// common ones of RFC 5639. The other three are computed on their twists, whose coefficient a is
// -3, so that crypto/elliptic can do that too.
//
// Nothing here runs in constant time: the bench has no secrets.
package curve

import (
	"crypto/elliptic"
	"encoding/asn1"
	"fmt"
	"math/big"

	"github.com/keybase/go-crypto/brainpool"
)

// A Curve is one of the standardised curves with the coefficients that crypto/elliptic leaves out.
type Curve struct {
	elliptic.Curve
	Name   string                // "brainpoolP256r1", "P-256"
	Domain byte                  // parameter ID of ICAO 9303-11 §9.5.1
	OID    asn1.ObjectIdentifier // of the named curve
	A, B   *big.Int              // y² = x³ + A·x + B
}

// All lists the curves by their parameter ID.
var All = []*Curve{
	generic("P-192", 8, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}, secp192r1),
	twisted("brainpoolP192r1", 9, 3, brainpool192r1, brainpool192t1),
	nist(elliptic.P224(), 10, asn1.ObjectIdentifier{1, 3, 132, 0, 33}),
	twisted("brainpoolP224r1", 11, 5, brainpool224r1, brainpool224t1),
	nist(elliptic.P256(), 12, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}),
	regular(brainpool.P256r1(), "brainpoolP256r1", 13, 7, brainpool256r1),
	twisted("brainpoolP320r1", 14, 9, brainpool320r1, brainpool320t1),
	nist(elliptic.P384(), 15, asn1.ObjectIdentifier{1, 3, 132, 0, 34}),
	regular(brainpool.P384r1(), "brainpoolP384r1", 16, 11, brainpool384r1),
	regular(brainpool.P512r1(), "brainpoolP512r1", 17, 13, brainpool512r1),
	nist(elliptic.P521(), 18, asn1.ObjectIdentifier{1, 3, 132, 0, 35}),
}

// ByName finds a curve by its name.
func ByName(name string) (*Curve, error) {
	for _, c := range All {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no curve %q", name)
}

// ByDomain finds a curve by its parameter ID.
func ByDomain(id byte) (*Curve, error) {
	for _, c := range All {
		if c.Domain == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no curve with parameter ID %d", id)
}

// ByOID finds a named curve.
func ByOID(oid asn1.ObjectIdentifier) (*Curve, error) {
	for _, c := range All {
		if c.OID.Equal(oid) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no curve named %v", oid)
}

// Of finds the curve that a key of crypto/ecdsa lies on.
func Of(e elliptic.Curve) (*Curve, error) {
	for _, c := range All {
		if c.Params().P.Cmp(e.Params().P) == 0 && c.Params().N.Cmp(e.Params().N) == 0 {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no standardised curve %s", e.Params().Name)
}

// Size is the length of a coordinate in bytes.
func (c *Curve) Size() int { return (c.Params().BitSize + 7) / 8 }

// Point encodes a point without compression, each coordinate as long as the field.
func (c *Curve) Point(x, y *big.Int) []byte {
	out := make([]byte, 1+2*c.Size())
	out[0] = 4
	x.FillBytes(out[1 : 1+c.Size()])
	y.FillBytes(out[1+c.Size():])
	return out
}

// Parse decodes what Point encodes. ok is false for all else, and for what is not on the curve.
func (c *Curve) Parse(point []byte) (x, y *big.Int, ok bool) {
	if len(point) != 1+2*c.Size() || point[0] != 4 {
		return nil, nil, false
	}
	x, y = new(big.Int).SetBytes(point[1:1+c.Size()]), new(big.Int).SetBytes(point[1+c.Size():])
	p := c.Params().P
	if x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !c.IsOnCurve(x, y) {
		return nil, nil, false
	}
	return x, y, true
}

// brainpoolOID is a curve of versionOne of RFC 5639 §4.1.
func brainpoolOID(last int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, last}
}

func nist(e elliptic.Curve, domain byte, oid asn1.ObjectIdentifier) *Curve {
	p := e.Params()
	return &Curve{Curve: e, Name: p.Name, Domain: domain, OID: oid, A: new(big.Int).Sub(p.P, big.NewInt(3)), B: p.B}
}

func regular(e elliptic.Curve, name string, domain byte, arc int, p parameters) *Curve {
	return &Curve{Curve: e, Name: name, Domain: domain, OID: brainpoolOID(arc), A: number(p.a), B: number(p.b)}
}

func generic(name string, domain byte, oid asn1.ObjectIdentifier, p parameters) *Curve {
	return nist(params(name, p), domain, oid)
}

func twisted(name string, domain byte, arc int, p, twist parameters) *Curve {
	return regular(newTwist(params(name, p), params(name+" twisted", twist)), name, domain, arc, p)
}

func params(name string, p parameters) *elliptic.CurveParams {
	c := &elliptic.CurveParams{Name: name, P: number(p.p), N: number(p.n), B: number(p.b), Gx: number(p.x), Gy: number(p.y)}
	c.BitSize = c.P.BitLen()
	return c
}

func number(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("curve: parameter that is not hexadecimal")
	}
	return n
}
