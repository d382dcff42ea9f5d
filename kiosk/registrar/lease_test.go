package registrar_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
)

// at is a visit at another desk.
func (b *bench) at(desk string) *visit {
	b.t.Helper()
	there := *b
	there.Centre = b.Dial(b.t, desk)
	return there.visit()
}

// A row that somebody holds puts its own job off and keeps nobody waiting, with a single worker.
func TestLease_BlockedRow(t *testing.T) {
	for _, kind := range []string{"verify", "send_code"} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			before := b.start(1, nil)
			blocked := b.visit()
			rows := `select from centre.one_time_code where enrolment = $1 for update`
			if kind == "verify" {
				blocked.prove()
				rows = `select from centre.enrolment where id = $1 for update`
			}
			before.Stop()
			if kind == "verify" {
				blocked.bind(goodPIN)
			} else {
				blocked.askForCode(kiosk.SMS, blocked.phone)
			}

			tx, err := b.Admin.Begin(b.ctx)
			b.check(err)
			defer func() { _ = tx.Rollback(b.ctx) }()
			_, err = tx.Exec(b.ctx, rows, blocked.id)
			b.check(err)
			b.start(1, nil)
			putOff := func() bool {
				return scalar[bool](b, `select error is not null and state = 'queued' from centre.job where enrolment = $1 and kind = $2`, blocked.id, kind)
			}
			b.until("the blocked job is put off", putOff)
			if kind == "verify" { // and nobody is refused because it was for the last time
				b.exec(`update centre.job set attempts = 5, due_at = clock_timestamp(), error = null where enrolment = $1 and state = 'queued'`, blocked.id)
				b.exec(`notify registrar_work`)
				b.until("it is put off again", putOff)
			}
			other := b.at("loja_2")
			other.prove()
			other.bind(goodPIN)
			if got := other.judged(); got.State != central.StateActive {
				t.Errorf("another desk's: got %s for %q", got.State, got.Refusal)
			}
			if n := scalar[int](b, `select count(*) from centre.job where enrolment = $1 and kind = $2 and state = 'done'`, blocked.id, kind); n != 0 {
				t.Error("the row was not blocked")
			}
			b.check(tx.Rollback(b.ctx))
			b.exec(`update centre.job set due_at = clock_timestamp() where enrolment = $1 and state = 'queued'`, blocked.id)
			b.exec(`notify registrar_work`)
			if kind == "send_code" {
				blocked.confirm(kiosk.SMS, b.SMS.Code(b.ctx, t, blocked.phone))
				return
			}
			if got := blocked.judged(); got.State != central.StateActive {
				t.Errorf("the blocked one: got %s for %q", got.State, got.Refusal)
			}
		})
	}
}

// However many jobs one desk has queued, another's first is among the next two.
func TestLease_FairByDesk(t *testing.T) {
	b := newBench(t)
	for range 12 {
		v := b.visit()
		v.askForCode(kiosk.SMS, v.phone)
	}
	other := b.at("loja_2")
	other.askForCode(kiosk.SMS, other.phone)
	b.start(1, nil)
	b.SMS.Code(b.ctx, t, other.phone)
	if n := scalar[int](b, `select count(*) from centre.job j where taken_at <= (select taken_at from centre.job where enrolment = $1)`, other.id); n > 2 {
		t.Errorf("it was taken as number %d", n)
	}
}

// Jobs that take long leave room for those of other desks, though they are as many as there are workers.
func TestLease_SlowDesk(t *testing.T) {
	b := newBench(t)
	slow, goOn := make(map[uuid.UUID]bool), make(chan struct{})
	b.verifier = verifierFunc(func(ctx context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		if slow[e.Enrolment] {
			select {
			case <-goOn:
			case <-ctx.Done():
			}
		}
		return believe(ctx, sent, e)
	})
	before := b.start(1, nil)
	visits := make([]*visit, 6)
	for i := range visits {
		visits[i] = b.visit()
		visits[i].prove()
		slow[visits[i].id] = true
	}
	other := b.at("loja_2")
	other.prove()
	before.Stop()
	for _, v := range visits {
		v.bind(goodPIN)
	}
	b.start(len(visits), nil)
	b.until("as many are at work as may be", func() bool {
		return scalar[int](b, `select count(*) from centre.job where state = 'running'`) == 4
	})
	other.bind(goodPIN)
	if got := other.judged(); got.State != central.StateActive {
		t.Errorf("another desk's: got %s for %q", got.State, got.Refusal)
	}
	close(goOn)
	for _, v := range visits {
		if got := v.judged(); got.State != central.StateActive {
			t.Errorf("got %s for %q", got.State, got.Refusal)
		}
	}
}

// What a worker that died held is another's when the lease ends, and not before.
func TestLease_Ends(t *testing.T) {
	b := newBench(t)
	var died chan struct{}
	b.start(1, func(r *kiosktest.Registrar) { died = b.crash(r, "code_ready") })
	v := b.visit()
	v.askForCode(kiosk.SMS, v.phone)
	b.await(died)
	b.start(1, nil)
	next := b.at("loja_2")
	next.prove() // the second worker works
	if n := scalar[int](b, `select count(*) from centre.job where enrolment = $1 and state = 'running' and attempts = 1`, v.id); n != 1 {
		t.Error("the job was taken from a worker that may live")
	}
	b.free()
	v.confirm(kiosk.SMS, b.SMS.Code(b.ctx, t, v.phone))
}

// A job that ends every registrar that takes it is given up without being worked once more.
func TestLease_PoisonedJob(t *testing.T) {
	b := newBench(t)
	before := b.start(1, nil)
	v := b.visit()
	v.prove()
	before.Stop()
	v.bind(goodPIN)
	b.exec(`update centre.job set attempts = 6 where enrolment = $1 and kind = 'verify'`, v.id)
	b.start(1, nil)
	if got := v.judged(); got.State != central.StateRefused || got.Refusal != "attempts" {
		t.Errorf("got %s for %q", got.State, got.Refusal)
	}
}

// As many PINs are hashed at once as there are cores, however many workers there are: each hash takes 19 MiB.
func TestHashesAtOnce(t *testing.T) {
	b := newBench(t)
	before := b.start(4, nil)
	visits := make([]*visit, 24)
	for i := range visits {
		visits[i] = b.at(fmt.Sprintf("loja_%d", i%4+1))
		visits[i].prove()
	}
	before.Stop()
	for _, v := range visits {
		v.bind(goodPIN)
	}
	var all atomic.Int64
	after := b.start(16, func(r *kiosktest.Registrar) {
		r.Worker.CrashAt(func(at string) {
			if at == "hashed" {
				all.Add(1)
			}
		})
	})
	for _, v := range visits {
		if got := v.judged(); got.State != central.StateActive {
			t.Errorf("got %s for %q", got.State, got.Refusal)
		}
	}
	if cores, most := runtime.GOMAXPROCS(0), after.Worker.HashesAtOnce(); most < 1 || most > cores || all.Load() < int64(len(visits)) { // what is put off is hashed again
		t.Errorf("%d hashes, %d of them at once, with %d cores", all.Load(), most, cores)
	}
}
