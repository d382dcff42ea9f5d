package desk

import (
	"context"
	"slices"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/cardreader/iso7816"
	"balcao/kiosk"
)

// Readers is PC/SC as the runner needs it. PCSC is the real one.
type Readers interface {
	// Watch reports readers and cards until ctx ends.
	Watch(ctx context.Context, handle func(cardreader.Event)) error
	// Connect opens the card in a reader. Held, unless nil, is told when another program holds the card and is waited for,
	// here or at the beginning of Exclusive, and when that wait is over.
	Connect(ctx context.Context, reader string, held func(bool)) (CardSession, error)
}

// CardSession is one card in one reader, from connection to removal.
type CardSession interface {
	iso7816.Transmitter
	// Exclusive keeps other programs off the card while work runs.
	Exclusive(ctx context.Context, work func(context.Context) error) error
	// ATR is the card's answer to reset.
	ATR() []byte
	// Extended reports whether the reader carries commands of extended length.
	Extended() bool
	// Keypad is the reader's own keypad, nil when it has none.
	Keypad() citizencard.Pinpad
	Close() error
}

// PCSC is the real Readers. Where the Dialer does not say how long, another program is waited for until the context ends.
type PCSC struct{ Dialer cardreader.Dialer }

// Watch implements Readers.
func (p PCSC) Watch(ctx context.Context, handle func(cardreader.Event)) error {
	return cardreader.Watch(ctx, cardreader.WatchOptions{}, handle)
}

// Connect implements Readers.
func (p PCSC) Connect(ctx context.Context, reader string, held func(bool)) (CardSession, error) {
	dialer := p.Dialer
	dialer.Busy = held
	if dialer.Patience == 0 {
		dialer.Patience = -1
	}
	s, err := dialer.Connect(ctx, reader)
	if err != nil {
		return nil, err
	}
	return pcscSession{s}, nil
}

// pcscSession turns a missing pinpad into a nil interface.
type pcscSession struct{ *cardreader.Session }

// Keypad implements CardSession.
func (s pcscSession) Keypad() citizencard.Pinpad {
	if p := s.Pinpad(); p != nil {
		return p
	}
	return nil
}

// readerTable keeps what the reader events add up to. The watcher's goroutine owns it, and the loop
// learns of it through events.
type readerTable struct {
	readers []kiosk.ReaderStatus
}

func (t *readerTable) set(reader cardreader.Reader, slot kiosk.Slot) {
	for i := range t.readers {
		if t.readers[i].Number == reader.Number {
			t.readers[i].Slot = slot
			return
		}
	}
	t.readers = append(t.readers, kiosk.ReaderStatus{Number: reader.Number, Name: reader.Name, Slot: slot})
	slices.SortFunc(t.readers, func(a, b kiosk.ReaderStatus) int { return a.Number - b.Number })
}

func (t *readerTable) drop(number int) {
	t.readers = slices.DeleteFunc(t.readers, func(r kiosk.ReaderStatus) bool { return r.Number == number })
}

// watchReaders turns what PC/SC says into events of the session.
func (r *Runner) watchReaders(ctx context.Context) error {
	var table readerTable
	return r.cfg.Readers.Watch(ctx, func(e cardreader.Event) {
		for _, event := range table.translate(e) {
			r.Send(event)
		}
	})
}

// translate updates the table and returns what the session should hear.
func (t *readerTable) translate(e cardreader.Event) []kiosk.Event {
	list := func(more ...kiosk.Event) []kiosk.Event {
		return append([]kiosk.Event{kiosk.ReadersChanged{Readers: slices.Clone(t.readers)}}, more...)
	}
	switch e.Kind {
	case cardreader.ServiceUp:
		return nil // a reader or NoReader follows at once
	case cardreader.ServiceDown:
		t.readers = nil
		return list(kiosk.ServiceChanged{Problem: problemOf(e.Cause)})
	case cardreader.NoReader:
		t.readers = nil
		return list(kiosk.ServiceChanged{Problem: kiosk.ProblemNoReader})
	case cardreader.ReaderAdded:
		t.set(e.Reader, kiosk.SlotEmpty)
		return list(kiosk.ServiceChanged{})
	case cardreader.ReaderRemoved:
		t.drop(e.Reader.Number)
		return list()
	case cardreader.CardInserted:
		t.set(e.Reader, kiosk.SlotCard)
		return list(kiosk.CardInserted{Reader: e.Reader.Number})
	case cardreader.CardRemoved:
		t.set(e.Reader, kiosk.SlotEmpty)
		return list(kiosk.CardRemoved{Reader: e.Reader.Number})
	case cardreader.CardMute:
		t.set(e.Reader, kiosk.SlotMute)
		return list(kiosk.CardMute{Reader: e.Reader.Number})
	}
	return nil
}

func problemOf(cause cardreader.Cause) kiosk.ProblemCode {
	switch cause {
	case cardreader.ServiceMissing:
		return kiosk.ProblemServiceMissing
	case cardreader.ServiceStuck:
		return kiosk.ProblemServiceStuck
	case cardreader.NotAuthorised:
		return kiosk.ProblemNotAuthorised
	}
	return kiosk.ProblemServiceStopped
}

// readerName is the PC/SC name of a reader's number, "" when it is not there any more. The loop asks.
func (r *Runner) readerName(number int) string {
	for _, reader := range r.session.State().Status.Readers {
		if reader.Number == number {
			return reader.Name
		}
	}
	return ""
}
