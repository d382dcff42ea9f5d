package schema_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	rightCode = "ABCDE23456"
	wrongCode = "ZZZZZ99999"
	address   = `{"name": "Ana Neves", "street": "Rua do Teste 1", "more": "", "postcode": "1000-001", "town": "Lisboa", "country": "PT"}`
)

type activationAsked struct {
	Refusal string
	Expires *time.Time
}

func (d desk) tryActivation(call string, visit, send uuid.UUID, channel, value string) (activationAsked, error) {
	var to any
	if channel == "letter" {
		to = address
	}
	return row[activationAsked](d.b.tb, d.b.centre, `select coalesce(refusal, ''), expires_at from desk.`+call+`_activation($1, $2, $3, $4, $5, $6::jsonb, 'zh-Hans')`,
		d.cert, visit, send, channel, value, to)
}

// later opens an enrolment whose contact is proven later.
func (d desk) later(p person, channel, value string) uuid.UUID {
	d.b.tb.Helper()
	id := d.open(p)
	if a := must(d.tryActivation("set", id, newID(), channel, value))(d.b.tb); a.Refusal != "" || a.Expires == nil {
		d.b.tb.Fatalf("set_activation: %+v", a)
	}
	if s := must(d.tryBind(id, cardEvidence))(d.b.tb); s.State != "pending" {
		d.b.tb.Fatalf("bind: %+v", s)
	}
	return id
}

// made has a registrar make the newest code of a key, and returns its activation.
func (b *bench) made(register int64, code string) uuid.UUID {
	b.tb.Helper()
	id := scalar[uuid.UUID](b, `select id from centre.activation where key = $1 and ended_at is null`, register)
	if !b.long(`select registrar.activation_ready($1, $2, $3)`, id, code) {
		b.tb.Fatal("the code is not wanted")
	}
	return id
}

type activationTried struct {
	Refusal          string
	TriesLeft        int
	Channel, Contact string
	Proof            *uuid.UUID
}

func (d desk) tryActivate(visit, attempt uuid.UUID, code string) (activationTried, error) {
	return row[activationTried](d.b.tb, d.b.centre, `select coalesce(refusal, ''), tries_left, coalesce(channel, ''), coalesce(contact, ''), proof
		from desk.confirm_activation($1, $2, $3, $4)`, d.cert, visit, attempt, code)
}

func (d desk) activate(visit uuid.UUID, code string) activationTried {
	d.b.tb.Helper()
	return must(d.tryActivate(visit, newID(), code))(d.b.tb)
}

