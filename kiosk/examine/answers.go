package examine

import (
	"context"
	"slices"
	"sync"
	"time"

	"balcao/kiosk"
)

// answers is what examinations of all documents have in common: each check is answered once, reported when it
// is, and may rest on others. Methods in lower case want the lock held, but for those that say otherwise.
type answers struct {
	v      *Examiner
	ctx    context.Context // of requests to others, which outlive the call that asks them
	now    time.Time       // when certificates and dates are judged
	report func(kiosk.Check)

	mu     sync.Mutex
	checks map[kiosk.CheckName]kiosk.Check
	asking sync.WaitGroup // requests to others
}

func (v *Examiner) newAnswers(ctx context.Context, report func(kiosk.Check)) answers {
	return answers{v: v, ctx: ctx, now: v.at(), report: report, checks: make(map[kiosk.CheckName]kiosk.Check)}
}

// has reports whether a check has passed.
func (a *answers) has(name kiosk.CheckName) bool { return a.checks[name].Result == kiosk.Passed }

// settled reports whether a check stands in nobody's way: it has passed, or there was nothing to check.
func (a *answers) settled(name kiosk.CheckName) bool {
	return a.has(name) || a.checks[name].Result == kiosk.Absent
}

// once runs a check unless it has an answer, notes how long it took, and reports it. A check that
// returns Pending has no answer yet.
func (a *answers) once(name kiosk.CheckName, check func() kiosk.Check) {
	if _, answered := a.checks[name]; answered {
		return
	}
	began := time.Now()
	c := check()
	if c.Result == kiosk.Pending {
		return
	}
	c.Took = time.Since(began)
	a.answer(name, c)
}

// enrolling are the checks that say no of a genuine document: its holder, or its kind, may not enrol.
var enrolling = []kiosk.CheckName{kiosk.CheckAge, kiosk.CheckPINState, kiosk.CheckAccepted}

// unanswerable are the reasons for which nobody knows whether something was revoked.
var unanswerable = []kiosk.Reason{kiosk.ReasonRevocationUnknown, kiosk.ReasonRevocationList}

func (a *answers) answer(name kiosk.CheckName, c kiosk.Check) {
	if a.v.VerifyOnly && c.Result == kiosk.Failed && slices.Contains(enrolling, name) {
		c = absent("", c.Source)
	}
	if c.Result == kiosk.Unknown && a.v.rules().ApproveRevocation && slices.Contains(unanswerable, c.Reason) {
		c.Result = kiosk.Absent // which costs the highest level; a supervisor decides whether it is enough
	}
	c.Name, c.At = name, a.v.Time()
	a.checks[name] = c
	if a.report != nil {
		a.report(c)
	}
}

// ask asks somebody else in the background, once. The request runs without the lock.
func (a *answers) ask(name kiosk.CheckName, request func(context.Context) kiosk.Check) {
	if _, asked := a.checks[name]; asked {
		return
	}
	a.checks[name] = kiosk.Check{Name: name} // asked, not answered
	a.asking.Go(func() {
		began := time.Now()
		check := request(a.ctx)
		check.Took = time.Since(began)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.answer(name, check)
	})
}

// PhotoUnshown says that the photograph, which is the one that the State signed, cannot be shown. Whoever compares the
// printed one relies on paper for what the chip should have proven, which costs the highest level.
func (a *answers) PhotoUnshown() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.v.atCentre():
		a.answer(kiosk.CheckPhotoData, absent(kiosk.ReasonPhotoUnshown, SourceDesk))
	case a.has(kiosk.CheckPhotoData):
		a.answer(kiosk.CheckPhotoData, absent(kiosk.ReasonPhotoUnshown, a.checks[kiosk.CheckPhotoData].Source))
	}
}

// list returns the checks of a verdict in its order, pending ones included; at the centre without those of a desk.
func (a *answers) list(order []kiosk.CheckName) []kiosk.Check {
	checks := make([]kiosk.Check, 0, len(order))
	for _, name := range order {
		c, answered := a.checks[name]
		desks := name == kiosk.CheckPINState || name == kiosk.CheckPrinted || name == kiosk.CheckPhotoData && !answered
		if desks && a.v.atCentre() {
			continue
		}
		c.Name = name
		checks = append(checks, c)
	}
	return checks
}

func passed(source string) kiosk.Check { return kiosk.Check{Result: kiosk.Passed, Source: source} }

func failed(reason kiosk.Reason, source string) kiosk.Check {
	return kiosk.Check{Result: kiosk.Failed, Reason: reason, Source: source}
}

// absent is for a document that has nothing to check. With a reason it costs the document its highest level.
func absent(reason kiosk.Reason, source string) kiosk.Check {
	return kiosk.Check{Result: kiosk.Absent, Reason: reason, Source: source}
}

// assess computes the level that checks reach (CIR (EU) 2015/1502, annex 2.1.2): high when everything
// asked was answered with yes; substantial when nothing was answered with no, but something was not answered, or
// the document has not what would have answered it; none otherwise, and when one of the checks needed to
// know the document to be genuine, not only not known to be false, has not passed. Missing names what is between
// the checks and "high".
func assess(checks []kiosk.Check, needed []kiosk.CheckName) kiosk.Assurance {
	a := kiosk.Assurance{Level: kiosk.LevelHigh}
	for _, c := range checks {
		switch {
		case c.Result == kiosk.Passed, c.Result == kiosk.Absent && c.Reason == "":
			continue
		case c.Result == kiosk.Failed, slices.Contains(needed, c.Name):
			a.Level = kiosk.LevelNone
		case a.Level == kiosk.LevelHigh:
			a.Level = kiosk.LevelSubstantial
		}
		a.Missing = append(a.Missing, c.Name)
	}
	return a
}

// reasonsOf lists why checks refuse a document, each reason once.
func reasonsOf(checks []kiosk.Check) []kiosk.Reason {
	var reasons []kiosk.Reason
	for _, c := range checks {
		refused := c.Result == kiosk.Failed || c.Result == kiosk.Unknown
		if refused && !slices.Contains(reasons, c.Reason) {
			reasons = append(reasons, c.Reason)
		}
	}
	return reasons
}
