package registrar_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/record"
	"balcao/kiosk/registrar"
)

// comesFor opens a visit of a card's holder about their key.
func (b *bench) comesFor(card *heldCard, errand, reason string) *cardVisit {
	b.t.Helper()
	v := &cardVisit{visit: &visit{bench: b, id: newID(), shift: b.clerk.at(b.Centre)}, card: card, errand: errand, reason: reason}
	var err error
	v.opened, err = b.Centre.Open(b.ctx, v.id, central.Person{
		Shift: v.shift, Document: kiosk.CitizenCard, Country: card.holder.Country, CivilNumber: card.holder.CivilNumber, Errand: errand,
	})
	b.check(err)
	if v.opened.Refusal != "" || v.opened.Key == nil {
		b.t.Fatalf("opening for %s: %+v", errand, v.opened)
	}
	v.register = v.opened.Key.Register
	if evidence.Errands[errand].PIN {
		v.sealed = v.seal(v.id, "739164")
	}
	return v
}

// done binds and expects that it was done.
func (v *cardVisit) done() central.Status {
	v.t.Helper()
	v.bindHonestly()
	s := v.judged()
	if s.State != central.StateActive || s.Register == 0 && v.errand != "stored" {
		v.t.Fatalf("%s: %s for %q\n%s", v.errand, s.State, s.Refusal, v.Log)
	}
	return s
}

// newest is the record of a key's version, and the hash of its PIN.
func (b *bench) newest(register int64) (r record.Record, pin string) {
	b.t.Helper()
	var jws []byte
	b.check(b.Admin.QueryRow(b.ctx, `select r.record, k.pin_hash from centre.key k join centre.key_record r on r.key = k.register and r.version = k.version
		where k.register = $1`, register).Scan(&jws, &pin))
	r, err := record.Verify(jws, b.Records.Public().(ed25519.PublicKey))
	b.check(err)
	return r, pin
}

func values(contacts []record.Contact) (list []string) {
	for _, c := range contacts {
		list = append(list, c.Value)
	}
	slices.Sort(list)
	return list
}