// A key whose contact is proven later, by each channel: from the desk to the code that is given.
func TestActivation(t *testing.T) {
	t.Parallel()
	for channel, value := range map[string]string{"sms": phone(), "email": "a.teste@exemplo.pt", "letter": ""} {
		t.Run(channel, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.unhurried()
			who := citizen()
			first := b.desk.later(who, channel, value)
			a := b.apply(first, who, "")
			if a.Outcome != "active" || a.Version != 1 || b.apply(first, who, "") != a {
				t.Fatalf("applied: %+v", a)
			}
			if got := scalar[string](b, `select concat_ws(' ', k.state, e.cause, e.reason, k.living, (select count(*) from centre.key_contact))
				from centre.key k join centre.key_event e on e.key = k.register`); got != "pending enrol_later contact_later t 0" {
				t.Errorf("the key: %s", got)
			}
			var payload struct {
				Activation       uuid.UUID
				Register, SendNo int64
				Channel, Value   string
				Language         string
			}
			for j := b.mustTake("w"); j.Kind != "activation"; j = b.mustTake("w") {
				_ = must(b.registrar.Exec(t.Context(), `select registrar.job_done($1, 'w')`, j.ID))(t)
			}
			text := scalar[string](b, `select internal.job_activation(j)::text from centre.job j where kind = 'activation'`)
			if err := json.Unmarshal([]byte(text), &payload); err != nil || payload.Channel != channel || payload.Value != value || payload.Register != a.Register || payload.Language != "zh-Hans" {
				t.Errorf("job: %s, %v", text, err)
			}
			visit := b.desk.errand("activate", who)
			if got := b.desk.activate(visit, rightCode); got.Refusal != "code_expired" {
				t.Errorf("before there is a code: %+v", got)
			}
			id := b.made(a.Register, rightCode)
			b.long(`select registrar.activation_ready($1, $2, $3)`, id, wrongCode) // the first one stays
			if channel == "letter" {
				b.printed(id)
			}
			o := must(b.desk.tryErrand(newID(), "key", who))(t)
			if p := o.Key.Pending; p == nil || p.Channel != channel || strings.Contains(p.Value, "teste") || value != "" && p.Value == value {
				t.Errorf("what is under way: %+v", p)
			}
			if _, err := b.desk.tryBind(visit, evidenceOf("activate")); word("", err) != "BK007" && word("", err) != "BK008" {
				t.Errorf("bound without a code: %v", err)
			}
			attempt := newID()
			for range 2 { // one try
				if got := must(b.desk.tryActivate(visit, attempt, wrongCode))(t); got.Refusal != "code_wrong" || got.TriesLeft != 4 {
					t.Errorf("a wrong code: %+v", got)
				}
			}
			good := newID()
			got := must(b.desk.tryActivate(visit, good, "abcde-234 56"))(t)
			if got.Refusal != "" || got.Contact != value || (got.Proof != nil) != (channel != "letter") {
				t.Errorf("the right code: %+v", got)
			}
			if again := must(b.desk.tryActivate(visit, good, rightCode))(t); cmp.Diff(got, again) != "" {
				t.Errorf("said again: %+v", again)
			}
			// The desk crashes; at another visit the code is as good as before.
			if err := b.desk.abandon(visit, "crashed"); err != nil {
				t.Fatal(err)
			}
			visit = b.newDesk("loja_2").errand("activate", who)
			second := desk{b: b, name: "loja_2", cert: b.cert("loja_2"), shift: scalar[uuid.UUID](b, `select shift from centre.enrolment where id = $1`, visit)}
			if got := second.activate(visit, rightCode); got.Refusal != "" {
				t.Errorf("at another visit: %+v", got)
			}
			if channel == "letter" {
				_, err := second.tryBind(visit, evidenceOf("activate"))
				wantState(t, "a letter proves no contact", err, "BK007")
				value = phone()
				second.prove(visit, "sms", value)
			}
			second.wantBound(visit, "activate")
			if a := b.apply(visit, who, ""); a.Outcome != "active" || a.Version != 2 {
				t.Errorf("activated: %+v", a)
			}
			if got := scalar[string](b, `select k.state || ' ' || c.value from centre.key k join centre.key_contact c on c.key = k.register`); got != "active "+value {
				t.Errorf("the key: %s, want %s", got, value)
			}
			if n := scalar[int](b, `select count(*) from centre.activation where value is not null or code_key is not null or mac is not null or not used or ended_at is null`); n != 0 {
				t.Error("the code is still there")
			}
			if n := b.mentions("Rua do Teste"); n != 0 {
				t.Errorf("the address stands in %d rows", n)
			}
			if n := scalar[int](b, `select count(*) from centre.job where kind = 'welcome'`); n != 1 {
				t.Errorf("%d messages of welcome, want 1", n)
			}
		})
	}
}

// cert is the fingerprint of a desk's certificate.
func (b *bench) cert(desk string) []byte {
	b.tb.Helper()
	return scalar[[]byte](b, `select fingerprint from centre.desk_certificate where desk = $1`, desk)
}

func (b *bench) printed(letter uuid.UUID) bool {
	b.tb.Helper()
	return must(ask[bool](b.tb, b.registrar, `select registrar.letter_printed($1) is not null`, letter))(b.tb)
}

