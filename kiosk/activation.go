package kiosk

import "bytes"

// ActivationAlphabet is what activation codes and "this was not me" codes are made of: digits and capitals without those
// that look alike. Ten of 31 are 49 bits, where 40 are asked for (NIST SP 800-63A-4 §3.8).
const ActivationAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// ActivationLength is the number of characters of such a code. It is shown in two groups of five.
const ActivationLength = 10

// ParseActivationCode returns a code as it was made from one that was typed, in whatever case, with spaces or hyphens; false
// when it cannot be one. What it returns is a copy, to be wiped like what was typed.
func ParseActivationCode(typed []byte) ([]byte, bool) {
	code := make([]byte, 0, ActivationLength)
	for _, c := range typed {
		switch {
		case c == ' ' || c == '-':
			continue
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		if len(code) == ActivationLength || bytes.IndexByte([]byte(ActivationAlphabet), c) < 0 {
			clear(code)
			return nil, false
		}
		code = append(code, c)
	}
	return code, len(code) == ActivationLength
}

// PostalAddress is where a letter goes, as the clerk typed it from a proof of address. It is personal: the centre deletes
// it once the letter is printed. Field order is the canonical order of its hash in the transcript.
type PostalAddress struct {
	Name     string   `json:"name"`
	Lines    []string `json:"lines"` // street and door, one to three
	Postcode string   `json:"postcode"`
	Town     string   `json:"town"`
	Country  string   `json:"country"` // ISO 3166-1 alpha-3
}

// The channels of an activation code: SMS, Email, and by post.
const Letter Channel = "letter"

// ActivationFacts is where an activation code goes whose receiver cannot be proven on the spot.
type ActivationFacts struct {
	Channel Channel       // SMS, Email or Letter
	Value   string        // E.164 or addr-spec; of a letter nothing
	Address PostalAddress // of a letter
}

// NumberFact is a number by which portals know the person, and how the desk knows it.
type NumberFact struct {
	Kind   string // nif, niss or nsns
	Value  string // digits
	Source string // chip, paper or said
	Paper  string // of a paper that the clerk saw: its kind
}
