package mrz

import (
	"strings"
	"unicode"
)

// A document reader types as a keyboard does: it sends keys, and the desk makes characters of them by its own
// layout. When the reader was set up for another one, what arrives is each character's neighbour in the wrong
// layout: a filler typed for a US keyboard is ';' on a Portuguese one, and A is Q on a French one.

// keyboard is the characters of the keys that a zone needs, row by row from the digits down, and the key
// between shift and Z last; first without shift, then with it.
type keyboard struct{ plain, shifted string }

var keyboards = []keyboard{
	{`1234567890qwertyuiopasdfghjkl;zxcvbnm,./<`, `!@#$%^&*()QWERTYUIOPASDFGHJKL:ZXCVBNM<>?>`}, // US
	{`1234567890qwertyuiopasdfghjklçzxcvbnm,.-<`, `!"#$%&/()=QWERTYUIOPASDFGHJKLÇZXCVBNM;:_>`}, // Portugal; Spain, Italy and the North alike
	{`1234567890qwertzuiopasdfghjklöyxcvbnm,.-<`, `!"§$%&/()=QWERTZUIOPASDFGHJKLÖYXCVBNM;:_>`}, // Germany, Austria, Switzerland
	{`&é"'(-è_çàazertyuiopqsdfghjklmwxcvbn,;:!<`, `1234567890AZERTYUIOPQSDFGHJKLMWXCVBN?./§>`}, // France
	{`&é"'(§è!çàazertyuiopqsdfghjklmwxcvbn,;:=<`, `1234567890AZERTYUIOPQSDFGHJKLMWXCVBN?./+>`}, // Belgium
	{`1234567890qwertyuiopasdfghjkl;zxcvbnm,./\`, `!"£$%^&*()QWERTYUIOPASDFGHJKL:ZXCVBNM<>?|`}, // United Kingdom
}

// readings returns what a text can be: first as it is, then with what no zone has taken for the filler, then as
// a reader with each other layout would have meant it. A text that has nothing but what zones have is one reading
// only: to exchange letters until check digits fit would hide slips of the hand.
func readings(text string) []string {
	out := []string{text}
	if !strings.ContainsFunc(text, foreign) {
		return out
	}
	if filled := foreignFiller(text); filled != text {
		out = append(out, filled)
	}
	for _, reader := range keyboards {
		for _, desk := range keyboards {
			if meant := translate(text, reader, desk); meant != text {
				out = append(out, meant)
			}
		}
	}
	return out
}

// foreign reports whether no zone has the character, nor anything that stands for one of its characters.
func foreign(r rune) bool { return !ignored(r) && zoneText(string(r)) == string(unreadable) }

// foreignFiller takes the foreign character that occurs most for the filler, where there is no other: no name
// field is without two fillers side by side, between the names or behind them.
func foreignFiller(text string) string {
	if strings.ContainsAny(text, "<«‹") {
		return text
	}
	counts := map[rune]int{}
	most := rune(0)
	for _, r := range text {
		if foreign(r) {
			counts[r]++
			if counts[r] > counts[most] {
				most = r
			}
		}
	}
	if most == 0 || !strings.Contains(text, string([]rune{most, most})) {
		return text
	}
	return strings.ReplaceAll(text, string(most), string(filler))
}

// translate gives each character back to the key that was sent, and reads that key in the reader's
// layout.
func translate(text string, reader, desk keyboard) string {
	meant := map[rune]rune{}
	for _, side := range [][2][]rune{{[]rune(desk.plain), []rune(reader.plain)}, {[]rune(desk.shifted), []rune(reader.shifted)}} {
		for at, r := range side[0] {
			if c := unicode.ToUpper(side[1][at]); r != side[1][at] && c < unicode.MaxASCII && isZone(byte(c)) {
				meant[r] = c
			}
		}
	}
	return strings.Map(func(r rune) rune {
		if c, ok := meant[r]; ok {
			return c
		}
		return r
	}, text)
}
