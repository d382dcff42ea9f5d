package transcript

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// SignAsDesk signs a transcript with the desk's own key, for a document that cannot sign. It is what
// the desk declares, and no proof of who stood before it. The chain is DER, the desk's certificate first, whose
// common name is the desk's; what else is in it stays here, because the centre knows its own authority. The
// errors are ErrKeyKind, ErrKeyMismatch when certificate and key do not belong together, and ErrForm.
func SignAsDesk(t Transcript, key crypto.Signer, chain [][]byte) ([]byte, error) {
	jws, err := signTranscript(context.Background(), t, chain[:min(1, len(chain))], deskKey{key}, DeskSignature)
	if err != nil {
		return nil, fmt.Errorf("signing for the desk: %w", err)
	}
	return jws, nil
}

// Countersign adds the desk's signature to what a card signed with Sign: over the same payload, behind the card's. Key,
// chain and errors are those of SignAsDesk; ErrForm or another error when jws is not what Sign returned.
func Countersign(jws []byte, key crypto.Signer, chain [][]byte) ([]byte, error) {
	both, err := add(context.Background(), jws, chain[:min(1, len(chain))], deskKey{key}, DeskSignature, CitizenSignature)
	if err != nil {
		return nil, fmt.Errorf("countersigning: %w", err)
	}
	return both, nil
}

// deskKey signs as a card does.
type deskKey struct{ key crypto.Signer }

// SignDigest implements Signer.
func (d deskKey) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	_, hash, err := algorithmFor(d.key.Public())
	if err != nil {
		return nil, err
	}
	if len(digest) != hash.Size() {
		return nil, ErrKeyMismatch // the certificate's key is of another kind
	}
	signature, err := d.key.Sign(rand.Reader, digest, hash)
	if err != nil {
		return nil, err
	}
	public, ok := d.key.Public().(*ecdsa.PublicKey)
	if !ok {
		return signature, nil
	}
	n := half(public.Curve)
	out := make([]byte, 2*n)
	var sequence, r, s cryptobyte.String
	input := cryptobyte.String(signature)
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) || !sequence.ReadASN1(&r, asn1.INTEGER) || !sequence.ReadASN1(&s, asn1.INTEGER) ||
		!fill(out[:n], r) || !fill(out[n:], s) {
		return nil, errors.New("the key gave no ECDSA signature")
	}
	return out, nil
}

// fill writes an unsigned number at the end of its place.
func fill(place, number []byte) bool {
	for len(number) > 0 && number[0] == 0 {
		number = number[1:]
	}
	if len(number) > len(place) {
		return false
	}
	copy(place[len(place)-len(number):], number)
	return true
}
