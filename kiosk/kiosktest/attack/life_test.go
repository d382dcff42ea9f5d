package attack_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/ledger"
	"balcao/kiosk/registrar"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
)

// comes opens a visit about the key of a card's holder. evidence is of the card by.
func (s *system) comes(in shift, holder, by *citizen, errand, reason string) *enrolment {
	s.t.Helper()
	e := &enrolment{system: s, shift: in, id: newID(), card: by, errand: errand, reason: reason}
	var err error
	e.opened, err = in.desk.Open(s.ctx, e.id, central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: holder.holder.CivilNumber, Shift: in.id, Errand: errand})
	s.check(err)
	if e.opened.Refusal != "" || e.opened.Key == nil {
		s.t.Fatalf("opening %s: %+v", errand, e.opened)
	}
	e.about = e.opened.Key.Register
	return e
}

// holds is somebody's active key, of which only they have the phone.
func (s *system) holds(in shift, card *citizen) (register int64, phone string) {
	s.t.Helper()
	e := s.enrol(in, card)
	e.bind(e.honest(), false)
	e.ends("the holder's", "active")
	return e.register(), e.proof.Value
}

// key is its state, version and phone.
func (s *system) key(register int64) string {
	s.t.Helper()
	return scalar[string](s, `select concat_ws(' ', k.state, k.version, (select string_agg(c.value, ' ') from centre.key_contact c where c.key = k.register))
		from centre.key k where k.register = $1`, register)
}

func (s *system) is(what string, register int64, want ...any) {
	s.t.Helper()
	if got := s.key(register); got != strings.TrimSpace(fmt.Sprintln(want...)) {
		s.t.Errorf("%s: the key is %s, want %v", what, got, want)
	}
}

// Attacker (b): a desk, and a clerk's card with PIN, at somebody else's key.
func TestLife_StolenDesk(t *testing.T) {
	s := newSystem(t)
	in := s.signIn(s.Centre, s.clerk)
	holder, thief := s.citizen("cc1-rsa2048"), s.citizen("cc1-rsa3072")
	register, phone := s.holds(in, holder)
	// What it is shown of a key, with the number of a document and nothing else: no name, no whole contact, and not for long.
	found, err := s.Centre.Search(s.ctx, in.id, central.SearchRequest{ID: newID(), Kind: "document", Value: holder.holder.CivilNumber, Country: "PRT", Reason: "holder_present"})
	s.check(err)
	for _, part := range []string{phone, phone[4:], holder.holder.Surname, holder.holder.GivenNames} {
		if text := fmt.Sprintf("%+v", found); len(found.Keys) != 1 || strings.Contains(text, part) {
			t.Errorf("a search shows %q: %s", part, text)
		}
	}
	look := central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: holder.holder.CivilNumber, Shift: in.id, Errand: "key"}
	id := newID()
	_, err = s.Centre.Open(s.ctx, id, look)
	s.check(err)
	look.CivilNumber = thief.holder.CivilNumber
	_, err = s.Centre.Open(s.ctx, id, look)
	s.refused("another document under the number of a look", err, central.RefusedConflict)
	// Each errand, with a phone of the thief's own and the thief's own card; and with the holder's evidence of another visit.
	honest := s.comes(in, holder, holder, "suspend", "request")
	for errand, reason := range map[string]string{"phone": "", "suspend": "request", "cancel": "request"} {
		e := s.comes(in, holder, thief, errand, reason)
		if errand == "phone" {
			e.prove()
		}
		e.bind(e.honest(), false)
		e.ends(errand+" with another's card", evidence.RefusedDocument)
		e = s.comes(in, holder, holder, errand, reason)
		if errand == "phone" {
			e.prove()
		}
		e.bind(honest.honest(), false)
		e.ends(errand+" with evidence of another visit", evidence.RefusedEnrolment)
	}
	_, err = s.Centre.Stored(s.ctx, honest.id)
	s.refused("what is stored, without evidence", err, central.RefusedEnded)
	s.is("after it", register, "active", 1, phone)
	// With the holder there, who is told something else: the old phone hears of it, and its code freezes the key at any desk.
	e := s.comes(in, holder, holder, "phone", "")
	e.prove()
	e.bind(e.honest(), false)
	e.ends("with the holder", "active")
	code := kiosktest.LongCodeIn(s.SMS.Wait(s.ctx, t, phone, kiosktest.LongMessage))
	there := s.signIn(s.Dial(t, "loja_2"), s.boss)
	if got, err := there.desk.NotMe(s.ctx, there.id, central.NotMe{ID: newID(), Code: []byte(code)}); err != nil || got.Register != register || got.State != "suspended" {
		t.Errorf("it was not me: %+v, %v", got, err)
	}
}

