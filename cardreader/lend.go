package cardreader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ebfe/scard"
)

// A Loan is a connection with a card that another library makes and uses. It has what a Session has: no call blocks
// for ever, failures have the meanings above, and the card is given back reset, also where the library loses the
// connection that it began.
type Loan struct {
	reader  string
	timeout time.Duration
	events  scard.StateFlag // how often cards had come and gone when the library connected
	turn    chan struct{}   // holds one value while a call runs

	mu     sync.Mutex
	line   *line     // the library's connection to pcscd, while there is one
	closer io.Closer // what the library opened, until it is closed
	ended  bool
	closed sync.Once
}

// Lend lets connect, which uses a library other than this package's, connect to the card in a reader. It waits for
// other programs as Connect does. An error with a method Status() uint16 is the card's own answer and is returned as it
// is; others are ErrRemoved, ErrBusy, ErrSilent, ErrStuck or ErrServiceGone where the reader's state says so.
func (d Dialer) Lend(ctx context.Context, reader string, connect func() (io.Closer, error)) (*Loan, error) {
	d = d.complete()
	begun := time.Now()
	for {
		l, err := d.lend(ctx, reader, connect)
		if errors.Is(err, ErrBusy) && (d.Patience < 0 || time.Since(begun) < d.Patience) {
			if err = sleep(ctx, busyRetry); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("lending the card: %w", err)
		}
		return l, nil
	}
}

func (d Dialer) lend(ctx context.Context, reader string, connect func() (io.Closer, error)) (*Loan, error) {
	flags, err := glance(reader)
	switch {
	case err != nil:
		return nil, err
	case flags&scard.StatePresent == 0:
		return nil, ErrRemoved
	}
	l := &Loan{reader: reader, timeout: d.Timeout, events: flags >> eventBits, turn: make(chan struct{}, 1)}
	countSession(reader, 1)
	err = l.Call(ctx, func() error { return l.connect(connect) })
	if err == nil {
		return l, nil
	}
	_ = l.Close()
	var answer cardAnswer
	if flags, look := glance(reader); look == nil && inUseByOthers(reader, flags) && !errors.As(err, &answer) {
		return nil, ErrBusy
	}
	return nil, err
}

// connect runs the library's own function and notes which connection to pcscd is its.
func (l *Loan) connect(connect func() (io.Closer, error)) error {
	type result struct {
		closer io.Closer
		err    error
	}
	opened, done := make(chan result, 1), make(chan struct{})
	own := newLine(l.reader, func() {
		defer close(done)
		closer, err := connect()
		opened <- result{closer, err}
	}, done)
	l.keep(func() { l.line = own })
	r := <-opened
	if r.err != nil {
		return r.err
	}
	l.keep(func() { l.closer = r.closer })
	if own == nil {
		return errNoLine
	}
	return nil
}

// errNoLine says that the library is connected in a way that could not be ended.
var errNoLine = errors.New("the library has no connection to pcscd that this program knows")

// keep notes what belongs to the loan. Where the loan has ended meanwhile it ends too.
func (l *Loan) keep(note func()) {
	l.mu.Lock()
	note()
	ended := l.ended
	l.mu.Unlock()
	if ended {
		l.release()
	}
}

// Call runs do, which uses the library's connection, one at a time. When it takes longer than the Dialer's Timeout, or
// ctx ends, the loan is over, because it is unknown what the card does; do then fails by itself. Errors are as for Lend.
func (l *Loan) Call(ctx context.Context, do func() error) error {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	ended := l.ended
	l.mu.Unlock()
	if ended {
		<-l.turn
		return ErrClosed
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-l.turn }()
		done <- do()
	}()
	late := &lateness{reader: l.reader, timeout: l.timeout}
	defer late.over()
	err, waited := await(ctx, late, done, nil, nil)
	if waited != nil {
		l.end()
		return waited
	}
	return l.explain(err)
}

// cardAnswer is an error that carries a status word.
type cardAnswer interface{ Status() uint16 }

// explain says why a call failed that the card did not answer. Libraries have their own words for what PC/SC told
// them, so the reader is asked.
func (l *Loan) explain(err error) error {
	var answer cardAnswer
	if err == nil || errors.As(err, &answer) {
		return err
	}
	for _, pause := range noticing {
		time.Sleep(pause)
		flags, look := glance(l.reader)
		if look != nil {
			return look
		}
		if flags&scard.StatePresent == 0 || flags>>eventBits != l.events {
			return ErrRemoved
		}
	}
	return err
}

// eventBits is where the number of comings and goings begins in a reader's state (pcsclite's SCardGetStatusChange).
const eventBits = 16

// Close gives the card back, reset: pcscd resets a card whose program hangs up, in one step, so that no other program
// finds the PIN verified. It returns ErrSilent when that is not done within a second because the card still holds the
// reader. Calls that run fail.
func (l *Loan) Close() error {
	l.end()
	defer l.closed.Do(func() { countSession(l.reader, -1) })
	for deadline := time.Now().Add(closePatience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if flags, err := glance(l.reader); err != nil || flags&scard.StateExclusive == 0 {
			return nil
		}
	}
	return ErrSilent
}

// end lets no call begin any more, and hangs up.
func (l *Loan) end() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.release()
}

// release hangs up, and lets the library forget what it opened.
func (l *Loan) release() {
	l.mu.Lock()
	own, closer := l.line, l.closer
	l.line, l.closer = nil, nil
	l.mu.Unlock()
	if own != nil {
		own.hangUp(closer)
	} else if closer != nil {
		_ = closer.Close()
	}
}
