package cardreader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ebfe/scard"

	"balcao/cardreader/iso7816"
)

var _ iso7816.Transmitter = (*Session)(nil)

// Dialer connects to cards. The zero value has the defaults below.
type Dialer struct {
	// Timeout is how long a card may take for one command before it counts as silent; 10 s when zero.
	// The slowest command of a card that works, an RSA-3072 signature, takes about one second.
	Timeout time.Duration
	// Patience is how long another program may hold the card before ErrBusy; 5 s when zero, as long as ctx lasts when
	// negative.
	Patience time.Duration
	// Busy, when not nil, is told true when another program has held the card for a second and is waited for, and false
	// when that wait is over. It is called on other goroutines, one call at a time.
	Busy func(held bool)

	open func(s *Session) error // a test's, in place of Session.open
}

const (
	defaultTimeout  = 10 * time.Second
	defaultPatience = 5 * time.Second
	// busyRetry is the interval between attempts while another program holds the card exclusively:
	// PC/SC has no event for its end. A card also stays held for a moment after its program has
	// died.
	busyRetry = 100 * time.Millisecond
	// settleTime is how long a card that was just put in may look as if it did not work: pcscd lets programs connect
	// before it has the answer to reset, and looks for cards every 0.4 s. settleRetry is the interval between attempts.
	settleTime  = 2 * time.Second
	settleRetry = 100 * time.Millisecond
	// closePatience bounds the reset at the end, which takes less than half a second with a card
	// that works.
	closePatience = time.Second
)

// Session is a connection to one card, from now until that card is removed, reset or silent, or until
// Close. It is safe for concurrent use: commands queue. What several commands do together belongs in
// Exclusive, so that no other program's commands come between them.
type Session struct {
	reader   string
	atr      []byte
	timeout  time.Duration
	patience time.Duration
	busy     func(held bool)
	pinpad   *Pinpad
	maxAPDU  uint32 // in bytes of data as the reader states it; 0 when it does not

	work chan job
	life context.Context // ends with the session, its cause says why
	end  context.CancelCauseFunc
	done chan struct{} // closed when card and context were given back
}

// handle is the part of *scard.Card that a session uses.
type handle interface {
	Transmit(command []byte) ([]byte, error)
	Control(code uint32, in []byte) ([]byte, error)
	Status() (*scard.CardStatus, error)
	BeginTransaction() error
	EndTransaction(scard.Disposition) error
	Disconnect(scard.Disposition) error
}

var _ handle = (*scard.Card)(nil)

