package main

import "fmt"

// The targets.
const (
	mostStorm      = 100    // ms, p95 of sending a code and confirming it beside a storm of sign-ins
	mostDoor       = 1.6    // of the same functions by SQL
	mostBackends   = 60     // of PostgreSQL, with 1,000 desks
	leastOfHash    = 0.5    // of the rate of bare Argon2id
	leastLogins    = 0.7    // of the same
	leastPerSecond = 11.6   // enrolments, on two cores
	leastAudited   = 20_000 // leaves per second
	mostLeaf       = 0.1    // of a bind
	mostAlerts     = 0.05   // of a desk a day, about honest people
	mostLogged     = 1.1    // of the same without the log
)

// text is the part of the report about the centre: of what was measured.
func (r CentreReport) text() string {
	var t table
	for _, c := range r.Calls {
		t.row(c.Call, ms(c.Door)+" ms through the door", ms(c.SQL)+" ms by SQL",
			fmt.Sprintf("%.2f ≤ %.1f %s", c.Door/c.SQL, mostDoor, verdict(c.Door/c.SQL, mostDoor)))
	}
	if r.Refused {
		t.row("PostgreSQL, a desk's certificate", "", "refused", "PASS")
	}
	if s := r.Streams; s.Desks > 0 {
		t.row(fmt.Sprintf("%d desks that listen", s.Desks), fmt.Sprintf("centre %.0f MiB, %.0f before", s.RSS, s.Empty),
			fmt.Sprintf("a notice reached all in %s ms", ms(s.Reached)),
			fmt.Sprintf("%d backends ≤ %d %s", s.Backends, mostBackends, verdict(float64(s.Backends), mostBackends)))
	}
	if r.PerSecond > 0 {
		t.row("enrolments without a registrar", fmt.Sprintf("%.0f/s, %d by %d desks at once", r.PerSecond, r.Enrolments, r.Desks),
			fmt.Sprintf("each %s ms, p95 %s ms", ms(r.Median), ms(r.P95)), "")
	}
	if r.VisitRate > 0 {
		t.row("whole enrolments", fmt.Sprintf("%.1f/s, %d by %d desks at once", r.VisitRate, r.Visits, r.Visited), "",
			fmt.Sprintf("≥ %.1f %s", leastPerSecond, verdict(leastPerSecond, r.VisitRate)))
	}
	if r.HashRate > 0 {
		t.row("bare Argon2id on all cores", fmt.Sprintf("%.1f/s, %s ms each", r.HashRate, ms(r.Hash)),
			fmt.Sprintf("%.0f MiB, %d passes, %d lanes", float64(r.HashMemory)/1024, r.HashTime, r.HashLanes),
			fmt.Sprintf("%.2f ≥ %.1f %s", r.VisitRate/r.HashRate, leastOfHash, verdict(leastOfHash, r.VisitRate/r.HashRate)))
	}
	r.loginRows(&t)
	if s := r.Storm; s.Enrolls > 0 {
		t.row("a storm of sign-ins", fmt.Sprintf("%.1f/s, %d answered, %d told busy", s.Rate, s.Served, s.Busy),
			fmt.Sprintf("each %s ms, p95 %s ms", ms(s.Median), ms(s.P95)), "")
		t.row("send and confirm a code beside it", fmt.Sprintf("p95 %s ms, %d enrolments", ms(s.Storm), s.Enrolls),
			fmt.Sprintf("p95 %s ms without", ms(s.Calm)), fmt.Sprintf("%s ≤ %d ms %s", ms(s.Storm), mostStorm, verdict(s.Storm, mostStorm)))
	}
	if w := r.Watch; w.DeskDays > 0 {
		perDay := float64(w.Alerts) / float64(w.DeskDays)
		t.row("alerts about honest people", fmt.Sprintf("%d in %d desk-days, %d days simulated", w.Alerts, w.DeskDays, w.Days),
			fmt.Sprintf("%s ms to count an event, of %d", ms(w.Count), w.Counted), fmt.Sprintf("%.4f a desk-day ≤ %.2f %s", perDay, mostAlerts, verdict(perDay, mostAlerts)))
	}
	if l := r.Log; l.Audited > 0 {
		t.row("audit of the log", fmt.Sprintf("%.0f leaves/s, %d leaves", l.Audited, l.Leaves), "",
			fmt.Sprintf("≥ %d %s", leastAudited, verdict(leastAudited, l.Audited)))
	}
	if l := r.Log; l.Leaf > 0 && len(r.Calls) == 2 {
		bind := r.Calls[1].SQL
		t.row("a leaf of the log", fmt.Sprintf("%.2f ms", l.Leaf), ms(bind)+" ms a bind by SQL",
			fmt.Sprintf("%.2f ≤ %.1f %s", l.Leaf/bind, mostLeaf, verdict(l.Leaf/bind, mostLeaf)))
	}
	if l := r.Log; l.Without.Bound > 0 {
		t.row(fmt.Sprintf("%d desks that bind at once", l.Together), ms(l.With.Bound)+" ms with the log", ms(l.Without.Bound)+" ms without",
			fmt.Sprintf("%.2f ≤ %.1f %s", l.With.Bound/l.Without.Bound, mostLogged, verdict(l.With.Bound/l.Without.Bound, mostLogged)))
		t.row("until all keys are active", ms(l.With.Active)+" ms with the log", ms(l.Without.Active)+" ms without", ratio(l.With.Active/l.Without.Active))
	}
	if len(t) == 0 {
		return ""
	}
	return "The centre: one PostgreSQL that syncs to disk, the program centre, registrar and desks on this machine\n" + t.String() +
		`  through the door: HTTPS with the desk's certificate; by SQL: the same function by pgx over TLS and TCP. medians,
  in turn. whole: what the centre does, from the first call of the desks to the last key that they heard of: opened, the
  code sent by the registrar and confirmed, bound, the signatures of card, desk and clerk and the answers about revocation verified,
  the PIN hashed, the key active. the card was read and examined, the PIN sealed and OCSP answered before; card, desk
  and clerk sign meanwhile, on the same cores. without a registrar: the questions alone.
  sign-ins at a service: complete, by HTTPS at two instances of login that take turns; the code is typed as it comes. the
  share is of bare hashing; where other work has the cores too, many processes have more of them than the bare hash, and
  the share of the processor time is the truer one. functions: of the database, with what they call. killed: whoever was
  under way loads the page again.
  a storm: sign-ins with wrong PINs that come at 0.8 of the rate of bare hashing in the same run, however long each takes:
  counted, hashed and compared, by SQL as balcao_login. beside them somebody enrols through the door.
  alerts: a simulated month of eight desks on this database, with tourists, couples with one phone and a bus of students.
  a leaf: what a change of a member of staff takes longer with the log than without. at once: until the last is bound, while
  keys are made of the others, which is six leaves each; no PIN is hashed and no evidence verified. rounds in turn, medians.
`
}
