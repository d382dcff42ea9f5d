// Package evidence verifies an enrolment at the centre. The centre believes none of the desk's verdicts: Verify repeats
// all of it from the signed bytes and what the centre itself knows (Expect), and says in a *Refusal why not.
package evidence

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
)

// oldest is how old evidence may be: a case waits for a supervisor thirty days at most (setting approval_hours), and a day for
// whatever is out of order. What is older was taken from somewhere and put back.
const oldest = 31 * 24 * time.Hour

// clockSkew is how far a desk's clock may be from the centre's.
const clockSkew = 5 * time.Minute

// Reasons of a Refusal, beside the kiosk.Reason… of the document's checks.
const (
	RefusedSignature = "signature_invalid"  // not signed by the certificate it names, or not a JWS as it must be
	RefusedForm      = "evidence_malformed" // signed, but not a transcript
	RefusedEnrolment = "enrolment_mismatch" // of another enrolment: replayed
	RefusedChallenge = "challenge_mismatch" // over another challenge
	RefusedDesk      = "desk_mismatch"      // from another desk, signed by one, or by none
	RefusedAuthority = "desk_untrusted"     // signed with a certificate that is no desk's, or is not the desk's any more
	RefusedTime      = "time_mismatch"      // opened or signed at another time
	RefusedContact   = "contact_mismatch"   // about other contacts than those proven
	RefusedPIN       = "pin_mismatch"       // with another sealed PIN
	RefusedDocument  = "document_mismatch"  // about another document than the one beside it, or than the enrolment's

	// Of travel documents only.
	RefusedProof       = "proof_missing"      // the chip has a key and has not proven it, or not in its way
	RefusedEligibility = "not_eligible"       // what was brought and declared does not meet the rule
	RefusedComparison  = "photo_not_compared" // nobody compared the person with the photograph
	RefusedTyped       = "typed_refused"      // a typed MRZ without a chip may not enrol
	RefusedSpelling    = "name_mismatch"      // names that were typed are none that the document can have cut off

	// Of staff.
	RefusedNoStaff        = "staff_missing"     // the clerk's card did not sign, or nobody's shift it was
	RefusedStaffUntrusted = "staff_untrusted"   // signed with a certificate that is no staff card's, or was not at the time
	RefusedStaff          = "staff_mismatch"    // signed by another card, or for another shift
	RefusedAdmission      = "admission_invalid" // a clerk without a card, and no supervisor admitted them to this shift
	RefusedApproval       = "approval_invalid"  // no supervisor's decision about this enrolment
	RefusedSamePerson     = "same_person"       // who decided is who enrolled, or who admitted them
)

// Refusal says why evidence does not bind a key. Its text names no person.
type Refusal struct {
	Reason    string // a Refused… constant or a kiosk.Reason
	Temporary bool   // nobody answered: the same evidence may be good later
	Err       error  // more for the log, or nil
}

func (r *Refusal) Error() string {
	if r.Err == nil {
		return "evidence refused: " + r.Reason
	}
	return fmt.Sprintf("evidence refused: %s: %v", r.Reason, r.Err)
}

// Unwrap returns what led to the refusal.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(reason string, err error) error { return &Refusal{Reason: reason, Err: err} }

// Expect is what the centre itself knows of the enrolment, and its rules.
type Expect struct {
	Enrolment      uuid.UUID
	Challenge      []byte
	Desk           string
	OpenedAt       time.Time
	Kind           kiosk.DocumentKind
	Country        string // as kiosk.Identity has it
	CivilNumber    string // of a Citizen Card, as given when the enrolment was opened
	DocumentNumber string // of a travel document
	TaxNumber      string // empty when none was given; a travel document's holder has to give one
	Typed          bool   // opened for a document without a chip
	Contacts       []kiosk.ProvenContact

	Errand     string                 // its name; "" of an enrolment
	Register   int64                  // of the key that it is about; 0 of an enrolment
	Record     *record.Record         // of that key as it is, whose signature was verified; nil of an enrolment
	Activation *transcript.Activation // where the code goes that will activate the key; nil where a contact was proven

	ChipState []byte // travel.ChipChallenge as marshalled, of the challenge to the chip when one was made
	ChipDG14  []byte // the DG14 that it was made for

	Rules            kiosk.Rules         // instead of the examiner's
	DeskAuthority    *x509.Certificate   // issues the desks' certificates; nil believes none
	DeskCertificates [][sha256.Size]byte // SHA-256 of the DER of those of the desk that are not revoked

	StaffTrust *staff.Trust // whose cards are staff's; nil believes none
	Shift      *Shift       // nil: the enrolment was opened without one
	Doubt      bool         // the clerk marked it with the quiet key
	Decision   *Decision    // of a supervisor; nil while there is none
}

