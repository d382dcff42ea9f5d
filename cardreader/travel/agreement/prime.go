package agreement

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of a prime group that a document may bring: less is broken, more takes noticeable time.
const (
	minModulus = 1024
	maxModulus = 4096
	minOrder   = 160
)

// prime is the subgroup of order q that g generates modulo p. q is nil for a group that does not say it
// (PKCS #3): then an element can be checked for its range alone.
type prime struct {
	name    string
	p, g, q *big.Int
}

var _ Group = (*prime)(nil)

func newPrime(name string, p, g, q *big.Int) *prime { return &prime{name: name, p: p, g: g, q: q} }

func (d *prime) Name() string      { return d.name }
func (d *prime) Elliptic() bool    { return false }
func (d *prime) Bits() int         { return d.p.BitLen() }
func (d *prime) Modulus() *big.Int { return d.p }
func (d *prime) Generator() []byte { return d.encode(d.g) }
func (d *prime) size() int         { return (d.p.BitLen() + 7) / 8 }

func (d *prime) encode(n *big.Int) []byte { return n.FillBytes(make([]byte, d.size())) }

// Scalar draws from 1 to q-1; without a q, 256 bits, which no better attack is known on than on shorter ones.
func (d *prime) Scalar(random io.Reader) ([]byte, error) {
	limit := d.q
	if limit == nil {
		limit = new(big.Int).Lsh(big.NewInt(1), 256)
	}
	for {
		n, err := rand.Int(random, limit)
		if err != nil {
			return nil, fmt.Errorf("drawing a secret: %w", err)
		}
		if n.Sign() > 0 {
			return n.FillBytes(make([]byte, (limit.BitLen()+7)/8)), nil
		}
	}
}

func (d *prime) decode(element []byte) (*big.Int, error) {
	n := new(big.Int).SetBytes(element)
	one := big.NewInt(1)
	last := new(big.Int).Sub(d.p, one)
	if len(element) != d.size() || n.Cmp(one) <= 0 || n.Cmp(last) >= 0 {
		return nil, fmt.Errorf("%w: not a number of %d bytes within the modulus", ErrElement, d.size())
	}
	// An element of a small subgroup would tell the other side some of our secret (RFC 2631 §2.1.5).
	if d.q != nil && new(big.Int).Exp(n, d.q, d.p).Cmp(one) != 0 {
		return nil, fmt.Errorf("%w: not in the subgroup", ErrElement)
	}
	return n, nil
}

func (d *prime) Multiply(element, scalar []byte) ([]byte, error) {
	n, err := d.decode(element)
	if err != nil {
		return nil, err
	}
	return d.result(n.Exp(n, new(big.Int).SetBytes(scalar), d.p))
}

func (d *prime) Combine(a, b []byte) ([]byte, error) {
	x, err := d.decode(a)
	if err != nil {
		return nil, err
	}
	y, err := d.decode(b)
	if err != nil {
		return nil, err
	}
	return d.result(x.Mod(x.Mul(x, y), d.p))
}

func (d *prime) result(n *big.Int) ([]byte, error) {
	if n.Cmp(big.NewInt(1)) <= 0 {
		return nil, fmt.Errorf("%w: neutral element", ErrElement)
	}
	return d.encode(n), nil
}

func (d *prime) Secret(element []byte) []byte { return append([]byte(nil), element...) }

// MapInteger raises the number to (p-1)/q, which brings it into the subgroup (Doc 9303-11 §4.4.3.3.2).
func (d *prime) MapInteger(n *big.Int) ([]byte, error) {
	if d.q == nil {
		return nil, fmt.Errorf("%w: the order of the group is not known", ErrUnknown)
	}
	cofactor := new(big.Int).Sub(d.p, big.NewInt(1))
	cofactor.Quo(cofactor, d.q)
	return d.result(cofactor.Exp(new(big.Int).Mod(n, d.p), cofactor, d.p))
}

// parsePrime reads the parameters of a prime group: p, g, q and what may follow (RFC 3279 §2.3.3), or p, g and the
// length of the secret (PKCS #3).
func parsePrime(content cryptobyte.String, withOrder bool) (Group, bool, error) {
	var params cryptobyte.String
	p, g, q := new(big.Int), new(big.Int), new(big.Int)
	if !content.ReadASN1(&params, cbasn1.SEQUENCE) || !content.Empty() || !params.ReadASN1Integer(p) || !params.ReadASN1Integer(g) ||
		withOrder && !params.ReadASN1Integer(q) {
		return nil, false, fmt.Errorf("%w: parameters of a prime group", ErrMalformed)
	}
	for !params.Empty() {
		// The factor j, a seed, a length: none of them changes the group.
		var rest cryptobyte.String
		var tag cbasn1.Tag
		if !params.ReadAnyASN1Element(&rest, &tag) {
			return nil, false, fmt.Errorf("%w: parameters of a prime group", ErrMalformed)
		}
	}
	for _, known := range standardPrimes {
		if known.p.Cmp(p) == 0 && known.g.Cmp(g) == 0 && (!withOrder || known.q.Cmp(q) == 0) {
			return known, true, nil
		}
	}
	d := &prime{name: fmt.Sprintf("DH-%d", p.BitLen()), p: p, g: g}
	if withOrder {
		d.q = q
	}
	if err := d.sound(); err != nil {
		return nil, false, err
	}
	return d, false, nil
}

// sound checks a group that is not known.
func (d *prime) sound() error {
	if d.p.Sign() <= 0 || d.p.BitLen() < minModulus || d.p.BitLen() > maxModulus || !d.p.ProbablyPrime(1) {
		return fmt.Errorf("%w: modulus of a prime group", ErrMalformed)
	}
	if d.q != nil {
		rest := new(big.Int).Sub(d.p, big.NewInt(1))
		// A divisor is no longer than the modulus; to test any length for being prime has no bound in time.
		if d.q.Sign() <= 0 || d.q.BitLen() < minOrder || rest.Mod(rest, d.q).Sign() != 0 || !d.q.ProbablyPrime(1) {
			return fmt.Errorf("%w: order of a prime group", ErrMalformed)
		}
	}
	if d.g.Sign() <= 0 || d.g.Cmp(d.p) >= 0 {
		return fmt.Errorf("%w: generator of a prime group", ErrMalformed)
	}
	if _, err := d.decode(d.encode(d.g)); err != nil {
		return fmt.Errorf("%w: generator of a prime group", ErrMalformed)
	}
	return nil
}
