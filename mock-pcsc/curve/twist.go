package curve

import (
	"crypto/elliptic"
	"math/big"
)

// twist computes on a curve by way of an isomorphic one whose a is -3 (RFC 5639 §2.1): (x, y) there is
// (x·z², y·z³). The generators are images of each other, which gives z.
type twist struct {
	params      *elliptic.CurveParams
	twisted     elliptic.Curve
	there, back [2]*big.Int // z² and z³, and their inverses
}

func newTwist(params, twisted *elliptic.CurveParams) *twist {
	p := params.P
	z := mul(p, twisted.Gy, params.Gx, inverse(p, twisted.Gx), inverse(p, params.Gy))
	back := inverse(p, z)
	return &twist{
		params: params, twisted: twisted,
		there: [2]*big.Int{mul(p, z, z), mul(p, z, z, z)},
		back:  [2]*big.Int{mul(p, back, back), mul(p, back, back, back)},
	}
}

func (t *twist) Params() *elliptic.CurveParams { return t.params }

func (t *twist) IsOnCurve(x, y *big.Int) bool {
	return t.twisted.IsOnCurve(t.cross(t.there, x, y)) //nolint:staticcheck // no other package computes on these curves
}

func (t *twist) Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int) {
	a, b := t.cross(t.there, x1, y1)
	c, d := t.cross(t.there, x2, y2)
	x, y = t.twisted.Add(a, b, c, d) //nolint:staticcheck // as above
	return t.cross(t.back, x, y)
}

func (t *twist) Double(x1, y1 *big.Int) (x, y *big.Int) {
	x, y = t.twisted.Double(t.cross(t.there, x1, y1)) //nolint:staticcheck // as above
	return t.cross(t.back, x, y)
}

func (t *twist) ScalarMult(x1, y1 *big.Int, k []byte) (x, y *big.Int) {
	a, b := t.cross(t.there, x1, y1)
	x, y = t.twisted.ScalarMult(a, b, k) //nolint:staticcheck // as above
	return t.cross(t.back, x, y)
}

func (t *twist) ScalarBaseMult(k []byte) (x, y *big.Int) {
	return t.ScalarMult(t.params.Gx, t.params.Gy, k)
}

func (t *twist) cross(by [2]*big.Int, x, y *big.Int) (*big.Int, *big.Int) {
	return mul(t.params.P, x, by[0]), mul(t.params.P, y, by[1])
}

func mul(p *big.Int, factors ...*big.Int) *big.Int {
	product := big.NewInt(1)
	for _, f := range factors {
		product.Mod(product.Mul(product, f), p)
	}
	return product
}

func inverse(p, n *big.Int) *big.Int { return new(big.Int).ModInverse(n, p) }
