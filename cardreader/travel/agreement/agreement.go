// Package agreement is the groups in which a travel document's chip and its reader agree on a secret: the
// elliptic curves and the prime groups of ICAO Doc 9303-11 §9.5.1, under one interface, and the two ways in which
// PACE maps a nonce to a new generator of such a group (§4.4.3.3).
//
//	g, err := agreement.Standardised(13)
//	private, err := g.Scalar(rand.Reader)
//	public, err := g.Multiply(g.Generator(), private)
//	secret, err := g.Multiply(theirs, private)     // an error when theirs is no element of the group
//	key := cipher.DeriveKey(g.Secret(secret), …)
//
// Elements are bytes as they travel: 04 || x || y, or a number as long as the modulus. Every element that
// comes in is checked before it is computed with, and no result is ever the neutral element: both would let the
// other side choose the secret.
//
// Like package curve, it is not constant in time; its scalars live for one session.
package agreement

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/curve"
)

var (
	// ErrElement says that bytes are no element of the group, or that a result would be the neutral one.
	ErrElement = errors.New("not an element of the group")
	// ErrUnknown says that a group is none that is known here.
	ErrUnknown = errors.New("unknown group")
	// ErrMalformed says that bytes are not the DER that they should be.
	ErrMalformed = errors.New("malformed group or key")
)

// Group is a cyclic group of prime order. Its elements and scalars are immutable bytes.
type Group interface {
	// Name is "brainpoolP256r1", "P-256", "DH-2048-256".
	Name() string
	// Elliptic tells an elliptic curve from a prime group: their protocols have different names.
	Elliptic() bool
	// Bits is the size of the field.
	Bits() int
	// Generator returns the group's own generator.
	Generator() []byte
	// Scalar draws a secret scalar, which the caller wipes.
	Scalar(random io.Reader) ([]byte, error)
	// Multiply applies a scalar to an element: k·P, or gᵏ. ErrElement as the package says.
	Multiply(element, scalar []byte) ([]byte, error)
	// Combine applies the group's operation to two elements: P+Q, or a·b. ErrElement as the package says.
	Combine(a, b []byte) ([]byte, error)
	// Secret is what of an agreed element goes into key derivation, in its full length with leading
	// zeros: the x coordinate (BSI TR-03111 §4.3.1), or the whole number.
	Secret(element []byte) []byte
	// MapInteger maps a number below 2^(Bits+64), as the integrated mapping draws it, to a generator (§4.4.3.3.2).
	MapInteger(n *big.Int) ([]byte, error)
	// Modulus is the prime of the field.
	Modulus() *big.Int
}

// Standardised returns the group of a standardised domain parameter identifier (§9.5.1): 0 to 2 and 8 to 18.
// ErrUnknown for any other.
func Standardised(id int) (Group, error) {
	if id >= 0 && id < len(standardPrimes) {
		return standardPrimes[id], nil
	}
	c, err := curve.Standardised(id)
	if err != nil {
		return nil, fmt.Errorf("%w: standardised parameters %d", ErrUnknown, id)
	}
	return elliptic{c}, nil
}

var (
	oidStandardised = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 2}
	oidECPublicKey  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidDHPublicKey  = asn1.ObjectIdentifier{1, 2, 840, 10046, 2, 1}      // X9.42: p, g, q
	oidDHAgreement  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1}  // PKCS #3: p, g
	oidECKeyOnly    = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 2} // BSI TR-03111 §6.1: ecPublicKey in other words
)

// Parse reads a DER AlgorithmIdentifier with domain parameters (§9.2.1.2): the number of a
// standardised group, or a group written out. A group that is none of the known ones is ErrUnknown:
// the parameters are not verified yet at this point, and an attacker's own group may be a weak one.
func Parse(algorithm []byte) (Group, error) {
	g, known, err := parse(algorithm)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fmt.Errorf("%w: explicit prime group", ErrUnknown)
	}
	return g, nil
}

// ParsePublicKey reads a DER SubjectPublicKeyInfo of a key agreement key. A prime group that is written out need
// not be a known one, but it has to be sound: the issuing State signs these keys.
func ParsePublicKey(spki []byte) (Group, []byte, error) {
	input := cryptobyte.String(spki)
	var outer, algorithm cryptobyte.String
	var bits []byte
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) ||
		!outer.ReadASN1BitStringAsBytes(&bits) || !outer.Empty() {
		return nil, nil, fmt.Errorf("%w: SubjectPublicKeyInfo", ErrMalformed)
	}
	g, _, err := parse(algorithm)
	if err != nil {
		return nil, nil, err
	}
	if p, ok := g.(*prime); ok {
		// A prime group's public key is an INTEGER within the bits (RFC 3279 §2.3.3). Some leave out the zero that
		// keeps a large one positive; it cannot mean anything else.
		var raw []byte
		inner := cryptobyte.String(bits)
		if !inner.ReadASN1Bytes(&raw, cbasn1.INTEGER) || !inner.Empty() {
			return nil, nil, fmt.Errorf("%w: public number", ErrMalformed)
		}
		number := new(big.Int).SetBytes(raw)
		if number.Cmp(p.p) >= 0 {
			return nil, nil, fmt.Errorf("%w: public number", ErrMalformed)
		}
		bits = p.encode(number)
	}
	if err := check(g, bits); err != nil {
		return nil, nil, err
	}
	return g, bits, nil
}

func check(g Group, element []byte) error {
	_, err := g.Multiply(element, []byte{1})
	return err
}

// parse also says whether the group is one of the known ones.
func parse(algorithm []byte) (g Group, known bool, err error) {
	input := cryptobyte.String(algorithm)
	var content cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&content, cbasn1.SEQUENCE) || !input.Empty() || !content.ReadASN1ObjectIdentifier(&oid) {
		return nil, false, fmt.Errorf("%w: AlgorithmIdentifier", ErrMalformed)
	}
	switch {
	case oid.Equal(oidStandardised):
		var id int
		if !content.ReadASN1Integer(&id) || !content.Empty() {
			return nil, false, fmt.Errorf("%w: number of standardised parameters", ErrMalformed)
		}
		g, err = Standardised(id)
		return g, true, err
	case oid.Equal(oidECPublicKey), oid.Equal(oidECKeyOnly):
		c, err := curve.ParseParameters(content)
		if err != nil {
			return nil, false, fmt.Errorf("%w: %v", ErrUnknown, err)
		}
		return elliptic{c}, true, nil
	case oid.Equal(oidDHPublicKey):
		return parsePrime(content, true)
	case oid.Equal(oidDHAgreement):
		return parsePrime(content, false)
	}
	return nil, false, fmt.Errorf("%w: algorithm %v", ErrUnknown, oid)
}

// MapGeneric is the generic mapping (§4.4.3.3.1): the nonce times the generator, combined with the element that
// both sides agreed on.
func MapGeneric(g Group, nonce, agreed []byte) ([]byte, error) {
	scaled, err := g.Multiply(g.Generator(), nonce)
	if err != nil {
		return nil, err
	}
	return g.Combine(scaled, agreed)
}
