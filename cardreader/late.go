package cardreader

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ebfe/scard"
)

const (
	// lookAfter is when a call that has not returned is looked into, again and again. Nothing but a signature or a
	// keypad honestly takes that long.
	lookAfter = time.Second
	// answerTime is for the service to answer what it need ask no reader for, which takes it milliseconds.
	answerTime = 3 * time.Second
)

// lateness decides what it means that a call into libpcsclite has not returned: the service does not react, another
// program holds the card, or the card does not answer.
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

// await waits for what a call brings that runs on a goroutine of its own, left behind when it is not waited for any more.
// over, which may be nil, ends the wait too, with the error that ended says.
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

// look comes after a pause. Its error is what the call's being late means, nil while it may still return.
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

// tell says that another program is waited for, or no more, when that is news. With mu held.
func (l *lateness) tell(held bool) {
	if held == l.told || l.ended {
		return
	}
	l.told = held
	if l.busy != nil {
		l.busy(held)
	}
}

// over ends what there is to tell.
func (l *lateness) over() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(false)
	l.ended = true
}

// glancing keeps glances one behind the other. While one hangs, the next comes to the same end.
var glancing sync.Mutex

// glance asks the service for a reader's state, over a connection of its own so that no other call holds it up. ErrStuck
// when it does not say.
func glance(reader string) (scard.StateFlag, error) {
	type answer struct {
		flags scard.StateFlag
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		glancing.Lock()
		defer glancing.Unlock()
		pc, err := scard.EstablishContext()
		if err != nil {
			answered <- answer{err: classify(err)}
			return
		}
		defer func() { _ = pc.Release() }()
		// The binding keeps the name's memory under the name, and Watch may wait with the same one. Behind the zero that ends
		// a name for libpcsclite there is room to make it another.
		states := []scard.ReaderState{{Reader: reader + "\x00glance"}}
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

// alarmed wakes Watch when somebody else noticed that the service does not react.
var alarmed = make(chan struct{}, 1)

func alarm() {
	select {
	case alarmed <- struct{}{}:
	default:
	}
}

// sessions counts this process's connections to each reader: "in use" may mean them.
var sessions = struct {
	sync.Mutex
	open map[string]int
}{open: map[string]int{}}

func countSession(reader string, n int) {
	sessions.Lock()
	defer sessions.Unlock()
	sessions.open[reader] += n
}

// inUseByOthers reports whether another program is connected to the reader. With a connection of our own that cannot be
// told, and is not claimed.
func inUseByOthers(reader string, flags scard.StateFlag) bool {
	sessions.Lock()
	defer sessions.Unlock()
	return sessions.open[reader] == 0 && flags&(scard.StateInuse|scard.StateExclusive) != 0
}
