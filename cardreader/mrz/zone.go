package mrz

import (
	"errors"
	"strings"
	"time"
)

// errMissing is a fault that more characters may end.
var errMissing = errors.New("not all there yet")

// zone is lines of a known format. Lines may still be short, which only Inspect lets happen.
type zone struct {
	format Format
	lines  []string
	now    time.Time
}

// text returns a place's characters, fewer than its length when they are not all there.
func (z zone) text(s span) string {
	if s.line >= len(z.lines) || s.from >= len(z.lines[s.line]) {
		return ""
	}
	line := z.lines[s.line]
	return line[s.from:min(s.to, len(line))]
}

func (z zone) has(s span) bool { return len(z.text(s)) == s.len() }

// full returns a group's characters. It is for groups whose fault is nil.
func (z zone) full(group string) string { return z.text(z.format.place(group)) }

// number is a document number and where it lies.
type number struct {
	text     string // with its check digit at the end
	overflow span   // in the optional data; empty when the number fits its field
	rest     span   // what is left of the optional data
}

// number finds the document number. A filler in place of its check digit says that it goes on in the
// optional data, there followed by the check digit and a filler (ICAO 9303-5 §4.2.2, 9303-6 §4.2.2).
// The error is errMissing, or ErrCheckDigit when what goes on is none.
func (z zone) number() (number, error) {
	place, optional := z.format.place(GroupNumber), z.format.place(GroupOptional)
	n := number{text: z.text(place), rest: optional}
	n.overflow = span{optional.line, optional.from, optional.from}
	if !z.has(place) {
		return n, errMissing
	}
	last := len(n.text) - 1
	if z.format == TD3 || n.text[last] != filler {
		return n, nil
	}
	if n.text[last-1] == filler {
		return n, ErrCheckDigit // a number shorter than its field does not go on
	}
	more, _, ended := strings.Cut(z.text(optional), string(filler))
	switch {
	case !ended && !z.has(optional):
		return n, errMissing
	case !ended, len(more) < 2: // at least one character and the check digit
		return n, ErrCheckDigit
	}
	n.text = n.text[:last] + more
	n.overflow.to += len(more)
	n.rest.from = n.overflow.to + 1
	return n, nil
}

// fault reports what is wrong with a group: nil, errMissing, ErrFormat, ErrVisa, ErrCharacter or ErrCheckDigit.
// A character that cannot stand where it is comes before missing ones.
func (z zone) fault(f field) error {
	if f.group == GroupNumber {
		f.span = z.format.place(GroupNumber) // both parts of a long number have one state
	}
	text := z.text(f.span)
	if !all(text, isZone) {
		return ErrCharacter
	}
	if err := z.classFault(f.group, text); err != nil {
		return err
	}
	if f.group == GroupNumber {
		return z.numberFault()
	}
	if !z.has(f.span) {
		return errMissing
	}
	switch f.group {
	case GroupCode:
		return z.codeFault(text)
	case GroupIssuer, GroupNationality:
		if code := trim(text); code == "" || strings.ContainsRune(code, filler) {
			return ErrCharacter
		}
	case GroupNames:
		if trim(text) == "" {
			return ErrFormat
		}
	case GroupBirth, GroupExpiry:
		return z.dateFault(f.group, text)
	case GroupOptional:
		return z.optionalFault(text)
	case GroupComposite:
		return z.compositeFault(text)
	}
	return nil
}

func isZone(c byte) bool { _, ok := value(c); return ok }

// stands reports whether c can stand at offset at of a group of a format.
func stands(format Format, group string, at int, c byte) bool {
	letter, digit := isLetter(c) || c == filler, isDigit(c) || c == filler
	switch group {
	case GroupCode, GroupIssuer, GroupNationality:
		return letter && (at > 0 || c != filler)
	case GroupNames:
		return letter
	case GroupSex:
		return c == 'M' || c == 'F' || c == filler
	case GroupBirth, GroupExpiry:
		return digit && (at < 6 || c != filler)
	case GroupNumber:
		return at < 9 && isZone(c) || isDigit(c) || c == filler && format != TD3
	case GroupOptional:
		return isZone(c) && (format != TD3 || at < 14) || digit
	case GroupComposite:
		return isDigit(c)
	}
	return isZone(c)
}

// classFault is ErrCharacter when one of a group's characters cannot stand at its place.
func (z zone) classFault(group, text string) error {
	for at := range len(text) {
		if !stands(z.format, group, at, text[at]) {
			return ErrCharacter
		}
	}
	return nil
}

// codeFault: passports are P, other travel documents A, C or I, and V is for visas (9303-4 to -7 §4.2.2).
func (z zone) codeFault(code string) error {
	if code[0] == 'V' {
		return ErrVisa
	}
	if strings.ContainsRune("ACI", rune(code[0])) && z.format != TD3 || code[0] == 'P' && z.format == TD3 {
		return nil
	}
	return ErrFormat
}

func (z zone) numberFault() error {
	n, err := z.number()
	if err != nil {
		return err
	}
	if trim(n.text[:len(n.text)-1]) == "" {
		return ErrFormat
	}
	return checked(n.text)
}

func (z zone) dateFault(group, text string) error {
	_, err := z.date(group, text[:6])
	if err != nil {
		return err
	}
	return checked(text)
}

func (z zone) date(group, text string) (Date, error) {
	if group == GroupBirth {
		return parseBirth(text, z.now)
	}
	return parseExpiry(text, z.now)
}

// optionalFault: only a passport's personal number has a check digit of its own; a filler will do when the
// field is empty (9303-4 §4.2.2).
func (z zone) optionalFault(text string) error {
	if z.format != TD3 || trim(text) == "" {
		return nil
	}
	return checked(text)
}

func (z zone) compositeFault(digit string) error {
	covered, ok := z.covered()
	if !ok {
		return errMissing
	}
	return checked(covered + digit)
}

// covered returns what the composite check digit is over, and whether all of it is there.
func (z zone) covered() (string, bool) {
	var b strings.Builder
	for _, s := range composites[z.format] {
		if !z.has(s) {
			return "", false
		}
		b.WriteString(z.text(s))
	}
	return b.String(), true
}

func trim(s string) string { return strings.TrimRight(s, string(filler)) }
