package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/vpcd"
)

// SlotState says what is with a slot.
type SlotState string

// States of a slot.
const (
	Empty    SlotState = "empty"
	Waiting  SlotState = "waiting"  // a card is put in, but there is no reader to notice it
	Inserted SlotState = "inserted" // programs can connect to the card
)

// SlotStatus is a slot as others see it.
type SlotStatus struct {
	Slot   int       `json:"slot"` // from 1
	State  SlotState `json:"state"`
	Card   string    `json:"card,omitempty"` // name of the card that is in
	Title  string    `json:"title,omitempty"`
	Kind   string    `json:"kind,omitempty"`   // as in the fixtures
	Addr   string    `json:"addr"`             // where the reader listens for this slot's card
	Reason string    `json:"reason,omitempty"` // why Waiting, or why the card left by itself
}

// retryFirst and retryMost bound the pauses between attempts to reach a reader: short enough that a
// card is in right after pcscd came up, long enough to cost nothing overnight.
const (
	retryFirst = 50 * time.Millisecond
	retryMost  = time.Second
)

// noticed is how long a slot stays empty between two cards. The driver asks every 400 ms whether a card
// is there; one that takes another's place sooner is the same card to everybody behind the driver.
const noticed = 600 * time.Millisecond

// slot is one slot of the virtual reader. Its fields are guarded by the bench's mutex.
type slot struct {
	bench  *Bench
	number int
	addr   string

	in     *insertion // nil when empty
	left   time.Time  // when the last card went
	reason string     // why the last card left by itself
}

// insertion is one card's time in a slot.
type insertion struct {
	entry  fixtures.Entry
	state  SlotState
	reason error // why the reader was not reached
	cancel context.CancelFunc
	seen   chan struct{} // closed when programs can connect to the card
	gone   chan struct{} // closed when nothing uses the card any more
}

func (s *slot) status() SlotStatus {
	status := SlotStatus{Slot: s.number, State: Empty, Addr: s.addr, Reason: s.reason}
	if s.in != nil {
		status.State, status.Reason = s.in.state, ""
		status.Card, status.Title, status.Kind = s.in.entry.Name, s.in.entry.Title, s.in.entry.Kind
		if s.in.reason != nil {
			status.Reason = s.in.reason.Error()
		}
	}
	return status
}

// Insert takes a card from the fixtures and puts it into a slot, in place of what is there, and returns
// when a program can connect to it. When ctx ends before that, the card goes back and the error says why.
func (b *Bench) Insert(ctx context.Context, name string, number int) error {
	s, err := b.slot(number)
	if err != nil {
		return err
	}
	entry, c, err := b.take(name)
	if err != nil {
		return err
	}
	in, err := s.put(ctx, entry, c)
	if err != nil {
		return err
	}
	select {
	case <-in.seen:
		return nil
	case <-in.gone:
		return fmt.Errorf("inserting %s in slot %d: %w", name, number, ErrTakenOut)
	case <-ctx.Done():
		s.removeOnly(in)
		return &NoReaderError{Slot: number, Addr: s.addr, Cause: s.lastReason(in)}
	}
}

// put makes the card the slot's own and begins to offer it to the reader.
func (s *slot) put(ctx context.Context, entry fixtures.Entry, c card.Card) (*insertion, error) {
	b := s.bench
	b.placing.Lock()
	defer b.placing.Unlock()
	status, _ := b.Status()
	for _, other := range status.Slots {
		if other.Card == entry.Name && other.Slot != s.number {
			return nil, fmt.Errorf("%s is in slot %d; take it out first: mock-pcsc remove %d", entry.Name, other.Slot, other.Slot)
		}
	}
	s.remove()
	// Not the caller's cancellation: the card stays in when the caller has gone.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	in := &insertion{entry: entry, state: Waiting, cancel: cancel, seen: make(chan struct{}), gone: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.in, s.reason = in, ""
	b.notify()
	go s.hold(ctx, in, c, vpcd.Options{Line: b.line})
	return in, nil
}

// take finds a card by its name.
func (b *Bench) take(name string) (fixtures.Entry, card.Card, error) {
	for _, entry := range b.entries {
		if entry.Name == name {
			c, err := b.config.Fixtures.Card(name)
			return entry, c, err
		}
	}
	return fixtures.Entry{}, nil, fmt.Errorf("no card %q in the fixtures; mock-pcsc list shows them", name)
}

func (b *Bench) slot(number int) (*slot, error) {
	if number < 1 || number > len(b.slots) {
		return nil, fmt.Errorf("no slot %d; there are slots 1 to %d", number, len(b.slots))
	}
	return b.slots[number-1], nil
}

// Remove takes the card out of a slot, and says which it was. An empty slot is an error.
func (b *Bench) Remove(number int) (name string, err error) {
	s, err := b.slot(number)
	if err != nil {
		return "", err
	}
	if name = s.remove(); name == "" {
		return "", fmt.Errorf("slot %d is empty", number)
	}
	return name, nil
}

