package kiosk

// ProblemCode names something that went wrong, for the three-part texts of the screens:
// catalogue keys "problem.<code>.what", ".means" and ".next". Every Reason is also a ProblemCode.
type ProblemCode string

// Problems that are not the refusal of a document.
const (
	// Readers and the smart-card service.
	ProblemServiceMissing   ProblemCode = "pcscd_missing"     // no smart-card service on this computer
	ProblemServiceStopped   ProblemCode = "pcscd_stopped"     // it is installed but does not run
	ProblemServiceStuck     ProblemCode = "pcscd_stuck"       // it runs but does not react
	ProblemNotAuthorised    ProblemCode = "not_authorised"    // it does not let this user in (polkit)
	ProblemNoReader         ProblemCode = "no_reader"         // it runs but sees no reader
	ProblemReaderBusy       ProblemCode = "reader_busy"       // another program holds the card
	ProblemCardUnresponsive ProblemCode = "card_unresponsive" // a card is there but does not power up (upside down, dirty)

	// The centre.
	ProblemCentreDown    ProblemCode = "centre_down"    // not reachable
	ProblemClockSkew     ProblemCode = "clock_skew"     // this computer's clock differs by more than five minutes
	ProblemVersion       ProblemCode = "version"        // desk and centre speak different versions
	ProblemAlreadyActive ProblemCode = "already_active" // the person has a key
	ProblemContactTaken  ProblemCode = "contact_taken"  // phone or e-mail belongs to another person's key
	ProblemNotProven     ProblemCode = "not_proven"     // the centre did not accept the evidence
	ProblemTooMany       ProblemCode = "too_many"       // this desk opened too many enrolments that became no key
	ProblemDeskSuspended ProblemCode = "desk_suspended" // the centre has suspended this desk, or knows it no more
	ProblemExpired       ProblemCode = "enrolment_expired"
	ProblemNoKey         ProblemCode = "no_key"      // nobody with this document has a living key
	ProblemWrongState    ProblemCode = "wrong_state" // the key's state does not allow it, or not any more

	// The card's PIN at signing.
	ProblemCardPINWrong ProblemCode = "card_pin_wrong"

	// The clerk ended the case: the photograph is not this person's.
	ProblemNotThePerson ProblemCode = "not_the_person"

	// The card has been away for a minute while a code or a PIN was asked for.
	ProblemCardAway ProblemCode = "card_away"

	// Nobody touched the case for a while, so it ended and was wiped.
	ProblemIdle ProblemCode = "idle"

	// The person said that they are under an accompaniment measure: not eligible at a desk.
	ProblemAccompanied ProblemCode = "accompanied"
	// Documents without a chip are not enrolled at this desk.
	ProblemNoChip ProblemCode = "no_chip"

	// Anything else, with a reference number for the support.
	ProblemInternal ProblemCode = "internal"
)

// Problems of signing in, of the staff card, and of a supervisor's cases.
const (
	ProblemNotStaffCard     ProblemCode = "not_staff_card"       // some other card, where a staff card is wanted
	ProblemOtherStaffCard   ProblemCode = "other_staff_card"     // another staff card than the shift's, where that has to sign
	ProblemStaffCertificate ProblemCode = "staff_no_certificate" // the staff card has no certificate to sign in with
	ProblemStaffPINBlocked  ProblemCode = "staff_pin_blocked"
	ProblemStaffCardFailed  ProblemCode = "staff_card_failed"  // it did not answer, was pulled, or signed with another key
	ProblemStaffCardExpired ProblemCode = "staff_card_expired" // its certificate
	ProblemStaffUnknown     ProblemCode = "staff_unknown"      // the card is not registered at the centre
	ProblemStaffSuspended   ProblemCode = "staff_suspended"
	ProblemStaffRevoked     ProblemCode = "staff_revoked"   // the card, not the person
	ProblemStaffLocked      ProblemCode = "staff_locked"    // too many wrong sign-ins at this desk; a supervisor signs in here
	ProblemSignInInvalid    ProblemCode = "sign_in_invalid" // the centre did not accept the card's signature or certificate
	ProblemNotSupervisor    ProblemCode = "not_supervisor"  // only a supervisor admits somebody without a card
	ProblemClerkUnknown     ProblemCode = "clerk_unknown"   // nobody has the number that was typed
	ProblemNoShift          ProblemCode = "no_shift"        // the centre ended the shift
	ProblemShiftOver        ProblemCode = "shift_over"      // its time is over
	ProblemNotAllowed       ProblemCode = "not_allowed"     // the role does not do this
	ProblemWaitingCase      ProblemCode = "waiting_case"    // an enrolment of this person waits for a supervisor
	ProblemCaseGone         ProblemCode = "case_gone"       // decided, or ended, meanwhile
	ProblemCaseLeased       ProblemCode = "case_leased"     // another supervisor looks at it
	ProblemOwnCase          ProblemCode = "own_case"        // who made it, or admitted them, does not decide it
	ProblemLeaseOver        ProblemCode = "case_lease_over" // it was reserved for five minutes
)

// Problem is what a screen shows when something went wrong: never a personal datum in it.
type Problem struct {
	Code      ProblemCode
	Reader    int    // 1-based number of the reader concerned, 0 when none
	Activity  string // catalogue key of what was going on, for example "activity.read_certificate"; may be empty
	TriesLeft int    // for a wrong PIN or code
	Reference string // State.Reference, with ProblemInternal; the session fills it in
	Fatal     bool   // the case is over; otherwise the work goes on once the cause is cured
}

// OfService reports whether the problem is the smart-card service's or its readers', which
// Status.Service tells of: the watcher reports it, and reports when it is over.
func (c ProblemCode) OfService() bool {
	switch c {
	case ProblemServiceMissing, ProblemServiceStopped, ProblemServiceStuck, ProblemNotAuthorised, ProblemNoReader:
		return true
	}
	return false
}

// currentProblem is what the screens show: what ended the case, then what keeps a card from it, then
// what stopped it otherwise; on an empty desk, what keeps a case from starting.
func (s *Session) currentProblem() *Problem {
	shut := s.shut()
	free := shut || s.state.Case == 0
	switch {
	case s.over() && !shut:
		return s.problem
	case (s.waitsForCard() || free) && s.state.Status.Service != "":
		return s.ambient(Problem{Code: s.state.Status.Service})
	case (s.waitsForCard() || free) && s.holding(SlotUnresponsive, false) != 0:
		return s.ambient(Problem{Code: ProblemCardUnresponsive, Reader: s.holding(SlotUnresponsive, false)})
	case s.problem != nil && !shut:
		return s.problem
	case s.state.Away && !shut:
		return s.ambient(Problem{Code: ProblemCardAway})
	case free && s.barred() != "":
		return s.ambient(Problem{Code: s.barred()})
	case s.state.Case == 0 && !shut && s.note != "":
		return s.ambient(Problem{Code: s.note})
	}
	return nil
}

// ambient keeps the same value for the same problem, so that screens see a change only when there is one.
func (s *Session) ambient(p Problem) *Problem {
	if shown := s.state.Problem; shown != nil && *shown == p {
		return shown
	}
	return &p
}

// dismiss takes a problem off the screen that does not end the case: the one named, or, with "", any
// that the work itself has overcome by going on.
func (s *Session) dismiss(code ProblemCode) {
	if s.problem == nil || s.problem.Fatal || s.interrupted {
		return
	}
	changed := s.problem.Code == ProblemCode(ReasonCardChanged)
	if code == s.problem.Code || code == "" && !changed {
		s.problem = nil
	}
}
