// Package cardreader talks to smart-card readers through PC/SC: readers and cards coming and going as
// events (Watch), one card as a session (Dialer), and what is wrong with either in plain words
// (Diagnose). It and staffcard are the only packages that link libpcsclite.
//
//	go cardreader.Watch(ctx, cardreader.WatchOptions{}, func(e cardreader.Event) { … })
//
//	session, err := cardreader.Dialer{}.Connect(ctx, e.Reader.Name)
//	defer session.Close()
//	err = session.Exclusive(ctx, func(ctx context.Context) error {
//		card, err := citizencard.Open(ctx, session)
//		…
//	})
//
// No call blocks for ever. libpcsclite has no time limit while a card or another program holds it,
// so each of its calls runs on a goroutine of its own. When the limit passes the caller gets an
// error, and the goroutine cleans up once the call returns.
package cardreader

import (
	"errors"
	"fmt"

	"github.com/ebfe/scard"
)

// What can go wrong with a reader or a session, for errors.Is. After any of them but ErrBusy the
// session cannot be used any more; connect again once a card is there.
var (
	ErrRemoved       = errors.New("card or reader removed")
	ErrReset         = errors.New("card was reset by another program")
	ErrBusy          = errors.New("card is in use by another program")
	ErrServiceGone   = errors.New("smart-card service is not running")
	ErrNotAuthorised = errors.New("smart-card service denies access to this user")
	ErrStuck         = errors.New("smart-card service (pcscd) does not react")
	ErrSilent        = errors.New("card does not answer")
	ErrUnresponsive  = errors.New("card does not power up")
	ErrTransport     = errors.New("reader could not exchange data with the card")
	ErrClosed        = errors.New("session is closed")
	ErrWatching      = errors.New("this process watches the readers already")
)

// classify gives PC/SC's codes one of the meanings above. Its own text stays in the message.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var code scard.Error
	if !errors.As(err, &code) {
		return err
	}
	meaning, ok := codes[code]
	if !ok {
		meaning, ok = systemCodes[code]
	}
	if ok {
		return fmt.Errorf("%w (%v)", meaning, code)
	}
	return err
}

var codes = map[scard.Error]error{
	scard.ErrRemovedCard:       ErrRemoved,
	scard.ErrNoSmartcard:       ErrRemoved,
	scard.ErrUnknownReader:     ErrRemoved,
	scard.ErrReaderUnavailable: ErrRemoved,
	scard.ErrResetCard:         ErrReset,
	scard.ErrSharingViolation:  ErrBusy,
	scard.ErrServerTooBusy:     ErrBusy,
	scard.ErrNoService:         ErrServiceGone,
	scard.ErrServiceStopped:    ErrServiceGone,
	scard.ErrShutdown:          ErrServiceGone,
	scard.ErrSystemCancelled:   ErrServiceGone,
	scard.ErrCommError:         ErrServiceGone, // between libpcsclite and pcscd, not between reader and card
	scard.ErrInvalidHandle:     ErrServiceGone, // handles die with the pcscd that gave them
	scard.ErrSecurityViolation: ErrNotAuthorised,
	scard.ErrNoAccess:          ErrNotAuthorised,
	scard.ErrUnresponsiveCard:  ErrUnresponsive,
	scard.ErrUnpoweredCard:     ErrUnresponsive,
	scard.ErrUnsupportedCard:   ErrUnresponsive,
	scard.ErrProtoMismatch:     ErrUnresponsive, // neither T=0 nor T=1, or not known yet
	scard.ErrNotTransacted:     ErrTransport,
	scard.ErrCommDataLost:      ErrTransport,
}
