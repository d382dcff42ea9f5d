package door

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/ledger"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
)

// What staff cards sign is verified here, because PostgreSQL cannot, and against files that no log-in to the database can
// change: a forged row in the table of the staff is not enough to sign in. Whose the card is, whether they may, and
// whether the challenge is the one that the shift was given, the database says.

// sinceSigned is how far from the door's clock the time in a statement may be, either way.
const sinceSigned = 5 * time.Minute

var (
	// errStatement answers what is no statement at all, so that nobody's tries are counted.
	errStatement = &problem{status: http.StatusUnprocessableEntity, code: central.RefusedInvalid}
	errRecord    = &problem{status: http.StatusInternalServerError, code: central.FailedRecord}
)

// signed is what is said about a statement beside what it says: for this shift, by a card, at a desk, at a time.
type signed struct {
	shift  uuid.UUID
	card   transcript.Signature
	desk   string
	at     time.Time
	verify func() error
}

// believe verifies a statement that the caller sent for a shift. It returns the fingerprint of the card's certificate
// (SHA-256 of its DER), which is claimed when the statement is not good. The error is errInternal when the door knows
// no staff card at all.
func (d *Door) believe(c caller, shift uuid.UUID, s signed) (card []byte, good bool, err error) {
	sum := sha256.Sum256(s.card.Chain[0])
	if s.shift != shift || s.desk != c.name || time.Since(s.at).Abs() > sinceSigned {
		return sum[:], false, nil
	}
	switch err := d.cfg.Staff.Check(s.card.Chain, s.at); {
	case errors.Is(err, staff.ErrNobody):
		d.cfg.Log.Error("somebody signed in, and no staff card is known: staff_authority and staff_cards are not configured")
		return nil, false, errInternal
	case err != nil:
		return sum[:], false, nil
	}
	return sum[:], s.verify() == nil, nil
}

// signInFailed counts a sign-in that is not good as a failure of the card that it names, at this desk. The statement names
// the failure, so that the same again counts once.
const signInFailed = `select coalesce(refusal, 'sign_in_invalid') as refusal, tries_left from desk.sign_in_failed($1, $2, $3, $4)`

// signIn verifies a sign-in or an admission.
func (d *Door) signIn(c caller, e endpoint, args []any, request any) (string, []any, error) {
	jws, shift := request.(*central.SignIn).JWS, args[1].(uuid.UUID)
	u, err := transcript.ParseSignIn(jws)
	if err != nil {
		return "", nil, errStatement
	}
	s := u.Said
	card, good, err := d.believe(c, shift, signed{s.Shift, u.Signature, s.Desk, s.At, u.Verify})
	switch {
	case err != nil:
		return "", nil, err
	case !good:
		return signInFailed, append(args, uuid.NewHash(sha256.New(), shift, jws, 8), card), nil
	}
	var admits *string
	if s.Admits != "" {
		admits = &s.Admits
	}
	return e.sql, append(args, card, []byte(s.Challenge), jws, admits), nil
}

// decider returns the fingerprint of the card that signed a decision about what the call names; nothing of a decision
// that is not good, which the database then refuses.
func (d *Door) decider(c caller, args []any, about uuid.UUID, s signed) ([]byte, error) {
	card, good, err := d.believe(c, args[1].(uuid.UUID), s)
	if !good || about != args[2].(uuid.UUID) {
		card = []byte{}
	}
	return card, err
}

// decision verifies a supervisor's decision about a case.
func (d *Door) decision(c caller, e endpoint, args []any, request any) (string, []any, error) {
	jws := request.(*central.Decision).JWS
	u, err := transcript.ParseApproval(jws)
	if err != nil {
		return "", nil, errStatement
	}
	a := u.Said
	card, err := d.decider(c, args, a.Enrolment, signed{a.Shift, u.Signature, a.Desk, a.At, u.Verify})
	return e.sql, append(args, card, jws), err
}

// alertDecision verifies a supervisor's decision about an alert.
func (d *Door) alertDecision(c caller, e endpoint, args []any, request any) (string, []any, error) {
	jws := request.(*central.Decision).JWS
	u, err := transcript.ParseAlertDecision(jws)
	if err != nil {
		return "", nil, errStatement
	}
	a := u.Said
	card, err := d.decider(c, args, a.Alert, signed{a.Shift, u.Signature, a.Desk, a.At, u.Verify})
	return e.sql, append(args, card, a.Decision, a.Reason, jws), err
}

// day refuses what is no day of the calendar, written 2026-11-30.
func (d *Door) day(_ caller, e endpoint, args []any, request any) (string, []any, error) {
	day := request.(*central.ReportRequest).Day
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", nil, errStatement
	}
	return e.sql, append(args, day), nil
}

// proven refuses an answer with a usable key of which no registrar signed the same (package record): whoever can write to
// the database, and has no registrar's signing key, made that row. Changes that only take away, such as a lock, have no record.
func (d *Door) proven(enrolment string, answer any) error {
	var said central.Status
	switch a := answer.(type) {
	case *central.Status:
		said = *a
		if a.Leaf != nil {
			a.Receipt = d.receipt(*a.Leaf)
		}
	case *central.CaseStatus:
		said = central.Status{State: a.State, Register: a.Register, Record: a.Record}
	case *central.TrySignedIn:
		if a.Refusal == "" {
			said, enrolment = central.Status{State: central.StateActive, Register: a.Register, Record: a.Record}, "" // another's, long ago
		}
	}
	k := cmp.Or(said.Key, &kiosk.Key{Register: said.Register, State: kiosk.StatusActive})
	if said.State != central.StateActive || k.Register == 0 || slices.Contains([]kiosk.KeyStatus{kiosk.StatusSuspended, kiosk.StatusCancelled, kiosk.StatusExpired}, k.State) {
		return nil
	}
	state := kiosk.StatusActive // less, such as locked, needs no record
	if k.State == kiosk.StatusPending {
		state = k.State
	}
	same := func(level kiosk.Level, until kiosk.Date, r record.Record) bool {
		return level == "" || r.Level == string(level) && r.ValidUntil == until.String()
	}
	r, err := record.Verify(said.Record, d.cfg.Records...)
	if err == nil && r.State == string(state) && r.Register == k.Register && same(said.Level, said.ValidUntil, r) && same(k.Level, k.ValidUntil, r) &&
		(said.Register == 0 || said.Register == k.Register && (enrolment == "" || r.Enrolment.String() == enrolment)) {
		return nil
	}
	d.cfg.Log.Error("what the database has of a key is not what a registrar signed", "register", k.Register)
	return errRecord
}

// receipt names a leaf of the log by its hash.
func (d *Door) receipt(l central.LogLeaf) *central.LogReceipt {
	sealed, _ := hex.DecodeString(strings.TrimPrefix(l.Sealed, `\x`)) // a row's own, or none
	hash := ledger.Leaf{
		At: l.At, Table: l.Kind, Op: l.Op, Row: l.Row, Actor: l.Actor, Subject: l.Subject, Hidden: l.Hidden, Sealed: sealed, Columns: l.Columns,
	}.Hash()
	return &central.LogReceipt{Origin: d.cfg.LogOrigin, Leaf: hash[:], Number: l.Number}
}
