package desk_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/kiosk/desk"
	"balcao/mock-pcsc/card"
)

// slots are card readers without PC/SC: what is sent to a slot goes straight to an emulated card. Where
// PC/SC would tell, they do: a pulled card, one that another program has reset, a session that is over.
type slots struct {
	t *testing.T

	readers int // the third is for staff cards alone, where there is one

	mu      sync.Mutex
	service *cardreader.Event // ServiceDown; nil while it runs
	cards   [4]card.Card      // by reader number; 0 is unused
	life    [4]int            // counts what ends sessions: insertions and removals
	resets  [4]int
	watcher chan cardreader.Event             // nil while nobody watches
	typed   func() (digits string, err error) // on the readers' keypads; nil when they have none

	sent  int                 // commands since the last interfere
	spare int                 // a reader whose commands do not count
	hook  func(sent int) hook // what happens at a command, nil for nothing
	busy  int                 // how many more times the card is held by another program
	cause error               // of the next failure to connect
	free  chan struct{}       // another program holds the cards until it is closed; nil when none does
	open  int                 // sessions that were not closed
}

// hook is what happens at a command: before it, or instead of its answer.
type hook struct {
	before func(number int)                  // with the lock held
	err    error                             // instead of an answer
	wait   bool                              // no answer until the context ends
	after  func(number int)                  // with the lock held, once the card has answered; the answer is lost
	answer func(command, resp []byte) []byte // with the lock held; nil when it is lost
}

var names = [4]string{"", "Leitor A 00 00", "Leitor B 01 00", "Leitor do serviço 02 00"}

func newSlots(t *testing.T) *slots { return &slots{t: t, readers: 2} }

func event(kind cardreader.Kind, number int) cardreader.Event {
	return cardreader.Event{Kind: kind, Reader: cardreader.Reader{Number: number, Name: names[number]}}
}

// tell sends an event to the runner that watches. With the lock held.
func (s *slots) tell(events ...cardreader.Event) {
	for _, e := range events {
		if s.watcher != nil {
			s.watcher <- e
		}
	}
}

// present lists what a watcher learns first. With the lock held.
func (s *slots) present() []cardreader.Event {
	if s.service != nil {
		return []cardreader.Event{*s.service}
	}
	events := []cardreader.Event{{Kind: cardreader.ServiceUp}}
	for n := 1; n <= s.readers; n++ {
		events = append(events, event(cardreader.ReaderAdded, n))
	}
	for n := 1; n < len(s.cards); n++ {
		if s.cards[n] != nil {
			events = append(events, event(cardreader.CardInserted, n))
		}
	}
	return events
}

// Watch implements desk.Readers.
func (s *slots) Watch(ctx context.Context, handle func(cardreader.Event)) error {
	s.mu.Lock()
	watcher := make(chan cardreader.Event, 1000)
	s.watcher = watcher
	s.tell(s.present()...)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.watcher = nil
		s.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-watcher:
			handle(e)
		}
	}
}

func (s *slots) insert(number int, c card.Card) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.insertLocked(number, c)
}

func (s *slots) insertLocked(number int, c card.Card) {
	c.PowerOn()
	s.cards[number] = c
	s.life[number]++
	s.tell(event(cardreader.CardInserted, number))
}

func (s *slots) remove(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pull(number)
}

// pull takes a card out, with the lock held.
func (s *slots) pull(number int) {
	if s.cards[number] == nil {
		return
	}
	s.cards[number].PowerOff()
	s.cards[number] = nil
	s.life[number]++
	s.tell(event(cardreader.CardRemoved, number))
}

// reset is what another program does to the card, with the lock held.
func (s *slots) reset(number int) {
	if s.cards[number] != nil {
		s.cards[number].Reset()
	}
	s.resets[number]++
}

// stopService ends pcscd, and startService starts it again.
func (s *slots) stopService(cause cardreader.Cause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopServiceLocked(cause)
}

func (s *slots) stopServiceLocked(cause cardreader.Cause) {
	for n := 1; n <= s.readers; n++ {
		s.life[n]++
		if s.cards[n] != nil {
			s.tell(event(cardreader.CardRemoved, n))
		}
		s.tell(event(cardreader.ReaderRemoved, n))
	}
	s.service = &cardreader.Event{Kind: cardreader.ServiceDown, Cause: cause}
	s.tell(*s.service)
}

func (s *slots) startService() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.service = nil
	s.tell(s.present()...)
}

// interfere sets what happens at each command from now on, counted from 1.
func (s *slots) interfere(f func(sent int) hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.hook = 0, f
}

// at interferes with the nth command only.
func at(n int, h hook) func(int) hook {
	return func(sent int) hook {
		if sent == n {
			return h
		}
		return hook{}
	}
}

// failNext makes the next connection fail.
func (s *slots) failNext(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cause = cause
}