// remove empties the slot and returns when nothing uses the card any more.
func (s *slot) remove() (name string) {
	s.bench.mu.Lock()
	in := s.in
	s.bench.mu.Unlock()
	if in == nil {
		return ""
	}
	s.removeOnly(in)
	return in.entry.Name
}

// removeOnly ends one insertion, not one that came after it.
func (s *slot) removeOnly(in *insertion) {
	in.cancel()
	<-in.gone
}

func (s *slot) lastReason(in *insertion) error {
	s.bench.mu.Lock()
	defer s.bench.mu.Unlock()
	return in.reason
}

// ErrTakenOut is the error of an insertion that somebody else ended.
var ErrTakenOut = errors.New("taken out before the reader saw it")

// NoReaderError says that nothing took a card that was put into a slot.
type NoReaderError struct {
	Slot  int
	Addr  string
	Cause error // of the last attempt; nil when the reader took the connection but never asked for the card
}

func (e *NoReaderError) Error() string {
	cause := "it does not ask for the card"
	if e.Cause != nil {
		cause = e.Cause.Error()
	}
	return fmt.Sprintf("no virtual reader took the card of slot %d at %s (%s); is pcscd running with vsmartcard-vpcd installed? "+
		"kioskctl doctor tells; a longer --wait waits for it", e.Slot, e.Addr, cause)
}

func (e *NoReaderError) Unwrap() error { return e.Cause }

// hold keeps a card in the slot until it is cancelled or the card leaves by itself. A reader that
// goes away (pcscd restarted) finds the card still in when it is back, as with a real one.
func (s *slot) hold(ctx context.Context, in *insertion, c card.Card, options vpcd.Options) {
	defer close(in.gone)
	defer in.cancel()
	watched := &watchedCard{Card: c, ready: func() { s.update(in, Inserted, nil) }}
	s.awaitEmpty(ctx)
	pause := retryFirst
	for {
		watched.told, watched.ons, watched.atrs = false, 0, 0
		err := vpcd.Serve(ctx, s.addr, watched, options)
		if ctx.Err() != nil || errors.Is(err, vpcd.ErrPulled) {
			s.leave(in, errors.Is(err, vpcd.ErrPulled))
			return
		}
		if watched.told {
			pause = retryFirst // it was in: try again soon
		}
		s.update(in, Waiting, err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, retryMost)
	}
}

// awaitEmpty returns when the reader has noticed that the last card went.
func (s *slot) awaitEmpty(ctx context.Context) {
	s.bench.mu.Lock()
	wait := time.Until(s.left.Add(noticed))
	s.bench.mu.Unlock()
	if wait <= 0 {
		return
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

func (s *slot) update(in *insertion, state SlotState, reason error) {
	s.bench.mu.Lock()
	defer s.bench.mu.Unlock()
	if state == Inserted {
		select {
		case <-in.seen:
		default:
			close(in.seen)
		}
	}
	if in.state != state || fmt.Sprint(in.reason) != fmt.Sprint(reason) {
		in.state, in.reason = state, reason
		s.bench.notify()
	}
}

func (s *slot) leave(in *insertion, pulled bool) {
	s.bench.mu.Lock()
	defer s.bench.mu.Unlock()
	s.left = time.Now()
	if s.in == in {
		s.in = nil
		if pulled {
			s.reason = in.entry.Name + " left the reader by itself"
		}
		s.bench.notify()
	}
}

// watchedCard tells when programs can connect to the card. A TCP connection alone says little (the kernel takes it before
// the driver looks), and so does the question for the ATR: the driver polls for presence with it, and pcscd asks for it
// when it has powered the card, before it notes for others that there is one. The thread that notes it asks for presence
// next, so whatever comes after the ATR of a card that was powered comes when pcscd has the card.
type watchedCard struct {
	card.Card
	ready func() // is called once
	told  bool
	ons   int // times powered in this connection; the first is vpcd.Serve's own
	atrs  int // questions for the ATR since the last of them
}

// stalePolls is how many questions without power mean that pcscd takes the card for the one before.
const stalePolls = 5

func (w *watchedCard) message() {
	if !w.told && (w.ons > 1 && w.atrs > 0 || w.atrs >= stalePolls) {
		w.told = true
		w.ready()
	}
}

func (w *watchedCard) PowerOn() {
	w.message()
	w.ons, w.atrs = w.ons+1, 0
	w.Card.PowerOn()
}

func (w *watchedCard) ATR() []byte {
	w.message()
	w.atrs++
	return w.Card.ATR()
}

func (w *watchedCard) Transmit(command []byte) card.Response {
	w.message()
	return w.Card.Transmit(command)
}

func (w *watchedCard) Reset() {
	w.message()
	w.Card.Reset()
}
