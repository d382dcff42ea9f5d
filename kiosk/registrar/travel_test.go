package registrar_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/transcript"
)

// Each way in which a chip proves itself, or cannot.
func TestTravel_WholePath(t *testing.T) {
	b, fixtures := newTravelBench(t)
	for name, level := range map[string]kiosk.Level{
		"passport-bac-aa-rsa":          kiosk.LevelHigh,
		"passport-aa-ecdsa":            kiosk.LevelHigh,
		"passport-pace-gm":             kiosk.LevelHigh, // the centre's challenge
		"passport-bac-ca":              kiosk.LevelHigh, // likewise, 3DES
		"passport-no-originality":      kiosk.LevelSubstantial,
		"passport-td-unknown-birth":    kiosk.LevelHigh,
		"residence-permit":             kiosk.LevelHigh,
		"residence-permit-long-number": kiosk.LevelHigh,
	} {
		v := b.travelWith(fixtures.lay(t, name))
		v.proveChip()
		v.bind()
		got := v.active(name, level)
		if got.State != central.StateActive {
			continue
		}
		p := v.chip.holder
		if want := p.ValidUntil; got.ValidUntil != want {
			t.Errorf("%s: valid until %s, want %s", name, got.ValidUntil, want)
		}
		var kept struct{ Civil, Number, Tax, Born, Stated, Hash string }
		err := b.Admin.QueryRow(b.ctx, `select coalesce(p.civil_number, ''), p.document_number, (select n.value from centre.person_number n where n.person = p.id and n.kind = 'nif' and n.source = 'said'), p.birth_date::text, p.birth_stated,
			k.pin_hash from centre.key k join centre.person p on p.id = k.person where k.enrolment = $1`, v.id).
			Scan(&kept.Civil, &kept.Number, &kept.Tax, &kept.Born, &kept.Stated, &kept.Hash)
		b.check(err)
		if kept.Civil != "" || kept.Number != p.DocumentNumber || kept.Tax != v.taxNumber ||
			kept.Born != p.BirthDate.Latest().String() || kept.Stated != p.BirthDate.String() {
			t.Errorf("%s: kept %+v of %+v", name, kept, v.transcript.Person)
		}
		if !isPIN(t, kept.Hash, p.Country+":document:"+p.DocumentNumber, goodPIN) {
			t.Errorf("%s: the stored hash is not of the PIN that was chosen", name)
		}
	}
}

// What is kept of an enrolment proves it again, years later and without the centre's word for it.
func TestTravel_KeptEvidenceVerifies(t *testing.T) {
	b, fixtures := newTravelBench(t)
	for _, name := range []string{"passport-bac-aa-rsa", "passport-pace-gm"} {
		v := b.travelWith(fixtures.lay(t, name))
		v.proveChip()
		v.bind()
		v.active(name, kiosk.LevelHigh)
		var proof, kept, sod, private []byte
		var payload string
		err := b.Admin.QueryRow(b.ctx, `select v.proof, v.kept, v.sod, c.private, convert_from(v.jws, 'UTF8')::json ->> 'payload' from centre.evidence e, lateral internal.whole(e) v
			left join centre.chip_challenge c on c.enrolment = v.enrolment where v.enrolment = $1`, v.id).
			Scan(&proof, &kept, &sod, &private, &payload)
		b.check(err)
		groups, err := examine.ParseFiles(kept)
		b.check(err)
		if !bytes.Equal(groups[1], v.chip.files.Groups[1]) || groups[11] != nil || !bytes.Equal(sod, v.sod) {
			t.Errorf("%s: kept %d files, want DG1 and the chip's keys", name, len(groups))
		}
		agreed, err := base64.RawURLEncoding.DecodeString(payload)
		b.check(err)
		switch examine.ProofKind(proof[0]) {
		case examine.ProofActive:
			challenge := examine.AAChallenge(agreed)
			err = travel.VerifyActiveAuthentication(groups[15], groups[14], challenge[:], proof[1:])
		case examine.ProofChip:
			var question *travel.ChipChallenge
			if question, err = travel.UnmarshalChipChallenge(private); err == nil {
				err = question.Verify(proof[1:])
			}
		}
		if err != nil {
			t.Errorf("%s: the proof that was kept: %v", name, err)
		}
	}
}

