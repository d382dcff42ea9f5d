package registrar

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"balcao/cardreader/travel"
)

// chipJob is the payload of a chip_challenge job.
type chipJob struct {
	DG14 []byte `json:"dg14"`
}

// questionChip makes the centre's question to the chip of a travel document. Its private half goes to the database,
// where no desk can read it, until the answer comes with the evidence. Which question a desk is given is decided
// when the job ends: killed before, the next worker makes another that nobody has seen.
//
// That the State signed these keys is not known yet, and need not be: the evidence has to bring the same DG14.
func (w *Worker) questionChip(_ context.Context, j *job) (record, error) {
	var p chipJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	toSend, private, err := chipQuestion(p.DG14)
	if err != nil {
		// Keys of a kind that is not known here, or bytes that are none: no other answer will come of trying again.
		toSend, private = nil, nil
	}
	w.at("questioned")
	return func(ctx context.Context, tx pgx.Tx) error {
		defer clear(private)
		return chipChallengeMade(ctx, tx, j.Enrolment, toSend, private)
	}, nil
}

// chipQuestion returns what a desk sends to the chip, travel.ChallengeToSend in JSON, and what the answer is
// verified with.
func chipQuestion(dg14 []byte) (toSend, private []byte, err error) {
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
