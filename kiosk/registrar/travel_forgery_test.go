package registrar_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"testing"

	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/transcript"
)

// travelForgeries are enrolments with a good passport, whose chip answers the centre's challenge. Each differs from
// an honest one in one thing and is refused for it.
var travelForgeries = []struct {
	name   string
	reason string
	change func(*travelVisit, *cards)
}{
	{"no proof", evidence.RefusedProof, func(v *travelVisit, _ *cards) { v.proof = nil }},
	{"a proof of another kind", evidence.RefusedProof, func(v *travelVisit, _ *cards) { v.proof[0] = byte(examine.ProofActive) }},
	{"one bit of the answer", string(kiosk.ReasonKeyMismatch), func(v *travelVisit, _ *cards) { v.proof[len(v.proof)-4] ^= 1 }},
	{"an answer to the desk's own question", string(kiosk.ReasonKeyMismatch), func(v *travelVisit, c *cards) {
		v.answerOwn(c.lay(v.t, v.chip.entry.Name))
	}},
	{"keys that the chip cannot prove, left away", evidence.RefusedDocument, func(v *travelVisit, _ *cards) {
		v.proof = nil
		v.only(1, 11)
	}},
	{"MRZ changed", string(kiosk.ReasonDataAltered), func(v *travelVisit, _ *cards) {
		v.identity = bytes.Replace(v.identity, []byte("<<"), []byte("<A"), 1)
		v.transcript.Document.Identity = hash(v.identity)
	}},
	{"another document's SOD", string(kiosk.ReasonDataAltered), func(v *travelVisit, c *cards) {
		v.sod = c.lay(v.t, "passport-bac").files.SOD
		v.transcript.Document.SOD = hash(v.sod)
	}},
	{"another document's files, not signed for", evidence.RefusedDocument, func(v *travelVisit, c *cards) {
		v.identity = examine.TravelBytes(c.lay(v.t, "passport-bac").files)
	}},
	{"an SOD that was not signed for", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.sod = append(v.sod, 0) }},
	{"another name", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.transcript.Person.Surname = "Outra" }},
	{"another NIF", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.transcript.Person.TaxNumber = nif() }},
	{"no NIF", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.transcript.Person.TaxNumber = "" }},
	{"called typed", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.transcript.Document.Access = transcript.AccessTyped }},
	{"called a permit", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.transcript.Document.Kind = kiosk.ResidencePermit }},
	{"nothing brought", evidence.RefusedEligibility, func(v *travelVisit, _ *cards) {
		v.transcript.Eligibility = transcript.Eligibility{}
	}},
	{"a law that does not apply", evidence.RefusedDocument, func(v *travelVisit, _ *cards) { v.transcript.Eligibility.Extension = "A law" }},
	{"under accompaniment", evidence.RefusedEligibility, func(v *travelVisit, _ *cards) {
		v.transcript.Eligibility.Independence = kiosk.Accompanied
	}},
	{"nobody compared the photograph", evidence.RefusedComparison, func(v *travelVisit, _ *cards) { v.transcript.PhotoCompared = false }},
	{"another challenge", evidence.RefusedChallenge, func(v *travelVisit, _ *cards) { rand.Read(v.transcript.Challenge) }},
	{"another enrolment", evidence.RefusedEnrolment, func(v *travelVisit, _ *cards) { v.transcript.Enrolment = newID() }},
	{"another desk named", evidence.RefusedDesk, func(v *travelVisit, _ *cards) { v.transcript.Desk = "loja_2" }},
	{"another desk's signature", evidence.RefusedDesk, func(v *travelVisit, _ *cards) {
		v.signAs = v.DB.Desk("loja_2")
	}},
	{"a desk of another authority", evidence.RefusedAuthority, func(v *travelVisit, _ *cards) { v.signAs = kiosktest.NewDesk(v.t, "loja_1") }},
	{"a contact that nobody proved", evidence.RefusedContact, func(v *travelVisit, _ *cards) {
		v.transcript.Contacts[0].Value = "+351919999999"
	}},
	{"sealed PIN swapped", evidence.RefusedPIN, func(v *travelVisit, _ *cards) { v.sealed = v.seal(v.id, "739150") }},
	{"PIN from the NIF", registrar.RefusedPIN, func(v *travelVisit, _ *cards) {
		v.sealed = v.seal(v.id, v.taxNumber[3:])
		v.transcript.SealedPIN = hash(v.sealed)
	}},
}

