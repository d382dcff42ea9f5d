package mrz

import (
	"strings"
)

// readNames takes the name field apart (ICAO 9303-3 §4.6): the primary identifier, two fillers, the
// secondary; one filler between parts.
func (m *MRZ) readNames(text string) {
	name := trim(text)
	m.Truncated = len(name) == len(text)
	m.Surname, m.GivenNames = identifiers(name)
	if joined(m.Surname, m.GivenNames) != name {
		m.NameField = name
	}
}

// identifiers splits a name at its first two fillers. More fillers than there should be count as one.
func identifiers(name string) (primary, secondary string) {
	primary, secondary, _ = strings.Cut(name, "<<")
	return spaced(primary), spaced(secondary)
}

func spaced(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == filler }), " ")
}

// joined is the name as the field has it, without fillers at the end.
func joined(primary, secondary string) string {
	name := strings.ReplaceAll(primary, " ", string(filler))
	if secondary != "" {
		name += "<<" + strings.ReplaceAll(secondary, " ", string(filler))
	}
	return name
}

// nameField writes a name into a field of n characters.
func (m MRZ) nameField(n int) (string, error) {
	if name := m.NameField; name != "" {
		primary, secondary := identifiers(name)
		if len(name) > n || trim(name) != name || primary != m.Surname || secondary != m.GivenNames {
			return "", ErrFormat
		}
		return padded(name, n), nil
	}
	primary, secondary := Transliterate(m.Surname), Transliterate(m.GivenNames)
	if primary == "" && (secondary == "" || m.Surname != "") {
		return "", ErrFormat
	}
	return padded(truncated(primary, secondary, n), n), nil
}

// truncated joins the identifiers in at most n characters. 9303-4 §4.2.3 leaves to the issuer how to
// shorten a name that is too long, but wants some of both identifiers kept and the last character to be
// a letter, which tells the reader that something may be missing. Here the secondary identifier is cut
// first; the primary one only where nothing of the secondary would be left.
func truncated(primary, secondary string, n int) string {
	if secondary == "" {
		return cut(primary, n)
	}
	least := min(2, len(secondary))
	if least == 2 && secondary[1] == filler {
		least = 1
	}
	primary = cut(primary, n-2-least)
	return primary + "<<" + cut(secondary, n-2-len(primary))
}

// cut shortens a name of parts to n characters that end with a letter. Where a filler would be last, the
// longest part gives up a letter, so that one of the next part comes into view.
func cut(name string, n int) string {
	for len(name) > n && name[n-1] == filler {
		parts := strings.Split(name, string(filler))
		longest := 0
		for i, part := range parts {
			if len(part) > len(parts[longest]) {
				longest = i
			}
		}
		if len(parts[longest]) == 1 {
			return trim(name[:n]) // initials only
		}
		parts[longest] = parts[longest][:len(parts[longest])-1]
		name = strings.Join(parts, string(filler))
	}
	return name[:min(n, len(name))]
}

func padded(s string, n int) string { return s + strings.Repeat(string(filler), n-len(s)) }
