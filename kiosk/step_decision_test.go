package kiosk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
)

var waitingID = uuid.MustParse("0192f0c1-2b3c-7d4e-8f50-617283940507")

func waiting() kiosk.WaitingCase {
	return kiosk.WaitingCase{ID: waitingID, Desk: "laranjeiras-07", Clerk: rita, OpenedAt: noon, Reasons: []kiosk.ApprovalReason{kiosk.ApproveTyped}}
}

func leased(until time.Time) kiosk.OpenCase {
	return kiosk.OpenCase{WaitingCase: waiting(), LeasedUntil: until, Person: anna(), Level: kiosk.LevelSubstantial}
}

// approving brings a supervisor's desk to a case that it has taken.
func approving(t *testing.T, own bool) *desk {
	t.Helper()
	d := newShift(t, own).signedIn(marta).do(kiosk.CasesListed{Cases: []kiosk.WaitingCase{waiting()}})
	if d.state.Shift.Waiting != 1 {
		t.Fatalf("got %+v", d.state.Shift)
	}
	d.do(kiosk.ErrandChosen{Name: "approve"}).at(kiosk.StepCases).asked(kiosk.ListCases{})
	d.do(kiosk.CasesListed{Cases: []kiosk.WaitingCase{waiting()}}, kiosk.CaseChosen{ID: waitingID}).asked(kiosk.TakeCase{Case: 1, ID: waitingID})
	return d.do(kiosk.InCase{Case: 1, Event: kiosk.CaseTaken{Case: leased(noon.Add(5 * time.Minute))}}).at(kiosk.StepCase).approval(kiosk.ApprovalCase)
}

func (d *desk) approval(want kiosk.ApprovalPhase) *desk {
	d.t.Helper()
	if got := d.state.Approval; got.Phase != want {
		d.t.Fatalf("approval: got %+v, want %q", got, want)
	}
	return d
}

// listed fails unless the desk is back at the list, nobody is shown, and the reason is told.
func (d *desk) listed(why kiosk.ProblemCode) *desk {
	d.t.Helper()
	if d.at(kiosk.StepCases).approval(kiosk.ApprovalList); d.state.Approval.Case != nil || d.state.Approval.Problem != why {
		d.t.Fatalf("got %+v, want problem %q", d.state.Approval, why)
	}
	return d
}

