package schema_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// Each limit, met by many calls at once: as many pass as it says.
func TestLimitsAreExactAtOnce(t *testing.T) {
	t.Parallel()
	const calls, limit = 24, 5
	open := func(d desk, _ uuid.UUID) string {
		o, err := d.tryOpen(newID(), citizen())
		return word(o.Refusal, err)
	}
	send := func(value func() string) func(desk, uuid.UUID) string {
		return func(d desk, id uuid.UUID) string {
			s, err := d.trySend(id, newID(), "sms", value())
			return word(s.Refusal, err)
		}
	}
	same := phone()
	for name, c := range map[string]struct {
		prepare  func(*bench)
		desks    int
		one      bool // enrolment for all calls of a desk
		call     func(desk, uuid.UUID) string
		pass     int
		pays, no string
	}{
		"opens of a desk":      {func(b *bench) { b.set("desk_opens_per_hour", limit+1) }, 1, true, open, limit, "", "BK011"},
		"codes of a desk":      {func(b *bench) { b.set("desk_codes_per_hour", limit) }, 1, false, send(phone), limit, "", "resends_used"},
		"opens of the centre":  {func(b *bench) { b.set("centre_opens_per_hour", limit+4) }, 4, true, open, limit, "", "BK011"},
		"codes of the centre":  {func(b *bench) { b.set("centre_codes_per_hour", limit) }, 4, false, send(phone), limit, "", "centre_busy"},
		"codes of a prefix":    {func(b *bench) { b.set("prefix_codes_per_hour", limit) }, 4, false, send(func() string { return "+5511" + phone()[4:] }), limit, "", "centre_busy"},
		"limit of a prefix":    {func(b *bench) { b.exec(`update centre.destination set per_hour = 5 where prefix = '351'`) }, 4, false, send(phone), limit, "", "centre_busy"},
		"sends to one contact": {func(b *bench) { b.set("code_resend_after_seconds", 0) }, 1, false, send(func() string { return same }), 4, "", "resends_used"},
		"tries of an enrolment": {func(*bench) {}, 1, true, func(d desk, id uuid.UUID) string {
			c, err := d.tryConfirm(id, newID(), "sms", "000000")
			return word(c.Refusal, err)
		}, 2, "code_wrong", "code_locked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.unwatched()
			c.prepare(b)
			desks := make([]desk, c.desks)
			first := make([]uuid.UUID, c.desks)
			for i := range desks {
				desks[i] = b.newDesk(fmt.Sprintf("loja_%d", i+1))
				first[i] = desks[i].open(citizen())
			}
			ids := make([]uuid.UUID, calls)
			for i := range ids {
				if ids[i] = first[i%c.desks]; !c.one {
					ids[i] = desks[i%c.desks].open(citizen())
				}
			}
			if c.no == "code_locked" {
				desks[0].send(first[0], "sms", phone())
			}
			got := atOnce(calls, func(i int) string { return c.call(desks[i%c.desks], ids[i]) })
			if got[c.pays] != c.pass || got[c.no] != calls-c.pass {
				t.Errorf("%v, want %d %q and the rest %q", got, c.pass, c.pays, c.no)
			}
			if after := c.call(desks[0], ids[0]); after != c.no {
				t.Errorf("one more: %q, want %q", after, c.no)
			}
		})
	}
}

// The hour slides: what was done in the slot in which it began counts.
func TestHourCountsWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set("centre_opens_per_hour", 1)
	const began = `select (date_bin('5 minutes', clock_timestamp(), 'epoch') - interval '1 hour')::text`
	for {
		b.exec(`delete from centre.tally`)
		slot := scalar[string](b, began)
		b.exec(`insert into centre.tally (what, slot, shard, n) values ('opens', $1::text::timestamptz, 0, 1)`, slot)
		_, err := b.desk.tryOpen(newID(), citizen())
		if scalar[string](b, began) == slot { // or the slot ended meanwhile
			wantState(t, "another one", err, "BK011")
			break
		}
	}
	b.exec(`delete from centre.tally`)
	b.exec(`insert into centre.tally (what, slot, shard, n)
		values ('opens', date_bin('5 minutes', clock_timestamp(), 'epoch') - interval '65 minutes', 0, 1)`)
	b.desk.open(citizen())
}