// Whoever reads the database, or writes to it, cannot answer for a chip: the challenge's private half lies there sealed, for
// one enrolment.
func TestTravel_SealedChallenge(t *testing.T) {
	b, fixtures := newTravelBench(t)
	lay := func() *heldChip { return fixtures.lay(t, "passport-pace-gm") }
	private := func(v *travelVisit) []byte {
		return scalar[[]byte](b, `select private from centre.chip_challenge where enrolment = $1`, v.id)
	}
	v := b.travelWith(lay())
	v.question(v.chip.files.Groups[14])
	others := private(v)
	if _, err := travel.UnmarshalChipChallenge(others); err == nil {
		t.Error("the private half of the challenge can be read in the database")
	}
	b.check(v.Centre.Abandon(b.ctx, v.id, "cancelled"))
	for name, replace := range map[string]func(v *travelVisit) []byte{
		"one that the reader made": func(w *travelVisit) []byte {
			own, err := travel.NewChipChallenge(rand.Reader, w.chip.files.Groups[14])
			b.check(err)
			state, err := own.Marshal()
			b.check(err)
			return state
		},
		"another enrolment's": func(*travelVisit) []byte { return others },
		"one bit":             func(w *travelVisit) []byte { p := private(w); p[20] ^= 1; return p },
	} {
		w := b.travelWith(lay())
		w.proveChip()
		b.exec(`update centre.chip_challenge set private = $2 where enrolment = $1`, w.id, replace(w))
		w.bind()
		w.refused(name, evidence.RefusedProof)
	}
	w := b.travelWith(lay())
	w.proveChip()
	w.bind()
	w.active("as it was", kiosk.LevelHigh)
}

// Without an authority of desks nobody's declaration is believed.
func TestTravel_NoDeskAuthority(t *testing.T) {
	b := newBench(t)
	fixtures := useCards(b)
	b.orphan = true
	b.start(1, nil)
	v := b.travelWith(fixtures.lay(t, "passport-no-originality"))
	v.bind()
	v.refused("no authority", evidence.RefusedAuthority)
}

// The rules of the moment are the centre's settings.
func TestTravel_Rules(t *testing.T) {
	b, fixtures := newTravelBench(t)
	set := func(name string, value int) { b.check(schema.Set(b.ctx, b.DB.Admin(), name, value)) }
	accompanied := func() *travelVisit {
		v := b.travelWith(fixtures.lay(t, "passport-no-originality"))
		v.transcript.Eligibility.Independence = kiosk.Accompanied
		v.bind()
		return v
	}
	accompanied().refused("accompanied", evidence.RefusedEligibility)
	set("accompanied_allowed", 1)
	accompanied().active("accompanied, allowed", kiosk.LevelSubstantial)

	set("min_age", 17)
	v := b.travelWith(fixtures.lay(t, "passport-fifteen"))
	v.proveChip()
	v.bind()
	v.refused("fifteen, 17 wanted", string(kiosk.ReasonUnderAge))
	set("min_age", 14)
	v = b.travelWith(fixtures.lay(t, "passport-fifteen"))
	v.proveChip()
	v.bind()
	v.active("fifteen, 14 wanted", kiosk.LevelHigh)

	expired := fixtures.lay(t, "passport-expired")
	until := kiosk.DateOf(time.Now().AddDate(0, 0, 40))
	law := kiosk.Extension{Name: "DL de Teste", Kinds: []kiosk.DocumentKind{kiosk.Passport},
		From: expired.holder.ValidUntil, To: expired.holder.ValidUntil, Until: until}
	b.check(schema.AddExtension(b.ctx, b.DB.Admin(), law))
	v = b.travelWith(expired)
	v.transcript.Eligibility.Extension = law.Name
	v.proveChip()
	v.bind()
	v.waits(kiosk.ApproveExtension)
	v.decide("approved", "")
	if got := v.active("expired, extended", kiosk.LevelHigh); got.ValidUntil != until {
		t.Errorf("the key is valid until %s, want %s", got.ValidUntil, until)
	}
	var found struct{ Extension string }
	b.check(json.Unmarshal([]byte(scalar[string](b, `select verification::text from centre.evidence where enrolment = $1`, v.id)), &found))
	if found.Extension != law.Name {
		t.Errorf("the finding names the law %q, want %q", found.Extension, law.Name)
	}
}

// typedVisit is an enrolment of which only the zone was typed.
func (b *bench) typedVisit(chip *heldChip) *travelVisit {
	b.t.Helper()
	who := b.holderOf(chip, nif())
	who.Typed = true
	zone, err := examine.TypedFiles(strings.Join(chip.entry.MRZ, "\n"))
	b.check(err)
	typed := &heldChip{entry: chip.entry, files: examine.TravelFiles{Groups: map[int][]byte{1: zone}}}
	typed.holder, err = examine.TravelIdentity(typed.files, time.Now())
	b.check(err)
	v := b.travelFor(typed, who)
	v.transcript.Document.Access, v.transcript.Document.SOD = transcript.AccessTyped, nil
	return v
}

