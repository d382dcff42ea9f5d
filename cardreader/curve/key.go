package curve

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrKey says that bytes are not a public key as this package reads them.
var ErrKey = errors.New("not a public key of a known kind")

var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidRSA         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPrimeField  = asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
)

// MaxModulus bounds an RSA modulus in bits: verifying with a longer one would take noticeable time.
const MaxModulus = 16384

// ParsePublicKey reads a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): *ecdsa.PublicKey on any known curve,
// named (RFC 5480) or in explicit parameters; *rsa.PublicKey also where the NULL of its parameters is left
// out; anything else as crypto/x509 reads it. The errors wrap ErrKey, ErrPoint or ErrUnknown.
func ParsePublicKey(spki []byte) (crypto.PublicKey, error) {
	input := cryptobyte.String(spki)
	var outer, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	var bits []byte
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) || !outer.ReadASN1BitStringAsBytes(&bits) || !outer.Empty() {
		return nil, fmt.Errorf("%w: SubjectPublicKeyInfo", ErrKey)
	}
	switch {
	case oid.Equal(oidECPublicKey):
		c, err := ParseParameters(algorithm)
		if err != nil {
			return nil, err
		}
		x, y, err := c.Decode(bits)
		if err != nil {
			return nil, err
		}
		return &ecdsa.PublicKey{Curve: c.Elliptic(), X: x, Y: y}, nil //nolint:staticcheck // ecdsa parses points of its own curves only
	case oid.Equal(oidRSA):
		return parseRSA(algorithm, bits)
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrKey, err)
	}
	return key, nil
}

// parseRSA reads RSAPublicKey (RFC 8017 §A.1.1).
func parseRSA(params cryptobyte.String, bits []byte) (crypto.PublicKey, error) {
	if len(params) > 0 && !bytes.Equal(params, []byte{5, 0}) {
		return nil, fmt.Errorf("%w: RSA with parameters", ErrKey)
	}
	input := cryptobyte.String(bits)
	var seq cryptobyte.String
	n, e := new(big.Int), 0
	if !input.ReadASN1(&seq, cbasn1.SEQUENCE) || !input.Empty() || !seq.ReadASN1Integer(n) || !seq.ReadASN1Integer(&e) || !seq.Empty() {
		return nil, fmt.Errorf("%w: RSA", ErrKey)
	}
	if n.Sign() <= 0 || n.BitLen() > MaxModulus || e < 3 || e&1 == 0 || e > 1<<31-1 {
		return nil, fmt.Errorf("%w: RSA modulus or exponent", ErrKey)
	}
	return &rsa.PublicKey{N: n, E: e}, nil
}

// ParseParameters reads DER ECParameters: a named curve (RFC 5480 §2.1.1) or a curve written out (SEC 1 §C.2, X9.62),
// which has to be a standardised one in every number, the generator included. ErrUnknown otherwise.
func ParseParameters(der []byte) (*Curve, error) {
	input := cryptobyte.String(der)
	if input.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		var oid asn1.ObjectIdentifier
		if !input.ReadASN1ObjectIdentifier(&oid) || !input.Empty() {
			return nil, fmt.Errorf("%w: name of the curve", ErrKey)
		}
		return ByOID(oid)
	}
	var seq cryptobyte.String
	if !input.ReadASN1(&seq, cbasn1.SEQUENCE) || !input.Empty() {
		return nil, fmt.Errorf("%w: parameters of the curve", ErrKey)
	}
	return parseExplicit(seq)
}

// parseExplicit reads the content of SpecifiedECDomain.
func parseExplicit(seq cryptobyte.String) (*Curve, error) {
	malformed := fmt.Errorf("%w: explicit parameters of the curve", ErrKey)
	var field, coefficients cryptobyte.String
	var kind asn1.ObjectIdentifier
	var a, b, base []byte
	version, p, n := 0, new(big.Int), new(big.Int)
	if !seq.ReadASN1Integer(&version) || version < 1 || version > 3 ||
		!seq.ReadASN1(&field, cbasn1.SEQUENCE) || !field.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidPrimeField) ||
		!field.ReadASN1Integer(p) || !field.Empty() ||
		!seq.ReadASN1(&coefficients, cbasn1.SEQUENCE) || !coefficients.ReadASN1Bytes(&a, cbasn1.OCTET_STRING) ||
		!coefficients.ReadASN1Bytes(&b, cbasn1.OCTET_STRING) || !coefficients.SkipOptionalASN1(cbasn1.BIT_STRING) || // a seed says nothing
		!coefficients.Empty() ||
		!seq.ReadASN1Bytes(&base, cbasn1.OCTET_STRING) || !seq.ReadASN1Integer(n) {
		return nil, malformed
	}
	if !seq.Empty() {
		var cofactor int
		if !seq.ReadASN1Integer(&cofactor) || cofactor != 1 || !seq.Empty() {
			return nil, malformed
		}
	}
	return find(func(c *Curve) bool {
		return c.params.P.Cmp(p) == 0 && c.params.N.Cmp(n) == 0 &&
			c.a.Cmp(new(big.Int).SetBytes(a)) == 0 && c.params.B.Cmp(new(big.Int).SetBytes(b)) == 0 && c.generator(base)
	})
}

// generator reports whether the encoded point, which may be compressed, is the curve's generator.
func (c *Curve) generator(encoded []byte) bool {
	if len(encoded) > 0 && (encoded[0] == 2 || encoded[0] == 3) {
		return encoded[0]&1 == byte(c.params.Gy.Bit(0)) && bytes.Equal(encoded[1:], c.Encode(c.params.Gx, c.params.Gy)[1:1+c.Size()])
	}
	return bytes.Equal(encoded, c.Encode(c.params.Gx, c.params.Gy))
}
