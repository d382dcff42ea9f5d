package kiosktest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"balcao/cardreader"
	"balcao/kiosk/desk"
	"balcao/mock-pcsc/card"
)

// Slots are card readers without PC/SC: what is sent to a slot goes straight to an emulated card. Where
// PC/SC would tell, they do: a pulled card, one that another program has reset, a session that is over.
type Slots struct {
	sync.Mutex // of the fields below, and of the cards while a command is at one

	t testing.TB

	Readers int // the third is for staff cards alone, where there is one

	service *cardreader.Event // ServiceDown; nil while it runs
	Cards   [4]card.Card      // by reader number; 0 is unused
	life    [4]int            // counts what ends sessions: insertions and removals
	resets  [4]int

	unplugged [4]bool
	watcher   chan cardreader.Event             // nil while nobody watches
	Typed     func() (digits string, err error) // on the readers' keypads; nil when they have none

	Sent  int                 // commands since the last interfere
	Spare int                 // a reader whose commands do not count
	Hook  func(sent int) Hook // what happens at a command, nil for nothing
	Busy  int                 // how many more times the card is held by another program
	cause error               // of the next failure to connect
	Free  chan struct{}       // another program holds the cards until it is closed; nil when none does
	open  int                 // sessions that were not closed
}

// Hook is what happens at a command: before it, or instead of its answer.
type Hook struct {
	Before func(number int)                  // with the lock held
	Err    error                             // instead of an answer
	Wait   bool                              // no answer until the context ends
	After  func(number int)                  // with the lock held, once the card has answered; the answer is lost
	Answer func(command, resp []byte) []byte // with the lock held; nil when it is lost
}

// ReaderNames are PC/SC's, by reader number; none is 0.
var ReaderNames = [4]string{"", "Leitor A 00 00", "Leitor B 01 00", "Leitor do serviço 02 00"}

// NewSlots are two readers without a card. What is sent outside of a transaction fails the test.
func NewSlots(t testing.TB) *Slots { return &Slots{t: t, Readers: 2} }

// ReaderEvent is what a watcher is told of a reader.
func ReaderEvent(kind cardreader.Kind, number int) cardreader.Event {
	return cardreader.Event{Kind: kind, Reader: cardreader.Reader{Number: number, Name: ReaderNames[number]}}
}

// Tell sends an event to the runner that watches. With the lock held.
func (s *Slots) Tell(events ...cardreader.Event) {
	for _, e := range events {
		if s.watcher != nil {
			s.watcher <- e
		}
	}
}

// tellCard tells of a card, which nobody sees while pcscd is away.
func (s *Slots) tellCard(kind cardreader.Kind, number int) {
	if s.service == nil {
		s.Tell(ReaderEvent(kind, number))
	}
}

// present lists what a watcher learns first. With the lock held.
func (s *Slots) present() []cardreader.Event {
	if s.service != nil {
		return []cardreader.Event{*s.service}
	}
	events := []cardreader.Event{{Kind: cardreader.ServiceUp}}
	for n := 1; n <= s.Readers; n++ {
		if !s.unplugged[n] {
			events = append(events, ReaderEvent(cardreader.ReaderAdded, n))
		}
	}
	for n := 1; n < len(s.Cards); n++ {
		if s.Cards[n] != nil {
			events = append(events, ReaderEvent(cardreader.CardInserted, n))
		}
	}
	return events
}

