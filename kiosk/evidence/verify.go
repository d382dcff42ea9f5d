package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
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
	RefusedDesk      = "desk_mismatch"      // from another desk
	RefusedTime      = "time_mismatch"      // opened or signed at another time
	RefusedContact   = "contact_mismatch"   // about other contacts than those proven
	RefusedPIN       = "pin_mismatch"       // with another sealed PIN
	RefusedDocument  = "document_mismatch"  // about another document than the one beside it, or than the enrolment's
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

// Bundle is what a desk sends: the signed transcript and what it has hashes of.
type Bundle struct {
	JWS      []byte
	Identity []byte // Files.Identity
	SOD      []byte // Files.SOD
}

// Expect is what the centre itself knows of the enrolment.
type Expect struct {
	Enrolment   uuid.UUID
	Challenge   []byte
	Desk        string
	OpenedAt    time.Time
	Kind        kiosk.DocumentKind
	Country     string
	CivilNumber string // as given when the enrolment was opened
	Contacts    []kiosk.ProvenContact
	SealedPIN   []byte
}

// Verified is an enrolment whose evidence holds.
type Verified struct {
	Identity   kiosk.Identity // from the identity file that the State signed
	Transcript Transcript
	Level      kiosk.Level // as computed here
	Checks     []kiosk.Check
}

// Verify verifies evidence from scratch: the card's signature over the transcript; that the transcript is
// of this enrolment, challenge, desk, contacts and PIN; that the certificate is a citizen's, good at the
// time of signing and not revoked; that the State signed the identity; and that all speak of one person, old
// enough, with a valid document. A *Refusal says what is wrong; the first cause when one thing
// leads to another.
func (v *Verifier) Verify(ctx context.Context, bundle Bundle, expect Expect) (*Verified, error) {
	signed, err := openJWS(bundle.JWS)
	if err != nil {
		return nil, refuse(RefusedSignature, err)
	}
	t, err := DecodeTranscript(signed.payload)
	if err != nil {
		return nil, refuse(RefusedForm, err)
	}
	if err := v.matchTranscript(t, bundle, expect); err != nil {
		return nil, err
	}
	files := citizencard.Files{
		Generation:  string(t.Document.Generation),
		Identity:    bundle.Identity,
		SOD:         bundle.SOD,
		Certificate: signed.chain[0],
		Issuers:     signed.chain[1:],
	}
	ex := v.examineAt(ctx, t.SignedAt.In(v.now().Location()), nil)
	ex.Update(files)
	ex.signedTranscript()
	verdict := ex.Wait()
	if err := refusalOf(verdict); err != nil {
		return nil, err
	}
	if err := matchIdentity(t, verdict.Identity, expect); err != nil {
		return nil, err
	}
	verified := &Verified{Identity: verdict.Identity, Transcript: t}
	for _, c := range verdict.Checks {
		if c.Name != kiosk.CheckPhotoData && c.Name != kiosk.CheckPINState { // they belong to the desk
			verified.Checks = append(verified.Checks, c)
		}
	}
	verified.Level = assess(verified.Checks, citizenNeeds).Level
	if verified.Level != kiosk.LevelHigh {
		// With the card's signature verified nothing is left that could be missing.
		return nil, refuse(RefusedForm, errors.New("checks without an answer"))
	}
	return verified, nil
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
		!hashes(t.Document.Identity, bundle.Identity), !hashes(t.Document.SOD, bundle.SOD):
		return refuse(RefusedDocument, nil)
	}
	return nil
}

// matchIdentity compares the person in the transcript, who was shown on the screen, with the
// person in the identity file that the State signed, and with the enrolment's.
func matchIdentity(t Transcript, id kiosk.Identity, expect Expect) error {
	want := t
	want.Document.Kind, want.Document.Generation = id.Kind, id.Generation
	want.Document.Country, want.Document.Number = id.Country, id.DocumentNumber
	want.Document.CivilNumber, want.Document.ValidUntil = id.CivilNumber, id.ValidUntil
	want.Person = TranscriptPerson{
		Surname: id.Surname, GivenNames: id.GivenNames, BirthDate: id.BirthDate,
		Nationality: id.Nationality, TaxNumber: id.TaxNumber,
	}
	got, err := t.Encode()
	if err != nil {
		return refuse(RefusedForm, err)
	}
	again, err := want.Encode()
	if err != nil {
		return refuse(RefusedForm, err)
	}
	if !bytes.Equal(got, again) || !sameCivilNumber(expect.CivilNumber, id.CivilNumber) {
		return refuse(RefusedDocument, nil)
	}
	return nil
}

// refusalOf turns a verdict with reasons into a refusal for the first of them.
func refusalOf(verdict Verdict) error {
	if len(verdict.Reasons) == 0 {
		return nil
	}
	reason := verdict.Reasons[0]
	return &Refusal{Reason: string(reason), Temporary: reason == kiosk.ReasonRevocationUnknown}
}

// sameTime compares times to the microsecond, which is what the centre's database keeps.
func sameTime(a, b time.Time) bool { return canonicalTime(a).Equal(canonicalTime(b)) }

// hashes reports whether digest is the SHA-256 hash of data, which may not be empty.
func hashes(digest, data []byte) bool {
	h := sha256.Sum256(data)
	return len(data) > 0 && subtle.ConstantTimeCompare(digest, h[:]) == 1
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
