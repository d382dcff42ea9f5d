package kiosk

import "slices"

// caseStep shows why an enrolment waits, and what was found out about it.
type caseStep struct{ plainStep }

func (caseStep) begin(s *Session) {
	approval := &s.state.Approval
	approval.Phase, approval.Decision, approval.Reason = ApprovalCase, "", ""
}

func (caseStep) retreat(s *Session) bool {
	s.releaseCase()
	s.state.Approval.Case, s.state.Approval.Problem = nil, ""
	return true
}

// DecisionChosen is what the supervisor says of the case. A refusal without a reason asks for it.
type DecisionChosen struct {
	Decision Decision
	Reason   RefusalReason
}

func (e DecisionChosen) apply(s *Session) {
	approval := &s.state.Approval
	approves := e.Decision == DecisionApproved && e.Reason == ""
	refuses := e.Decision == DecisionRefused && (e.Reason == "" || slices.Contains(RefusalReasons, e.Reason))
	if !s.at(StepCase) && (!s.at(StepDecision) || approval.Phase != ApprovalWhy) || !approves && !refuses {
		return
	}
	approval.Decision, approval.Reason = e.Decision, e.Reason
	s.state.Step = StepDecision
	if refuses && e.Reason == "" {
		approval.Phase = ApprovalWhy
		return
	}
	s.staffSigns()
}
