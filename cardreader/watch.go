package cardreader

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebfe/scard"
)

// plugAndPlay is the pseudo reader whose state changes when readers come and go.
const plugAndPlay = `\\?PnP?\Notification`

const (
	// rearm bounds each wait, after which the readers are listed anew. Otherwise a reader plugged
	// in between listing and waiting would not be seen until the next event, nor a service that
	// stopped reacting.
	rearm = 10 * time.Second
	// stuckAfter is how long Watch waits for libpcsclite to come back from a cancelled call.
	stuckAfter = 2 * time.Second
	// recoverAfter is the pause after a failure: a service that always fails at once must not use
	// up the processor.
	recoverAfter = 100 * time.Millisecond
)

// WatchOptions are settings of Watch; the zero value watches whatever is a reader by its name.
type WatchOptions struct {
	Choice Choice // of what PC/SC lists as readers
}

// watching guards the map of reader names within the PC/SC binding: two concurrent waits on one reader
// would free each other's memory.
var watching atomic.Bool

// Watch reports readers and cards coming and going until ctx ends, and then returns nil. It waits
// inside PC/SC; only whether the service still reacts is polled, every ten seconds. A service that
// is missing, stopped, restarted or stuck is an event, and Watch goes on by itself when it is there
// again.
//
// Where a driver does not report cards, pcscd polls it every 400 ms. Two cards that follow each
// other faster are not told apart by events; compare citizencard.Card.Serial where that matters.
//
// handle is called on Watch's own goroutine, one event at a time; while it runs other events wait,
// and none is lost. Only one Watch can run in a process: another returns ErrWatching. If the
// service hangs when ctx ends, Watch returns ErrStuck.
func Watch(ctx context.Context, opts WatchOptions, handle func(Event)) error {
	if !watching.CompareAndSwap(false, true) {
		return ErrWatching
	}
	select {
	case <-alarmed: // left over from an earlier Watch
	default:
	}
	w := &watcher{tracker: newTracker(handle), choice: opts.Choice}
	err := w.run(ctx)
	if errors.Is(err, ErrStuck) {
		// The call that is stuck uses the binding until it returns, if ever.
		go func() { w.calls.Wait(); watching.Store(false) }()
		return err
	}
	watching.Store(false)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

type watcher struct {
	tracker *tracker
	choice  Choice
	calls   sync.WaitGroup // into libpcsclite
	stuck   bool           // the service did not react to the last call for a while
}

// call makes a call into libpcsclite on a goroutine of its own. When ctx ends, abort is called to
// make it return; if it does not return soon, the error is ErrStuck. A call that lasts longer than
// limit means that the service does not react: that is reported, and the call still waited for,
// because it returns when the service reacts again or ends.
func (w *watcher) call(ctx context.Context, limit time.Duration, call func() error, abort func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.stuck = false
	done, over := make(chan error, 1), make(chan struct{})
	w.calls.Go(func() {
		defer close(over)
		done <- call()
	})
	late := time.NewTimer(limit)
	defer late.Stop()
	aborting := false
	for waiting := true; waiting; {
		select {
		case err := <-done:
			return err
		case <-late.C:
			w.stuck = true
		case <-alarmed:
			w.stuck = true
		case <-ctx.Done():
			waiting = false
		}
		if w.stuck {
			w.tracker.down(ServiceStuck)
		}
		if !aborting {
			aborting = true
			w.calls.Go(func() { repeat(abort, over) })
		}
	}
	select {
	case <-done: //nolint:errcheck // it was cancelled, so its result is not used
		return ctx.Err()
	case <-time.After(stuckAfter):
		return ErrStuck
	}
}

// repeat calls abort until the call is over: a cancel that comes before the wait has begun is lost.
func repeat(abort func(), over <-chan struct{}) {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		abort()
		select {
		case <-over:
			return
		case <-time.After(pause):
		}
	}
}

func cannotAbort() {}

// errReactsAgain means that a call returned after the service was reported stuck, so that all
// readers and cards have to be listed anew.
var errReactsAgain = errors.New("service reacts again")