func TestTravel_Typed(t *testing.T) {
	b, fixtures := newTravelBench(t)
	set := func(value int) { b.check(schema.Set(b.ctx, b.DB.Admin(), "typed_mrz", value)) }
	chip := fixtures.lay(t, "passport-pace-gm")
	set(1)
	v := b.typedVisit(chip)
	set(0) // between opening and binding
	v.bind()
	v.refused("refused meanwhile", evidence.RefusedTyped)
	set(1)
	v = b.typedVisit(chip)
	v.bind()
	v.waits(kiosk.ApproveTyped)
	v.decide("refused", "other")
	v.refused("a supervisor refused", "declined")
	v = b.typedVisit(chip)
	v.bind()
	v.waits(kiosk.ApproveTyped)
	v.decide("approved", "")
	v.active("a supervisor approved", kiosk.LevelSubstantial)
	if n := scalar[int](b, `select octet_length(kept) from centre.evidence where enrolment = $1`, v.id); n != len(v.identity) {
		t.Errorf("%d bytes are kept, want the zone's %d", n, len(v.identity))
	}
	set(2)
	v = b.typedVisit(fixtures.lay(t, "passport-bac"))
	v.bind()
	v.active("nobody has to decide", kiosk.LevelSubstantial)
}

// A NIF that was typed proves nothing: it stops neither its owner nor anybody else.
func TestTravel_TypedNIFBlocksNobody(t *testing.T) {
	b, fixtures := newTravelBench(t)
	card := fixtures.read(t, "cc1-rsa2048")
	passport := b.travelFor(fixtures.lay(t, "passport-no-originality"), b.holderOf(fixtures.lay(t, "passport-no-originality"), card.holder.TaxNumber))
	cv := b.openWith(card) // before the passport is bound
	cv.prove()
	passport.bind()
	passport.active("the passport", kiosk.LevelSubstantial)
	forge(cv).bind()
	if got := cv.judged(); got.State != central.StateActive {
		t.Errorf("who proves the NIF: got %s for %q", got.State, got.Refusal)
	}
	another := b.travelFor(fixtures.lay(t, "passport-bac"), b.holderOf(fixtures.lay(t, "passport-bac"), card.holder.TaxNumber))
	another.proveChip()
	another.bind()
	if got := another.judged(); got.State != central.StateActive {
		t.Errorf("another passport: got %s for %q", got.State, got.Refusal)
	}
	if got := scalar[string](b, `select string_agg(tax_number, ',') from centre.key`); got != card.holder.TaxNumber {
		t.Errorf("proven by keys: %s", got)
	}
	if n := scalar[int](b, `select count(*) from centre.review`); n != 0 {
		t.Errorf("%d reviews of people with different names", n)
	}
}

// One person with a Citizen Card and a passport has two keys, and somebody at the centre looks at it; the desk hears
// nothing.
func TestOnePersonWithTwoDocuments(t *testing.T) {
	b := newBench(t)
	tax := nif()
	b.verifier = verifierFunc(func(ctx context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		verified, err := believe(ctx, sent, e)
		verified.Identity.DocumentNumber, verified.Identity.TaxNumber = e.DocumentNumber, tax
		return verified, err
	})
	b.start(1, nil)
	card := b.visit()
	passport := &visit{bench: b, id: newID(), phone: "+351919999124"}
	_, err := b.Centre.Open(b.ctx, passport.id, central.Person{Shift: b.clerk.at(b.Centre), Document: kiosk.Passport, Country: "PRT", DocumentNumber: "C000001", TaxNumber: tax})
	b.check(err)
	for _, v := range []*visit{passport, card} {
		v.prove()
		v.bind(goodPIN)
		if got := v.judged(); got.State != central.StateActive || got.Refusal != "" {
			t.Errorf("got %s for %q", got.State, got.Refusal)
		}
	}
	if n := scalar[int](b, `select count(*) from centre.review r join centre.key k on k.register = r.key
		join centre.key o on o.register = r.other where k.living and o.living`); n != 1 {
		t.Errorf("%d reviews, want one of the two keys", n)
	}
	if n := scalar[int](b, `select count(*) from centre.person_event where what = 'made'`); n != 2 {
		t.Errorf("%d people were made, want 2", n)
	}
}

