package kiosk

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// CaseID numbers the documents of a run of the desk. Events carry the number of the document they
// speak of; those of an earlier one fall to the floor.
type CaseID uint64

// State is everything the screens draw, and nothing secret. It is a value: a screen may keep an old
// one. Slices in it are never changed in place.
type State struct {
	Now    time.Time // the clock as of the last event
	Wake   time.Time // when the session wants the next Tick; zero when nothing is timed
	IdleAt time.Time // when an untouched case ends by itself; zero when none can

	DeskName        string // "Loja de Cidadão das Laranjeiras · Balcão 07"
	MinAge          int    // completed years from which a person may enrol
	TypedMRZ        bool   // documents without a chip may be typed
	Errand          Errand // with the steps that this person goes through
	Step            Step
	Case            CaseID
	Reference       string    // of the case, in the logs and for the support; empty without a case
	Started         time.Time // when this document was inserted
	ClerkLanguage   Language
	CitizenLanguage Language
	HandedOver      bool // one screen: it shows the citizen's page now
	ConfirmCancel   bool // the clerk pressed Esc; the screen asks whether to end the case
	IdleSoon        bool // IdleAt is near: the screen warns, and StillHere keeps the case
	Problem         *Problem
	LeftBehind      int // number of the reader that still holds a card of a case that is over, on an empty desk; 0 when none

	Status   Status
	Document DocumentState
	Eligible EligibleState
	Contact  ContactState
	PIN      PINState
	Review   ReviewState
	Receipt  *Receipt
}

// Status is the status bar: readers, centre, delivery.
type Status struct {
	Service  ProblemCode // "", or one of those for which ProblemCode.OfService holds
	Readers  []ReaderStatus
	Centre   CentreStatus
	Delivery Health
}

// Slot is what a reader holds.
type Slot string

// What a reader can hold.
const (
	SlotEmpty   Slot = "empty"
	SlotCard    Slot = "card"    // some card, not yet recognised
	SlotReading Slot = "reading" // the citizen's document is being read
	SlotCitizen Slot = "citizen_card"
	SlotTravel  Slot = "travel_document"
	SlotUnknown Slot = "unknown_card"
	SlotMute    Slot = "mute"
	SlotRemoved Slot = "removed" // the citizen's document was pulled while it is needed
)

// ReaderStatus is one card reader in the order the desk numbers them.
type ReaderStatus struct {
	Number int    // 1-based
	Name   string // as PC/SC calls it
	Slot   Slot
}

// Health is how a service is doing.
type Health string

// Health of a service.
const (
	HealthUnknown Health = ""
	HealthGood    Health = "good"
	HealthPoor    Health = "poor" // works, with delays or for one channel only
	HealthDown    Health = "down"
)

// CentreStatus is the connection to the centre.
type CentreStatus struct {
	Health    Health
	RoundTrip time.Duration // of the last call
	Skew      time.Duration // this computer's clock minus the centre's
}

// Signing says what a document contributes to the evidence when the person has agreed.
type Signing string

// What a document contributes.
const (
	SigningPIN  Signing = ""     // a Citizen Card signs the transcript once its PIN is typed
	SigningChip Signing = "chip" // a travel document's chip answers the centre's challenge
	SigningDesk Signing = "desk" // nothing: the desk declares what its clerk saw
)

// DocumentState is the document at hand and what was learnt from it.
type DocumentState struct {
	Kind         DocumentKind // as far as recognised; "" before
	Access       AccessState  // what has to be typed for it
	Signing      Signing      // known when Complete
	Reader       int          // 1-based number of the reader it is or was in
	Reading      bool
	Activity     string // catalogue key of what is being read now
	Held         bool   // another program on this computer holds the card; the work goes on when it lets go
	Identity     *Identity
	Photo        *Photo // nil until read; see PhotoAbsent
	PhotoAbsent  bool   // the document carries none that can be shown; why is with CheckPhotoData
	PhotoPercent int
	Checks       []Check // in the order of the Check… constants, pending ones included
	Complete     bool    // everything was read and every check before the signature is in
	Assurance    Assurance
	CardPresent  bool // the same card is still (or again) in the reader
	PINTries     int  // tries left of the authentication PIN
	Pinpad       bool // the reader has its own keypad: the card's PIN is typed there
}