// What is said of an activation before the key is made: replaced, taken back, instead of a contact.
func TestActivationBeforeTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who := citizen()
	id, send := b.desk.open(who), newID()
	for what, c := range map[string]struct{ channel, value, refusal string }{
		"no channel": {"fax", "1", "BK005"}, "no phone": {"sms", "912", "BK005"}, "no address": {"sms", "", "BK005"},
		"a letter to a phone": {"letter", "+351912345678", "BK005"}, "nowhere": {"sms", "+8001234567", "destination_off"},
	} {
		a, err := b.desk.tryActivation("set", id, newID(), c.channel, c.value)
		if got := word(a.Refusal, err); got != c.refusal {
			t.Errorf("%s: %q, want %q", what, got, c.refusal)
		}
	}
	for range 2 {
		if a := must(b.desk.tryActivation("set", id, send, "letter", ""))(t); a.Refusal != "" {
			t.Errorf("a letter: %+v", a)
		}
	}
	_, err := b.desk.tryActivation("set", id, send, "sms", phone())
	wantState(t, "another content", err, "BK004")
	if a := must(b.desk.tryActivation("set", id, newID(), "email", "a@exemplo.pt"))(t); a.Refusal != "" {
		t.Errorf("rather an e-mail: %+v", a)
	}
	if n := scalar[int](b, `select count(*) from centre.activation a full join centre.letter l on true`); n != 1 {
		t.Errorf("%d codes are asked for, want 1", n)
	}
	if a := must(b.desk.tryActivation("set", id, newID(), "", ""))(t); a.Refusal != "" || a.Expires != nil {
		t.Errorf("taken back: %+v", a)
	}
	_, err = b.desk.tryBind(id, cardEvidence)
	wantState(t, "neither a contact nor a code", err, "BK007")
	must(b.desk.tryActivation("set", id, newID(), "email", "a@exemplo.pt"))(t)
	b.desk.prove(id, "sms", phone())
	if n := scalar[int](b, `select count(*) from centre.activation`); n != 0 {
		t.Error("a contact was proven, and the code is still asked for")
	}
	_, err = b.desk.tryActivation("set", id, newID(), "email", "a@exemplo.pt")
	wantState(t, "beside a contact", err, "BK005")
	gone := b.desk.later(citizen(), "letter", "")
	must(b.registrar.Exec(t.Context(), `select registrar.refuse($1, 'forged')`, gone))(t)
	if n := b.mentions("Rua do Teste"); n != 0 {
		t.Errorf("the address of one who was refused stands in %d rows", n)
	}
	_, err = b.desk.tryActivation("resend", id, newID(), "sms", phone())
	wantState(t, "again, of what is no key", err, "BK005")
}

