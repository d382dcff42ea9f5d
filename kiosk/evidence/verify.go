package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
)

// clockSkew is how far a desk's clock may be from the centre's.
const clockSkew = 5 * time.Minute

// Reasons of a Refusal, beside the kiosk.Reason… of the document's checks.
const (
	RefusedSignature = "signature_invalid"  // not signed by the certificate it names, or not a JWS as it must be
	RefusedForm      = "evidence_malformed" // signed, but not a transcript
	RefusedEnrolment = "enrolment_mismatch" // of another enrolment: replayed
	RefusedChallenge = "challenge_mismatch" // over another challenge
	RefusedDesk      = "desk_mismatch"      // from another desk, or signed by one
	RefusedAuthority = "desk_untrusted"     // signed with a certificate that is no desk's
	RefusedTime      = "time_mismatch"      // opened or signed at another time
	RefusedContact   = "contact_mismatch"   // about other contacts than those proven
	RefusedPIN       = "pin_mismatch"       // with another sealed PIN
	RefusedDocument  = "document_mismatch"  // about another document than the one beside it, or than the enrolment's

	// Of travel documents only.
	RefusedProof       = "proof_missing"       // the chip has a key and has not proven it, or not in its way
	RefusedEligibility = "not_eligible"        // what was brought and declared does not meet the rule
	RefusedComparison  = "photo_not_compared"  // nobody compared the person with the photograph
	RefusedTyped       = "typed_refused"       // a typed zone without a chip may not enrol
	RefusedSecondClerk = "second_clerk_needed" // or only when a second clerk compared as well
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

// Bundle is what a desk sends: the signed transcript and what it has hashes of; and beside what the desk
// sent, what the centre kept of its own question to the chip.
type Bundle struct {
	JWS      []byte
	Identity []byte // Files.Identity; of a travel document TravelBytes or TypedFiles
	SOD      []byte // Files.SOD or EF.SOD; empty when the zone was typed
	Proof    []byte // ProofAA or ProofCA; empty when the chip has no key, and for a Citizen Card

	ChipState []byte // travel.ChipChallenge as marshalled, when one was made
	ChipDG14  []byte // the DG14 that it was made for
}

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
	SealedPIN      []byte

	Rules         kiosk.Rules       // instead of the verifier's
	DeskAuthority *x509.Certificate // issues the desks' certificates; nil believes none
}

// Verified is an enrolment whose evidence holds.
type Verified struct {
	Identity   kiosk.Identity // as the State signed it; of a travel document with the tax number that was given
	Transcript Transcript
	Level      kiosk.Level // as computed here
	Checks     []kiosk.Check
	ValidUntil kiosk.Date // the document's last day, or the day until which a law lets it count
	Kept       []byte     // of a travel document what may stay of Bundle.Identity: DG1, and DG14 and DG15 with the chip's keys
}

// Verify verifies evidence from scratch: the signature over the transcript, by the Citizen Card or, for documents that
// cannot sign, by the desk; that the transcript is of this enrolment, challenge, desk, contacts and PIN; that
// the State signed the identity; that the card's certificate is that citizen's, or that the chip proved its own key,
// for this transcript or to the centre; and that all speak of one person, old enough, with a valid document,
// who brought what the rules ask for. A *Refusal says what is wrong; the first cause when one thing leads to
// another. Any other error is the centre's own trouble and decides nothing.
func (v *Verifier) Verify(ctx context.Context, bundle Bundle, expect Expect) (*Verified, error) {
	under := *v
	under.Rules = expect.Rules
	return under.verify(ctx, bundle, expect)
}

func (v *Verifier) verify(ctx context.Context, bundle Bundle, expect Expect) (*Verified, error) {
	role := CitizenSignature
	if expect.Kind.Travel() {
		role = DeskSignature
	}
	signed, err := openJWS(bundle.JWS, role)
	if err != nil {
		return nil, refuse(RefusedSignature, err)
	}
	t, err := DecodeTranscript(signed.payload)
	if err != nil {
		return nil, refuse(RefusedForm, err)
	}
	if role == DeskSignature {
		if err := checkDesk(signed.chain, expect.DeskAuthority, expect.Desk, t.SignedAt); err != nil {
			return nil, err
		}
	}
	if err := v.matchTranscript(t, bundle, expect); err != nil {
		return nil, err
	}
	if role == DeskSignature {
		return v.verifyTravel(ctx, t, signed.payload, bundle, expect)
	}
	return v.verifyCitizen(ctx, t, signed.chain, bundle, expect)
}

