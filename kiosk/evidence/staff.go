package evidence

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

// shiftTime is the longest shift, with the case that was running at its end.
const shiftTime = 24 * time.Hour

// StaffCard is a member of staff as the centre's tables have them, with the certificate that signed.
type StaffCard struct {
	Number      string
	Role        kiosk.Role
	Fingerprint [sha256.Size]byte // SHA-256 of the DER
}

// Shift is the one in which an enrolment was opened. Either the clerk's own card began it, and signs each enrolment, or a
// supervisor admitted the clerk, and the admission stands for that signature.
type Shift struct {
	ID         uuid.UUID
	Card       StaffCard // the clerk; without a Fingerprint when they were admitted
	SignedAt   time.Time // when it began, by the centre's clock
	Admission  []byte    // the supervisor's JWS (transcript.SignSignIn); empty when the clerk's own card began the shift
	AdmittedBy StaffCard
}

// signs reports whether the clerk's own card signs the enrolments.
func (s *Shift) signs() bool { return s != nil && s.AdmittedBy.Number == "" && len(s.Admission) == 0 }

// Decision is what a supervisor signed about a case.
type Decision struct {
	JWS []byte    // transcript.SignApproval
	By  StaffCard // whose card and role the centre's tables say it is
	At  time.Time // when it came, by the centre's clock

	Seen []kiosk.ApprovalReason // why the case waited, as the supervisor saw it
}

// checkCard decides whether a signature's certificate is a staff card's at a time, and the one that the centre knows of this
// member of staff. Its signature is not verified yet.
func (expect Expect) checkCard(by transcript.Signature, card StaffCard, at time.Time) error {
	if err := expect.StaffTrust.Check(by.Chain, at); err != nil {
		return refuse(RefusedStaffUntrusted, err)
	}
	fingerprint := sha256.Sum256(by.Chain[0])
	if subtle.ConstantTimeCompare(fingerprint[:], card.Fingerprint[:]) != 1 {
		return refuse(RefusedStaff, errors.New("another card"))
	}
	return nil
}

// matchShift compares the shift that was signed with the centre's, and verifies the admission where the clerk has no card.
func (v *verification) matchShift() error {
	shift := v.expect.Shift
	if shift == nil {
		if v.Shift != uuid.Nil || v.Staff != "" || len(v.Admission) > 0 {
			return refuse(RefusedStaff, errors.New("a shift of an enrolment without one"))
		}
		return nil
	}
	switch {
	case v.Shift != shift.ID || shift.ID == uuid.Nil || v.Staff != shift.Card.Number || v.Staff == "":
		return refuse(RefusedStaff, errors.New("another shift"))
	case shift.Card.Role != kiosk.RoleClerk && shift.Card.Role != kiosk.RoleSupervisor:
		return refuse(RefusedStaff, errors.New("a role that enrols nobody"))
	case v.SignedAt.Before(shift.SignedAt.Add(-clockSkew)) || v.SignedAt.After(shift.SignedAt.Add(shiftTime)):
		return refuse(RefusedStaff, errors.New("outside of the shift"))
	case v.Eligibility.SecondClerk != nil:
		return refuse(RefusedForm, errors.New("a second clerk that was typed"))
	case shift.signs() && len(v.Admission) > 0:
		return refuse(RefusedStaff, errors.New("an admission of somebody who has a card"))
	case shift.signs():
		return nil
	case !hashes(v.Admission, shift.Admission):
		return refuse(RefusedAdmission, errors.New("another admission"))
	}
	return v.expect.checkAdmission()
}

// checkAdmission verifies that a supervisor let this clerk begin this shift at this desk.
func (expect Expect) checkAdmission() error {
	shift := expect.Shift
	claimed, err := transcript.ParseSignIn(shift.Admission)
	if err != nil {
		return refuse(RefusedAdmission, err)
	}
	a := claimed.Said
	switch {
	case a.Shift != shift.ID || a.Desk != expect.Desk || a.Admits != shift.Card.Number || a.Admits == "":
		return refuse(RefusedAdmission, errors.New("for another clerk, desk or shift"))
	case shift.AdmittedBy.Role != kiosk.RoleSupervisor:
		return refuse(RefusedAdmission, errors.New("not by a supervisor"))
	case shift.AdmittedBy.Number == shift.Card.Number:
		return refuse(RefusedAdmission, errors.New("by the clerk themself"))
	case !near(a.At, shift.SignedAt):
		return refuse(RefusedAdmission, errors.New("at another time"))
	}
	if err := expect.checkCard(claimed.Signature, shift.AdmittedBy, a.At); err != nil {
		return refuse(RefusedAdmission, err)
	}
	if err := claimed.Verify(); err != nil {
		return refuse(RefusedAdmission, err)
	}
	return nil
}