// What the evidence is held against is what the centre knows.
func TestTravel_Expectation(t *testing.T) {
	b := newBench(t)
	type call struct {
		sent   transcript.Evidence
		expect evidence.Expect
	}
	seen := make(chan call, 1)
	b.verifier = verifierFunc(func(_ context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		for _, wiped := range []*[]byte{&sent.JWS, &sent.Identity, &sent.SOD, &sent.SealedPIN, &sent.Proof, &e.ChipState} {
			*wiped = bytes.Clone(*wiped) // by the worker
		}
		seen <- call{sent, e}
		return nil, &evidence.Refusal{Reason: evidence.RefusedProof}
	})
	b.check(schema.Set(b.ctx, b.DB.Admin(), "typed_mrz", 1))
	b.exec(`insert into centre.setting (name, value, lowest, highest, note) values ('some_later_rule', '1', 0, 1, '')`)
	dg14 := []byte("dg14")
	v := &visit{bench: b, id: newID(), phone: "+351919999123"}
	who := central.Person{Shift: b.clerk.at(b.Centre), Document: kiosk.ResidencePermit, Country: "PRT", DocumentNumber: "PT0000001", TaxNumber: nif()}
	_, err := b.Centre.Open(b.ctx, v.id, who)
	b.check(err)
	_, err = b.Centre.ChipChallenge(b.ctx, v.id, dg14)
	b.check(err)
	kept, err := registrar.SealChip(pepper, v.id, []byte("keep"))
	b.check(err)
	b.exec(`select registrar.chip_challenge_made($1, 'send', $2)`, v.id, kept)
	b.start(1, nil)
	v.prove()
	_, err = b.Centre.Bind(b.ctx, v.id, transcript.Evidence{JWS: []byte(`{}`), Identity: []byte("i"), SOD: []byte("s"),
		SealedPIN: []byte("p"), Proof: []byte("\x02answer")}, false)
	b.check(err)
	v.judged()
	got := <-seen
	if e := got.expect; e.Kind != who.Document || e.Country != "PRT" || e.CivilNumber != "" || e.DocumentNumber != who.DocumentNumber ||
		e.TaxNumber != who.TaxNumber || e.Typed || e.Rules.TypedMRZ != kiosk.TypedSecond || !e.DeskAuthority.Equal(cluster.DeskAuthority()) {
		t.Errorf("expects %+v", e)
	}
	if e := got.expect; string(e.ChipState) != "keep" || !bytes.Equal(e.ChipDG14, dg14) {
		t.Errorf("expects the answer to %q of %q", e.ChipState, e.ChipDG14)
	}
	if p := got.sent; string(p.Proof) != "\x02answer" || string(p.Identity) != "i" || string(p.SOD) != "s" || string(p.SealedPIN) != "p" {
		t.Errorf("evidence %q", p)
	}
}

// A worker that dies while it makes the challenge to a chip: the desk gets one challenge, and the chip's answer to it
// is right.
func TestCrash_ChipChallenge(t *testing.T) {
	for _, point := range []string{"taken", "challenged", "settled"} {
		t.Run(point, func(t *testing.T) {
			b := newBench(t)
			fixtures := useCards(b)
			before := b.start(1, nil)
			v := b.travelWith(fixtures.lay(t, "passport-pace-gm"))
			before.Stop()
			dg14 := v.chip.files.Groups[14]
			var died chan struct{}
			first := b.start(1, func(r *kiosktest.Registrar) { died = b.crash(r, point) })
			_, err := b.Centre.ChipChallenge(b.ctx, v.id, dg14)
			b.check(err)
			b.await(died)
			if q, err := b.Centre.ChipChallenge(b.ctx, v.id, dg14); err != nil || q.State != central.ChipQueued {
				t.Fatalf("after the crash: %+v, %v", q, err)
			}
			b.again(first, 2)
			v.proveChip()
			v.bind()
			v.active(point, kiosk.LevelHigh)
			if n := scalar[int](b, `select count(*) from centre.job where kind = 'chip_challenge' and state = 'done'`); n != 1 {
				t.Errorf("%d questions were made", n)
			}
		})
	}
}

// Bytes that are no keys, or keys of no known kind, are said to be unsupported, and stop nobody else.
func TestChipChallenge_Unsupported(t *testing.T) {
	b, fixtures := newTravelBench(t)
	v := b.travelWith(fixtures.lay(t, "passport-no-originality"))
	var q central.ChipChallenge
	_, err := b.Centre.ChipChallenge(b.ctx, v.id, []byte("n"))
	b.check(err)
	v.until("it is given up", func() bool {
		q, err = b.Centre.ChipChallenge(b.ctx, v.id, []byte("n"))
		b.check(err)
		return q.State != central.ChipQueued
	})
	if q.State != central.ChipUnsupported || q.Challenge != nil {
		t.Errorf("got %+v", q)
	}
}
