package registrar_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/fixtures"
)

// cards are the fixtures of the test bench.
type cards struct{ fixtures *fixtures.Fixtures }

// useCards has the bench's workers verify evidence with the real verifier, which trusts the fixtures' authorities.
func useCards(b *bench) *cards {
	b.t.Helper()
	var c cards
	var err error
	c.fixtures, err = fixtures.Open()
	b.check(err)
	b.verifier = evidence.Verifier{Examiner: kiosktest.Examiner(b.t, c.fixtures.Issued())}
	return &c
}

// heldCard is a card of the fixtures, read as a desk reads it.
type heldCard struct {
	*citizencard.Card
	pin    string
	files  citizencard.Files
	chain  [][]byte // for x5c
	holder kiosk.Identity
}

// read takes a card out of the fixtures and reads it, good or bad.
func (c *cards) read(t *testing.T, name string) *heldCard {
	t.Helper()
	check := func(err error) {
		if t.Helper(); err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
	}
	entries := c.fixtures.Entries()
	i := slices.IndexFunc(entries, func(e fixtures.Entry) bool { return e.Name == name })
	emulated, err := c.fixtures.Card(name)
	check(err)
	emulated.PowerOn()
	h := &heldCard{pin: entries[i].PIN}
	h.Card, err = citizencard.Open(t.Context(), kiosktest.Laid{Card: emulated})
	check(err)
	h.files.Generation = h.Generation()
	h.files.Identity, err = h.ReadIdentity(t.Context())
	check(err)
	h.files.SOD, err = h.ReadSOD(t.Context())
	check(err)
	h.files.Certificate, err = h.ReadCertificate(t.Context())
	check(err)
	h.files.Issuers, err = h.ReadIssuers(t.Context())
	check(err)
	h.chain = append([][]byte{h.files.Certificate}, h.files.Issuers...)
	h.holder, err = examine.IdentityOf(h.files)
	check(err)
	return h
}

// SignDigest has the card sign, with the PIN first: another reading of it may have reset the card.
func (h *heldCard) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if err := h.VerifyPIN(ctx, []byte(h.pin)); err != nil {
		return nil, err
	}
	return h.Sign(ctx, digest)
}

// cardVisit is an enrolment with a card in the reader.
type cardVisit struct {
	*visit
	card    *heldCard
	opened  central.Opened
	channel kiosk.Channel
	value   string
	proof   kiosk.ProvenContact // of the last contact that was confirmed
	sealed  []byte

	errand   string // "": an enrolment
	register int64
	reason   string
	later    *kiosk.ActivationFacts // in place of a contact
}

// openWith opens an enrolment for the holder of a card.
func (b *bench) openWith(card *heldCard) *cardVisit {
	b.t.Helper()
	return b.openFor(card, card.holder.CivilNumber)
}

func (b *bench) openFor(card *heldCard, civilNumber string) *cardVisit {
	b.t.Helper()
	v := &cardVisit{visit: &visit{bench: b, id: newID(), shift: b.clerk.at(b.Centre)}, card: card}
	var err error
	v.opened, err = b.Centre.Open(b.ctx, v.id, central.Person{Shift: v.shift, Document: kiosk.CitizenCard, Country: card.holder.Country, CivilNumber: civilNumber})
	b.check(err)
	if v.opened.Refusal != "" {
		b.t.Fatalf("opening: %s", v.opened.Refusal)
	}
	v.sealed = v.seal(v.id, goodPIN)
	return v
}

func (v *cardVisit) askForCode(channel kiosk.Channel, value string) {
	v.t.Helper()
	v.channel, v.value = channel, value
	v.visit.askForCode(channel, value)
}

// confirm confirms the code and keeps the centre's record of it, which goes into the transcript.
func (v *cardVisit) confirm(code string) {
	v.t.Helper()
	answer, err := v.Centre.ConfirmCode(v.ctx, v.id, central.Attempt{ID: newID(), Channel: v.channel, Code: kiosk.Secret(code)})
	v.check(err)
	if answer.Refusal != "" {
		v.t.Fatalf("confirming: %s", answer.Refusal)
	}
	v.proof = kiosk.ProvenContact{Channel: v.channel, Value: v.value, Proof: answer.Proof, At: answer.At}
}

// transcript is what an honest desk has the card sign.
func (v *cardVisit) transcript() transcript.Transcript {
	var proven []kiosk.ProvenContact
	if v.proof.Channel != "" {
		proven = append(proven, v.proof)
	}
	return transcript.Statement{
		Enrolment: v.id, Challenge: v.opened.Challenge, Desk: v.Centre.Desk(), OpenedAt: v.opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Errand: v.errand, Key: v.register, Reason: v.reason, Activation: v.later,
			Identity: v.card.holder, Contacts: proven, PhotoCompared: true, Language: kiosk.Portuguese,
			Assurance: kiosk.Assurance{Level: kiosk.LevelHigh}, At: time.Now(),
		},
		Access: transcript.AccessContact, Shift: v.shift, Staff: v.clerk.number, Evidence: transcript.Evidence{Identity: v.card.files.Identity, SOD: v.card.files.SOD, SealedPIN: v.sealed},
	}.Transcript()
}

func hash(data []byte) transcript.Bytes {
	sum := sha256.Sum256(data)
	return sum[:]
}

// bindHonestly signs and binds as a desk does.
func (v *cardVisit) bindHonestly() {
	v.t.Helper()
	jws, err := transcript.Sign(v.ctx, v.transcript(), v.card.chain, v.card)
	v.check(err)
	key := v.DB.Desk(v.Centre.Desk())
	jws, err = transcript.Countersign(jws, key.PrivateKey.(crypto.Signer), key.Certificate)
	v.check(err)
	jws = v.clerk.signs(jws)
	_, err = v.Centre.Bind(v.ctx, v.id, transcript.Evidence{
		JWS: jws, Identity: v.card.files.Identity, SOD: v.card.files.SOD, SealedPIN: v.sealed,
	}, false)
	v.check(err)
}

// fabricated is a proof that no centre gave.
func fabricated(channel kiosk.Channel, value string) transcript.Contact {
	return transcript.Contact{Channel: channel, Value: value, Proof: uuid.New(), ConfirmedAt: time.Now()}
}
