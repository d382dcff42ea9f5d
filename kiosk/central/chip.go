package central

import (
	"context"

	"github.com/google/uuid"
)

// ChipState is how far the centre is with the challenge to a chip.
type ChipState string

// States of a challenge to a chip.
const (
	ChipQueued      ChipState = "queued"      // a registrar makes it; a notice of kind NoticeChip says when it has
	ChipReady       ChipState = "ready"       // Challenge is there
	ChipUnsupported ChipState = "unsupported" // the chip has no key for it
)

// ChipChallenge is the centre's challenge to the chip of a travel document. Its private half stays
// at the centre, so that a desk cannot forge the answer.
type ChipChallenge struct {
	State     ChipState
	Challenge []byte // what the desk sends to the chip, once ready
}

// ChipChallenge asks for the challenge to a chip, whose EF.DG14 as read is dg14; the first call has
// it made. Codes of *Refused: Unknown, Ended, Expired, Conflict (another dg14 for this enrolment),
// Invalid (the document has no chip, or dg14 has an impossible length).
func (c *Centre) ChipChallenge(ctx context.Context, enrolment uuid.UUID, dg14 []byte) (ChipChallenge, error) {
	const sql = `select state, challenge from desk.chip_challenge($1, $2)`
	var q ChipChallenge
	err := c.ask(ctx, "make a challenge for a chip", func(ctx context.Context) error {
		q = ChipChallenge{}
		return c.pool.QueryRow(ctx, sql, enrolment, empty(dg14)).Scan(&q.State, &q.Challenge)
	})
	return q, err
}
