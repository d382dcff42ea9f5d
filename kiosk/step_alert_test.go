package kiosk_test

import (
	"testing"
	"time"

	"balcao/kiosk"
)

func alerted() kiosk.Alert {
	return kiosk.Alert{
		AlertRow: kiosk.AlertRow{ID: waitingID, Number: 311, Rule: "contact_persons", RuleNumber: 6, Count: 4, Window: 48 * time.Hour, OpenedAt: noon},
		Did:      "hold", HeldFor: 2 * time.Minute,
		Seen:      []kiosk.AlertSeen{{At: noon, Desk: "saldanha-03", Staff: "0388", What: "code_sent", N: 1}},
		MayDecide: []kiosk.AlertDecision{kiosk.AlertNoSuspicion, kiosk.AlertWatch},
	}
}

func (d *desk) alerts(step kiosk.Step, want kiosk.ApprovalPhase) *desk {
	d.t.Helper()
	if got := d.at(step).state.Alerts; got.Phase != want {
		d.t.Fatalf("alerts: got %+v, want %q", got, want)
	}
	return d
}

func TestAlerts(t *testing.T) {
	inCase := func(e kiosk.CaseEvent) kiosk.InCase { return kiosk.InCase{Case: 1, Event: e} }
	opened := func(t *testing.T) *desk {
		d := newShift(t, true).signedIn(marta).do(kiosk.ErrandChosen{Name: "alerts"}).alerts(kiosk.StepAlerts, kiosk.ApprovalList).asked(kiosk.ListAlerts{Case: 1})
		d.do(inCase(kiosk.AlertsListed{Alerts: []kiosk.AlertRow{alerted().AlertRow}}), kiosk.AlertChosen{ID: waitingID}).asked(kiosk.OpenAlert{Case: 1, ID: waitingID})
		return d.do(inCase(kiosk.AlertOpened{Alert: alerted()})).alerts(kiosk.StepAlert, kiosk.ApprovalCase)
	}
	decide := kiosk.DecideAlert{Case: 1, ID: waitingID, Decision: kiosk.AlertWatch, Reason: "unclear", Reader: 3}
	t.Run("Decided", func(t *testing.T) {
		d := opened(t).do(kiosk.AlertDecided{Decision: kiosk.AlertSuspendKey}).alerts(kiosk.StepAlert, kiosk.ApprovalCase).asked() // there is none
		d.do(kiosk.AlertDecided{Decision: kiosk.AlertWatch}).alerts(kiosk.StepAlert, kiosk.ApprovalWhy).asked()
		d.do(kiosk.AlertDecided{Decision: kiosk.AlertWatch, Reason: "a story"}).alerts(kiosk.StepAlert, kiosk.ApprovalWhy).asked()
		d.do(kiosk.AlertDecided{Decision: kiosk.AlertWatch, Reason: "unclear"}).alerts(kiosk.StepAlert, kiosk.ApprovalSigning).asked(decide)
		d.do(kiosk.Cancel{}, kiosk.Back{}, inCase(kiosk.AlertSigned{})).alerts(kiosk.StepAlert, kiosk.ApprovalDeciding).do(kiosk.Cancel{}, kiosk.Back{}).asked()
		d.do(inCase(kiosk.AlertWaiting{}), inCase(kiosk.AlertClosed{})).alerts(kiosk.StepAlert, kiosk.ApprovalDecided)
		d.do(kiosk.Continue{}).alerts(kiosk.StepAlerts, kiosk.ApprovalList).asked(kiosk.ListAlerts{Case: 1}).do(kiosk.Cancel{}).at(kiosk.StepDocument)
	})
	t.Run("Gone", func(t *testing.T) {
		d := opened(t).do(kiosk.AlertDecided{Decision: kiosk.AlertWatch, Reason: "unclear"}).asked(decide)
		d.do(inCase(kiosk.AlertRefused{Code: kiosk.ProblemCaseGone})).alerts(kiosk.StepAlerts, kiosk.ApprovalList).asked(kiosk.ListAlerts{Case: 1})
		if d.state.Alerts.Problem != kiosk.ProblemCaseGone || d.state.Alerts.Open != nil {
			t.Errorf("got %+v", d.state.Alerts)
		}
	})
	t.Run("Back", func(t *testing.T) {
		opened(t).do(kiosk.Back{}).alerts(kiosk.StepAlerts, kiosk.ApprovalList).asked(kiosk.ListAlerts{Case: 1})
	})
	t.Run("CardFails", func(t *testing.T) {
		d := opened(t).do(kiosk.AlertDecided{Decision: kiosk.AlertWatch, Reason: "unclear"}).asked(decide)
		d.do(inCase(kiosk.StaffSignFailed{Problem: kiosk.ProblemInternal})).alerts(kiosk.StepAlert, kiosk.ApprovalStaffCard)
	})
	t.Run("Clerk", func(t *testing.T) {
		newShift(t, true).signedIn(rita).do(kiosk.ErrandChosen{Name: "alerts"}).at(kiosk.StepDocument)
	})
}
