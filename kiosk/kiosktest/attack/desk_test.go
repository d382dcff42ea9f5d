package attack_test

import (
	"testing"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/trusttest"
)

// Attacker (a): a desk's computer with its key, and no staff card.
func TestDeskKey(t *testing.T) {
	s := newSystem(t)
	here, there := s.Centre, s.Dial(t, "loja_2")
	open := func(desk *central.Centre, in uuid.UUID) error {
		_, err := desk.Open(s.ctx, newID(), central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: "99001234", Shift: in})
		return err
	}
	theirs := s.signIn(there, s.clerk)
	s.check(open(there, theirs.id))
	ended := s.signIn(here, s.clerk)
	s.check(here.EndShift(s.ctx, ended.id))
	s.refused("no shift", open(here, uuid.Nil), central.RefusedInvalid)
	for name, in := range map[string]uuid.UUID{
		"an invented shift": newID(), "a shift that nobody signed": s.begin(here).Shift, "a shift that ended": ended.id,
		"another desk's shift": theirs.id,
	} {
		s.refused(name, open(here, in), central.RefusedShift)
		_, err := here.Cases(s.ctx, in)
		s.refused(name+", cases", err, central.RefusedShift)
		_, err = here.TakeCase(s.ctx, in, newID())
		s.refused(name+", a case", err, central.RefusedShift)
	}
	old := s.begin(there)
	forged := trusttest.MustIssue(t, trusttest.StaffTemplate(s.clerk.number, "Rita Neves"), nil, trusttest.MustKey(t))
	own := &member{number: s.clerk.number, chain: [][]byte{forged.Cert.Raw}, SoftCard: examinetest.SoftCard{Key: forged.Key}}
	for name, tt := range map[string]struct {
		card   *member
		change func(*transcript.SignIn)
		want   central.Refusal
	}{
		"a card of its own making":            {own, nil, central.StaffUnknown},
		"a card of another authority":         {s.staffCard("clerk-other-pki"), nil, central.StaffUnknown},
		"a staff card that nobody registered": {s.staffCard("clerk-2"), nil, central.StaffUnknown},
		"another shift's statement":           {s.clerk, func(st *transcript.SignIn) { st.Challenge = old.Challenge }, central.SignInInvalid},
		"a statement for another desk":        {s.clerk, func(st *transcript.SignIn) { st.Desk = "loja_2" }, central.SignInInvalid},
		"yesterday's statement":               {s.clerk, func(st *transcript.SignIn) { st.At = st.At.AddDate(0, 0, -1) }, central.SignInInvalid},
		"a clerk admits a clerk":              {s.clerk, func(st *transcript.SignIn) { st.Admits = "F0102" }, central.NotSupervisor},
		"a supervisor admits themself":        {s.boss, func(st *transcript.SignIn) { st.Admits = s.boss.number }, central.ClerkUnknown},
	} {
		s.exec(`delete from centre.sign_in_failure`)
		st := s.begin(here)
		if tt.change != nil {
			tt.change(&st)
		}
		if in := s.present(here, st, tt.card); in.Refusal != tt.want || in.Staff != "" {
			t.Errorf("%s: got %+v, want %s", name, in, tt.want)
		}
		s.refused(name, open(here, st.Shift), central.RefusedShift)
	}
	// A statement that was signed for another shift, sent as it was.
	st := s.begin(there)
	jws, err := transcript.SignSignIn(s.ctx, st, s.clerk.chain, s.clerk)
	s.check(err)
	in, err := here.SignIn(s.ctx, s.begin(here).Shift, jws)
	if err != nil || in.Refusal != central.SignInInvalid {
		t.Errorf("another desk's statement: %+v, %v", in, err)
	}
}

// Attacker (g): a staff card without its PIN. What the card itself says to guesses is TestStolenCard_Guesses.
func TestStolenCard(t *testing.T) {
	s := newSystem(t)
	here, there := s.Centre, s.Dial(t, "loja_2")
	var in central.SignedIn
	for range 5 {
		st := s.begin(here)
		jws, err := transcript.SignSignIn(s.ctx, st, s.other.chain, s.other)
		s.check(err)
		in, err = here.SignIn(s.ctx, st.Shift, s.relabelled(jws, s.clerk))
		s.check(err)
		if in.Refusal != central.SignInInvalid && in.Refusal != central.StaffLocked || in.Staff != "" {
			t.Fatalf("without the card's key: %+v", in)
		}
	}
	if in.TriesLeft != 0 {
		t.Errorf("%d tries are left", in.TriesLeft)
	}
	if in = s.present(here, s.begin(here), s.clerk); in.Refusal != central.StaffLocked {
		t.Errorf("after five wrong ones even the right one: %+v", in)
	}
	if in = s.present(there, s.begin(there), s.clerk); in.Refusal != "" {
		t.Errorf("the clerk at another desk: %+v", in)
	}
	s.signIn(here, s.boss)
	s.signIn(here, s.clerk)
	// A card that is reported is worth nothing at once.
	s.revoke(s.clerk)
	for _, desk := range []*central.Centre{here, there} {
		if in = s.present(desk, s.begin(desk), s.clerk); in.Refusal != central.StaffRevoked {
			t.Errorf("revoked: %+v", in)
		}
	}
}

