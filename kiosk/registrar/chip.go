package registrar

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/cardreader/travel"
)

// challengeChip makes the centre's challenge to the chip of a travel document. Its private half goes to the database until
// the answer comes with the evidence, sealed: whoever could read it, or put another
// in its place, could answer for a chip of which they have only a copy. Which challenge a desk is given is decided
// when the job ends: killed before, the next worker makes another that nobody has seen.
//
// That the State signed these keys is not known yet, and need not be: the evidence has to bring the same DG14.
func (w *Worker) challengeChip(_ context.Context, j *job) (record, error) {
	toSend, private, err := chipChallenge(j.ChipDG14)
	if err != nil {
		// Keys of a kind that is not known here, or bytes that are none: no other answer will come of trying again.
		toSend, private = nil, nil
	}
	defer clear(private)
	var sealed []byte
	if private != nil {
		if sealed, err = w.keys.sealChip(j.Enrolment, private); err != nil {
			return nil, &trouble{code: "internal", cause: err}
		}
	}
	w.at("challenged")
	return func(ctx context.Context, tx pgx.Tx) error {
		return chipChallengeMade(ctx, tx, j.Enrolment, toSend, sealed)
	}, nil
}

// sealChip seals a state of an enrolment with AES-256-GCM behind a random nonce (NIST SP 800-38D §8.2.2).
func (k keys) sealChip(enrolment uuid.UUID, state []byte) ([]byte, error) {
	gcm, err := k.chipCipher()
	if err != nil {
		return nil, err
	}
	return gcm.Seal(nil, nil, state, enrolment[:]), nil
}

// openChip is what sealChip sealed for the enrolment, and nil of anything else.
func (k keys) openChip(enrolment uuid.UUID, sealed []byte) []byte {
	gcm, err := k.chipCipher()
	if err != nil {
		return nil
	}
	state, err := gcm.Open(nil, nil, sealed, enrolment[:])
	if err != nil {
		return nil
	}
	return state
}

func (k keys) chipCipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.chip)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// chipChallenge returns what a desk sends to the chip, travel.ChallengeToSend in JSON, and what the answer is
// verified with.
func chipChallenge(dg14 []byte) (toSend, private []byte, err error) {
	challenge, err := travel.NewChipChallenge(rand.Reader, dg14)
	if err != nil {
		return nil, nil, err
	}
	defer challenge.Wipe()
	if toSend, err = json.Marshal(challenge.ToSend()); err != nil {
		return nil, nil, err
	}
	private, err = challenge.Marshal()
	return toSend, private, err
}
