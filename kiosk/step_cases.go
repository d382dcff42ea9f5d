package kiosk

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// casesStep lists the enrolments that wait for a supervisor.
type casesStep struct{ plainStep }

func (casesStep) begin(s *Session) {
	s.state.Approval = ApprovalState{Phase: ApprovalList, Cases: s.state.Approval.Cases, Problem: s.state.Approval.Problem}
	s.listCases()
}

func (casesStep) stop(s *Session) bool {
	if s.state.Approval.Phase != ApprovalTaking {
		return false
	}
	s.state.Approval.Phase = ApprovalList
	return true
}

func (casesStep) retry(s *Session) {
	if s.at(StepCases) {
		s.listCases()
	}
}

// listCases asks which there are.
func (s *Session) listCases() {
	s.state.Approval.Listing = s.at(StepCases)
	s.ask(ListCases{})
}

// ApprovalPhase is how far a supervisor is with a case that waits.
type ApprovalPhase string

// Phases of an approval.
const (
	ApprovalList      ApprovalPhase = "list"       // StepCases: one is chosen
	ApprovalTaking    ApprovalPhase = "taking"     // StepCases: it is asked for
	ApprovalCase      ApprovalPhase = "case"       // StepCase: reasons and checks are read
	ApprovalWhy       ApprovalPhase = "reason"     // StepDecision: why it is refused is chosen
	ApprovalStaffCard ApprovalPhase = "staff_card" // StepDecision: the supervisor's card is wanted
	ApprovalStaffPIN  ApprovalPhase = "staff_pin"  // StepDecision: and its PIN
	ApprovalSigning   ApprovalPhase = "signing"
	ApprovalDeciding  ApprovalPhase = "deciding" // signed: at or on its way to the centre
	ApprovalDecided   ApprovalPhase = "decided"
)

// ApprovalReason is why an enrolment waits for a supervisor.
type ApprovalReason string

// Why an enrolment waits.
const (
	ApproveTyped      ApprovalReason = "typed"      // its machine-readable zone was typed
	ApproveRevocation ApprovalReason = "revocation" // nobody answered whether it was revoked
	ApproveExtension  ApprovalReason = "extension"  // it has expired, and a law extends it
	ApprovePhoto      ApprovalReason = "photo"      // its photograph cannot be shown
	ApproveLevel      ApprovalReason = "level"      // it gives a lower level than is asked for
	ApproveDoubt      ApprovalReason = "doubt"      // the clerk marked it
	ApproveRenewal    ApprovalReason = "renewal"    // a new document says another name, birth date or nationality than the key's
)

// Decision is what a supervisor says of a case.
type Decision string

// Decisions.
const (
	DecisionApproved Decision = "approved"
	DecisionRefused  Decision = "refused"
)

// RefusalReason is why a supervisor refuses.
type RefusalReason string

// Why a supervisor refuses.
const (
	RefuseNotThePerson  RefusalReason = "not_the_person"
	RefuseDocument      RefusalReason = "document_doubtful"
	RefuseNotEligible   RefusalReason = "not_eligible"
	RefuseUnderPressure RefusalReason = "under_pressure"
	RefuseOther         RefusalReason = "other"
)

// RefusalReasons are all of them, in the order offered.
var RefusalReasons = []RefusalReason{RefuseNotThePerson, RefuseDocument, RefuseNotEligible, RefuseUnderPressure, RefuseOther}

// ApprovalState is a supervisor's errand: the enrolments that wait, and the one that is being decided.
type ApprovalState struct {
	Phase    ApprovalPhase
	Listing  bool          // the centre is asked which there are
	Cases    []WaitingCase // the oldest first
	Problem  ProblemCode   // why the last one was not decided
	Case     *OpenCase     // leased to this desk; nil when none is
	Decision Decision      // once chosen
	Reason   RefusalReason // of a refusal, once chosen
	Waiting  bool          // the centre does not answer; the desk keeps trying
	Outcome  CaseOutcome   // once decided
}

// WaitingCase is an enrolment that waits for a supervisor.
type WaitingCase struct {
	ID       uuid.UUID
	Desk     string // where it was made
	Clerk    Staff  // who made it; Number and Name
	OpenedAt time.Time
	Reasons  []ApprovalReason
	LeasedTo string // number of the supervisor who looks at it now; else empty
}

