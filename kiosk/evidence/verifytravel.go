package evidence

import (
	"context"
	"errors"

	"balcao/kiosk"
)

// verifyTravel is Verify for passports and residence documents, once the desk's signature has been believed and the
// transcript is this enrolment's. Payload is the transcript as it was signed.
func (v *Verifier) verifyTravel(ctx context.Context, t Transcript, payload []byte, bundle Bundle, expect Expect) (*Verified, error) {
	if !t.PhotoCompared {
		return nil, refuse(RefusedComparison, nil)
	}
	groups, err := ParseEvidenceFiles(bundle.Identity)
	if err != nil {
		return nil, refuse(RefusedForm, err)
	}
	if expect.Typed {
		return v.verifyTyped(ctx, t, groups, bundle, expect)
	}
	access, err := parseAccess(t.Document.Access)
	if err != nil {
		return nil, refuse(RefusedForm, err)
	}
	ex := v.examineTravelAt(ctx, v.signedAt(t), nil)
	ex.atCentre = true
	ex.Update(TravelFiles{SOD: bundle.SOD, Groups: groups, Access: access})
	verdict := ex.Wait()
	if err := refusalOf(verdict); err != nil {
		return nil, err
	}
	if ex.hidden() {
		return nil, refuse(RefusedDocument, errors.New("files that the State signed are missing"))
	}
	verdict.Identity.TaxNumber = expect.TaxNumber
	if err := v.matchPerson(t, verdict, expect); err != nil {
		return nil, err
	}
	if err := checkProof(ex.proof, groups, bundle, payload); err != nil {
		return nil, err
	}
	ex.proven()
	verified := v.verified(t, verdict, atCentre(t, ex.Verdict().Checks, kiosk.CheckPrinted))
	verified.Level = ex.assess(verified.Checks).Level
	verified.Kept = joinGroups(groups, keptGroups)
	if verified.Level == kiosk.LevelNone || unanswered(verified.Checks) {
		return nil, refuse(RefusedForm, errors.New("checks without an answer"))
	}
	return verified, nil
}

// hidden reports whether the SOD lists evidence files that did not come along: a desk could leave away a key that
// the chip cannot prove.
func (e *TravelExamination) hidden() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, number := range evidenceGroups {
		if _, signed := e.object.Hashes[number]; signed && len(e.files.Groups[number]) == 0 {
			return true
		}
	}
	return false
}

// proven records that the chip proved its key, which checkProof has verified, if it has one.
func (e *TravelExamination) proven() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.proof == ProofNone {
		return
	}
	for _, name := range []kiosk.CheckName{kiosk.CheckOriginal, kiosk.CheckKey} {
		e.once(name, func() kiosk.Check { return passed(SourceChip) })
	}
}

// unanswered reports whether a check is still open. Examinations answer all that they can, so it is a mistake of ours
// that has to cost an enrolment rather than pass one.
func unanswered(checks []kiosk.Check) bool {
	for _, c := range checks {
		if c.Result == kiosk.Pending {
			return true
		}
	}
	return false
}

// verifyTyped verifies a document of which only the machine-readable zone was typed: what the desk declares, and nothing
// that a State signed.
func (v *Verifier) verifyTyped(ctx context.Context, t Transcript, groups map[int][]byte, bundle Bundle, expect Expect) (*Verified, error) {
	switch {
	case len(groups) != 1 || len(bundle.Proof) > 0:
		return nil, refuse(RefusedForm, errors.New("a chip's files of a document without one"))
	case v.rules().TypedMRZ == kiosk.TypedSecond && !secondClerk(t.brought()):
		return nil, refuse(RefusedSecondClerk, nil)
	case v.rules().TypedMRZ != kiosk.TypedSecond && v.rules().TypedMRZ != kiosk.TypedAllowed:
		return nil, refuse(RefusedTyped, nil)
	}
	verdict := v.examineTypedAt(ctx, v.signedAt(t), groups[groupZone], nil)
	if err := refusalOf(verdict); err != nil {
		return nil, err
	}
	verdict.Identity.TaxNumber = expect.TaxNumber
	if err := v.matchPerson(t, verdict, expect); err != nil {
		return nil, err
	}
	verified := v.verified(t, verdict, verdict.Checks)
	verified.Level = verdict.Assurance.Level
	verified.Kept = joinGroups(groups, keptGroups)
	if verified.Level != kiosk.LevelSubstantial || unanswered(verified.Checks) {
		return nil, refuse(RefusedForm, errors.New("checks without an answer"))
	}
	return verified, nil
}
