package login

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// What holders do on their own pages. Browser and session are tokens out of cookies; whatever is done names the sign-in, and
// the database does it for nobody else: ErrSignedOut, or ErrStale where it takes a younger one.

const (
	kindOwn = "own visit"
	ownLife = 15 * time.Minute
)

func (e *Engine) ownVisit(ctx context.Context, browser string, l kiosk.Language) (v Visit, err error) {
	err = e.Get(ctx, kindOwn, browser, &v)
	if errors.Is(err, ErrGone) {
		v, err = e.Begin(ctx, Request{}, nil)
	}
	v.Language = l
	return v, err
}

// OwnVisit is the visit of a browser to the holder's own pages. One that nothing was done in is nowhere yet.
func (e *Engine) OwnVisit(ctx context.Context, browser string, l kiosk.Language) (Page, error) {
	v, err := e.ownVisit(ctx, browser, l)
	return v.Page(time.Now()), err
}

// OwnDo does what the person did there. With StepDone session is the token of who is signed in.
func (e *Engine) OwnDo(ctx context.Context, browser string, l kiosk.Language, a Action, source []byte) (page Page, session string, err error) {
	v, err := e.ownVisit(ctx, browser, l)
	if err == nil {
		err = e.Do(WithSource(ctx, source), &v, a)
	}
	if err != nil {
		return Page{}, "", err
	}
	page = v.Page(time.Now())
	if !v.Over() {
		return page, "", e.Put(ctx, kindOwn, browser, v, ownLife)
	}
	if err = e.Drop(ctx, kindOwn, browser); err == nil && v.Step == StepDone {
		session, err = e.SignedIn(ctx, v)
	}
	return page, session, err
}

// SignedIn keeps who signed in in a visit, under a token that is new each time: nobody signs in to one that another made.
func (e *Engine) SignedIn(ctx context.Context, v Visit) (token string, err error) {
	life, err := e.SessionLife(ctx)
	if err != nil {
		return "", err
	}
	return e.New(ctx, KindSession, Session{Signed: *v.Signed, Language: v.Language}, life)
}

// SignOut ends a session.
func (e *Engine) SignOut(ctx context.Context, session string) error {
	return e.Drop(ctx, KindSession, session)
}

// signed is who is signed in by a token.
func (e *Engine) signed(ctx context.Context, session string) (Signed, error) {
	var s Session
	err := e.Get(ctx, KindSession, session, &s)
	if errors.Is(err, ErrGone) {
		err = ErrSignedOut
	}
	return s.Signed, err
}

// fresh is signed, of a sign-in that is young enough to change a PIN or end a key.
func (e *Engine) fresh(ctx context.Context, session string) (Signed, error) {
	s, err := e.signed(ctx, session)
	if err != nil {
		return s, err
	}
	r, err := e.settings(ctx)
	if err == nil && time.Since(s.At) >= time.Duration(r.Fresh)*time.Second {
		err = ErrStale
	}
	return s, err
}

// told reads what a function of schema login tells of a sign-in, as JSON.
func (e *Engine) told(ctx context.Context, session, what, query string, to any) error {
	s, err := e.signed(ctx, session)
	if err != nil {
		return err
	}
	var raw []byte
	if err := e.db.QueryRow(ctx, query, s.Try).Scan(&raw); err != nil {
		return plain(what, err)
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return errors.New(what + ": not as it is told")
	}
	return nil
}

// Overview is the key of who is signed in.
func (e *Engine) Overview(ctx context.Context, session string) (o Overview, err error) {
	err = e.told(ctx, session, "reading a key", `select login.own_key($1)`, &o)
	return o, err
}

// Stored is all that is stored about who is signed in.
func (e *Engine) Stored(ctx context.Context, session string) (sections []kiosk.StoredSection, err error) {
	err = e.told(ctx, session, "reading what is stored", `select login.stored($1)`, &sections)
	return sections, err
}

// Freeze suspends the key at once, which ends every session and grant of it.
func (e *Engine) Freeze(ctx context.Context, session string) error {
	s, err := e.signed(ctx, session)
	if err != nil {
		return err
	}
	_, err = e.db.Exec(ctx, `select login.freeze($1, $2)`, s.Try, uuid.New())
	return plain("freezing a key", err)
}

// End ends the key for good.
func (e *Engine) End(ctx context.Context, session string) error {
	s, err := e.fresh(ctx, session)
	if err != nil {
		return err
	}
	_, err = e.db.Exec(ctx, `select login.end_key($1, $2)`, s.Try, uuid.New())
	return plain("ending a key", err)
}

// Rules are those of a new PIN for who is signed in.
func (e *Engine) Rules(ctx context.Context, session string) (kiosk.PINPolicy, error) {
	s, err := e.fresh(ctx, session)
	if err != nil {
		return kiosk.PINPolicy{}, err
	}
	h, err := e.Holder(ctx, s)
	if err != nil {
		return kiosk.PINPolicy{}, err
	}
	r, err := e.settings(ctx)
	if err != nil {
		return kiosk.PINPolicy{}, err
	}
	p := h.Record.Person
	born := kiosk.Date{}
	if day, err := time.Parse(time.DateOnly, p.BirthDate); err == nil {
		born = kiosk.DateOf(day)
	}
	contacts := []kiosk.ProvenContact{{Channel: kiosk.SMS, Value: h.contact(kiosk.SMS)}}
	return kiosk.PolicyFor(kiosk.Identity{BirthDate: born, DocumentNumber: p.DocumentNumber, CivilNumber: p.CivilNumber,
		TaxNumber: h.Record.TaxNumber}, contacts, r.PINMin, r.PINMax), nil
}

// ChangePIN has another PIN take the place of the old one, which whoever is signed in gave not long ago, with a code. It
// holds once a registrar has signed the record: ChangeState says. The caller wipes pin.
func (e *Engine) ChangePIN(ctx context.Context, session string, pin []byte) (uuid.UUID, PINProblem, error) {
	rules, err := e.Rules(ctx, session)
	if err != nil {
		return uuid.Nil, PINOK, err
	}
	if !rules.Valid(pin) {
		return uuid.Nil, PINWeak, nil
	}
	s, err := e.fresh(ctx, session)
	if err != nil {
		return uuid.Nil, PINOK, err
	}
	id := uuid.New()
	refusal, err := e.checker.ChangePIN(ctx, s.Try, id, pin)
	switch {
	case errors.Is(err, signin.ErrNotSignedIn):
		return uuid.Nil, PINOK, ErrSignedOut
	case err != nil:
		return uuid.Nil, PINOK, lost(err)
	case refusal != "":
		return uuid.Nil, PINPending, nil
	}
	return id, PINOK, nil
}

// ChangeState says how far a change is.
func (e *Engine) ChangeState(ctx context.Context, id uuid.UUID) (Pending, error) {
	var state *Pending
	if err := e.db.QueryRow(ctx, `select login.change_state($1)`, id).Scan(&state); err != nil {
		return "", plain("reading how far a change is", err)
	}
	if state == nil {
		return "", ErrGone
	}
	return *state, nil
}

// NotMe freezes the key of a notice by the code in it, and reports whether there is such a code.
func (e *Engine) NotMe(ctx context.Context, code, source []byte) (bool, error) {
	typed, ok := kiosk.ParseActivationCode(code)
	defer clear(typed)
	if !ok {
		return false, nil
	}
	var refusal, state *string
	err := e.db.QueryRow(ctx, `select refusal, state from login.not_me($1, $2, $3)`, uuid.New(), string(typed), source).Scan(&refusal, &state)
	return err == nil && refusal == nil, plain("freezing a key by its notice", err)
}
