package evidence

import "balcao/kiosk"

// eligible reports whether what was brought and declared meets the rule for the kind of document. Where people under
// an accompaniment measure may enrol, they still have to say which they are.
func (v *verification) eligible(kind kiosk.DocumentKind) bool {
	e := kiosk.Eligibility{
		TaxNumber: v.Person.TaxNumber,
		Address:   kiosk.Seen(v.Eligibility.Address), Residence: kiosk.Seen(v.Eligibility.Residence),
		Independence: v.Eligibility.Independence,
	}
	if v.examiner.Rules.Accompanied && e.Independence == kiosk.Accompanied {
		e.Independence = kiosk.Independent
	}
	rule, known := kiosk.RuleFor(kind)
	return known && len(rule.Faults(e, v.day)) == 0
}
