package citizencard

import (
	"fmt"
	"log/slog"
	"time"
)

// Date is a calendar day as the card states it ("DD MM YYYY"), in no time zone.
type Date struct {
	Year  int // with all four digits
	Month time.Month
	Day   int // from 1
}

// Identity is the identity file's content. Texts are as on the card; what the card leaves empty is "".
type Identity struct {
	IssuingEntity    string // "República Portuguesa"
	Country          string // "PRT"
	DocumentType     string // "Cartão de Cidadão"
	DocumentNumber   string // "99000588 7 ZZ1"
	PAN              string // card number; first generation only
	DocumentVersion  string // "006.008.24", "07.36"
	ValidFrom        Date   // the first day
	PlaceOfRequest   string
	ValidUntil       Date // the last day
	Surname          string
	GivenNames       string
	Sex              string // "M" or "F"
	Nationality      string // "PRT"
	BirthDate        Date
	Height           string // "1,75", or "X"
	CivilNumber      string // NIC: 8 digits and a check digit
	MotherSurname    string
	MotherGivenNames string
	FatherSurname    string
	FatherGivenNames string
	TaxNumber        string // NIF, 9 digits, or empty
	SocialSecurity   string // NISS, 11 digits, or empty
	HealthNumber     string // 9 digits, or empty
	Indications      string // accidental indications
}

// LogValue keeps people out of logs.
func (Identity) LogValue() slog.Value { return slog.StringValue("[identity]") }

// ParseIdentity reads the identity file of a generation: Files.Identity. Errors wrap ErrMalformed and
// name the field, never what it says.
//
// It is strict, because its result is stored at the centre: text must be UTF-8 without control
// characters, padding must be NUL, dates must exist, numbers must be digits. Check
// digits are not verified.
func ParseIdentity(generation string, raw []byte) (Identity, error) {
	var values map[field]string
	var err error
	switch generation {
	case Generation1:
		values, err = readFixed(raw)
	case Generation2024:
		values, err = readTagged(raw)
	default:
		return Identity{}, fmt.Errorf("citizencard: no generation %q", generation)
	}
	if err != nil {
		return Identity{}, err
	}
	return interpret(values)
}
