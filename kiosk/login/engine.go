package login

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/record"
	"balcao/kiosk/signin"
)

// What the engine says instead of an answer.
var (
	ErrBusy        = signin.ErrBusy        // as many PINs wait as may: nothing was counted (HTTP 503)
	ErrUnavailable = signin.ErrUnavailable // the database does not answer, or not now
	ErrSignedOut   = errors.New("nobody is signed in, or not any more")
	ErrStale       = errors.New("signed in too long ago for this")
	// ErrRequest says that a service asked for what cannot be, ErrBrowser that a visit is another browser's, or a form was
	// not made here.
	ErrRequest = errors.New("a request that cannot be answered")
	ErrBrowser = errors.New("another browser's, or a form that was not made here")
	// ErrNotBelieved says that the database says of a key what no registrar signed.
	ErrNotBelieved = errors.New("no record of the key that a registrar signed")
)

// Engine signs people in. Make it with New. It is safe for concurrent use, and any number may run on one database.
type Engine struct {
	*Store
	db      *pgxpool.Pool
	checker *signin.Checker
	records []ed25519.PublicKey

	mu    sync.Mutex
	rules rules
	until time.Time
}

// New returns an Engine on connections that may call the functions of schema login. records are the keys of registrars.
func New(db *pgxpool.Pool, checker *signin.Checker, records []ed25519.PublicKey) *Engine {
	return &Engine{Store: NewStore(db), db: db, checker: checker, records: records}
}

// rules are settings of the centre. Levels are 1 for low, 2 for substantial, 3 for high.
type rules struct {
	SMS     int `json:"login_level_sms"`
	Email   int `json:"login_level_email"`
	Session int `json:"login_session_seconds"`
	Fresh   int `json:"login_fresh_seconds"`
	PINMin  int `json:"pin_min"`
	PINMax  int `json:"pin_max"`
}

// rulesAge is for how long rules are believed: who changes one sees it within that.
const rulesAge = 10 * time.Second

func (e *Engine) settings(ctx context.Context) (rules, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Now().Before(e.until) {
		return e.rules, nil
	}
	var raw []byte
	if err := e.db.QueryRow(ctx, `select login.settings()`).Scan(&raw); err != nil {
		return rules{}, plain("reading the rules", err)
	}
	var r rules
	if json.Unmarshal(raw, &r) != nil || r.SMS < 1 || r.Email < 1 || r.Session < 1 || r.Fresh < 1 {
		return rules{}, errors.New("no rules for signing in")
	}
	e.rules, e.until = r, time.Now().Add(rulesAge)
	return r, nil
}

// level is what a channel reaches, among Levels.
func (r rules) level(channel kiosk.Channel) int {
	if channel == kiosk.SMS {
		return r.SMS - 1
	}
	return r.Email - 1
}

// SessionLife is how long somebody stays signed in.
func (e *Engine) SessionLife(ctx context.Context) (time.Duration, error) {
	r, err := e.settings(ctx)
	return time.Duration(r.Session) * time.Second, err
}

type sourceKey struct{}

// WithSource says from where a request comes, as a keyed hash of the caller's (≤ 64 bytes), for counters that expire.
func WithSource(ctx context.Context, source []byte) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

func sourceOf(ctx context.Context) []byte {
	source, _ := ctx.Value(sourceKey{}).([]byte)
	return source
}

// Begin begins a visit for a request, by somebody who may have signed in before.
func (e *Engine) Begin(ctx context.Context, r Request, s *Session) (Visit, error) {
	v, c := begin(r, uuid.New(), s, time.Now())
	err := e.turn(ctx, &v, c)
	return v, err
}

// Do does what the person did. With an error the visit is as before: the same may be done again.
func (e *Engine) Do(ctx context.Context, v *Visit, a Action) error {
	switch a := a.(type) {
	case SignIn:
		defer clear(a.PIN)
	case EnterCode:
		defer clear(a.Code)
	}
	next := *v
	next.Sent = map[kiosk.Channel]int{}
	for channel, left := range v.Sent {
		next.Sent[channel] = left
	}
	if err := e.turn(ctx, &next, next.act(a)); err != nil {
		return err
	}
	*v = next
	return nil
}

// turn carries out what a visit asks for until it asks for nothing.
func (e *Engine) turn(ctx context.Context, v *Visit, c command) error {
	for c != nil {
		r, err := e.run(ctx, v, c)
		if err != nil {
			return err
		}
		c = v.take(c, r)
	}
	return nil
}

func (e *Engine) run(ctx context.Context, v *Visit, c command) (result, error) {
	switch c := c.(type) {
	case checkPIN:
		return e.checkPIN(ctx, v, c)
	case sendCode:
		language := v.Language
		if !slices.Contains(kiosk.Languages, language) {
			language = kiosk.Portuguese
		}
		sent, err := e.checker.SendCode(ctx, c.try, c.send, c.channel, language)
		return codeSent{sent}, lost(err)
	case checkCode:
		return e.checkCode(ctx, c)
	default:
		return e.readRows(ctx, v)
	}
}