// only sends some of the files, and signs for that.
func (v *travelVisit) only(numbers ...int) {
	some := examine.TravelFiles{Groups: map[int][]byte{}}
	for _, n := range numbers {
		some.Groups[n] = v.chip.files.Groups[n]
	}
	v.identity = examine.TravelBytes(some)
	v.transcript.Document.Identity = hash(v.identity)
}

// answerOwn has a chip answer a question that the desk made, of which it has the private half.
func (v *travelVisit) answerOwn(chip *heldChip) {
	v.t.Helper()
	own, err := travel.NewChipChallenge(rand.Reader, chip.files.Groups[14])
	v.check(err)
	answer, err := chip.AnswerChallenge(v.ctx, own.ToSend())
	v.check(err)
	v.proof = examine.ProofCA(answer)
}

func TestTravelForgery_Transcript(t *testing.T) {
	for part := range 3 { // each bench has its own time
		t.Run("", func(t *testing.T) {
			b, fixtures := newTravelBench(t)
			for n, tt := range travelForgeries {
				if n%3 != part {
					continue
				}
				v := b.travelWith(fixtures.lay(t, "passport-pace-gm"))
				v.proveChip()
				tt.change(v, fixtures)
				v.bind()
				v.refused(tt.name, tt.reason)
			}
			v := b.travelWith(fixtures.lay(t, "passport-pace-gm"))
			v.proveChip()
			v.bind()
			v.active("honestly", kiosk.LevelHigh)
		})
	}
}

// What a chip signed for one transcript, or answered to one question, serves for no other.
func TestTravelForgery_Replay(t *testing.T) {
	b, fixtures := newTravelBench(t)
	for _, name := range []string{"passport-bac-aa-rsa", "passport-pace-gm"} {
		first := b.travelWith(fixtures.lay(t, name))
		first.proveChip()
		b.check(b.Centre.Abandon(b.ctx, first.id, "person_left"))
		again := b.travelWith(fixtures.lay(t, name))
		if examine.ProofOf(again.chip.files.Groups) == examine.ProofChip {
			again.question(again.chip.files.Groups[14])
		}
		again.proof = first.proof
		again.bind()
		again.refused(name+", an earlier proof", string(kiosk.ReasonKeyMismatch))

		whole := b.travelWith(fixtures.lay(t, name))
		whole.transcript, whole.proof, whole.sealed = first.transcript, first.proof, first.sealed
		whole.bind()
		whole.refused(name+", all of an earlier enrolment", evidence.RefusedEnrolment)
	}
	// Signed by the chip for what the person agreed to, and bound with something else.
	v := b.travelWith(fixtures.lay(t, "passport-bac-aa-rsa"))
	v.proveChip()
	v.transcript.Language = kiosk.Portuguese
	v.bind()
	v.refused("signed for another transcript", string(kiosk.ReasonKeyMismatch))
}

