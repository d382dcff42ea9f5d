package evidence_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
)

// expectFor is an enrolment of the files' holder as the centre knows it, opened two minutes ago.
func expectFor(t testing.TB, files citizencard.Files) evidence.Expect {
	t.Helper()
	id, err := evidence.IdentityOf(files)
	if err != nil {
		t.Fatal(err)
	}
	opened := time.Now().Add(-2 * time.Minute)
	return evidence.Expect{
		Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"),
		Challenge: []byte("a challenge of thirty-two bytes."),
		Desk:      "laranjeiras-07", OpenedAt: opened,
		Kind: kiosk.CitizenCard, Country: id.Country, CivilNumber: id.CivilNumber,
		Contacts: []kiosk.ProvenContact{
			{Channel: kiosk.SMS, Value: "+351910000001", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000002"), At: opened.Add(time.Minute)},
			{Channel: kiosk.Email, Value: "pessoa@example.pt", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000003"), At: opened.Add(time.Minute)},
		},
		SealedPIN: []byte("a PIN sealed to the centre"),
	}
}

// transcriptFor is what an honest desk writes.
func transcriptFor(t testing.TB, files citizencard.Files, expect evidence.Expect) evidence.Transcript {
	t.Helper()
	id, err := evidence.IdentityOf(files)
	if err != nil {
		t.Fatal(err)
	}
	identity, sod, pin := sha256.Sum256(files.Identity), sha256.Sum256(files.SOD), sha256.Sum256(expect.SealedPIN)
	transcript := evidence.Transcript{
		Version: evidence.TranscriptVersion, Enrolment: expect.Enrolment, Challenge: expect.Challenge,
		Desk: expect.Desk, OpenedAt: expect.OpenedAt, SignedAt: expect.OpenedAt.Add(90 * time.Second),
		Document: evidence.TranscriptDocument{
			Kind: id.Kind, Generation: id.Generation, Country: id.Country, Number: id.DocumentNumber,
			CivilNumber: id.CivilNumber, ValidUntil: id.ValidUntil, Identity: identity[:], SOD: sod[:],
			Access: evidence.AccessContact,
		},
		Person: evidence.TranscriptPerson{
			Surname: id.Surname, GivenNames: id.GivenNames, BirthDate: id.BirthDate,
			Nationality: id.Nationality, TaxNumber: id.TaxNumber,
		},
		SealedPIN: pin[:], PhotoCompared: true, Language: kiosk.Portuguese, Level: kiosk.LevelSubstantial,
	}
	for _, c := range expect.Contacts {
		transcript.Contacts = append(transcript.Contacts, evidence.TranscriptProof{
			Channel: c.Channel, Value: c.Value, Proof: c.Proof, ConfirmedAt: c.At,
		})
	}
	return transcript
}