// Verified is an enrolment whose evidence holds.
type Verified struct {
	Identity   kiosk.Identity // as the State signed it; of a travel document with the tax number that was given
	Transcript transcript.Transcript
	Level      kiosk.Level // as computed here
	Checks     []kiosk.Check
	ValidUntil kiosk.Date          // the document's last day, or the day until which a law lets it count
	Numbers    []transcript.Number // by which portals know the person, each of another kind
	Kept       []byte              // of a travel document what may stay of the identity: DG1, and DG14 and DG15 with the chip's keys

	Reasons  []kiosk.ApprovalReason // why a supervisor has to decide; empty when none has to
	Decision kiosk.Decision         // what a supervisor decided, if Expect has a decision
	Declined kiosk.RefusalReason    // why they refused
}

// Verifier verifies evidence. Whatever the rules of its examiner are, those of Expect are followed.
type Verifier struct{ Examiner *examine.Examiner }

// Verify verifies evidence from scratch: the desk's signature over the transcript, of a Citizen Card the card's
// before it, and the clerk's behind it, or that a supervisor admitted them; that the transcript is of this enrolment,
// challenge, desk, shift, errand, contacts and PIN; that the key it is about is this person's, as a registrar signed it; that
// the State signed the identity; that the card's certificate is that citizen's, or that the chip proved its own key,
// for this transcript or to the centre; and that all speak of one person, old enough, with a valid document,
// who brought what the rules ask for; whether a supervisor has to decide, and what they decided. A *Refusal says what is wrong; the first cause when one thing leads to
// another. Any other error is the centre's own trouble and decides nothing.
//
// No signature is computed with a key that is not believed: first the certificates, then the signatures made with them.
func (by Verifier) Verify(ctx context.Context, sent transcript.Evidence, expect Expect) (*Verified, error) {
	roles := expect.roles()
	claimed, err := transcript.Parse(sent.JWS, roles...)
	switch {
	case errors.Is(err, transcript.ErrNoStaff):
		return nil, refuse(RefusedNoStaff, err)
	case errors.Is(err, transcript.ErrNoDesk):
		return nil, refuse(RefusedDesk, err)
	case errors.Is(err, transcript.ErrForm):
		return nil, refuse(RefusedForm, err)
	case err != nil:
		return nil, refuse(RefusedSignature, err)
	}
	signed := claimed.Transcript.SignedAt
	if signed.Before(by.Examiner.Time().Add(-oldest)) {
		return nil, refuse(RefusedTime, errors.New("signed too long ago"))
	}
	if err := checkDesk(claimed.Signatures[slices.Index(roles, transcript.DeskSignature)], signed, expect); err != nil {
		return nil, err
	}
	if expect.Shift.signs() {
		if err := expect.checkCard(claimed.Signatures[len(roles)-1], expect.Shift.Card, signed); err != nil {
			return nil, err
		}
	}
	v := verification{
		Transcript: claimed.Transcript, sent: sent, expect: expect,
		examiner: by.Examiner.AtCentre(expect.Rules, signed),
		day:      kiosk.DateOf(signed.In(by.Examiner.Time().Location())),
	}
	verified, err := v.verifyDocument(ctx, claimed)
	if err != nil {
		return nil, err
	}
	if err := v.matchHolder(verified.Identity); err != nil {
		return nil, err
	}
	if verified.Numbers, err = v.numbers(verified.Identity); err != nil {
		return nil, err
	}
	if err := v.fourEyes(verified); err != nil {
		return nil, err
	}
	return verified, nil
}