func (e *Engine) checkPIN(ctx context.Context, v *Visit, c checkPIN) (result, error) {
	rules, err := e.settings(ctx)
	if err != nil {
		return nil, err
	}
	a, err := e.checker.PIN(ctx, signin.Try{ID: c.try, By: c.by, Name: c.name, PIN: c.pin, Source: sourceOf(ctx)})
	switch {
	case errors.Is(err, signin.ErrConflict): // another name was typed meanwhile, in another window
		v.Turn++
		return failed{}, nil
	case errors.Is(err, signin.ErrInvalid):
		return pinChecked{}, nil
	case err != nil:
		return nil, lost(err)
	}
	r := pinChecked{right: a.Right, hashes: a.Hashes}
	for _, channel := range a.Channels {
		if _, ok := v.Request.reported(rules.level(channel)); ok {
			r.channels = append(r.channels, channel)
		}
	}
	slices.SortStableFunc(r.channels, func(a, b kiosk.Channel) int { return rules.level(b) - rules.level(a) })
	return r, nil
}

// checkCode compares a code. Of who is signed in nothing is believed but a record that a registrar signed, of the key
// whose hash was compared: whoever writes into the database signs nobody in.
func (e *Engine) checkCode(ctx context.Context, c checkCode) (result, error) {
	rules, err := e.settings(ctx)
	if err != nil {
		return nil, err
	}
	s, err := e.checker.Code(ctx, c.try, c.attempt, c.code)
	switch {
	case errors.Is(err, signin.ErrTooMany):
		return codeChecked{refusal: signin.Ended}, nil
	case errors.Is(err, signin.ErrConflict), errors.Is(err, signin.ErrUnknown), errors.Is(err, signin.ErrInvalid):
		return failed{}, nil
	case err != nil:
		return nil, lost(err)
	case s.Refusal != "":
		return codeChecked{refusal: s.Refusal, tries: s.TriesLeft}, nil
	}
	rec, err := e.believed(s.Record, s.Register)
	if err != nil || !slices.ContainsFunc(c.hashes, rec.HasPINOf) {
		return codeChecked{}, nil
	}
	// Whichever of the codes that were sent it was: the one that says least for the person.
	channels := c.channels
	if len(channels) == 0 { // sent, and the visit was lost
		channels = []kiosk.Channel{kiosk.SMS, kiosk.Email}
	}
	channel := slices.MinFunc(channels, func(a, b kiosk.Channel) int { return rules.level(a) - rules.level(b) })
	signed := &Signed{Try: c.try, Register: s.Register, At: time.Now().UTC().Truncate(time.Second),
		Level: min(level(rec.Level), rules.level(channel)), AMR: []string{"pin", "otp", "mfa"}}
	if channel == kiosk.SMS {
		signed.AMR = []string{"pin", "otp", "sms", "mfa"} // RFC 8176 §2
	}
	return codeChecked{signed: signed}, nil
}

// believed verifies the record of a key.
func (e *Engine) believed(jws []byte, register int64) (record.Record, error) {
	rec, err := record.Verify(jws, e.records...)
	if err != nil || rec.Register != register || rec.State != string(kiosk.StatusActive) {
		return record.Record{}, ErrNotBelieved
	}
	return rec, nil
}

func (e *Engine) readRows(ctx context.Context, v *Visit) (result, error) {
	h, err := e.Holder(ctx, *v.Signed)
	switch {
	case errors.Is(err, ErrSignedOut):
		return rowsRead{}, nil
	case err != nil:
		return nil, err
	}
	r := rowsRead{ok: true}
	for _, asked := range v.Request.Claims {
		r.rows = append(r.rows, h.row(asked, v.Request.AcceptsShown))
	}
	return r, nil
}

// Holder reads who is signed in. ErrSignedOut: nobody is, for the session is over or the key was changed since.
func (e *Engine) Holder(ctx context.Context, s Signed) (Holder, error) {
	var h Holder
	var jws, numbers []byte
	err := e.db.QueryRow(ctx, `select person, record, numbers from login.holder($1)`, s.Try).Scan(&h.Person, &jws, &numbers)
	if err != nil {
		return Holder{}, plain("reading who is signed in", err)
	}
	if h.Record, err = e.believed(jws, s.Register); err != nil {
		return Holder{}, err
	}
	if err := json.Unmarshal(numbers, &h.Numbers); err != nil {
		return Holder{}, errors.New("reading who is signed in: no numbers")
	}
	return h, nil
}

// Reported is the level that a request is told of who is signed in, and whether that will do.
func (s Signed) Reported(r Request) (acr string, ok bool) { return r.reported(s.Level) }

// lost lets through what a caller tells the person, and makes the rest ErrUnavailable.
func lost(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrBusy), errors.Is(err, ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// said are the centre's refusals, see internal/callers.sql of the schema.
var said = map[string]error{"BK019": ErrSignedOut, "BK001": ErrGone}

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
