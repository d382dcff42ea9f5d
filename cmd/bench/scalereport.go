package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// What is aimed at.
const (
	mostSlower   = 1.2    // at each size beside the smallest
	mostStored   = 15_360 // of an enrolment
	leastUpdates = 0.5    // binds beside simple-update
)

func (r ScaleReport) text() string {
	var t table
	t.row("people", "bind ms, p95", "× the first", "sign-in check ms, p95", "× the first", "bytes", "binds/s", "simple-update/s", "")
	for _, s := range r.Sizes {
		first := r.Sizes[0]
		bind, check := s.Bind/first.Bind, s.SignIn/first.SignIn
		t.row(fmt.Sprint(s.People), ms(s.Bind)+", "+ms(s.BindP95), fmt.Sprintf("%.2f %s", bind, verdict(bind, mostSlower)),
			ms(s.SignIn)+", "+ms(s.SignInP95), fmt.Sprintf("%.2f %s", check, verdict(check, mostSlower)),
			fmt.Sprintf("%.0f %s", s.Bytes, verdict(s.Bytes, mostStored)), fmt.Sprintf("%.0f", s.Binds), fmt.Sprintf("%.0f", s.Updates),
			fmt.Sprintf("%.2f ≥ %.1f %s", s.Binds/s.Updates, leastUpdates, verdict(leastUpdates, s.Binds/s.Updates)))
	}
	text := "As the database grows: one PostgreSQL that syncs to disk\n" + t.String()
	least, most := math.Inf(1), 0.0
	for _, s := range r.Sizes {
		least, most = min(least, s.Updates), max(most, s.Updates)
	}
	if most > least*mostSlower { // its tables are the same beside each size
		text += fmt.Sprintf("  simple-update went from %.0f to %.0f a second from one size to another: the machine was busy, measure again\n", least, most)
	}
	for _, n := range r.Left {
		text += fmt.Sprintf("  %d people: not measured, %d GB are free\n", n, r.Free>>30)
	}
	for _, s := range r.Sizes {
		text += fmt.Sprintf("  %d people: %.1f KB of WAL for opening, code and bind, %.1f KB for a sign-in check\n", s.People, s.BindWAL/1000, s.SignInWAL/1000)
	}
	text += fmt.Sprintf("  bytes of an enrolment, as all of it is added: Citizen Card %.0f, travel document %.0f\n", r.CardBytes, r.DocumentBytes)
	if n := len(r.Sizes); n > 0 {
		last := r.Sizes[n-1]
		var largest table
		largest.row("of the largest, bytes for each person", "rows", "outside", "indexes")
		for _, s := range last.Tables[:min(12, len(last.Tables))] {
			per := func(bytes int64) string { return fmt.Sprintf("%.0f", float64(bytes)/float64(last.People)) }
			largest.row("  "+s.Table, per(s.Rows), per(s.Outside), per(s.Index))
		}
		var again table
		again.row("ms of what registrars do again and again", "the first size", "the last")
		for _, name := range slices.Sorted(maps.Keys(last.Rounds)) {
			again.row("  "+name, ms(r.Sizes[0].Rounds[name]), ms(last.Rounds[name]))
		}
		text += largest.String() + again.String()
		for _, s := range r.Sizes {
			if len(s.Scanned) > 0 {
				text += fmt.Sprintf("  MISS read from end to end with %d people: %v\n", s.People, s.Scanned)
			}
		}
	}
	return text + fmt.Sprintf(`  multiplied: %d enrolments with Citizen Cards and %d with travel documents really happened: codes, evidence, signatures,
  revocation, PIN. They were multiplied in the database, half of each kind, to other people with other numbers, contacts, hashes and
  identifiers, 4,000 a day into the past; what is deleted by its age is not there. bytes: all tables and indexes, by people.
  bind: the desk's call and the registrar's, two transactions. sign-in check: three calls, without Argon2id; every fourth is of somebody unknown.
  binds/s and simple-update/s: pgbench -N -M prepared, %d connections each by the socket, in turn; sizes in turn, %d rounds, medians.
`, r.Cards, r.Documents, scaleClients, scaleRounds)
}
