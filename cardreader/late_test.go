package cardreader_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"balcao/cardreader"
)

// TestStuck: a service that does not react is told as such, in time, by every call there is; and a caller who gives up is
// let go at once.
func TestStuck(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	_, reader := insertFor(t, d, echo)
	for name, call := range map[string]func(context.Context) error{
		"List":    func(ctx context.Context) error { _, err := cardreader.List(ctx); return err },
		"Connect": func(ctx context.Context) error { _, err := cardreader.Dialer{}.Connect(ctx, reader); return err },
		"Transmit": func() func(context.Context) error {
			s := mustConnect(t, cardreader.Dialer{}, reader)
			return func(ctx context.Context) error { _, err := s.Transmit(ctx, command); return err }
		}(),
		"Exclusive": func() func(context.Context) error {
			s := mustConnect(t, cardreader.Dialer{Patience: -1}, reader)
			return func(ctx context.Context) error {
				return s.Exclusive(ctx, func(context.Context) error { return nil })
			}
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			thaw := d.freeze(t)
			defer thaw()
			start := time.Now()
			if err := call(t.Context()); !errors.Is(err, cardreader.ErrStuck) {
				t.Errorf("got %v after %v, want ErrStuck", err, time.Since(start))
			}
		})
	}
	t.Run("Context", func(t *testing.T) {
		thaw := d.freeze(t)
		defer thaw()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		_, err := cardreader.List(ctx)
		_, err2 := cardreader.Dialer{}.Connect(ctx, reader)
		if !errors.Is(err, context.Canceled) || !errors.Is(err2, context.Canceled) || time.Since(start) > lookAfter {
			t.Errorf("got %v and %v after %v", err, err2, time.Since(start))
		}
	})
	t.Run("Diagnose", func(t *testing.T) {
		thaw := d.freeze(t)
		defer thaw()
		got := cardreader.Diagnose(t.Context())
		if len(got) != 1 || got[0].Code != cardreader.CodeStuck {
			t.Errorf("got %+v", got)
		}
	})
}

const lookAfter = time.Second

// TestWatch_Stuck: Watch says that the service does not react, whether it never did or did before, and goes on when it
// does again.
func TestWatch_Stuck(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	first, second := cardreader.Reader{Number: 1, Name: readerA}, cardreader.Reader{Number: 2, Name: readerB}
	thaw := d.freeze(t)
	w := watch(t, cardreader.WatchOptions{})
	w.want(t, down(cardreader.ServiceStuck))
	thaw()
	w.want(t, up(), added(first), added(second))
	thaw = d.freeze(t)
	// Somebody else's call notices it first.
	if _, err := (cardreader.Dialer{}).Connect(t.Context(), readerA); !errors.Is(err, cardreader.ErrStuck) {
		t.Errorf("got %v, want ErrStuck", err)
	}
	w.want(t, readerGone(first), readerGone(second), down(cardreader.ServiceStuck))
	thaw()
	w.want(t, up(), added(first), added(second))
}

// TestBusy: another program's transaction is waited for, and said; and it is never taken for a card that does not answer.
func TestBusy(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	for _, way := range []string{"Connect", "Exclusive", "ConnectExclusive"} {
		t.Run(way, func(t *testing.T) {
			_, reader := insertFor(t, d, echo)
			told := make(chan bool, 10)
			patient := cardreader.Dialer{Timeout: 2 * time.Second, Patience: -1, Busy: func(held bool) { told <- held }}
			var s *cardreader.Session
			if way == "Exclusive" {
				s = mustConnect(t, patient, reader)
			} else {
				_ = mustConnect(t, cardreader.Dialer{}, reader).Close() // pcscd has seen the card
			}
			var release func()
			if way == "ConnectExclusive" {
				release = holdReader(t, reader)
			} else {
				release = holdTransaction(t, reader)
			}
			done := make(chan error, 1)
			go func() {
				var err error
				if s == nil {
					s, err = patient.Connect(t.Context(), reader)
				}
				if err == nil {
					err = s.Exclusive(t.Context(), func(context.Context) error { return nil })
				}
				done <- err
			}()
			if held := <-told; !held {
				t.Error("told that it is free")
			}
			select {
			case err := <-done:
				t.Errorf("it ended with %v", err)
			case <-time.After(3 * lookAfter):
			}
			release()
			if err := <-done; err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if held := <-told; held {
				t.Error("told twice that it is held")
			}
			if s != nil {
				_ = s.Close()
			}
		})
	}
	t.Run("ErrBusy", func(t *testing.T) {
		_, reader := insertFor(t, d, echo)
		impatient := cardreader.Dialer{Patience: 200 * time.Millisecond}
		s := mustConnect(t, impatient, reader)
		_ = s.Close()
		release := holdTransaction(t, reader)
		if _, err := impatient.Connect(t.Context(), reader); !errors.Is(err, cardreader.ErrBusy) {
			t.Errorf("connecting: got %v, want ErrBusy", err)
		}
		release()
		_, reader = insertFor(t, d, echo) // the connection that came too late resets the other card
		s = mustConnect(t, impatient, reader)
		defer holdTransaction(t, reader)()
		err := s.Exclusive(t.Context(), func(context.Context) error { return nil })
		if !errors.Is(err, cardreader.ErrBusy) {
			t.Errorf("taking it: got %v, want ErrBusy", err)
		}
	})
}

// holdTransaction keeps others off a card as another program does, until release.
func holdTransaction(t *testing.T, reader string) (release func()) {
	t.Helper()
	pc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	held, err := pc.Connect(reader, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		t.Fatal(err)
	}
	if err := held.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = held.EndTransaction(scard.LeaveCard)
		_ = held.Disconnect(scard.LeaveCard)
		_ = pc.Release()
	}
}
