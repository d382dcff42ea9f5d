package schema_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

type job struct {
	ID        int64
	Kind      string
	Enrolment uuid.UUID
	Attempts  int
	Payload   map[string]any
	Challenge []byte
	JWS       []byte
	Identity  []byte
	Proof     []byte
	ChipState []byte
	ChipDG14  []byte
}

// take takes a job; ok is false when there is none.
func (b *bench) take(worker string) (j job, ok bool) {
	b.tb.Helper()
	j, err := row[job](b.tb, b.registrar, `select job, kind, enrolment, attempts, payload, challenge, jws, identity, proof, chip_state, chip_dg14
		from registrar.take_job($1)`, worker)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		b.tb.Fatal(err)
	}
	return j, err == nil
}

func (b *bench) mustTake(worker string) job {
	b.tb.Helper()
	j, ok := b.take(worker)
	if !ok {
		b.tb.Fatal("no job")
	}
	return j
}

func (b *bench) done(j job, worker string) error {
	_, err := b.registrar.Exec(b.tb.Context(), `select registrar.job_done($1, $2)`, j.ID, worker)
	return err
}

// order queues n messages of a desk.
func (d desk) order(n int) {
	d.b.tb.Helper()
	for range n {
		must(d.trySend(d.open(citizen()), newID(), "sms", phone()))(d.b.tb)
	}
}

func TestWorkersNeverShareAJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`update centre.setting set value = '64' where name = 'desk_jobs'`)
	b.desk.order(30)
	got := atOnce(60, func(int) string {
		j, ok := b.take("w")
		if !ok {
			return "none"
		}
		return string(rune('A' + j.ID))
	})
	if got["none"] != 30 || len(got) != 31 {
		t.Errorf("%v, want each of 30 jobs once", got)
	}
}

// However many workers take at once, one desk has no more jobs at work than the setting says.
func TestJobsOfOneDesk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.order(30)
	got := atOnce(20, func(int) string {
		if _, ok := b.take("w"); ok {
			return "taken"
		}
		return "none"
	})
	if got["taken"] != 4 {
		t.Errorf("%v, want 4 taken", got)
	}
	other := b.newDesk("other")
	other.order(1)
	b.mustTake("w")
}

// A job belongs to who leased it until the lease ends, and then to who takes it.
func TestLease(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.order(1)
	first := b.mustTake("one")
	if _, ok := b.take("two"); ok {
		t.Fatal("another worker found it")
	}
	wantState(t, "done by another", b.done(first, "two"), "BK014")
	if wait := scalar[float64](b, `select extract(epoch from registrar.next_due() - clock_timestamp())::float8`); wait < 20 || wait > 30 {
		t.Errorf("the lease ends in %v s, want 30", wait)
	}
	b.exec(`update centre.job set due_at = clock_timestamp()`) // the first worker is dead, or too slow
	second := b.mustTake("two")
	if second.ID != first.ID || first.Attempts != 0 || second.Attempts != 1 {
		t.Errorf("took %+v, then %+v", first, second)
	}
	for what, sql := range map[string]string{"done": `job_done($1, 'one')`, "retry": `job_retry($1, 'one', now(), 'x')`, "failed": `job_failed($1, 'one', 'x')`} {
		_, err := b.registrar.Exec(t.Context(), `select registrar.`+sql, first.ID)
		wantState(t, what, err, "BK014")
	}
	// A worker that begins again finds what it had; another's stays.
	must(b.registrar.Exec(t.Context(), `select registrar.begin('one')`))(t)
	if _, ok := b.take("one"); ok {
		t.Error("took what another has")
	}
	must(b.registrar.Exec(t.Context(), `select registrar.begin('two')`))(t)
	third := b.mustTake("three")
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	must(b.registrar.Exec(t.Context(), `select registrar.job_retry($1, 'three', $2, 'smsc.unreachable')`, third.ID, at))(t)
	if _, ok := b.take("three"); ok {
		t.Error("taken before it is due")
	}
	if due := scalar[time.Time](b, `select registrar.next_due()`); !due.Equal(at) {
		t.Errorf("next_due = %v, want %v", due, at)
	}
	b.exec(`update centre.job set due_at = clock_timestamp()`)
	last := b.mustTake("three")
	if _, err := b.registrar.Exec(t.Context(), `select registrar.job_retry($1, 'three', now(), 'No such user: Inês')`, last.ID); err == nil {
		t.Error("a sentence as a code: no error") // it could name somebody
	}
	for range 2 { // an answer that was lost is asked for again
		if err := b.done(last, "three"); err != nil {
			t.Error(err)
		}
	}
	if state := scalar[string](b, `select state from centre.job`); state != "done" {
		t.Errorf("state = %q", state)
	}
}

