package evidence_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// sealedPIN stands for a PIN that a desk sealed.
var sealedPIN = []byte("a PIN sealed to the centre")

// expectFor is an enrolment of the files' holder as the centre knows it, opened two minutes ago.
func expectFor(t testing.TB, files citizencard.Files) evidence.Expect {
	t.Helper()
	id, err := examine.IdentityOf(files)
	if err != nil {
		t.Fatal(err)
	}
	opened := time.Now().Add(-2 * time.Minute)
	return evidence.Expect{
		Rules:     kiosk.UsualRules(),
		Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"),
		Challenge: []byte("a challenge of thirty-two bytes."),
		Desk:      "laranjeiras-07", OpenedAt: opened,
		Kind: kiosk.CitizenCard, Country: id.Country, CivilNumber: id.CivilNumber,
		Contacts: []kiosk.ProvenContact{
			{Channel: kiosk.SMS, Value: "+351910000001", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000002"), At: opened.Add(time.Minute)},
			{Channel: kiosk.Email, Value: "pessoa@example.pt", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000003"), At: opened.Add(time.Minute)},
		},
	}
}

// transcriptFor is what an honest desk writes.
func transcriptFor(t testing.TB, files citizencard.Files, expect evidence.Expect) transcript.Transcript {
	t.Helper()
	id, err := examine.IdentityOf(files)
	if err != nil {
		t.Fatal(err)
	}
	return transcript.Statement{
		Enrolment: expect.Enrolment, Challenge: expect.Challenge, Desk: expect.Desk, OpenedAt: expect.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: id, Contacts: expect.Contacts, PhotoCompared: true, Language: kiosk.Portuguese,
			Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial}, At: expect.OpenedAt.Add(90 * time.Second),
		},
		Access: transcript.AccessContact, Evidence: transcript.Evidence{Identity: files.Identity, SOD: files.SOD, SealedPIN: sealedPIN},
	}.Transcript()
}

func verify(ctx context.Context, examiner *examine.Examiner, sent transcript.Evidence, expect evidence.Expect) (*evidence.Verified, error) {
	return evidence.Verifier{Examiner: examiner}.Verify(ctx, sent, expect)
}
