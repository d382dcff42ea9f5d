package transcript

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/canonical"
)

// AddStaff lets a staff card sign what the desk has signed, as the last: over the same payload, behind the desk's signature.
// The chain is DER, the card's certificate first. The errors are those of Sign; ErrNoDesk or another error when jws is not
// what SignAsDesk or Countersign returned.
func AddStaff(ctx context.Context, jws []byte, chain [][]byte, card Signer) ([]byte, error) {
	read, err := parse(jws, 2)
	if err != nil {
		return nil, fmt.Errorf("signing for the clerk: %w", err)
	}
	behind := []Role{CitizenSignature, DeskSignature}
	if len(read.signatures) == 1 {
		behind = behind[1:]
	}
	signed, err := add(ctx, jws, chain, card, StaffSignature, behind...)
	if err != nil {
		return nil, fmt.Errorf("signing for the clerk: %w", err)
	}
	return signed, nil
}

// The statements of staff, each the "typ" of the one signature over it.
const (
	SignInStatement    Role = "balcao-sign-in"   // a member of staff begins a shift with their own card
	AdmissionStatement Role = "balcao-admission" // a supervisor lets a clerk without a card begin one
	ApprovalStatement  Role = "balcao-approval"  // a supervisor decides a case
	AlertStatement     Role = "balcao-alert"     // a supervisor decides about an alert
)

// maxStatement is far more than any statement needs, in bytes.
const maxStatement = 4 << 10

// SignIn is what a staff card signs to begin a shift. Field order is the canonical order.
type SignIn struct {
	Shift     uuid.UUID `json:"shift"`
	Challenge Bytes     `json:"challenge"` // the centre's, for this shift
	Desk      string    `json:"desk"`
	At        time.Time `json:"at"`     // by the desk's clock
	Admits    string    `json:"admits"` // the number of the clerk whom a supervisor admits; empty for the holder of the card
}

func (s SignIn) role() Role {
	if s.Admits != "" {
		return AdmissionStatement
	}
	return SignInStatement
}

func (s SignIn) encode() ([]byte, error) {
	s.At = canonical.Time(s.At)
	return canonical.JSON(s)
}

// Approval is what a supervisor's card signs to decide a case. Field order is the canonical order.
type Approval struct {
	Enrolment  uuid.UUID `json:"enrolment"`
	Transcript Bytes     `json:"transcript_sha256"` // of the payload of the enrolment's JWS
	Decision   string    `json:"decision"`          // a kiosk.Decision
	Reason     string    `json:"reason"`            // of a refusal, a kiosk.RefusalReason; empty when approved
	Shift      uuid.UUID `json:"shift"`             // the supervisor's
	Desk       string    `json:"desk"`              // where they decide
	At         time.Time `json:"at"`                // by that desk's clock
}

func (a Approval) role() Role { return ApprovalStatement }

func (a Approval) encode() ([]byte, error) {
	a.At = canonical.Time(a.At)
	return canonical.JSON(a)
}

// sane reports whether a decision is one: a refusal has a reason, and only that.
func (a Approval) sane() bool {
	switch kiosk.Decision(a.Decision) {
	case kiosk.DecisionApproved:
		return a.Reason == ""
	case kiosk.DecisionRefused:
		return slices.Contains(kiosk.RefusalReasons, kiosk.RefusalReason(a.Reason))
	}
	return false
}

// AlertDecision is what a supervisor's card signs to decide about an alert. Field order is the canonical order.
type AlertDecision struct {
	Alert    uuid.UUID `json:"alert"`
	Decision string    `json:"decision"` // one of AlertDecisions
	Reason   string    `json:"reason"`   // a word: [a-z_], at most 40
	Shift    uuid.UUID `json:"shift"`    // the supervisor's
	Desk     string    `json:"desk"`     // where they decide
	At       time.Time `json:"at"`       // by that desk's clock
}

// AlertDecisions are what a supervisor may decide about an alert.
var AlertDecisions = []string{"no_suspicion", "watch_7_days", "suspend_key", "suspend_desk", "suspend_clerk"}

func (a AlertDecision) role() Role { return AlertStatement }

func (a AlertDecision) encode() ([]byte, error) {
	a.At = canonical.Time(a.At)
	return canonical.JSON(a)
}

