package cardreader

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ebfe/scard"
)

const (
	// lookAfter is the interval at which a call that has not returned is looked into. With a card
	// that works, only a signature or a PIN typed on the reader takes that long.
	lookAfter = time.Second
	// answerTime is how long the service may take to answer what involves no reader; it needs
	// milliseconds.
	answerTime = 3 * time.Second
)

// lateness decides why a call into libpcsclite has not returned: the service does not react,
// another program holds the card, or the card does not answer.
type lateness struct {
	reader   string
	timeout  time.Duration                // until ErrSilent, not counting while another program holds the card
	patience time.Duration                // until ErrBusy, while one does; negative for no end
	holds    func(f scard.StateFlag) bool // whether the reader's state says that one does
	busy     func(held bool)              // is told; may be nil

	mu           sync.Mutex // a look may still be under way when the call has returned
	silent, held time.Duration
	told, ended  bool
}

// await waits for the result of a call that runs on a goroutine of its own. When the wait ends
// early that goroutine is left to finish alone. over, which may be nil, ends the wait too, with the
// error that ended returns.
func await[T any](ctx context.Context, l *lateness, done <-chan T, over <-chan struct{}, ended func() error) (T, error) {
	var nothing T
	for {
		looked := make(chan error, 1)
		pause := l.pause()
		look := time.AfterFunc(pause, func() { looked <- l.look(pause) })
		select {
		case r := <-done:
			look.Stop()
			return r, nil
		case err := <-looked:
			if err != nil {
				return nothing, err
			}
		case <-over:
			look.Stop()
			return nothing, ended()
		case <-ctx.Done():
			look.Stop()
			return nothing, ctx.Err()
		}
	}
}

// pause is how long to wait until the next look.
func (l *lateness) pause() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	pause := min(lookAfter, l.timeout-l.silent)
	if l.patience >= 0 && l.holds != nil {
		pause = min(pause, l.patience-l.held)
	}
	return max(pause, time.Millisecond)
}

// look runs after each pause. It returns why the call is late, or nil while the call may still
// return.
func (l *lateness) look(paused time.Duration) error {
	flags, err := glance(l.reader)
	switch {
	case errors.Is(err, ErrStuck):
		return ErrStuck
	case err == nil && l.holds != nil && l.holds(flags):
		return l.waitHeld(paused)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(false)
	l.held = 0
	if l.silent += paused; l.silent >= l.timeout {
		return ErrSilent
	}
	return nil
}

// waitHeld counts time for which another program has held the card.
func (l *lateness) waitHeld(d time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = 0
	if l.held += d; l.patience >= 0 && l.held >= l.patience {
		return ErrBusy
	}
	if l.held >= lookAfter {
		l.tell(true)
	}
	return nil
}

// tell reports that another program is waited for, or no longer, when that has changed. mu is held.
func (l *lateness) tell(held bool) {
	if held == l.told || l.ended {
		return
	}
	l.told = held
	if l.busy != nil {
		l.busy(held)
	}
}

// over reports that no other program is waited for any more. Nothing is reported after it.
func (l *lateness) over() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(false)
	l.ended = true
}

// glancing lets one glance run at a time: while one hangs, the next would hang for the same reason.
var glancing sync.Mutex

// glance asks the service for a reader's state over a connection of its own, so that no other call
// delays it. The error is ErrStuck when the service does not answer.
func glance(reader string) (scard.StateFlag, error) {
	type answer struct {
		flags scard.StateFlag
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		glancing.Lock()
		defer glancing.Unlock()
		pc, err := establish()
		if err != nil {
			answered <- answer{err: classify(err)}
			return
		}
		defer func() { _ = pc.Release() }()
		states := []scard.ReaderState{{Reader: anotherName(reader)}}
		err = pc.GetStatusChange(states, 0)
		answered <- answer{states[0].EventState, classify(err)}
	}()
	select {
	case a := <-answered:
		return a.flags, a.err
	case <-time.After(answerTime):
		alarm()
		return 0, ErrStuck
	}
}

// alarmed wakes Watch when another call found that the service does not react.
var alarmed = make(chan struct{}, 1)

func alarm() {
	select {
	case alarmed <- struct{}{}:
	default:
	}
}

// sessions counts this process's connections to each reader, because PC/SC's "in use" includes
// them.
var sessions = struct {
	sync.Mutex
	open map[string]int
}{open: map[string]int{}}

func countSession(reader string, n int) {
	sessions.Lock()
	defer sessions.Unlock()
	sessions.open[reader] += n
}

// inUseByOthers reports whether another program is connected to the reader. It is false while this
// process has a connection too, because PC/SC does not tell them apart.
func inUseByOthers(reader string, flags scard.StateFlag) bool {
	sessions.Lock()
	defer sessions.Unlock()
	return sessions.open[reader] == 0 && flags&(scard.StateInuse|scard.StateExclusive) != 0
}
