package kiosk

import (
	"bytes"
)

// PINRule is one rule a PIN must meet, shown to the person as it is met.
type PINRule string

// Rules of a PIN.
const (
	PINLength   PINRule = "length"   // MinDigits to MaxDigits digits
	PINPersonal PINRule = "personal" // no part of birth date, phone, document number or NIF
	PINPattern  PINRule = "pattern"  // no sequence, no repeats
)

// minPersonal is the shortest personal number that a longer PIN must not contain. Shorter ones occur
// by chance in too many good PINs.
const minPersonal = 4

// maxRun is how often one digit may stand in a row.
const maxRun = 3

// PINPolicy is the set of rules for one person.
type PINPolicy struct {
	MinDigits, MaxDigits int
	Personal             []string // digit strings the PIN must not be taken from
}

// PINResult says whether a PIN meets a rule.
type PINResult struct {
	Rule PINRule
	Met  bool
}

// Check answers each rule in the order in which it is shown. While there are fewer than MinDigits no
// rule is met, because the digits to come can still break it. The PIN is not copied.
func (p PINPolicy) Check(pin []byte) []PINResult {
	length := digits(pin, max(p.MinDigits, 1), p.MaxDigits)
	enough := len(pin) >= p.MinDigits && len(pin) > 0
	return []PINResult{
		{PINLength, length},
		{PINPersonal, enough && !p.personal(pin)},
		{PINPattern, enough && !patterned(pin)},
	}
}

// Valid reports whether the PIN meets every rule.
func (p PINPolicy) Valid(pin []byte) bool {
	for _, r := range p.Check(pin) {
		if !r.Met {
			return false
		}
	}
	return true
}

// personal reports whether the PIN is part of a personal number or has one in it.
func (p PINPolicy) personal(pin []byte) bool {
	for _, number := range p.Personal {
		if bytes.Contains([]byte(number), pin) {
			return true
		}
		if len(number) >= minPersonal && bytes.Contains(pin, []byte(number)) {
			return true
		}
	}
	return false
}

// patterned reports whether the PIN is what a guesser tries first.
func patterned(pin []byte) bool { return steady(pin) || crowded(pin) || repeats(pin) }

// steady: every digit follows from the one before by the same step, around the corner from 9 to 0
// as well: 123456, 987654, 246802, 777777.
func steady(pin []byte) bool {
	if len(pin) < 3 {
		return false
	}
	step := (pin[1] - pin[0] + 10) % 10
	for i := 2; i < len(pin); i++ {
		if (pin[i]-pin[i-1]+10)%10 != step {
			return false
		}
	}
	return true
}

// crowded: one digit more than maxRun times in a row.
func crowded(pin []byte) bool {
	run := 1
	for i := 1; i < len(pin); i++ {
		if pin[i] != pin[i-1] {
			run = 1
			continue
		}
		if run++; run > maxRun {
			return true
		}
	}
	return false
}

// repeats: a block of digits that starts again at least once in full: 121212, 123123, 1231231.
func repeats(pin []byte) bool {
	for period := 1; 2*period <= len(pin); period++ {
		if bytes.Equal(pin[period:], pin[:len(pin)-period]) {
			return true
		}
	}
	return false
}