// One row that somebody holds locked delays nothing but itself.
func TestBlockedRowStallsNobody(t *testing.T) {
	t.Parallel()
	for what, lock := range map[string]string{
		"its job":       `select from centre.job where enrolment = $1 for update`,
		"its code":      `select from centre.one_time_code where enrolment = $1 for update`,
		"its enrolment": `select from centre.enrolment where id = $1 for update`,
		"its desk":      `select from centre.desk d join centre.enrolment e on e.desk = d.name where e.id = $1 for update of d`,
	} {
		for age, overtaken := range map[string]bool{"due": false, "overtaken": true} {
			t.Run(what+", "+age, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				blocked := b.desk.open(citizen())
				b.desk.send(blocked, "sms", phone())
				if overtaken {
					b.exec(`update centre.one_time_code set expires_at = clock_timestamp()`)
				}
				other := b.newDesk("other")
				other.order(3)
				tx := must(b.admin.Begin(t.Context()))(t)
				defer func() { _ = tx.Rollback(t.Context()) }()
				must(tx.Exec(t.Context(), lock, blocked))(t)
				taken := 0
				for j, ok := b.take("w"); ok; j, ok = b.take("w") {
					if j.Enrolment == blocked {
						continue
					}
					taken++
					if err := b.done(j, "w"); err != nil {
						t.Error(err)
					}
				}
				if taken != 3 {
					t.Errorf("%d of the other desk's 3 jobs were taken", taken)
				}
			})
		}
	}
}

