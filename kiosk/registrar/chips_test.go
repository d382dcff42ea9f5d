package registrar_test

import (
	"crypto"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/fixtures"
)

// newTravelBench returns a bench whose worker verifies travel documents for real, and the fixtures.
func newTravelBench(t *testing.T) (*bench, *cards) {
	t.Helper()
	b := newBench(t)
	c := useCards(b)
	b.start(1, nil)
	return b, c
}

// heldChip is a travel document of the fixtures, read as a desk reads it, its session still open.
type heldChip struct {
	*travel.Chip
	entry  fixtures.Entry
	files  examine.TravelFiles
	holder kiosk.Identity
}

// lay lays a document of the fixtures on a reader and reads what goes to the centre, good or bad.
func (c *cards) lay(t *testing.T, name string) *heldChip {
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
	emulated.PowerOff() // another test's session
	emulated.PowerOn()
	h := &heldChip{entry: entries[i]}
	h.Chip, err = travel.Recognise(t.Context(), kiosktest.Laid{Card: emulated}, travel.Options{Extended: true, ATR: emulated.ATR()})
	check(err)
	zone, err := mrz.Parse(strings.Join(h.entry.MRZ, "\n"), time.Now())
	check(err)
	h.files.Access, err = h.Unlock(t.Context(), travel.FromMRZ(zone.Key()))
	check(err)
	h.files.SOD, err = h.Read(t.Context(), travel.SOD, nil)
	check(err)
	h.files.Groups = map[int][]byte{}
	for number, file := range map[int]travel.File{1: travel.DG1, 11: travel.DG11, 14: travel.DG14, 15: travel.DG15} {
		if content, err := h.Read(t.Context(), file, nil); err == nil {
			h.files.Groups[number] = content
		} else if number == 1 {
			check(err)
		}
	}
	h.holder, err = examine.TravelIdentity(h.files, time.Now())
	check(err)
	return h
}

// nif is a NIF that nobody has.
func nif() string {
	digits := fmt.Sprintf("40%06d", 500_000+lastNumber.Add(1))
	for check := range 10 {
		if n := fmt.Sprintf("%s%d", digits, check); kiosk.CheckTaxNumber(n) {
			return n
		}
	}
	panic("a NIF without check digit")
}

// travelVisit is an enrolment with a travel document, and what the desk sends of it. The fields may be changed before
// bind.
type travelVisit struct {
	*cardVisit // its card stays nil
	chip       *heldChip
	taxNumber  string
	transcript transcript.Transcript
	identity   []byte
	sod        []byte
	proof      []byte
	signAs     tls.Certificate // the desk's
}

// holderOf is whom a desk opens an enrolment for.
func (b *bench) holderOf(chip *heldChip, taxNumber string) central.Person {
	return central.Person{Shift: b.clerk.at(b.Centre), Document: chip.holder.Kind, Country: chip.holder.Country, DocumentNumber: chip.holder.DocumentNumber, TaxNumber: taxNumber}
}

// travelWith opens an enrolment for the holder of a document and proves a phone.
func (b *bench) travelWith(chip *heldChip) *travelVisit {
	b.t.Helper()
	tax := nif()
	return b.travelFor(chip, b.holderOf(chip, tax))
}

func (b *bench) travelFor(chip *heldChip, who central.Person) *travelVisit {
	b.t.Helper()
	v := &travelVisit{cardVisit: &cardVisit{visit: &visit{bench: b, id: newID(), shift: who.Shift}}, chip: chip, taxNumber: who.TaxNumber, signAs: b.DB.Desk(b.Centre.Desk())}
	var err error
	v.opened, err = b.Centre.Open(b.ctx, v.id, who)
	b.check(err)
	if v.opened.Refusal != "" {
		b.t.Fatalf("opening: %s", v.opened.Refusal)
	}
	v.sealed = v.seal(v.id, goodPIN)
	v.cardVisit.prove()
	v.identity, v.sod = examine.TravelBytes(chip.files), chip.files.SOD
	v.transcript = v.honest()
	return v
}

