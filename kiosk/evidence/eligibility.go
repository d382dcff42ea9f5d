package evidence

import (
	"strings"
	"unicode/utf8"

	"balcao/kiosk"
)

// maxClerk bounds the name of a second clerk, in characters.
const maxClerk = 60

// checkDates: a document is good from its first to its last day, both included, and longer where a law
// says so. A document that states no last day is not known to be good on any. The law's name is returned when it
// was needed.
func (a *answers) checkDates(id kiosk.Identity) (c kiosk.Check, extension string) {
	today, last := kiosk.DateOf(a.now), id.ValidUntil.Latest()
	switch {
	case today.Before(id.ValidFrom):
		return failed(kiosk.ReasonDocumentExpired, SourceClock), ""
	case !last.Before(today):
		return passed(SourceClock), ""
	case last.IsZero():
		return failed(kiosk.ReasonDocumentExpired, SourceClock), ""
	}
	if x, found := a.v.rules().Extension(id.Kind, last, today); found {
		return passed(x.Name), x.Name
	}
	return failed(kiosk.ReasonDocumentExpired, SourceClock), ""
}

// checkAge takes a person of whom the day or the month of birth is not known for as young as they may be. Who may be
// old enough and may be not is another answer than who is too young. A date that no calendar has proves no age: where the
// year that is printed would do, the clerk has to see that the person is no child, which costs the highest level.
func (a *answers) checkAge(id kiosk.Identity) kiosk.Check {
	today, least := kiosk.DateOf(a.now), a.v.rules().MinAge
	eldest := id.BirthDate
	eldest.Month, eldest.Day = max(eldest.Month, 1), max(eldest.Day, 1)
	switch {
	case least == 0:
		return passed(SourceClock)
	case id.BirthDate.IsZero():
		return failed(kiosk.ReasonAgeUnknown, SourceClock)
	case id.BirthPrinted != "" && id.BirthDate.AgeOn(today) >= least:
		return absent(kiosk.ReasonNoCalendar, SourceClock)
	case id.BirthDate.AgeOn(today) >= least:
		return passed(SourceClock)
	case eldest.AgeOn(today) >= least:
		return failed(kiosk.ReasonAgeUnknown, SourceClock)
	}
	return failed(kiosk.ReasonUnderAge, SourceClock)
}

// brought is the transcript's eligibility as the rules judge it.
func (t Transcript) brought() kiosk.Eligibility {
	return kiosk.Eligibility{
		TaxNumber: t.Person.TaxNumber,
		Address:   kiosk.Seen(t.Eligibility.Address), Residence: kiosk.Seen(t.Eligibility.Residence),
		Independence: t.Eligibility.Independence, SecondClerk: t.Eligibility.SecondClerk,
	}
}

// eligible reports whether what was brought meets the rule for the kind of document on a day. Where people under
// an accompaniment measure may enrol, they still have to say which they are.
func (v *Verifier) eligible(kind kiosk.DocumentKind, e kiosk.Eligibility, day kiosk.Date) bool {
	rule, known := kiosk.RuleFor(kind)
	if v.rules().Accompanied && e.Independence == kiosk.Accompanied {
		e.Independence = kiosk.Independent
	}
	return known && len(rule.Faults(e, day)) == 0 && utf8.RuneCountInString(e.SecondClerk) <= maxClerk
}

// secondClerk reports whether a second clerk is named.
func secondClerk(e kiosk.Eligibility) bool { return strings.TrimSpace(e.SecondClerk) != "" }
