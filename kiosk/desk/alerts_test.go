package desk_test

import (
	"fmt"
	"testing"
	"time"

	"balcao/kiosk"
)

// A rule is broken, a supervisor decides, and once a registrar has verified what their card signed the same opens no alert
// again, but twice as much does. An alert about the supervisor is another's.
func TestAlerts(t *testing.T) {
	d := newStaffed(t, true)
	sent := func(n int) {
		d.exec(fmt.Sprintf(`select internal.seen('code_sent', 'loja_9', 'F0417', null, 'a contact', null) from generate_series(1, %d)`, n))
	}
	d.exec(`update centre.watch_rule set enabled = false where name = 'codes_day'`)
	sent(6)
	d.exec(`insert into centre.watch_alert (id, rule, who, staff, value, opened_at, seen_at, act)
		values ('0192f0c1-2b3c-7d4e-8f50-617283940507', 'peers_search', 'F0102', 'F0102', 9, now(), now(), 'none')`)
	d.signIn("supervisor")
	d.do(kiosk.ErrandChosen{Name: "alerts"})
	s := d.until("listed", func(s kiosk.State) bool { return s.Step == kiosk.StepAlerts && !s.Alerts.Listing })
	if len(s.Alerts.Alerts) != 1 || s.Alerts.Alerts[0].Rule != "codes_often" || s.Alerts.Alerts[0].Count != 6 {
		t.Fatalf("alerts %+v", s.Alerts)
	}
	d.do(kiosk.AlertChosen{ID: s.Alerts.Alerts[0].ID})
	s = d.until("open", func(s kiosk.State) bool { return s.Step == kiosk.StepAlert })
	seen := s.Alerts.Open.Seen
	if len(seen) == 0 || seen[0].Staff != "F0417" || seen[0].What != "code_sent" || s.Alerts.Open.Did != "hold" || s.Alerts.Open.HeldFor != 2*time.Minute {
		t.Errorf("open %+v", s.Alerts.Open)
	}
	d.do(kiosk.AlertDecided{Decision: kiosk.AlertNoSuspicion}, kiosk.AlertDecided{Decision: kiosk.AlertNoSuspicion, Reason: "explained"})
	d.until("decided", func(s kiosk.State) bool { return s.Alerts.Phase == kiosk.ApprovalDecided })
	d.do(kiosk.Continue{})
	d.until("none", func(s kiosk.State) bool {
		return s.Step == kiosk.StepAlerts && !s.Alerts.Listing && len(s.Alerts.Alerts) == 0
	})
	d.wait("a registrar", func() bool {
		return d.count(`select count(*) from centre.watch_alert where applied_at is not null and decision = 'no_suspicion' and reason = 'explained'`) == 1
	})
	for _, again := range []struct{ sent, alerts, holds int }{{0, 1, 0}, {5, 1, 0}, {1, 2, 1}} {
		sent(again.sent)
		alerts, holds := d.count(`select count(*) from centre.watch_alert where rule = 'codes_often'`), d.count(`select count(*) from centre.watch_hold`)
		if alerts != again.alerts || holds != again.holds {
			t.Errorf("%d sent: %d alerts, %d holds, want %+v", again.sent, alerts, holds, again)
		}
	}
	d.do(kiosk.Cancel{})
	d.until("empty", empty)
}
