package kiosk

import (
	"strings"
	"time"
)

// The shift stands above the errands: who works at the desk. What it is made of is here; how it is locked is in
// shift_lock.go, and how the staff card signs at the end of a case in shift_sign.go.

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

// noShift is a desk where nobody is signed in.
func (s *Session) noShift(why ProblemCode) ShiftState {
	return ShiftState{Phase: ShiftNone, OwnReader: s.settings.StaffReader, TriesLeft: -1, Problem: why, Waiting: -1}
}

// shut reports whether nobody may work at the desk now.
func (s *Session) shut() bool { return s.settings.ShiftRequired && s.state.Shift.Phase != ShiftOpen }

// shiftOver reports whether the shift's time is over: the case at hand may be finished.
func (s *Session) shiftOver() bool { return s.due(s.state.Shift.EndsAt) }

// cardHeld reports whether the staff card has to stay in its reader. Who was admitted has none.
func (s *Session) cardHeld() bool { return s.settings.StaffReader && s.state.Shift.AdmittedBy == "" }

// wantsStaffCard reports whether a card that comes now may be a staff card, where that has no reader of its own.
func (s *Session) wantsStaffCard() bool {
	return s.settings.ShiftRequired && !s.settings.StaffReader && (s.shut() || s.lastPhase() == lastCard || s.lastPhase() == lastPIN)
}

// askWhose asks whose staff card is in a reader.
func (s *Session) askWhose(r *reader) {
	if r.staff {
		r.holds, r.unread = SlotStaff, false
	}
	if s.settings.ShiftRequired {
		s.state.Shift.Problem, s.strayUntil = "", time.Time{}
		r.asked = true
		s.ask(ReadStaffCard{Reader: r.number})
	}
}

// readStaff asks again whose the staff card is that is in a reader.
func (s *Session) readStaff() {
	shift := &s.state.Shift
	shift.Reader, shift.Holder, shift.TriesLeft, shift.PINWrong = s.holding(SlotStaff, false), Staff{}, -1, false
	if r := s.reader(shift.Reader); r != nil {
		r.asked = true
		s.ask(ReadStaffCard{Reader: r.number})
	}
}

// StaffCardRead says whose a card in a reader says it is: an answer to ReadStaffCard.
type StaffCardRead struct {
	Reader    int
	Holder    Staff
	TriesLeft int
	OfShift   bool // its certificate is the one that the shift was signed in with
}

// apply asks for the card's PIN, where it is wanted.
func (e StaffCardRead) apply(s *Session) {
	r, shift := s.reader(e.Reader), &s.state.Shift
	if r == nil || !r.asked {
		return
	}
	r.asked, r.holds, r.unread = false, SlotStaff, false
	wanted := s.shut() && shift.Phase != ShiftSigning
	if !wanted && s.lastPhase() != lastCard {
		return
	}
	shift.Reader, shift.Holder, shift.TriesLeft, shift.PINWrong = e.Reader, e.Holder, e.TriesLeft, false
	s.ofShift = e.OfShift
	switch {
	case e.TriesLeft == 0:
		shift.Problem = ProblemStaffPINBlocked
	case !wanted && !e.OfShift:
		shift.Problem = ProblemOtherStaffCard
	case !wanted:
		s.setLast(lastPIN)
	}
	if shift.Phase == ShiftNone {
		shift.Phase = ShiftCard
	}
}

// StaffCardFailed says that a card cannot sign anybody in: an answer to ReadStaffCard.
type StaffCardFailed struct {
	Reader  int
	Problem ProblemCode
}

// apply says so. In a reader that is not the staff card's alone it may be a citizen's document that came too early.
func (e StaffCardFailed) apply(s *Session) {
	r, shift := s.reader(e.Reader), &s.state.Shift
	if r == nil || !r.asked {
		return
	}
	r.asked = false
	if r.staff {
		r.holds = SlotUnknown
	}
	if !s.shut() && s.lastPhase() != lastCard || shift.Phase == ShiftSigning || shift.Reader != 0 && shift.Reader != e.Reader {
		return
	}
	*shift = s.withoutCard()
	shift.Problem = e.Problem
}

// withoutCard is the shift while no staff card is there.
func (s *Session) withoutCard() ShiftState {
	shift := s.state.Shift
	shift.Reader, shift.Holder, shift.TriesLeft, shift.PINWrong, shift.Problem = 0, Staff{}, -1, false, ""
	if shift.Phase == ShiftCard {
		shift.Phase = ShiftNone
	}
	s.ofShift = false
	return shift
}

// Characters of a staff card's PIN: digits (NIST SP 800-73-4 part 2 §2.4.3), though some cards take letters too.
const (
	staffPINMin = 6
	staffPINMax = 8
)

// StaffPINTyped is the PIN of the staff card.
type StaffPINTyped struct{ PIN Secret }

// apply signs in, unlocks, or signs a case. A PIN of an impossible length would cost a try; and a statement with the time of
// a clock that is wrong would be refused and counted.
func (e StaffPINTyped) apply(s *Session) {
	shift := &s.state.Shift
	asked := shift.Reader != 0 && shift.TriesLeft != 0 && !shift.Forgotten && len(e.PIN) >= staffPINMin && len(e.PIN) <= staffPINMax
	switch {
	case asked && (shift.Phase == ShiftCard || shift.Phase == ShiftLocked) && shift.Holder != Staff{}:
		unlocks := shift.Phase == ShiftLocked && s.ofShift && shift.Admits == ""
		if s.state.Now.Before(s.strayUntil) {
			e.PIN.Wipe()
			return
		}
		if why := s.barred(); why != "" && !unlocks {
			e.PIN.Wipe()
			shift.Problem = why
			return
		}
		shift.Phase, shift.PINWrong, shift.Problem = ShiftSigning, false, ""
		if unlocks {
			s.ask(UnlockShift{Reader: shift.Reader, PIN: e.PIN})
			return
		}
		s.ask(SignIn{Reader: shift.Reader, PIN: e.PIN, Admits: shift.Admits})
	case asked && !s.shut() && s.lastPhase() == lastPIN:
		s.staffSign(e.PIN)
	default:
		e.PIN.Wipe()
	}
}

