package central_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

const takeSQL = `select job, kind, enrolment, attempts, payload, challenge, jws, identity, sod, sealed_pin, proof, chip_state, chip_dg14
	from registrar.take_job()`

type job struct {
	ID        int64
	Kind      string
	Enrolment uuid.UUID
	Attempts  int
	Payload   map[string]any
	Challenge []byte
	Evidence  transcript.Evidence
	ChipState []byte
	ChipDG14  []byte
}

// take takes a job in a transaction of its own; ok is false when there is none.
func take(ctx context.Context, tx pgx.Tx) (j job, ok bool, err error) {
	e := &j.Evidence
	err = tx.QueryRow(ctx, takeSQL).Scan(&j.ID, &j.Kind, &j.Enrolment, &j.Attempts, &j.Payload, &j.Challenge,
		&e.JWS, &e.Identity, &e.SOD, &e.SealedPIN, &e.Proof, &j.ChipState, &j.ChipDG14)
	if errors.Is(err, pgx.ErrNoRows) {
		return job{}, false, nil
	}
	return j, err == nil, err
}

func mustTake(t *testing.T, tx pgx.Tx) job {
	t.Helper()
	j, ok, err := take(t.Context(), tx)
	if err != nil || !ok {
		t.Fatalf("take_job: found %v, %v", ok, err)
	}
	return j
}

func (b *bench) begin() pgx.Tx {
	b.tb.Helper()
	tx, err := b.registrar.Begin(b.tb.Context())
	if err != nil {
		b.tb.Fatal(err)
	}
	// A test that fails half-way must not leave the pool waiting for it.
	b.tb.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(b.tb.Context())) })
	return tx
}

func (b *bench) delivery(id uuid.UUID) kiosk.Delivery {
	b.tb.Helper()
	return must(b.desk.Status(b.tb.Context(), id))(b.tb).SMS
}

func TestWorkersNeverShareAJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const jobs = 60
	for range jobs {
		b.send(b.open(), kiosk.SMS, phone())
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for {
				var found bool
				err := pgx.BeginFunc(t.Context(), b.registrar, func(tx pgx.Tx) error {
					j, ok, err := take(t.Context(), tx)
					if err != nil || !ok {
						return err
					}
					found = true
					mu.Lock()
					seen[j.ID]++
					mu.Unlock()
					_, err = tx.Exec(t.Context(), `select registrar.job_done($1)`, j.ID)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if err != nil || !found {
					return
				}
			}
		})
	}
	wg.Wait()
	if got, want := len(seen), jobs; got != want {
		t.Errorf("%d jobs were taken, want %d", got, want)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("job %d was taken %d times", id, n)
		}
	}
}

