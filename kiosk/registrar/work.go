package registrar

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
)

const (
	settleTime  = 10 * time.Second       // for writing down what became of a job
	jobTime     = leaseTime - settleTime // for working it
	graceTime   = 10 * time.Second       // for a job at hand when the registrar is asked to stop
	lookEvery   = 30 * time.Second       // without having heard of a job
	glanceEvery = 250 * time.Millisecond // for what was not announced
)

// trouble is why a job could not be done now. The code is a stable word for operators and, for
// evidence, what the desk is told in the end.
type trouble struct {
	code  string
	final bool      // trying again will not help
	until time.Time // there is no point in trying after this; zero when there always is
	cause error     // for the log; nothing of a person in it

	reason kiosk.FailReason // of a message
	unsure bool             // it may have left all the same
}

func (t *trouble) Error() string {
	if t.cause == nil {
		return t.code
	}
	return t.code + ": " + t.cause.Error()
}

func (t *trouble) Unwrap() error { return t.cause }

// worker works one job after the other. When there is none it waits until it is woken, until one that
// was put off is due, or half a minute.
func (w *Worker) worker(ctx context.Context) error {
	failures := 0
	for ctx.Err() == nil {
		worked, err := w.workOne(ctx)
		pause := time.Duration(0)
		switch {
		case err != nil:
			failures++
			pause = backoff(failures, time.Second, lookEvery)
			if failures == 1 {
				w.cfg.Log.WarnContext(ctx, "cannot work", "cause", err.Error())
			}
		case worked:
			failures = 0
			continue
		default:
			failures = 0
			if pause, err = untilDue(ctx, w.cfg.DB, lookEvery); err != nil {
				pause = time.Second
			}
			// Due already and yet not ours: another worker is just taking it.
			pause = max(pause, time.Second/2)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake:
		}
		timer.Stop()
	}
	return ctx.Err()
}

// workOne takes a job, works it and writes down what became of it. No transaction is open while it is worked. It reports
// false when no job was due.
func (w *Worker) workOne(running context.Context) (worked bool, err error) {
	// A job at hand outlives the order to stop, but not for long; and the lease not at all.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(running), jobTime)
	defer cancel()
	defer context.AfterFunc(running, func() { time.AfterFunc(graceTime, cancel) })()

	j, err := takeJob(ctx, w.cfg.DB, w.cfg.Name)
	if err != nil || j == nil {
		return false, err
	}
	w.wakeOne() // there may be more
	began := time.Now()
	record, err := w.attempt(ctx, j)
	if err = w.settle(ctx, j, record, err, began); err != nil {
		return false, err
	}
	w.cfg.Log.DebugContext(ctx, "worked", "job", j.ID, "kind", j.Kind, "took", time.Since(began))
	return true, nil
}

// record writes down what a job achieved, in the transaction that ended the job just before.
type record func(ctx context.Context, tx pgx.Tx) error

// attempt works a job as far as nothing has to be written with its end. This is the root of a job: a panic ends the job,
// not the registrar; and a job that ended its registrars too often is given up.
func (w *Worker) attempt(ctx context.Context, j *job) (done record, err error) {
	defer func() {
		if recover() != nil { // the value may quote what was worked on, so it goes nowhere
			w.cfg.Log.ErrorContext(ctx, "panic in a job", "job", j.ID, "kind", j.Kind, "stack", callers())
			done, err = nil, &trouble{code: "panic"}
		}
	}()
	w.at("taken")
	if _, most := policy(j); j.Attempts >= most {
		return nil, &trouble{code: "attempts", final: true}
	}
	switch j.Kind {
	case kindSendCode:
		return w.sendCode(ctx, j)
	case kindVerify, kindDecide:
		return w.verify(ctx, j)
	case kindWelcome:
		return w.welcome(ctx, j)
	case kindChip:
		return w.challengeChip(ctx, j)
	case kindTry:
		return w.tryKey(ctx, j)
	case kindSignInCode:
		return w.sendSignInCode(ctx, j)
	case kindRehash:
		return w.rehash(ctx, j)
	case kindOwnAct:
		return w.ownAct(ctx, j)
	case kindActivation:
		return w.sendActivation(ctx, j)
	case kindNotify:
		return w.notify(ctx, j)
	}
	return nil, &trouble{code: "unknown_kind", final: true}
}

