package kiosk

import (
	"time"

	"github.com/google/uuid"
)

// Event is something that happened: to a reader, at the centre, at the clerk's or citizen's hands,
// or to the clock. Events about a document or an enrolment carry its CaseID.
type Event interface{ event() }

// From the clock and the readers.
type (
	// Tick says what time it is. The runner sends one at State.Wake, and before another event when time
	// has passed.
	Tick struct{ Now time.Time }
	// ServiceChanged says how the smart-card service is: "" when it runs and has a reader.
	ServiceChanged struct{ Problem ProblemCode }
	// ReadersChanged lists the readers there are now.
	ReadersChanged struct{ Readers []ReaderStatus }
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
		Case CaseID
		Key  string
	}
	// CardHeld says that another program on this computer holds the case's card and is waited for, or, with Held false, no
	// more.
	CardHeld struct {
		Case CaseID
		Held bool
	}
	// DocumentRecognised says what the document is, as far as it can be told before it is opened; "" when a
	// chip says only that it is a travel document's. With Accepts it is locked and waits for what is
	// printed on it.
	DocumentRecognised struct {
		Case    CaseID
		Kind    DocumentKind
		Accepts []AccessKind
	}
	// AccessRefused says that the chip did not open with what was typed.
	AccessRefused struct{ Case CaseID }
	// IdentityRead brings the person as the document states it, before any check of it.
	IdentityRead struct {
		Case     CaseID
		Identity Identity
		PINTries int
		Pinpad   bool
	}
	// PINTriesRead says how many tries the card's authentication PIN has left.
	PINTriesRead struct {
		Case      CaseID
		TriesLeft int
	}
	// CheckDone brings the answer to one check.
	CheckDone struct {
		Case  CaseID
		Check Check
	}
	// PhotoProgress says how much of the photograph was read.
	PhotoProgress struct {
		Case    CaseID
		Percent int
	}
	// PhotoRead brings the photograph ready for the screen; nil when the document has none that can be shown.
	PhotoRead struct {
		Case  CaseID
		Photo *Photo
	}
	// DocumentComplete says that everything was read and every check before the signature was answered.
	DocumentComplete struct {
		Case      CaseID
		Assurance Assurance
		Signing   Signing
	}
	// DocumentRefused ends the reading: the document cannot be used.
	DocumentRefused struct {
		Case   CaseID
		Reason Reason
	}
	// DocumentFailed ends the reading for a cause that is not the document's: reader busy, service gone.
	DocumentFailed struct {
		Case    CaseID
		Problem Problem
	}
	// CardReturned says that the card now in the reader is the one that was read. It may be another reader
	// than before, with a keypad or without.
	CardReturned struct {
		Case   CaseID
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
	// Correct goes to the step in which what the person disputes was entered: StepContact, or StepIdentity for
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
		Case      CaseID
		ExpiresAt time.Time
	}
	// OpenRefused: the centre opens no enrolment, for example because the person has a key.
	OpenRefused struct {
		Case CaseID
		Code ProblemCode
	}
	// CodeQueued: the centre took the message. Times are by the centre's clock.
	CodeQueued struct {
		Case      CaseID
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
		Case    CaseID
		Channel Channel
		Problem ContactProblem
	}
	// DeliveryChanged says how far the message came.
	DeliveryChanged struct {
		Case     CaseID
		Channel  Channel
		Delivery Delivery
	}
	// CodeAnswered: the centre compared the code, At by its own clock.
	CodeAnswered struct {
		Case      CaseID
		Channel   Channel
		Problem   ContactProblem // ContactOK when confirmed
		TriesLeft int
		Proof     uuid.UUID
		At        time.Time
	}
	// PINWasSealed: the PIN left the session, sealed to the centre's key.
	PINWasSealed struct{ Case CaseID }
	// RulesChanged: nothing was signed, because the centre told of other rules first (CentreChanged).
	RulesChanged struct{ Case CaseID }
	// CardPINRefused: the card did not accept the PIN.
	CardPINRefused struct {
		Case      CaseID
		TriesLeft int
	}
	// Signed: the card signed the transcript; the evidence waits in the runner.
	Signed struct {
		Case  CaseID
		Check Check // CheckKey
	}
	// SignFailed: the card did not sign. ReasonRemoved and ReasonCardChanged ask for the same card again;
	// other reasons end the case.
	SignFailed struct {
		Case   CaseID
		Reason Reason
	}
	// BindWaiting: the centre does not answer; the runner keeps trying.
	BindWaiting struct{ Case CaseID }
	// KeyActive: the centre verified everything and the key works.
	KeyActive struct {
		Case       CaseID
		Register   int64 // number in the centre's register
		ActiveAt   time.Time
		ValidUntil Date // the last day
		Level      Level
	}
	// KeyRefused: the centre did not accept it.
	KeyRefused struct {
		Case CaseID
		Code ProblemCode
	}
	// CommandFailed: a command could not be carried out for a technical cause. Channel names the contact
	// of a SendCode or ConfirmCode; without it, everything under way has failed.
	CommandFailed struct {
		Case    CaseID
		Channel Channel
		Problem Problem
	}
)

