package desk

import (
	"context"
	"errors"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// errandOf is what the runner keeps of a supervisor's errand about alerts, from its first command on.
func (r *Runner) errandOf(ctx context.Context, id kiosk.CaseID) *approval {
	if a := r.approval.Load(); a != nil && a.id == id {
		return a
	}
	r.endApproval()
	a := &approval{id: id, told: make(chan struct{}, 1)}
	a.ctx, a.end = context.WithCancel(ctx)
	r.approval.Store(a)
	return a
}

// listAlerts asks which alerts wait for a supervisor.
func (r *Runner) listAlerts(ctx context.Context, c kiosk.ListAlerts) {
	a, shift := r.errandOf(ctx, c.Case), r.shiftID()
	r.work.Go(func() {
		found, err := r.cfg.Centre.Alerts(a.ctx, shift)
		if err != nil {
			r.answerApproval(a, kiosk.AlertsListed{Problem: r.caseError("list the alerts", err)})
			return
		}
		listed := kiosk.AlertsListed{}
		for _, f := range found {
			listed.Alerts = append(listed.Alerts, kiosk.AlertRow{
				ID: f.ID, Number: f.Number, Rule: f.Rule, RuleNumber: f.RuleNumber, Count: f.Count, Window: time.Duration(f.WindowSeconds) * time.Second,
				OpenedAt: f.OpenedAt, Desk: f.Desk, Staff: f.Staff,
			})
		}
		r.answerApproval(a, listed)
	})
}

// openAlert asks for one of them.
func (r *Runner) openAlert(ctx context.Context, c kiosk.OpenAlert) {
	a, shift := r.errandOf(ctx, c.Case), r.shiftID()
	r.work.Go(func() {
		found, err := r.cfg.Centre.Alert(a.ctx, shift, c.ID)
		switch {
		case err != nil:
			r.answerApproval(a, kiosk.AlertRefused{Code: r.caseError("open an alert", err)})
			return
		case found.Refusal != "":
			r.answerApproval(a, kiosk.AlertRefused{Code: caseProblem(found.Refusal)})
			return
		}
		open := kiosk.Alert{
			AlertRow: kiosk.AlertRow{
				ID: c.ID, Number: found.Number, Rule: found.Rule, RuleNumber: found.RuleNumber, Count: found.Count,
				Window: time.Duration(found.WindowSeconds) * time.Second, OpenedAt: found.OpenedAt, Desk: found.Desk, Staff: found.Staff,
			},
			Did: found.Did, HeldFor: time.Duration(found.HeldSeconds) * time.Second,
		}
		for _, s := range found.Seen {
			open.Seen = append(open.Seen, kiosk.AlertSeen{At: s.At, Desk: s.Desk, Staff: s.Staff, What: s.What, N: s.N})
		}
		for _, d := range found.May {
			open.MayDecide = append(open.MayDecide, kiosk.AlertDecision(d))
		}
		r.answerApproval(a, kiosk.AlertOpened{Alert: open})
	})
}

// decideAlert has the supervisor's card sign the decision, and hands it over.
func (r *Runner) decideAlert(c kiosk.DecideAlert) {
	a, name, shift := r.approval.Load(), r.readerName(c.Reader), r.shift.Load()
	if a == nil || a.id != c.Case || shift == nil {
		c.PIN.Wipe()
		return
	}
	tell := func(code kiosk.ProblemCode) { r.answerApproval(a, kiosk.StaffSignFailed{Problem: code}) }
	r.staff.jobs.put(staffJob{pin: c.PIN, failed: tell, do: func(ctx context.Context, w *staffWork) {
		if a.ctx.Err() != nil || !w.ready(ctx, c.Reader, name, c.PIN, shift, tell) {
			return
		}
		jws, err := transcript.SignAlertDecision(ctx, transcript.AlertDecision{
			Alert: c.ID, Decision: string(c.Decision), Reason: string(c.Reason), Shift: shift.id, Desk: r.desk, At: r.cfg.Now(),
		}, w.card.Chain(), w.card)
		if err != nil {
			w.failed("decide about an alert", err, tell)
			return
		}
		w.done()
		r.answerApproval(a, kiosk.AlertSigned{})
		r.work.Go(func() {
			for wait := r.cfg.Pace.FirstRetry; ; wait = min(wait*2, r.cfg.Pace.LastRetry) {
				switch decided, err := r.cfg.Centre.DecideAlert(a.ctx, shift.id, c.ID, jws); {
				case err == nil && decided.Refusal != "":
					r.answerApproval(a, kiosk.AlertRefused{Code: caseProblem(decided.Refusal)})
					return
				case err == nil:
					r.answerApproval(a, kiosk.AlertClosed{})
					return
				case !errors.Is(err, central.ErrUnavailable):
					r.answerApproval(a, kiosk.AlertRefused{Code: r.caseError("decide about an alert", err)})
					return
				}
				r.answerApproval(a, kiosk.AlertWaiting{})
				if !pause(a.ctx, wait) {
					return
				}
			}
		})
	}})
}
