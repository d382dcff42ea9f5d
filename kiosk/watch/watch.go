// Package watch makes months of desks at work, and of misuse, for the rules that watch for misuse (centre.watch_rule of
// kiosk/central/schema) to be tried on: the counters and the rules are the database's, only the clock is ours.
//
// A month has what honest people do that looks odd: tourists on Saturdays, couples with one phone, a bus of students with
// passports of one series, a new office, people who mistype. Frauds and LookAlikes have one of each for every rule.
package watch

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Event is one thing that was seen, as internal.seen_at takes it. What is zero is not counted.
type Event struct {
	At                                time.Time
	What                              string
	Desk, Staff                       string
	Key                               int64
	Contact, Source, Document, Person []byte
	Prefix, Series                    string
}

// Alert is a case that a rule opened.
type Alert struct {
	Rule  string
	At    time.Time
	Desk  string
	Staff string
	Value float64
}

// hidden is what the database would know a thing by: a hash.
func hidden(format string, args ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return sum[:]
}

// Player is a connection on which events happen.
type Player interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Play has events happen in the order of their times, with the registrars' round every hour between them and after the last.
// Every night somebody decides that nothing was suspicious, if they decide.
func Play(ctx context.Context, db Player, events []Event, decide bool) error {
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	var batch pgx.Batch
	send := func() error {
		defer func() { batch = pgx.Batch{} }()
		return db.SendBatch(ctx, &batch).Close()
	}
	var hour time.Time
	for i, e := range events {
		if hour.IsZero() {
			hour = e.At.Truncate(time.Hour)
		}
		batch.Queue(`select internal.seen_at($1, $2, nullif($3, ''), nullif($4, ''), nullif($5::bigint, 0), $6, $7, $8, $9, nullif($10, ''), nullif($11, ''), null)`,
			e.At, e.What, e.Desk, e.Staff, e.Key, e.Contact, e.Source, e.Document, e.Person, e.Prefix, e.Series)
		last := i == len(events)-1
		next := hour.Add(time.Hour)
		if !last && events[i+1].At.Before(next) && batch.Len() < 500 {
			continue
		}
		if last || !events[i+1].At.Before(next) {
			batch.Queue(`select internal.watch_tick($1)`, next)
			hour = next
			if !last {
				hour = events[i+1].At.Truncate(time.Hour)
			}
		}
		if decide && hour.Day() != next.Add(-time.Hour).Day() {
			batch.Queue(`update centre.watch_alert set applied_at = $1, quiet_until = $1::timestamptz + interval '30 days' where applied_at is null`, next)
		}
		if err := send(); err != nil {
			return fmt.Errorf("at %s: %w", e.At.Format(time.DateTime), err)
		}
	}
	return nil
}

// Reader is a connection that reads.
type Reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Alerts are all that were opened, in that order.
func Alerts(ctx context.Context, db Reader) ([]Alert, error) {
	rows, err := db.Query(ctx, `select rule, opened_at, desk, staff, value::float8 from centre.watch_alert order by number`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Alert])
}

// Month is how much there is of what.
type Month struct {
	Begin   time.Time // a day's beginning, UTC
	Days    int
	Desks   int // four to an office; the last office opens after a third of the days
	Visits  int // of a desk on a weekday; as many on a Saturday, in half the time
	SignIns int // of all people on a day
	Seed    uint64
}

// DeskDays are how many days desks were open.
func (m Month) DeskDays() int {
	n := 0
	for day := range m.Days {
		for desk := range m.Desks {
			if m.open(day, desk) {
				n++
			}
		}
	}
	return n
}

func (m Month) open(day, desk int) bool {
	newOffice := desk/4 == (m.Desks-1)/4 && m.Desks > 4
	return m.Begin.AddDate(0, 0, day).Weekday() != time.Sunday && (!newOffice || day >= m.Days/3)
}

func deskName(i int) string { return fmt.Sprintf("loja_%d", i+1) }

// crowd makes the honest people of a month.
type crowd struct {
	Month
	r       *rand.Rand
	events  []Event
	people  int64
	keys    []int64
	changed int // of keys
}

// Honest is what honest people do in a month.
func (m Month) Honest() []Event {
	c := &crowd{Month: m, r: rand.New(rand.NewPCG(m.Seed, 11))} //nolint:gosec // the same month again
	for day := range m.Days {
		for desk := range m.Desks {
			if m.open(day, desk) {
				c.desk(day, desk)
			}
		}
		c.signIns(day)
	}
	for week := 0; week*7 < m.Days; week++ {
		c.students(week*7 + 2 + c.r.IntN(3))
	}
	return c.events
}

func (c *crowd) add(e Event) { c.events = append(c.events, e) }

// desk is a day of a desk: nine hours, or half of that on a Saturday, when tourists come.
func (c *crowd) desk(day, desk int) {
	begin, lasts := c.Begin.AddDate(0, 0, day).Add(9*time.Hour), 9*time.Hour
	saturday := begin.Weekday() == time.Saturday
	if saturday {
		lasts /= 2
	}
	w := where{deskName(desk), fmt.Sprintf("%04d", 100+desk/4*10+(desk+day)%5)} // five clerks take turns at four desks
	// No two days are alike.
	visits := max(1, int(float64(c.Visits)*(0.7+0.6*c.r.Float64())))
	for range visits {
		at := begin.Add(time.Duration(c.r.Int64N(int64(lasts))))
		switch roll := c.r.Float64(); {
		case roll < 0.80:
			c.enrol(at, w, saturday)
		case roll < 0.92:
			c.change(at, w)
		default:
			c.add(Event{At: at, What: "search", Desk: w.desk, Staff: w.staff})
		}
	}
	if c.r.IntN(40) == 0 { // somebody came at the last moment
		c.add(Event{At: begin.Add(12*time.Hour + time.Minute), What: "opened_after_hours", Desk: w.desk, Staff: w.staff})
	}
}

