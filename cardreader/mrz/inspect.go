package mrz

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// GroupState says how far a group is.
type GroupState int

// States of a group.
const (
	GroupMissing GroupState = iota // not typed yet, or not all of it
	GroupRight                     // every check there is for it is passed
	GroupWrong                     // wrong, whatever is typed after it
)

// String returns the state's name: "missing", "right" or "wrong".
func (s GroupState) String() string {
	return map[GroupState]string{GroupMissing: "missing", GroupRight: "right", GroupWrong: "wrong"}[s]
}

// Group is characters that belong together, such as a date and its check digit.
type Group struct {
	Name     string // GroupCode to GroupComposite
	Line     int    // index in Inspection.Lines
	From, To int    // the characters [From, To) of that line, which may be shorter while it is typed
	State    GroupState
	// Corrections are single characters, taken for one that looks like it, that mend a wrong group: at most
	// four. First come those that make the composite check digit right as well, then those that make the
	// group right, then those that only replace a character that cannot stand there; among equals those
	// that leave letters with letters and digits with digits.
	Corrections []Correction
	// Twins are the corrections of a right group that no check digit can tell from what is typed: G for 6
	// and 6 for G in document numbers and optional data. They are worth offering when a chip refuses the key.
	Twins []Correction
}

// Correction is one character in another's place.
type Correction struct {
	Line, At int // index in Inspection.Lines, and of the character in that line
	Was, Now byte
	Text     string // all lines with the correction, joined by '\n'
}

// Inspection is what can be said of a zone while it is typed.
type Inspection struct {
	// Format is 0 as long as it is not known: of TD1 and TD2 which one it is shows only with the document
	// number or the name.
	Format   Format
	Lines    []string // as understood so far: upper case, no separators; '?' for a character that no zone has
	Complete bool     // as many lines and characters as the format has
	Valid    bool     // Parse of the Lines succeeds
	MRZ      MRZ      // when Valid
	Err      error    // why it is not Valid: an *Error as Parse gives; nil while only characters are missing
	// Groups in reading order; none before the first character. A long document number of TD1 or TD2 has two
	// groups of the same name and state, the second in the optional data; corrections are with the first.
	Groups []Group
}

// Inspect reads as much of a zone as there is. It takes text as Parse does and is more patient: lines may
// break or not, and a line that ends in the names, or in optional data, may be ended with a line break
// without typing all their fillers, which go up to the next check digit. now is as for Parse.
func Inspect(text string, now time.Time) Inspection {
	z := arrange(text, now)
	i := z.inspect()
	for at := range i.Groups {
		z.suggest(&i, at)
	}
	return i
}

// arrange finds what was meant, the format, and brings the lines into its shape. Of several readings the first
// that is a zone in which everything is right decides.
func arrange(text string, now time.Time) zone {
	for _, meant := range readings(text) {
		in, _ := lines(meant)
		if got, format, ok := whole(in); ok {
			if z := (zone{format, got, now}); z.valid() {
				return z
			}
		}
	}
	in, ended := lines(foreignFiller(text))
	if len(in) == 0 {
		return zone{now: now}
	}
	z := zone{recognise(in), in, now}
	if z.format == 0 {
		return z
	}
	_, width := z.format.Size()
	last := len(in) - 1
	z.lines = append(slices.Clone(in[:last]), split(in[last], width)...)
	for _, f := range layouts[z.format] {
		least, end := z.format.filled(f)
		if at := f.line; end > 0 && (at < len(z.lines)-1 || at == len(z.lines)-1 && ended) {
			if line := z.lines[at]; len(line) >= least && len(line) < end {
				z.lines[at] = padded(line, end)
			}
		}
	}
	return z
}

// filled returns up to where fillers take the place of what a field has not, and from how many characters of its
// line on that is meant; zeros for fields that are always full. A check digit is never filled in.
func (format Format) filled(f field) (least, end int) {
	switch f.group {
	case GroupNames:
		return f.from + 1, f.to
	case GroupOptional:
		if format == TD3 { // a passport's personal number has a check digit of its own
			return f.from, f.to - 1
		}
		return f.from, f.to
	case GroupOptional2:
		return f.from, f.to
	}
	return 0, 0
}

