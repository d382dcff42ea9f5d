package transcript

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// ErrKeyMismatch says that a signature was not made with the key of the certificate: the card is a
// copy of another one's certificate, or defective.
var ErrKeyMismatch = errors.New("signature was not made with the certificate's key")

// ErrKeyKind says that a certificate's key is of a kind that does not sign transcripts.
var ErrKeyKind = errors.New("certificate's key is neither RSA of 2048 to 4096 bits nor P-256, P-384 or P-521")

// Bounds of RSA keys. Below the least a signature means nothing (NIST SP 800-131A). Above the most, or with a long
// exponent, verifying is work that whoever wrote the certificate chooses: a modulus of 600,000 bits costs 17 s.
const (
	minRSABits     = 2048
	maxRSABits     = 4096
	minRSAExponent = 65537 // FIPS 186-5 §5.1
)

// algorithmFor returns the only algorithm accepted from a key, whatever a header may say, and its hash (RFC 7518 §3.1).
func algorithmFor(key crypto.PublicKey) (jose.SignatureAlgorithm, crypto.Hash, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits, e := key.N.BitLen(), uint64(key.E)
		if bits >= minRSABits && bits <= maxRSABits && e >= minRSAExponent && e <= math.MaxUint32 && e%2 == 1 {
			return jose.RS256, crypto.SHA256, nil
		}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return jose.ES256, crypto.SHA256, nil
		case elliptic.P384():
			return jose.ES384, crypto.SHA384, nil
		case elliptic.P521():
			return jose.ES512, crypto.SHA512, nil
		}
	}
	return "", 0, ErrKeyKind
}

// half is the length of r and of s in a signature over a curve: 32, 48 or 66 bytes (RFC 7518 §3.4).
func half(curve elliptic.Curve) int { return (curve.Params().N.BitLen() + 7) / 8 }

// VerifyDigest verifies a card's signature of a digest, as a Signer makes it; with RSA it is a SHA-256 digest. The errors
// are ErrKeyKind and ErrKeyMismatch.
func VerifyDigest(key crypto.PublicKey, digest, signature []byte) error {
	if _, _, err := algorithmFor(key); err != nil {
		return err
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		n := half(key.Curve)
		if len(signature) != 2*n {
			return ErrKeyMismatch
		}
		r, s := new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])
		if ecdsa.Verify(key, digest, r, s) {
			return nil
		}
	}
	return ErrKeyMismatch
}