// settle ends a job: as done, put off or given up. Nothing is written of a job that is another's by now.
func (w *Worker) settle(ctx context.Context, j *job, done record, err error, began time.Time) error {
	// The job's own time may have run out; the end is still to be written.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err == nil {
		if err = w.finish(ctx, j, done); err == nil {
			w.metrics.worked(j.Kind, "done", nil, time.Since(began))
			return nil
		}
	}
	why, result := err, "lost"
	if overtaken(err) {
		result, err = "done", w.jobDone(ctx, w.cfg.DB, j)
		why = &trouble{code: "overtaken"}
	} else if !leaseLost(err) {
		result, why, err = w.putOff(ctx, j, err)
	}
	if leaseLost(err) {
		result = "lost"
	}
	if err == nil || result == "lost" {
		w.metrics.worked(j.Kind, result, why, time.Since(began))
	}
	if leaseLost(err) {
		w.cfg.Log.WarnContext(ctx, "a job took longer than its lease", "job", j.ID, "kind", j.Kind, "enrolment", j.Enrolment)
		return nil
	}
	return err
}

// finish ends a job as done, and with it what it achieved. The job's row is locked first: whoever has the lease writes.
func (w *Worker) finish(ctx context.Context, j *job, done record) error {
	tx, err := w.cfg.DB.Begin(ctx)
	if err != nil {
		return plain(err)
	}
	defer func() { // nothing to undo after a commit
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		defer cancel()
		_ = tx.Rollback(undo)
	}()
	if err := w.jobDone(ctx, tx, j); err != nil {
		return err
	}
	if err := done(ctx, tx); err != nil {
		return err
	}
	w.at("settled")
	return plain(tx.Commit(ctx))
}

// putOff has a job tried again later, or gives it up, and says which of the two ("later", "failed") and why.
func (w *Worker) putOff(ctx context.Context, j *job, err error) (result string, why *trouble, failure error) {
	t, ok := errors.AsType[*trouble](err)
	switch {
	case ok:
	case held(err):
		t = &trouble{code: "held", cause: err}
	default:
		t = &trouble{code: "internal", cause: err}
	}
	log := w.cfg.Log.With("job", j.ID, "kind", j.Kind, "enrolment", j.Enrolment, "attempt", j.Attempts+1, "code", t.code)
	if t.cause != nil {
		log = log.With("cause", t.cause.Error())
	}
	pause, most := policy(j)
	if t.reason != "" {
		if err := exec(ctx, w.cfg.DB, "recording trouble", `select registrar.message_trouble($1, $2)`, j.ID, string(t.reason)); err != nil {
			return "failed", t, err
		}
	}
	if t.unsure && j.Kind != kindSendCode && j.Kind != kindSignInCode {
		pause = max(pause, unsureTime)
	}
	again := most == answerTries && passes(err) // messages have attempts for a day
	if t.final || !again && j.Attempts+1 >= most || !t.until.IsZero() && w.cfg.Now().Add(pause).After(t.until) {
		log.WarnContext(ctx, "gave a job up")
		return "failed", t, w.jobFailed(ctx, j, t.code)
	}
	log.InfoContext(ctx, "put a job off", "pause", pause.String())
	if err := w.jobRetry(ctx, j, pause, t.code, !again); err != nil {
		return "later", t, err
	}
	w.wakeOne() // whoever is free shall set their timer anew
	return "later", t, nil
}

// answerTries is how often a job is tried that somebody waits for at a desk or a page. What the database could not do now does not count.
const answerTries = 6

// policy says how long a job waits after its latest attempt, and how many attempts it has. Evidence is
// tried for about a minute, while the person stands at the desk: 2, 4, 8, 16, 30 seconds. So is a challenge to a
// chip, which depends on nobody but the database: 1, 2, 4, 8, 15 seconds. A code is tried for as long as it is valid, a welcome for about a day.
func policy(j *job) (pause time.Duration, most int) {
	n := j.Attempts + 1
	switch j.Kind {
	case kindVerify, kindDecide:
		return backoff(n, 2*time.Second, 30*time.Second), answerTries
	case kindChip, kindTry, kindRehash, kindOwnAct:
		return backoff(n, time.Second, 15*time.Second), answerTries
	case kindSendCode, kindSignInCode:
		return backoff(n, time.Second, 15*time.Second), 100
	}
	return backoff(n, 5*time.Second, time.Hour), 30
}

// backoff is the n-th of a doubling series of waits, within a quarter of it either way so that several registrars do
// not come back together.
func backoff(n int, first, longest time.Duration) time.Duration {
	d := longest
	if n < 30 {
		d = min(first<<(n-1), longest)
	}
	return d - d/4 + rand.N(d/2) //nolint:gosec // when, is no secret
}

// callers names the functions of a panic, without their arguments.
func callers() []string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var names []string
	for {
		frame, more := frames.Next()
		names = append(names, fmt.Sprintf("%s:%d", frame.Function, frame.Line))
		if !more {
			return names
		}
	}
}
