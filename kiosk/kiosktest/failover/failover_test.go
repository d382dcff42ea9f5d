package failover_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"balcao/kiosk/kiosktest"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/pki"
)

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// codeIn is the code in a message.
func codeIn(text string) string { return sixDigits.FindString(text) }

// struck is what a fault cost.
type struck struct {
	fault
	gap, well time.Duration // nobody's key became active; until all was well
	enrolled  int64         // until then
}

// TestFailover strikes a centre at work with one fault after the other, and then looks for what was lost.
func TestFailover(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := chosen(t)
	order := rand.New(rand.NewPCG(*seed, *seed))
	t.Logf("again with: -failover.seed %d -failover.desks %d -failover.enrolments %d -failover.faults %s", *seed, *desks, *enrolments, *only)
	var issued []pki.Issued
	for n := range *enrolments*3 + 2000 {
		issued = append(issued, citizen.Issued(kiosktest.VisitorPlan(n), 0)...)
	}
	began := time.Now()
	s := newSite(ctx, t, issued)
	l := newLoad(ctx, t, s, issued)
	t.Logf("the centre is up after %v", time.Since(began).Round(time.Second/10))
	check(t, l.until(ctx, 20))

	var all []struck
	calm := int64(*enrolments / (2 * len(rows)))
	for len(all) == 0 || l.done.Load() < int64(*enrolments)-calm {
		order.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, row := range rows {
			one, err := s.suffer(ctx, l, row)
			if err != nil {
				s.tellAbout(row)
				t.Fatalf("%s: %v", row.name, err)
			}
			all = append(all, one)
			t.Logf("%s: nobody's key became active for %v; all well after %v, %d enrolled meanwhile, %d in all", row.name,
				one.gap.Round(time.Second/10), one.well.Round(time.Second/10), one.enrolled, l.done.Load())
			check(t, l.until(ctx, l.done.Load()+min(calm, 400)))
		}
	}
	check(t, l.until(ctx, int64(*enrolments)))
	l.close()
	t.Logf("%d enrolments in %v\n%s", l.done.Load(), time.Since(began).Round(time.Second), table(all))
	s.verify(ctx, t, l)
}

// chosen are the faults that -failover.faults names.
func chosen(t *testing.T) (rows []fault) {
	t.Helper()
	for _, row := range faults {
		if *only == "all" || slices.Contains(strings.Split(*only, ","), row.name) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 || *only != "all" && len(rows) != strings.Count(*only, ",")+1 {
		t.Fatalf("-failover.faults %s: not all of these are in the table", *only)
	}
	return rows
}

// patience is how long a fault may take until all is well again.
const patience = 4 * time.Minute

// suffer strikes, and returns when all is well and people enrol again.
func (s *site) suffer(ctx context.Context, l *load, row fault) (one struck, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	at := stricken{site: s}
	if at.primary, err = s.with(ctx, "leader"); err != nil {
		return one, err
	}
	if at.standby, err = s.with(ctx, "sync_standby"); err != nil {
		return one, err
	}
	began, before := time.Now(), l.done.Load()
	if err := row.strike(ctx, at); err != nil {
		return one, err
	}
	if row.lasts != nil {
		if err := row.lasts(ctx, at); err != nil {
			return one, err
		}
	}
	if row.mend != nil {
		if err := row.mend(ctx, at); err != nil {
			return one, err
		}
	}
	if err := s.well(ctx); err != nil {
		return one, err
	}
	if err := s.ready(ctx); err != nil {
		return one, err
	}
	if err := l.until(ctx, l.done.Load()+2*int64(*desks)); err != nil { // whoever waited, and others
		return one, err
	}
	return struck{row, l.gap(began), time.Since(began), l.done.Load() - before}, nil
}

func (s *site) tellAbout(row fault) {
	members, err := s.members(context.Background())
	s.t.Logf("after %s: %v %v", row.name, members, err)
}

// table prints the longest gap of each fault.
func table(all []struck) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\ttimes\tlongest gap\tall well after\t")
	for _, row := range faults {
		var times int
		var gap, well time.Duration
		for _, one := range all {
			if one.name == row.name {
				times, gap, well = times+1, max(gap, one.gap), max(well, one.well)
			}
		}
		if times > 0 {
			fmt.Fprintf(w, "%s\t%d\t%.1f s\t%.1f s\t\n", row.what, times, gap.Seconds(), well.Seconds())
		}
	}
	_ = w.Flush()
	return text.String()
}
