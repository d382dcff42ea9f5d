package evidence

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// matchTranscript compares what was signed with what the centre knows and with what lies beside it.
func (v *verification) matchTranscript() error {
	if err := v.matchOpened(); err != nil {
		return err
	}
	if err := v.matchErrand(); err != nil {
		return err
	}
	if err := v.matchContacts(); err != nil {
		return err
	}
	switch expect := v.expect; {
	case !v.sealsPIN():
		return refuse(RefusedPIN, nil)
	case v.Document.Kind != expect.Kind || v.Document.Country != expect.Country,
		!hashes(v.Document.Identity, v.sent.Identity), !v.hashesSOD():
		return refuse(RefusedDocument, nil)
	}
	return nil
}

// matchOpened compares what was signed with how the enrolment was opened.
func (v *verification) matchOpened() error {
	expect := v.expect
	switch {
	case v.Enrolment != expect.Enrolment:
		return refuse(RefusedEnrolment, nil)
	case len(expect.Challenge) == 0 || subtle.ConstantTimeCompare(v.Challenge, expect.Challenge) != 1:
		return refuse(RefusedChallenge, nil)
	case v.Desk != expect.Desk:
		return refuse(RefusedDesk, nil)
	case !sameTime(v.OpenedAt, expect.OpenedAt):
		return refuse(RefusedTime, nil)
	case v.SignedAt.Before(expect.OpenedAt.Add(-clockSkew)) || v.SignedAt.After(v.examiner.Time().Add(clockSkew)):
		return refuse(RefusedTime, nil)
	}
	return nil
}

func (v *verification) matchContacts() error {
	if !sameContacts(v.Contacts, v.expect.Contacts) || !v.provenContacts() {
		return refuse(RefusedContact, nil)
	}
	return nil
}

// matchVerdict refuses a document that the examination refuses, and compares the person in the transcript, who was shown
// on the screen, with the person in the identity that the State signed, and with the enrolment's; and the law by which
// the document counts.
func (v *verification) matchVerdict(verdict examine.Verdict) error {
	if len(verdict.Reasons) > 0 {
		reason := verdict.Reasons[0]
		unknown := reason == kiosk.ReasonRevocationUnknown || reason == kiosk.ReasonRevocationList
		return &Refusal{Reason: string(reason), Temporary: unknown}
	}
	id := verdict.Identity
	if v.Person.NameSource == kiosk.NameTyped && id.NameSource != kiosk.NameTyped {
		return refuse(RefusedSpelling, nil)
	}
	want := v.Transcript
	want.Document.Kind, want.Document.Generation = id.Kind, id.Generation
	want.Document.Country, want.Document.Number = id.Country, id.DocumentNumber
	want.Document.CivilNumber, want.Document.ValidUntil = id.CivilNumber, id.ValidUntil
	want.Person = transcript.Person{
		Surname: id.Surname, GivenNames: id.GivenNames, BirthDate: id.BirthDate,
		Nationality: id.Nationality, TaxNumber: id.TaxNumber, NameSource: id.NameSource,
	}
	want.Eligibility.Extension = verdict.Extension
	again, err := want.Encode()
	if err != nil {
		return refuse(RefusedForm, err)
	}
	if !bytes.Equal(v.signed.Payload, again) || !samePersonOpened(id, v.expect) {
		return refuse(RefusedDocument, nil)
	}
	if v.expect.enrols() && !v.eligible(id.Kind) {
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
	return examine.SameCivilNumber(expect.CivilNumber, id.CivilNumber) && (expect.TaxNumber == "" || expect.TaxNumber == id.TaxNumber)
}

// sameTime compares times to the microsecond, which is what the centre's database keeps.
func sameTime(a, b time.Time) bool {
	return a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond))
}

// hashes reports whether digest is the SHA-256 hash of data, which may not be empty.
func hashes(digest, data []byte) bool {
	h := sha256.Sum256(data)
	return len(data) > 0 && subtle.ConstantTimeCompare(digest, h[:]) == 1
}

// hashesSOD reports whether the transcript has the hash of the security object; or of none when the MRZ was
// typed, and then the enrolment was opened so.
func (v *verification) hashesSOD() bool {
	typed := v.Document.Access == transcript.AccessTyped
	if typed != v.expect.Typed {
		return false
	}
	return typed && len(v.Document.SOD) == 0 && len(v.sent.SOD) == 0 || !typed && hashes(v.Document.SOD, v.sent.SOD)
}

// sameContacts compares the contacts one by one, in any order.
func sameContacts(got []transcript.Contact, want []kiosk.ProvenContact) bool {
	if len(got) != len(want) {
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
