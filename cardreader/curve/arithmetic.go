package curve

import "math/big"

// Points are affine, and (0, 0) is the point at infinity, as crypto/elliptic has it. Between, they are
// Jacobian: x = X/Z², y = Y/Z³ (Hankerson, Menezes, Vanstone: Guide to Elliptic Curve Cryptography §3.2.2).

// IsOnCurve implements elliptic.Curve. Infinity is not on the curve.
func (c *Curve) IsOnCurve(x, y *big.Int) bool {
	p := c.params.P
	if x.Sign() < 0 || x.Cmp(p) >= 0 || y.Sign() < 0 || y.Cmp(p) >= 0 {
		return false
	}
	right := new(big.Int).Mul(x, x)
	right.Add(right, c.a)
	right.Mul(right, x)
	right.Add(right, c.params.B)
	right.Mod(right, p)
	left := new(big.Int).Mul(y, y)
	return left.Mod(left, p).Cmp(right) == 0
}

// Add implements elliptic.Curve.
func (c *Curve) Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int) {
	if c.standard != nil {
		return c.standard.Add(x1, y1, x2, y2) //nolint:staticcheck // crypto/ecdh adds no points, and PACE must
	}
	var f field
	f.p, f.a = c.params.P, c.a
	sum := f.jacobian(x1, y1)
	f.add(sum, f.jacobian(x2, y2))
	return f.affine(sum)
}

// Double implements elliptic.Curve.
func (c *Curve) Double(x1, y1 *big.Int) (x, y *big.Int) { return c.Add(x1, y1, x1, y1) }

// ScalarBaseMult implements elliptic.Curve.
func (c *Curve) ScalarBaseMult(k []byte) (x, y *big.Int) {
	return c.ScalarMult(c.params.Gx, c.params.Gy, k)
}

// window is how many bits of a scalar are taken at a time.
const window = 4

// ScalarMult implements elliptic.Curve: k is big-endian.
func (c *Curve) ScalarMult(x1, y1 *big.Int, k []byte) (x, y *big.Int) {
	if c.standard != nil {
		return c.standard.ScalarMult(x1, y1, k) //nolint:staticcheck // crypto/ecdh has no base but the curve's own
	}
	var f field
	f.p, f.a = c.params.P, c.a
	var multiples [1 << window]*point // multiples[i] is i times the base
	multiples[0] = infinity()
	multiples[1] = f.jacobian(x1, y1)
	for i := 2; i < len(multiples); i++ {
		multiples[i] = multiples[i-1].clone()
		f.add(multiples[i], multiples[1])
	}
	product := infinity()
	for _, b := range k {
		for _, digit := range [...]byte{b >> window, b & (1<<window - 1)} {
			for range window {
				f.double(product)
			}
			f.add(product, multiples[digit])
		}
	}
	return f.affine(product)
}

// point is Jacobian; Z = 0 is infinity.
type point struct{ x, y, z big.Int }

func infinity() *point {
	p := &point{}
	p.x.SetInt64(1)
	p.y.SetInt64(1)
	return p
}

func (p *point) clone() *point {
	q := &point{}
	q.set(p)
	return q
}

func (p *point) set(q *point) {
	p.x.Set(&q.x)
	p.y.Set(&q.y)
	p.z.Set(&q.z)
}

func (p *point) infinite() bool { return p.z.Sign() == 0 }

// field computes modulo p, with scratch space that is used again: most of the time of a multiplication would
// go into making big.Ints.
type field struct {
	p, a                *big.Int
	t1, t2, t3, t4, t5  big.Int
	u1, u2, s1, s2, h   big.Int
	product, q, discard big.Int
}

// mul sets z to x·y modulo p. z may be x or y.
func (f *field) mul(z, x, y *big.Int) {
	f.product.Mul(x, y)
	f.q.QuoRem(&f.product, f.p, &f.discard)
	z.Set(&f.discard)
}

// sub sets z to x-y modulo p.
func (f *field) sub(z, x, y *big.Int) {
	z.Sub(x, y)
	if z.Sign() < 0 {
		z.Add(z, f.p)
	}
}

// sum sets z to x+y modulo p.
func (f *field) sum(z, x, y *big.Int) {
	z.Add(x, y)
	if z.Cmp(f.p) >= 0 {
		z.Sub(z, f.p)
	}
}