func (v *Verifier) verifyCitizen(ctx context.Context, t Transcript, chain [][]byte, bundle Bundle, expect Expect) (*Verified, error) {
	if access, err := parseAccess(t.Document.Access); t.Document.Access != AccessContact && (err != nil || access.Unenforced) {
		return nil, refuse(RefusedForm, errAccess)
	}
	files := citizencard.Files{
		Generation:  string(t.Document.Generation),
		Identity:    bundle.Identity,
		SOD:         bundle.SOD,
		Certificate: chain[0],
		Issuers:     chain[1:],
	}
	ex := v.examineAt(ctx, v.signedAt(t), nil)
	ex.Update(files)
	ex.signedTranscript()
	verdict := ex.Wait()
	if err := refusalOf(verdict); err != nil {
		return nil, err
	}
	if err := v.matchPerson(t, verdict, expect); err != nil {
		return nil, err
	}
	verified := v.verified(t, verdict, atCentre(t, verdict.Checks, kiosk.CheckPINState))
	verified.Level = assess(verified.Checks, citizenNeeds).Level
	if verified.Level != kiosk.LevelHigh && !t.PhotoPrinted {
		// With the card's signature verified nothing is left that could be missing but the photograph.
		return nil, refuse(RefusedForm, errors.New("checks without an answer"))
	}
	return verified, nil
}

// signedAt is when the desk says that the transcript was signed, in the calendar that counts. How far that may be
// from the truth, matchTranscript has decided.
func (v *Verifier) signedAt(t Transcript) time.Time { return t.SignedAt.In(v.now().Location()) }

// atCentre leaves out checks that are the desk's alone, the photograph's with them, unless the desk says that it could
// not be shown: that makes a document worse.
func atCentre(t Transcript, checks []kiosk.Check, desks ...kiosk.CheckName) []kiosk.Check {
	checks = slices.DeleteFunc(slices.Clone(checks), func(c kiosk.Check) bool { return slices.Contains(desks, c.Name) })
	photo := slices.IndexFunc(checks, func(c kiosk.Check) bool { return c.Name == kiosk.CheckPhotoData })
	if !t.PhotoPrinted {
		return slices.Delete(checks, photo, photo+1)
	}
	checks[photo] = absent(kiosk.ReasonPhotoUnshown, SourceDesk)
	checks[photo].Name, checks[photo].At = kiosk.CheckPhotoData, t.SignedAt
	return checks
}

// verified is what holds. A law that the verdict rests on says until when.
func (v *Verifier) verified(t Transcript, verdict Verdict, checks []kiosk.Check) *Verified {
	out := &Verified{Identity: verdict.Identity, Transcript: t, Checks: checks, ValidUntil: verdict.Identity.ValidUntil.Latest()}
	if verdict.Extension != "" {
		if x, found := v.rules().Extension(verdict.Identity.Kind, out.ValidUntil, kiosk.DateOf(v.signedAt(t))); found {
			out.ValidUntil = x.Until
		}
	}
	return out
}

// signedTranscript records that the card's key signed the transcript, which openJWS has verified with
// the certificate under examination.
func (e *Examination) signedTranscript() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.has(kiosk.CheckCertificate) {
		e.once(kiosk.CheckKey, func() kiosk.Check { return passed(SourceChip) })
	}
}

// matchTranscript compares what was signed with what the centre knows and with what lies beside it.
func (v *Verifier) matchTranscript(t Transcript, bundle Bundle, expect Expect) error {
	switch {
	case t.Enrolment != expect.Enrolment:
		return refuse(RefusedEnrolment, nil)
	case len(expect.Challenge) == 0 || subtle.ConstantTimeCompare(t.Challenge, expect.Challenge) != 1:
		return refuse(RefusedChallenge, nil)
	case t.Desk != expect.Desk:
		return refuse(RefusedDesk, nil)
	case !sameTime(t.OpenedAt, expect.OpenedAt):
		return refuse(RefusedTime, nil)
	case t.SignedAt.Before(expect.OpenedAt.Add(-clockSkew)) || t.SignedAt.After(v.now().Add(clockSkew)):
		return refuse(RefusedTime, nil)
	case !sameContacts(t.Contacts, expect.Contacts):
		return refuse(RefusedContact, nil)
	case !hashes(t.SealedPIN, expect.SealedPIN):
		return refuse(RefusedPIN, nil)
	case t.Document.Kind != expect.Kind || t.Document.Country != expect.Country,
		!hashes(t.Document.Identity, bundle.Identity), !hashesSOD(t, bundle, expect):
		return refuse(RefusedDocument, nil)
	}
	return nil
}