// A thief who has somebody's phone, or the letter with their activation code; and a document of their own.
func TestLife_ThiefWithCode(t *testing.T) {
	for name, channel := range map[string]kiosk.Channel{"with the phone": kiosk.SMS, "with the letter": kiosk.Letter} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			in := s.signIn(s.Centre, s.clerk)
			holder, thief := s.citizen("cc1-rsa2048"), s.citizen("cc1-rsa3072")
			r := central.ActivationRequest{ID: newID(), Channel: channel, Value: "+351921234567", Language: kiosk.Portuguese}
			if channel == kiosk.Letter {
				r.Value, r.Address = "", kiosk.PostalAddress{Name: "Maria", Lines: []string{"Rua da Prata 1"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}
			}
			first := s.pending(in, holder, r)
			register := first.register()
			var code []byte
			if channel == kiosk.Letter {
				s.until("the letter can be printed", func() bool {
					return scalar[bool](s, `select exists (select from registrar.letters() l where registrar.letter_printed(l.letter) is not null)`)
				})
				var err error
				code, err = registrar.ActivationCode(bytes.Repeat([]byte{7}, registrar.PepperLength), register, 1)
				s.check(err)
			} else {
				code = []byte(kiosktest.LongCodeIn(s.SMS.Wait(s.ctx, t, r.Value, kiosktest.LongMessage)))
			}
			give := func(e *enrolment) central.ActivationConfirmed {
				got, err := s.Centre.ConfirmActivation(s.ctx, e.id, central.ActivationAttempt{ID: newID(), Code: code})
				s.check(err)
				return got
			}
			// With their own document there is no key; with the number of the holder's, the evidence is not the holder's.
			o, err := s.Centre.Open(s.ctx, newID(), central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: thief.holder.CivilNumber, Shift: in.id, Errand: "activate"})
			if err != nil || o.Refusal != "no_key" {
				t.Errorf("with their own document: %+v, %v", o, err)
			}
			e := s.comes(in, holder, thief, "activate", "")
			if got := give(e); got.Refusal != "" {
				t.Fatalf("the code: %+v", got)
			} else if channel == kiosk.Letter {
				e.prove()
			} else {
				e.proof = kiosk.ProvenContact{Channel: got.Channel, Value: got.Contact, Proof: got.Proof, At: got.At}
			}
			e.bind(e.honest(), false)
			e.ends("the code and another document", evidence.RefusedDocument)
			s.is("after it", register, "pending", 1)
			if got, err := s.Centre.NotMe(s.ctx, in.id, central.NotMe{ID: newID(), Code: code}); err != nil || got.Refusal != central.CodeWrong {
				t.Errorf("an activation code freezes: %+v, %v", got, err)
			}
			// The holder asks for another: what the thief has is worth nothing, given before or after.
			e = s.comes(in, holder, holder, "activate", "")
			give(e)
			if channel == kiosk.Letter {
				e.prove()
			}
			again := s.comes(in, holder, holder, "activate", "")
			_, err = s.Centre.ResendActivation(s.ctx, again.id, central.ActivationRequest{ID: newID(), Channel: kiosk.Email, Value: "maria@example.pt", Language: kiosk.Portuguese})
			s.check(err)
			kiosktest.LongCodeIn(s.Mail.Wait(s.ctx, t, "maria@example.pt", kiosktest.LongMessage))
			if got := give(again); got.Refusal != central.CodeWrong {
				t.Errorf("a code that was replaced: %+v", got)
			}
			_, err = s.Centre.Bind(s.ctx, e.id, transcript.Evidence{JWS: []byte("{}"), Identity: []byte("x"), SOD: []byte("x")}, false)
			s.refused("bound with a code that was replaced", err, central.RefusedUnproven)
			s.is("at the end", register, "pending", 1)
		})
	}
}

