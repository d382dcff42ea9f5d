package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // key identifiers are SHA-1 by custom, not for security
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/mock-pcsc/curve"
)

var (
	oidSHA384          = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512          = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidECDSAWithSHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	oidECDSAWithSHA512 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}
	oidPSS             = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidECPublicKey     = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidPrimeField      = asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
)

// hash is the hash that goes with the scheme.
func (s Scheme) hash() crypto.Hash {
	switch s {
	case ECDSASHA384:
		return crypto.SHA384
	case ECDSASHA512:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// algorithm encodes the AlgorithmIdentifier of the signature.
func (s Scheme) algorithm() []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		switch s {
		case RSASHA256:
			b.AddASN1ObjectIdentifier(oidSHA256WithRSA)
			b.AddASN1NULL()
		case ECDSASHA256:
			b.AddASN1ObjectIdentifier(oidECDSAWithSHA256)
		case ECDSASHA384:
			b.AddASN1ObjectIdentifier(oidECDSAWithSHA384)
		case ECDSASHA512:
			b.AddASN1ObjectIdentifier(oidECDSAWithSHA512)
		case PSSSHA256:
			b.AddASN1ObjectIdentifier(oidPSS)
			b.AddASN1(cbasn1.SEQUENCE, addPSSParameters)
		}
	})
	return b.BytesOrPanic()
}

// addPSSParameters is RSASSA-PSS-params (RFC 4055 §3.1) with SHA-256 twice and a salt as long.
func addPSSParameters(b *cryptobyte.Builder) {
	explicit := func(n int, content func(*cryptobyte.Builder)) {
		b.AddASN1(cbasn1.Tag(n).ContextSpecific().Constructed(), content)
	}
	explicit(0, addSHA256)
	explicit(1, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidMGF1)
			addSHA256(b)
		})
	})
	explicit(2, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(crypto.SHA256.Size())) })
}

// digestAlgorithm encodes the AlgorithmIdentifier of a hash, without parameters (RFC 5754 §2).
func digestAlgorithm(h crypto.Hash) []byte {
	oids := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: oidSHA256, crypto.SHA384: oidSHA384, crypto.SHA512: oidSHA512,
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oids[h]) })
	return b.BytesOrPanic()
}

// signer is a key with its scheme.
type signer struct {
	crypto.Signer
	scheme Scheme
}

func (s signer) sign(message []byte) ([]byte, error) {
	h := s.scheme.hash()
	d := h.New()
	d.Write(message)
	var opts crypto.SignerOpts = h
	if s.scheme == PSSSHA256 {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
	}
	signature, err := s.Sign(rand.Reader, d.Sum(nil), opts)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return signature, nil
}

// PublicKeyInfo encodes SubjectPublicKeyInfo. Brainpool curves are written out, which ICAO 9303-12 §4.1.6.3
// demands of all; NIST's are named, which some issuers do all the same. Readers must take both.
func PublicKeyInfo(key crypto.PublicKey) ([]byte, error) {
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok || strings.HasPrefix(ec.Params().Name, "P-") {
		return x509.MarshalPKIXPublicKey(key)
	}
	c, err := curve.Of(ec.Curve)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidECPublicKey)
			addCurve(b, c)
		})
		b.AddASN1BitString(c.Point(ec.X, ec.Y)) //nolint:staticcheck // crypto/ecdsa encodes NIST curves only
	})
	return b.Bytes()
}

// addCurve writes ECParameters (RFC 3279 §2.3.5).
func addCurve(b *cryptobyte.Builder, c *curve.Curve) {
	p := c.Params()
	element := func(b *cryptobyte.Builder, n *big.Int) { b.AddASN1OctetString(n.FillBytes(make([]byte, c.Size()))) }
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidPrimeField)
			b.AddASN1BigInt(p.P)
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			element(b, c.A)
			element(b, c.B)
		})
		b.AddASN1OctetString(c.Point(p.Gx, p.Gy))
		b.AddASN1BigInt(p.N)
		b.AddASN1Int64(1)
	})
}

// countryKeyIdentifier is method 1 of RFC 5280 §4.2.1.2, for keys that crypto/x509 cannot encode too.
func countryKeyIdentifier(key crypto.PublicKey) ([]byte, error) {
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return keyIdentifier(key)
	}
	c, err := curve.Of(ec.Curve)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(c.Point(ec.X, ec.Y)) //nolint:staticcheck // crypto/ecdsa encodes NIST curves only
	return sum[:], nil
}

// MarshalKey encodes a private key in PKCS #8. Curves that crypto/x509 does not know are named.
func MarshalKey(key crypto.Signer) ([]byte, error) {
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return x509.MarshalPKCS8PrivateKey(key)
	}
	c, err := curve.Of(ec.Curve)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidECPublicKey)
			b.AddASN1ObjectIdentifier(c.OID)
		})
		b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // ECPrivateKey (RFC 5915 §3)
				b.AddASN1Int64(1)
				size := (c.Params().N.BitLen() + 7) / 8
				b.AddASN1OctetString(ec.D.FillBytes(make([]byte, size))) //nolint:staticcheck // as above
			})
		})
	})
	return b.Bytes()
}

// parseKey decodes PKCS #8.
func parseKey(der []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return parseCurveKey(der) // on a curve that crypto/x509 does not know
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that cannot sign")
	}
	return key, nil
}

func parseCurveKey(der []byte) (crypto.Signer, error) {
	bad := errors.New("not a PKCS #8 key on a known curve")
	input := cryptobyte.String(der)
	var outer, algorithm, octets, inner cryptobyte.String
	var key, named asn1.ObjectIdentifier
	var private []byte
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.SkipASN1(cbasn1.INTEGER) ||
		!outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&key) ||
		!algorithm.ReadASN1ObjectIdentifier(&named) || !outer.ReadASN1(&octets, cbasn1.OCTET_STRING) ||
		!octets.ReadASN1(&inner, cbasn1.SEQUENCE) || !inner.SkipASN1(cbasn1.INTEGER) ||
		!inner.ReadASN1Bytes(&private, cbasn1.OCTET_STRING) || !key.Equal(oidECPublicKey) {
		return nil, bad
	}
	c, err := curve.ByOID(named)
	if err != nil {
		return nil, bad
	}
	x, y := c.ScalarBaseMult(private)
	public := ecdsa.PublicKey{Curve: c.Curve, X: x, Y: y} //nolint:staticcheck // crypto/ecdsa parses NIST curves only
	//nolint:staticcheck // as above
	return &ecdsa.PrivateKey{PublicKey: public, D: new(big.Int).SetBytes(private)}, nil
}