// PhotoUnshown reports whether the chip should have a photograph and has none that can be shown, so that the clerk
// compares the person with the one that is printed.
func (d DocumentState) PhotoUnshown() bool {
	return d.PhotoAbsent && slices.ContainsFunc(d.Checks, func(c Check) bool {
		return c.Name == CheckPhotoData && c.Reason == ReasonPhotoUnshown
	})
}

// EligibleState is what a person without a Citizen Card brings besides the document.
type EligibleState struct {
	Second  bool // a second clerk has to compare document and person
	Entered Eligibility
	Faults  []Fault // of what was entered, in the order of the page; shown once Refused
	Refused bool    // the clerk wanted to go on and could not
	Opened  string  // the tax number with which the centre opened the enrolment; another one means another enrolment
}

// Channel is a kind of contact.
type Channel string

// Kinds of contacts.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// Delivery says how far a message came.
type Delivery string

// How far a message came.
const (
	DeliveryNone      Delivery = ""
	DeliveryQueued    Delivery = "queued"
	DeliverySent      Delivery = "sent"
	DeliveryDelivered Delivery = "delivered"
	DeliveryFailed    Delivery = "failed"
)

// ContactProblem says why a contact or a code was not accepted.
type ContactProblem string

// Why a contact or a code was not accepted.
const (
	ContactOK        ContactProblem = ""
	ContactInvalid   ContactProblem = "invalid"    // not a phone number or e-mail address, for no reason that has a name below
	ContactNotMobile ContactProblem = "not_mobile" // cannot receive SMS
	ContactTaken     ContactProblem = "taken"      // belongs to another person's key
	CodeWrong        ContactProblem = "code_wrong"
	CodeExpired      ContactProblem = "code_expired"
	CodeLost         ContactProblem = "code_lost"      // typed, and not compared for a technical cause
	CodeLocked       ContactProblem = "code_locked"    // too many wrong codes for this contact, at this desk or others
	ChannelLocked    ContactProblem = "channel_locked" // too many in this enrolment: no contact of the channel can be proven in it
	Undelivered      ContactProblem = "undelivered"    // the message did not arrive
	ResendsUsed      ContactProblem = "resends_used"   // 3 resends in 15 minutes
	TooSoon          ContactProblem = "too_soon"       // a resend before ResendAt
)

// What is wrong with a phone number or an address as it was typed.
const (
	PhoneDigitMissing  ContactProblem = "digit_missing"  // one
	PhoneDigitsMissing ContactProblem = "digits_missing" // more than one
	PhoneDigitExtra    ContactProblem = "digit_extra"
	PhoneDigitsExtra   ContactProblem = "digits_extra"
	PhoneUnassigned    ContactProblem = "unassigned" // as long as a number is, and nobody's
	PhoneCountry       ContactProblem = "country"    // no such country code
	PhoneCharacters    ContactProblem = "phone_characters"
	EmailAtMissing     ContactProblem = "at_missing"
	EmailAtTwice       ContactProblem = "at_twice"
	EmailSpace         ContactProblem = "space"
	EmailNameMissing   ContactProblem = "name_missing"   // nothing before the @
	EmailDomainMissing ContactProblem = "domain_missing" // nothing behind it
	EmailEndingMissing ContactProblem = "ending_missing" // no dot in the domain, or nothing behind it
	EmailCharacters    ContactProblem = "email_characters"
)

// ContactState is both channels and which of them is waiting for a code.
type ContactState struct {
	Opening    bool // the enrolment is being opened at the centre
	Phone      ChannelState
	Email      ChannelState
	Awaited    Channel // the channel whose code the citizen's screen asks for; "" when none
	Failed     Channel // the one last asked for, when it stopped and none is asked for now: the clerk's turn; see ChannelState.Stopped
	Correcting bool    // what is proven may be changed, which ends its proof
	Settled    bool    // at least one channel is confirmed: the clerk may continue
}

