package registrar_test

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/record"
	"balcao/kiosk/registrar"
	"balcao/kiosk/signin"
)

// web is the login service as far as holders' own acts go.
type web struct {
	*bench
	db   *pgxpool.Pool
	pins *signin.Checker
}

func (b *bench) web() web {
	b.t.Helper()
	pool, err := pgxpool.New(b.ctx, b.DB.Login())
	b.check(err)
	b.t.Cleanup(pool.Close)
	hasher, err := signin.NewHasher(pepper, 2, 8)
	b.check(err)
	c := signin.New(pool, hasher)
	b.t.Cleanup(c.Wait)
	return web{b, pool, c}
}

// pin tries a PIN, which is right.
func (w web) pin(t signin.Try, pin string) uuid.UUID {
	w.t.Helper()
	t.ID, t.PIN = newID(), []byte(pin)
	a, err := w.pins.PIN(w.ctx, t)
	if err != nil || !a.Right {
		w.t.Fatalf("the PIN of %s: %+v, %v", t.Name, a, err)
	}
	return t.ID
}

// signIn signs somebody in by phone.
func (w web) signIn(phone, pin string) uuid.UUID {
	w.t.Helper()
	try, n := w.pin(signin.Try{By: kiosk.ByPhone, Name: phone}, pin), len(w.SMS.To(phone, "code"))
	if s, err := w.pins.SendCode(w.ctx, try, newID(), kiosk.SMS, kiosk.Portuguese); err != nil || s.Refusal != "" {
		w.t.Fatalf("%+v, %v", s, err)
	}
	w.until("the code is sent", func() bool { return len(w.SMS.To(phone, "code")) > n })
	if s, err := w.pins.Code(w.ctx, try, newID(), []byte(w.SMS.Code(w.ctx, w.t, phone))); err != nil || s.Refusal != "" {
		w.t.Fatalf("%+v, %v", s, err)
	}
	return try
}

// ask reads one value as the login service, which must work.
func (w web) ask(sql string, args ...any) (v string) {
	w.t.Helper()
	if err := w.db.QueryRow(w.ctx, `select coalesce((`+sql+`)::text, '')`, args...).Scan(&v); err != nil {
		w.t.Fatal(sql, err)
	}
	return v
}

func (w web) settled(id uuid.UUID, want string) {
	w.t.Helper()
	var got string
	w.until("the act is over", func() bool { got = w.ask(`select login.change_state($1)`, id); return got != "queued" })
	if got != want {
		w.t.Errorf("the act is %s, want %s\n%s", got, want, w.Log)
	}
}

// From a letter to an active key, another PIN, a code that froze it: all on the web. Each version has a record that a
// registrar signed, and an audit finds nothing.
func TestOwnActs(t *testing.T) {
	b := newBench(t)
	fixtures := useCards(b)
	card := fixtures.read(t, "cc2024")
	audit := b.audited()
	b.start(2, nil)
	w := b.web()
	b.exec(`update centre.setting set value = '0' where name = 'code_resend_after_seconds'`)
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
	b.until("the letter can be printed", func() bool { return scalar[int](b, `select count(*) from registrar.letters()`) == 1 })
	code, err := registrar.ActivationCode(pepper, register, 1)
	b.check(err)
	if !scalar[bool](b, `select registrar.letter_printed(letter) is not null from registrar.letters() where register = $1`, register) {
		t.Error("the letter is not printed")
	}
	// A database that somebody writes to does not make a registrar activate a key: it knows no code.
	b.exec(`with t as (insert into centre.sign_in_try (id, key, model, named, made_at, admitted, state, pending, activation, contact)
				select $2, $1, $1, '', now(), true, 'code', true, a.id, $3 from centre.activation a where a.key = $1 returning id),
			c as (insert into centre.sign_in_code (id, try, key, channel, value, language, sent_at, expires_at, resend_at, sends_left, used_at)
				values ($3, $2, $1, 'sms', '+351910000009', 'pt', now(), now(), now(), 0, now()))
		insert into centre.own_act (id, try, key, kind, state, version, code, contact_code) values ($2, $2, $1, 'activate', 'queued', 1, '2222222222', '123456')`,
		register, newID(), newID())
	forged := scalar[uuid.UUID](b, `select id from centre.own_act`)
	b.exec(`select internal.enqueue('own_act', null, null, null, $1)`, forged)
	w.settled(forged, "failed")

	try := w.pin(signin.Try{By: kiosk.ByPassport, Name: "PRT:" + card.holder.CivilNumber, Pending: true}, goodPIN)
	if got := w.ask(`select concat_ws(' ', refusal, needs_contact) from login.activation($1, $2, $3, 'net')`, newID(), try, string(code)); got != "t" {
		t.Fatalf("the code: %s", got)
	}
	const phone = "+351912345670"
	if got := w.ask(`select refusal from login.activation_contact($1, $2, 'sms', $3, 'pt')`, try, newID(), phone); got != "" {
		t.Fatalf("a code to the contact: %s", got)
	}
	b.until("the code is sent", func() bool { return len(b.SMS.To(phone, "code")) == 1 })
	proof := b.SMS.Code(b.ctx, t, phone)
	if got := w.ask(`select refusal from login.activation_code($1, $2, $3)`, try, newID(), proof); got != "" {
		t.Fatalf("the code of the contact: %s", got)
	}
	act := newID()
	for range 2 { // said twice
		if got := w.ask(`select refusal from login.activate($1, $2, $3, $4)`, try, act, string(code), proof); got != "" {
			t.Fatalf("activate: %s", got)
		}
	}
	w.settled(act, "done")
	r, hash := b.newest(register)
	if r.State != "active" || r.Version != 2 || !slices.Equal(values(r.Contacts), []string{phone}) || r.Reason != "activate" || !r.HasPIN(hash) {
		t.Errorf("activated: %+v", r)
	}
	b.until("the holder is told", func() bool { return len(b.SMS.To(phone, "welcome")) == 1 })
	clean("activated on the web")
	if n := scalar[int](b, `select count(*) from centre.own_act where code is not null or contact_code is not null or pin_hash is not null`); n != 0 {
		t.Errorf("%d acts still have what they were proven with", n)
	}

	try = w.signIn(phone, goodPIN)
	act = newID()
	const another = "739164"
	if refusal, err := w.pins.ChangePIN(b.ctx, try, act, []byte(another)); err != nil || refusal != "" {
		t.Fatalf("another PIN: %s, %v", refusal, err)
	}
	w.settled(act, "done")
	if r, stored := b.newest(register); r.Version != 3 || r.Reason != "pin" || !r.HasPIN(stored) || r.HasPIN(hash) || !isPIN(t, stored, scalar[string](b, `select pin_subject from centre.key`), another) {
		t.Errorf("another PIN: %+v", r)
	}
	if _, err := w.pins.ChangePIN(b.ctx, try, newID(), []byte(goodPIN)); err == nil {
		t.Error("the sign-in outlived the PIN")
	}
	notMe := kiosktest.LongCodeIn(b.SMS.Wait(b.ctx, t, phone, kiosktest.LongMessage))
	clean("with another PIN")
	if got := w.ask(`select concat_ws(' ', refusal, state) from login.not_me($1, $2, 'net')`, newID(), notMe); got != "suspended" {
		t.Errorf("not me: %s", got)
	}
	clean("frozen")
	if jws := scalar[[]byte](b, `select record from centre.key_record where key = $1 and version = 2`, register); len(jws) == 0 {
		t.Error("no record")
	} else if _, err := record.Verify(jws, b.Records.Public().(ed25519.PublicKey)); err != nil {
		t.Error(err)
	}
}
