// Package signin checks who signs in with a key: a name for the key, its PIN, then a one-time code. It is the client of
// the functions of schema login, which count, compare and lock; what is done here is what the database must not do,
// because only its caller has the pepper: hashing.
//
//	place in the queue → Checker.PIN (begin, Argon2id, pin) → Checker.SendCode → Checker.Code
//
// A wrong PIN, and a key that is unknown, locked, blocked or suspended, have the same answer after the same time: each is
// shown a salt, hashed at a cost that keys have, and compared. What follows for the key (a lock, a message to its holder)
// is done after the answer. No hash is ever read from the database.
//
// The caller holds the pepper and the connections, as balcao_login or as a registrar. Nothing here knows what somebody
// signs in to, and nothing keeps it.
package signin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
)

// settleTime is for what follows an answer.
const settleTime = 10 * time.Second

// Checker checks sign-ins. Make it with New. It is safe for concurrent use, and any number may run.
type Checker struct {
	db   *pgxpool.Pool
	pins *Hasher
	work sync.WaitGroup
}

// New returns a Checker on connections that may call the functions of schema login. Both stay the caller's.
func New(db *pgxpool.Pool, pins *Hasher) *Checker { return &Checker{db: db, pins: pins} }

// Wait returns when what follows from the answers that were given is done.
func (c *Checker) Wait() { c.work.Wait() }

// Try is one PIN that is tried. Repeated under the same ID (a UUID of the caller's) it is the same try.
type Try struct {
	ID     uuid.UUID
	By     kiosk.Identifier
	Name   string // E.164; addr-spec; country and number of a travel document with a colon between ("UKR:FE123456")
	PIN    []byte // ASCII digits; the caller wipes it
	Source []byte // from where, as a keyed hash of the caller's (≤ 64 bytes): for counters that expire; may be nil
	// Pending tries the PIN of a key that waits for its activation: by where its code went, by document ("PRT:12345678" also
	// by the civil number) or ByRegister. Behind the right PIN comes the activation code, by functions of schema login.
	Pending bool
}

// ByRegister names a pending key by its number, as the letter with its code does.
const ByRegister kiosk.Identifier = "register"

// Answer is what the centre said of a PIN.
type Answer struct {
	// Right says that a code comes next. Otherwise the PIN is wrong, or the key unknown, locked, blocked or suspended: it is
	// not said which.
	Right    bool
	Channels []kiosk.Channel // where a code can go; of a pending key: where its activation code went
	Masked   []string        // of each channel the contact, as a clerk is shown it; of a pending key none
	// Hashes are the SHA-256 of the texts of the hash that was compared and, where the PIN was hashed anew, of the one that
	// takes its place. One of them is what the record that Code returns says of the PIN (kiosk/record): otherwise
	// somebody exchanged the hash in the database.
	Hashes [][sha256.Size]byte
}

// PIN compares a PIN. ErrBusy: as many wait as may; nothing was counted. Other errors are ErrUnavailable, ErrInvalid, and
// a context's own; the try may have been counted, and is repeated under the same ID.
func (c *Checker) PIN(ctx context.Context, t Try) (Answer, error) {
	place, err := c.pins.Reserve() // before the try is counted
	if err != nil {
		return Answer{}, err
	}
	defer place.Leave()
	h := Hash{}
	var subject string
	err = c.db.QueryRow(ctx, `select salt, memory, passes, lanes, subject from login.begin($1, $2, $3, $4, $5)`,
		t.ID, t.By, t.Name, t.Source, t.Pending).Scan(&h.Salt, &h.Memory, &h.Passes, &h.Lanes, &subject)
	if err != nil {
		return Answer{}, plain("beginning to sign in", err)
	}
	output, err := place.output(ctx, h.Cost, h.Salt, subject, t.PIN)
	if err != nil {
		return Answer{}, err
	}
	defer clear(output)
	h.Digest = sha256.Sum256(output)
	var outcome string
	var channels, masked []string
	var memory, passes, lanes *int
	err = c.db.QueryRow(ctx, `select outcome, channels, masked, memory, passes, lanes from login.pin($1, $2)`, t.ID, output).
		Scan(&outcome, &channels, &masked, &memory, &passes, &lanes)
	if err != nil {
		return Answer{}, plain("comparing a PIN", err)
	}
	c.settle(ctx, t.ID)
	if outcome != "code" {
		return Answer{}, nil
	}
	a := Answer{Right: true, Masked: masked, Hashes: [][sha256.Size]byte{sha256.Sum256([]byte(h.String()))}}
	for _, channel := range channels {
		a.Channels = append(a.Channels, kiosk.Channel(channel))
	}
	if memory != nil && passes != nil && lanes != nil {
		now := Cost{Memory: uint32(*memory), Passes: uint32(*passes), Lanes: uint8(*lanes)} //nolint:gosec // settings, bounded there and below
		if anew, err := c.rehash(ctx, place, t, now, subject); err == nil {                 // otherwise at the next sign-in
			a.Hashes = append(a.Hashes, anew)
		}
	}
	return a, nil
}

// rehash hashes a PIN that was right at the cost of today's settings.
func (c *Checker) rehash(ctx context.Context, place Place, t Try, cost Cost, subject string) (text [sha256.Size]byte, err error) {
	h, output, err := place.fresh(ctx, cost, subject, t.PIN)
	if err != nil {
		return text, err
	}
	defer clear(output)
	_, err = c.db.Exec(ctx, `select login.rehash($1, $2, $3, $4, $5, $6)`, t.ID, h.Salt, h.Memory, h.Passes, h.Lanes, output)
	return sha256.Sum256([]byte(h.String())), plain("hashing a PIN anew", err)
}

