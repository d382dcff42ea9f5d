package central

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// params are the arguments of desk.open_enrolment behind the identifier. An unknown number is null.
func (p Person) params() [][]byte {
	civil, document := p.CivilNumber, ""
	if p.Document != kiosk.CitizenCard {
		civil, document = "", p.DocumentNumber
	}
	return [][]byte{[]byte(p.Document), []byte(p.Country), orNull(civil), orNull(document), orNull(p.TaxNumber),
		strconv.AppendBool(nil, p.Typed)}
}

func orNull(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

var openEnrolment = statement{"balcao_open_enrolment",
	`select challenge, opened_at, expires_at, refusal from desk.open_enrolment($1, $2, $3, $4, $5, $6, $7)`}

// Open opens an enrolment under an identifier of the caller's (UUIDv7). Its refusals are AlreadyActive and NoChip.
// Codes of *Refused: Ended, Conflict, Invalid, Unknown, TooMany.
func (c *Centre) Open(ctx context.Context, enrolment uuid.UUID, p Person) (Opened, error) {
	var o Opened
	err := c.ask(ctx, "open an enrolment", func(ctx context.Context) error {
		params := append([][]byte{[]byte(enrolment.String())}, p.params()...)
		o = Opened{}
		err := c.askTwice(ctx, openEnrolment, params,
			&o.Challenge, (*instant)(&o.OpenedAt), (*instant)(&o.ExpiresAt), (*word)(&o.Refusal))
		if err == nil && o.Refusal == recorded {
			err = errUnjudged
		}
		return err
	})
	return o, err
}
