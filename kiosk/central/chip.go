package central

import (
	"context"

	"github.com/google/uuid"
)

// ChipState is where the centre's question to a chip stands.
type ChipState string

// States of a question to a chip.
const (
	ChipQueued      ChipState = "queued"      // a registrar makes it; a notice of kind NoticeChip says when it has
	ChipReady       ChipState = "ready"       // Challenge is there
	ChipUnsupported ChipState = "unsupported" // the chip has no key for it
)

// ChipChallenge is the centre's question to the chip of a travel document. The private half stays at the centre, so
// that a desk cannot make the answer up.
type ChipChallenge struct {
	State     ChipState
	Challenge []byte // what the desk sends to the chip, once ready
}

// ChipChallenge asks for the question to a chip, whose EF.DG14 as read is dg14; the first call orders it. Codes of
// *Refused: Unknown, Ended, Expired, Conflict (another dg14 for this enrolment), Invalid (its document has no chip to
// ask, or dg14 has an absurd length).
func (c *Centre) ChipChallenge(ctx context.Context, enrolment uuid.UUID, dg14 []byte) (ChipChallenge, error) {
	const sql = `select state, challenge from desk.chip_challenge($1, $2)`
	var q ChipChallenge
	err := c.ask(ctx, "question a chip", func(ctx context.Context) error {
		q = ChipChallenge{}
		return c.pool.QueryRow(ctx, sql, enrolment, empty(dg14)).Scan(&q.State, &q.Challenge)
	})
	return q, err
}
