package transcript

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// The "typ" of a signature over a transcript says whose it is, so that none can stand for another. A clerk's
// signature beside them will have its own.
const (
	CitizenSignature jose.ContentType = "balcao-citizen" // of the Citizen Card
	DeskSignature    jose.ContentType = "balcao-desk"    // of the desk, for documents that cannot sign
)

// p256Half is the length of r and of s in an ES256 signature (RFC 7518 §3.4).
const p256Half = 32

// ErrKeyMismatch says that a signature was not made with the key of the certificate: the card is a
// copy of another one's certificate, or defective.
var ErrKeyMismatch = errors.New("signature was not made with the certificate's key")

// ErrKeyKind says that a certificate's key is of a kind that does not sign transcripts.
var ErrKeyKind = errors.New("certificate's key is neither RSA of 2048 bits or more nor P-256")

// Signer is a card that signs a SHA-256 digest: PKCS#1 v1.5 with an RSA key, r||s with a P-256 key.
type Signer interface {
	SignDigest(ctx context.Context, digest []byte) ([]byte, error)
}

// Sign lets the card sign a transcript and returns the JWS (RFC 7515, general JSON serialisation).
// The chain is DER, the card's certificate first; it travels in the protected header x5c, so what the
// signature says includes which certificate made it. The result was verified with that certificate:
// the error is ErrKeyMismatch when the card holds another key.
func Sign(ctx context.Context, t Transcript, chain [][]byte, card Signer) ([]byte, error) {
	jws, err := sign(ctx, t, chain, card, CitizenSignature)
	if err != nil {
		return nil, fmt.Errorf("signing a transcript: %w", err)
	}
	return jws, nil
}

func sign(ctx context.Context, t Transcript, chain [][]byte, card Signer, role jose.ContentType) ([]byte, error) {
	leaf, err := leafOf(chain)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	algorithm, err := algorithmFor(leaf.PublicKey)
	if err != nil {
		return nil, err
	}
	payload, err := t.Encode()
	if err != nil {
		return nil, err
	}
	if _, err := Decode(payload); err != nil {
		return nil, err
	}
	x5c := make([]string, len(chain))
	for i, der := range chain {
		x5c[i] = base64.StdEncoding.EncodeToString(der)
	}
	options := (&jose.SignerOptions{}).WithType(role).WithHeader("x5c", x5c)
	opaque := &opaqueCard{ctx: ctx, card: card, key: leaf.PublicKey, algorithm: algorithm}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: opaque}, options)
	if err != nil {
		return nil, err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return nil, err
	}
	return generalForm(signed.FullSerialize())
}

// opaqueCard is a card as go-jose sees it. The context is that of the one call to Sign that it serves.
type opaqueCard struct {
	ctx       context.Context // jose.OpaqueSigner has no way to pass one
	card      Signer
	key       crypto.PublicKey
	algorithm jose.SignatureAlgorithm
}

var _ jose.OpaqueSigner = (*opaqueCard)(nil)

// Public returns a key without an id: the certificate in x5c says whose it is.
func (o *opaqueCard) Public() *jose.JSONWebKey { return &jose.JSONWebKey{Key: o.key} }

// Algs returns the one algorithm that fits the card's key.
func (o *opaqueCard) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{o.algorithm}
}

// SignPayload hashes and lets the card sign.
func (o *opaqueCard) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	digest := sha256.Sum256(payload)
	signature, err := o.card.SignDigest(o.ctx, digest[:])
	if err != nil {
		return nil, err
	}
	if err := VerifyDigest(o.key, digest[:], signature); err != nil {
		return nil, err
	}
	return signature, nil
}

// algorithmFor returns the only algorithm accepted from a key, whatever a header may say.
func algorithmFor(key crypto.PublicKey) (jose.SignatureAlgorithm, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() >= minRSABits {
			return jose.RS256, nil
		}
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return jose.ES256, nil
		}
	}
	return "", ErrKeyKind
}

// minRSABits is the least RSA modulus of a citizen's key. Cards of 1024 bits expired long ago.
const minRSABits = 2048

// VerifyDigest verifies a card's signature of a SHA-256 digest, as a Signer makes it. The errors are ErrKeyKind and
// ErrKeyMismatch.
func VerifyDigest(key crypto.PublicKey, digest, signature []byte) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return ErrKeyKind
		}
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature) != nil {
			return ErrKeyMismatch
		}
		return nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return ErrKeyKind
		}
		if len(signature) != 2*p256Half {
			return ErrKeyMismatch
		}
		r, s := new(big.Int).SetBytes(signature[:p256Half]), new(big.Int).SetBytes(signature[p256Half:])
		if !ecdsa.Verify(key, digest, r, s) {
			return ErrKeyMismatch
		}
		return nil
	}
	return ErrKeyKind
}

// generalJWS is a JWS in the general JSON serialisation (RFC 7515 §7.2.1), which has room for more
// signatures, without unprotected headers: nothing in it is unsigned.
type generalJWS struct {
	Payload    string             `json:"payload"`
	Signatures []generalSignature `json:"signatures"`
}

type generalSignature struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

// generalForm rewrites the flattened serialisation, which go-jose writes when there is one signature.
func generalForm(flattened string) ([]byte, error) {
	var flat struct {
		Payload   string `json:"payload"`
		Protected string `json:"protected"`
		Signature string `json:"signature"`
	}
	d := json.NewDecoder(bytes.NewReader([]byte(flattened)))
	d.DisallowUnknownFields()
	if err := d.Decode(&flat); err != nil {
		return nil, fmt.Errorf("serialising a JWS: %w", err)
	}
	return canonicalJSON(generalJWS{
		Payload:    flat.Payload,
		Signatures: []generalSignature{{Protected: flat.Protected, Signature: flat.Signature}},
	})
}
