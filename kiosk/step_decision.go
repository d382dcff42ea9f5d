package kiosk

import "github.com/google/uuid"

// decisionStep has the supervisor's card sign what was decided.
type decisionStep struct{ plainStep }

func (decisionStep) retreat(s *Session) bool {
	switch s.state.Approval.Phase {
	case ApprovalWhy, ApprovalStaffCard, ApprovalStaffPIN:
		return true
	}
	return false
}

func (decisionStep) proceed(s *Session) {
	if s.state.Approval.Phase == ApprovalDecided {
		s.reach(StepCases)
	}
}

func (decisionStep) stop(s *Session) bool {
	if s.lastPhase() != lastSigning {
		return false
	}
	s.wantStaffCard()
	return true
}

// Decide has the staff card sign the decision and hands it to the centre until that has answered: Decided, CaseRefused,
// StaffSignFailed or StaffPINRefused, and DecisionSigned and DecisionWaiting meanwhile. PIN is as of StaffSign.
type Decide struct {
	Case     CaseID
	ID       uuid.UUID
	Decision Decision
	Reason   RefusalReason
	Reader   int
	PIN      Secret
}

func (Decide) command() {}

// DecisionSigned: the card signed; the decision is on its way.
type DecisionSigned struct{}

func (DecisionSigned) applyToCase(s *Session) {
	if s.lastPhase() == lastSigning {
		s.state.Approval.Phase = ApprovalDeciding
	}
}

// DecisionWaiting: the centre does not answer; the runner keeps trying.
type DecisionWaiting struct{}

func (DecisionWaiting) applyToCase(s *Session) {
	if s.state.Approval.Phase == ApprovalDeciding {
		s.state.Approval.Waiting = true
	}
}

// Decided says what became of the case.
type Decided struct{ Outcome CaseOutcome }

// applyToCase forgets the person; what the centre made of the decision stays until the supervisor goes on.
func (e Decided) applyToCase(s *Session) {
	if approval := &s.state.Approval; approval.Phase == ApprovalDeciding {
		*approval = ApprovalState{Phase: ApprovalDecided, Decision: approval.Decision, Reason: approval.Reason, Outcome: e.Outcome}
	}
}