// recognise tells the format from what there is, 0 when that is not enough. Passports say P. The others begin
// alike: a line break after 30 or 36 characters decides, else what follows the issuer, since
// document numbers (TD1) have digits and names (TD2) have not. One digit may be a slip in a name.
func recognise(in []string) Format {
	first := in[0]
	switch {
	case first[0] == 'P':
		return TD3
	case first[0] == 'V':
		return 0
	}
	if len(in) > 1 {
		for _, format := range []Format{TD1, TD2, TD3} {
			if _, width := format.Size(); len(first) == width {
				return format
			}
		}
	}
	const (
		issuerEnds = 5
		numberEnds = 15
		birthEnds  = 36 // of a TD1 without line breaks, and where the line of a TD2 ends
	)
	digits := 0
	for at := issuerEnds; at < min(len(first), birthEnds); at++ {
		if isDigit(first[at]) {
			digits++
		}
	}
	switch {
	case digits > 1, len(in) > 2:
		return TD1
	case len(first) < numberEnds && len(in) == 1:
		return 0
	case digits == 1 && len(first) >= numberEnds && len(first) < birthEnds && isDigit(first[numberEnds-1]):
		return TD1 // a number of letters and its check digit
	}
	return TD2
}

func (z zone) valid() bool {
	_, err := z.parse()
	return err == nil
}

// complete reports whether the lines are exactly the format's.
func (z zone) complete() bool {
	_, format, ok := whole(z.lines)
	return ok && format == z.format && len(z.lines) > 1
}

// inspect says everything but corrections.
func (z zone) inspect() Inspection {
	i := Inspection{Format: z.format, Lines: z.lines, Complete: z.complete()}
	if len(z.lines) == 0 {
		return i
	}
	if i.Complete {
		var err error
		i.MRZ, err = z.parse()
		i.Valid, i.Err = err == nil, err
	}
	for _, f := range z.groups() {
		err := z.fault(f)
		g := Group{Name: f.group, Line: f.line, From: f.from, To: f.to, State: stateOf(err)}
		i.Groups = append(i.Groups, g)
		if g.State == GroupWrong && i.Err == nil {
			i.Err = &Error{Group: f.group, Line: f.line, Err: err}
		}
	}
	if i.Err == nil && !i.Valid {
		i.Err = z.misshapen()
	}
	return i
}

func stateOf(fault error) GroupState {
	switch {
	case fault == nil:
		return GroupRight
	case errors.Is(fault, errMissing):
		return GroupMissing
	}
	return GroupWrong
}

// misshapen finds lines that no more typing makes right: too many, too long, or ended too early.
func (z zone) misshapen() error {
	count, width := z.format.Size()
	if z.format == 0 {
		return nil
	}
	for at, line := range z.lines {
		if at >= count || len(line) > width || len(line) < width && at < len(z.lines)-1 {
			return &Error{Line: at, Err: ErrFormat}
		}
	}
	return nil
}

// groups is the layout, with the optional data divided where a document number goes on in it. Of a format
// not yet known it is what all have.
func (z zone) groups() []field {
	if z.format == 0 {
		return layouts[TD1][:2]
	}
	var out []field
	n, _ := z.number()
	for _, f := range layouts[z.format] {
		if f.group == GroupOptional && n.overflow.len() > 0 {
			out = append(out, field{GroupNumber, n.overflow})
			f.from = n.overflow.to
		}
		out = append(out, f)
	}
	return out
}

// with returns the zone with one character replaced.
func (z zone) with(line, at int, c byte) zone {
	changed := []byte(z.lines[line])
	changed[at] = c
	z.lines = slices.Clone(z.lines)
	z.lines[line] = string(changed)
	return z
}

func (z zone) joined() string { return strings.Join(z.lines, "\n") }
