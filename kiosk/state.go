package kiosk

import (
	"time"
)

// CaseID numbers the documents of a run of the desk. Events carry the number of the document they
// speak of; those of an earlier one fall to the floor.
type CaseID uint64

// State is everything the screens draw, and nothing secret. It is a value: a screen may keep an old
// one. Slices in it are never changed in place.
type State struct {
	Now    time.Time // the clock as of the last event
	Wake   time.Time // when the session wants the next Tick; zero when nothing is timed
	IdleAt time.Time // when an untouched case ends by itself, or, where shifts are, the desk locks; zero when neither can

	DeskName        string // "Loja de Cidadão das Laranjeiras · Balcão 07"
	MinAge          int    // completed years from which a person may enrol
	TypedMRZ        bool   // documents without a chip may be typed
	Errand          Errand // with the steps that this person goes through
	Step            Step
	Choosing        bool // the list of errands is open
	Case            CaseID
	Reference       string    // of the case, in the logs and for the support; empty without a case
	Started         time.Time // when this document was inserted
	ClerkLanguage   Language
	CitizenLanguage Language
	HandedOver      bool // one screen: it shows the citizen's page now
	ConfirmCancel   bool // the clerk pressed Esc; the screen asks whether to end the case
	IdleSoon        bool // IdleAt is near: the screen warns, and StillHere keeps the case
	Away            bool // the card has been away for a minute: codes and PINs that were typed are gone, and none is asked for until it is back
	Problem         *Problem
	LeftBehind      int // number of the reader that still holds a card of a case that is over, on an empty desk; 0 when none

	Status   Status
	Shift    ShiftState
	Document DocumentState
	Eligible EligibleState
	Contact  ContactState
	PIN      PINState
	Try      TryState
	Review   ReviewState
	Receipt  *Receipt
	Messages []Message // of this visit, the oldest first
	Approval ApprovalState

	Key        KeyState
	Activation ActivationState
	Stored     StoredState
	Search     SearchState
	Word       WordState
	NotMe      NotMeState
	Report     ReportState
	Alerts     AlertsState
	Print      PrintState
	Today      DayFigures
	Preflight  PreflightState
}

// MayCancel reports whether the case can still end without a trace: until the evidence leaves.
func (s State) MayCancel() bool {
	return s.Step != StepDone && s.Review.Phase != ReviewBinding && s.Approval.Phase != ApprovalSigning && s.Approval.Phase != ApprovalDeciding &&
		s.Alerts.Phase != ApprovalSigning && s.Alerts.Phase != ApprovalDeciding
}

// Status is the status bar: readers, centre, delivery.
type Status struct {
	Service  ProblemCode // "", or one of those for which ProblemCode.OfService holds
	Readers  []ReaderStatus
	Aside    []AsideReader // that the service lists and the desk does not use
	Centre   CentreStatus
	Delivery Health
}
