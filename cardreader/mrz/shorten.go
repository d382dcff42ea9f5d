package mrz

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Shortens reports whether printed, an identifier of a zone as Parse returns it, can be what a name field with too
// little room keeps of a name. Issuers cut a name at its end, cut its parts down to an initial, or leave parts out
// (ICAO 9303-4 §4.2.3); they choose between the transliterations of 9303-3 §6.A, and some join what a hyphen or a
// blank separates, or separate at an apostrophe. Nothing printed shortens every name.
//
// A name with a digit, or with a character of no known transliteration, is shortened by nothing
// that is printed, because the two cannot be compared.
func Shortens(printed, name string) bool {
	letters, ok := readName(name)
	if !ok {
		return false
	}
	s := shortening{printed: strings.ReplaceAll(printed, " ", string(filler)), letters: letters, refused: map[[2]int]bool{}}
	return s.from(0, 0)
}

// letter is a letter of a name, with all the ways to write it; one with none separates the parts of the name.
type letter struct{ written []string }

func (l letter) separates() bool { return len(l.written) == 0 }

// readName reports false for a name that cannot be written in a zone as a whole.
func readName(name string) ([]letter, bool) {
	var letters []letter
	for _, r := range norm.NFC.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r): // a mark on a letter with which Unicode does not compose it
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune(",.·'’‘ʼʻ`´", r):
			letters = append(letters, letter{})
		case unicode.IsLetter(r):
			l := letter{transliterations(r)}
			if l.separates() {
				return nil, false
			}
			letters = append(letters, l)
		default:
			return nil, false
		}
	}
	return letters, true
}

// shortening compares a printed identifier with a name, letter by letter.
type shortening struct {
	printed string
	letters []letter
	refused map[[2]int]bool // where both stood when the rest did not agree: no place is tried twice
}

// from reports whether what is printed from i on shortens the name from its letter j on.
func (s *shortening) from(i, j int) bool {
	switch at := [2]int{i, j}; {
	case i == len(s.printed):
		return true
	case j == len(s.letters) || s.refused[at]:
		return false
	case s.step(i, j):
		return true
	default:
		s.refused[at] = true
		return false
	}
}

func (s *shortening) step(i, j int) bool {
	if s.printed[i] == filler { // the rest of the part, and parts behind it, may have been left out
		for ; j < len(s.letters); j++ {
			if s.letters[j].separates() && s.from(i+1, j+1) {
				return true
			}
		}
		return false
	}
	if s.letters[j].separates() {
		return s.from(i, j+1)
	}
	part, _, _ := strings.Cut(s.printed[i:], string(filler))
	for _, written := range s.letters[j].written {
		n := min(len(written), len(part)) // of a letter that is written with two the second may be cut off
		if written[:n] == part[:n] && s.from(i+n, j+1) {
			return true
		}
	}
	return false
}