// matchPerson compares the person in the transcript, who was shown on the screen, with the person in the
// identity that the State signed, and with the enrolment's; and the law by which the document counts.
func (v *Verifier) matchPerson(t Transcript, verdict Verdict, expect Expect) error {
	id := verdict.Identity
	want := t
	want.Document.Kind, want.Document.Generation = id.Kind, id.Generation
	want.Document.Country, want.Document.Number = id.Country, id.DocumentNumber
	want.Document.CivilNumber, want.Document.ValidUntil = id.CivilNumber, id.ValidUntil
	want.Person = TranscriptPerson{
		Surname: id.Surname, GivenNames: id.GivenNames, BirthDate: id.BirthDate,
		Nationality: id.Nationality, TaxNumber: id.TaxNumber, NameSource: id.NameSource,
	}
	want.Eligibility.Extension = verdict.Extension
	got, err := t.Encode()
	if err != nil {
		return refuse(RefusedForm, err)
	}
	again, err := want.Encode()
	if err != nil {
		return refuse(RefusedForm, err)
	}
	if !bytes.Equal(got, again) || !samePersonOpened(id, expect) {
		return refuse(RefusedDocument, nil)
	}
	if !v.eligible(id.Kind, t.brought(), kiosk.DateOf(v.signedAt(t))) {
		return refuse(RefusedEligibility, nil)
	}
	return nil
}

// samePersonOpened reports whether the enrolment was opened for this person: by civil number, or by document
// number where there is none. A tax number that was given has to be theirs.
func samePersonOpened(id kiosk.Identity, expect Expect) bool {
	if id.Kind.Travel() {
		return expect.DocumentNumber == id.DocumentNumber && expect.TaxNumber == id.TaxNumber
	}
	return sameCivilNumber(expect.CivilNumber, id.CivilNumber) && (expect.TaxNumber == "" || expect.TaxNumber == id.TaxNumber)
}

// refusalOf turns a verdict with reasons into a refusal for the first of them.
func refusalOf(verdict Verdict) error {
	if len(verdict.Reasons) == 0 {
		return nil
	}
	reason := verdict.Reasons[0]
	return &Refusal{Reason: string(reason), Temporary: reason == kiosk.ReasonRevocationUnknown || reason == kiosk.ReasonRevocationList}
}

// sameTime compares times to the microsecond, which is what the centre's database keeps.
func sameTime(a, b time.Time) bool { return canonicalTime(a).Equal(canonicalTime(b)) }

// hashes reports whether digest is the SHA-256 hash of data, which may not be empty.
func hashes(digest, data []byte) bool {
	h := sha256.Sum256(data)
	return len(data) > 0 && subtle.ConstantTimeCompare(digest, h[:]) == 1
}

// hashesSOD reports whether the transcript has the hash of the security object; or of none when the zone was
// typed, and then the enrolment was opened so.
func hashesSOD(t Transcript, bundle Bundle, expect Expect) bool {
	typed := t.Document.Access == AccessTyped
	if typed != expect.Typed {
		return false
	}
	return typed && len(t.Document.SOD) == 0 && len(bundle.SOD) == 0 || !typed && hashes(t.Document.SOD, bundle.SOD)
}

// sameContacts compares the contacts one by one, in any order. There must be at least one.
func sameContacts(got []TranscriptProof, want []kiosk.ProvenContact) bool {
	if len(got) == 0 || len(got) != len(want) {
		return false
	}
	known := make(map[uuid.UUID]kiosk.ProvenContact, len(want))
	for _, w := range want {
		known[w.Proof] = w
	}
	for _, g := range got {
		w, ok := known[g.Proof]
		if !ok || g.Channel != w.Channel || g.Value != w.Value || !sameTime(g.ConfirmedAt, w.At) {
			return false
		}
		delete(known, g.Proof)
	}
	return len(known) == 0
}

// leafOf parses the certificate that a JWS names as its signer's.
func leafOf(chain [][]byte) (*x509.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("x5c with %d certificates", len(chain))
	}
	return x509.ParseCertificate(chain[0])
}