// The emulated card, as a reader hands it on: without the PIN it signs nothing, and few guesses block it.
func TestStolenCard_Guesses(t *testing.T) {
	s := newSystem(t)
	card, err := s.fixtures.Card("clerk")
	s.check(err)
	card.PowerOn()
	send := func(name string, command []byte, want uint16) {
		t.Helper()
		data := card.Transmit(command).Data
		if n := len(data); n < 2 || uint16(data[n-2])<<8|uint16(data[n-1]) != want {
			t.Errorf("%s: % X, want %04X", name, data, want)
		}
	}
	verify := func(pin string) []byte {
		return append([]byte{0x00, 0x20, 0x00, 0x80, 0x08}, append([]byte(pin), make([]byte, 8-len(pin))...)...)
	}
	padded := func(pin string) []byte {
		c := verify(pin)
		for i := 5 + len(pin); i < len(c); i++ {
			c[i] = 0xff
		}
		return c
	}
	// GENERAL AUTHENTICATE, ECC P-256, slot 9A (SP 800-73-4 part 2 §3.2.4).
	sign := append([]byte{0x00, 0x87, 0x11, 0x9a, 0x26, 0x7c, 0x24, 0x82, 0x00, 0x81, 0x20}, append(make([]byte, 32), 0x00)...)
	send("SELECT", []byte{0x00, 0xa4, 0x04, 0x00, 0x09, 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x00}, 0x9000)
	send("signing without the PIN", sign, 0x6982)
	send("a first guess", padded("000000"), 0x63c2)
	send("a second guess", padded("111111"), 0x63c1)
	send("a third guess", padded("222222"), 0x63c0)
	send("the right PIN, too late", padded("123456"), 0x6983)
	send("signing", sign, 0x6982)
}

// Attacker (b): a desk's key and a clerk's card, and nobody in front of the desk.
func TestClerkWithoutCitizen(t *testing.T) {
	s := newSystem(t)
	in := s.signIn(s.Centre, s.clerk)
	card := s.citizen("cc1-rsa2048")
	past := s.enrol(in, card)
	t.Run("evidence of another enrolment", func(t *testing.T) {
		e := s.enrol(in, card)
		e.bind(past.honest(), false)
		e.ends(t.Name(), "enrolment_mismatch")
	})
	t.Run("the citizen's signature of another enrolment", func(t *testing.T) {
		e := s.enrol(in, card)
		e.bind(e.splice(past.honest(), 0), false)
		e.ends(t.Name(), "signature_invalid")
	})
	t.Run("no signature of the citizen", func(t *testing.T) {
		e := s.enrol(in, card)
		e.bind(e.without(0), false)
		e.ends(t.Name(), "signature_invalid")
	})
	t.Run("the security object of another's card", func(t *testing.T) {
		e := s.enrol(in, card)
		e.card.files.SOD = s.citizen("cc1-rsa3072").files.SOD
		e.bind(e.honest(), false)
		e.ends(t.Name(), "data_altered")
	})
	document := s.document("passport-bac-aa-rsa")
	t.Run("a copy of a passport whose chip has a key", func(t *testing.T) {
		s.travels(in, document).ends(t.Name(), "proof_missing")
	})
	t.Run("the security object of another's passport", func(t *testing.T) {
		d := *document
		d.files.SOD = s.document("passport-aa-ecdsa").files.SOD
		s.travels(in, &d).ends(t.Name(), "document_mismatch") // it names files that this chip has not
	})
	t.Run("a zone that is typed", func(t *testing.T) {
		d := document.typed(s)
		if opened, err := in.desk.Open(s.ctx, newID(), d.person(in.id)); err != nil || opened.Refusal != central.NoChip {
			t.Errorf("where none may be typed: %+v, %v", opened, err)
		}
		s.set("typed_mrz", 1)
		s.travels(in, d).waits()
	})
	// A chip without a key of its own can be copied: then nothing but the clerk's word says that the document was there.
	copied := s.document("passport-no-originality")
	t.Run("a copy of a passport whose chip has no key", func(t *testing.T) {
		s.set("level_asked", 1)
		s.travels(in, copied).waits()
	})
	t.Run("a photograph that cannot be shown", func(t *testing.T) {
		s.set("level_asked", 0)
		s.exec(`update centre.enrolment set state = 'expired' where state = 'waiting'`)
		s.travelsWith(in, copied, func(tr *transcript.Transcript) { tr.PhotoPrinted = true }).waits()
	})
}