// TestKilledWorkerFreesItsJob cuts the worker's line without a word, as the kernel does for a process
// that was killed.
func TestKilledWorkerFreesItsJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.send(b.open(), kiosk.SMS, phone())
	victim, err := pgx.Connect(t.Context(), b.db.Registrar())
	if err != nil {
		t.Fatal(err)
	}
	tx, err := victim.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken := mustTake(t, tx)
	other := b.begin()
	if _, ok, err := take(t.Context(), other); ok || err != nil {
		t.Fatalf("another worker found it: %v, %v", ok, err)
	}
	if err := victim.PgConn().Conn().Close(); err != nil {
		t.Fatal(err)
	}
	// Waits for the server to notice, which needs no timeout: the row's lock is let go.
	b.exec(`select from cmd.job where id = $1 for update`, taken.ID)
	again := mustTake(t, other)
	if again.ID != taken.ID || again.Attempts != 0 {
		t.Errorf("took %+v, want %+v", again, taken)
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.send(b.open(), kiosk.SMS, phone())
	tx := b.begin()
	j := mustTake(t, tx)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	if _, err := b.registrar.Exec(t.Context(), `select registrar.job_retry($1, $2, 'smsc.unreachable')`, j.ID, at); err != nil {
		t.Fatal(err)
	}
	tx = b.begin()
	if _, ok, err := take(t.Context(), tx); ok || err != nil {
		t.Errorf("before it is due: found %v, %v", ok, err)
	}
	var due time.Time
	if err := tx.QueryRow(t.Context(), `select registrar.next_due()`).Scan(&due); err != nil {
		t.Fatal(err)
	}
	if !due.Equal(at) {
		t.Errorf("next_due = %v, want %v", due, at)
	}
	b.exec(`update cmd.job set due_at = clock_timestamp()`)
	if got := mustTake(t, tx); got.ID != j.ID || got.Attempts != 1 {
		t.Errorf("took %+v, want job %d at its second attempt", got, j.ID)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	// Text that could name somebody is no code.
	if _, err := b.registrar.Exec(t.Context(), `select registrar.job_retry($1, now(), 'No such user: Inês')`, j.ID); err == nil {
		t.Error("a sentence as a code: no error")
	}
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, who, number := newID(), person(), phone()
	o := must(b.desk.Open(t.Context(), id, who))(t)
	b.send(id, kiosk.SMS, number)
	next := func(kind string, fields ...string) job {
		t.Helper()
		tx := b.begin()
		j := mustTake(t, tx)
		if j.Kind != kind || j.Enrolment != id {
			t.Fatalf("took %s of %v, want %s of %v", j.Kind, j.Enrolment, kind, id)
		}
		for _, f := range fields {
			name, optional := strings.CutSuffix(f, "?")
			if v, ok := j.Payload[name]; !ok || v == nil && !optional {
				t.Errorf("%s has no %s", kind, f)
			}
		}
		if len(j.Payload) != len(fields) {
			t.Errorf("%s has %d fields, want %d", kind, len(j.Payload), len(fields))
		}
		if _, err := tx.Exec(t.Context(), `select registrar.job_done($1)`, j.ID); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		return j
	}
	code := next("send_code", "channel", "value", "language", "send_no", "expires_at", "code_row").Payload
	if code["value"] != number || code["send_no"] != 1.0 {
		t.Errorf("send_code = %v", code)
	}
	b.confirm(id, kiosk.SMS, "123456")
	big := someEvidence
	big.Identity = make([]byte, 1282)
	must(b.desk.Bind(t.Context(), id, big))(t)
	verify := next("verify", "desk", "opened_at", "document_kind", "country", "civil_number", "document_number?", "tax_number?", "typed",
		"contacts")
	var typed struct {
		OpenedAt time.Time `json:"opened_at"`
		Contacts []struct {
			Channel, Value string
			Proof          uuid.UUID
		} `json:"contacts"`
	}
	raw, err := json.Marshal(verify.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &typed); err != nil {
		t.Fatal(err)
	}
	if string(verify.Challenge) != string(o.Challenge) || len(verify.Evidence.Identity) != 1282 || !typed.OpenedAt.Equal(o.OpenedAt) {
		t.Error("challenge, identity or time differ from what was bound")
	}
	if len(typed.Contacts) != 1 || typed.Contacts[0].Value != number || typed.Contacts[0].Proof == uuid.Nil {
		t.Errorf("contacts = %+v", typed.Contacts)
	}
	_, register := b.activate(id)
	welcome := next("welcome", "channel", "value", "language", "register", "valid_until").Payload
	if welcome["value"] != number || welcome["register"] != float64(register) {
		t.Errorf("welcome = %v", welcome)
	}
}

func TestOvertakenJobsAreClosed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	abandoned := b.open()
	b.send(abandoned, kiosk.SMS, phone())
	if err := b.desk.Abandon(t.Context(), abandoned, ""); err != nil {
		t.Fatal(err)
	}
	late := b.open()
	b.send(late, kiosk.SMS, phone())
	b.later(301 * time.Second)
	err := pgx.BeginFunc(t.Context(), b.registrar, func(tx pgx.Tx) error {
		j, ok, err := take(t.Context(), tx)
		if ok {
			t.Errorf("took %+v", j)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := scalar[int](b, `select count(*) from cmd.job where error = 'overtaken'`), 2; got != want {
		t.Errorf("%d jobs closed, want %d", got, want)
	}
	if got, want := b.delivery(late), kiosk.DeliveryFailed; got != want {
		t.Errorf("delivery of the late one = %q, want %q", got, want)
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	receipt := func(id string, delivered bool) {
		t.Helper()
		if _, err := b.registrar.Exec(t.Context(), `select registrar.receipt($1, $2)`, id, delivered); err != nil {
			t.Fatal(err)
		}
	}
	sent := func(id string) uuid.UUID {
		t.Helper()
		enrolment := b.open()
		b.send(enrolment, kiosk.SMS, phone())
		if got, want := b.delivery(enrolment), kiosk.DeliveryQueued; got != want {
			t.Errorf("delivery before = %q, want %q", got, want)
		}
		tx := b.begin()
		j := mustTake(t, tx)
		if _, err := tx.Exec(t.Context(), `select registrar.message_sent($1, $2), registrar.job_done($1)`, j.ID, id); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		return enrolment
	}
	first := sent("m1")
	if got, want := b.delivery(first), kiosk.DeliverySent; got != want {
		t.Errorf("delivery = %q, want %q", got, want)
	}
	receipt("m1", true)
	if got, want := b.delivery(first), kiosk.DeliveryDelivered; got != want {
		t.Errorf("delivery = %q, want %q", got, want)
	}
	receipt("m2", false) // before the sending was recorded
	if got, want := b.delivery(sent("m2")), kiosk.DeliveryFailed; got != want {
		t.Errorf("delivery = %q, want %q", got, want)
	}
	receipt("m1", true)
	if got, want := scalar[int](b, `select count(*) from cmd.receipt`), 0; got != want {
		t.Errorf("%d receipts kept, want %d", got, want)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, c := range []struct {
		sms, email string
		want       kiosk.Health
	}{
		{"good", "good", kiosk.HealthGood}, {"good", "down", kiosk.HealthPoor}, {"down", "poor", kiosk.HealthPoor},
		{"down", "down", kiosk.HealthDown},
	} {
		if _, err := b.registrar.Exec(t.Context(), `select registrar.heartbeat($1, $2)`, c.sms, c.email); err != nil {
			t.Fatal(err)
		}
		if got := must(b.desk.Hello(t.Context()))(t).Delivery; got != c.want {
			t.Errorf("sms %s, e-mail %s: delivery = %q, want %q", c.sms, c.email, got, c.want)
		}
	}
	b.exec(`insert into cmd.worker values ('another', clock_timestamp(), 'good', 'good')`)
	if got, want := must(b.desk.Hello(t.Context()))(t).Delivery, kiosk.HealthGood; got != want {
		t.Errorf("with another registrar: %q, want %q", got, want)
	}
	b.exec(`update cmd.worker set seen = seen - interval '61 seconds'`)
	if got, want := must(b.desk.Hello(t.Context()))(t).Delivery, kiosk.HealthDown; got != want {
		t.Errorf("when none was heard of for a minute: %q, want %q", got, want)
	}
}