// A key from the letter that activates it to its end. Each change makes a record out of the one before and what was proven,
// is told to the holder where it was not, and what only takes away makes none.
func TestErrands_Life(t *testing.T) {
	b := newBench(t)
	fixtures := useCards(b)
	card := fixtures.read(t, "cc2024")
	audit := b.audited()
	b.start(2, nil)
	clean := func(what string) {
		t.Helper()
		if said := audit(); said != "[]" {
			t.Errorf("%s, an audit finds %s", what, said)
		}
	}

	later := b.openWith(card)
	address := kiosk.PostalAddress{Name: "Maria", Lines: []string{"Rua da Prata 1, 2.º"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}
	later.later = &kiosk.ActivationFacts{Channel: kiosk.Letter, Address: address}
	letter := central.ActivationRequest{ID: newID(), Channel: kiosk.Letter, Address: address, Language: kiosk.Portuguese}
	if sent, err := b.Centre.SetActivation(b.ctx, later.id, letter); err != nil || sent.Refusal != "" {
		t.Fatalf("%+v, %v", sent, err)
	}
	register := later.done().Register
	if r, _ := b.newest(register); r.State != "pending" || r.Version != 1 || len(r.Contacts) != 0 || r.Reason != "contact_later" {
		t.Errorf("pending: %+v", r)
	}
	b.until("the letter can be printed", func() bool { return scalar[int](b, `select count(*) from registrar.letters()`) == 1 })
	code, err := registrar.ActivationCode(pepper, register, 1)
	b.check(err)
	if !scalar[bool](b, `select registrar.letter_printed(letter) is not null from registrar.letters() where register = $1`, register) {
		t.Error("the letter is not printed")
	}

	activate := b.comesFor(card, "activate", "")
	if got, err := b.Centre.ConfirmActivation(b.ctx, activate.id, central.ActivationAttempt{ID: newID(), Code: []byte("22222-22222")}); err != nil || got.Refusal != central.CodeWrong {
		t.Errorf("another code: %+v, %v", got, err)
	}
	if got, err := b.Centre.ConfirmActivation(b.ctx, activate.id, central.ActivationAttempt{ID: newID(), Code: code}); err != nil || got.Refusal != "" {
		t.Fatalf("the code: %+v, %v", got, err)
	}
	activate.prove()
	activate.done()
	old := activate.phone
	if r, _ := b.newest(register); r.State != "active" || r.Version != 2 || !slices.Equal(values(r.Contacts), []string{old}) || r.Person.CivilNumber == "" {
		t.Errorf("activated: %+v", r)
	}

	mail := b.comesFor(card, "email", "")
	mail.askForCode(kiosk.Email, "maria@example.pt")
	mail.confirm(b.Mail.Code(b.ctx, t, "maria@example.pt"))
	mail.done()
	phone := b.comesFor(card, "phone", "")
	phone.prove()
	phone.done()
	r, hash := b.newest(register)
	if want := []string{phone.phone, "maria@example.pt"}; r.Version != 4 || !slices.Equal(values(r.Contacts), want) || !r.HasPIN(hash) {
		t.Errorf("another phone: %+v, want %v", r, want)
	}
	clean("with another phone")
	b.Mail.Wait(b.ctx, t, "maria@example.pt", kiosktest.LongMessage)
	notMe := kiosktest.LongCodeIn(b.SMS.Wait(b.ctx, t, old, kiosktest.LongMessage))
	if n := len(b.SMS.To(phone.phone, kiosktest.LongMessage)); n != 0 {
		t.Errorf("%d notices went to the phone that was just proven", n)
	}
	froze := central.NotMe{ID: newID(), Code: []byte(strings.ToLower(notMe))}
	for range 2 { // said twice
		if got, err := b.Centre.NotMe(b.ctx, b.clerk.at(b.Centre), froze); err != nil || got.Register != register || got.State != "suspended" {
			t.Fatalf("not me: %+v, %v", got, err)
		}
	}

	b.comesFor(card, "reactivate", "recovered").done()
	b.comesFor(card, "pin", "").done()
	changed, now := b.newest(register)
	if changed.Version != 6 || !changed.HasPIN(now) || changed.HasPIN(hash) || !slices.Equal(values(changed.Contacts), values(r.Contacts)) || changed.Reason != "pin" {
		t.Errorf("another PIN: %+v", changed)
	}
	if s := b.comesFor(card, "stored", "").done(); s.Register != 0 && s.Key != nil && s.Key.State != "active" {
		t.Errorf("looked at: %+v", s)
	}
	for _, last := range []struct {
		errand, reason string
		state          kiosk.KeyStatus
	}{{"suspend", "phone_lost", "suspended"}, {"cancel", "unused", "cancelled"}} {
		if s := b.comesFor(card, last.errand, last.reason).done(); s.Key == nil || s.Key.State != last.state || len(s.Receipt.Leaf) != 32 {
			t.Errorf("%s: %+v", last.errand, s)
		}
	}
	clean("over")
	for _, v := range []*cardVisit{later, activate, mail, phone} { // whose contacts are others by now
		text, err := schema.Evidence(b.ctx, b.Admin, v.id)
		b.check(err)
		f, err := evidence.ReadFile(text)
		b.check(err)
		b.holds(fixtures, b.Records.Public().(ed25519.PublicKey), f)
		f.Errand = "unblock"
		if lines := f.Check(b.ctx, b.anchors(fixtures)); evidence.Good(lines) {
			t.Errorf("%s, said to be of another errand, holds", v.errand)
		}
	}
	if n := scalar[int](b, `select count(*) from centre.key_record where key = $1`, register); n != 6 {
		t.Errorf("%d records", n)
	}
}

// What a desk or the database says of a key that no registrar signed changes nothing.
func TestErrands_Forged(t *testing.T) {
	b := newBench(t)
	cards := useCards(b)
	b.start(2, nil)
	mine, other := cards.read(t, "cc2024"), cards.read(t, "cc1-rsa2048")
	var registers [2]int64
	for i, card := range []*heldCard{mine, other} {
		v := b.openWith(card)
		v.prove()
		registers[i] = v.done().Register
	}
	unsigned := func(sql string, args ...any) { // by somebody who switches triggers off
		b.t.Helper()
		tx, err := b.Admin.Begin(b.ctx)
		b.check(err)
		defer func() { _ = tx.Rollback(b.ctx) }() // nothing after a commit
		_, err = tx.Exec(b.ctx, `set local session_replication_role = replica`)
		b.check(err)
		_, err = tx.Exec(b.ctx, sql, args...)
		b.check(err)
		b.check(tx.Commit(b.ctx))
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	b.check(err)
	good, _ := b.newest(registers[0])
	resign := func(r record.Record, key ed25519.PrivateKey) []byte {
		jws, err := record.Sign(r, key)
		b.check(err)
		return jws
	}
	whole := resign(good, b.Records)
	fake := func(jws []byte) func(*cardVisit) {
		return func(*cardVisit) {
			unsigned(`update centre.key_record set record = $2 where key = $1`, registers[0], jws)
		}
	}
	as := func(change func(*record.Record), key ed25519.PrivateKey) []byte {
		r := good
		change(&r)
		return resign(r, key)
	}
	for name, tt := range map[string]struct {
		want   string
		before func(v *cardVisit) // it is bound
	}{
		"a stranger's record":  {evidence.RefusedRecord, fake(as(func(*record.Record) {}, stranger))},
		"no record":            {evidence.RefusedRecord, fake([]byte("none"))},
		"an old version":       {evidence.RefusedRecord, fake(as(func(r *record.Record) { r.Version = 7 }, b.Records))},
		"another key's record": {evidence.RefusedRecord, fake(as(func(r *record.Record) { r.Register = registers[1] }, b.Records))},
		"another person's key": {evidence.RefusedKey, fake(as(func(r *record.Record) { r.Person.CivilNumber = "123456789" }, b.Records))},
		"the visit's key replaced": {evidence.RefusedKey, func(v *cardVisit) {
			unsigned(`update centre.enrolment set subject = $2 where id = $1`, v.id, registers[1])
		}},
		"both replaced": {evidence.RefusedKey, func(v *cardVisit) {
			unsigned(`update centre.enrolment set subject = $2 where id = $1`, v.id, registers[1])
			v.register = registers[1]
		}},
		"signed for another errand": {evidence.RefusedErrand, func(v *cardVisit) { v.errand = "reactivate" }},
		"another errand in the row": {evidence.RefusedErrand, func(v *cardVisit) { unsigned(`update centre.enrolment set errand = 'unblock' where id = $1`, v.id) }},
		"signed for nothing":        {evidence.RefusedErrand, func(v *cardVisit) { v.errand, v.register = "", 0 }},
	} {
		v := b.comesFor(mine, "cancel", "unused")
		tt.before(v)
		v.bindHonestly()
		if s := v.judged(); s.State != central.StateRefused || s.Refusal != tt.want {
			t.Errorf("%s: %s for %q, want %s\n%s", name, s.State, s.Refusal, tt.want, b.Log)
		}
		unsigned(`update centre.key_record set record = $2 where key = $1`, registers[0], whole)
		if state := scalar[string](b, `select state from centre.key where register = $1`, registers[0]); state != "active" {
			t.Fatalf("%s: the key is %s", name, state)
		}
	}
	b.comesFor(mine, "cancel", "unused").done()
}

// The database's columns are not what a record is made of.
func TestErrands_FromTheRecord(t *testing.T) {
	b := newBench(t)
	card := useCards(b).read(t, "cc2024")
	b.start(1, nil)
	v := b.openWith(card)
	v.prove()
	register := v.done().Register
	b.exec(`set session_replication_role = replica`)
	b.exec(`update centre.key_contact set value = '+351919999999' where key = $1`, register)
	b.exec(`update centre.key set level = 'substantial', valid_until = '2099-01-01', pin_hash = pin_hash || 'x' where register = $1`, register)
	b.exec(`set session_replication_role = origin`)
	mail := b.comesFor(card, "email", "")
	mail.askForCode(kiosk.Email, "maria@example.pt")
	mail.confirm(b.Mail.Code(b.ctx, t, "maria@example.pt"))
	mail.bindHonestly()
	if state, _ := mail.ended(); state != "active" {
		t.Fatal(state)
	}
	r, pin := b.newest(register)
	if r.Level != "high" || r.ValidUntil == "2099-01-01" || r.HasPIN(pin) || !slices.Contains(values(r.Contacts), v.phone) {
		t.Errorf("a record has what only the columns say: %+v", r)
	}
	// And the door does not say so either.
	if _, err := b.Centre.Status(b.ctx, mail.id); err == nil {
		t.Error("a key that is not its record's is said to be active")
	}
}

// Long codes are a function of the pepper, the key and the number of the send, and of nothing else.
func TestActivationCode(t *testing.T) {
	seen := map[string]bool{}
	for register := int64(1); register <= 100; register++ {
		for send := 1; send <= 3; send++ {
			code, err := registrar.ActivationCode(pepper, register, send)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := registrar.ActivationCode(pepper, register, send)
			parsed, ok := kiosk.ParseActivationCode([]byte(strings.ToLower(string(code))))
			if !ok || len(code) != 11 || code[5] != '-' || string(again) != string(code) || string(parsed) != strings.Replace(string(code), "-", "", 1) || seen[string(code)] {
				t.Fatalf("%d/%d: %s, again %s", register, send, code, again)
			}
			seen[string(code)] = true
		}
	}
	if got, _ := registrar.ActivationCode(pepper, 4711, 1); string(got) != "QWBGU-AZA8M" {
		t.Errorf("another code than the one that was printed: %s", got)
	}
	if _, err := registrar.ActivationCode(pepper[1:], 1, 1); err == nil {
		t.Error("a short pepper was taken")
	}
}

// A PIN that is hashed anew while an errand is verified is not lost: the record that the errand leaves is made of that of the key
// as it was then.
func TestErrands_WhileHashedAnew(t *testing.T) {
	b := newBench(t)
	cards := useCards(b)
	audit := b.audited()
	var register atomic.Int64
	var once sync.Once
	b.start(1, func(w *kiosktest.Registrar) {
		w.Worker.CrashAt(func(point string) {
			if register.Load() == 0 || point != "verified" {
				return
			}
			once.Do(func() {
				r, pin := b.newest(register.Load())
				pin += "x"
				r.Version, r.Reason, r.PIN, r.PINHash, r.V = r.Version+1, "settings_changed", record.PINOf(pin), "", record.Version
				jws, err := record.Sign(r, b.Records)
				b.check(err)
				b.check(pgx.BeginFunc(b.ctx, b.Admin, func(tx pgx.Tx) error {
					_, err := tx.Exec(b.ctx, `select internal.change_key($1, 'rehash', p_set => jsonb_build_object('pin_hash', $2::text))`, r.Register, pin)
					if err == nil {
						_, err = tx.Exec(b.ctx, `insert into centre.key_record (key, version, record) values ($1, $2, $3)`, r.Register, r.Version, jws)
					}
					return err
				}))
			})
		})
	})
	card := cards.read(t, "cc2024")
	first := b.openWith(card)
	first.prove()
	made := first.done().Register
	visit := b.comesFor(card, "phone", "")
	visit.prove()
	register.Store(made)
	visit.done()
	if r, pin := b.newest(made); r.Version != 3 || !r.HasPIN(pin) || !strings.HasSuffix(pin, "x") {
		t.Errorf("the record is %+v, the hash %s", r, pin)
	}
	if said := audit(); said != "[]" {
		t.Errorf("an audit finds %s", said)
	}
}