// signInAgain returns from a sign-in that came to nothing to where it can be tried again.
func (s *Session) signInAgain(why ProblemCode) {
	shift := &s.state.Shift
	if shift.Phase != ShiftSigning {
		return
	}
	shift.Phase, shift.Problem = ShiftCard, why
	if shift.Staff != (Staff{}) {
		shift.Phase = ShiftLocked
	}
	if shift.Reader == 0 {
		*shift = s.withoutCard()
		shift.Problem = why
		s.readStaff()
	}
}

// StaffPINRefused: the staff card did not accept the PIN. Without a try left it is blocked.
type StaffPINRefused struct{ TriesLeft int }

// apply asks for the PIN again. Whoever cannot sign any more cannot finish a case either.
func (e StaffPINRefused) apply(s *Session) {
	shift, signing := &s.state.Shift, s.lastPhase() == lastSigning
	if shift.Phase != ShiftSigning && !signing {
		return
	}
	blocked := ProblemCode("")
	if e.TriesLeft <= 0 {
		blocked = ProblemStaffPINBlocked
	}
	shift.PINWrong, shift.TriesLeft = true, max(0, e.TriesLeft)
	switch {
	case shift.Phase == ShiftSigning:
		s.signInAgain(blocked)
	case blocked != "":
		s.endShift(blocked)
	default:
		s.setLast(lastPIN)
	}
}

// SignedIn: the centre opened a shift.
type SignedIn struct {
	Staff      Staff
	EndsAt     time.Time // by the centre's clock
	AdmittedBy string
}

// apply opens the desk. What the shift before kept behind the lock is nobody's here any more.
func (e SignedIn) apply(s *Session) {
	before := s.state.Shift
	if before.Phase != ShiftSigning {
		return
	}
	s.drop()
	s.note = ""
	opened := s.noShift("")
	opened.Phase, opened.Staff, opened.AdmittedBy = ShiftOpen, e.Staff, e.AdmittedBy
	opened.Reader, opened.EndsAt = before.Reader, e.EndsAt.Add(s.state.Status.Centre.Skew)
	s.state.Shift = opened
	if s.cardHeld() && opened.Reader == 0 { // it was pulled meanwhile
		s.lock()
		return
	}
	s.resume()
}

// SignInRefused: the centre opens none.
type SignInRefused struct{ Code ProblemCode }

func (e SignInRefused) apply(s *Session) { s.signInAgain(e.Code) }

// SignInFailed: signing in or unlocking came to nothing for a technical cause.
type SignInFailed struct{ Problem ProblemCode }

func (e SignInFailed) apply(s *Session) { s.signInAgain(e.Problem) }

// ShiftEnded: the centre ended the shift, for example because its holder was suspended.
type ShiftEnded struct{ Problem ProblemCode }

func (e ShiftEnded) apply(s *Session) {
	if s.state.Shift.Staff != (Staff{}) {
		s.endShift(e.Problem)
	}
}

// SignOut ends the shift, on an empty desk.
type SignOut struct{}

func (SignOut) apply(s *Session) {
	if s.state.Shift.Phase == ShiftOpen && (s.state.Case == 0 || s.over() || s.state.Step == StepDone) {
		s.endShift("")
	}
}

// strayTyping is how long what is typed may have been meant for the page before: the end of a shift surprises hands at
// work, and the digits of a phone number taken for a PIN would cost the card a try.
const strayTyping = 3 * time.Second

// endShift ends the shift, and the case with it.
func (s *Session) endShift(why ProblemCode) {
	s.drop()
	s.state.Shift = s.noShift(why)
	if why != "" {
		s.strayUntil = s.state.Now.Add(strayTyping)
	}
	s.ask(EndShift{})
	s.readStaff()
}

// drop ends the case, whatever it is at. What is at the centre already is decided there.
func (s *Session) drop() {
	s.opened = s.opened && !s.binding()
	s.leave()
}

// CardForgotten (F8): somebody's card is at home. Cancel takes it back.
type CardForgotten struct{}

func (CardForgotten) apply(s *Session) {
	if s.shut() && s.state.Shift.Phase != ShiftSigning {
		s.state.Shift.Forgotten, s.state.Shift.Admits = true, ""
	}
}

// ForgottenNumberTyped is the number of somebody whose card is at home.
type ForgottenNumberTyped struct{ Number string }

// maxStaffNumber is the length of the longest number of a member of staff.
const maxStaffNumber = 20

// apply waits for the card of a supervisor who admits them.
func (e ForgottenNumberTyped) apply(s *Session) {
	shift := &s.state.Shift
	if number := strings.TrimSpace(e.Number); s.shut() && shift.Forgotten && number != "" && len(number) <= maxStaffNumber {
		shift.Forgotten, shift.Admits, shift.Problem = false, number, ""
	}
}

// Doubt (F9) is the quiet mark: a supervisor is told of the case. Nothing in the State says so.
type Doubt struct{}

func (Doubt) apply(s *Session) {
	if s.state.Case != 0 && !s.over() && s.errand.NeedsCentre() && !s.binding() {
		s.marked = true
	}
}

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
