package evidence_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/trusttest"
)

// sealedPIN stands for a PIN that a desk sealed.
var sealedPIN = []byte("a PIN sealed to the centre")

// deskName is the desk at which everything here happens.
const deskName = "laranjeiras-07"

// theDesk is its key, and the authority of the desks.
var theDesk struct {
	sync.Once
	authority, desk *trusttest.Authority
}

func mustDesk(t testing.TB) (authority, desk *trusttest.Authority) {
	t.Helper()
	theDesk.Do(func() {
		theDesk.authority = trusttest.MustIssue(t, trusttest.CaTemplate("(Test) desks"), nil, trusttest.MustKey(t))
		theDesk.desk = trusttest.MustIssue(t, deskTemplate(deskName), theDesk.authority, trusttest.MustKey(t))
	})
	return theDesk.authority, theDesk.desk
}

func deskTemplate(name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// known is what the centre knows of a desk's certificates.
func known(desks ...*trusttest.Authority) (list [][sha256.Size]byte) {
	for _, d := range desks {
		list = append(list, sha256.Sum256(d.Cert.Raw))
	}
	return list
}

// mustSign lets the card sign and the desk countersign.
func mustSign(t testing.TB, agreed transcript.Transcript, chain [][]byte, card transcript.Signer) []byte {
	t.Helper()
	jws, err := transcript.Sign(t.Context(), agreed, chain, card)
	if err != nil {
		t.Fatal(err)
	}
	return mustCountersign(t, jws)
}

func mustCountersign(t testing.TB, jws []byte) []byte {
	t.Helper()
	_, desk := mustDesk(t)
	jws, err := transcript.Countersign(jws, desk.Key, [][]byte{desk.Cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

// expectFor is an enrolment of the files' holder as the centre knows it, opened two minutes ago.
func expectFor(t testing.TB, files citizencard.Files) evidence.Expect {
	t.Helper()
	id, err := examine.IdentityOf(files)
	if err != nil {
		t.Fatal(err)
	}
	opened := time.Now().Add(-2 * time.Minute)
	authority, desk := mustDesk(t)
	return evidence.Expect{
		Rules:     kiosk.UsualRules(),
		Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"),
		Challenge: []byte("a challenge of thirty-two bytes."),
		Desk:      deskName, OpenedAt: opened, DeskAuthority: authority.Cert, DeskCertificates: known(desk),
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