func (w *watcher) run(ctx context.Context) error {
	for {
		pc, err := w.establish(ctx)
		if err != nil {
			return err
		}
		w.tracker.up()
		err = w.follow(ctx, pc)
		if errors.Is(err, ErrStuck) {
			return err
		}
		wasStuck := w.stuck
		// A service that is gone has nothing to release.
		if err := w.release(ctx, pc); errors.Is(err, ErrStuck) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Whatever the error was, a new context is needed. The loss is reported even when the
		// service is back already, because a restart resets every card.
		if !wasStuck {
			w.tracker.down(causeOfEnd(err))
		}
		if err := sleep(ctx, recoverAfter); err != nil {
			return err
		}
	}
}

// release gives a context back, also when ctx is over.
func (w *watcher) release(ctx context.Context, pc *scard.Context) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), stuckAfter)
		defer cancel()
	}
	return w.call(ctx, answerTime, func() error { _ = pc.Release(); return nil }, cannotAbort)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// establish connects to the service, waiting for it to appear for as long as ctx lasts.
func (w *watcher) establish(ctx context.Context) (*scard.Context, error) {
	pc, err := w.tryEstablish(ctx)
	if err == nil || ctx.Err() != nil {
		return pc, err
	}
	bell := awaitService()
	defer bell.close()
	for {
		// Tried again once the watches are set, because the service may have started in between.
		if pc, err = w.tryEstablish(ctx); err == nil || ctx.Err() != nil {
			return pc, err
		}
		cause := causeOf(err)
		w.tracker.down(cause)
		if err := bell.wait(ctx, cause); err != nil {
			return nil, err
		}
	}
}

func (w *watcher) tryEstablish(ctx context.Context) (*scard.Context, error) {
	opened := make(chan *scard.Context, 1)
	err := w.call(ctx, answerTime, func() error {
		defer close(opened)
		pc, err := establish()
		if err == nil {
			opened <- pc
		}
		return err
	}, cannotAbort)
	switch {
	case err == nil:
		return <-opened, nil
	case errors.Is(err, ErrStuck):
		w.calls.Go(func() { releaseFrom(opened) }) // when it comes after all
	case len(opened) > 0:
		releaseFrom(opened) // it came together with the end of ctx
	}
	return nil, err
}

func releaseFrom(opened <-chan *scard.Context) {
	if pc := <-opened; pc != nil {
		_ = pc.Release()
	}
}

// follow reports changes until the service ends or ctx does.
func (w *watcher) follow(ctx context.Context, pc *scard.Context) error {
	for {
		var names []string
		err := w.call(ctx, answerTime, func() (err error) { names, err = listReaders(pc); return err }, cannotAbort)
		if err == nil && w.stuck {
			return errReactsAgain
		}
		if err != nil {
			return fmt.Errorf("listing readers: %w", err)
		}
		names, aside := w.choice.part(names)
		w.tracker.aside(aside)
		w.tracker.readers(names)
		if err := w.untilListChanges(ctx, pc, names); err != nil {
			return err
		}
	}
}

func listReaders(pc *scard.Context) ([]string, error) {
	names, err := pc.ListReaders()
	if errors.Is(err, scard.ErrNoReadersAvailable) {
		return nil, nil
	}
	return names, err
}

func (w *watcher) untilListChanges(ctx context.Context, pc *scard.Context, names []string) error {
	states := make([]scard.ReaderState, 1+len(names))
	states[0].Reader = plugAndPlay
	for {
		for i, name := range names {
			states[1+i] = scard.ReaderState{Reader: name, CurrentState: w.tracker.slots[name].flags}
		}
		wait := func() error { return pc.GetStatusChange(states, rearm) }
		err := w.call(ctx, rearm+answerTime, wait, func() { _ = pc.Cancel() })
		switch {
		case w.stuck:
			return errReactsAgain
		case errors.Is(err, scard.ErrTimeout), errors.Is(err, scard.ErrUnknownReader):
			return nil
		case err != nil:
			return err
		}
		listed := states[0].EventState&scard.StateChanged == 0
		states[0].CurrentState = states[0].EventState &^ scard.StateChanged
		for _, s := range states[1:] {
			if s.EventState&(scard.StateUnknown|scard.StateUnavailable) != 0 {
				listed = false
				continue
			}
			w.tracker.state(s.Reader, s.EventState, s.Atr)
		}
		if !listed {
			return nil
		}
	}
}