// reasonWord is the form of a reason: one of a list, and nobody's words.
var reasonWord = regexp.MustCompile(`^[a-z_]{1,40}$`)

func (a AlertDecision) sane() bool {
	return a.Alert != uuid.Nil && slices.Contains(AlertDecisions, a.Decision) && reasonWord.MatchString(a.Reason)
}

// statement is a SignIn, an Approval or an AlertDecision.
type statement interface {
	role() Role
	encode() ([]byte, error)
}

// SignSignIn lets a staff card sign in, or admit: a JWS in the general JSON serialisation with one signature. Chain and errors
// are those of Sign.
func SignSignIn(ctx context.Context, s SignIn, chain [][]byte, card Signer) ([]byte, error) {
	return signStatement(ctx, s, chain, card)
}

// SignApproval lets a supervisor's card decide. The error wraps ErrForm when the decision is none; otherwise as SignSignIn.
func SignApproval(ctx context.Context, a Approval, chain [][]byte, card Signer) ([]byte, error) {
	if !a.sane() {
		return nil, fmt.Errorf("%w: decision", ErrForm)
	}
	return signStatement(ctx, a, chain, card)
}

// SignAlertDecision lets a supervisor's card decide about an alert, as SignApproval does about a case.
func SignAlertDecision(ctx context.Context, a AlertDecision, chain [][]byte, card Signer) ([]byte, error) {
	if !a.sane() {
		return nil, fmt.Errorf("%w: decision", ErrForm)
	}
	return signStatement(ctx, a, chain, card)
}

func signStatement(ctx context.Context, s statement, chain [][]byte, card Signer) ([]byte, error) {
	payload, err := s.encode()
	if err != nil {
		return nil, err
	}
	signature, err := sign(ctx, payload, chain, card, s.role())
	if err != nil {
		return nil, fmt.Errorf("signing as %q: %w", s.role(), err)
	}
	return wrap(payload, signature)
}

// UnverifiedStatement is a statement that was read and of which nothing is believed yet: first the certificate of its
// Signature, then Verify.
type UnverifiedStatement[T SignIn | Approval | AlertDecision] struct {
	Said      T
	Signature Signature
	claimed   claimed
}

// ParseSignIn reads a sign-in or an admission, with the bounds of Parse. The error wraps ErrForm when what is signed is none.
func ParseSignIn(jws []byte) (*UnverifiedStatement[SignIn], error) {
	s, c, err := parseStatement(jws, SignIn.encode)
	if err != nil {
		return nil, err
	}
	return &UnverifiedStatement[SignIn]{s, c.signatures[0], c}, nil
}

// ParseApproval reads a decision as ParseSignIn reads a sign-in.
func ParseApproval(jws []byte) (*UnverifiedStatement[Approval], error) {
	a, c, err := parseStatement(jws, Approval.encode)
	if err != nil {
		return nil, err
	}
	if !a.sane() {
		return nil, fmt.Errorf("%w: decision", ErrForm)
	}
	return &UnverifiedStatement[Approval]{a, c.signatures[0], c}, nil
}

// ParseAlertDecision reads a decision about an alert as ParseApproval reads one about a case.
func ParseAlertDecision(jws []byte) (*UnverifiedStatement[AlertDecision], error) {
	a, c, err := parseStatement(jws, AlertDecision.encode)
	if err != nil {
		return nil, err
	}
	if !a.sane() {
		return nil, fmt.Errorf("%w: decision", ErrForm)
	}
	return &UnverifiedStatement[AlertDecision]{a, c.signatures[0], c}, nil
}

// Verify verifies the signature with the certificate that it names.
func (u *UnverifiedStatement[T]) Verify() error { return u.claimed.verify() }

func parseStatement[T statement](jws []byte, encode func(T) ([]byte, error)) (s T, c claimed, err error) {
	if c, err = parse(jws, 1); err != nil {
		return s, c, err
	}
	if len(c.payload) > maxStatement {
		return s, c, fmt.Errorf("%w: too long", ErrForm)
	}
	if s, err = canonical.Decode(c.payload, encode); err != nil {
		return s, c, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if len(c.signatures) != 1 || c.signatures[0].Role != s.role() {
		return s, c, errors.New("JWS signed as something else")
	}
	return s, c, nil
}
