package evidence

import (
	"strings"
	"unicode/utf8"

	"balcao/kiosk"
)

// maxClerk bounds the name of a second clerk, in characters.
const maxClerk = 60

// eligible reports whether what was brought and declared meets the rule for the kind of document. Where people under
// an accompaniment measure may enrol, they still have to say which they are.
func (v *verification) eligible(kind kiosk.DocumentKind) bool {
	e := kiosk.Eligibility{
		TaxNumber: v.Person.TaxNumber,
		Address:   kiosk.Seen(v.Eligibility.Address), Residence: kiosk.Seen(v.Eligibility.Residence),
		Independence: v.Eligibility.Independence, SecondClerk: v.Eligibility.SecondClerk,
	}
	if v.examiner.Rules.Accompanied && e.Independence == kiosk.Accompanied {
		e.Independence = kiosk.Independent
	}
	rule, known := kiosk.RuleFor(kind)
	return known && len(rule.Faults(e, v.day)) == 0 && utf8.RuneCountInString(e.SecondClerk) <= maxClerk
}

// secondClerk reports whether a second clerk is named.
func (v *verification) secondClerk() bool { return strings.TrimSpace(v.Eligibility.SecondClerk) != "" }