// exchanged returns how many commands were sent since the last interfere.
func (s *slots) exchanged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// unclosed returns how many sessions were not given back.
func (s *slots) unclosed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Connect implements desk.Readers.
func (s *slots) Connect(ctx context.Context, reader string, held func(bool)) (desk.CardSession, error) {
	s.mu.Lock()
	if free := s.free; free != nil {
		s.mu.Unlock()
		held(true)
		select {
		case <-free:
		case <-ctx.Done():
		}
		held(false)
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.service != nil {
		return nil, fmt.Errorf("connecting: %w", cardreader.ErrServiceGone)
	}
	if err := s.cause; err != nil {
		s.cause = nil
		return nil, fmt.Errorf("connecting: %w", err)
	}
	for n := 1; n < len(s.cards); n++ {
		if names[n] == reader && s.cards[n] != nil {
			s.open++
			return &session{slots: s, number: n, life: s.life[n], resets: s.resets[n]}, nil
		}
	}
	return nil, fmt.Errorf("connecting: %w", cardreader.ErrRemoved)
}

// session is a connection to the card in one slot.
type session struct {
	slots        *slots
	number       int
	life, resets int
	exclusive    bool
	over         error
}

// state says whether the session still has its card. With the lock held.
func (s *session) state() error {
	switch {
	case s.over != nil:
	case s.slots.service != nil:
		s.over = cardreader.ErrServiceGone
	case s.life != s.slots.life[s.number]:
		s.over = cardreader.ErrRemoved
	case s.resets != s.slots.resets[s.number]:
		s.over = cardreader.ErrReset
	}
	return s.over
}

// ATR implements desk.CardSession.
func (s *session) ATR() []byte {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if s.slots.cards[s.number] == nil {
		return nil
	}
	return s.slots.cards[s.number].ATR()
}

// Extended implements desk.CardSession.
func (s *session) Extended() bool { return true }

// Transmit implements iso7816.Transmitter.
func (s *session) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	h, resp, err := s.exchange(ctx, command)
	if !h.wait {
		return resp, err
	}
	<-ctx.Done()
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	s.over = cardreader.ErrClosed
	return nil, ctx.Err()
}

func (s *session) exchange(ctx context.Context, command []byte) (hook, []byte, error) {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if !s.exclusive {
		s.slots.t.Error("a command outside a transaction")
	}
	if err := ctx.Err(); err != nil {
		return hook{}, nil, err
	}
	var h hook
	if s.number != s.slots.spare {
		s.slots.sent++
	}
	if s.slots.hook != nil && s.number != s.slots.spare {
		h = s.slots.hook(s.slots.sent)
	}
	if h.before != nil {
		h.before(s.number)
	}
	if h.err != nil && s.over == nil {
		s.over = h.err
	}
	if err := s.state(); err != nil || h.wait {
		return h, nil, err
	}
	r := s.slots.cards[s.number].Transmit(command)
	if h.after != nil {
		h.after(s.number)
		return h, nil, s.state()
	}
	switch {
	case r.Removed:
		s.slots.pull(s.number)
		return h, nil, s.state()
	case r.Silent:
		s.over = cardreader.ErrSilent
		return h, nil, s.over
	case h.answer != nil:
		if answer := h.answer(command, r.Data); answer != nil {
			return h, answer, nil
		}
		return h, nil, s.state()
	}
	return h, r.Data, nil
}

// Exclusive implements desk.CardSession.
func (s *session) Exclusive(ctx context.Context, work func(context.Context) error) error {
	if err := s.begin(); err != nil {
		return fmt.Errorf("taking the card: %w", err)
	}
	defer func() {
		s.slots.mu.Lock()
		defer s.slots.mu.Unlock()
		s.exclusive = false
	}()
	return work(ctx)
}

func (s *session) begin() error {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if s.slots.busy > 0 && s.over == nil {
		s.slots.busy--
		s.over = cardreader.ErrBusy
	}
	if err := s.state(); err != nil {
		return err
	}
	s.exclusive = true
	return nil
}

// Keypad implements desk.CardSession.
func (s *session) Keypad() citizencard.Pinpad {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if s.slots.typed == nil {
		return nil
	}
	return keypad{s, s.slots.typed}
}

// keypad puts the digits that are typed on the reader into the command, and the command to the card.
type keypad struct {
	session *session
	typed   func() (string, error)
}

func (k keypad) VerifyPIN(ctx context.Context, command []byte, _, _ int) ([]byte, error) {
	digits, err := k.typed()
	if err != nil {
		return nil, err
	}
	command = bytes.Clone(command)
	copy(command[5:], digits)
	return k.session.Transmit(ctx, command)
}

// Close resets the card and gives it back.
func (s *session) Close() error {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	s.slots.open--
	if s.state() == nil {
		s.slots.reset(s.number)
	}
	s.over = cardreader.ErrClosed
	return nil
}
