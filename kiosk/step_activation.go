package kiosk

import "time"

// activationStep takes the code with which a pending key is activated.
type activationStep struct{ plainStep }

// ActivationState is the code of a pending key.
type ActivationState struct {
	Checking  bool // a code is being compared at the centre
	Proven    bool // it was right
	TriesLeft int  // -1 before one was wrong
	Problem   ContactProblem
	Channel   Channel // that the code came by
	Later     LaterState
}

// ActivationTyped is the activation code, as typed.
type ActivationTyped struct{ Code Secret }

func (e ActivationTyped) secret() Secret { return e.Code }

func (e ActivationTyped) apply(s *Session) { e.Code.Wipe() }

// ConfirmActivation asks the centre to compare: ActivationAnswered. The runner wipes Code, ten characters of
// ActivationAlphabet.
type ConfirmActivation struct {
	Case CaseID
	Code Secret
}

func (ConfirmActivation) command() {}

// ActivationAnswered: the centre compared the code.
type ActivationAnswered struct {
	Problem   ContactProblem // CodeWrong, CodeExpired, CodeLocked; ContactOK when it was right
	TriesLeft int
}

func (e ActivationAnswered) applyToCase(s *Session) {}

// LaterState is a contact that cannot be proven now: an activation code goes to it, or to an address.
type LaterState struct {
	Channel   Channel        // SMS, Email or Letter; "" while nobody said "not now"
	Text      string         // as typed
	Value     string         // E.164 or addr-spec
	Address   *PostalAddress // of a letter; nil before it was typed
	Fault     AddressFault   // the first thing that is wrong with it
	Problem   ContactProblem
	Sending   bool      // the centre is told
	Set       bool      // the centre has it
	ExpiresAt time.Time // of the code, by the centre's clock, once set
}

// AddressFault is a part of an address that is missing or cannot be: "name", "lines", "postcode", "town", "country".
type AddressFault string

// LaterChosen says that no contact can be proven now, and how the activation code goes; with "" one can after all.
type LaterChosen struct{ Channel Channel }

func (e LaterChosen) apply(s *Session) {}

// LaterEntered is where the activation code goes.
type LaterEntered struct {
	Text    string        // the phone number or the e-mail address
	Address PostalAddress // of a letter
}

func (e LaterEntered) apply(s *Session) {}

// SetActivation tells the centre how the activation code of the enrolment goes; a new one kills the old. Without a
// channel none goes. ActivationSet, or ActivationRefused.
type SetActivation struct {
	Case       CaseID
	Activation ActivationFacts
	Language   Language
	Resend     bool // in the errand "activate": another code for the key that there is
}

func (SetActivation) command() {}

// ActivationSet: the centre has it.
type ActivationSet struct{ ExpiresAt time.Time }

func (e ActivationSet) applyToCase(s *Session) {}

// ActivationRefused: the centre does not send one there.
type ActivationRefused struct{ Problem ContactProblem }

func (e ActivationRefused) applyToCase(s *Session) {}
