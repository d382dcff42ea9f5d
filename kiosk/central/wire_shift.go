package central

import (
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// Shift is a shift that begins once its challenge was signed.
type Shift struct {
	Challenge []byte    `json:"challenge,omitzero"`  // 32 bytes, for a staff card to sign
	ExpiresAt time.Time `json:"expires_at,omitzero"` // of the challenge
}

// SignIn is a sign-in statement or an admission, transcript.SignIn signed.
type SignIn struct {
	JWS []byte `json:"jws,omitzero"`
}

// SignedIn says who is signed in and until when, or why nobody is.
type SignedIn struct {
	Refusal    Refusal   `json:"refusal,omitzero"`
	Staff      string    `json:"staff,omitzero"` // number
	Name       string    `json:"name,omitzero"`
	Role       string    `json:"role,omitzero"` // a kiosk.Role
	EndsAt     time.Time `json:"ends_at,omitzero"`
	TriesLeft  int       `json:"tries_left"`           // sign-ins that may still fail, of this member of staff at this desk
	AdmittedBy string    `json:"admitted_by,omitzero"` // the number of the supervisor who signed for Staff
}

// SignInFailure tells the centre of a sign-in that failed at the desk: the card refused a PIN.
type SignInFailure struct {
	Fingerprint []byte `json:"fingerprint,omitzero"` // SHA-256 of the certificate of the staff card, DER
}

// SignInFailed is how many sign-ins may still fail. Refusal is StaffUnknown or StaffLocked.
type SignInFailed struct {
	Refusal   Refusal `json:"refusal,omitzero"`
	TriesLeft int     `json:"tries_left"`
}

// Cases are the cases that a supervisor may take, oldest first; at most a hundred.
type Cases struct {
	Cases []Case `json:"cases"`
}

// Case is an enrolment that waits for a supervisor, without anything about the person.
type Case struct {
	Enrolment uuid.UUID `json:"enrolment"`
	OpenedAt  time.Time `json:"opened_at"`
	Desk      string    `json:"desk"`
	Staff     string    `json:"staff,omitzero"` // number of whoever enrols
	Name      string    `json:"name,omitzero"`
	Reasons   []string  `json:"reasons"`
	LeasedTo  string    `json:"leased_to,omitzero"` // number of the supervisor who has it
}

// LeasedCase is what the supervisor who takes a case decides on, or a refusal and nothing else.
type LeasedCase struct {
	Refusal     Refusal     `json:"refusal,omitzero"`
	JWS         []byte      `json:"jws,omitzero"`   // the signed transcript
	Level       kiosk.Level `json:"level,omitzero"` // as the registrar found it, with the person's signature
	Checks      []CaseCheck `json:"checks,omitzero"`
	Reasons     []string    `json:"reasons,omitzero"`
	OpenedAt    time.Time   `json:"opened_at,omitzero"`
	Desk        string      `json:"desk,omitzero"`
	Staff       string      `json:"staff,omitzero"`
	Name        string      `json:"name,omitzero"`
	LeasedUntil time.Time   `json:"leased_until,omitzero"` // taken again it lasts longer
}

// CaseCheck is a kiosk.Check that the registrar made.
type CaseCheck struct {
	Name   kiosk.CheckName `json:"name"`
	Result kiosk.Result    `json:"result"`
	Reason kiosk.Reason    `json:"reason,omitzero"`
	Source string          `json:"source,omitzero"`
	At     time.Time       `json:"at,omitzero"`
}

// Decision is an approval statement, transcript.Approval signed: that the case is approved, or refused.
type Decision struct {
	JWS []byte `json:"jws,omitzero"`
}

// Decided says that the registrar is told of the decision, or why not.
type Decided struct {
	Refusal Refusal `json:"refusal,omitzero"`
}

// CaseStatus is how far a decided case is.
type CaseStatus struct {
	State    State  `json:"state,omitzero"`   // StateWaiting, StateDeciding, StateActive or StateRefused
	Refusal  string `json:"refusal,omitzero"` // why it was refused: a word
	Register int64  `json:"register,omitzero"`
	Record   []byte `json:"-" column:"record"` // as in Status
}

// StateDeciding is the state of a case that a supervisor decided and the registrar has not yet.
const StateDeciding State = "deciding"
