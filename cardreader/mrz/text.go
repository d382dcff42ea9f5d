package mrz

import (
	"strings"
	"unicode"
)

// unreadable replaces a character that no zone has, so that the others keep their places.
const unreadable = '?'

// lines reads text as it was typed, pasted or swiped, into lines of zone characters, and reports whether
// the last line was ended with a line break.
//
// Line breaks are CR, LF or both. Empty lines, blanks around lines and control characters (document readers
// frame what they type with STX and ETX) are dropped. Lower case counts as upper case, and « and ‹ as
// the filler, because keyboards and text recognition produce them for it. A blank inside a line is
// a filler, because a filler looks like one on paper; except where whole lines follow each other
// with blanks between, as a field of one line makes of a pasted zone. Both readings cannot apply:
// lines are whole only when they have a format's width.
func lines(text string) (out []string, ended bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	ended = strings.HasSuffix(strings.TrimRightFunc(text, func(r rune) bool { return r != '\n' && ignored(r) }), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if line = zoneText(line); line != "" {
			out = append(out, line)
		}
	}
	if len(out) == 1 {
		if whole := wholeLines(out[0]); whole != nil {
			return whole, ended
		}
	}
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], " ", string(filler))
	}
	return out, ended
}

// ignored reports whether r is a blank or a character that only controls.
func ignored(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\uFEFF' }

// zoneText maps one line to zone characters; blanks within it become one space each.
func zoneText(line string) string {
	line = strings.Map(func(r rune) rune {
		switch {
		case r == '<', r == '«', r == '‹':
			return filler
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		case unicode.IsSpace(r):
			return ' '
		case ignored(r):
			return -1
		}
		return unreadable
	}, line)
	return strings.Trim(line, " ")
}

// wholeLines splits a line at its blanks when each piece but the last has the width of one format and the
// last no more; else nil.
func wholeLines(line string) []string {
	pieces := strings.Fields(line)
	if len(pieces) < 2 {
		return nil
	}
	for _, format := range []Format{TD1, TD2, TD3} {
		count, width := format.Size()
		if len(pieces) > count || (line[0] == 'P') != (format == TD3) {
			continue
		}
		fits := len(pieces[len(pieces)-1]) <= width
		for _, piece := range pieces[:len(pieces)-1] {
			fits = fits && len(piece) == width
		}
		if fits {
			return pieces
		}
	}
	return nil
}

// split cuts a line into pieces of width characters; the last may be shorter.
func split(line string, width int) []string {
	var out []string
	for len(line) > width {
		out = append(out, line[:width])
		line = line[width:]
	}
	return append(out, line)
}

// whole returns lines that are exactly a zone of some format, which may come as one run, and its format.
func whole(in []string) ([]string, Format, bool) {
	for _, format := range []Format{TD1, TD2, TD3} {
		count, width := format.Size()
		got := in
		if len(in) == 1 && len(in[0]) == count*width {
			got = split(in[0], width)
		}
		fits := len(got) == count
		for _, line := range got {
			fits = fits && len(line) == width
		}
		if fits {
			return got, format, true
		}
	}
	return nil, 0, false
}
