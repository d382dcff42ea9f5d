package examine

import (
	"context"

	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
)

// TypedOrder lists the checks of a MRZ that was typed, in the order of a verdict.
var TypedOrder = kiosk.ExpectedOfTyped()

// typedNeeds are the checks without which a typed MRZ stands for no document at all.
var typedNeeds = []kiosk.CheckName{kiosk.CheckDigits, kiosk.CheckAccepted, kiosk.CheckDocumentDate}

// ExamineTyped examines a document without a chip, of which the clerk typed the MRZ, its lines
// separated by line breaks. Check digits find slips and no forgeries, so the level is never high. Each
// answer is reported, as in Examine; nobody is asked, so the verdict is there at once.
func (v *Examiner) ExamineTyped(ctx context.Context, typed string, report func(kiosk.Check)) Verdict {
	file, err := TypedFiles(typed)
	if err != nil {
		file = nil // and it fails as an MRZ that cannot be read
	}
	return v.ExamineTypedFile(ctx, file, report)
}

// ExamineTypedFile is ExamineTyped of the DG1 that TypedFiles makes.
func (v *Examiner) ExamineTypedFile(ctx context.Context, dg1 []byte, report func(kiosk.Check)) Verdict {
	a := v.newAnswers(ctx, report)
	var id kiosk.Identity
	a.once(kiosk.CheckDigits, func() kiosk.Check {
		z, err := lds.ParseDG1(dg1, a.now)
		if err == nil {
			id, err = mrzIdentity(z)
		}
		if err != nil {
			return failed(kiosk.ReasonMalformed, SourceMRZ)
		}
		return passed(SourceMRZ)
	})
	a.once(kiosk.CheckChipAuthenticity, func() kiosk.Check { return absent(kiosk.ReasonNoChip, SourceMRZ) })
	verdict := Verdict{Identity: id}
	if a.has(kiosk.CheckDigits) {
		a.once(kiosk.CheckAccepted, func() kiosk.Check { return checkAccepted(id) })
		a.once(kiosk.CheckDocumentDate, func() (c kiosk.Check) {
			c, verdict.Extension = a.checkDates(id)
			return c
		})
		a.once(kiosk.CheckAge, func() kiosk.Check { return a.checkAge(id) })
	}
	verdict.Checks = a.list(TypedOrder)
	verdict.Reasons = reasonsOf(verdict.Checks)
	verdict.Assurance = assess(verdict.Checks, typedNeeds)
	return verdict
}
