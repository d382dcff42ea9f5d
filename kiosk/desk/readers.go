package desk

import (
	"context"

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
	// OpenStaff takes a staff card; nothing else may be connected to it.
	OpenStaff(ctx context.Context, reader string) (StaffCard, error)
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
type PCSC struct {
	Dialer cardreader.Dialer
	Choice cardreader.Choice // of what PC/SC lists as readers
}

// Watch implements Readers.
func (p PCSC) Watch(ctx context.Context, handle func(cardreader.Event)) error {
	return cardreader.Watch(ctx, cardreader.WatchOptions{Choice: p.Choice}, handle)
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

// watchReaders turns what PC/SC says into events of the session.
func (r *Runner) watchReaders(ctx context.Context) error {
	return r.cfg.Readers.Watch(ctx, func(e cardreader.Event) {
		event := readerEvent(e)
		switch e := event.(type) {
		case kiosk.ReaderAdded:
			e.Staff = r.isStaffReader(e.Name)
			event = e
		case kiosk.ReadersLeftAside:
			for _, reader := range e.Readers {
				r.cfg.Log.InfoContext(ctx, "reader left aside", "reader", reader.Name, "why", reader.Why)
			}
		}
		if event != nil {
			r.Send(event)
		}
	})
}

// readerEvent is what the session hears of a change, nil when it need not.
func readerEvent(e cardreader.Event) kiosk.Event {
	number := e.Reader.Number
	switch e.Kind {
	case cardreader.ServiceDown:
		return kiosk.ServiceChanged{Problem: problemOf(e.Cause)}
	case cardreader.NoReader:
		return kiosk.ServiceChanged{Problem: kiosk.ProblemNoReader}
	case cardreader.ReaderAdded:
		return kiosk.ReaderAdded{Reader: number, Name: e.Reader.Name}
	case cardreader.ReaderRemoved:
		return kiosk.ReaderRemoved{Reader: number}
	case cardreader.CardInserted:
		return kiosk.CardInserted{Reader: number}
	case cardreader.CardRemoved:
		return kiosk.CardRemoved{Reader: number}
	case cardreader.CardUnresponsive:
		return kiosk.CardUnresponsive{Reader: number}
	case cardreader.ReadersAside:
		var left kiosk.ReadersLeftAside
		for _, reader := range e.Aside {
			left.Readers = append(left.Readers, kiosk.AsideReader{Name: reader.Name, Why: string(reader.Why)})
		}
		return left
	}
	return nil // of ServiceUp: a reader or NoReader follows at once
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