func (Tick) event()               {}
func (ServiceChanged) event()     {}
func (ReadersChanged) event()     {}
func (CardInserted) event()       {}
func (CardRemoved) event()        {}
func (CardMute) event()           {}
func (Activity) event()           {}
func (CardHeld) event()           {}
func (IdentityRead) event()       {}
func (PINTriesRead) event()       {}
func (DocumentRecognised) event() {}
func (AccessRefused) event()      {}
func (NoChip) event()             {}
func (AccessTyped) event()        {}
func (AccessAgain) event()        {}
func (EligibilityEntered) event() {}
func (CheckDone) event()          {}
func (PhotoProgress) event()      {}
func (PhotoRead) event()          {}
func (DocumentComplete) event()   {}
func (DocumentRefused) event()    {}
func (DocumentFailed) event()     {}
func (CardReturned) event()       {}
func (PersonConfirmed) event()    {}
func (PersonMismatch) event()     {}
func (ContactEntered) event()     {}
func (Resend) event()             {}
func (Continue) event()           {}
func (Back) event()               {}
func (Correct) event()            {}
func (NewPIN) event()             {}
func (Retry) event()              {}
func (OtherDocument) event()      {}
func (Cancel) event()             {}
func (CancelConfirmed) event()    {}
func (CancelDismissed) event()    {}
func (NextPerson) event()         {}
func (HandOver) event()           {}
func (StillHere) event()          {}
func (LanguageChosen) event()     {}
func (CodeTyped) event()          {}
func (PINTyped) event()           {}
func (Agreed) event()             {}
func (SomethingWrong) event()     {}
func (CardPINTyped) event()       {}
func (CentreChanged) event()      {}
func (Opened) event()             {}
func (OpenRefused) event()        {}
func (CodeQueued) event()         {}
func (CodeRefused) event()        {}
func (DeliveryChanged) event()    {}
func (CodeAnswered) event()       {}
func (PINWasSealed) event()       {}
func (RulesChanged) event()       {}
func (CardPINRefused) event()     {}
func (Signed) event()             {}
func (SignFailed) event()         {}
func (BindWaiting) event()        {}
func (KeyActive) event()          {}
func (KeyRefused) event()         {}
func (CommandFailed) event()      {}

// caseEvent is an event about one case; those of an earlier case fall to the floor.
type caseEvent interface{ caseID() CaseID }

func (e Activity) caseID() CaseID           { return e.Case }
func (e CardHeld) caseID() CaseID           { return e.Case }
func (e IdentityRead) caseID() CaseID       { return e.Case }
func (e PINTriesRead) caseID() CaseID       { return e.Case }
func (e DocumentRecognised) caseID() CaseID { return e.Case }
func (e AccessRefused) caseID() CaseID      { return e.Case }
func (e CheckDone) caseID() CaseID          { return e.Case }
func (e PhotoProgress) caseID() CaseID      { return e.Case }
func (e PhotoRead) caseID() CaseID          { return e.Case }
func (e DocumentComplete) caseID() CaseID   { return e.Case }
func (e DocumentRefused) caseID() CaseID    { return e.Case }
func (e DocumentFailed) caseID() CaseID     { return e.Case }
func (e CardReturned) caseID() CaseID       { return e.Case }
func (e Opened) caseID() CaseID             { return e.Case }
func (e OpenRefused) caseID() CaseID        { return e.Case }
func (e CodeQueued) caseID() CaseID         { return e.Case }
func (e CodeRefused) caseID() CaseID        { return e.Case }
func (e DeliveryChanged) caseID() CaseID    { return e.Case }
func (e CodeAnswered) caseID() CaseID       { return e.Case }
func (e PINWasSealed) caseID() CaseID       { return e.Case }
func (e RulesChanged) caseID() CaseID       { return e.Case }
func (e CardPINRefused) caseID() CaseID     { return e.Case }
func (e Signed) caseID() CaseID             { return e.Case }
func (e SignFailed) caseID() CaseID         { return e.Case }
func (e BindWaiting) caseID() CaseID        { return e.Case }
func (e KeyActive) caseID() CaseID          { return e.Case }
func (e KeyRefused) caseID() CaseID         { return e.Case }
func (e CommandFailed) caseID() CaseID      { return e.Case }