// ChannelState is one phone number or e-mail address on its way to being proven. Times are by the centre's
// clock, which CentreStatus.Skew compares with this computer's.
type ChannelState struct {
	Text        string // as typed
	Value       string // normalised: E.164 or addr-spec; empty until valid
	Sending     bool   // on its way to the centre
	Checking    bool   // a code is being compared at the centre
	Delivery    Delivery
	SentAt      time.Time
	ExpiresAt   time.Time
	ResendAt    time.Time // earliest next resend
	SendsLeft   int
	TriesLeft   int
	Tries       int // allowed in all
	ConfirmedAt time.Time
	Proof       uuid.UUID // the centre's record of the confirmation
	Problem     ContactProblem
}

// Confirmed reports whether possession of the contact was proven.
func (c ChannelState) Confirmed() bool { return !c.ConfirmedAt.IsZero() }

// Stopped says why a code that was sent can no longer confirm the contact: both screens tell it, and the clerk goes
// on. ContactOK while the code can, once it has, or when none was sent.
func (c ChannelState) Stopped() ContactProblem {
	switch {
	case c.Confirmed(), c.SentAt.IsZero():
	case c.Problem == CodeLocked, c.Problem == ChannelLocked, c.Problem == ContactTaken, c.Problem == CodeExpired:
		return c.Problem
	case c.Delivery == DeliveryFailed:
		return Undelivered
	}
	return ContactOK
}

// PINPhase is where the citizen is in choosing a PIN.
type PINPhase string

// Phases of choosing a PIN.
const (
	PINFirst   PINPhase = "first"
	PINRepeat  PINPhase = "repeat"
	PINSealing PINPhase = "sealing"
	PINSealed  PINPhase = "sealed"
)

// PINState is what both screens may know of the PIN: never a digit.
type PINState struct {
	Phase    PINPhase
	Policy   PINPolicy // what the citizen's screen checks while digits are typed
	Mismatch bool      // the second entry differed: start again
	Refused  bool      // the first entry broke a rule
	Outdated bool      // one was sealed, and may hold what was entered since: another is chosen
	Changed  bool      // the centre has other rules since a PIN was chosen: another has to be
}

// ReviewPhase is where the review stands.
type ReviewPhase string

// Phases of review and signature.
const (
	ReviewReading ReviewPhase = "reading"  // the citizen reads what will be bound
	ReviewCard    ReviewPhase = "card"     // waiting for the same card in the reader
	ReviewCardPIN ReviewPhase = "card_pin" // waiting for the card's authentication PIN
	ReviewSigning ReviewPhase = "signing"
	ReviewBinding ReviewPhase = "binding" // evidence is at or on its way to the centre: no cancel any more
)

// ReviewState is the last step before the key exists.
type ReviewState struct {
	Phase     ReviewPhase
	Disputed  bool // the citizen pressed "something is wrong"
	PINWrong  bool // the last card PIN was wrong; Document.PINTries says how many are left
	Waiting   bool // the centre does not answer; the desk keeps trying
	BindSince time.Time
}

// Receipt is a key that is active.
type Receipt struct {
	Person     string // full name
	Register   int64  // number in the centre's register
	Login      string // the contact the person signs in with
	ActiveAt   time.Time
	ValidUntil Date // the last day
	Beyond     int  // days by which that is after the document's last
	Assurance  Assurance
	DeskTime   time.Duration // from insertion of the document to the active key
	WipeAt     time.Time     // when the screen clears itself
}

// MayCancel reports whether the case can still end without a trace: until the evidence leaves.
func (s State) MayCancel() bool {
	return s.Step != StepDone && s.Review.Phase != ReviewBinding
}

// Check returns the check of that name and whether it is in the list.
func (d DocumentState) Check(name CheckName) (Check, bool) {
	for _, c := range d.Checks {
		if c.Name == name {
			return c, true
		}
	}
	return Check{}, false
}