// fourEyes says why a supervisor has to decide about what was verified, and what they decided.
func (v *verification) fourEyes(verified *Verified) (err error) {
	verified.Reasons = v.reasons(verified)
	d := v.expect.Decision
	if d == nil {
		return nil
	}
	if verified.Decision, verified.Declined, err = v.decided(); err != nil {
		return err
	}
	if r := kiosk.ApproveRevocation; slices.Contains(verified.Reasons, r) && !slices.Contains(d.Seen, r) {
		return &Refusal{Reason: string(kiosk.ReasonRevocationUnknown), Temporary: true} // somebody answered when the supervisor looked
	}
	return nil
}

// decided verifies what a supervisor signed about this enrolment.
func (v *verification) decided() (kiosk.Decision, kiosk.RefusalReason, error) {
	d := v.expect.Decision
	claimed, err := transcript.ParseApproval(d.JWS)
	if err != nil {
		return "", "", refuse(RefusedApproval, err)
	}
	a := claimed.Said
	switch {
	case a.Enrolment != v.expect.Enrolment || !hashes(a.Transcript, v.signed.Payload):
		return "", "", refuse(RefusedApproval, errors.New("about another enrolment"))
	case d.By.Role != kiosk.RoleSupervisor:
		return "", "", refuse(RefusedApproval, errors.New("not by a supervisor"))
	case v.concerned(d.By):
		return "", "", refuse(RefusedSamePerson, nil)
	case !near(a.At, d.At) || a.At.Before(v.SignedAt.Add(-clockSkew)):
		return "", "", refuse(RefusedApproval, errors.New("at another time"))
	}
	if err := v.expect.checkCard(claimed.Signature, d.By, a.At); err != nil {
		return "", "", refuse(RefusedApproval, err)
	}
	if err := claimed.Verify(); err != nil {
		return "", "", refuse(RefusedApproval, err)
	}
	return kiosk.Decision(a.Decision), kiosk.RefusalReason(a.Reason), nil
}

// concerned reports whether somebody enrolled this person, or admitted who did: by number and by card.
func (v *verification) concerned(by StaffCard) bool {
	shift := v.expect.Shift
	if shift == nil {
		return false
	}
	is := func(o StaffCard) bool {
		return o.Number != "" && (by.Number == o.Number || by.Fingerprint == o.Fingerprint)
	}
	return is(shift.Card) || is(shift.AdmittedBy)
}

// reasons are why a supervisor has to decide, in the order of their constants.
func (v *verification) reasons(verified *Verified) (why []kiosk.ApprovalReason) {
	rules := v.examiner.Rules
	if v.expect.Shift == nil { // opened before staff signed in: as it was then
		rules.ApproveExtension, rules.ApprovePhoto, rules.ApproveBelow = false, false, kiosk.LevelNone
	}
	if v.expect.errandName() == "suspend" { // which anybody who knows the holder's number may do at their word
		return nil
	}
	weaker := rules.ApproveBelow == kiosk.LevelHigh
	if r := v.expect.Record; r != nil {
		weaker = weaker || r.Level == string(kiosk.LevelHigh) // what was had with a document is not changed with less
	}
	unknown := false
	for _, c := range verified.Checks {
		unasked := c.Reason == kiosk.ReasonRevocationUnknown || c.Reason == kiosk.ReasonRevocationList
		unknown = unknown || unasked && c.Result == kiosk.Absent
	}
	for _, r := range []struct {
		name kiosk.ApprovalReason
		is   bool
	}{
		{kiosk.ApproveTyped, v.expect.Typed && rules.TypedMRZ == kiosk.TypedSecond},
		{kiosk.ApproveRevocation, unknown},
		{kiosk.ApproveExtension, v.Eligibility.Extension != "" && rules.ApproveExtension},
		{kiosk.ApprovePhoto, v.PhotoPrinted && rules.ApprovePhoto},
		{kiosk.ApproveLevel, weaker && verified.Level != kiosk.LevelHigh},
		{kiosk.ApproveDoubt, v.expect.Doubt},
		{kiosk.ApproveRenewal, !v.expect.enrols() && v.expect.errand().Renews && !v.agrees(verified.Identity)},
	} {
		if r.is {
			why = append(why, r.name)
		}
	}
	return why
}

// near reports whether a desk's clock and the centre's mean one time.
func near(desk, centre time.Time) bool { return desk.Sub(centre).Abs() <= clockSkew }