func (f *field) jacobian(x, y *big.Int) *point {
	p := &point{}
	if x.Sign() == 0 && y.Sign() == 0 {
		return infinity()
	}
	p.x.Set(x)
	p.y.Set(y)
	p.z.SetInt64(1)
	return p
}

func (f *field) affine(p *point) (x, y *big.Int) {
	if p.infinite() {
		return new(big.Int), new(big.Int)
	}
	inverse := new(big.Int).ModInverse(&p.z, f.p)
	var square big.Int
	f.mul(&square, inverse, inverse)
	x, y = new(big.Int), new(big.Int)
	f.mul(x, &p.x, &square)
	f.mul(&square, &square, inverse)
	f.mul(y, &p.y, &square)
	return x, y
}

// double sets p to 2p.
func (f *field) double(p *point) {
	if p.infinite() || p.y.Sign() == 0 {
		p.z.SetInt64(0)
		return
	}
	yy, xyy, m, z2 := &f.t1, &f.t2, &f.t3, &f.t4
	f.mul(yy, &p.y, &p.y)
	f.mul(xyy, &p.x, yy)
	f.sum(xyy, xyy, xyy)
	f.sum(xyy, xyy, xyy) // S = 4·X·Y²

	f.mul(m, &p.x, &p.x)
	f.sum(&f.t5, m, m)
	f.sum(m, m, &f.t5) // 3·X²
	f.mul(z2, &p.z, &p.z)
	f.mul(z2, z2, z2)
	f.mul(z2, z2, f.a)
	f.sum(m, m, z2) // M = 3·X² + a·Z⁴

	f.mul(&p.z, &p.y, &p.z)
	f.sum(&p.z, &p.z, &p.z) // Z' = 2·Y·Z

	f.mul(&p.x, m, m)
	f.sub(&p.x, &p.x, xyy)
	f.sub(&p.x, &p.x, xyy) // X' = M² - 2·S

	f.mul(yy, yy, yy)
	for range 3 {
		f.sum(yy, yy, yy) // 8·Y⁴
	}
	f.sub(xyy, xyy, &p.x)
	f.mul(&p.y, m, xyy)
	f.sub(&p.y, &p.y, yy) // Y' = M·(S - X') - 8·Y⁴
}

// add sets p to p+q; q is left as it is.
func (f *field) add(p, q *point) {
	if q.infinite() {
		return
	}
	if p.infinite() {
		p.set(q)
		return
	}
	f.mul(&f.t1, &p.z, &p.z)
	f.mul(&f.t2, &q.z, &q.z)
	f.mul(&f.u1, &p.x, &f.t2) // U1 = X1·Z2²
	f.mul(&f.u2, &q.x, &f.t1) // U2 = X2·Z1²
	f.mul(&f.s1, &p.y, &f.t2)
	f.mul(&f.s1, &f.s1, &q.z) // S1 = Y1·Z2³
	f.mul(&f.s2, &q.y, &f.t1)
	f.mul(&f.s2, &f.s2, &p.z) // S2 = Y2·Z1³
	f.sub(&f.h, &f.u2, &f.u1)
	f.sub(&f.s2, &f.s2, &f.s1) // R
	if f.h.Sign() == 0 {
		if f.s2.Sign() == 0 {
			f.double(p)
		} else {
			p.z.SetInt64(0) // a point and its opposite
		}
		return
	}
	f.mul(&p.z, &p.z, &q.z)
	f.mul(&p.z, &p.z, &f.h) // Z3 = H·Z1·Z2

	f.mul(&f.t1, &f.h, &f.h)
	f.mul(&f.t2, &f.t1, &f.h)  // H³
	f.mul(&f.u1, &f.u1, &f.t1) // U1·H²

	f.mul(&p.x, &f.s2, &f.s2)
	f.sub(&p.x, &p.x, &f.t2)
	f.sub(&p.x, &p.x, &f.u1)
	f.sub(&p.x, &p.x, &f.u1) // X3 = R² - H³ - 2·U1·H²

	f.sub(&f.u1, &f.u1, &p.x)
	f.mul(&p.y, &f.s2, &f.u1)
	f.mul(&f.s1, &f.s1, &f.t2)
	f.sub(&p.y, &p.y, &f.s1) // Y3 = R·(U1·H² - X3) - S1·H³
}
