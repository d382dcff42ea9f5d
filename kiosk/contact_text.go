package kiosk

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What is pasted brings characters along that nobody sees: marks of writing direction around a number from a list of
// contacts, soft hyphens and joiners from a web page, wide digits from an Asian keyboard.

// visible returns a text without what cannot be seen, with one kind of blank, and compatibility characters such as
// wide digits as the plain ones (Unicode NFKC).
func visible(text string) string {
	text = norm.NFKC.String(text)
	var b strings.Builder
	before := rune(0)
	for _, r := range text {
		switch {
		case joiner(r) && before > unicode.MaxASCII: // part of a domain in some scripts (RFC 5892, appendix A)
			b.WriteRune(r)
		case unhidden(r):
			if unicode.IsSpace(r) && r != '\n' && r != '\r' {
				r = ' '
			}
			b.WriteRune(r)
		}
		before = r
	}
	return strings.TrimSpace(b.String())
}

func joiner(r rune) bool { return r == '\u200C' || r == '\u200D' }

// unhidden is false of format characters (Unicode Cf), variation selectors and the Hangul and Braille blanks.
func unhidden(r rune) bool {
	return !unicode.In(r, unicode.Cf, unicode.Variation_Selector) && !strings.ContainsRune("\u115F\u1160\u2800\u3164\uFFA0", r)
}

// StrangeCharacter returns the first character of a contact that neither a phone number nor an e-mail address has at
// its place, 0 when there is none: what is wrong lies elsewhere then.
func StrangeCharacter(channel Channel, text string) rune {
	text = visible(text)
	if channel == SMS {
		return first(text, notInPhone)
	}
	local, domain, _ := strings.Cut(text, "@")
	if r := first(local, notInLocal); r != 0 {
		return r
	}
	return first(domain, notInDomain)
}

func first(text string, strange func(rune) bool) rune {
	for _, r := range text {
		if strange(r) {
			return r
		}
	}
	return 0
}

// notInDomain reports whether r is in no domain, internationalised ones included.
func notInDomain(r rune) bool {
	return r != '.' && r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.N) && !joiner(r)
}
