package kiosk

import (
	"slices"
	"time"
)

// Behind the lock the session goes on hearing what happens to the case, and asks for nothing: what it would ask for waits
// for the card that locked it. The screens see an empty desk.

// needsShift reports whether an event is of hands that work at the desk, which they may not while it is shut.
func needsShift(e Event) bool {
	switch e.(type) {
	case nil, Tick, InCase, CentreChanged, LanguageChosen, StillHere, Cancel, Retry,
		ServiceChanged, ReaderAdded, ReaderRemoved, CardInserted, CardRemoved, CardUnresponsive,
		StaffCardRead, StaffCardFailed, StaffPINTyped, StaffPINRefused, SignedIn, SignInRefused, SignInFailed, Unlocked,
		ShiftEnded, CardForgotten, ForgottenNumberTyped, CasesListed, ReportRead, DeskLooked:
		return false
	}
	return true
}

// servesCase reports whether a command is about a person.
func servesCase(c Command) bool {
	switch c.(type) {
	case ReadStaffCard, SignIn, UnlockShift, EndShift, Abandon, Forget, ReleaseCase, LookAtDesk:
		return false
	}
	return true
}

// shown is the state without what is kept behind the lock.
func (s *Session) shown() State {
	if !s.shut() {
		return s.state
	}
	all := s.state
	return State{
		Now: all.Now, Wake: all.Wake, DeskName: all.DeskName, MinAge: all.MinAge, TypedMRZ: all.TypedMRZ, Errand: Errands[0],
		Step: StepDocument, ClerkLanguage: all.ClerkLanguage, CitizenLanguage: all.CitizenLanguage, Problem: all.Problem,
		Status: all.Status, Shift: all.Shift,
	}
}

// LockScreen (Ctrl+L) locks the desk.
type LockScreen struct{}

func (LockScreen) apply(s *Session) { s.lock() }

// lock keeps the case for whoever unlocks, for a while. The first entry of a PIN is not kept.
func (s *Session) lock() {
	if s.state.Shift.Phase != ShiftOpen {
		return
	}
	if s.state.PIN.Phase == PINRepeat {
		s.choosePIN()
		s.state.PIN.Forgotten = true
	}
	if photo := s.state.Document.Photo; photo != nil { // screens wipe theirs
		s.state.Document.Photo = &Photo{Kind: photo.Kind, Data: slices.Clone(photo.Data)}
	}
	s.state.HandedOver, s.state.ConfirmCancel, s.state.Choosing = false, false, false
	s.state.Shift.Phase, s.state.Shift.Problem = ShiftLocked, ""
	s.state.Shift.WipeAt = s.state.Now.Add(s.settings.KeepLocked)
	s.readStaff()
}

// settleShift wipes a kept case in time, and ends a shift whose time is over once nobody is served in it.
func (s *Session) settleShift() {
	shift := &s.state.Shift
	if s.shut() && s.due(shift.WipeAt) && !s.binding() {
		s.drop()
		s.note = ProblemIdle
	}
	if shift.KeptCase = s.shut() && s.state.Case != 0; !shift.KeptCase {
		shift.WipeAt = time.Time{}
	}
	if s.state.Case == 0 && s.shiftOver() {
		s.endShift(ProblemShiftOver)
	}
}

// staffCardGone: the staff card left its reader. Where it has to stay, whoever took it left the desk.
func (s *Session) staffCardGone() {
	s.state.Shift = s.withoutCard()
	if s.cardHeld() {
		s.lock()
	}
	if s.lastPhase() == lastPIN {
		s.setLast(lastCard)
	}
}

// Unlocked: the card of the shift signed with its PIN.
type Unlocked struct{}

// apply goes on where the case was left, and lets out what it asked for meanwhile.
func (Unlocked) apply(s *Session) {
	shift := &s.state.Shift
	if shift.Phase != ShiftSigning || shift.Staff == (Staff{}) {
		return
	}
	reader := shift.Reader
	*shift = s.withoutCard()
	shift.Phase, shift.Reader, shift.Forgotten = ShiftOpen, reader, false
	if s.cardHeld() && reader == 0 { // it was pulled meanwhile
		shift.Phase = ShiftLocked
		s.readStaff()
		return
	}
	s.stayOnReceipt()
	s.commands, s.later = append(s.commands, s.later...), nil
	s.resume()
}

// resume does what waited for the desk to be open.
func (s *Session) resume() {
	s.lookFirst()
	if s.lastPhase() == lastCard {
		s.staffSigns()
	}
	for _, r := range s.readers {
		if r.unread && r.holds == SlotCard {
			s.meet(r.number)
			break
		}
	}
	if s.state.Shift.Staff.Role == RoleSupervisor {
		s.listCases()
	}
}