// A new code kills the old one; codes of a key are few a day; five wrong tries at one lock it.
func TestResendActivation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	b.set("activation_sends", 3)
	who := citizen()
	register := b.apply(b.desk.later(who, "sms", phone()), who, "").Register
	b.made(register, rightCode)
	visit := b.desk.errand("activate", who)
	for left := 4; left >= 0; left-- {
		want := "code_wrong"
		if left == 0 {
			want = "code_locked"
		}
		if got := b.desk.activate(visit, wrongCode); got.Refusal != want || got.TriesLeft != left {
			t.Errorf("with %d left: %+v", left, got)
		}
	}
	if got := b.desk.activate(visit, rightCode); got.Refusal != "code_locked" {
		t.Errorf("the right one, too late: %+v", got)
	}
	send := newID()
	for range 2 {
		if a := must(b.desk.tryActivation("resend", visit, send, "email", "a@exemplo.pt"))(t); a.Refusal != "" {
			t.Errorf("another: %+v", a)
		}
	}
	b.made(register, "23456ABCDE")
	if got := b.desk.activate(visit, rightCode); got.Refusal != "code_wrong" {
		t.Errorf("the old code: %+v", got)
	}
	if got := b.desk.activate(visit, "23456ABCDE"); got.Refusal != "" || got.Contact != "a@exemplo.pt" {
		t.Errorf("the new code: %+v", got)
	}
	// It was given, and is worth nothing once another is sent.
	must(b.desk.tryActivation("resend", visit, newID(), "letter", ""))(t)
	_, err := b.desk.tryBind(visit, evidenceOf("activate"))
	wantState(t, "bound with a code that another replaced", err, "BK008")
	if a := must(b.desk.tryActivation("resend", visit, newID(), "letter", ""))(t); a.Refusal != "resends_used" {
		t.Errorf("a fourth: %+v", a)
	}
	letter := b.made(register, rightCode)
	b.printed(letter)
	b.exec(`update centre.activation set expires_at = clock_timestamp() where id = $1`, letter)
	if got := b.desk.activate(visit, rightCode); got.Refusal != "code_expired" {
		t.Errorf("too old: %+v", got)
	}
	_, err = b.desk.tryActivate(visit, newID(), "ABCDE2345O")
	wantState(t, "what no code can be", err, "BK005")
	b.exec(`update centre.enrolment set expires_at = clock_timestamp() where id = $1`, visit)
	_, err = b.desk.tryActivate(visit, newID(), rightCode)
	wantState(t, "a visit that was open too long", err, "BK003")
	if a := must(b.desk.tryActivation("resend", visit, newID(), "letter", ""))(t); a.Refusal != "enrolment_expired" {
		t.Errorf("in a visit that was open too long: %+v", a)
	}
	if err := b.desk.abandon(visit, ""); err != nil {
		t.Fatal(err)
	}
	_, err = b.desk.tryActivate(visit, newID(), rightCode)
	wantState(t, "a visit that has ended", err, "BK002")
	_, err = b.desk.tryActivation("resend", visit, newID(), "letter", "")
	wantState(t, "another code, of a visit that has ended", err, "BK002")
	// Nobody comes: the key ends.
	b.exec(`update centre.activation set expires_at = clock_timestamp() - interval '91 days', made_at = made_at - interval '112 days'`)
	must(b.registrar.Exec(t.Context(), `select registrar.expire()`))(t)
	if got := scalar[string](b, `select k.state || ' ' || e.reason from centre.key k join centre.key_event e on e.id = internal.newest_event(k.register)`); got != "expired never_activated" {
		t.Errorf("after ninety days: %s", got)
	}
}

// Each letter is printed once; again with a reason, while its address is kept.
func TestLetters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	register := b.apply(b.desk.later(who, "letter", ""), who, "").Register
	waiting := func() []string {
		return must(pgx.CollectRows(must(b.registrar.Query(t.Context(), `select register || ' ' || send_no || ' ' || (address ->> 'town') || ' ' || copies || coalesce(' ' || reason, '')
			from registrar.letters()`))(t), pgx.RowTo[string]))(t)
	}
	if got := waiting(); len(got) != 0 {
		t.Errorf("without a code: %v", got)
	}
	letter := b.made(register, rightCode)
	reprint := func(reason string) bool {
		return must(ask[bool](t, b.registrar, `select registrar.letter_reprint($1, $2)`, letter, reason))(t)
	}
	if reprint("damaged") {
		t.Error("printed again before it was printed")
	}
	if got := waiting(); !slices.Equal(got, []string{"1 1 Lisboa 0"}) {
		t.Errorf("to print: %v", got)
	}
	got := atOnce(8, func(int) string { return map[bool]string{true: "print", false: "do not"}[b.printed(letter)] })
	if got["print"] != 1 {
		t.Errorf("printed at once: %v", got)
	}
	if days := scalar[float64](b, `select extract(epoch from expires_at - now()) / 86400 from centre.activation`); days < 20.9 || days > 21 {
		t.Errorf("its code lives %v days", days)
	}
	if got := waiting(); len(got) != 0 {
		t.Errorf("printed, and to print: %v", got)
	}
	if !reprint("printer_failed") {
		t.Error("not printed again")
	}
	if got := waiting(); !slices.Equal(got, []string{"1 1 Lisboa 1 printer_failed"}) {
		t.Errorf("to print again: %v", got)
	}
	b.printed(letter)
	b.exec(`update centre.letter set printed_at = printed_at - interval '8 days'`)
	must(b.registrar.Exec(t.Context(), `select registrar.expire()`))(t)
	if n := b.mentions("Rua do Teste"); n != 0 {
		t.Errorf("a week later the address stands in %d rows", n)
	}
	if reprint("returned") {
		t.Error("printed again without an address")
	}
	_, err := b.registrar.Exec(t.Context(), `select registrar.letter_reprint($1, 'because')`, letter)
	wantState(t, "no reason of the list", err, "BK005")
}

