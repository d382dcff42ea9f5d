package kiosktest

import (
	"bytes"
	"context"
	"fmt"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
)

// session is a connection to the card in one slot.
type session struct {
	slots        *Slots
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
	s.slots.Lock()
	defer s.slots.Unlock()
	if s.slots.Cards[s.number] == nil {
		return nil
	}
	return s.slots.Cards[s.number].ATR()
}

// Extended implements desk.CardSession.
func (s *session) Extended() bool { return true }

// Transmit implements iso7816.Transmitter.
func (s *session) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	h, resp, err := s.exchange(ctx, command)
	if !h.Wait {
		return resp, err
	}
	<-ctx.Done()
	s.slots.Lock()
	defer s.slots.Unlock()
	s.over = cardreader.ErrClosed
	return nil, ctx.Err()
}

func (s *session) exchange(ctx context.Context, command []byte) (Hook, []byte, error) {
	s.slots.Lock()
	defer s.slots.Unlock()
	if !s.exclusive {
		s.slots.t.Error("a command outside a transaction")
	}
	if err := ctx.Err(); err != nil {
		return Hook{}, nil, err
	}
	var h Hook
	if s.number != s.slots.Spare {
		s.slots.Sent++
	}
	if s.slots.Hook != nil && s.number != s.slots.Spare {
		h = s.slots.Hook(s.slots.Sent)
	}
	if h.Before != nil {
		h.Before(s.number)
	}
	if h.Err != nil && s.over == nil {
		s.over = h.Err
	}
	if err := s.state(); err != nil || h.Wait {
		return h, nil, err
	}
	r := s.slots.Cards[s.number].Transmit(command)
	if h.After != nil {
		h.After(s.number)
		return h, nil, s.state()
	}
	switch {
	case r.Removed:
		s.slots.Pull(s.number)
		return h, nil, s.state()
	case r.Silent:
		s.over = cardreader.ErrSilent
		return h, nil, s.over
	case h.Answer != nil:
		if answer := h.Answer(command, r.Data); answer != nil {
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
		s.slots.Lock()
		defer s.slots.Unlock()
		s.exclusive = false
	}()
	return work(ctx)
}

// Held reports whether it is in a transaction. With the lock of the slots held.
func (s *session) Held() bool { return s.exclusive }

func (s *session) begin() error {
	s.slots.Lock()
	defer s.slots.Unlock()
	if s.slots.Busy > 0 && s.over == nil {
		s.slots.Busy--
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
	s.slots.Lock()
	defer s.slots.Unlock()
	if s.slots.Typed == nil {
		return nil
	}
	return keypad{s, s.slots.Typed}
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
	s.slots.Lock()
	defer s.slots.Unlock()
	s.slots.open--
	if s.state() == nil {
		s.slots.Reset(s.number)
	}
	s.over = cardreader.ErrClosed
	return nil
}
