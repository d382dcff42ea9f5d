package kiosk

import (
	"fmt"
	"time"
)

// Date is a calendar day without a time zone, as printed on a document.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the calendar day of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// IsZero reports whether no date is known.
func (d Date) IsZero() bool { return d == Date{} }

// String formats as ISO 8601, "2031-04-15"; with a day or month that is not known "2031-04" or "2031"; the
// zero Date is "".
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Partial reports whether the day, or the month too, is not known.
func (d Date) Partial() bool { return !d.IsZero() && (d.Month == 0 || d.Day == 0) }

// exists reports whether a whole date is in the calendar.
func (d Date) exists() bool {
	return d == DateOf(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC))
}

// daysAfter is by how many days a whole date is after another; 0 when it is not, or when either is not whole.
func (d Date) daysAfter(o Date) int {
	if d.IsZero() || o.IsZero() || d.Partial() || o.Partial() {
		return 0
	}
	noon := func(d Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }
	return max(0, int(noon(d).Sub(noon(o)).Hours()/24))
}

// Latest returns the last day that a date, of which parts may not be known, can mean.
func (d Date) Latest() Date {
	switch {
	case d.IsZero():
		return d
	case d.Month == 0:
		return Date{d.Year, time.December, 31}
	case d.Day == 0:
		return DateOf(time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC))
	}
	return d
}

// MarshalText formats as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText parses what String formats; an empty text is the zero Date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	form := map[int]string{len("2006"): "2006", len("2006-01"): "2006-01"}[len(text)]
	if form == "" {
		form = time.DateOnly
	}
	t, err := time.Parse(form, string(text))
	if err != nil {
		return fmt.Errorf("parsing date: not of the form YYYY-MM-DD")
	}
	*d = DateOf(t)
	if len(form) < len(time.DateOnly) {
		d.Day = 0
	}
	if form == "2006" {
		d.Month = 0
	}
	return nil
}

// Before reports whether d is an earlier day than o.
func (d Date) Before(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// AgeOn returns the completed years between the birth date d and the day on. A person born on
// 29 February completes a year on 1 March of common years (Código Civil art. 279 c). Where day or month
// are not known, the person is as young as they may be.
func (d Date) AgeOn(on Date) int {
	d = d.Latest()
	age := on.Year - d.Year
	if on.Month < d.Month || (on.Month == d.Month && on.Day < d.Day) {
		age--
	}
	return age
}
