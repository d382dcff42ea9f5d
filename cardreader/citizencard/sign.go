package citizencard

import (
	"context"
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
)

const digestSize = 32 // SHA-256

// Sign lets the card sign a SHA-256 digest with the authentication key, after VerifyPIN. The result is
// RSA PKCS#1 v1.5 (as long as the modulus) in the first generation, ECDSA r‖s (64 bytes) in that of 2024.
// ErrPINRequired when the PIN has to be verified first.
//
// The card does not hash: it pads and signs the digest that it is given.
func (c *Card) Sign(ctx context.Context, digest []byte) ([]byte, error) {
	if len(digest) != digestSize {
		return nil, fmt.Errorf("citizencard: digest of %d bytes is none of SHA-256", len(digest))
	}
	if err := c.in(ctx, c.profile.eid); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	signature, err := c.sign(ctx, digest)
	switch {
	case errors.Is(err, iso7816.ErrSecurityStatus):
		return nil, ErrPINRequired
	case err != nil:
		return nil, fmt.Errorf("signing: %w", err)
	case !c.plausible(signature):
		return nil, fmt.Errorf("%w: signature of %d bytes", ErrMalformed, len(signature))
	}
	if c.profile.generation == Generation2024 {
		c.dropPIN(ctx)
	}
	return signature, nil
}

// sign is MANAGE SECURITY ENVIRONMENT: SET for a digital signature, PERFORM SECURITY OPERATION: HASH with
// the finished digest, and COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-8 §11.2, §11.5, §11.9).
func (c *Card) sign(ctx context.Context, digest []byte) ([]byte, error) {
	environment := []byte{0x80, 1, c.profile.algorithm, 0x84, 1, c.profile.key}
	steps := []iso7816.Command{
		{INS: 0x22, P1: 0x41, P2: 0xB6, Data: environment},
		{INS: 0x2A, P1: 0x90, P2: 0xA0, Data: append([]byte{0x90, digestSize}, digest...)},
		{INS: 0x2A, P1: 0x9E, P2: 0x9A, Le: iso7816.MaxShortLe},
	}
	var answer []byte
	for _, command := range steps {
		var err error
		if answer, err = iso7816.Send(ctx, c.t, command); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// plausible reports whether a signature is as long as one of RSA 1024, 2048 or 3072, or P-256.
func (c *Card) plausible(signature []byte) bool {
	switch n := len(signature); c.profile.generation {
	case Generation1:
		return n == 128 || n == 256 || n == 384
	default:
		return n == 64
	}
}

// dropPIN makes the card of 2024 forget that the PIN was verified, so that one PIN is one signature, as
// the State's middleware does. If it fails nothing is lost, because the reset at the session's end
// does the same for both generations.
func (c *Card) dropPIN(ctx context.Context) {
	_, _ = iso7816.Send(ctx, c.t, iso7816.Command{INS: 0x20, P1: 0xFF, P2: pinReference, Le: iso7816.MaxShortLe})
}
