package evidence

import (
	"context"
	"errors"

	"balcao/kiosk"
	"balcao/kiosk/examine"
)

// verifyTravel is Verify for passports and residence documents, once the desk's signature has been believed and the
// transcript is this enrolment's.
func (v *verification) verifyTravel(ctx context.Context) (*Verified, error) {
	if !v.PhotoCompared {
		return nil, refuse(RefusedComparison, nil)
	}
	groups, err := examine.ParseFiles(v.sent.Identity)
	if err != nil {
		return nil, refuse(RefusedForm, err)
	}
	verdict, err := v.examineTravel(ctx, groups)
	if err != nil {
		return nil, err
	}
	if verdict.Assurance.Level == kiosk.LevelNone || unanswered(verdict) {
		return nil, errUnanswered
	}
	verified := v.verified(verdict)
	verified.Kept = examine.KeptBytes(groups)
	return verified, nil
}

func (v *verification) examineTravel(ctx context.Context, groups map[int][]byte) (examine.Verdict, error) {
	if v.expect.Typed {
		return v.examineTyped(ctx, groups)
	}
	access, err := examine.ParseAccess(v.Document.Access)
	if err != nil {
		return examine.Verdict{}, refuse(RefusedForm, err)
	}
	ex := v.examiner.ExamineTravel(ctx, nil)
	ex.Update(examine.TravelFiles{SOD: v.sent.SOD, Groups: groups, Access: access})
	verdict := ex.Wait()
	if len(verdict.Reasons) == 0 && ex.Hidden() {
		return verdict, refuse(RefusedDocument, errors.New("files that the State signed are missing"))
	}
	verdict.Identity = v.person(verdict.Identity)
	if err := v.matchVerdict(verdict); err != nil {
		return verdict, err
	}
	if err := v.checkProof(groups); err != nil {
		return verdict, err
	}
	ex.Proven()
	if v.PhotoPrinted {
		ex.PhotoUnshown()
	}
	proven := ex.Verdict()
	proven.Identity = verdict.Identity
	return proven, nil
}

// person is the document's identity with what it does not say: the tax number with which the enrolment was opened, and
// the names that the person agreed to, if they are names that the document can have cut off.
func (v *verification) person(id kiosk.Identity) kiosk.Identity {
	id.TaxNumber = v.expect.TaxNumber
	if v.Person.NameSource != kiosk.NameTyped {
		return id
	}
	id, _ = id.Spelled(kiosk.Spelling{Surname: v.Person.Surname, GivenNames: v.Person.GivenNames})
	return id
}

// examineTyped examines a document of which only the MRZ was typed: what the desk declares, and nothing that a State
// signed.
func (v *verification) examineTyped(ctx context.Context, groups map[int][]byte) (verdict examine.Verdict, err error) {
	switch rule := v.examiner.Rules.TypedMRZ; {
	case len(groups) != 1 || len(v.sent.Proof) > 0:
		return verdict, refuse(RefusedForm, errors.New("a chip's files of a document without one"))
	case rule != kiosk.TypedSecond && rule != kiosk.TypedAllowed:
		return verdict, refuse(RefusedTyped, nil)
	}
	verdict = v.examiner.ExamineTypedFile(ctx, v.sent.Identity, nil)
	verdict.Identity = v.person(verdict.Identity)
	return verdict, v.matchVerdict(verdict)
}
