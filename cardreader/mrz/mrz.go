// Package mrz reads and writes machine-readable zones of identity documents (ICAO 9303-3 to -6, eighth
// edition): TD1, TD2 and TD3, with their check digits, and derives from them the text that opens a chip.
//
// Parse is strict: it is for what a chip or a document reader gives. Inspect is for a zone while it is
// typed: it says which groups are right, wrong or missing, and which single character, when it is taken
// for one that looks like it, would mend a wrong group. Lines writes a zone.
//
//	zone, err := mrz.Parse(text, time.Now())
//	key := zone.Key() // for BAC and PACE
//
// A check digit finds slips, not forgeries: what is read here is no proof of anything. Nor does it find
// every slip. Values count modulo 10 (9303-3 §4.9), so these are one and the same to every check digit:
// 0 A K U <, 1 B L V, 2 C M W, 3 D N X, 4 E O Y, 5 F P Z, 6 G Q, 7 H R, 8 I S, 9 J T. Of the pairs that
// look alike only G and 6 are among them (see Group.Twins). No check digit at all covers the document's
// code, issuer, nationality, sex and names; only characters that cannot stand there are noticed.
//
// Visas (9303-7) are refused, and zones that are not ICAO's, such as those of French identity cards before
// 2021. Scripts other than Latin are not transliterated.
//
// # Years
//
// A zone has two digits for a year and 9303 has no rule for the century. A date of birth is taken for the
// latest that is not after today: it is never in the future and less than 100 years ago, so somebody of
// 104 reads as 4. An expiry is taken for the one whose year is nearest, from 49 years ago to 50 years
// ahead; a document "without end" that says 99 reads as expired in 1999. Whoever has the full date, from
// data group 11 or a person who says so, should prefer it. A date that no century makes possible, such as
// 29 February of a year that was no leap year, is an error.
package mrz

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrFormat means that the text is not a zone of a format read here: number or length of lines,
	// a document code that does not belong to the format, a field that is empty, or, in Lines, a
	// field that does not fit.
	ErrFormat = errors.New("not a machine-readable zone of TD1, TD2 or TD3")
	// ErrVisa means that the zone is a visa's (ICAO 9303-7), which identifies nobody by itself.
	ErrVisa = errors.New("zone of a visa")
	// ErrCharacter means a character that cannot stand where it stands.
	ErrCharacter = errors.New("character that cannot stand here")
	// ErrCheckDigit means that a check digit is not the one of what it checks.
	ErrCheckDigit = errors.New("wrong check digit")
	// ErrDate means a date that cannot be written into a zone.
	ErrDate = errors.New("impossible date")
)

// Error says where a zone is wrong. It never holds what the zone says, so it may be logged.
type Error struct {
	Group string // as Group.Name; empty when the zone as a whole, or a whole line, is wrong
	Line  int    // index of the line, from 0; -1 when no single line is wrong
	Err   error  // ErrFormat, ErrVisa, ErrCharacter, ErrCheckDigit or ErrDate
}

func (e *Error) Error() string {
	switch {
	case e.Group != "":
		return fmt.Sprintf("mrz: %s: %v", strings.ReplaceAll(e.Group, "_", " "), e.Err)
	case e.Line >= 0:
		return fmt.Sprintf("mrz: line %d: %v", e.Line+1, e.Err)
	}
	return fmt.Sprintf("mrz: %v", e.Err)
}

// Unwrap returns the cause, for errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// MRZ is what a zone says. Names, countries and numbers are in the characters of the zone, A to Z and 0 to 9;
// where a number or optional data has a filler in the middle, it stays '<'.
type MRZ struct {
	Format      Format
	Code        string // document code without fillers: "P", "PM", "I", "AR", "C", "ID"…
	Issuer      string // code of the State or organisation without fillers: "PRT", "UTO", "D"
	Nationality string // likewise
	Surname     string // primary identifier, parts separated by one space; empty for people who have given names only
	GivenNames  string // secondary identifier, parts separated by one space; empty when there is none
	// Truncated: the name goes to the last character of its field, so it may have been cut (ICAO 9303-3
	// §4.6, 9303-4 §4.2.3). Lines does not look at it.
	Truncated bool
	Number    string // document number; one that is longer than its field is whole (9303-5 §4.2.2, 9303-6 §4.2.2)
	Birth     Date   // of a date that no calendar has, the year; see BirthPrinted
	Expiry    Date   // likewise
	Sex       string // "M", "F", or "X" for the zone's '<', unspecified
	Optional  string // optional data: TD3 the personal number; TD1 and TD2 without what belongs to Number
	Optional2 string // TD1, second line; else empty

	// The rest keeps spellings that differ from the one Lines would choose, so that what was parsed is
	// written as it was. Parse sets each only where it is needed.
	NameField   string // whole name field without fillers at the end
	BirthField  string // six characters
	ExpiryField string // six characters
	// FillerCheck: the check digit of an empty personal number is '<', not '0' (TD3; 9303-4 §4.2.2 allows both).
	FillerCheck bool
}

// BirthPrinted returns the date of birth as the zone has it, YYMMDD with fillers, when Birth does not say all of it: a
// date that no calendar has, such as 31 February, or the day of an unknown year. Otherwise it is "".
func (m MRZ) BirthPrinted() string { return printed(m.Birth, m.BirthField) }

// ExpiryPrinted is BirthPrinted of the date of expiry.
func (m MRZ) ExpiryPrinted() string { return printed(m.Expiry, m.ExpiryField) }
