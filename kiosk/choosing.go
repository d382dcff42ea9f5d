package kiosk

import "crypto/subtle"

// startPIN asks the citizen for a PIN from the beginning.
func (s *Session) startPIN() {
	s.wipePIN()
	s.state.Step = StepPIN
	s.state.PIN = PINState{Phase: PINFirst, Policy: s.pinPolicy()}
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
	pin.Mismatch, pin.Refused = false, false
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
	s.state.Step = StepReview
	s.state.Review = ReviewState{Phase: ReviewReading}
}

// pinPolicy is the desk's rules for this person. A number that was typed counts before it is proven.
func (s *Session) pinPolicy() PINPolicy {
	contacts := []ProvenContact{{Channel: SMS, Value: s.state.Contact.Phone.Value}}
	return PolicyFor(s.person(), contacts, s.settings.PINMin, s.settings.PINMax)
}