// pending enrols somebody whose contact is proven later.
func (s *system) pending(in shift, card *citizen, r central.ActivationRequest) *enrolment {
	s.t.Helper()
	e := &enrolment{system: s, shift: in, id: newID(), card: card}
	var err error
	e.opened, err = in.desk.Open(s.ctx, e.id, central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: card.holder.CivilNumber, Shift: in.id})
	s.check(err)
	e.sealed, err = seal.PIN(s.Identity.Recipient(), e.id, []byte("482913"))
	s.check(err)
	sent, err := in.desk.SetActivation(s.ctx, e.id, r)
	s.check(err)
	if sent.Refusal != "" {
		s.t.Fatalf("set_activation: %+v", sent)
	}
	e.later = &kiosk.ActivationFacts{Channel: r.Channel, Value: r.Value, Address: r.Address}
	e.bind(e.honest(), false)
	e.ends("later", "active")
	return e
}

// A stranger at a desk, or at the web, who guesses.
func TestLife_Guesses(t *testing.T) {
	s := newSystem(t)
	in := s.signIn(s.Centre, s.clerk)
	holder := s.citizen("cc1-rsa2048")
	first := s.pending(in, holder, central.ActivationRequest{ID: newID(), Channel: kiosk.SMS, Value: "+351921234567", Language: kiosk.Portuguese})
	code := []byte(kiosktest.LongCodeIn(s.SMS.Wait(s.ctx, t, "+351921234567", kiosktest.LongMessage)))
	e := s.comes(in, holder, holder, "activate", "")
	try := func(e *enrolment, code string) central.Refusal {
		got, err := s.Centre.ConfirmActivation(s.ctx, e.id, central.ActivationAttempt{ID: newID(), Code: []byte(code)})
		s.check(err)
		return got.Refusal
	}
	for i := range 5 { // also at another visit
		if i == 3 {
			e = s.comes(in, holder, holder, "activate", "")
		}
		if got, want := try(e, "22222-22222"), map[bool]central.Refusal{false: central.CodeWrong, true: central.CodeLocked}[i == 4]; got != want {
			t.Errorf("guess %d: %s, want %s", i, got, want)
		}
	}
	if got := try(e, string(code)); got != central.CodeLocked {
		t.Errorf("the right one after five: %s", got)
	}
	s.is("guessed at", first.register(), "pending", 1)
	// "This was not me": twenty an hour at a desk, whatever they are; the other desks are not kept from it.
	s.exec(`update centre.setting set value = '3' where name = 'not_me_tries'`)
	notMe := func(in shift, id uuid.UUID) error {
		_, err := in.desk.NotMe(s.ctx, in.id, central.NotMe{ID: id, Code: []byte("22222-22222")})
		return err
	}
	for range 3 {
		s.check(notMe(in, newID()))
	}
	s.refused("a fourth guess", notMe(in, newID()), central.RefusedTooMany)
	s.check(notMe(s.signIn(s.Dial(t, "loja_2"), s.boss), newID()))
}

