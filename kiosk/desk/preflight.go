package desk

import (
	"cmp"
	"context"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/paper/printer"
)

// lookAtDesk finds out how those needs of a day's work stand that no event tells of. Each is asked at the same time, and
// none is waited for longer than Pace.Look.
func (r *Runner) lookAtDesk(ctx context.Context, c kiosk.LookAtDesk) {
	r.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.cfg.Pace.Look, UsualPace.Look))
		defer cancel()
		var centre, screen, printing []kiosk.Readiness
		var asking sync.WaitGroup
		asking.Go(func() { centre = r.lookAtCentre(ctx) })
		asking.Go(func() { screen = r.lookAtScreen(ctx) })
		asking.Go(func() { printing = r.lookAtPrinter(ctx) })
		trusted := r.lookAtTrust()
		asking.Wait()
		found := slices.Concat(centre, []kiosk.Readiness{trusted}, screen, printing)
		for _, n := range found {
			if n.Result != kiosk.Passed {
				r.cfg.Log.WarnContext(ctx, "not ready", "need", string(n.Need), "problem", string(n.Problem), "lack", string(n.Lack))
			}
		}
		r.Send(kiosk.DeskLooked{Number: c.Number, Needs: found})
	})
}

// lookAtCentre asks the centre anew: what the line to it told may be half a minute old. It looks at the certificates of
// both too. When the centre answers, the session hears how, and says it.
func (r *Runner) lookAtCentre(ctx context.Context) []kiosk.Readiness {
	h, err := r.cfg.Centre.Hello(ctx)
	switch {
	case ctx.Err() != nil:
		return []kiosk.Readiness{{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemCentreDown}, r.certificates(time.Time{})}
	case err != nil:
		return []kiosk.Readiness{{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: r.centreProblem("look at the desk", err)}, r.certificates(time.Time{})}
	}
	r.heard(h)
	if h.Version != central.Version {
		return []kiosk.Readiness{{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemVersion}, r.certificates(h.DoorEnds)}
	}
	return []kiosk.Readiness{r.certificates(h.DoorEnds)}
}

// certificates judges how long the desk's own is valid, and that of the centre's door, unless nothing is known of it.
func (r *Runner) certificates(door time.Time) kiosk.Readiness {
	now, own := r.cfg.Now(), r.certificate
	ready := kiosk.Readiness{Need: kiosk.NeedCertificates, Result: kiosk.Passed, Until: own.NotAfter}
	soon := now.Add(central.CertificateSoon)
	switch {
	case now.After(own.NotAfter), now.Before(own.NotBefore):
		ready.Result, ready.Lack = kiosk.Failed, kiosk.LackDeskExpired
	case soon.After(own.NotAfter):
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackDeskSoon
	case !door.IsZero() && soon.After(door):
		ready.Result, ready.Lack, ready.Until = kiosk.Unknown, kiosk.LackCentreSoon, door
	case !door.IsZero() && door.Before(ready.Until):
		ready.Until = door
	}
	return ready
}

// lookAtTrust judges what documents are believed by, as the desk read it at its start.
func (r *Runner) lookAtTrust() kiosk.Readiness {
	ready := kiosk.Readiness{Need: kiosk.NeedTrust, Result: kiosk.Passed}
	if r.cfg.Examiner == nil || r.cfg.Examiner.Trust == nil {
		return ready
	}
	now, store, countries := r.cfg.Now(), r.cfg.Examiner.Trust, r.cfg.Examiner.Countries
	ready.Until = countries.ListsEnd()
	bad := slices.Concat(store.BadFiles(), countries.BadFiles())
	ended := countries.ListsEnded(now)
	switch {
	case !slices.ContainsFunc(store.Anchors(), func(c *x509.Certificate) bool { return now.Before(c.NotAfter) }):
		ready.Result, ready.Lack = kiosk.Failed, kiosk.LackAnchors
	case len(bad) > 0:
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackTrustFiles
		for _, b := range bad {
			ready.Names = append(ready.Names, b.File)
		}
	case len(ended) > 0:
		ready.Result, ready.Lack, ready.Names = kiosk.Unknown, kiosk.LackLists, ended
	}
	return ready
}

// lookAtScreen reports whether the second monitor is there, where one is configured.
func (r *Runner) lookAtScreen(ctx context.Context) []kiosk.Readiness {
	if r.cfg.SecondScreen == nil {
		return nil
	}
	ready := kiosk.Readiness{Need: kiosk.NeedScreen, Result: kiosk.Passed}
	if there, err := r.cfg.SecondScreen(ctx); err != nil {
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackAnswer
	} else if !there {
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackSecondScreen
	}
	return []kiosk.Readiness{ready}
}

// lookAtPrinter reports how the configured printer is. A desk without one shows its papers, and wants none.
func (r *Runner) lookAtPrinter(ctx context.Context) []kiosk.Readiness {
	name := string(r.cfg.Papers.Printer)
	if name == "" {
		return nil
	}
	ready := kiosk.Readiness{Need: kiosk.NeedPrinter, Result: kiosk.Passed, Names: []string{name}}
	queues, err := printer.Queues(ctx)
	i := slices.IndexFunc(queues, func(q printer.Queue) bool { return q.Name == name })
	switch {
	case ctx.Err() != nil:
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackAnswer
	case err != nil || i < 0:
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackPrinter
	case queues[i].Stopped:
		ready.Result, ready.Lack = kiosk.Unknown, kiosk.LackRunningPrinter
	}
	return []kiosk.Readiness{ready}
}
