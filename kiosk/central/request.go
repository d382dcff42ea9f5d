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

// Refusal is an expected negative answer; "" means that the call succeeded.
type Refusal string

// Refusals of Open, SendCode and ConfirmCode. Those about codes read like kiosk.ContactProblem.
const (
	AlreadyActive    Refusal = "already_active"    // Open: the person has a living key
	NoChip           Refusal = "no_chip"           // Open: the document was typed, and that is not enrolled
	EnrolmentExpired Refusal = "enrolment_expired" // SendCode
	ResendsUsed      Refusal = "resends_used"      // SendCode
	TooSoon          Refusal = "too_soon"          // SendCode: before ResendAt
	CodeLocked       Refusal = "code_locked"       // SendCode, ConfirmCode: no tries left
	CodeWrong        Refusal = "code_wrong"        // ConfirmCode
	CodeExpired      Refusal = "code_expired"      // ConfirmCode: too late, or used before
	Taken            Refusal = "taken"             // ConfirmCode: right, but another person's contact
)

// Hello is what the centre says of itself.
type Hello struct {
	Now           time.Time     // the centre's clock
	RoundTrip     time.Duration // of this call
	Skew          time.Duration // this computer's clock minus the centre's, to half a round trip
	SchemaVersion int           // compare with the constant SchemaVersion
	Rules         kiosk.Rules
	Delivery      kiosk.Health
}

// Hello asks for the clock, the version, the rules and the state of delivery.
func (c *Centre) Hello(ctx context.Context) (Hello, error) {
	const sql = `select now, schema_version, settings, delivery from desk.hello()`
	var h Hello
	err := c.ask(ctx, "say hello", func(ctx context.Context) error {
		var settings []byte
		before := c.now()
		if err := c.pool.QueryRow(ctx, sql).Scan(&h.Now, &h.SchemaVersion, &settings, &h.Delivery); err != nil {
			return err
		}
		after := c.now()
		h.Now = h.Now.UTC()
		h.RoundTrip = after.Sub(before)
		h.Skew = before.Add(h.RoundTrip / 2).Sub(h.Now)
		return json.Unmarshal(settings, &h.Rules)
	})
	return h, err
}

// CodeRequest asks for a one-time code. Calls with the same ID (UUIDv7) are one request.
type CodeRequest struct {
	ID       uuid.UUID
	Channel  kiosk.Channel
	Value    string // E.164 or addr-spec
	Language kiosk.Language
}

// CodeSent says that a code is on its way, or why not. TriesLeft, SendsLeft and ResendAt are told in both
// cases.
type CodeSent struct {
	Refusal   Refusal
	SentAt    time.Time
	ExpiresAt time.Time
	ResendAt  time.Time
	SendsLeft int
	TriesLeft int
	Tries     int // allowed in all
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

// State is where an enrolment stands at the centre.
type State string

// States of an enrolment.
const (
	StateOpen      State = "open"
	StatePending   State = "pending" // bound; the registrar has not decided yet
	StateActive    State = "active"
	StateRefused   State = "refused"
	StateAbandoned State = "abandoned"
	StateExpired   State = "expired"
)

// Status is an enrolment as the centre has it.
type Status struct {
	State      State
	Refusal    string // why it was refused or abandoned: a kiosk.Reason or kiosk.ProblemCode
	Register   int64  // number of the key, once active
	ActiveAt   time.Time
	ValidUntil kiosk.Date // the last day
	Level      kiosk.Level
	SMS        kiosk.Delivery // of the newest code on each channel
	Email      kiosk.Delivery
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
