package kiosktest

import (
	"context"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/mock-pcsc/card"
)

// Laid is an emulated card as a session (desk.CardSession), without a reader between. Power it on first.
type Laid struct{ Card card.Card }

// Transmit fails with cardreader.ErrSilent or cardreader.ErrRemoved as a session of a reader does.
func (l Laid) Transmit(_ context.Context, command []byte) ([]byte, error) {
	switch r := l.Card.Transmit(command); {
	case r.Silent:
		return nil, cardreader.ErrSilent
	case r.Removed:
		return nil, cardreader.ErrRemoved
	default:
		return r.Data, nil
	}
}

// ATR is the card's answer to reset.
func (l Laid) ATR() []byte { return l.Card.ATR() }

// Extended says that long commands go through.
func (Laid) Extended() bool { return true }

// Exclusive does the work: nobody else is there.
func (Laid) Exclusive(ctx context.Context, work func(context.Context) error) error { return work(ctx) }

// Keypad is nil: there is none.
func (Laid) Keypad() citizencard.Pinpad { return nil }

// Close powers the card off.
func (l Laid) Close() error { l.Card.PowerOff(); return nil }