func TestApprove(t *testing.T) {
	approve := kiosk.DecisionChosen{Decision: kiosk.DecisionApproved}
	decide := kiosk.Decide{Case: 1, ID: waitingID, Decision: kiosk.DecisionApproved, Reader: 3}
	inCase := func(e kiosk.CaseEvent) kiosk.InCase { return kiosk.InCase{Case: 1, Event: e} }
	release := kiosk.ReleaseCase{ID: waitingID}
	t.Run("OwnReader", func(t *testing.T) {
		d := approving(t, true).do(approve).asked(decide).approval(kiosk.ApprovalSigning).do(kiosk.Cancel{}).approval(kiosk.ApprovalSigning)
		d.do(inCase(kiosk.DecisionSigned{})).approval(kiosk.ApprovalDeciding).do(kiosk.Cancel{}, kiosk.Back{}).asked()
		d.do(inCase(kiosk.DecisionWaiting{}), inCase(kiosk.Decided{Outcome: kiosk.CaseOutcome{Active: true, Register: 7}})).approval(kiosk.ApprovalDecided)
		if got := d.state.Approval; !got.Outcome.Active || got.Outcome.Register != 7 || got.Case != nil || got.Waiting {
			t.Errorf("got %+v", got)
		}
		d.do(kiosk.Continue{}).listed("").asked(kiosk.ListCases{}).do(kiosk.Cancel{}).at(kiosk.StepDocument).asked(kiosk.Forget{Case: 1})
	})
	t.Run("OneReader", func(t *testing.T) {
		d := approving(t, false).do(approve).asked().approval(kiosk.ApprovalStaffCard).card(marta, true).approval(kiosk.ApprovalStaffPIN).do(staffPIN())
		want := decide
		want.Reader, want.PIN = 1, kiosk.Secret("470926")
		d.asked(want).do(kiosk.StaffPINRefused{TriesLeft: 2}).approval(kiosk.ApprovalStaffPIN).do(kiosk.Back{}).at(kiosk.StepCase).approval(kiosk.ApprovalCase)
		d.do(approve).asked(kiosk.ReadStaffCard{Reader: 1})
		d.do(kiosk.StaffCardRead{Reader: 1, Holder: rita, TriesLeft: 3}).approval(kiosk.ApprovalStaffCard).why(kiosk.ProblemOtherStaffCard)
	})
	t.Run("Refuse", func(t *testing.T) {
		d := approving(t, true).do(kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}).at(kiosk.StepDecision).approval(kiosk.ApprovalWhy).asked()
		d.do(kiosk.DecisionChosen{Decision: kiosk.DecisionRefused, Reason: "bored"}).asked().do(kiosk.Back{}).at(kiosk.StepCase)
		d.do(kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}, kiosk.DecisionChosen{Decision: kiosk.DecisionRefused, Reason: kiosk.RefuseDocument})
		d.asked(kiosk.Decide{Case: 1, ID: waitingID, Decision: kiosk.DecisionRefused, Reason: kiosk.RefuseDocument, Reader: 3})
	})
	t.Run("GivenBack", func(t *testing.T) {
		approving(t, true).do(kiosk.Cancel{}).listed("").asked(release, kiosk.ListCases{})
		approving(t, true).do(kiosk.Back{}).listed("").asked(release, kiosk.ListCases{})
		approving(t, true).do(kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}, kiosk.Cancel{}).listed("").asked(release, kiosk.ListCases{})
	})
	t.Run("LeaseOver", func(t *testing.T) {
		approving(t, true).wait(5*time.Minute).listed(kiosk.ProblemLeaseOver).asked(release, kiosk.ListCases{})
	})
	t.Run("TakenByAnother", func(t *testing.T) {
		d := newShift(t, true).signedIn(marta).do(kiosk.ErrandChosen{Name: "approve"}, kiosk.CasesListed{Cases: []kiosk.WaitingCase{waiting()}}, kiosk.CaseChosen{ID: waitingID})
		d.do(inCase(kiosk.CaseRefused{Code: kiosk.ProblemCaseLeased})).listed(kiosk.ProblemCaseLeased).asked(kiosk.ListCases{})
		approving(t, true).do(approve, inCase(kiosk.DecisionSigned{}), inCase(kiosk.CaseRefused{Code: kiosk.ProblemCaseGone})).listed(kiosk.ProblemCaseGone)
	})
	t.Run("CentreDown", func(t *testing.T) {
		d := newShift(t, true).signedIn(marta).do(kiosk.ErrandChosen{Name: "approve"}, kiosk.CasesListed{Problem: kiosk.ProblemCentreDown}).listed(kiosk.ProblemCentreDown)
		d.do(kiosk.Retry{}).asked(kiosk.ListCases{})
		d.do(kiosk.CasesListed{Cases: []kiosk.WaitingCase{waiting()}}, kiosk.CaseChosen{ID: waitingID}, inCase(kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}))
		d.approval(kiosk.ApprovalList).problem(kiosk.ProblemCentreDown, false)
	})
	t.Run("CardPulled", func(t *testing.T) {
		d := approving(t, true).do(approve, kiosk.CardRemoved{Reader: 3}).hidden(true)
		d.do(inCase(kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed})).hidden(true).asked()
		d.card(marta, true).unlock().approval(kiosk.ApprovalSigning).asked(decide, kiosk.ListCases{})
	})
	t.Run("WipedBehindTheLock", func(t *testing.T) {
		approving(t, true).do(kiosk.CardRemoved{Reader: 3}).wait(2*time.Minute).hidden(false).asked(release, kiosk.Forget{Case: 1})
	})
	t.Run("PINBlocked", func(t *testing.T) {
		d := approving(t, false).do(approve).card(marta, true).do(staffPIN(), kiosk.StaffPINRefused{}).shift(kiosk.ShiftNone).why(kiosk.ProblemStaffPINBlocked)
		if diff := cmp.Diff(kiosk.ReleaseCase{ID: waitingID}, d.commands[1]); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("ClerksHaveNoSuchErrand", func(t *testing.T) {
		if d := newShift(t, true).signedIn(rita).do(kiosk.ErrandChosen{Name: "approve"}); d.state.Case != 0 || len(d.commands) > 0 || len(d.state.Offered()) != len(kiosk.Errands) {
			t.Errorf("got case %d, asked %v", d.state.Case, d.commands)
		}
	})
	t.Run("CasesChanged", func(t *testing.T) {
		newShift(t, true).signedIn(marta).do(kiosk.CasesChanged{}).asked(kiosk.ListCases{})
		newShift(t, true).signedIn(rita).do(kiosk.CasesChanged{}).asked()
	})
}
