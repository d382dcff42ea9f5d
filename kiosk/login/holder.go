package login

import (
	"time"

	"balcao/kiosk"
)

// Overview is a key as its holder sees it.
type Overview struct {
	State      kiosk.KeyStatus `json:"state"`
	Level      string          `json:"level"`
	ValidUntil kiosk.Date      `json:"valid_until,omitzero"`
	Contacts   []OwnContact    `json:"contacts,omitempty"`
	Last       LastUse         `json:"last,omitzero"`
	History    []Change        `json:"history,omitempty"` // the newest first
}

// OwnContact is a proven contact, masked.
type OwnContact struct {
	Channel kiosk.Channel `json:"channel"`
	Masked  string        `json:"masked"`
}

// LastUse is when somebody signed in with the key last. Where to is kept nowhere.
type LastUse struct {
	At      time.Time     `json:"at"`
	Channel kiosk.Channel `json:"channel"`
}

// Change is one change of a key. Desk is "" for the centre itself.
type Change struct {
	At     time.Time       `json:"at"`
	To     kiosk.KeyStatus `json:"to_state"`
	Cause  string          `json:"cause"`
	Reason kiosk.KeyReason `json:"reason,omitempty"`
	Desk   string          `json:"desk,omitempty"`
}

// PINProblem is why a PIN was not changed.
type PINProblem string

// Why a PIN was not changed.
const (
	PINOK      PINProblem = ""
	PINWeak    PINProblem = "weak"    // breaks a rule of kiosk.PINPolicy
	PINOther   PINProblem = "other"   // the second time it was another
	PINSame    PINProblem = "same"    // the PIN as it was
	PINStale   PINProblem = "stale"   // signed in too long ago: again, with PIN and code
	PINPending PINProblem = "pending" // another change is on its way
)

// Pending says how far a change is that a registrar signs.
type Pending string

// How far a change is.
const (
	Queued  Pending = "queued"
	Applied Pending = "done"
	Failed  Pending = "failed"
)

// ActivationStep is how far somebody is who activates a key with a code.
type ActivationStep string

// Steps of an activation, in their order.
const (
	ActivationCode    ActivationStep = "code"    // name, activation code and PIN: Activate
	ActivationContact ActivationStep = "contact" // the code came by letter: a contact is named, ActivateContact
	ActivationProof   ActivationStep = "proof"   // the code that went there: EnterCode, SendCode
	ActivationWaiting ActivationStep = "waiting" // a registrar signs the record; look again
	ActivationDone    ActivationStep = "done"
	ActivationStopped ActivationStep = "stopped" // Problem says why: a desk goes on
)

// Activate names a pending key, the activation code that was sent and the key's PIN. The engine wipes both.
type Activate struct {
	Identifier, Country string
	Code, PIN           []byte
}

// ActivateContact names a mobile number or an address.
type ActivateContact struct{ Text string }

func (Activate) action()        {}
func (ActivateContact) action() {}

// Problems of an activation, besides those of a visit: No stands for a wrong code too.
const (
	ContactInvalid Problem = "contact_invalid" // ActivationContact
	ContactTaken   Problem = "contact_taken"   // ActivationContact: belongs to another person's key
)

// ActivationPage is what a page of an activation shows.
type ActivationPage struct {
	Step           ActivationStep
	Problem        Problem
	Typed, Country string
	Channel        kiosk.Channel
	Contact        string // masked: where the code went
	ResendIn       time.Duration
	TriesLeft      int
}
