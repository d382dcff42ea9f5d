package kiosk

// PINRule is one rule a PIN must meet, shown to the person as it is met.
type PINRule string

// Rules of a PIN.
const (
	PINLength   PINRule = "length"   // MinDigits to MaxDigits digits
	PINPersonal PINRule = "personal" // no part of birth date, phone, document number or NIF
	PINPattern  PINRule = "pattern"  // no sequence, no repeats
)

// PINPolicy is the set of rules for one person.
type PINPolicy struct {
	MinDigits, MaxDigits int
	Personal             []string // digit strings the PIN must not be taken from
}
