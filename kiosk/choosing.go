package kiosk

import (
	"crypto/subtle"
	"fmt"
	"strings"
)

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

// pinPolicy is the desk's rules with what belongs to this person.
func (s *Session) pinPolicy() PINPolicy {
	policy := PINPolicy{MinDigits: s.settings.PINMin, MaxDigits: s.settings.PINMax}
	if id := s.state.Document.Identity; id != nil {
		policy.Personal = append(policy.Personal, dateForms(id.BirthDate)...)
		policy.Personal = append(policy.Personal, numbers(id.DocumentNumber, id.CivilNumber, id.TaxNumber)...)
	}
	policy.Personal = append(policy.Personal, numbers(s.state.Contact.Phone.Value)...)
	return policy
}

// dateForms are the ways in which people write a date with digits.
func dateForms(d Date) []string {
	if d.IsZero() {
		return nil
	}
	year, yy := fmt.Sprintf("%04d", d.Year), fmt.Sprintf("%02d", d.Year%100)
	month, day := fmt.Sprintf("%02d", d.Month), fmt.Sprintf("%02d", d.Day)
	return []string{
		day + month + year, day + month + yy,
		year + month + day, yy + month + day,
		month + day + year, month + day + yy,
		month + year, year + month,
		year + day + month, day + year,
	}
}

// numbers reduces texts to their digits; those with fewer than four are too common to forbid.
func numbers(texts ...string) []string {
	var list []string
	for _, text := range texts {
		number := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		if len(number) >= minPersonal {
			list = append(list, number)
		}
	}
	return list
}
