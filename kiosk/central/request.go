package central

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

// Hello asks for the clock, the version, the rules and the state of delivery.
func (c *Centre) Hello(ctx context.Context) (Hello, error) {
	const sql = `select now, schema_version, settings, delivery from desk.hello()`
	var h Hello
	err := c.ask(ctx, "say hello", func(ctx context.Context) error {
		before := c.now()
		if err := c.pool.QueryRow(ctx, sql).Scan(&h.Now, &h.SchemaVersion, (*[]byte)(&h.Settings), &h.Delivery); err != nil {
			return err
		}
		after := c.now()
		h.Now = h.Now.UTC()
		h.RoundTrip = after.Sub(before)
		h.Skew = before.Add(h.RoundTrip / 2).Sub(h.Now)
		return json.Unmarshal(h.Settings, &h.Rules)
	})
	return h, err
}

// SendCode asks for a one-time code. Codes of *Refused: Unknown, Ended, Conflict, Invalid.
func (c *Centre) SendCode(ctx context.Context, enrolment uuid.UUID, r CodeRequest) (CodeSent, error) {
	const sql = `select refusal, sent_at, expires_at, resend_at, sends_left, tries_left, tries
		from desk.send_code($1, $2, $3, $4, $5)`
	var s CodeSent
	err := c.ask(ctx, "send a code", func(ctx context.Context) error {
		return c.pool.QueryRow(ctx, sql, enrolment, r.ID, r.Channel, r.Value, r.Language).
			Scan((*word)(&s.Refusal), (*instant)(&s.SentAt), (*instant)(&s.ExpiresAt), (*instant)(&s.ResendAt),
				&s.SendsLeft, &s.TriesLeft, &s.Tries)
	})
	return s, err
}

const statusColumns = `state, refusal, register, active_at, valid_until, level, delivery_sms, delivery_email`

// Status asks how an enrolment stands. Codes of *Refused: Unknown.
func (c *Centre) Status(ctx context.Context, enrolment uuid.UUID) (Status, error) {
	const sql = `select ` + statusColumns + ` from desk.enrolment_status($1)`
	var s Status
	err := c.ask(ctx, "tell how an enrolment stands", func(ctx context.Context) (err error) {
		s, err = scanStatus(c.pool.QueryRow(ctx, sql, enrolment))
		return err
	})
	return s, err
}

// Bind hands over the evidence. Repeated with the same evidence it answers the status. Codes of *Refused:
// Unknown, Ended, Expired, Conflict, Invalid, NoContact.
func (c *Centre) Bind(ctx context.Context, enrolment uuid.UUID, e transcript.Evidence) (Status, error) {
	const sql = `select ` + statusColumns + ` from desk.bind($1, $2, $3, $4, $5, $6)`
	var s Status
	err := c.ask(ctx, "bind", func(ctx context.Context) (err error) {
		s, err = scanStatus(c.pool.QueryRow(ctx, sql, enrolment, json.RawMessage(e.JWS), e.Identity, empty(e.SOD), e.SealedPIN,
			empty(e.Proof)))
		return err
	})
	return s, err
}

// empty turns nil into an empty byte string: the centre takes null for a missing argument.
func empty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Abandon ends an open enrolment; the centre forgets the person. One that has ended already stays as it
// is. Codes of *Refused: Unknown, Ended (it was bound), Invalid (reason is not a word).
func (c *Centre) Abandon(ctx context.Context, enrolment uuid.UUID, reason string) error {
	return c.ask(ctx, "abandon an enrolment", func(ctx context.Context) error {
		_, err := c.pool.Exec(ctx, `select desk.abandon($1, $2)`, enrolment, reason)
		return err
	})
}

func scanStatus(row pgx.Row) (Status, error) {
	var s Status
	var register pgtype.Int8
	var until pgtype.Date
	err := row.Scan(&s.State, (*word)(&s.Refusal), &register, (*instant)(&s.ActiveAt), &until,
		(*word)(&s.Level), (*word)(&s.SMS), (*word)(&s.Email))
	if err != nil {
		return Status{}, err
	}
	s.Register = register.Int64
	if until.Valid {
		s.ValidUntil = kiosk.DateOf(until.Time)
	}
	return s, nil
}

// instant scans a timestamp, null as zero, into UTC.
type instant time.Time

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (i *instant) ScanTimestamptz(v pgtype.Timestamptz) error {
	if v.InfinityModifier != pgtype.Finite {
		return fmt.Errorf("an infinite time")
	}
	*i = instant(time.Time{})
	if v.Valid {
		*i = instant(v.Time.UTC())
	}
	return nil
}

// word scans a text, null as "".
type word string

// ScanText implements pgtype.TextScanner.
func (w *word) ScanText(v pgtype.Text) error {
	*w = word(v.String)
	return nil
}
