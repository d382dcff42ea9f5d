package lds

import (
	"fmt"
	"strings"
	"time"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/mrz"
)

// ParseDG1 reads the machine-readable zone. now decides the century of its dates; see package mrz. The errors wrap
// ErrMalformed, and *mrz.Error when the zone is none.
func ParseDG1(file []byte, now time.Time) (mrz.MRZ, error) {
	content, err := iso7816.Unwrap(file, tagDG1)
	if err != nil {
		return mrz.MRZ{}, fmt.Errorf("%w: DG1: %w", ErrMalformed, err)
	}
	text, err := iso7816.Unwrap(content, 0x5F1F)
	if err != nil {
		return mrz.MRZ{}, fmt.Errorf("%w: DG1: %w", ErrMalformed, err)
	}
	// A zone from a chip has no characters but the zone's; what Parse allows for typed text does
	// not apply.
	for _, c := range text {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '<' {
			return mrz.MRZ{}, fmt.Errorf("%w: DG1: character of the zone", ErrMalformed)
		}
	}
	zone, err := mrz.Parse(string(text), now)
	if err != nil {
		return mrz.MRZ{}, fmt.Errorf("%w: DG1: %w", ErrMalformed, err)
	}
	return zone, nil
}

// Name is a name in the holder's own spelling.
type Name struct {
	Surname, GivenNames string // primary and secondary identifier
}

// parseName splits a name at its two fillers. Single fillers become blanks; blanks in the document
// are kept.
func parseName(text string) Name {
	surname, given, _ := strings.Cut(text, "<<")
	clean := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "<", " ")), " ") }
	return Name{Surname: clean(surname), GivenNames: clean(given)}
}

// PersonalDetails is DG11. Everything in it is optional. Places and addresses are lists of their parts.
type PersonalDetails struct {
	Name           Name
	OtherNames     []Name
	PersonalNumber string
	BirthDate      mrz.Date // full, unlike the zone's
	BirthPlace     []string
	Address        []string
	Telephone      string
	Profession     string
	Title          string
	Summary        string
	OtherDocuments []string // numbers of other travel documents
	Custody        string
}

// ParseDG11 reads the additional personal details (Doc 9303-10 §4.7.11). The errors wrap ErrMalformed.
func ParseDG11(file []byte) (PersonalDetails, error) {
	f, err := fieldsOf(file, tagDG11, "DG11")
	if err != nil {
		return PersonalDetails{}, err
	}
	r := reader{f: &f}
	d := PersonalDetails{
		Name:           parseName(r.text(0x5F0E)),
		PersonalNumber: r.text(0x5F10),
		BirthDate:      r.date(0x5F2B),
		BirthPlace:     parts(r.text(0x5F11)),
		Address:        parts(r.text(0x5F42)),
		Telephone:      r.text(0x5F12),
		Profession:     r.text(0x5F13),
		Title:          r.text(0x5F14),
		Summary:        r.text(0x5F15),
		OtherDocuments: parts(r.text(0x5F17)),
		Custody:        r.text(0x5F18),
	}
	for _, name := range r.texts(0x5F0F) {
		d.OtherNames = append(d.OtherNames, parseName(name))
	}
	if r.err != nil {
		return PersonalDetails{}, r.err
	}
	return d, nil
}

// parts splits at fillers.
func parts(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, "<") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// reader keeps the first error, so that fields are read one a line without checks between.
type reader struct {
	f   *fields
	err error
}

func (r *reader) text(tag iso7816.Tag) string {
	return keep(r, func() (string, error) { return r.f.text(tag) })
}

func (r *reader) texts(tag iso7816.Tag) []string {
	return keep(r, func() ([]string, error) { return r.f.texts(tag) })
}

func (r *reader) date(tag iso7816.Tag) mrz.Date {
	return keep(r, func() (mrz.Date, error) { return r.f.date(tag) })
}

func keep[T any](r *reader, read func() (T, error)) T {
	v, err := read()
	if err != nil && r.err == nil {
		r.err = err
	}
	return v
}
