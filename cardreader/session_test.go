package cardreader_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"balcao/cardreader"
)

var command = []byte{0x00, 0xB0, 0x00, 0x00, 0x00}

func TestSession(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	ctx := context.Background()

	t.Run("OK", func(t *testing.T) {
		_, reader := insertFor(t, d, echo)
		s := mustConnect(t, cardreader.Dialer{}, reader)
		if got := s.ATR(); !bytes.Equal(got, t1) {
			t.Errorf("ATR %X, want %X", got, t1)
		}
		if s.Pinpad() != nil {
			t.Error("the virtual reader has no pinpad")
		}
		for range 3 {
			got, err := s.Transmit(ctx, command)
			if want := echo(command); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got %X, %v, want %X", got, err, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrClosed) {
			t.Errorf("after Close: got %v, want ErrClosed", err)
		}
	})

	t.Run("ErrRemoved/NoCard", func(t *testing.T) {
		waitEmpty(t, readerB)
		for _, reader := range []string{readerB, "no such reader"} {
			if _, err := (cardreader.Dialer{}).Connect(ctx, reader); !errors.Is(err, cardreader.ErrRemoved) {
				t.Errorf("%s: got %v, want ErrRemoved", reader, err)
			}
		}
	})

	t.Run("ErrRemoved/DuringCommand", func(t *testing.T) {
		asked := make(chan struct{}, 1)
		c, reader := insertFor(t, d, func([]byte) []byte { asked <- struct{}{}; return nil })
		s := mustConnect(t, cardreader.Dialer{}, reader)
		go func() { <-asked; c.remove() }()
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrRemoved) {
			t.Errorf("got %v, want ErrRemoved", err)
		}
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrRemoved) {
			t.Errorf("afterwards: got %v, want ErrRemoved", err)
		}
	})

	t.Run("ErrRemoved/BetweenCommands", func(t *testing.T) {
		c, reader := insertFor(t, d, echo)
		s := mustConnect(t, cardreader.Dialer{}, reader)
		c.remove()
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrRemoved) {
			t.Errorf("got %v, want ErrRemoved", err)
		}
		waitEmpty(t, reader)
		d.mustInsert(t, slotOf(reader), echo)
		mustConnect(t, cardreader.Dialer{}, reader)
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrRemoved) {
			t.Errorf("with the next card: got %v, want ErrRemoved", err)
		}
	})

	t.Run("ErrSilent", func(t *testing.T) {
		c, reader := insertFor(t, d, func([]byte) []byte { return nil })
		s := mustConnect(t, cardreader.Dialer{Timeout: 100 * time.Millisecond}, reader)
		start := time.Now()
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrSilent) {
			t.Errorf("got %v, want ErrSilent", err)
		}
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrSilent) {
			t.Errorf("again: got %v, want ErrSilent", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
		c.remove()
		eventually(t, "the session gives the reader back", func() bool { return s.Close() == nil })
	})

	t.Run("ContextEnds", func(t *testing.T) {
		asked := make(chan struct{}, 1)
		c, reader := insertFor(t, d, func([]byte) []byte { asked <- struct{}{}; return nil })
		s := mustConnect(t, cardreader.Dialer{}, reader)
		ctx, cancel := context.WithCancel(ctx)
		go func() { <-asked; cancel() }()
		if _, err := s.Transmit(ctx, command); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		c.remove()
		eventually(t, "the session gives the reader back", func() bool { return s.Close() == nil })
	})

	t.Run("ErrBusy/Connect", func(t *testing.T) {
		_, reader := insertFor(t, d, echo)
		release := holdReader(t, reader)
		_, err := cardreader.Dialer{Patience: 50 * time.Millisecond}.Connect(ctx, reader)
		if !errors.Is(err, cardreader.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
		time.AfterFunc(50*time.Millisecond, release)
		mustConnect(t, cardreader.Dialer{}, reader)
	})

	t.Run("Exclusive", func(t *testing.T) {
		_, reader := insertFor(t, d, echo)
		a := mustConnect(t, cardreader.Dialer{}, reader)
		b := mustConnect(t, cardreader.Dialer{Patience: 50 * time.Millisecond}, reader)
		want := errors.New("what f returns")
		err := a.Exclusive(ctx, func(ctx context.Context) error {
			if _, err := a.Transmit(ctx, command); err != nil {
				t.Errorf("within: %v", err)
			}
			if err := b.Exclusive(ctx, func(context.Context) error { return nil }); !errors.Is(err, cardreader.ErrBusy) {
				t.Errorf("of another session: got %v, want ErrBusy", err)
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("got %v, want f's error", err)
		}
		c := mustConnect(t, cardreader.Dialer{}, reader)
		if err := c.Exclusive(ctx, func(context.Context) error { return nil }); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})

	t.Run("ErrReset", func(t *testing.T) {
		_, reader := insertFor(t, d, echo)
		a := mustConnect(t, cardreader.Dialer{}, reader)
		b := mustConnect(t, cardreader.Dialer{}, reader)
		if err := b.Close(); err != nil { // resets the card
			t.Fatal(err)
		}
		if _, err := a.Transmit(ctx, command); !errors.Is(err, cardreader.ErrReset) {
			t.Errorf("got %v, want ErrReset", err)
		}
	})

	t.Run("ErrServiceGone", func(t *testing.T) {
		_, reader := insertFor(t, d, echo)
		s := mustConnect(t, cardreader.Dialer{}, reader)
		d.kill()
		if _, err := s.Transmit(ctx, command); !errors.Is(err, cardreader.ErrServiceGone) {
			t.Errorf("got %v, want ErrServiceGone", err)
		}
		if _, err := (cardreader.Dialer{}).Connect(ctx, reader); !errors.Is(err, cardreader.ErrServiceGone) {
			t.Errorf("connecting: got %v, want ErrServiceGone", err)
		}
	})
}

// insertFor puts a card into the reader whose turn it is, once it is empty again: pcscd looks at a
// virtual reader every 400 ms only and takes cards that follow each other faster for one.
func insertFor(t *testing.T, d *daemon, answer func([]byte) []byte) (c *vcard, reader string) {
	t.Helper()
	d.turn = 1 - d.turn
	reader = []string{readerA, readerB}[d.turn]
	waitEmpty(t, reader)
	return d.mustInsert(t, d.turn, answer), reader
}

func slotOf(reader string) int {
	if reader == readerA {
		return 0
	}
	return 1
}

func waitEmpty(t *testing.T, reader string) {
	t.Helper()
	eventually(t, "the reader is empty", func() bool {
		pc, err := scard.EstablishContext()
		if err != nil {
			return true // pcscd is gone, and took it along
		}
		defer func() { _ = pc.Release() }()
		states := []scard.ReaderState{{Reader: reader}}
		return pc.GetStatusChange(states, 0) == nil && states[0].EventState&scard.StateEmpty != 0
	})
}

// holdReader takes a card for itself alone, as other programs do, until release.
func holdReader(t *testing.T, reader string) (release func()) {
	t.Helper()
	pc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	// Only once the card is seen: pcscd 1.9 keeps a reader locked after a failed exclusive connection.
	_ = mustConnect(t, cardreader.Dialer{}, reader).Close()
	held, err := pc.Connect(reader, scard.ShareExclusive, scard.ProtocolAny)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = held.Disconnect(scard.LeaveCard)
		_ = pc.Release()
	}
}
