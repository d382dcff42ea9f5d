// Package registrar is the centre's worker. It takes jobs from the queue in the database and works
// them: sends one-time codes, challenges the chips of travel documents, verifies the evidence of an enrolment
// from scratch, hashes the PIN and has the key activated, welcomes the holder.
//
// A job is leased: taking it commits, it is worked with no transaction open, and what became of it is written in a second
// one, which the database refuses when the lease is another's by then. So a row that somebody holds, or a job that takes
// long, keeps nobody else waiting; and a worker that is killed loses its job to another when the lease ends, or when a
// registrar of its name begins. What that means for each kind:
//
//   - A code is derived, never drawn: the same send gives the same code again. What the database needs
//     to compare it is committed before the message leaves. A message may therefore be sent twice,
//     never with two codes, and a code that arrives can always be confirmed.
//   - A challenge to a chip and the end of its job commit together: a desk sees one challenge or none.
//   - An activation, the signed record of the key, the end of its job and the order to welcome the holder commit
//     together: a key is active once or not at all.
//   - A change of a key starts from what a registrar signed of it before, and what the evidence proves: never from the
//     columns of the database. The change, its event, the orders to tell the holder and the new record commit together.
//   - What policy or a clerk's doubt marks waits for a supervisor. Their decision is a job of its own, for which evidence
//     and decision are verified from scratch.
//
// Any number of workers and of registrars may run. The package opens no evidence to a log: errors and log
// lines have identifiers of jobs and enrolments, stable codes and SQLSTATEs, and nothing of a person.
package registrar

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"balcao/kiosk/delivery"
	"balcao/kiosk/evidence"
	"balcao/kiosk/signin"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
)

// EvidenceVerifier verifies what a desk sent; evidence.Verifier does. An *evidence.Refusal says that
// it does not hold, or with Temporary that nobody could tell just now.
type EvidenceVerifier interface {
	Verify(ctx context.Context, sent transcript.Evidence, expect evidence.Expect) (*evidence.Verified, error)
}

// Channel sends messages; *delivery.SMS and *delivery.Mail do. Errors are those of package delivery.
type Channel interface {
	// Send returns the identifier under which a receipt may come, "" when there will be none.
	Send(ctx context.Context, m delivery.Message) (id string, err error)
	// Check reports whether messages can be sent at all just now.
	Check(ctx context.Context) error
}

// Config is what a Worker works with. All fields up to Pepper are required.
type Config struct {
	DB       *pgxpool.Pool // from OpenPool
	Verifier EvidenceVerifier
	SMS      Channel
	Mail     Channel
	Texts    delivery.Texts
	Identity age.Identity // opens sealed PINs
	Pepper   []byte       // PepperLength bytes; the worker keeps no copy

	// DeskAuthority issues the desks' certificates (kiosk/central/deskca), with whose keys they sign every enrolment.
	// Without it every enrolment is refused.
	DeskAuthority *x509.Certificate

	// StaffTrust knows staff cards. Without it no enrolment is believed.
	StaffTrust *staff.Trust

	// RecordKey signs the record of each key (package record), without which the database keeps none. The worker wipes it.
	RecordKey ed25519.PrivateKey

	// OldRecords are the public keys of other registrars: a key changes only whose record is this registrar's or one of
	// theirs.
	OldRecords []ed25519.PublicKey

	Name    string           // of this registrar among others: no two that run may have the same; host and process
	Workers int              // jobs at a time; DefaultWorkers
	Log     *slog.Logger     // slog.Default()
	Now     func() time.Time // time.Now
}

// DefaultWorkers are enough for jobs that wait, for a responder or a message centre, to keep nobody else waiting. How many
// hashes are computed at once does not depend on it.
const DefaultWorkers = 16

// Worker works the centre's queue. Make it with New.
type Worker struct {
	cfg      Config
	keys     keys
	pins     *signin.Hasher
	checker  *signin.Checker     // of those who try their key at a desk
	records  []ed25519.PublicKey // whose records of a key are believed
	wake     chan struct{}       // holds a token when a worker shall look for a job
	channels *channels
	metrics  *metrics

	// ready is called once the queue is being listened to; see Ready.
	ready func()

	firstBeat chan struct{} // closed when the centre was first told how the channels are
	beaten    func()        // closes it

	// testOnlyAt is called at each point where a crash would matter. Tests set it; nothing else does.
	testOnlyAt func(point string)
}