// Connect opens a session with the card in a reader. Errors: ErrRemoved when no card is there,
// ErrUnresponsive, ErrBusy, ErrServiceGone, ErrStuck when the service does not react, ErrSilent when the reader does not come back.
// What looks like a fault and passes by itself after a card was put in is tried again for two seconds.
//
// The connection is shared (SCARD_SHARE_SHARED), so that the State's middleware and browsers can
// keep theirs. Exclusive keeps them out while a function runs.
func (d Dialer) Connect(ctx context.Context, reader string) (*Session, error) {
	d = d.complete()
	late := &lateness{
		reader: reader, timeout: d.Timeout, patience: d.Patience, busy: d.Busy,
		holds: func(f scard.StateFlag) bool { return inUseByOthers(reader, f) },
	}
	defer late.over()
	begun := time.Now()
	for {
		s, err := d.dial(ctx, late)
		if err != nil && settles(err) && time.Since(begun) < settleTime {
			if err = sleep(ctx, settleRetry); err == nil {
				continue
			}
		}
		if errors.Is(err, errExclusive) {
			if err = sleep(ctx, busyRetry); err == nil {
				err = late.waitHeld(busyRetry)
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("connecting to the card: %w", err)
		}
		return s, nil
	}
}

// complete puts the defaults where the zero value means them.
func (d Dialer) complete() Dialer {
	if d.Timeout <= 0 {
		d.Timeout = defaultTimeout
	}
	if d.Patience == 0 {
		d.Patience = defaultPatience
	}
	return d
}

// settles reports whether connecting failed for what passes by itself after a card was put in: it is not powered yet, its
// protocol is not known yet (SCARD_E_PROTO_MISMATCH), its first exchange failed, or another program reset it.
func settles(err error) bool {
	return errors.Is(err, ErrUnresponsive) || errors.Is(err, ErrTransport) || errors.Is(err, ErrReset)
}

// errExclusive says that another program has the card for itself alone.
var errExclusive = fmt.Errorf("%w for itself alone", ErrBusy)

// dial makes one attempt. libpcsclite powers up the card in it, which can take long with a faulty
// one, so it runs on the session's goroutine. A session that is opened after the wait has ended
// closes itself.
func (d Dialer) dial(ctx context.Context, late *lateness) (*Session, error) {
	s := d.session(late.reader)
	opened := make(chan error, 1)
	open := (*Session).open
	if d.open != nil {
		open = d.open
	}
	go func() { opened <- open(s) }()
	err, waited := await(ctx, late, opened, nil, nil)
	if err == nil {
		err = waited
	} else if errors.Is(err, ErrBusy) {
		err = errExclusive
	}
	if err != nil {
		s.end(err)
		return nil, err
	}
	return s, nil
}

func (d Dialer) session(reader string) *Session {
	s := &Session{
		reader: reader, timeout: d.Timeout, patience: d.Patience, busy: d.Busy,
		work: make(chan job), done: make(chan struct{}),
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	return s
}

// open connects and starts the goroutine that owns the connection. Every session has a PC/SC
// context of its own, because a blocked call delays all other calls in its context.
func (s *Session) open() error {
	pc, err := establish()
	if err != nil {
		return classify(err)
	}
	connection, err := pc.Connect(s.reader, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		_ = pc.Release()
		return classify(err)
	}
	status, err := connection.Status()
	if err == nil && status.ActiveProtocol != scard.ProtocolT0 && status.ActiveProtocol != scard.ProtocolT1 {
		// The binding panics when it transmits with any other protocol.
		err = scard.ErrProtoMismatch
	}
	if err != nil {
		giveBack(connection)
		_ = pc.Release()
		return classify(err)
	}
	s.atr = status.Atr
	s.equip(connection)
	countSession(s.reader, 1)
	go s.own(connection, status.ActiveProtocol, func() { _ = pc.Release(); countSession(s.reader, -1) })
	return nil
}

// equip finds out what the reader can do beyond passing commands on.
func (s *Session) equip(h handle) {
	features := featuresOf(h)
	s.pinpad = newPinpad(s, features)
	s.maxAPDU = maxAPDUOf(h, features)
}

// job is something to do with the connection, on the goroutine that owns it.
type job struct {
	do     func(h handle, protocol scard.Protocol) ([]byte, error)
	answer chan<- result // buffered for one, so that sending never blocks
}

type result struct {
	data []byte
	err  error
}

// own does the session's work until its life ends, and then gives the card back.
func (s *Session) own(h handle, protocol scard.Protocol, release func()) {
	defer close(s.done)
	defer release()
	defer giveBack(h)
	for {
		select {
		case <-s.life.Done():
			return
		case j := <-s.work:
			data, err := j.do(h, protocol)
			j.answer <- result{data, err}
		}
	}
}

// giveBack ends the connection and resets the card. A verified PIN stays verified across programs until
// then, so leaving the card as it is would let the next program sign in the citizen's name; and the next
// program finds the card as if it had just been inserted, not within an application it did not select.
// Other programs that share the card are told by PC/SC. The State's middleware does the same.
//
// Only a card that was pulled is not reset: pcscd 1.9 would power up whatever is in the reader by then,
// and when that is the next card, before its own thread has seen it, it takes the reader for full
// until it is restarted.
func giveBack(h handle) {
	disposition := scard.ResetCard
	if pulled(h) {
		disposition = scard.LeaveCard
	}
	_ = h.Disconnect(disposition)
}

// call runs a job, whose time late limits. When the wait ends early the session ends too, because
// it is unknown what the card does with the command and when it will answer again.
func (s *Session) call(ctx context.Context, late *lateness,
	do func(h handle, protocol scard.Protocol) ([]byte, error),
) ([]byte, error) {
	answer := make(chan result, 1)
	select {
	case <-s.life.Done():
		return nil, context.Cause(s.life)
	case <-ctx.Done():
		return nil, ctx.Err()
	case s.work <- job{do, answer}:
	}
	late.reader = s.reader
	defer late.over()
	r, err := await(ctx, late, answer, s.life.Done(), func() error { return context.Cause(s.life) })
	switch {
	case err == nil && fatal(r.err):
		s.end(r.err)
	case err != nil && ctx.Err() != nil:
		s.end(fmt.Errorf("%w: a command was abandoned", ErrClosed))
	case err != nil:
		s.end(err)
	}
	if err != nil {
		return nil, err
	}
	return r.data, r.err
}

func fatal(err error) bool {
	for _, e := range []error{ErrRemoved, ErrReset, ErrServiceGone, ErrUnresponsive, ErrTransport} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Reader returns the name of the reader.
func (s *Session) Reader() string { return s.reader }

// ATR returns the card's answer to reset.
func (s *Session) ATR() []byte { return bytes.Clone(s.atr) }

// Transmit implements iso7816.Transmitter. Its errors are ErrRemoved, ErrReset, ErrServiceGone,
// ErrTransport, ErrSilent when the card takes longer than the Dialer's Timeout, ErrStuck when the service does not react,
// and ErrClosed; or ctx's. After any of them the session is over.
func (s *Session) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < 4 {
		return nil, fmt.Errorf("cardreader: %d bytes are not a command APDU", len(command))
	}
	// The call may outlive this one, and the caller wipes its command on return.
	mine := bytes.Clone(command)
	return s.call(ctx, &lateness{timeout: s.timeout}, func(h handle, protocol scard.Protocol) ([]byte, error) {
		defer clear(mine)
		return transmit(h, forProtocol(protocol, mine))
	})
}

// forProtocol leaves out what T=0 cannot carry: in a command with data the expected length, which the
// card then tells by 61xx (ISO/IEC 7816-3 §12.2.4). Not every reader driver does this itself.
func forProtocol(protocol scard.Protocol, command []byte) []byte {
	if protocol == scard.ProtocolT0 && len(command) > 5 && len(command) == 5+int(command[4])+1 {
		return command[:len(command)-1]
	}
	return command
}

func transmit(h handle, command []byte) ([]byte, error) {
	response, err := h.Transmit(command)
	err = classify(err)
	// A card that vanishes during a command gives no error and no bytes, or "not transacted".
	if err == nil && len(response) < 2 {
		err = ErrTransport
	}
	if errors.Is(err, ErrTransport) && vanished(h) {
		return nil, ErrRemoved
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// noticing is how long pcscd may take to see that a reader is empty: it looks every 400 ms where the
// driver does not tell.
var noticing = []time.Duration{0, 200 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond}

// vanished finds out whether a failed exchange is due to the card being pulled.
func vanished(h handle) bool {
	return slices.ContainsFunc(noticing, func(pause time.Duration) bool {
		time.Sleep(pause)
		return pulled(h)
	})
}

// pulled reports whether pcscd knows that the session's card is gone, also when another is there.
func pulled(h handle) bool {
	status, err := h.Status()
	return errors.Is(classify(err), ErrRemoved) || err == nil && absent(status.State)
}

// Exclusive runs f while no other program can talk to the card (a PC/SC transaction), waiting its
// turn for at most the Dialer's Patience: then ErrBusy, and the session is over. f may use the session as
// usual. When f is done the card stays as it is, a verified PIN included, so work that needs the
// PIN verifies it in the same f.
func (s *Session) Exclusive(ctx context.Context, f func(ctx context.Context) error) error {
	// If the service answers, only another program can delay a transaction.
	turn := &lateness{
		timeout: s.timeout, patience: s.patience, busy: s.busy, holds: func(scard.StateFlag) bool { return true },
	}
	_, err := s.call(ctx, turn, func(h handle, _ scard.Protocol) ([]byte, error) {
		return nil, classify(h.BeginTransaction())
	})
	if err != nil {
		return fmt.Errorf("taking the card for this program: %w", err)
	}
	defer func() {
		// Also when ctx has ended. If this fails the card is gone or the session ends, and the
		// transaction ends with it.
		_, _ = s.call(context.WithoutCancel(ctx), &lateness{timeout: s.timeout}, func(h handle, _ scard.Protocol) ([]byte, error) {
			return nil, classify(h.EndTransaction(scard.LeaveCard))
		})
	}()
	return f(ctx)
}

// Close resets the card and gives it back. It returns ErrSilent when that is not done within a second
// because the card still holds the reader; it will be done when the card answers or is removed.
func (s *Session) Close() error {
	s.end(ErrClosed)
	timer := time.NewTimer(closePatience)
	defer timer.Stop()
	select {
	case <-s.done:
		return nil
	case <-timer.C:
		return ErrSilent
	}
}
