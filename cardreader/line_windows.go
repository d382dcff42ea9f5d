package cardreader

import (
	"io"
	"time"

	"github.com/ebfe/scard"
)

// establish is scard.EstablishContext. Windows lets any number of threads do it.
func establish() (*scard.Context, error) { return scard.EstablishContext() }

// anotherName names a reader for a call that runs beside others.
func anotherName(reader string) string { return reader }

// A line stands for a connection that another library made. Its handle is that library's alone and cannot be ended from
// outside, so the library closes it, and the card is reset afterwards.
type line struct{ reader string }

// newLine starts connect on a goroutine.
func newLine(reader string, connect func(), _ <-chan struct{}) *line {
	go connect()
	return &line{reader}
}

// hangUp lets the library close what it opened, nil when that is nothing, and resets the card, of which the library
// leaves a PIN verified. It waits for at most a second: a card that hangs holds the library's call, and the reader, until
// it is pulled. Another program may take the card between closing and resetting; the reader is then seen to be held
// (Loan.Close).
func (l *line) hangUp(opened io.Closer) {
	if opened == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = opened.Close()
		for deadline := time.Now().Add(closePatience); ; time.Sleep(busyRetry) {
			if err := reset(l.reader); err != scard.ErrSharingViolation || time.Now().After(deadline) { //nolint:errorlint // a code
				return
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(closePatience):
	}
}

// reset powers a card down and up, which is all the same to one that is not there.
func reset(reader string) error {
	pc, err := establish()
	if err != nil {
		return err
	}
	defer func() { _ = pc.Release() }()
	card, err := pc.Connect(reader, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		return err
	}
	return card.Disconnect(scard.ResetCard)
}
