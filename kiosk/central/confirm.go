package central

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

var confirmCode = statement{"balcao_confirm_code",
	`select refusal, tries_left, proof, confirmed_at from desk.confirm_code($1, $2, $3, $4)`}

// ConfirmCode has a typed code compared. Codes of *Refused: Unknown, Ended, Expired, Conflict, Invalid,
// NoCode.
func (c *Centre) ConfirmCode(ctx context.Context, enrolment uuid.UUID, a Attempt) (Confirmed, error) {
	var answer Confirmed
	err := c.ask(ctx, "compare a code", func(ctx context.Context) error {
		var left pgtype.Int4
		var proof pgtype.UUID
		params := [][]byte{[]byte(enrolment.String()), []byte(a.ID.String()), []byte(a.Channel), a.Code}
		answer = Confirmed{}
		err := c.askTwice(ctx, confirmCode, params, (*word)(&answer.Refusal), &left, &proof, (*instant)(&answer.At))
		if err == nil && answer.Refusal == recorded {
			err = errUnjudged
		}
		answer.TriesLeft, answer.Proof = int(left.Int32), proof.Bytes
		return err
	})
	return answer, err
}
