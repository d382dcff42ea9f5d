package mrz

import "strings"

// Lines writes the zone, with check digits. Names are transliterated and, where they are too long, cut
// (9303-4 §4.2.3); everything else must be in characters of the zone. A long document number of
// TD1 or TD2 goes on in the optional data. What Parse has read is written as it was.
//
// Errors are *Error: ErrFormat for a field that is empty, too long or not of this format, ErrVisa,
// ErrCharacter, ErrDate.
func (m MRZ) Lines() ([]string, error) {
	count, _ := m.Format.Size()
	if count == 0 {
		return nil, &Error{Line: -1, Err: ErrFormat}
	}
	z := zone{format: m.Format, lines: make([]string, count)}
	for _, f := range layouts[m.Format] {
		text, err := m.field(f, z)
		switch {
		case err != nil:
		case len(text) > f.len():
			err = ErrFormat
		case !all(text, isZone):
			err = ErrCharacter
		}
		if err != nil {
			return nil, &Error{Group: f.group, Line: f.line, Err: err}
		}
		z.lines[f.line] += padded(text, f.len())
	}
	if m.Format != TD1 && m.Optional2 != "" {
		return nil, &Error{Group: GroupOptional2, Line: 1, Err: ErrFormat}
	}
	if err := z.written(); err != nil {
		return nil, err
	}
	return z.lines, nil
}

// written reports what Parse would refuse in lines just composed. Dates are not checked, because
// the century that Parse assumes depends on the day on which it is called.
func (z zone) written() error {
	for _, f := range layouts[z.format] {
		if f.group == GroupBirth || f.group == GroupExpiry {
			continue
		}
		if err := z.fault(f); err != nil {
			return &Error{Group: f.group, Line: f.line, Err: err}
		}
	}
	return nil
}

// field returns a group's text without fillers at the end; z has the groups before it.
func (m MRZ) field(f field, z zone) (string, error) {
	switch f.group {
	case GroupCode:
		return required(m.Code)
	case GroupIssuer:
		return required(m.Issuer)
	case GroupNationality:
		return required(m.Nationality)
	case GroupNames:
		return m.nameField(f.len())
	case GroupNumber:
		number, _, err := m.numberFields()
		return number, err
	case GroupBirth:
		text, err := dateField(m.Birth, m.BirthField)
		return withCheckDigit(text), err
	case GroupExpiry:
		text, err := dateField(m.Expiry, m.ExpiryField)
		return withCheckDigit(text), err
	case GroupSex:
		return sexField(m.Sex)
	case GroupOptional:
		return m.optionalField()
	case GroupOptional2:
		return m.Optional2, unfilled(m.Optional2)
	}
	covered, _ := z.covered() // GroupComposite comes after all that it covers
	return withCheckDigit(covered)[len(covered):], nil
}

func required(s string) (string, error) {
	if s == "" {
		return "", ErrFormat
	}
	return s, unfilled(s)
}

// unfilled refuses fillers at the end, which would not come back.
func unfilled(s string) error {
	if trim(s) != s {
		return ErrCharacter
	}
	return nil
}

func sexField(sex string) (string, error) {
	switch sex {
	case "M", "F":
		return sex, nil
	case "X":
		return string(filler), nil
	}
	return "", ErrCharacter
}

// numberFields returns the text of the number's field, and what of it goes before the optional data with
// the filler that ends it.
func (m MRZ) numberFields() (text, overflow string, err error) {
	n := m.Number
	switch {
	case n == "":
		return "", "", ErrFormat
	case !all(n, isZone) || trim(n) != n:
		return "", "", ErrCharacter
	case len(n) <= 9:
		return withCheckDigit(padded(n, 9)), "", nil
	case m.Format == TD3:
		return "", "", ErrFormat
	case n[8] == filler || strings.ContainsRune(n[9:], filler):
		return "", "", ErrCharacter // the filler would be taken for the number's end
	}
	overflow = withCheckDigit(n)[9:] + string(filler)
	if len(overflow) > m.Format.place(GroupOptional).len() {
		return "", "", ErrFormat
	}
	return n[:9] + string(filler), overflow, nil
}

func (m MRZ) optionalField() (string, error) {
	if err := unfilled(m.Optional); err != nil {
		return "", err
	}
	if m.Format != TD3 {
		_, overflow, err := m.numberFields()
		return overflow + m.Optional, err
	}
	const size = 14 // the personal number's, without its check digit
	switch {
	case len(m.Optional) > size:
		return "", ErrFormat
	case !all(m.Optional, isZone):
		return "", ErrCharacter
	case m.Optional == "" && m.FillerCheck:
		return "", nil
	}
	return withCheckDigit(padded(m.Optional, size)), nil
}

// withCheckDigit appends the check digit to characters that are all the zone's.
func withCheckDigit(s string) string {
	digit, err := CheckDigit(s)
	if err != nil {
		panic("mrz: check digit of what is not in the zone's characters")
	}
	return s + string(digit)
}