// A clerk with nobody in front of them, at a key whose holder's papers they have seen before.
func TestLife_RogueClerk(t *testing.T) {
	s := newSystem(t)
	s.sequence()
	in := s.signIn(s.Centre, s.clerk)
	holder, thief := s.citizen("cc1-rsa2048"), s.citizen("cc1-rsa3072")
	register, phone := s.holds(in, holder)
	// What gives something back wants the holder's card: all that the clerk kept of it, and their own signature, are not enough.
	copied := *thief
	copied.files, copied.holder = holder.files, holder.holder
	for _, c := range []struct{ cause, state, errand string }{
		{`{"cause": "block", "reason": "wrong_codes"}`, "blocked", "unblock"}, {`{"cause": "not_me"}`, "suspended", "reactivate"},
	} {
		s.exec(`update centre.key set state = $2, change = $3::text::jsonb where register = $1`, register, c.state, c.cause)
		version := scalar[int](s, `select version from centre.key where register = $1`, register)
		e := s.comes(in, holder, &copied, c.errand, "request")
		e.bind(e.honest(), false)
		e.ends(c.errand+" without the holder", string(kiosk.ReasonPersonMismatch))
		s.is(c.errand, register, c.state, version, phone)
		e = s.comes(in, holder, holder, c.errand, "request")
		e.bind(e.honest(), false)
		e.ends(c.errand+" with the holder", "active")
		s.is(c.errand, register, "active", version+1, phone)
	}
	// Suspending at a word that nobody gave: three answers an hour about a key; and it is told, and says who did it.
	search := central.SearchRequest{ID: newID(), Kind: "phone", Value: phone, Reason: "holder_phone"}
	_, err := s.Centre.Search(s.ctx, in.id, search)
	s.check(err)
	born := holder.holder.BirthDate.String()
	for i, c := range []struct {
		born, number string
		want         central.Refusal
	}{
		{"1901-01-01", holder.holder.CivilNumber, central.NotConfirmed}, {born, "99999999", central.NotConfirmed}, {born, "", central.NotConfirmed},
		{born, holder.holder.CivilNumber, central.CodeLocked}, {born, holder.holder.CivilNumber, ""},
	} {
		if i == 4 {
			s.exec(`update centre.word_try set at = at - interval '1 hour'`)
		}
		got, err := s.Centre.SuspendByWord(s.ctx, in.id, search.ID, central.WordSuspension{Register: register, BirthDate: c.born, Number: c.number, Reason: "phone_lost"})
		if s.check(err); got.Refusal != c.want {
			t.Errorf("answer %d: %+v, want %q", i, got, c.want)
		}
	}
	if got := scalar[string](s, `select concat_ws(' ', cause, desk, staff) from centre.key_event where key = $1 order by id desc limit 1`, register); got != "word "+s.Centre.Desk()+" "+s.clerk.number {
		t.Errorf("who did it: %s", got)
	}
	if n := scalar[int](s, `select count(*) from centre.notice where key = $1 and kind = 'notice_suspended' and value = $2 and event = (select max(id) from centre.key_event where key = $1)`, register, phone); n != 1 {
		t.Errorf("%d notices, want 1", n)
	}
	s.audit(ledger.Audited{Checkpoints: []ledger.Kept{s.checkpoint()}})
}

// Attacker (d): a superuser on the database, who gives a key back to somebody.
func TestLife_Superuser(t *testing.T) {
	s, e, other, kept := enrolled(t)
	n, m := e.register(), other.register()
	s.exec(`update centre.key set state = 'blocked', change = '{"cause": "block", "reason": "wrong_codes"}' where register = $1`, n)
	s.exec(`update centre.key set state = 'cancelled', change = '{"cause": "cancel", "reason": "request"}' where register = $1`, m)
	kept2 := s.checkpoint()
	for what, c := range map[string]struct {
		set  string
		want string
	}{
		"nothing said":              {`state = 'active'`, "BK091"},
		"as if a lock were over":    {`state = 'active', change = '{"cause": "lock_ended"}'`, "BK091"},
		"as a desk, without record": {`state = 'active', change = '{"cause": "unblock", "reason": "request"}'`, "BK093"},
		"another PIN with it":       {`state = 'suspended', pin_hash = '$argon2id$y', change = '{"cause": "not_me"}'`, "BK091"},
	} {
		_, err := s.Admin.Exec(s.ctx, fmt.Sprintf(`update centre.key set %s where register = %d`, c.set, n))
		s.refused(what, err, c.want)
	}
	_, err := s.Admin.Exec(s.ctx, fmt.Sprintf(`update centre.key set state = 'active', change = '{"cause": "enrol"}' where register = %d`, m))
	s.refused("a key that was cancelled", err, "BK091")
	_, err = s.Admin.Exec(s.ctx, `insert into centre.transition (cause, from_state, to_state) values ('lock_ended', 'blocked', 'active')`)
	s.refused("a way that there is not", err, "BK090")
	// Without triggers the rows change, and the log says that they did.
	s.behind(fmt.Sprintf(`update centre.key set state = 'active' where register in (%d, %d)`, n, m))
	s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept, kept2}}, fmt.Sprintf("key %d", n), fmt.Sprintf("key %d", m))
}