// A code that another replaced activates nothing, also where it was given before; not even when it was bound.
func TestReplacedActivationCode(t *testing.T) {
	t.Parallel()
	for _, bound := range []bool{false, true} {
		b := newBench(t)
		b.unhurried()
		who := citizen()
		register := b.apply(b.desk.later(who, "email", "a@exemplo.pt"), who, "").Register
		b.made(register, rightCode)
		visit := b.desk.errand("activate", who)
		if got := b.desk.activate(visit, rightCode); got.Refusal != "" {
			t.Fatalf("the code: %+v", got)
		}
		other := b.newDesk("loja_2")
		second := other.errand("activate", who)
		if bound {
			b.desk.wantBound(visit, "activate")
		}
		must(other.tryActivation("resend", second, newID(), "email", "b@exemplo.pt"))(t)
		if !bound {
			_, err := b.desk.tryBind(visit, evidenceOf("activate"))
			wantState(t, "bound with a code that is replaced", err, "BK008")
		} else if a := b.apply(visit, who, ""); a.Outcome != "key_changed" {
			t.Errorf("applied with a code that is replaced: %+v", a)
		}
		if state := scalar[string](b, `select state from centre.key`); state != "pending" {
			t.Errorf("the key is %s", state)
		}
		b.made(register, "23456ABCDE")
		last := other.errand("activate", who)
		if got := other.activate(last, "23456ABCDE"); got.Refusal != "" {
			t.Fatalf("the newest code: %+v", got)
		}
		other.wantBound(last, "activate")
		if a := b.apply(last, who, ""); a.Outcome != "active" {
			t.Errorf("with the newest code: %+v", a)
		}
	}
}

// With a key that ends before it was activated ends its code; its letter is not printed, and nobody knows any more where to.
func TestActivationEndsWithItsKey(t *testing.T) {
	t.Parallel()
	for channel, value := range map[string]string{"letter": "", "email": "maria@exemplo.pt"} {
		for _, cause := range []string{"cancel", "expire"} {
			b := newBench(t)
			b.unhurried()
			who := citizen()
			register := b.apply(b.desk.later(who, channel, value), who, "").Register
			b.made(register, rightCode)
			if cause == "cancel" {
				visit := b.desk.errand("cancel", who)
				b.desk.wantBound(visit, "cancel")
				b.apply(visit, who, "request")
			} else {
				b.exec(`select internal.change_key($1, 'expire', 'never_activated')`, register)
			}
			if n := b.mentions("Rua do Teste") + b.mentions("maria@exemplo.pt"); n != 0 {
				t.Errorf("%s, %s: where the code went stands in %d rows", channel, cause, n)
			}
			if n := scalar[int](b, `select count(*) from registrar.letters()`); n != 0 {
				t.Errorf("%s: a letter of a key that is over waits to be printed", cause)
			}
			if n := scalar[int](b, `select count(*) from centre.activation where mac is not null or used or ended_at is null`); n != 0 {
				t.Errorf("%s, %s: the code is still there", channel, cause)
			}
		}
	}
}
