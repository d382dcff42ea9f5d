package central

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// Person is the person that an enrolment is opened for. A Citizen Card identifies its holder by the
// civil number, a travel document by its own number and the NIF; the other number of the two is not
// sent.
type Person struct {
	Document       kiosk.DocumentKind
	Country        string // of issue: three letters, or as a machine-readable zone has it ("D")
	CivilNumber    string // digits and capital letters, without spaces
	DocumentNumber string // digits and capital letters, without fillers
	TaxNumber      string // NIF, nine digits; may be "" with a Citizen Card
	Typed          bool   // the machine-readable zone of a travel document was typed: there is no chip
}

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

// Opened is an enrolment that the centre has opened, or a refusal and nothing else. Times, here and
// below, are by the centre's clock and in UTC.
type Opened struct {
	Refusal   Refusal
	Challenge []byte // 32 bytes, for the card to sign
	OpenedAt  time.Time
	ExpiresAt time.Time
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