// New returns a Worker that Run starts. The error lists everything that is missing.
func New(cfg Config) (*Worker, error) {
	var missing []error
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, fmt.Errorf("making a worker: no %s", what))
		}
	}
	need(cfg.DB != nil, "database")
	need(cfg.Verifier != nil, "verifier of evidence")
	need(cfg.SMS != nil, "SMS channel")
	need(cfg.Mail != nil, "mail channel")
	need(cfg.Identity != nil, "identity to open PINs with")
	need(len(cfg.RecordKey) == ed25519.PrivateKeySize, "key to sign records with")
	need(cfg.Texts.Support != "", "telephone number of the support")
	keys, err := newKeys(cfg.Pepper)
	if err := errors.Join(append(missing, err)...); err != nil {
		return nil, err
	}
	if cfg.Name == "" {
		host, _ := os.Hostname() // only a name among registrars
		cfg.Name = fmt.Sprintf("%s/%d", host, os.Getpid())
	}
	if cfg.Workers <= 0 {
		cfg.Workers = DefaultWorkers
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	// More at once would take memory and no less time; each worker waits with one at most.
	pins, err := signin.NewHasher(cfg.Pepper, runtime.GOMAXPROCS(0), cfg.Workers)
	if err != nil {
		return nil, err
	}
	cfg.Pepper = nil
	w := &Worker{
		cfg:       cfg,
		keys:      keys,
		pins:      pins,
		checker:   signin.New(cfg.DB, pins),
		records:   append([]ed25519.PublicKey{cfg.RecordKey.Public().(ed25519.PublicKey)}, cfg.OldRecords...),
		wake:      make(chan struct{}, 1),
		channels:  newChannels(),
		metrics:   newMetrics(),
		firstBeat: make(chan struct{}),
	}
	pins.Waited(func(d time.Duration) { w.metrics.waited.Observe(d.Seconds()) })
	w.beaten = sync.OnceFunc(func() { close(w.firstBeat) })
	return w, nil
}

// Ready sets a function that Run calls each time it begins to listen to the queue, the first time after the
// centre was told how the channels are: what starts next shows it. Call it before Run.
func (w *Worker) Ready(f func()) { w.ready = f }

// Run works until ctx ends, then finishes the jobs at hand, for which they have a grace of ten
// seconds, and returns ctx's error. Trouble with the database or a channel does not end it. It may be called
// once: it wipes the keys at the end.
func (w *Worker) Run(ctx context.Context) error {
	defer w.keys.wipe()
	defer w.pins.Close()
	defer w.checker.Wait()
	defer clear(w.cfg.RecordKey)
	if err := w.begin(ctx); err != nil {
		return err
	}
	group, running := errgroup.WithContext(ctx)
	for range w.cfg.Workers {
		group.Go(func() error { return w.worker(running) })
	}
	group.Go(func() error { return w.listen(running) })
	group.Go(func() error { return w.heartbeat(running) })
	group.Go(func() error { return w.expire(running) })
	group.Go(func() error { return w.keep(running) })
	group.Go(func() error { return w.watch(running) })
	group.Go(func() error { return w.figures(running) })
	return group.Wait()
}

// begin frees what this registrar held when it was killed, once the database answers.
func (w *Worker) begin(ctx context.Context) error {
	for warned := false; ; warned = true {
		err := begin(ctx, w.cfg.DB, w.cfg.Name)
		if err == nil {
			return nil
		}
		if !warned {
			w.cfg.Log.WarnContext(ctx, "cannot begin", "cause", err.Error())
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// at marks a point where a crash would matter.
func (w *Worker) at(point string) {
	if w.testOnlyAt != nil {
		w.testOnlyAt(point)
	}
}

// wakeOne has a worker look for a job. One that finds a job wakes the next, so that as many look as there are jobs and one
// more; if all did, each notice would cost as many questions as there are workers.
func (w *Worker) wakeOne() {
	select {
	case w.wake <- struct{}{}:
	default: // somebody is to look already
	}
}

// listen hears of new jobs. It connects again when the connection is lost, and wakes a worker each
// time, because what was announced in between was not heard.
func (w *Worker) listen(ctx context.Context) error {
	down := false
	for {
		err := w.listenOnce(ctx, func() {
			if down {
				w.cfg.Log.InfoContext(ctx, "the database answers again")
			}
			down = false
			w.wakeOne()
			select {
			case <-ctx.Done():
				return
			case <-w.firstBeat: // a few seconds at the start; notices wait in the connection meanwhile
			}
			if w.ready != nil {
				w.ready()
			}
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !down {
			w.cfg.Log.WarnContext(ctx, "not listening to the queue", "cause", err.Error())
		}
		down = true
		if recreate(err) {
			w.cfg.DB.Reset()
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

func (w *Worker) listenOnce(ctx context.Context, listening func()) error {
	conn, err := w.cfg.DB.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to listen: %w", plain(err))
	}
	defer conn.Release()
	// It listens for as long as it lives, so it does not go back among the others.
	defer conn.Conn().Close(context.WithoutCancel(ctx))
	if err := exec(ctx, conn, "listening", "listen "+channelWork); err != nil {
		return err
	}
	listening()
	for {
		// Codes to sign in with are not announced (internal.enqueue); and a connection that nobody closed looks alive for ever.
		waiting, cancel := context.WithTimeout(ctx, glanceEvery)
		_, err := conn.Conn().WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			w.wakeOne()
		case ctx.Err() != nil:
			return ctx.Err()
		case waiting.Err() != nil:
			var due bool
			if err := conn.QueryRow(ctx, `select coalesce(registrar.next_due() <= clock_timestamp(), false)`).Scan(&due); err != nil {
				return fmt.Errorf("looking for work: %w", plain(err))
			}
			if due {
				w.wakeOne()
			}
		default:
			return fmt.Errorf("waiting for work: %w", plain(err))
		}
	}
}

// expire has the centre end what was open for too long.
func (w *Worker) expire(ctx context.Context) error {
	for {
		// Trouble shows in listen; the next round makes up for this one.
		_ = exec(ctx, w.cfg.DB, "expiring", `select registrar.expire()`)
		if err := sleep(ctx, time.Minute); err != nil {
			return err
		}
	}
}

// sleep waits, or returns ctx's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
