package icao

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/curve"
)

// The least keys whose signatures mean anything; both stand for 112 bits of security (NIST SP 800-57 part 1,
// table 2). Doc 9303-12 §4.1.6 leaves lengths to the State; its earlier editions asked for the same for document
// signers. A certificate with a smaller key can be read, but nothing that the key signed is believed.
const (
	minRSABits   = 2048
	minCurveBits = 224
)

// ErrSignature says that something well-formed is not signed by the certificate it names: it was
// altered, or the signature was made with another key or algorithm.
var ErrSignature = errors.New("signature does not verify")

// PSSPublicKey is an RSA key whose certificate allows it RSASSA-PSS signatures only (RFC 4055 §1.2).
type PSSPublicKey struct{ rsa.PublicKey }

// ParsePublicKey reads a DER SubjectPublicKeyInfo of a travel document's PKI: whatever curve.ParsePublicKey reads,
// brainpool curves and explicit parameters among them, and RSA keys marked for RSASSA-PSS, which are a
// *PSSPublicKey.
func ParsePublicKey(spki []byte) (crypto.PublicKey, error) {
	input := cryptobyte.String(spki)
	var outer, point cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() {
		return nil, Malformed("SubjectPublicKeyInfo")
	}
	algorithm, err := ReadAlgorithm(&outer)
	if err != nil {
		return nil, err
	}
	if algorithm.oid != rsassaPSS {
		return curve.ParsePublicKey(spki)
	}
	if !outer.ReadASN1Element(&point, cbasn1.BIT_STRING) || !outer.Empty() {
		return nil, Malformed("SubjectPublicKeyInfo")
	}
	plain, err := asRSA(point)
	if err != nil {
		return nil, err
	}
	key, err := curve.ParsePublicKey(plain)
	if err != nil {
		return nil, err
	}
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, Malformed("SubjectPublicKeyInfo")
	}
	return &PSSPublicKey{*rsaKey}, nil
}

// asRSA makes the SubjectPublicKeyInfo of an ordinary RSA key around the BIT STRING of one for PSS:
// the key inside is the same (RFC 4055 §1.2).
func asRSA(key []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1})
			b.AddASN1NULL()
		})
		b.AddBytes(key)
	})
	return b.Bytes()
}

// Verify checks a signature over data. The error wraps ErrSignature, or ErrMalformed for a kind of key
// or of parameters that is not verified here.
func (a SignatureAlgorithm) Verify(key crypto.PublicKey, data, signature []byte) error {
	digest := Sum(a.Hash, data)
	switch key := key.(type) {
	case *rsa.PublicKey:
		return a.verifyRSA(key, digest, signature)
	case *PSSPublicKey:
		if a.scheme != schemePSS {
			return fmt.Errorf("%w: the key is for RSASSA-PSS only", ErrSignature)
		}
		return a.verifyRSA(&key.PublicKey, digest, signature)
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().N.BitLen(); bits < minCurveBits {
			return fmt.Errorf("%w: elliptic curve of %d bits", ErrSignature, bits)
		}
		if der, err := DER(signature); err == nil {
			signature = der // ECDSA-Sig-Value may be BER like the message around it (RFC 5753 §2.1.1)
		}
		if a.scheme != schemeECDSA || !ecdsa.VerifyASN1(key, digest, signature) {
			return ErrSignature
		}
		return nil
	}
	return Malformed("signer's key is neither RSA nor ECDSA")
}

// CheckRSA refuses an RSA key whose signatures mean nothing, or that makes verifying one dear: a modulus of 600,000 bits
// costs 17 s, and is often computed with before anybody knows whose it is. The error wraps ErrSignature.
func CheckRSA(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minRSABits || bits > curve.MaxModulus {
		return fmt.Errorf("%w: RSA key of %d bits", ErrSignature, bits)
	}
	return nil
}

func (a SignatureAlgorithm) verifyRSA(key *rsa.PublicKey, digest, signature []byte) error {
	err := CheckRSA(key)
	if err != nil {
		return err
	}
	switch a.scheme {
	case schemePKCS1v15:
		err = rsa.VerifyPKCS1v15(key, a.Hash, digest, signature)
	case schemePSS:
		options := &rsa.PSSOptions{SaltLength: a.salt, Hash: a.Hash}
		if a.salt == 0 {
			return Malformed("RSASSA-PSS without salt") // zero means "any" to crypto/rsa
		}
		err = rsa.VerifyPSS(key, a.Hash, digest, signature, options)
	default:
		return ErrSignature
	}
	if err != nil {
		return ErrSignature
	}
	return nil
}

func Sum(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}
