package central

import (
	"context"

	"github.com/google/uuid"
)

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