// Watch implements desk.Readers.
func (s *Slots) Watch(ctx context.Context, handle func(cardreader.Event)) error {
	s.Lock()
	watcher := make(chan cardreader.Event, 1000)
	s.watcher = watcher
	s.Tell(s.present()...)
	s.Unlock()
	defer func() {
		s.Lock()
		s.watcher = nil
		s.Unlock()
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

func (s *Slots) Insert(number int, c card.Card) {
	s.Lock()
	defer s.Unlock()
	s.InsertLocked(number, c)
}

func (s *Slots) InsertLocked(number int, c card.Card) {
	c.PowerOn()
	s.Cards[number] = c
	s.life[number]++
	s.tellCard(cardreader.CardInserted, number)
}

func (s *Slots) Remove(number int) {
	s.Lock()
	defer s.Unlock()
	s.Pull(number)
}

// Pull takes a card out, with the lock held.
func (s *Slots) Pull(number int) {
	if s.Cards[number] == nil {
		return
	}
	s.Cards[number].PowerOff()
	s.Cards[number] = nil
	s.life[number]++
	s.tellCard(cardreader.CardRemoved, number)
}

// Reset is what another program does to the card, with the lock held.
func (s *Slots) Reset(number int) {
	if s.Cards[number] != nil {
		s.Cards[number].Reset()
	}
	s.resets[number]++
}

// StopService ends pcscd, and StartService starts it again.
func (s *Slots) StopService(cause cardreader.Cause) {
	s.Lock()
	defer s.Unlock()
	s.StopServiceLocked(cause)
}

// StopServiceLocked is StopService with the lock held.
func (s *Slots) StopServiceLocked(cause cardreader.Cause) {
	if s.service != nil {
		return
	}
	for n := 1; n <= s.Readers; n++ {
		s.life[n]++
		if s.Cards[n] != nil {
			s.Tell(ReaderEvent(cardreader.CardRemoved, n))
		}
		s.Tell(ReaderEvent(cardreader.ReaderRemoved, n))
	}
	s.service = &cardreader.Event{Kind: cardreader.ServiceDown, Cause: cause}
	s.Tell(*s.service)
}

// StartService starts pcscd again.
func (s *Slots) StartService() {
	s.Lock()
	defer s.Unlock()
	s.service = nil
	s.Tell(s.present()...)
}

// Interfere sets what happens at each command from now on, counted from 1.
func (s *Slots) Interfere(f func(sent int) Hook) {
	s.Lock()
	defer s.Unlock()
	s.Sent, s.Hook = 0, f
}

// At interferes with the nth command only.
func At(n int, h Hook) func(int) Hook {
	return func(sent int) Hook {
		if sent == n {
			return h
		}
		return Hook{}
	}
}

// Pulled is a card that leaves instead of answering; late, when it has carried out the command.
func (s *Slots) Pulled(late bool) Hook {
	if late {
		return Hook{After: s.Pull}
	}
	return Hook{Before: s.Pull}
}

// FailNext makes the next connection fail.
func (s *Slots) FailNext(cause error) {
	s.Lock()
	defer s.Unlock()
	s.cause = cause
}

// Exchanged returns how many commands were sent since the last interfere.
func (s *Slots) Exchanged() int {
	s.Lock()
	defer s.Unlock()
	return s.Sent
}

// Unclosed returns how many sessions were not given back.
func (s *Slots) Unclosed() int {
	s.Lock()
	defer s.Unlock()
	return s.open
}

// Connect implements desk.Readers.
func (s *Slots) Connect(ctx context.Context, reader string, held func(bool)) (desk.CardSession, error) {
	s.Lock()
	if free := s.Free; free != nil {
		s.Unlock()
		held(true)
		select {
		case <-free:
		case <-ctx.Done():
		}
		held(false)
		s.Lock()
	}
	defer s.Unlock()
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
	for n := 1; n < len(s.Cards); n++ {
		if ReaderNames[n] == reader && s.Cards[n] != nil {
			s.open++
			return &session{slots: s, number: n, life: s.life[n], resets: s.resets[n]}, nil
		}
	}
	return nil, fmt.Errorf("connecting: %w", cardreader.ErrRemoved)
}

// Unplug takes a reader away, with the card in it.
func (s *Slots) Unplug(number int) {
	s.Lock()
	defer s.Unlock()
	s.Pull(number)
	s.unplugged[number] = true
	s.life[number]++
	if s.service == nil {
		s.Tell(ReaderEvent(cardreader.ReaderRemoved, number))
	}
}

// Plug brings an unplugged reader back.
func (s *Slots) Plug(number int) {
	s.Lock()
	defer s.Unlock()
	s.unplugged[number] = false
	if s.service == nil {
		s.Tell(ReaderEvent(cardreader.ReaderAdded, number))
	}
}
