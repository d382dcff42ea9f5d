package examine

import "balcao/kiosk"

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
