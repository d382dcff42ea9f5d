package kiosk

// The staff card signs last: under the evidence of an enrolment, and under a supervisor's decision. In a reader of its own
// it does so by itself, since its PIN was verified when the shift began; otherwise it is asked for, with its PIN.

// last is how far that is, in the words that ReviewPhase and ApprovalPhase share.
type last string

const (
	lastCard    = last(ReviewStaffCard)
	lastPIN     = last(ReviewStaffPIN)
	lastSigning = last(ReviewSigning)
)

// lastPhase is how far the staff card's signature is, "" when none is due.
func (s *Session) lastPhase() last {
	switch {
	case s.signed && s.at(StepReview):
		return last(s.state.Review.Phase)
	case s.at(StepDecision):
		return last(s.state.Approval.Phase)
	case s.at(StepAlert):
		return last(s.state.Alerts.Phase)
	}
	return ""
}

func (s *Session) setLast(phase last) {
	switch s.state.Step {
	case StepReview:
		s.state.Review.Phase = ReviewPhase(phase)
	case StepDecision:
		s.state.Approval.Phase = ApprovalPhase(phase)
	case StepAlert:
		s.state.Alerts.Phase = ApprovalPhase(phase)
	}
}

// staffSigns has the staff card sign, or goes on without where there is none.
func (s *Session) staffSigns() {
	shift := &s.state.Shift
	switch {
	case s.state.Step == StepReview && (!s.settings.ShiftRequired || shift.AdmittedBy != ""):
		s.bind()
	case s.cardHeld() && shift.Reader != 0 && !s.shut():
		s.staffSign(nil)
	default:
		s.wantStaffCard()
	}
}

// wantStaffCard asks for the card of the shift, which may be there.
func (s *Session) wantStaffCard() {
	s.setLast(lastCard)
	s.readStaff()
}

// staffSign asks the staff card for its signature.
func (s *Session) staffSign(pin Secret) {
	shift, approval, alerts := &s.state.Shift, &s.state.Approval, &s.state.Alerts
	s.setLast(lastSigning)
	s.dismiss("")
	shift.PINWrong, shift.Problem = false, ""
	switch s.state.Step {
	case StepReview:
		s.ask(StaffSign{Case: s.live, Reader: shift.Reader, PIN: pin})
	case StepDecision:
		s.ask(Decide{Case: s.live, ID: approval.Case.ID, Decision: approval.Decision, Reason: approval.Reason, Reader: shift.Reader, PIN: pin})
	case StepAlert:
		s.ask(DecideAlert{Case: s.live, ID: alerts.Open.ID, Decision: alerts.Decision, Reason: alerts.Reason, Reader: shift.Reader, PIN: pin})
	}
}

// StaffSign adds the staff card's signature to the evidence: StaffSigned, StaffSignFailed or StaffPINRefused. Without a
// PIN it is the card that lies in its own reader, whose PIN was verified when the desk was unlocked. The runner wipes PIN.
type StaffSign struct {
	Case   CaseID
	Reader int
	PIN    Secret
}

func (StaffSign) command() {}

// StaffSigned: the staff card signed the evidence.
type StaffSigned struct{}

func (StaffSigned) applyToCase(s *Session) {
	if s.signed && s.inReview(ReviewSigning) {
		s.bind()
	}
}

// StaffSignFailed: the staff card did not sign. It is asked for again, with its PIN.
type StaffSignFailed struct{ Problem ProblemCode }

func (e StaffSignFailed) applyToCase(s *Session) {
	if s.lastPhase() == lastSigning {
		s.wantStaffCard()
		s.state.Shift.Problem = e.Problem
	}
}
