package mrz

import (
	"fmt"
	"strings"
	"time"
)

// Date is a day, or as much of it as a document knows. Year is the full year; Day is 0 when unknown, Month
// and Day when only the year is known, and the zero value is a date that is wholly unknown.
type Date struct{ Year, Month, Day int }

// String returns "1974-08-12", "1974-08", "1974" or "".
func (d Date) String() string {
	switch {
	case d == Date{}:
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Complete reports whether year, month and day are known.
func (d Date) Complete() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// field returns the six characters of a zone, YYMMDD, with fillers for what is unknown (ICAO 9303-3 §4.8).
func (d Date) field() (string, error) {
	switch {
	case d == Date{}:
		return "<<<<<<", nil
	case d.Year < 0 || d.Year > 9999 || d.Year == 0 || !d.possible():
		return "", ErrDate
	case d.Month == 0:
		return fmt.Sprintf("%02d<<<<", d.Year%100), nil
	case d.Day == 0:
		return fmt.Sprintf("%02d%02d<<", d.Year%100, d.Month), nil
	}
	return fmt.Sprintf("%02d%02d%02d", d.Year%100, d.Month, d.Day), nil
}

// possible reports whether the calendar has the date. Unknown parts are possible, but not a day of an
// unknown month.
func (d Date) possible() bool {
	switch {
	case d.Month == 0:
		return d.Day == 0
	case d.Day == 0:
		return d.Month > 0 && d.Month <= 12
	}
	t := time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
	return t.Year() == d.Year && int(t.Month()) == d.Month && t.Day() == d.Day
}

// twoDigit reads six characters into a date whose Year is the two digits, and reports whether that is known
// at all. Some issuers write zeros for what 9303-3 §4.8 has fillers for; both are read. Of a date that no calendar has
// the year alone is known: issuers have printed such dates, and a chip opens with the characters that are printed,
// whatever they mean (9303-11 §4.3.2). The error is ErrCharacter.
func twoDigit(s string) (d Date, known bool, err error) {
	if len(s) != 6 || !all(s, isDateCharacter) {
		return Date{}, false, ErrCharacter
	}
	if !all(s[:2], isDigit) || s == "000000" {
		return Date{}, false, nil
	}
	number := func(two string) int {
		switch {
		case two == "<<":
			return 0
		case !all(two, isDigit):
			return impossible
		}
		return int(two[0]-'0')*10 + int(two[1]-'0')
	}
	d = Date{Year: number(s[:2]), Month: number(s[2:4]), Day: number(s[4:])}
	// The century is not known yet, so 29 February counts here; whether the year has it is decided
	// with the century.
	if leap := (Date{Year: 2000, Month: d.Month, Day: d.Day}); !leap.possible() {
		return Date{Year: d.Year}, true, nil
	}
	return d, true, nil
}

// impossible is a month or a day that is half a filler.
const impossible = 99

func isDateCharacter(c byte) bool { return isDigit(c) || c == filler }

// parseBirth reads a date of birth: the latest that is not after the day of now. Where month or day is
// unknown, the earliest day it may have been counts.
func parseBirth(s string, now time.Time) (Date, error) {
	d, known, err := twoDigit(s)
	if err != nil || !known {
		return Date{}, err
	}
	d.Year += now.Year() - now.Year()%100
	if d.after(now) {
		d.Year -= 100
	}
	return d.asKnown(), nil
}

// parseExpiry reads a date of expiry: that whose year is from 49 before to 50 after now's.
func parseExpiry(s string, now time.Time) (Date, error) {
	d, known, err := twoDigit(s)
	if err != nil || !known {
		return Date{}, err
	}
	first := now.Year() - 49
	d.Year = first + ((d.Year-first)%100+100)%100
	return d.asKnown(), nil
}

// asKnown is the date, or its year alone when the calendar does not have it: a 29 February of another year.
func (d Date) asKnown() Date {
	if !d.possible() {
		return Date{Year: d.Year}
	}
	return d
}

// after reports whether the earliest day that d may be is after the day of now, in now's time zone.
func (d Date) after(now time.Time) bool {
	d.Month, d.Day = max(d.Month, 1), max(d.Day, 1)
	year, month, day := now.Date()
	switch {
	case d.Year != year:
		return d.Year > year
	case d.Month != int(month):
		return d.Month > int(month)
	}
	return d.Day > day
}

// irregular returns s when the date's own spelling is another, and "" when it is the same.
func (d Date) irregular(s string) string {
	if own, err := d.field(); err == nil && own == s {
		return ""
	}
	return s
}

// dateField is what Lines writes: the spelling that was kept when there is one, else the date's own. A
// spelling that says another date is ErrDate.
func dateField(d Date, kept string) (string, error) {
	own, err := d.field()
	if err != nil || kept == "" {
		return own, err
	}
	said, known, err := twoDigit(kept)
	if err != nil || known != (d != Date{}) {
		return "", ErrDate
	}
	if said.Year += d.Year - d.Year%100; known && said.asKnown() != d {
		return "", ErrDate
	}
	return kept, nil
}

// printed returns six characters of a zone that say something which no Date does: a day that no calendar has, or day and
// month of an unknown year. Otherwise it returns "".
func printed(d Date, kept string) string {
	if kept == "" || kept == "000000" {
		return ""
	}
	zeros := func(two string) string { return strings.ReplaceAll(two, "00", "<<") }
	if own, err := d.field(); err == nil && own == kept[:2]+zeros(kept[2:4])+zeros(kept[4:]) {
		return ""
	}
	return kept
}
