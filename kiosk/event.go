package kiosk

import (
	"time"

	"github.com/google/uuid"
)

// Event is something that happened: to a reader, at the centre, at the clerk's or citizen's hands,
// or to the clock. It knows what it does to a session: nothing, where it cannot happen now.
type Event interface{ apply(s *Session) }

// CaseEvent is an answer about one document or enrolment. It reaches the session inside an InCase.
type CaseEvent interface{ applyToCase(s *Session) }

// InCase is what happened in a case. When the case is over, nothing follows from it.
type InCase struct {
	Case  CaseID
	Event CaseEvent
}

func (e InCase) apply(s *Session) {
	if e.Event != nil {
		e.Event.applyToCase(s)
	}
}

// From the clock and the readers.
type (
	// Tick says what time it is. The runner sends one at State.Wake, and before another event when time
	// has passed.
	Tick struct{ Now time.Time }
	// ServiceChanged says how the smart-card service is: "" when it runs and has a reader.
	ServiceChanged struct{ Problem ProblemCode }
	// ReaderAdded says that a reader is there, still empty, so that the service runs as well.
	ReaderAdded struct {
		Reader int
		Name   string // as PC/SC calls it
	}
	// ReaderRemoved says that a reader is not there any more, nor what it held.
	ReaderRemoved struct{ Reader int }
	// CardInserted says that a card is in a reader meant for the citizen's document.
	CardInserted struct{ Reader int }
	// CardRemoved says that the reader is empty.
	CardRemoved struct{ Reader int }
	// CardMute says that a card does not power up.
	CardMute struct{ Reader int }
)

// From reading a document.
type (
	// Activity says what is being read now, as a catalogue key.
	Activity struct {
		Key string
	}
	// CardHeld says that another program on this computer holds the case's card and is waited for, or, with Held false, no
	// more.
	CardHeld struct{ Held bool }
	// DocumentRecognised says what the document is, as far as it can be told before it is opened; "" when a
	// chip says only that it is a travel document's. With Accepts it is locked and waits for what is
	// printed on it.
	DocumentRecognised struct {
		Kind    DocumentKind
		Accepts []AccessKind
	}
	// AccessRefused says that the chip did not open with what was typed.
	AccessRefused struct{}
	// IdentityRead brings the person as the document states it, before any check of it.
	IdentityRead struct {
		Identity Identity
		PINTries int
		Pinpad   bool
	}
	// PINTriesRead says how many tries the card's authentication PIN has left.
	PINTriesRead struct {
		TriesLeft int
	}
	// CheckDone brings the answer to one check.
	CheckDone struct {
		Check Check
	}
	// PhotoProgress says how much of the photograph was read.
	PhotoProgress struct {
		Percent int
	}
	// PhotoRead brings the photograph ready for the screen; nil when the document has none that can be shown.
	PhotoRead struct {
		Photo *Photo
	}
	// DocumentComplete says that everything was read and every check before the signature was answered.
	DocumentComplete struct {
		Assurance Assurance
		Signing   Signing
	}
	// DocumentRefused ends the reading: the document cannot be used.
	DocumentRefused struct {
		Reason Reason
	}
	// DocumentFailed ends the reading for a cause that is not the document's: reader busy, service gone.
	DocumentFailed struct {
		Problem Problem
	}
	// CardReturned says that the card now in the reader is the one that was read. It may be another reader
	// than before, with a keypad or without.
	CardReturned struct {
		Reader int
		Pinpad bool
	}
)

// From the clerk.
type (
	// PersonConfirmed: the photograph is this person's.
	PersonConfirmed struct{}
	// PersonMismatch: it is not. Ends the case.
	PersonMismatch struct{}
	// NoChip says that the document has no chip, or one that cannot be read: its machine-readable zone is
	// typed instead.
	NoChip struct{}
	// AccessTyped is what the clerk typed so far, or what a document reader typed, of the machine-readable
	// zone or the card access number.
	AccessTyped struct {
		Kind AccessKind
		Text string
	}
	// AccessAgain goes back to typing, with what was typed before, while a chip is being opened or read.
	AccessAgain struct{}
	// EligibilityEntered is what was brought besides the document, as entered so far.
	EligibilityEntered struct{ Eligibility Eligibility }
	// ContactEntered asks for a code to this phone number or e-mail address.
	ContactEntered struct {
		Channel Channel
		Text    string
	}
	// Resend asks for a new code to the same contact.
	Resend struct{ Channel Channel }
	// Continue is the step's main button.
	Continue struct{}
	// Back returns to the step before, keeping what was proven.
	Back struct{}
	// Correct goes to the step in which what the person disputes was entered: StepContact, or StepEligibility for
	// the tax number and the papers. In StepContact itself it opens what is proven to be changed.
	Correct struct{ Step Step }
	// NewPIN chooses another PIN in place of a sealed one, after Back.
	NewPIN struct{}
	// Retry tries again what a Problem stopped: reads the document again, asks the centre again.
	Retry struct{}
	// OtherDocument drops this document and waits for another.
	OtherDocument struct{}
	// Cancel asks to end the case; the screen confirms with CancelConfirmed or CancelDismissed.
	Cancel struct{}
	// CancelConfirmed ends the case.
	CancelConfirmed struct{}
	// CancelDismissed goes on.
	CancelDismissed struct{}
	// NextPerson clears the screens after a finished case.
	NextPerson struct{}
	// HandOver gives the only screen to the citizen (F2), or takes it back.
	HandOver struct{ ToCitizen bool }
	// StillHere says that somebody is at work on a screen without having sent anything: they type, or
	// answered the warning before the case ends by itself.
	StillHere struct{}
	// LanguageChosen switches one of the two screens.
	LanguageChosen struct {
		Citizen  bool // otherwise the clerk's
		Language Language
	}
)

