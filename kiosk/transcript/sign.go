package transcript

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"balcao/kiosk/canonical"
)

// Role says whose a signature over a transcript is, so that none can stand for another. It is the "typ" of the protected
// header.
type Role string

// The roles, in the order of the signatures.
const (
	CitizenSignature Role = "balcao-citizen" // of the Citizen Card
	DeskSignature    Role = "balcao-desk"    // of the desk, under every transcript
	StaffSignature   Role = "balcao-staff"   // of the clerk's card; of a clerk without a card there is an admission instead
)

// Signer is a card that signs a digest: PKCS#1 v1.5 with an RSA key and SHA-256, r||s with a key over P-256, P-384 or
// P-521 and SHA-256, SHA-384 or SHA-512.
type Signer interface {
	SignDigest(ctx context.Context, digest []byte) ([]byte, error)
}

// Sign lets the card sign a transcript and returns the JWS (RFC 7515, general JSON serialisation).
// The chain is DER, the card's certificate first; it travels in the protected header x5c, so what the
// signature says includes which certificate made it. The result was verified with that certificate:
// the error is ErrKeyMismatch when the card holds another key. The desk has to Countersign it.
func Sign(ctx context.Context, t Transcript, chain [][]byte, card Signer) ([]byte, error) {
	jws, err := signTranscript(ctx, t, chain, card, CitizenSignature)
	if err != nil {
		return nil, fmt.Errorf("signing a transcript: %w", err)
	}
	return jws, nil
}

func signTranscript(ctx context.Context, t Transcript, chain [][]byte, card Signer, role Role) ([]byte, error) {
	payload, err := t.Encode()
	if err != nil {
		return nil, err
	}
	if _, err := Decode(payload); err != nil {
		return nil, err
	}
	signature, err := sign(ctx, payload, chain, card, role)
	if err != nil {
		return nil, err
	}
	return wrap(payload, signature)
}

func wrap(payload []byte, signatures ...generalSignature) ([]byte, error) {
	return canonical.JSON(generalJWS{Payload: base64.RawURLEncoding.EncodeToString(payload), Signatures: signatures})
}

// add signs what has been signed in other roles, behind their signatures.
func add(ctx context.Context, jws []byte, chain [][]byte, card Signer, role Role, behind ...Role) ([]byte, error) {
	read, err := Parse(jws, behind...)
	if err != nil {
		return nil, err
	}
	signature, err := sign(ctx, read.claimed.payload, chain, card, role)
	if err != nil {
		return nil, err
	}
	return wrap(read.claimed.payload, append(slices.Clone(read.claimed.jws.Signatures), signature)...)
}

// sign signs a payload in a role.
func sign(ctx context.Context, payload []byte, chain [][]byte, card Signer, role Role) (generalSignature, error) {
	certificates, err := parseChain(chain)
	if err != nil {
		return generalSignature{}, err
	}
	key := certificates[0].PublicKey
	algorithm, hash, err := algorithmFor(key)
	if err != nil {
		return generalSignature{}, err
	}
	x5c := make([]string, len(chain))
	for i, der := range chain {
		x5c[i] = base64.StdEncoding.EncodeToString(der)
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(role)).WithHeader("x5c", x5c)
	opaque := &opaqueCard{ctx: ctx, card: card, key: key, algorithm: algorithm, hash: hash}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: opaque}, options)
	if err != nil {
		return generalSignature{}, err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return generalSignature{}, err
	}
	// go-jose writes the flattened serialisation when there is one signature (RFC 7515 §7.2.2).
	var flat struct {
		generalSignature
		Payload string `json:"payload"`
	}
	if err := json.Unmarshal([]byte(signed.FullSerialize()), &flat); err != nil {
		return generalSignature{}, fmt.Errorf("serialising a JWS: %w", err)
	}
	return flat.generalSignature, nil
}

// opaqueCard is a card as go-jose sees it. The context is that of the one call to Sign that it serves.
type opaqueCard struct {
	ctx       context.Context // jose.OpaqueSigner has no way to pass one
	card      Signer
	key       crypto.PublicKey
	algorithm jose.SignatureAlgorithm
	hash      crypto.Hash
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
	h := o.hash.New()
	h.Write(payload)
	digest := h.Sum(nil)
	signature, err := o.card.SignDigest(o.ctx, digest)
	if err != nil {
		return nil, err
	}
	if err := VerifyDigest(o.key, digest, signature); err != nil {
		return nil, err
	}
	return signature, nil
}
