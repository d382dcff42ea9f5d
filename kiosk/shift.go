package kiosk

import (
	"time"
)

// Role is what a member of staff may do. The centre says so, not the card.
type Role string

// Roles of staff.
const (
	RoleClerk      Role = "clerk"
	RoleSupervisor Role = "supervisor" // also decides about cases that wait
	RoleAuditor    Role = "auditor"    // begins no case
)

// Staff is a member of staff. Of a card that proved nothing yet, it is what its certificate says, and the Role is empty.
type Staff struct {
	Number, Name string
	Role         Role
}

// ShiftPhase is who works at the desk, and how far they are with signing in.
type ShiftPhase string

// Phases of a shift. The zero value is a desk that asks nobody to sign in: Settings.ShiftRequired.
const (
	ShiftNone    ShiftPhase = "none"    // nobody: a staff card is wanted
	ShiftCard    ShiftPhase = "card"    // a staff card is there, its PIN is asked for
	ShiftSigning ShiftPhase = "signing" // somebody signs in, or unlocks
	ShiftOpen    ShiftPhase = "open"    // cases begin
	ShiftLocked  ShiftPhase = "locked"  // the card of Staff is wanted, or another; with a Holder, its PIN is asked for
)

// ShiftState is who works at the desk. While the Phase is neither "" nor ShiftOpen, the rest of the State is that of an
// empty desk: nothing of a case that is kept behind the lock is in it.
type ShiftState struct {
	Phase      ShiftPhase
	OwnReader  bool        // the staff card has a reader of its own; otherwise it shares the citizens'
	Reader     int         // that holds the staff card, 0 when none does
	Holder     Staff       // as the card's certificate says, before anything is proven; zero when there is none
	TriesLeft  int         // of the card's PIN; -1 when unknown
	PINWrong   bool        // the last PIN was
	Problem    ProblemCode // why there is no shift, or no signature of the card
	Staff      Staff       // whose shift it is, also while it is locked
	AdmittedBy string      // number of the supervisor who admitted Staff without a card
	EndsAt     time.Time   // no case begins after it; zero without a shift
	WipeAt     time.Time   // when the kept case goes; zero when none is kept
	KeptCase   bool        // a case is kept behind the lock
	Forgotten  bool        // the number of somebody whose card is at home is typed
	Admits     string      // the number that was typed: a supervisor's card is wanted
	Waiting    int         // cases that wait for a supervisor; -1 when unknown
}

// StaffCardRead says whose a card in a reader says it is: an answer to ReadStaffCard.
type StaffCardRead struct {
	Reader    int
	Holder    Staff
	TriesLeft int
	OfShift   bool // its certificate is the one that the shift was signed in with
}

func (e StaffCardRead) apply(s *Session) {}

// StaffCardFailed says that a card cannot sign anybody in: an answer to ReadStaffCard.
type StaffCardFailed struct {
	Reader  int
	Problem ProblemCode
}

func (e StaffCardFailed) apply(s *Session) {}

// StaffPINTyped is the PIN of the staff card.
type StaffPINTyped struct{ PIN Secret }

func (e StaffPINTyped) apply(s *Session) { e.PIN.Wipe() }

// StaffPINRefused: the staff card did not accept the PIN. Without a try left it is blocked.
type StaffPINRefused struct{ TriesLeft int }

func (e StaffPINRefused) apply(s *Session) {}

// SignedIn: the centre opened a shift.
type SignedIn struct {
	Staff      Staff
	EndsAt     time.Time // by the centre's clock
	AdmittedBy string
}

func (e SignedIn) apply(s *Session) {}

// SignInRefused: the centre opens none. TriesLeft is how many more wrong sign-ins it allows here, -1 when it did not say.
type SignInRefused struct {
	Code      ProblemCode
	TriesLeft int
}

func (e SignInRefused) apply(s *Session) {}

// SignInFailed: signing in or unlocking came to nothing for a technical cause.
type SignInFailed struct{ Problem ProblemCode }

func (e SignInFailed) apply(s *Session) {}

// Unlocked: the card of the shift signed with its PIN.
type Unlocked struct{}

func (Unlocked) apply(s *Session) {}

// ShiftEnded: the centre ended the shift, for example because its holder was suspended.
type ShiftEnded struct{ Problem ProblemCode }

func (e ShiftEnded) apply(s *Session) {}

// LockScreen (Ctrl+L) locks the desk.
type LockScreen struct{}

func (LockScreen) apply(s *Session) {}

// SignOut ends the shift, on an empty desk.
type SignOut struct{}

func (SignOut) apply(s *Session) {}

// CardForgotten (F8): somebody's card is at home. Cancel takes it back.
type CardForgotten struct{}

func (CardForgotten) apply(s *Session) {}

// ForgottenNumberTyped is the number of somebody whose card is at home.
type ForgottenNumberTyped struct{ Number string }

func (e ForgottenNumberTyped) apply(s *Session) {}

// Doubt (F9) is the quiet mark: a supervisor is told of the case. Nothing in the State says so.
type Doubt struct{}

func (Doubt) apply(s *Session) {}

// ReadStaffCard finds out whose staff card is in a reader: StaffCardRead or StaffCardFailed.
type ReadStaffCard struct{ Reader int }

func (ReadStaffCard) command() {}

// SignIn signs in at the centre: SignedIn, StaffPINRefused, SignInRefused or SignInFailed. The runner wipes PIN.
type SignIn struct {
	Reader int
	PIN    Secret
	Admits string // number of the clerk whom a supervisor admits without a card; else empty
}

func (SignIn) command() {}

// UnlockShift proves, without the centre, that the card of the shift is back: Unlocked, StaffPINRefused, SignInRefused or
// SignInFailed. The runner wipes PIN.
type UnlockShift struct {
	Reader int
	PIN    Secret
}

func (UnlockShift) command() {}

// EndShift tells the centre that the shift is over. Nothing comes back.
type EndShift struct{}

func (EndShift) command() {}

// StaffSign adds the staff card's signature to the evidence: StaffSigned, StaffSignFailed or StaffPINRefused. Without a
// PIN it is the card that lies in its own reader, whose PIN was verified when the desk was unlocked. The runner wipes PIN.
type StaffSign struct {
	Case   CaseID
	Reader int
	PIN    Secret
}

func (StaffSign) command() {}

// StaffSigned: the staff card signed.
type StaffSigned struct{}

func (StaffSigned) applyToCase(s *Session) {}

// StaffSignFailed: the staff card did not sign.
type StaffSignFailed struct{ Problem ProblemCode }

func (e StaffSignFailed) applyToCase(s *Session) {}