// A desk with many jobs waits its turn as one with few.
func TestQueueIsFair(t *testing.T) {
	t.Parallel()
	for what, settle := range map[string]bool{"one after the other": true, "all at work": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec(`update centre.setting set value = '64' where name = 'desk_jobs'`)
			b.desk.order(20)
			other := b.newDesk("other")
			other.order(5)
			var order []string
			for range 10 {
				j := b.mustTake("w")
				order = append(order, scalar[string](b, `select desk from centre.job where id = $1`, j.ID))
				if settle {
					if err := b.done(j, "w"); err != nil {
						t.Fatal(err)
					}
				}
			}
			for i := 1; i < len(order); i++ {
				if order[i] == order[i-1] {
					t.Errorf("order %v, want turns", order)
					break
				}
			}
		})
	}
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, number := traveller(), phone()
	id := newID()
	o := must(b.desk.tryOpen(id, who))(t)
	next := func(kind string, fields ...string) job {
		t.Helper()
		j := b.mustTake("w")
		if j.Kind != kind || j.Enrolment != id || len(j.Payload) != len(fields) {
			t.Fatalf("took %s of %v with %v, want %s of %v", j.Kind, j.Enrolment, j.Payload, kind, id)
		}
		for _, f := range fields {
			if v, ok := j.Payload[f]; !ok || v == nil && !slices.Contains([]string{"civil_number", "approval", "register", "version", "record", "subject", "activation"}, f) {
				t.Errorf("%s has no %s", kind, f)
			}
		}
		return j
	}
	b.desk.send(id, "sms", number)
	j := next("send_code", "channel", "value", "language", "send_no", "expires_at", "code_row")
	must(b.registrar.Exec(t.Context(), `select registrar.job_done($1, 'w'), registrar.message_sent($1, 'm1')`, j.ID))(t)
	if s := b.desk.status(id); *s.SMS != "sent" {
		t.Errorf("status = %+v", s)
	}
	b.desk.confirm(id, "sms", "123456")
	for range 2 {
		if c := must(b.desk.chip(id, []byte("dg14")))(t); c.State != "queued" {
			t.Errorf("chip_challenge = %+v", c)
		}
	}
	if j := next("chip_challenge"); string(j.ChipDG14) != "dg14" {
		t.Errorf("DG14 = %q", j.ChipDG14)
	} else {
		must(b.registrar.Exec(t.Context(), `select registrar.job_done($1, 'w'), registrar.chip_challenge_made($2, 'send-this', 'keep-this')`, j.ID, id))(t)
	}
	must(b.registrar.Exec(t.Context(), `select registrar.chip_challenge_made($1, 'another', 'another')`, id))(t)
	if c := must(b.desk.chip(id, []byte("dg14")))(t); c.State != "ready" || string(c.Challenge) != "send-this" {
		t.Errorf("chip_challenge = %+v", c)
	}
	_, err := b.desk.chip(id, []byte("another chip"))
	wantState(t, "another chip", err, "BK004")
	must(b.desk.tryBind(id, travelEvidence))(t)
	b.exec(`insert into centre.desk_certificate (fingerprint, desk, revoked) values (sha256('x'), 'loja_1', true)`)
	j = next("verify", "desk", "opened_at", "document_kind", "country", "civil_number", "document_number", "tax_number", "typed",
		"contacts", "desk_certificates", "marked", "shift", "approval", "errand", "register", "version", "record", "subject", "activation")
	if string(j.Challenge) != string(o.Challenge) || string(j.JWS) != string(travelEvidence.JWS) || string(j.Proof) != "\x02the-answer" ||
		string(j.ChipState) != "keep-this" || len(j.Payload["desk_certificates"].([]any)) != 1 {
		t.Errorf("verify = %+v", j)
	}
	must(b.registrar.Exec(t.Context(), `select registrar.job_done($1, 'w')`, j.ID))(t)
	b.activate(id, who, ana)
	if w := next("welcome", "channel", "value", "language", "register", "valid_until"); w.Payload["value"] != number {
		t.Errorf("welcome = %v", w.Payload)
	}
	// What the proof is verified with stays beside it; what was public of it does not.
	for text, want := range map[string]int{"keep-this": 1, "send-this": 0} {
		if got := b.mentions(text); got != want {
			t.Errorf("%q stands in %d rows, want %d", text, got, want)
		}
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	receipt := func(id string, delivered bool) error {
		_, err := b.registrar.Exec(t.Context(), `select registrar.receipt($1, $2)`, id, delivered)
		return err
	}
	record := func(message string) (uuid.UUID, pgx.Tx) {
		t.Helper()
		id := b.desk.open(citizen())
		b.desk.send(id, "sms", phone())
		j := b.mustTake("w")
		tx := must(b.registrar.Begin(t.Context()))(t)
		t.Cleanup(func() { _ = tx.Rollback(t.Context()) })
		must(tx.Exec(t.Context(), `select registrar.job_done($1, 'w'), registrar.message_sent($1, $2)`, j.ID, message))(t)
		return id, tx
	}
	want := func(id uuid.UUID, delivery string) {
		t.Helper()
		if s := b.desk.status(id); *s.SMS != delivery {
			t.Errorf("delivery = %q, want %q", *s.SMS, delivery)
		}
	}
	commit := func(tx pgx.Tx) {
		t.Helper()
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first, tx := record("m1")
	want(first, "queued")
	commit(tx)
	want(first, "sent")
	if err := receipt("m1", true); err != nil {
		t.Fatal(err)
	}
	want(first, "delivered")
	// Before the sending was recorded.
	if err := receipt("m2", false); err != nil {
		t.Fatal(err)
	}
	second, tx := record("m2")
	commit(tx)
	want(second, "failed")
	// While it is recorded, and not committed.
	third, tx := record("m3")
	ended := make(chan error, 1)
	go func() { ended <- receipt("m3", true) }()
	for waits := false; !waits; {
		waits = scalar[bool](b, `select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
	}
	commit(tx)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want(third, "delivered")
	if n := scalar[int](b, `select count(*) from centre.receipt`); n != 0 {
		t.Errorf("%d receipts kept, want none", n)
	}
}

func TestOvertakenJobsAreClosed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stolen := b.newDesk("stolen")
	stolen.order(3)
	b.exec(`update centre.desk set state = 'suspended' where name = 'stolen'`)
	abandoned, late := b.desk.open(citizen()), b.desk.open(citizen())
	for _, id := range []uuid.UUID{abandoned, late} {
		b.desk.send(id, "sms", phone())
	}
	if err := b.desk.abandon(abandoned, ""); err != nil {
		t.Fatal(err)
	}
	b.later(301 * time.Second)
	if j, ok := b.take("w"); ok {
		t.Errorf("took %+v", j)
	}
	if got := scalar[int](b, `select count(*) from centre.job where error = 'overtaken'`); got != 5 {
		t.Errorf("%d jobs closed, want 5", got)
	}
	if s := b.desk.status(late); *s.SMS != "failed" {
		t.Errorf("delivery of the late one = %q, want failed", *s.SMS)
	}
}