type where struct{ desk, staff string }

// enrol is a visit: mostly it goes well at once.
func (c *crowd) enrol(at time.Time, w where, saturday bool) {
	c.people++
	person := hidden("person %d %d", c.Seed, c.people)
	prefix, series := "351", ""
	if foreign := c.r.Float64(); foreign < 0.2 || saturday && foreign < 0.5 {
		prefix = []string{"44", "49", "33", "55", "34"}[c.r.IntN(5)]
		series = fmt.Sprintf("UTO P%05d", c.r.IntN(90000))
	}
	c.add(Event{At: at, What: "opened", Desk: w.desk, Staff: w.staff, Document: person, Series: series})
	if c.r.IntN(60) == 0 { // the reader fails: they are asked to the next desk
		c.add(Event{At: at.Add(2 * time.Minute), What: "ended", Desk: w.desk, Staff: w.staff, Document: person})
		w.desk += "b"
		at = at.Add(3 * time.Minute)
		c.add(Event{At: at, What: "opened", Desk: w.desk, Staff: w.staff, Document: person, Series: series})
	}
	contact := hidden("contact %d %d", c.Seed, c.people)
	if c.people > 1 && c.r.IntN(80) == 0 { // a couple with one phone; the second comes with another
		contact = hidden("contact %d %d", c.Seed, c.people-1)
	}
	sent := func(after time.Duration) {
		c.add(Event{At: at.Add(after), What: "code_sent", Desk: w.desk, Staff: w.staff, Contact: contact, Person: person, Prefix: prefix})
	}
	said := func(after time.Duration, what string) {
		c.add(Event{At: at.Add(after), What: what, Desk: w.desk, Staff: w.staff, Contact: contact, Person: person})
	}
	sent(3 * time.Minute)
	for i := 1; i <= 3 && c.r.IntN(6) == 0; i++ { // messages are slow
		sent(3*time.Minute + time.Duration(i)*40*time.Second)
	}
	for i := 0; i < 2 && c.r.IntN(10) == 0; i++ {
		said(5*time.Minute+time.Duration(i)*20*time.Second, "code_wrong")
	}
	done := at.Add(8 * time.Minute)
	if c.r.IntN(15) > 0 {
		said(6*time.Minute, "code_confirmed")
		c.keys = append(c.keys, c.people)
		c.add(Event{At: done, What: "key_made", Desk: w.desk, Staff: w.staff, Key: c.people})
	}
	c.add(Event{At: done, What: "ended", Desk: w.desk, Staff: w.staff, Document: person})
}

// change is a visit of somebody who has a key.
func (c *crowd) change(at time.Time, w where) {
	if c.changed >= len(c.keys) {
		return
	}
	key := c.keys[c.changed] // nobody comes twice within weeks
	c.changed++
	what := [][]string{{"changed_contact"}, {"changed_pin"}, {"changed_unblock", "changed_pin"}, {"changed_cancel"}}[c.r.IntN(4)]
	for _, what := range what {
		c.add(Event{At: at, What: what, Desk: w.desk, Staff: w.staff, Key: key})
	}
	c.add(Event{At: at.Add(time.Minute), What: "tried", Desk: w.desk, Staff: w.staff, Key: key, Contact: hidden("contact %d %d", c.Seed, key)})
}

// signIns are a day's, from homes, and some from a library.
func (c *crowd) signIns(day int) {
	for range c.SignIns {
		if len(c.keys) == 0 {
			return
		}
		key := c.keys[c.r.IntN(len(c.keys))]
		e := Event{
			At:  c.Begin.AddDate(0, 0, day).Add(7*time.Hour + time.Duration(c.r.Int64N(int64(16*time.Hour)))),
			Key: key, Contact: hidden("contact %d %d", c.Seed, key), Source: hidden("home %d", key/2), What: "signed_in",
		}
		if c.r.IntN(5) == 0 {
			e.Source = hidden("library")
		}
		right := e
		right.What = "pin_right"
		c.add(right)
		e.Source = nil // is told once
		e1 := right
		for i := 0; i < 4 && c.r.IntN(8) == 0; i++ {
			e1.At = e1.At.Add(-20 * time.Second)
			if e1.What = "pin_wrong"; i == 0 && c.r.IntN(4) == 0 { // a digit of the phone number
				e1.What, e1.Key, e1.Contact = "unknown_identifier", 0, hidden("typo %d", key)
				c.add(e1)
				break
			}
			c.add(e1)
		}
		c.add(e)
	}
}

// students come by bus, with passports of one series, on one morning.
func (c *crowd) students(day int) {
	if day >= c.Days {
		return
	}
	begin := c.Begin.AddDate(0, 0, day).Add(10 * time.Hour)
	for i := range 30 {
		w := where{deskName(i % min(4, c.Desks)), fmt.Sprintf("%04d", 100+(i+day)%min(4, c.Desks))}
		at := begin.Add(time.Duration(i) * 6 * time.Minute)
		person := hidden("student %d %d", day, i)
		c.add(Event{At: at, What: "opened", Desk: w.desk, Staff: w.staff, Document: person, Series: fmt.Sprintf("UTO S%05d", day)})
		c.add(Event{At: at.Add(8 * time.Minute), What: "ended", Desk: w.desk, Staff: w.staff, Document: person})
	}
}
