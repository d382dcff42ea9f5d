package kiosk

import (
	"crypto/subtle"
	"slices"
)

// pinStep lets the person choose the key's PIN.
type pinStep struct{ plainStep }

// PINPhase is where the citizen is in choosing a PIN.
type PINPhase string

// Phases of choosing a PIN.
const (
	PINFirst   PINPhase = "first"
	PINRepeat  PINPhase = "repeat"
	PINSealing PINPhase = "sealing"
	PINSealed  PINPhase = "sealed"
)

// PINState is what both screens may know of the PIN: never a digit.
type PINState struct {
	Phase     PINPhase
	Policy    PINPolicy // what the citizen's screen checks while digits are typed
	Mismatch  bool      // the second entry differed: start again
	Refused   bool      // the first entry broke a rule
	Outdated  bool      // one was sealed, and may hold what was entered since: another is chosen
	Forgotten bool      // the first entry went, because the card was away
	Changed   bool      // the centre has other rules since a PIN was chosen: another has to be
}

// begin asks for a PIN, unless one was sealed before and was held to all of the rules that there are now: another
// telephone number, for one, might be in it, and nobody can look any more.
func (pinStep) begin(s *Session) {
	sealed := s.state.PIN.Phase == PINSealed
	if sealed && s.held() {
		return
	}
	lengths := s.sameLengths()
	s.choosePIN()
	s.state.PIN.Outdated, s.state.PIN.Changed = sealed && lengths, sealed && !lengths
}

func (pinStep) passed(s *Session) bool { return s.state.PIN.Phase == PINSealed }

func (pinStep) proceed(s *Session) {
	if s.at(StepPIN) && s.state.PIN.Phase == PINSealed {
		s.advance()
	}
}

func (pinStep) retreat(s *Session) bool {
	switch s.state.PIN.Phase {
	case PINSealing:
		return false
	case PINSealed: // stays chosen
	default:
		s.wipePIN()
		s.state.PIN = PINState{}
	}
	return true
}

func (pinStep) asksCitizen(s *Session) bool { return s.state.PIN.Phase != PINSealed }

func (pinStep) asksSecret(s *Session) bool {
	return s.state.PIN.Phase == PINFirst || s.state.PIN.Phase == PINRepeat
}

// stop: the PIN is gone, and is chosen anew.
func (pinStep) stop(s *Session) bool {
	if !s.at(StepPIN) || s.state.PIN.Phase != PINSealing {
		return false
	}
	s.state.PIN.Phase = PINFirst
	return true
}

// choosePIN asks for a PIN from the beginning.
func (s *Session) choosePIN() {
	s.wipePIN()
	s.state.PIN = PINState{Phase: PINFirst, Policy: s.pinPolicy()}
}

// held reports whether the PIN met all rules that there are now when it was chosen.
func (s *Session) held() bool {
	then := s.state.PIN.Policy.Personal
	return s.sameLengths() && !slices.ContainsFunc(s.pinPolicy().Personal,
		func(number string) bool { return !slices.Contains(then, number) })
}

// sameLengths reports whether PINs may be as long, and as short, as when this one was asked for.
func (s *Session) sameLengths() bool {
	then := s.state.PIN.Policy
	return then.MinDigits == s.rules.PINMin && then.MaxDigits == s.rules.PINMax
}

// NewPIN chooses another PIN in place of a sealed one, after Back.
type NewPIN struct{}

func (NewPIN) apply(s *Session) {
	if s.at(StepPIN) && s.state.PIN.Phase == PINSealed {
		s.choosePIN()
	}
}

// wipePIN forgets a first entry.
func (s *Session) wipePIN() {
	s.firstPIN.Wipe()
	s.firstPIN = nil
}

// SealPIN encrypts the PIN to the centre's key: PINWasSealed. The runner wipes PIN.
type SealPIN struct {
	Case CaseID
	PIN  Secret
}

func (SealPIN) command() {}

// PINTyped is the first or the second entry of the new PIN.
type PINTyped struct{ PIN Secret }

func (e PINTyped) secret() Secret { return e.PIN }

// apply takes the first entry, or compares the second with it and lets it go to be sealed.
func (e PINTyped) apply(s *Session) {
	pin := &s.state.PIN
	if !s.at(StepPIN) || s.state.Away || pin.Phase != PINFirst && pin.Phase != PINRepeat {
		e.PIN.Wipe()
		return
	}
	s.dismiss("")
	pin.Mismatch, pin.Refused, pin.Outdated, pin.Forgotten, pin.Changed = false, false, false, false, false
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

// PINWasSealed: the PIN left the session, sealed to the centre's key.
type PINWasSealed struct{}

// applyToCase: nobody at the desk can open it any more; the person goes on to the review.
func (PINWasSealed) applyToCase(s *Session) {
	if !s.at(StepPIN) || s.state.PIN.Phase != PINSealing {
		return
	}
	s.state.PIN.Phase = PINSealed
	s.advance()
}

// pinPolicy is the centre's rules for this person. A number that was typed counts before it is proven.
func (s *Session) pinPolicy() PINPolicy {
	contacts := []ProvenContact{{Channel: SMS, Value: s.state.Contact.Phone.Value}}
	if later := s.state.Contact.Later; later.Channel == SMS {
		contacts = append(contacts, ProvenContact{Channel: SMS, Value: later.Value})
	}
	return PolicyFor(s.state.Person(), contacts, s.rules.PINMin, s.rules.PINMax)
}