// From the citizen.
type (
	// CodeTyped is the one-time code for the awaited channel.
	CodeTyped struct{ Code Secret }
	// PINTyped is the first or the second entry of the new PIN.
	PINTyped struct{ PIN Secret }
	// Agreed: everything shown is right, bind it.
	Agreed struct{}
	// SomethingWrong: it is not. The clerk goes back or cancels.
	SomethingWrong struct{}
	// CardPINTyped is the Citizen Card's authentication PIN.
	CardPINTyped struct{ PIN Secret }
)

// From the centre and the signature.
type (
	// CentreChanged says how the centre is reached, and how delivery does there.
	CentreChanged struct {
		Centre   CentreStatus
		Delivery Health
		Rules    Rules // of a centre that answers; others are ignored
	}
	// Opened brings the centre's challenge for this enrolment; it stays with the runner, the session
	// needs to know only that it is there. ExpiresAt is by the centre's clock.
	Opened struct {
		ExpiresAt time.Time
	}
	// OpenRefused: the centre opens no enrolment, for example because the person has a key.
	OpenRefused struct {
		Code ProblemCode
	}
	// CodeQueued: the centre took the message. Times are by the centre's clock.
	CodeQueued struct {
		Channel   Channel
		SentAt    time.Time
		ExpiresAt time.Time
		ResendAt  time.Time
		SendsLeft int
		TriesLeft int
		Tries     int
	}
	// CodeRefused: the centre sends none, for the reason given.
	CodeRefused struct {
		Channel Channel
		Problem ContactProblem
	}
	// DeliveryChanged says how far the message came.
	DeliveryChanged struct {
		Channel  Channel
		Delivery Delivery
	}
	// CodeAnswered: the centre compared the code, At by its own clock.
	CodeAnswered struct {
		Channel   Channel
		Problem   ContactProblem // ContactOK when confirmed
		TriesLeft int
		Proof     uuid.UUID
		At        time.Time
	}
	// PINWasSealed: the PIN left the session, sealed to the centre's key.
	PINWasSealed struct{}
	// RulesChanged: nothing was signed, because the centre told of other rules first (CentreChanged).
	RulesChanged struct{}
	// CardPINRefused: the card did not accept the PIN.
	CardPINRefused struct {
		TriesLeft int
	}
	// Signed: the card signed the transcript; the evidence waits in the runner.
	Signed struct {
		Check Check // CheckKey
	}
	// SignFailed: the card did not sign. ReasonRemoved and ReasonCardChanged ask for the same card again;
	// other reasons end the case.
	SignFailed struct {
		Reason Reason
	}
	// BindWaiting: the centre does not answer; the runner keeps trying.
	BindWaiting struct{}
	// KeyActive: the centre verified everything and the key works.
	KeyActive struct {
		Register   int64 // number in the centre's register
		ActiveAt   time.Time
		ValidUntil Date // the last day
		Level      Level
	}
	// KeyRefused: the centre did not accept it.
	KeyRefused struct {
		Code ProblemCode
	}
	// CommandFailed: a command could not be carried out for a technical cause. Channel names the contact
	// of a SendCode or ConfirmCode; without it, everything under way has failed.
	CommandFailed struct {
		Channel Channel
		Problem Problem
	}
)

func (Retry) apply(s *Session)            { s.retry() }
func (CancelDismissed) apply(s *Session)  { s.state.ConfirmCancel = false }
func (NextPerson) apply(s *Session)       { s.nextPerson() }
func (StillHere) apply(s *Session)        {}
func (Agreed) apply(s *Session)           { s.agreed() }
func (e CardHeld) applyToCase(s *Session) { s.state.Document.Held = e.Held && !s.over() }