// OpenCase is the enrolment that a supervisor looks at.
type OpenCase struct {
	WaitingCase
	LeasedUntil time.Time // by the centre's clock
	Person      Identity
	Eligibility Eligibility
	Contacts    []ProvenContact
	Extension   string // name of the law by which the document counts though it has expired; else empty
	Checks      []Check
	Level       Level
}

// CaseOutcome is what became of a case that was decided.
type CaseOutcome struct {
	Active   bool
	Register int64       // of an active key
	Refusal  ProblemCode // why there is none
}

// ListCases asks which enrolments wait: CasesListed.
type ListCases struct{}

func (ListCases) command() {}

// CasesListed brings the enrolments that wait, or why they are not known.
type CasesListed struct {
	Cases   []WaitingCase
	Problem ProblemCode
}

func (e CasesListed) apply(s *Session) {
	if s.state.Shift.Staff.Role != RoleSupervisor {
		return // of the shift before
	}
	s.state.Shift.Waiting = len(e.Cases)
	if e.Problem != "" {
		s.state.Shift.Waiting = -1
	}
	if approval := &s.state.Approval; s.at(StepCases) {
		approval.Listing, approval.Cases = false, slices.Clone(e.Cases)
		if e.Problem != "" {
			approval.Problem = e.Problem
		}
	}
}

// CasesChanged says that a case came or went.
type CasesChanged struct{}

func (CasesChanged) apply(s *Session) {
	if s.state.Shift.Staff.Role == RoleSupervisor {
		s.listCases()
	}
}

// CaseChosen asks for one of the cases.
type CaseChosen struct{ ID uuid.UUID }

func (e CaseChosen) apply(s *Session) {
	approval := &s.state.Approval
	listed := slices.ContainsFunc(approval.Cases, func(c WaitingCase) bool { return c.ID == e.ID })
	if s.at(StepCases) && approval.Phase == ApprovalList && listed {
		approval.Phase, approval.Problem = ApprovalTaking, ""
		s.dismiss("")
		s.ask(TakeCase{Case: s.live, ID: e.ID})
	}
}

// TakeCase asks the centre for a case, so that nobody else decides it meanwhile: CaseTaken or CaseRefused.
type TakeCase struct {
	Case CaseID
	ID   uuid.UUID
}

func (TakeCase) command() {}

// ReleaseCase gives a case back. Nothing comes back.
type ReleaseCase struct{ ID uuid.UUID }

func (ReleaseCase) command() {}

// CaseTaken: it is leased to this desk.
type CaseTaken struct{ Case OpenCase }

func (e CaseTaken) applyToCase(s *Session) {
	if s.at(StepCases) && s.state.Approval.Phase == ApprovalTaking {
		s.state.Approval.Case = &e.Case
		s.reach(StepCase)
	} else {
		s.ask(ReleaseCase{ID: e.Case.ID})
	}
}

// CaseRefused: the centre does not lease it, or takes no decision about it.
type CaseRefused struct{ Code ProblemCode }

// applyToCase returns to the list, which is asked for again.
func (e CaseRefused) applyToCase(s *Session) {
	approval := &s.state.Approval
	if approval.Phase == ApprovalTaking || approval.Phase == ApprovalSigning || approval.Phase == ApprovalDeciding {
		approval.Case = nil
		s.giveBack(e.Code)
	}
}

// releaseCase lets other supervisors decide the case, unless it is being decided.
func (s *Session) releaseCase() {
	if approval := &s.state.Approval; approval.Case != nil && approval.Phase != ApprovalDeciding {
		s.ask(ReleaseCase{ID: approval.Case.ID})
	}
}

// giveBack returns to the list, and says why where the supervisor did not ask for it.
func (s *Session) giveBack(why ProblemCode) {
	s.releaseCase()
	s.dismiss("")
	s.state.Approval = ApprovalState{Cases: s.state.Approval.Cases, Problem: why}
	s.reach(StepCases)
}

// leaseEnd is when others may decide the case, zero when none is leased or it is being decided.
func (s *Session) leaseEnd() time.Time {
	approval := &s.state.Approval
	if approval.Case == nil || s.over() || approval.Phase == ApprovalSigning || approval.Phase == ApprovalDeciding {
		return time.Time{}
	}
	return approval.Case.LeasedUntil.Add(s.state.Status.Centre.Skew)
}