// Waiting is what ChangePIN says when another change of the key is not done yet.
const Waiting = "waiting"

// ChangePIN has a registrar put another PIN in place of that of who is signed in by a try, under an identifier of the
// caller's; login.change_state tells how far it is, and once it is done nobody is signed in any more. The refusal is empty or Waiting. The
// errors are those of PIN, and ErrNotSignedIn: also when the sign-in is not fresh any more (login_fresh_seconds).
func (c *Checker) ChangePIN(ctx context.Context, try, id uuid.UUID, pin []byte) (refusal string, err error) {
	place, err := c.pins.Reserve()
	if err != nil {
		return "", err
	}
	defer place.Leave()
	var subject string
	var cost Cost
	err = c.db.QueryRow(ctx, `select subject, memory, passes, lanes from login.new_pin($1)`, try).Scan(&subject, &cost.Memory, &cost.Passes, &cost.Lanes)
	if err != nil {
		return "", plain("asking with what a PIN is hashed", err)
	}
	h, output, err := place.fresh(ctx, cost, subject, pin)
	if err != nil {
		return "", err
	}
	defer clear(output)
	var refused *string
	err = c.db.QueryRow(ctx, `select login.change_pin($1, $2, $3, $4, $5, $6, $7)`, try, id, h.Salt, h.Memory, h.Passes, h.Lanes, output).Scan(&refused)
	return orZero(refused), plain("changing a PIN", err)
}

// settle does what follows from an answer, without anybody waiting for it. What fails the centre makes up for.
func (c *Checker) settle(ctx context.Context, try uuid.UUID) {
	ctx = context.WithoutCancel(ctx)
	c.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, settleTime)
		defer cancel()
		_, _ = c.db.Exec(ctx, `select login.settle($1)`, try)
	})
}

// Refusals of SendCode and Code: "" means that it was done.
const (
	Over           = "over"            // the key is blocked by wrong codes until a desk unblocks it
	Ended          = "ended"           // the try took too long, or the key was changed or locked meanwhile
	NoContact      = "no_contact"      // SendCode: the key has none on that channel
	DestinationOff = "destination_off" // SendCode: the centre sends nothing to such numbers
	ResendsUsed    = "resends_used"    // SendCode
	TooSoon        = "too_soon"        // SendCode: before ResendAt
	CodeWrong      = "code_wrong"      // Code: TriesLeft says how often more
	CodeExpired    = "code_expired"    // Code: too late or used before; it does not count
)

// Sent says that a code is on its way, or why not.
type Sent struct {
	Refusal                     string
	SentAt, ExpiresAt, ResendAt time.Time // by the centre's clock
	SendsLeft, TriesLeft        int
}

// SendCode has a registrar send a code for a try whose PIN was right, under an identifier of the caller's. The errors are
// those of PIN, and ErrUnknown.
func (c *Checker) SendCode(ctx context.Context, try, send uuid.UUID, channel kiosk.Channel, language kiosk.Language) (Sent, error) {
	var s Sent
	var refusal *string
	var sent, expires, resend *time.Time
	var left *int
	err := c.db.QueryRow(ctx, `select refusal, sent_at, expires_at, resend_at, sends_left, tries_left from login.send_code($1, $2, $3, $4)`,
		try, send, channel, language).Scan(&refusal, &sent, &expires, &resend, &left, &s.TriesLeft)
	if err != nil {
		return Sent{}, plain("sending a code to sign in with", err)
	}
	s.Refusal, s.SentAt, s.ExpiresAt, s.ResendAt, s.SendsLeft = orZero(refusal), orZero(sent), orZero(expires), orZero(resend), orZero(left)
	return s, nil
}

// SignedIn is who is signed in, or why nobody is.
type SignedIn struct {
	Refusal   string
	TriesLeft int
	Register  int64
	Record    []byte // what a registrar signed of the key: whoever believes in it verifies it, and Answer.Hashes with it
}

// Code compares a code under an identifier of the caller's. The errors are those of SendCode.
func (c *Checker) Code(ctx context.Context, try, attempt uuid.UUID, code []byte) (SignedIn, error) {
	var s SignedIn
	var refusal *string
	var register *int64
	err := c.db.QueryRow(ctx, `select refusal, tries_left, register, record from login.code($1, $2, $3)`,
		try, attempt, string(code)).Scan(&refusal, &s.TriesLeft, &register, &s.Record)
	if err != nil {
		return SignedIn{}, plain("comparing a code to sign in with", err)
	}
	s.Refusal, s.Register = orZero(refusal), orZero(register)
	return s, nil
}

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// What the centre says instead of an answer.
var (
	ErrUnavailable = errors.New("the database does not answer, or not now") // later
	ErrInvalid     = errors.New("an argument outside its domain")           // a name that is spelt otherwise, above all
	ErrUnknown     = errors.New("no such try, or no code was sent")
	ErrConflict    = errors.New("the identifier was used with another content")
	ErrTooMany     = errors.New("too many codes were tried")
	ErrNotSignedIn = errors.New("nobody is signed in by this try, or not any more")
)

// plain reduces an error of pgx to what says nothing about people: details of PostgreSQL quote values.
func plain(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return fmt.Errorf("%s: %w", what, ErrUnavailable)
	}
	reason, ok := said[pg.Code]
	if !ok {
		reason = ErrUnavailable
	}
	return fmt.Errorf("%s: %w (SQLSTATE %s)", what, reason, pg.Code)
}

// said are the centre's refusals, see internal/callers.sql of the schema.
var said = map[string]error{"BK001": ErrUnknown, "BK004": ErrConflict, "BK005": ErrInvalid, "BK006": ErrUnknown, "BK011": ErrTooMany, "BK019": ErrNotSignedIn}
