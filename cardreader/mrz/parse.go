package mrz

import "time"

// Parse reads a whole zone: lines separated by line breaks, or one run of 90 (TD1), 72 (TD2) or 88 (TD3)
// characters as in data group 1. Lower case is accepted, and « and ‹ for the filler. Blanks and empty
// lines around lines do not count; blanks inside a line count as fillers, unless they lie between whole
// lines. Where a text has characters that no zone has, it is read as a document reader with another keyboard
// layout than the desk's means it, if that makes it a zone. Nothing else is mended: every check digit, the composite's among them, must be right, and every
// character must be one that can stand in its place.
//
// now gives the century of dates (see the package) in its own time zone. Errors are *Error: ErrFormat,
// ErrVisa, ErrCharacter or ErrCheckDigit for the first group in reading order that is wrong. A date that no calendar has
// is no error: see MRZ.BirthPrinted.
func Parse(text string, now time.Time) (MRZ, error) {
	var first error
	for _, meant := range readings(text) {
		m, err := parse(meant, now)
		if err == nil {
			return m, nil
		}
		if first == nil {
			first = err
		}
	}
	return MRZ{}, first
}

// parse reads a text as it stands.
func parse(text string, now time.Time) (MRZ, error) {
	in, _ := lines(text)
	got, format, ok := whole(in)
	if !ok {
		return MRZ{}, shapeError(in)
	}
	return zone{format, got, now}.parse()
}

// parse is for zones whose lines are whole.
func (z zone) parse() (MRZ, error) {
	for _, f := range layouts[z.format] {
		if err := z.fault(f); err != nil {
			return MRZ{}, &Error{Group: f.group, Line: f.line, Err: err}
		}
	}
	number, err := z.number()
	if err != nil {
		panic("mrz: a document number without fault has one")
	}
	m := MRZ{
		Format:      z.format,
		Code:        trim(z.full(GroupCode)),
		Issuer:      trim(z.full(GroupIssuer)),
		Nationality: trim(z.full(GroupNationality)),
		Number:      trim(number.text[:len(number.text)-1]),
		Sex:         z.full(GroupSex),
		Optional:    trim(z.text(number.rest)),
	}
	if m.Sex == string(filler) {
		m.Sex = "X"
	}
	switch z.format {
	case TD1:
		m.Optional2 = trim(z.full(GroupOptional2))
	case TD3:
		text := z.full(GroupOptional)
		m.Optional = trim(text[:len(text)-1])
		m.FillerCheck = text[len(text)-1] == filler
	}
	m.readNames(z.full(GroupNames))
	m.Birth, m.BirthField = z.readDate(GroupBirth)
	m.Expiry, m.ExpiryField = z.readDate(GroupExpiry)
	return m, nil
}

func (z zone) readDate(group string) (Date, string) {
	text := z.full(group)[:6]
	d, err := z.date(group, text)
	if err != nil {
		panic("mrz: a date without fault has one")
	}
	return d, d.irregular(text)
}

// shapeError says that lines make no zone, and which line is to blame where it is one.
func shapeError(in []string) *Error {
	if len(in) == 0 {
		return &Error{Line: -1, Err: ErrFormat}
	}
	if in[0][0] == 'V' {
		return &Error{Group: GroupCode, Err: ErrVisa}
	}
	count, width := recognise(in).Size()
	for i, line := range in {
		if len(in) == count && len(line) != width {
			return &Error{Line: i, Err: ErrFormat}
		}
	}
	return &Error{Line: -1, Err: ErrFormat}
}
