package cardreader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ebfe/scard"
)

// plugAndPlay is the pseudo reader whose state changes when readers come and go.
const plugAndPlay = `\\?PnP?\Notification`

const (
	// rearm ends a wait that nothing ended, and the readers are listed anew. It is no polling, once a minute:
	// a reader plugged in between listing and waiting would otherwise stay unseen until the next event.
	rearm = time.Minute
	// stuckAfter is how long Watch waits for libpcsclite to come back from a cancelled call.
	stuckAfter = 2 * time.Second
	// recoverAfter keeps a service that fails at once each time from taking the processor.
	recoverAfter = 100 * time.Millisecond
)

// WatchOptions are settings of Watch; the zero value watches every reader.
type WatchOptions struct {
	// Ignore names the readers that shall not be reported, such as another program's. It is asked each
	// time that readers come or go.
	Ignore func(reader string) bool
}

// watching guards the map of reader names within the PC/SC binding: two concurrent waits on one reader
// would free each other's memory.
var watching atomic.Bool

// Watch reports readers and cards coming and going until ctx ends, and then returns nil. It waits inside
// PC/SC and looks at nothing by the clock. A service that is missing, stopped or restarted is an event,
// and Watch goes on by itself when it is there again.
//
// handle is called on Watch's own goroutine, one event at a time; while it runs no other event is seen,
// but none is lost. One Watch can run in a process: the next gets ErrWatching.
func Watch(ctx context.Context, opts WatchOptions, handle func(Event)) error {
	if !watching.CompareAndSwap(false, true) {
		return ErrWatching
	}
	w := &watcher{tracker: newTracker(handle), ignore: opts.Ignore}
	err := w.run(ctx)
	if !errors.Is(err, errStuck) {
		watching.Store(false) // a stuck call still uses the binding
	}
	if ctx.Err() != nil && !errors.Is(err, errStuck) {
		return nil
	}
	return err
}

// errStuck: a call into libpcsclite did not return although it was cancelled.
var errStuck = errors.New("smart-card service does not react")

type watcher struct {
	tracker *tracker
	ignore  func(reader string) bool
}

func (w *watcher) run(ctx context.Context) error {
	for {
		pc, err := w.establish(ctx)
		if err != nil {
			return err
		}
		w.tracker.up()
		err = w.follow(ctx, pc)
		if errors.Is(err, errStuck) {
			return err
		}
		_ = pc.Release() // of a service that is gone there is nothing to release
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Whatever the error was, a new context is the cure. The loss is reported even when the service is
		// back already, because a restart resets every card.
		w.tracker.down(ServiceStopped)
		if err := sleep(ctx, recoverAfter); err != nil {
			return err
		}
	}
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
	pc, err := scard.EstablishContext()
	if err == nil {
		return pc, nil
	}
	bell := newDoorbell(socketPath())
	defer bell.close()
	for {
		// Asked again after the bell was hung up: the service may have come in between.
		if pc, err = scard.EstablishContext(); err == nil {
			return pc, nil
		}
		cause := causeOf(err)
		w.tracker.down(cause)
		if err := bell.wait(ctx, cause); err != nil {
			return nil, err
		}
	}
}

// follow reports changes until the service ends or ctx does.
func (w *watcher) follow(ctx context.Context, pc *scard.Context) error {
	for {
		names, err := listReaders(pc)
		if err != nil {
			return fmt.Errorf("listing readers: %w", err)
		}
		if w.ignore != nil {
			names = slices.DeleteFunc(names, w.ignore)
		}
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
		err := wait(ctx, pc, states)
		switch {
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

// wait is SCardGetStatusChange that ends with ctx. Cancelling is repeated because a cancel that arrives
// before the wait has begun is lost.
func wait(ctx context.Context, pc *scard.Context, states []scard.ReaderState) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- pc.GetStatusChange(states, rearm) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	returned := make(chan struct{})
	defer close(returned)
	go func() {
		for {
			_ = pc.Cancel()
			select {
			case <-returned:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	select {
	case <-done:
		return ctx.Err()
	case <-time.After(stuckAfter):
		return errStuck
	}
}