// An enrolment's tries are remembered one by one, so there is an end to them: nobody fills the disk with tries at a code
// that is used up.
func TestTriesHaveAnEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.desk.proven(citizen(), "sms", phone())
	first := newID()
	must(b.desk.tryConfirm(id, first, "sms", "123456"))(t)
	refused := 0
	for range 150 {
		c, err := b.desk.tryConfirm(id, newID(), "sms", "123456")
		switch got := word(c.Refusal, err); got {
		case "BK011":
			refused++
		case "code_expired":
		default:
			t.Fatalf("confirm_code of a used code: %q", got)
		}
	}
	if refused != 52 || scalar[int](b, `select count(*) from centre.code_attempt`) != 100 {
		t.Errorf("%d tries were refused", refused)
	}
	if c := must(b.desk.tryConfirm(id, first, "sms", "123456"))(t); c.Refusal != "code_expired" {
		t.Errorf("one of them again: %+v", c)
	}
	b.desk.proven(citizen(), "sms", phone())
}

// What becomes a key costs a desk nothing, another desk's limit is its own, and an hour later all is well.
func TestLimitOfOpens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set("desk_opens_per_hour", 2)
	for range 3 {
		b.desk.enrol(citizen(), ana)
	}
	who, first := citizen(), newID()
	must(b.desk.tryOpen(first, who))(t)
	if err := b.desk.abandon(b.desk.open(citizen()), "cancelled"); err != nil {
		t.Fatal(err)
	}
	_, err := b.desk.tryOpen(newID(), citizen())
	wantState(t, "one too many", err, "BK011")
	if o := must(b.desk.tryOpen(first, who))(t); len(o.Challenge) == 0 {
		t.Errorf("the enrolment at hand, asked for again: %+v", o)
	}
	b.newDesk("other").open(citizen())
	b.exec(`update centre.enrolment set opened_at = opened_at - interval '1 hour'`)
	b.desk.open(citizen())
}

// Who has a key is told only to an enrolment that stays, and is counted, whichever number is asked about.
func TestAskingWhoIsEnrolledCounts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	card, passport := citizen(), traveller()
	b.desk.enrol(card, ana)
	b.desk.enrol(passport, name{"Berg", "Bo", "1990-01-01"})
	b.set("desk_opens_per_hour", 4)
	claim := traveller()
	claim.Tax = passport.Tax // a NIF that was typed tells nothing
	for n, q := range []struct {
		who  person
		want string
	}{{card, "already_active"}, {passport, "already_active"}, {claim, ""}, {citizen(), ""}, {card, "BK011"}, {citizen(), "BK011"}} {
		o, err := b.desk.tryOpen(newID(), q.who)
		if got := word(o.Refusal, err); got != q.want {
			t.Errorf("question %d: %q, want %q", n, got, q.want)
		}
	}
	if got := b.mentions(card.Civil); got != 2 {
		t.Errorf("the civil number is in %d rows, want the person's and the one of whom the PIN's hash names", got)
	}
	// One that is refused for want of a chip costs nothing and says the same of everybody.
	b.set("desk_opens_per_hour", 1000)
	for _, q := range []person{passport, traveller()} {
		q.Typed = true
		if o := must(b.desk.tryOpen(newID(), q))(t); o.Refusal != "no_chip" {
			t.Errorf("typed: %+v, want no_chip", o)
		}
	}
}

// Many at once who begin far from a limit of the centre and come to it: exactly as many pass. Whoever counted beside
// others when the limit came near is told to ask again.
func TestLimitIsExactWhenItComesNear(t *testing.T) {
	t.Parallel()
	const callers, limit, calls = 24, 150, 240
	b := newBench(t)
	b.centre = mustPoolOf(t, b.db.Centre(), callers)
	b.set("centre_codes_per_hour", limit)
	b.set("desk_codes_per_hour", 10*calls)
	b.set("prefix_codes_per_hour", limit+20) // comes near too, a little later
	desks := make([]desk, callers)
	for i := range desks {
		desks[i] = b.newDesk(fmt.Sprintf("loja_%d", i+2))
	}
	var mu sync.Mutex
	got := map[string]int{}
	atOnce(callers, func(i int) string {
		for range calls / callers {
			id := desks[i].open(citizen())
			send := newID()
			for {
				s, err := desks[i].trySend(id, send, "sms", "+5511"+phone()[4:])
				answer := word(s.Refusal, err)
				mu.Lock()
				got[answer]++
				mu.Unlock()
				if answer != "40001" {
					break
				}
			}
		}
		return ""
	})
	if got[""] != limit || got["centre_busy"] != calls-limit {
		t.Errorf("%v, want %d that pass and %d that do not", got, limit, calls-limit)
	}
	if n := scalar[int](b, `select sum(n) from centre.tally where what = 'codes'`); n != limit {
		t.Errorf("counted %d, want %d", n, limit)
	}
}