// The files of a victim's passport, of which the thief has a copy, with the thief's own chip.
func TestTravelForgery_AnotherChip(t *testing.T) {
	b, fixtures := newTravelBench(t)
	victim := fixtures.lay(t, "passport-pace-gm")
	v := b.travelWith(victim)
	thief := fixtures.lay(t, "passport-bac-ca")
	answer, err := thief.AnswerChallenge(b.ctx, v.question(thief.files.Groups[14]))
	b.check(err)
	v.proof = examine.ProofCA(answer)
	v.bind()
	v.refused("a question for the thief's chip", evidence.RefusedDocument)

	v = b.travelWith(victim)
	v.answerOwn(fixtures.lay(t, "passport-bac-ca"))
	v.bind()
	v.refused("no question at all", evidence.RefusedProof)

	other := b.travelWith(fixtures.lay(t, "passport-bac-aa-rsa"))
	v = b.travelWith(fixtures.lay(t, "passport-aa-ecdsa"))
	encoded, err := v.transcript.Encode()
	b.check(err)
	challenge := examine.AAChallenge(encoded)
	signature, err := other.chip.ActiveAuthenticate(b.ctx, challenge[:])
	b.check(err)
	v.proof = examine.ProofAA(signature)
	v.bind()
	v.refused("another chip's signature", string(kiosk.ReasonKeyMismatch))
	b.check(b.Centre.Abandon(b.ctx, other.id, ""))

	// A Citizen Card's flow with a passport's data, and the reverse.
	card := fixtures.read(t, "cc1-rsa2048")
	v = b.travelWith(fixtures.lay(t, "passport-pace-gm"))
	v.proveChip()
	jws, err := transcript.Sign(b.ctx, v.transcript, card.chain, card)
	b.check(err)
	v.send(jws)
	v.refused("signed by a Citizen Card", evidence.RefusedDesk)
	cv := b.openWith(card)
	cv.prove()
	jws, err = transcript.SignAsDesk(cv.transcript(), v.signAs.PrivateKey.(crypto.Signer), v.signAs.Certificate)
	b.check(err)
	_, err = b.Centre.Bind(b.ctx, cv.id, transcript.Evidence{JWS: cv.clerk.signs(jws), Identity: card.files.Identity, SOD: card.files.SOD, SealedPIN: cv.sealed}, false)
	b.check(err)
	if got := cv.judged(); got.Refusal != evidence.RefusedSignature {
		t.Errorf("a Citizen Card's enrolment signed by the desk: got %s for %q", got.State, got.Refusal)
	}
}

// The name as the person spells it is left away, so that the key would be in the one that the MRZ cut off.
func TestTravelForgery_NameLeftAway(t *testing.T) {
	b, fixtures := newTravelBench(t)
	v := b.travelWith(fixtures.lay(t, "passport-long-name"))
	if v.chip.files.Groups[11] == nil || !v.chip.holder.Transliterated() {
		t.Fatal("the document spells no name out")
	}
	v.proveChip()
	v.only(1, 14)
	v.bind()
	v.refused("without DG11", evidence.RefusedDocument)
}

// An enrolment opened for one document and bound with another.
func TestTravelForgery_OpenedForAnother(t *testing.T) {
	b, fixtures := newTravelBench(t)
	chip := fixtures.lay(t, "passport-no-originality")
	for name, change := range map[string]func(*central.Person){
		"number":  func(p *central.Person) { p.DocumentNumber = "X" + p.DocumentNumber[1:] },
		"country": func(p *central.Person) { p.Country = "D" },
		"kind":    func(p *central.Person) { p.Document = kiosk.ResidenceCard },
	} {
		who := b.holderOf(chip, nif())
		change(&who)
		v := b.travelFor(chip, who)
		v.bind()
		v.refused("another "+name, evidence.RefusedDocument)
	}
}

// badChips are documents of the fixtures that a desk binds as if they were good.
var badChips = map[string]string{
	"passport-altered":                string(kiosk.ReasonDataAltered),
	"passport-stranger-sod":           string(kiosk.ReasonSODUntrusted),
	"passport-wrong-country-signer":   string(kiosk.ReasonSODUntrusted),
	"passport-broken-sod":             string(kiosk.ReasonSODInvalid),
	"passport-half-sod":               string(kiosk.ReasonSODUnreadable),
	"passport-revoked-signer":         string(kiosk.ReasonSignerRevoked),
	"passport-expired":                string(kiosk.ReasonDocumentExpired),
	"passport-fifteen":                string(kiosk.ReasonUnderAge),
	"residence-permit-foreign-issuer": string(kiosk.ReasonNotAccepted),
	"passport-clone-aa":               string(kiosk.ReasonKeyMismatch),
	"passport-clone-ca":               string(kiosk.ReasonKeyMismatch),
}

func TestTravelForgery_BadDocuments(t *testing.T) {
	b, fixtures := newTravelBench(t)
	for name, reason := range badChips {
		v := b.travelWith(fixtures.lay(t, name))
		v.proveChip()
		v.bind()
		v.refused(name, reason)
	}
}
