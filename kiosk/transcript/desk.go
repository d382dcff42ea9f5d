package transcript

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// SignAsDesk signs a transcript with the desk's own key, P-256, for a document that cannot sign. It is what
// the desk declares, and no proof of who stood before it. The chain is DER, the desk's certificate first, whose
// common name is the desk's; what else is in it stays here, because the centre knows its own authority. The
// errors are ErrKeyKind, ErrKeyMismatch when certificate and key do not belong together, and ErrForm.
func SignAsDesk(t Transcript, key crypto.Signer, chain [][]byte) ([]byte, error) {
	if public, ok := key.Public().(*ecdsa.PublicKey); !ok || public.Curve != elliptic.P256() {
		return nil, fmt.Errorf("signing for the desk: %w", ErrKeyKind)
	}
	jws, err := sign(context.Background(), t, chain[:min(1, len(chain))], deskKey{key}, DeskSignature)
	if err != nil {
		return nil, fmt.Errorf("signing for the desk: %w", err)
	}
	return jws, nil
}

// deskKey signs as a card does, r||s.
type deskKey struct{ key crypto.Signer }

// SignDigest implements Signer.
func (d deskKey) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	der, err := d.key.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 2*p256Half)
	var sequence, r, s cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) || !sequence.ReadASN1(&r, asn1.INTEGER) || !sequence.ReadASN1(&s, asn1.INTEGER) ||
		!fill(out[:p256Half], r) || !fill(out[p256Half:], s) {
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
