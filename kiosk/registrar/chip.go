package registrar

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"balcao/cardreader/travel"
)

// challengeChip makes the centre's challenge to the chip of a travel document. Its private half goes to the database,
// where no desk can read it, until the answer comes with the evidence. Which challenge a desk is given is decided
// when the job ends: killed before, the next worker makes another that nobody has seen.
//
// That the State signed these keys is not known yet, and need not be: the evidence has to bring the same DG14.
func (w *Worker) challengeChip(_ context.Context, j *job) (record, error) {
	toSend, private, err := chipChallenge(j.ChipDG14)
	if err != nil {
		// Keys of a kind that is not known here, or bytes that are none: no other answer will come of trying again.
		toSend, private = nil, nil
	}
	w.at("challenged")
	return func(ctx context.Context, tx pgx.Tx) error {
		defer clear(private)
		return chipChallengeMade(ctx, tx, j.Enrolment, toSend, private)
	}, nil
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