// honest is the transcript of an honest desk.
func (v *travelVisit) honest() transcript.Transcript {
	who := v.chip.holder
	who.TaxNumber = v.taxNumber
	return transcript.Statement{
		Enrolment: v.id, Challenge: v.opened.Challenge, Desk: v.Centre.Desk(), OpenedAt: v.opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: who, Contacts: []kiosk.ProvenContact{v.cardVisit.proof}, PhotoCompared: true, Language: kiosk.English,
			Eligibility: kiosk.Eligibility{
				TaxNumber: v.taxNumber, Independence: kiosk.Independent,
				Address: kiosk.Seen{Kind: kiosk.SeenUtilityBill, Issuer: "Águas de Exemplo", Issued: kiosk.DateOf(time.Now())},
			},
			Assurance: kiosk.Assurance{Level: kiosk.LevelHigh}, At: time.Now(),
		},
		Access: examine.AccessText(v.chip.files.Access), Shift: v.shift, Staff: v.clerk.number, Evidence: transcript.Evidence{Identity: v.identity, SOD: v.sod, SealedPIN: v.sealed},
	}.Transcript()
}

// question asks the centre for its challenge to a chip until it is made.
func (v *travelVisit) question(dg14 []byte) travel.ChallengeToSend {
	v.t.Helper()
	var q central.ChipChallenge
	v.until("the challenge to the chip is made", func() bool {
		var err error
		q, err = v.Centre.ChipChallenge(v.ctx, v.id, dg14)
		v.check(err)
		return q.State != central.ChipQueued
	})
	if q.State != central.ChipReady {
		v.t.Fatalf("the challenge to the chip: %s", q.State)
	}
	var send travel.ChallengeToSend
	v.check(json.Unmarshal(q.Challenge, &send))
	return send
}

// prove lets the chip prove itself in its way.
func (v *travelVisit) proveChip() {
	v.t.Helper()
	switch examine.ProofOf(v.chip.files.Groups) {
	case examine.ProofActive:
		v.proof = examine.ProofAA(v.signed(v.transcript))
	case examine.ProofChip:
		answer, err := v.chip.AnswerChallenge(v.ctx, v.question(v.chip.files.Groups[14]))
		v.check(err)
		v.proof = examine.ProofCA(answer)
	}
}

// signed has the chip sign for a transcript.
func (v *travelVisit) signed(t transcript.Transcript) []byte {
	v.t.Helper()
	encoded, err := t.Encode()
	v.check(err)
	challenge := examine.AAChallenge(encoded)
	signature, err := v.chip.ActiveAuthenticate(v.ctx, challenge[:])
	v.check(err)
	return signature
}

// bind signs for the desk and hands over.
func (v *travelVisit) bind() {
	v.t.Helper()
	jws, err := transcript.SignAsDesk(v.transcript, v.signAs.PrivateKey.(crypto.Signer), v.signAs.Certificate)
	v.check(err)
	v.send(v.clerk.signs(jws))
}

func (v *travelVisit) send(jws []byte) {
	v.t.Helper()
	_, err := v.Centre.Bind(v.ctx, v.id, transcript.Evidence{JWS: jws, Identity: v.identity, SOD: v.sod, SealedPIN: v.sealed, Proof: v.proof}, false)
	v.check(err)
}

// active checks that the enrolment became a key of a level.
func (v *travelVisit) active(name string, level kiosk.Level) central.Status {
	v.t.Helper()
	got := v.judged()
	if got.State != central.StateActive || got.Level != level {
		v.t.Errorf("%s: got %s for %q at level %q, want active at %q\n%s", name, got.State, got.Refusal, got.Level, level, v.Log)
	}
	return got
}

// refused checks that it was refused for one reason, and that nothing of the person stays.
func (v *travelVisit) refused(name, reason string) {
	v.t.Helper()
	if got := v.judged(); got.State != central.StateRefused || got.Refusal != reason {
		v.t.Errorf("%s: got %s for %q, want refused for %q\n%s", name, got.State, got.Refusal, reason, v.Log)
		return
	}
	everything := v.dump()
	for _, personal := range []string{v.phone, v.chip.holder.DocumentNumber, v.taxNumber, fmt.Sprintf("%x", v.chip.files.Groups[1])} {
		if strings.Contains(everything, personal) {
			v.t.Errorf("%s: the database still holds %q", name, personal)
		}
	}
	if n := scalar[int](v.bench, `select count(*) from centre.key where enrolment = $1`, v.id); n != 0 {
		v.t.Errorf("%s: %d keys", name, n)
	}
}
