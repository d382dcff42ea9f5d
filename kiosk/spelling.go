package kiosk

import (
	"strings"
	"unicode/utf8"

	"balcao/cardreader/mrz"
)

// MaxName is how many characters surname and given names together may have: more than any person's, and less than
// screens and evidence can take.
const MaxName = 200

// Spelling is a person's names as they were typed, where a document may have cut them off.
type Spelling struct{ Surname, GivenNames string }

// SpellingFault is why names that were typed are not taken in place of the document's.
type SpellingFault string

// Why names are not taken.
const (
	SpellingUnasked    SpellingFault = "unasked"     // the document states whole names
	SpellingMissing    SpellingFault = "missing"     // nothing was typed
	SpellingLong       SpellingFault = "long"        // more than MaxName characters
	SpellingSurname    SpellingFault = "surname"     // cannot be what the zone has cut off
	SpellingGivenNames SpellingFault = "given_names" // cannot be what the zone has cut off
)

// Spelled returns the identity with names that were typed, without superfluous blanks, in place of those that its
// document may have cut off (Doc 9303-3 §4.6). They have to be names of which the machine-readable zone can be a
// part: see mrz.Shortens. Otherwise the identity is returned as it is, with the reason.
func (i Identity) Spelled(typed Spelling) (Identity, SpellingFault) {
	surname, given := strings.Join(strings.Fields(typed.Surname), " "), strings.Join(strings.Fields(typed.GivenNames), " ")
	switch {
	case i.NameSource != NameCut:
		return i, SpellingUnasked
	case surname+given == "":
		return i, SpellingMissing
	case utf8.RuneCountInString(surname+given) > MaxName:
		return i, SpellingLong
	// A zone with given names only is of somebody without a surname.
	case i.MRZSurname == "" && surname != "" || !mrz.Shortens(i.MRZSurname, surname):
		return i, SpellingSurname
	case given != "" && !mrz.Shortens(i.MRZGivenNames, given) || given == "" && i.MRZGivenNames != "":
		return i, SpellingGivenNames
	}
	i.Surname, i.GivenNames, i.NameSource = surname, given, NameTyped
	return i, ""
}
