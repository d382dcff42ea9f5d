package travel

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"

	"balcao/cardreader/curve"
	"balcao/cardreader/iso7816"
)

// ActiveChallengeSize is the length of a challenge of active authentication (Doc 9303-11 §6.1).
const ActiveChallengeSize = 8

// ActiveAuthenticate has the chip sign a challenge of ActiveChallengeSize bytes with the key of DG15 and returns the
// signature, for VerifyActiveAuthentication. The verifier chooses the challenge, at random.
// ErrUnproven when the chip refuses.
//
// A signature of 256 bytes does not fit a short answer under secure messaging. Some chips then cut
// it off, some return 6Cxx, some return nothing, and some refuse the extended command that would
// have room for it. So the command is short first, unless DG15 was read and says that it cannot be,
// and extended second, in a new session if necessary.
func (c *Chip) ActiveAuthenticate(ctx context.Context, challenge []byte) ([]byte, error) {
	if len(challenge) != ActiveChallengeSize {
		return nil, fmt.Errorf("travel: challenge of %d bytes", len(challenge))
	}
	const le, longer = iso7816.MaxShortLe, iso7816.MaxExtendedLe
	lengths := []int{le, longer}
	if c.signatureBytes > usualRead {
		lengths = []int{longer, le}
	}
	if !c.o.Extended {
		lengths = lengths[:1]
		lengths[0] = le
	}
	var err error
	for _, length := range lengths {
		var signature []byte
		if signature, err = c.sign(ctx, challenge, length); err == nil && len(signature) > 0 && len(signature) >= c.signatureBytes {
			return signature, nil
		}
		if err != nil && !isStatus(err) {
			break
		}
	}
	if err == nil {
		err = fmt.Errorf("%w: signature cut off", ErrUnproven)
	}
	return nil, fmt.Errorf("active authentication: %w", unproven(err))
}

// sign is INTERNAL AUTHENTICATE. When the session has ended by the attempt before, it is opened anew.
func (c *Chip) sign(ctx context.Context, challenge []byte, length int) ([]byte, error) {
	if c.session != nil && c.session.Ended() {
		if err := c.reopen(ctx); err != nil {
			return nil, err
		}
	}
	if c.session != nil && !c.inApplication {
		if err := c.selectApplication(ctx); err != nil {
			return nil, err
		}
	}
	signature, err := c.send(ctx, iso7816.Command{INS: 0x88, Data: challenge, Le: length})
	if errors.Is(err, iso7816.ErrEndOfFile) && !errors.Is(err, ErrSecureMessaging) {
		err = nil // 6282: cut off, and said so; its length shows it
	}
	return signature, err
}

// noteSignature remembers how long the signatures of a DG15's key are. An ECDSA signature fits any answer, and its
// length is not fixed where it is DER.
func (c *Chip) noteSignature(dg15 []byte) {
	spki, err := iso7816.Unwrap(dg15, files[DG15].tag)
	if err != nil {
		return
	}
	key, err := curve.ParsePublicKey(spki)
	if err != nil {
		return
	}
	if key, ok := key.(*rsa.PublicKey); ok {
		c.signatureBytes = key.Size()
	}
}
