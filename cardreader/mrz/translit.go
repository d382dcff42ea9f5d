package mrz

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Transliterate writes a name in Latin script with the letters of the zone, its parts separated by one
// filler: the recommended transliterations of ICAO 9303-3 §6.A, of several the first. Apostrophes and full
// stops are left out; hyphens, commas and blanks separate (§4.6). Letters with marks that the table has
// not lose their marks. Digits stay, though a name field takes none.
//
// A character of no known transliteration, such as one of another script, is left out. An empty result of
// a name that is not empty says that nothing of it could be written. The table is one of several that
// issuers use: a name in a zone may differ from what this returns, and prove nothing by that.
func Transliterate(s string) string {
	var b strings.Builder
	// Composed first: a letter and its mark may come apart, and Ä is AE while A with a mark is A.
	for _, r := range norm.NFC.String(s) {
		b.WriteString(transliterated(r))
	}
	return strings.ReplaceAll(spaced(b.String()), " ", string(filler))
}

func transliterated(r rune) string {
	if to, ok := latin[unicode.ToUpper(r)]; ok {
		return to
	}
	switch {
	case r == filler || unicode.IsSpace(r) || r == ',' || unicode.Is(unicode.Pd, r):
		return string(filler)
	case r == 'ß':
		return "SS"
	}
	var b strings.Builder
	for _, part := range norm.NFD.String(string(unicode.ToUpper(r))) {
		if part <= unicode.MaxASCII && (isLetter(byte(part)) || isDigit(byte(part))) {
			b.WriteRune(part)
		} else if to, ok := latin[part]; ok {
			b.WriteString(to)
		}
	}
	return b.String()
}

// latin has the letters whose transliteration is not the letter without its marks, in upper case. Ð, Đ,
// Ħ, Ł, Ŧ are not decomposed by Unicode; the rest become more than one letter, or another.
var latin = map[rune]string{
	'Ä': "AE", 'Å': "AA", 'Æ': "AE", 'Ð': "D", 'Ö': "OE", 'Ø': "OE", 'Ü': "UE", 'Þ': "TH",
	'Đ': "D", 'Ħ': "H", 'Ĳ': "IJ", 'ĸ': "Q", 'Ŀ': "L", 'Ł': "L", 'Ŋ': "N", 'Œ': "OE", 'Ŧ': "T",
	'ẞ': "SS",
}

// transliterations are all the ways in which a letter may be written: that of Transliterate, the others of 9303-3
// §6.A, and the letter without its marks. None of a character that cannot be written.
func transliterations(r rune) []string {
	to := transliterated(r)
	if to == "" || to == string(filler) {
		return nil
	}
	all := []string{to}
	switch unicode.ToUpper(r) {
	case 'Ñ':
		all = append(all, "NXX")
	case 'Ü':
		all = append(all, "UXX")
	case 'Ø':
		all = append(all, "O")
	}
	if plain := norm.NFD.String(string(unicode.ToUpper(r)))[0]; isLetter(plain) && string(plain) != to {
		all = append(all, string(plain))
	}
	return all
}
