package kiosk

import (
	"crypto/subtle"
	"slices"
)

// startPIN asks the citizen for a PIN from the beginning.
func (s *Session) startPIN() {
	s.wipePIN()
	s.state.Step = StepPIN
	s.state.PIN = PINState{Phase: PINFirst, Policy: s.pinPolicy()}
}

// toPIN goes on to the PIN, or past one that was sealed before: it stays as long as it was held to all of the
// rules that there are now. Another telephone number, for one, might be in it, and nobody can look any more.
func (s *Session) toPIN() {
	now, then := s.pinPolicy(), s.state.PIN.Policy
	lengths := now.MinDigits == then.MinDigits && now.MaxDigits == then.MaxDigits
	held := lengths && !slices.ContainsFunc(now.Personal,
		func(number string) bool { return !slices.Contains(then.Personal, number) })
	sealed := s.state.PIN.Phase == PINSealed
	if sealed && held {
		s.toReview()
		return
	}
	s.startPIN()
	s.state.PIN.Outdated, s.state.PIN.Changed = sealed && lengths, sealed && !lengths
}

// toReview lets the person read what will be bound.
func (s *Session) toReview() {
	s.state.Step = StepReview
	s.state.Review = ReviewState{Phase: ReviewReading}
}

// newPIN chooses another PIN in place of the one that was sealed.
func (s *Session) newPIN() {
	if s.at(StepPIN) && s.state.PIN.Phase == PINSealed {
		s.startPIN()
	}
}

// wipePIN forgets a first entry.
func (s *Session) wipePIN() {
	s.firstPIN.Wipe()
	s.firstPIN = nil
}

// pinTyped takes the first entry, or compares the second with it and lets it go to be sealed.
func (s *Session) pinTyped(e PINTyped) {
	pin := &s.state.PIN
	if !s.at(StepPIN) || pin.Phase != PINFirst && pin.Phase != PINRepeat {
		e.PIN.Wipe()
		return
	}
	s.dismiss("")
	pin.Mismatch, pin.Refused, pin.Outdated, pin.Changed = false, false, false, false
	switch {
	case pin.Phase == PINFirst && !pin.Policy.Valid(e.PIN):
		e.PIN.Wipe()
		pin.Refused = true
	case pin.Phase == PINFirst:
		s.firstPIN = e.PIN
		pin.Phase = PINRepeat
	case subtle.ConstantTimeCompare(s.firstPIN, e.PIN) != 1:
		e.PIN.Wipe()
		s.wipePIN()
		pin.Phase = PINFirst
		pin.Mismatch = true
	default:
		s.wipePIN()
		pin.Phase = PINSealing
		s.ask(SealPIN{Case: s.live, PIN: e.PIN})
	}
}

// pinWasSealed: nobody at the desk can open it any more; the person goes on to the review.
func (s *Session) pinWasSealed() {
	if !s.at(StepPIN) || s.state.PIN.Phase != PINSealing {
		return
	}
	s.state.PIN.Phase = PINSealed
	s.toReview()
}

// pinPolicy is the centre's rules for this person. A number that was typed counts before it is proven.
func (s *Session) pinPolicy() PINPolicy {
	contacts := []ProvenContact{{Channel: SMS, Value: s.state.Contact.Phone.Value}}
	return PolicyFor(s.person(), contacts, s.rules.PINMin, s.rules.PINMax)
}
