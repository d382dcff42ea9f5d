package evidence_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/trusttest"
)

// travelCase is everything of one enrolment with a travel document, honest unless a test changes it before bind.
type travelCase struct {
	state     examinetest.Country
	examiner  *examine.Examiner
	chip      *examinetest.Chip
	files     examine.TravelFiles
	authority *trusttest.Authority // of the desks
	desk      *trusttest.Authority
	chain     [][]byte
	brought   kiosk.Eligibility
	extension string
	expect    evidence.Expect
	sent      transcript.Evidence

	transcript func(*transcript.Transcript) // last changes before it is signed
	proof      func([]byte) []byte          // last changes of it
	unproven   bool                         // the desk brings no proof
	withoutPIN bool                         // none is chosen
}

func mustTravelCase(t testing.TB) *travelCase {
	t.Helper()
	c := &travelCase{state: examinetest.MustCountry(t, "UT"), brought: examinetest.Brought()}
	c.examiner = examinetest.Believing(t, c.state)
	c.chip = examinetest.PassportOf(t, c.state)
	c.authority, c.desk = mustDesk(t)
	c.chain = [][]byte{c.desk.Cert.Raw}
	opened := time.Now().Add(-2 * time.Minute)
	c.expect = evidence.Expect{
		Rules:     kiosk.UsualRules(),
		Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"), Challenge: []byte("a challenge of thirty-two bytes."),
		Desk: deskName, OpenedAt: opened, Kind: kiosk.Passport, Country: "UTO", DocumentNumber: "L898902C3",
		TaxNumber: c.brought.TaxNumber, DeskAuthority: c.authority.Cert, DeskCertificates: known(c.desk),
		Contacts: []kiosk.ProvenContact{{
			Channel: kiosk.Email, Value: "pessoa@example.pt", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000003"), At: opened.Add(time.Minute),
		}},
	}
	c.files = c.chip.MustFiles(t)
	return c
}

// remake makes the document anew, after its chip was changed.
func (c *travelCase) remake(t testing.TB) {
	t.Helper()
	c.files = c.chip.MustFiles(t)
}

// typed makes the enrolment one of a document without a chip.
func (c *travelCase) typed(t testing.TB) {
	t.Helper()
	c.expect.Typed, c.expect.Rules.TypedMRZ, c.unproven = true, kiosk.TypedAllowed, true
	c.files = examine.TravelFiles{Groups: map[int][]byte{1: examinetest.DG1(t, c.chip.Zone)}}
}

func hash(data []byte) transcript.Bytes {
	h := sha256.Sum256(data)
	return h[:]
}

// bind does what an honest desk does: it writes the transcript, signs it, lets the chip prove itself, and sends all of it.
func (c *travelCase) bind(t testing.TB) (*evidence.Verified, error) {
	t.Helper()
	id, err := examine.TravelIdentity(c.files, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.sent.Identity, c.sent.SOD, c.sent.SealedPIN = examine.TravelBytes(c.files), c.files.SOD, sealedPIN
	if c.withoutPIN {
		c.sent.SealedPIN = nil
	}
	id.TaxNumber = c.brought.TaxNumber
	access := examine.AccessText(c.files.Access)
	if c.expect.Typed {
		access = transcript.AccessTyped
	}
	agreed := transcript.Statement{
		Enrolment: c.expect.Enrolment, Challenge: c.expect.Challenge, Desk: c.expect.Desk, OpenedAt: c.expect.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: id, Contacts: c.expect.Contacts, Eligibility: c.brought, Extension: c.extension, PhotoCompared: true, Language: kiosk.English,
			Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial}, At: c.expect.OpenedAt.Add(90 * time.Second),
		},
		Access: access, Evidence: transcript.Evidence{Identity: c.sent.Identity, SOD: c.sent.SOD, SealedPIN: c.sent.SealedPIN},
	}.Transcript()
	if c.transcript != nil {
		c.transcript(&agreed)
	}
	if c.sent.JWS == nil {
		if c.sent.JWS, err = transcript.SignAsDesk(agreed, c.desk.Key, c.chain); err != nil {
			t.Fatal(err)
		}
	}
	if !c.unproven && c.sent.Proof == nil {
		c.prove(t, agreed)
	}
	if c.proof != nil {
		c.sent.Proof = c.proof(c.sent.Proof)
	}
	return verify(t.Context(), c.examiner, c.sent, c.expect)
}

// prove lets the chip prove itself in its way.
func (c *travelCase) prove(t testing.TB, agreed transcript.Transcript) {
	t.Helper()
	switch examine.ProofOf(c.files.Groups) {
	case examine.ProofActive:
		payload, err := agreed.Encode()
		if err != nil {
			t.Fatal(err)
		}
		challenge := examine.AAChallenge(payload)
		c.sent.Proof = examine.ProofAA(c.chip.Sign(t, challenge[:]))
	case examine.ProofChip:
		if c.expect.ChipState != nil {
			return
		}
		sent, state := examinetest.MustChallenge(t, c.files.Groups[14])
		c.expect.ChipState, c.expect.ChipDG14 = state, c.files.Groups[14]
		c.sent.Proof = examine.ProofCA(c.chip.Answer(t, sent))
	}
}

// transcriptOf is the transcript that bind would sign.
func transcriptOf(t testing.TB, c *travelCase) (got transcript.Transcript) {
	t.Helper()
	again := *c
	again.sent = transcript.Evidence{}
	again.transcript = func(t *transcript.Transcript) { got = *t }
	_, _ = again.bind(t)
	return got
}
