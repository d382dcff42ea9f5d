package kiosk

import "github.com/google/uuid"

// decisionStep has the supervisor's card sign what was decided.
type decisionStep struct{ plainStep }

// DecisionChosen is what the supervisor says of the case. A refusal without a reason asks for it.
type DecisionChosen struct {
	Decision Decision
	Reason   RefusalReason
}

func (e DecisionChosen) apply(s *Session) {}

// Decide has the staff card sign the decision and hands it to the centre until that has answered: Decided, CaseRefused,
// StaffSignFailed or StaffPINRefused, DecisionSigned meanwhile and DecisionWaiting. PIN is as of StaffSign.
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

func (DecisionSigned) applyToCase(s *Session) {}

// DecisionWaiting: the centre does not answer; the runner keeps trying.
type DecisionWaiting struct{}

func (DecisionWaiting) applyToCase(s *Session) {}

// Decided says what became of the case.
type Decided struct{ Outcome CaseOutcome }

func (e Decided) applyToCase(s *Session) {}