// roles are whose signatures there have to be.
func (expect Expect) roles() []transcript.Role {
	roles := []transcript.Role{transcript.CitizenSignature, transcript.DeskSignature}
	if expect.Kind.Travel() {
		roles = roles[1:]
	}
	if expect.Shift.signs() {
		roles = append(roles, transcript.StaffSignature)
	}
	return roles
}

func (v *verification) verifyDocument(ctx context.Context, claimed *transcript.Unverified) (*Verified, error) {
	if v.expect.Kind.Travel() {
		if err := v.verifySigned(claimed); err != nil {
			return nil, err
		}
		return v.verifyTravel(ctx)
	}
	return v.verifyCitizen(ctx, claimed)
}

// verifySigned verifies the signatures, whose certificates are believed, and compares what was signed.
func (v *verification) verifySigned(claimed *transcript.Unverified) (err error) {
	if v.signed, err = claimed.Verify(); err != nil {
		return refuse(RefusedSignature, err)
	}
	if err := v.matchTranscript(); err != nil {
		return err
	}
	return v.matchShift()
}

// verification is one enrolment whose evidence is being verified. The transcript is the desk's word until its parts are
// found to be true.
type verification struct {
	transcript.Transcript
	signed   *transcript.Signed
	sent     transcript.Evidence
	expect   Expect
	examiner *examine.Examiner
	day      kiosk.Date // of the signature, in the centre's calendar
}

func (v *verification) verifyCitizen(ctx context.Context, claimed *transcript.Unverified) (*Verified, error) {
	chain := claimed.Signatures[0].Chain
	files := citizencard.Files{Certificate: chain[0], Issuers: chain[1:]}
	ex := v.examiner.Examine(ctx, nil)
	ex.Update(files)
	if reasons := ex.Verdict().Reasons; len(reasons) > 0 {
		return nil, refuse(string(reasons[0]), nil)
	}
	if err := v.verifySigned(claimed); err != nil {
		return nil, err
	}
	if access, err := examine.ParseAccess(v.Document.Access); v.Document.Access != transcript.AccessContact && (err != nil || access.Unenforced) {
		return nil, refuse(RefusedForm, errors.New("a Citizen Card that was opened in no known way"))
	}
	files.Generation, files.Identity, files.SOD = string(v.Document.Generation), v.sent.Identity, v.sent.SOD
	ex.Update(files)
	ex.Proven()
	if v.PhotoPrinted {
		ex.PhotoUnshown()
	}
	verdict := ex.Wait()
	if err := v.matchVerdict(verdict); err != nil {
		return nil, err
	}
	if verdict.Assurance.Level == kiosk.LevelNone || unanswered(verdict) {
		return nil, errUnanswered
	}
	return v.verified(verdict), nil
}

// errUnanswered: examinations answer all that they can, so a check without an answer is a mistake of ours, which has to
// cost an enrolment rather than pass one.
var errUnanswered = refuse(RefusedForm, errors.New("checks without an answer"))

// unanswered reports whether a check is still open.
func unanswered(verdict examine.Verdict) bool {
	return slices.ContainsFunc(verdict.Checks, func(c kiosk.Check) bool { return c.Result == kiosk.Pending })
}

// verified is what holds. A law that the verdict rests on says until when.
func (v *verification) verified(verdict examine.Verdict) *Verified {
	out := &Verified{
		Identity: verdict.Identity, Transcript: v.Transcript, Level: verdict.Assurance.Level, Checks: verdict.Checks,
		ValidUntil: verdict.Identity.ValidUntil.Latest(),
	}
	if verdict.Extension != "" {
		if x, found := v.examiner.Rules.Extension(verdict.Identity.Kind, out.ValidUntil, v.day); found {
			out.ValidUntil = x.Until
		}
	}
	return out
}
