package cardreader_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"balcao/cardreader"
)

// foreign is a library that takes the reader for itself, as piv-go does, and fails or hangs afterwards.
type foreign struct{ pc *scard.Context }

func (f foreign) Close() error { return f.pc.Release() }

func connectForeign(reader string) (foreign, *scard.Card, error) {
	pc, err := scard.EstablishContext()
	if err != nil {
		return foreign{}, nil, err
	}
	card, err := pc.Connect(reader, scard.ShareExclusive, scard.ProtocolT1)
	if err != nil {
		_ = pc.Release()
		return foreign{}, nil, err
	}
	return foreign{pc}, card, nil
}

// answered is an error of the card, as piv-go has them.
type answered uint16

func (answered) Error() string    { return "an answer" }
func (a answered) Status() uint16 { return uint16(a) }

// TestLendFailure: a library that fails and gives nothing back leaves no reader locked.
func TestLendFailure(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	d.mustInsert(t, 0, echo)
	_ = mustConnect(t, cardreader.Dialer{}, readerA).Close()
	_, err := cardreader.Dialer{}.Lend(t.Context(), readerA, func() (io.Closer, error) {
		if _, _, err := connectForeign(readerA); err != nil {
			return nil, err
		}
		return nil, answered(0x6a82)
	})
	var answer answered
	if !errors.As(err, &answer) {
		t.Errorf("got %v, want the card's answer", err)
	}
	mustConnect(t, cardreader.Dialer{}, readerA)
}

// TestLend: while a card is lent this program's sessions find it busy, and a library that hangs ends with its card.
func TestLend(t *testing.T) {
	before := cardreader.Connections()
	d := newDaemon(t)
	d.mustStart(t)
	card := d.mustInsert(t, 0, func(command []byte) []byte {
		if command[1] == 0xff {
			return nil
		}
		return echo(command)
	})
	_ = mustConnect(t, cardreader.Dialer{}, readerA).Close()
	var lent *scard.Card
	loan, err := cardreader.Dialer{Timeout: time.Second}.Lend(t.Context(), readerA, func() (io.Closer, error) {
		library, card, err := connectForeign(readerA)
		lent = card
		return library, err
	})
	if err != nil {
		t.Fatal(err)
	}
	transmit := func(ins byte) error {
		return loan.Call(t.Context(), func() error {
			_, err := lent.Transmit([]byte{0, ins, 0, 0})
			return err
		})
	}
	if err := transmit(0x01); err != nil {
		t.Error(err)
	}
	if _, err := (cardreader.Dialer{Patience: time.Millisecond}).Connect(t.Context(), readerA); !errors.Is(err, cardreader.ErrBusy) {
		t.Errorf("a session beside the loan: %v", err)
	}
	if err := transmit(0xff); !errors.Is(err, cardreader.ErrSilent) {
		t.Errorf("a card that does not answer: %v", err)
	}
	if err := transmit(0x01); !errors.Is(err, cardreader.ErrClosed) {
		t.Errorf("after that: %v", err)
	}
	if err := loan.Close(); !errors.Is(err, cardreader.ErrSilent) {
		t.Errorf("closing while the card holds the reader: %v", err)
	}
	card.remove()
	eventually(t, "the reader is free", func() bool {
		_, err := cardreader.Dialer{}.Connect(t.Context(), readerA)
		return errors.Is(err, cardreader.ErrRemoved)
	})
	eventually(t, "no connection to pcscd is left", func() bool { return cardreader.Connections() == before })
}

// TestLendNothing: no card, no reader, no time.
func TestLendNothing(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	never := func() (io.Closer, error) { t.Error("connected"); return nil, errors.New("never") }
	for _, reader := range []string{readerA, "No such reader"} {
		if _, err := (cardreader.Dialer{}).Lend(t.Context(), reader, never); !errors.Is(err, cardreader.ErrRemoved) {
			t.Errorf("%s: %v", reader, err)
		}
	}
	d.mustInsert(t, 0, echo)
	_ = mustConnect(t, cardreader.Dialer{}, readerA).Close()
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan struct{})
	_, err := cardreader.Dialer{}.Lend(ctx, readerA, func() (io.Closer, error) {
		cancel()
		<-waiting
		library, _, err := connectForeign(readerA)
		return library, err
	})
	close(waiting)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	eventually(t, "what came too late is given back", func() bool {
		s, err := cardreader.Dialer{Patience: time.Millisecond}.Connect(t.Context(), readerA)
		if err == nil {
			_ = s.Close()
		}
		return err == nil
	})
}
