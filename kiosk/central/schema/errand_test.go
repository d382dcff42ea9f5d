package schema_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/schema"
)

type keyOpened struct {
	Refusal string
	Key     *keyTold
}

type keyTold struct {
	Register int64
	State    string
	Pending  *struct{ Channel, Value string }
	Contacts []struct{ Channel, Value string }
	Numbers  []struct{ Kind, Source string }
	Offered  []string
	Initials string
	Timeline []struct {
		Cause, From, To, Reason, Desk, Staff, Notice string
	}
}

func (d desk) tryErrand(id uuid.UUID, errand string, p person) (o keyOpened, err error) {
	var key []byte
	err = d.b.centre.QueryRow(d.b.tb.Context(), `select coalesce(refusal, ''), key from desk.open_enrolment($1, $2, $3, $4, nullif($5, ''), nullif($6, ''),
		null, $7, $8, $9)`, d.cert, id, p.Kind, p.Country, p.Civil, p.Document, p.Typed, d.shift, errand).Scan(&o.Refusal, &key)
	if key != nil {
		o.Key = new(keyTold)
		if bad := json.Unmarshal(key, o.Key); bad != nil {
			d.b.tb.Fatal(bad)
		}
	}
	return o, err
}

// errand opens one that must open.
func (d desk) errand(errand string, p person) uuid.UUID {
	d.b.tb.Helper()
	id := newID()
	if o := must(d.tryErrand(id, errand, p))(d.b.tb); o.Refusal != "" || o.Key == nil {
		d.b.tb.Fatalf("%s: %+v", errand, o)
	}
	return id
}

func (d desk) prove(id uuid.UUID, channel, value string) {
	d.b.tb.Helper()
	if s := d.send(id, channel, value); s.Refusal != "" {
		d.b.tb.Fatalf("send_code: %s", s.Refusal)
	}
	if c := d.confirm(id, channel, "123456"); c.Refusal != "" {
		d.b.tb.Fatalf("confirm_code: %+v", c)
	}
}

// evidenceOf is what an errand binds.
func evidenceOf(errand string) evidence {
	e := cardEvidence
	if errand != "enrol" && errand != "pin" {
		e.PIN = nil
	}
	return e
}

// wantBound hands over the evidence of an errand.
func (d desk) wantBound(id uuid.UUID, errand string) {
	d.b.tb.Helper()
	for range 2 {
		if s := must(d.tryBind(id, evidenceOf(errand)))(d.b.tb); s.State != "pending" {
			d.b.tb.Fatalf("bind of %s: %+v", errand, s)
		}
	}
}

type applied struct {
	Outcome  string
	Register int64
	Version  int
}

// tryApply does what a registrar does that verified the evidence of an errand, and signs the record.
func (b *bench) tryApply(id uuid.UUID, p person, reason string) (a applied, err error) {
	err = pgx.BeginFunc(b.tb.Context(), b.registrar, func(tx pgx.Tx) error {
		err := tx.QueryRow(b.tb.Context(), `select outcome, coalesce(register, 0), coalesce(version, 0) from registrar.apply($1, jsonb_strip_nulls(jsonb_build_object(
			'surname', $2::text, 'given_names', $3::text, 'birth_date', $4::text, 'nationality', 'UTO', 'civil_number', nullif($5, ''), 'document_number', nullif($6, ''),
			'tax_number', nullif($7, ''))), '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$bmV1', 'high', '{}', (now() at time zone 'UTC')::date + 2000, null, nullif($8, ''))`,
			id, ana.Surname, ana.Given, ana.Born, p.Civil, p.Document, p.Tax, reason).Scan(&a.Outcome, &a.Register, &a.Version)
		if err != nil || a.Register == 0 {
			return err
		}
		_, err = tx.Exec(b.tb.Context(), `select registrar.record($1, $2, 'record')`, a.Register, a.Version)
		return err
	})
	return a, err
}

func (b *bench) apply(id uuid.UUID, p person, reason string) applied {
	b.tb.Helper()
	return must(b.tryApply(id, p, reason))(b.tb)
}

// told lists the notices of a key's newest event, by channel and value.
func (b *bench) told(register int64) []string {
	b.tb.Helper()
	return must(pgx.CollectRows(must(b.admin.Query(b.tb.Context(), `select n.kind || ' ' || n.value from centre.notice n
		where n.event = internal.newest_event($1) and exists (select from centre.job j where j.about = n.id and j.kind = 'notify' and j.channel = n.channel)
		order by n.channel desc`, register))(b.tb), pgx.RowTo[string]))(b.tb)
}

// Each errand from each state: what it may begin from, what it leaves, who is told. A key has a phone and an e-mail of its own.
func TestErrands(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	type row struct {
		name, cause, reason string
		from                []string
		to                  string // or the same
		told                func(phone, mail string) []string
	}
	both := func(kind string) func(string, string) []string {
		return func(phone, mail string) []string { return []string{kind + " " + phone, kind + " " + mail} }
	}
	of := []string{"active", "locked", "blocked"}
	for _, r := range []row{
		{"phone", "phone", "", of, "", both("notice_phone")},
		{"email", "email", "", of, "", both("notice_email")},
		{"pin", "pin", "", of, "active", both("notice_pin")},
		{"unblock", "unblock", "request", []string{"locked", "blocked"}, "active", both("notice_unblocked")},
		{"reactivate", "reactivate", "recovered", []string{"suspended"}, "active", both("notice_reactivated")},
		{"suspend", "suspend", "phone_lost", of, "suspended", both("notice_suspended")},
		{"cancel", "cancel", "unused", []string{"pending", "active", "suspended", "locked", "blocked"}, "cancelled", both("notice_cancelled")},
		{"stored", "", "", []string{"pending", "active", "suspended", "locked", "blocked"}, "", nil},
	} {
		for _, state := range states {
			what := r.name + " of one that is " + state
			who, number := citizen(), phone()
			mail := strings.TrimPrefix(number, "+") + "@exemplo.pt"
			first := b.desk.proven(who, "sms", number)
			b.desk.prove(first, "email", mail)
			must(b.desk.tryBind(first, cardEvidence))(t)
			register := b.apply(first, who, "").Register
			b.force(register, state)
			before := scalar[string](b, `select concat_ws(' ', version, pin_hash, valid_until, (select string_agg(value, ' ' order by channel desc)
				from centre.key_contact where key = register)) from centre.key where register = $1`, register)
			if !slices.Contains(r.from, state) {
				want := "wrong_state"
				if state == "cancelled" || state == "expired" {
					want = "no_key"
				}
				id := newID()
				for range 2 {
					if o := must(b.desk.tryErrand(id, r.name, who))(t); o.Refusal != want {
						t.Errorf("%s: %+v, want %s", what, o, want)
					}
				}
				continue
			}
			id := b.desk.errand(r.name, who)
			if r.name == "phone" || r.name == "email" {
				if _, err := b.desk.tryBind(id, evidenceOf(r.name)); word("", err) != "BK007" {
					t.Errorf("%s without a contact: %v", what, err)
				}
			}
			other := phone()
			switch r.name {
			case "phone":
				b.desk.prove(id, "sms", other)
			case "email":
				other = strings.TrimPrefix(other, "+") + "@exemplo.pt"
				b.desk.prove(id, "email", other)
			}
			b.desk.wantBound(id, r.name)
			events := scalar[int](b, `select count(*) from centre.key_event where key = $1`, register)
			for range 2 { // said again it changes nothing
				if a := b.apply(id, who, r.reason); a.Outcome != "active" || a.Register != register {
					t.Errorf("%s: %+v", what, a)
				}
			}
			after := scalar[string](b, `select concat_ws(' ', version, pin_hash, valid_until, (select string_agg(value, ' ' order by channel desc)
				from centre.key_contact where key = register)) from centre.key where register = $1`, register)
			f := strings.Fields(before)
			switch r.name {
			case "phone":
				f[0], f[3] = "2", other
			case "email":
				f[0], f[4] = "2", other
			case "pin":
				f[0], f[1] = "2", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$bmV1"
			case "unblock", "reactivate":
				f[0] = "2"
			}
			if diff := cmp.Diff(strings.Join(f, " "), after); diff != "" {
				t.Errorf("%s:\n%s", what, diff)
			}
			to := r.to
			if to == "" {
				to = state
			}
			s := b.desk.status(id)
			if got := scalar[string](b, `select state from centre.key where register = $1`, register); got != to || s.State != "active" || (s.Register == nil) != (r.cause == "") || s.Register != nil && *s.Register != register {
				t.Errorf("%s: it is %s, want %s; the desk hears %+v", what, got, to, s)
			}
			if r.cause == "" {
				if n := scalar[int](b, `select count(*) from centre.key_event where key = $1`, register); n != events {
					t.Errorf("%s: %d events more", what, n-events)
				}
				continue
			}
			e := scalar[string](b, `select concat_ws(' ', from_state, to_state, cause, reason, desk, staff, enrolment) from centre.key_event where id = internal.newest_event($1)`, register)
			reason := r.reason
			if reason == "" {
				reason = "request"
			}
			staff := scalar[string](b, `select staff from centre.shift where id = $1`, b.desk.shift)
			if want := strings.Join([]string{state, to, r.cause, reason, "loja_1", staff, id.String()}, " "); e != want {
				t.Errorf("%s: event %s, want %s", what, e, want)
			}
			if diff := cmp.Diff(r.told(number, mail), b.told(register)); diff != "" {
				t.Errorf("%s: who is told:\n%s", what, diff)
			}
			key := must(b.desk.tryErrand(newID(), "key", who))(t)
			if to == "cancelled" {
				if key.Refusal != "no_key" {
					t.Errorf("%s: looked at: %+v", what, key)
				}
			} else if l := key.Key.Timeline[0]; l.Cause != r.cause || l.Notice != "queued" || l.From != state || l.To != to || key.Key.State != to {
				t.Errorf("%s: the timeline says %+v of %s", what, l, key.Key.State)
			}
		}
	}
}

// What binds an errand, and what does not.
func TestErrandRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who, stranger := citizen(), citizen()
	_, register := b.desk.enrol(who, ana)
	other := b.newDesk("loja_2")
	if o := must(b.desk.tryErrand(newID(), "pin", stranger))(t); o.Refusal != "no_key" {
		t.Errorf("nobody's key: %+v", o)
	}
	if o := must(b.desk.tryErrand(newID(), "enrol", who))(t); o.Refusal != "already_active" {
		t.Errorf("a second key: %+v", o)
	}
	for _, errand := range []string{"none", "", "alert", "enrol'"} {
		_, err := b.desk.tryErrand(newID(), errand, who)
		wantState(t, errand, err, "BK005")
	}
	id := b.desk.errand("suspend", who)
	if o := must(b.desk.tryErrand(id, "suspend", who))(t); o.Refusal != "" || o.Key.Register != register {
		t.Errorf("opened again: %+v", o)
	}
	_, err := b.desk.tryErrand(id, "cancel", who)
	wantState(t, "another errand under the same number", err, "BK004")
	_, err = other.tryErrand(id, "suspend", who)
	wantState(t, "another desk's", err, "BK001")
	_, err = b.desk.tryBind(id, evidenceOf("pin"))
	wantState(t, "a PIN that nobody asked for", err, "BK005")
	pin := b.desk.errand("pin", who)
	_, err = b.desk.tryBind(pin, evidenceOf("suspend"))
	wantState(t, "no PIN where one is chosen", err, "BK005")
	for _, errand := range []string{"try", "renew"} {
		visit := b.desk.errand(errand, who)
		want := "BK008"
		if errand == "try" {
			want = "BK005" // it binds nothing
		}
		_, err = b.desk.tryBind(visit, evidenceOf(errand))
		wantState(t, errand, err, want)
	}
	b.desk.wantBound(id, "suspend")
	for _, reason := range []string{"", "wrong_pins", "no_reason"} {
		_, err = b.tryApply(id, who, reason)
		wantState(t, "for reason "+reason, err, "BK091")
	}
	if a := b.apply(id, who, "misuse"); a.Outcome != "active" || a.Version != 1 {
		t.Errorf("suspended: %+v", a)
	}
	// What was opened before a change of somebody else does not apply after it: not even when the state is the same again.
	b.desk.wantBound(pin, "pin")
	if a := b.apply(pin, who, ""); a.Outcome != "key_changed" {
		t.Errorf("a PIN for a suspended key: %+v", a)
	}
	if a := b.apply(pin, who, ""); a.Outcome != "key_changed" {
		t.Errorf("said again: %+v", a)
	}
	old := other.errand("reactivate", who)
	other.wantBound(old, "reactivate")
	again := b.desk.errand("reactivate", who)
	b.desk.wantBound(again, "reactivate")
	if a := b.apply(again, who, "request"); a.Outcome != "active" || a.Version != 2 {
		t.Errorf("reactivated: %+v", a)
	}
	b.exec(`update centre.key set state = 'suspended', change = '{"cause": "not_me"}'`)
	if a := b.apply(old, who, "request"); a.Outcome != "key_changed" {
		t.Errorf("a reactivation of before the holder froze it: %+v", a)
	}
	last := b.desk.errand("reactivate", who)
	b.desk.wantBound(last, "reactivate")
	b.apply(last, who, "request")
	// A stranger who guesses keeps nobody from an errand.
	visit := b.desk.errand("phone", who)
	number := phone()
	b.desk.prove(visit, "sms", number)
	b.desk.wantBound(visit, "phone")
	b.exec(`update centre.key set state = 'locked', change = '{"cause": "lock"}'`)
	if a := b.apply(visit, who, ""); a.Outcome != "active" {
		t.Errorf("a phone for a key that somebody locked: %+v", a)
	}
	// One's own phone can be proven again, another's not.
	b.exec(`update centre.key set state = 'active', change = '{"cause": "lock_ended"}'`)
	same := b.desk.errand("phone", who)
	b.desk.prove(same, "sms", number)
	b.desk.wantBound(same, "phone")
	if a := b.apply(same, who, ""); a.Outcome != "active" || strings.Contains(strings.Join(b.told(register), " "), number) {
		t.Errorf("the same phone: %+v, told %v", a, b.told(register))
	}
	b.desk.enrol(stranger, name{"Outro", "Rui", "1970-01-01"})
	theirs := b.desk.errand("phone", stranger)
	b.desk.send(theirs, "sms", number)
	if c := b.desk.confirm(theirs, "sms", "123456"); c.Refusal != "taken" {
		t.Errorf("another's phone: %+v", c)
	}
	// Whoever is suspended changes nothing.
	open := other.errand("suspend", who)
	other.wantBound(open, "suspend")
	b.exec(`update centre.desk set state = 'suspended' where name = 'loja_2'`)
	if a := b.apply(open, who, "request"); a.Outcome != "desk_suspended" {
		t.Errorf("a desk that was cut off: %+v", a)
	}
}

// Two desks, two errands on one key at once: as many apply as the state allows, and nothing is half done.
func TestErrandsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	_, register := b.desk.enrol(who, ana)
	const n = 8
	desks, visits := make([]desk, n), make([]uuid.UUID, n)
	for i := range n {
		desks[i] = b.newDesk(fmt.Sprintf("loja_%d", i+2))
		visits[i] = desks[i].errand([]string{"suspend", "cancel"}[i%2], who)
		desks[i].wantBound(visits[i], "suspend")
	}
	got := atOnce(2*n, func(i int) string {
		a, err := b.tryApply(visits[i%n], who, "request")
		return word(a.Outcome, err)
	})
	if got["active"] != 2 || got["key_changed"] != 2*n-2 { // each is said twice
		t.Errorf("%v, want one that applied", got)
	}
	if events := scalar[int](b, `select count(*) from centre.key_event where key = $1`, register); events != 2 {
		t.Errorf("%d events, want 2", events)
	}
	if told := scalar[int](b, `select count(*) from centre.notice`); told != 1 {
		t.Errorf("%d notices, want 1", told)
	}
}

// An errand that a supervisor decides waits as an enrolment does, and is one of its person's that waits.
func TestErrandWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who := citizen()
	b.desk.enrol(who, ana)
	visit := b.desk.errand("phone", who)
	number := phone()
	b.desk.prove(visit, "sms", number)
	b.desk.wantBound(visit, "phone")
	wait := `select outcome from registrar.wait_for_approval($1, '{renewal}', 'high', '[]')`
	for range 2 {
		if got := must(ask[string](t, b.registrar, wait, visit))(t); got != "waiting" {
			t.Errorf("wait_for_approval = %s", got)
		}
	}
	if o := must(b.desk.tryErrand(newID(), "pin", who))(t); o.Refusal != "waiting_case" {
		t.Errorf("another errand meanwhile: %+v", o)
	}
	late := b.desk.open(citizen())
	b.desk.send(late, "sms", number)
	if c := b.desk.confirm(late, "sms", "123456"); c.Refusal != "taken" {
		t.Errorf("a phone of a case that waits: %+v", c)
	}
	supervisor := b.newDesk("loja_9").with(b.hire("supervisor"))
	if got := must(ask[string](t, b.centre, `select coalesce(refusal, '') from desk.take_case($1, $2, $3)`, supervisor.cert, supervisor.shift, visit))(t); got != "" {
		t.Fatalf("take_case: %s", got)
	}
	if got := must(ask[string](t, b.centre, `select coalesce(refusal, '') from desk.decide($1, $2, $3, $4, 'jws')`, supervisor.cert, supervisor.shift, visit,
		scalar[[]byte](b, `select fingerprint from centre.shift where id = $1`, supervisor.shift)))(t); got != "" {
		t.Fatalf("decide: %s", got)
	}
	if a := b.apply(visit, who, ""); a.Outcome != "active" || a.Version != 2 {
		t.Errorf("approved: %+v", a)
	}
	if got := scalar[string](b, `select value from centre.key_contact where key = 1`); got != number {
		t.Errorf("the phone is %s", got)
	}
}

// What is stored is shown for ten minutes after the evidence held, to the desk where it did.
func TestStoredIsShownForAWhile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	b.desk.enrol(who, ana)
	visit := b.desk.errand("stored", who)
	const stored = `select stored is not null from desk.stored($1, $2)`
	_, err := ask[bool](t, b.centre, stored, b.desk.cert, visit)
	wantState(t, "before", err, "BK002")
	b.desk.wantBound(visit, "stored")
	b.apply(visit, who, "")
	if scalar[bool](b, `select to_regprocedure('internal.stored(bigint)') is not null`) {
		if !must(ask[bool](t, b.centre, stored, b.desk.cert, visit))(t) {
			t.Error("nothing is stored")
		}
	}
	_, err = ask[bool](t, b.centre, stored, b.newDesk("loja_2").cert, visit)
	wantState(t, "at another desk", err, "BK001")
	b.exec(`update centre.enrolment set ended_at = ended_at - $1::interval where id = $2`, 11*time.Minute, visit)
	_, err = ask[bool](t, b.centre, stored, b.desk.cert, visit)
	wantState(t, "later", err, "BK002")
}

// Numbers are kept with where they come from; what is less well proven replaces nothing.
func TestNumbers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	who.Tax = taxNumber()
	id := b.desk.bound(who)
	const write = `select internal.write_numbers((select id from centre.person), e, $2::jsonb) from centre.enrolment e where e.id = $1`
	if a := b.apply(id, who, ""); a.Outcome != "active" {
		t.Fatalf("%+v", a)
	}
	staff := scalar[string](b, `select staff from centre.shift where id = $1`, b.desk.shift)
	for _, c := range []struct{ numbers, want string }{
		{`[]`, "nif " + who.Tax + " chip"},
		{`[{"kind": "nif", "value": "400000008", "source": "said"}]`, "nif " + who.Tax + " chip"},
		{`[{"kind": "niss", "value": "11111111111", "source": "said", "paper": ""}]`, "nif " + who.Tax + " chip, niss 11111111111 said"},
		{`[{"kind": "niss", "value": "22222222222", "source": "paper", "paper": "niss_card"}]`, "nif " + who.Tax + " chip, niss 22222222222 paper niss_card " + staff},
		{`[{"kind": "niss", "value": "33333333333", "source": "said"}]`, "nif " + who.Tax + " chip, niss 22222222222 paper niss_card " + staff},
		{`[{"kind": "niss", "value": "44444444444", "source": "chip"}, {"kind": "niss", "value": "33333333333", "source": "said"}]`, "nif " + who.Tax + " chip, niss 44444444444 chip"},
	} {
		b.exec(write, id, c.numbers)
		if got := scalar[string](b, `select string_agg(concat_ws(' ', kind, value, source, paper, seen_by), ', ' order by kind) from centre.person_number`); got != c.want {
			t.Errorf("%s: %s, want %s", c.numbers, got, c.want)
		}
	}
	for _, bad := range []string{`[{"kind": "phone", "value": "111111111", "source": "said"}]`, `[{"kind": "nsns", "value": "1", "source": "said"}]`,
		`[{"kind": "nsns", "value": "111111111", "source": "paper"}]`, `[{"kind": "nsns", "value": "111111111", "source": "heard"}]`} {
		wantState(t, bad, try(t, b.admin, write, id, bad), "23514")
	}
}

// Whoever is suspended has nothing open any more, whatever it was for; what was bound before changes nothing after.
func TestSuspendedEndsErrands(t *testing.T) {
	t.Parallel()
	for what, suspend := range map[string]func(b *bench, staff string) error{
		"a desk":  func(b *bench, _ string) error { return schema.SuspendDesk(b.tb.Context(), b.db.Admin(), "loja_1") },
		"a clerk": func(b *bench, staff string) error { return schema.SuspendStaff(b.tb.Context(), b.db.Admin(), staff) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			who, staff := citizen(), scalar[string](b, `select staff from centre.shift where id = $1`, b.desk.shift)
			_, register := b.desk.enrol(who, ana)
			open, bound := b.desk.errand("phone", who), b.desk.errand("suspend", who)
			b.desk.wantBound(bound, "suspend")
			if err := suspend(b, staff); err != nil {
				t.Fatal(err)
			}
			if got := scalar[string](b, `select state from centre.enrolment where id = $1`, open); got != "abandoned" {
				t.Errorf("an open errand is %s", got)
			}
			if a := b.apply(bound, who, "request"); a.Outcome != map[string]string{"a desk": "desk_suspended", "a clerk": "staff_suspended"}[what] {
				t.Errorf("what was bound: %+v", a)
			}
			if got := scalar[string](b, `select state from centre.key where register = $1`, register); got != "active" {
				t.Errorf("the key is %s", got)
			}
			for name, err := range map[string]error{
				"search": second(b.desk.trySearch(newID(), "register", "1", "", "other")), "not_me": second(b.desk.tryNotMe(newID(), rightCode)),
				"key": second(b.desk.tryErrand(newID(), "key", who)),
			} {
				wantState(t, name, err, map[string]string{"a desk": "BK013", "a clerk": "BK015"}[what])
			}
		})
	}
}

// Looking at the key of a document counts as what comes to nothing, and opens nothing.
func TestLooking(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	_, register := b.desk.enrol(who, ana)
	look := newID()
	for range 3 {
		if o := must(b.desk.tryErrand(look, "key", who))(t); o.Refusal != "" || o.Key.Register != register || o.Key.State != "active" {
			t.Errorf("looked at: %+v", o)
		}
	}
	if o := must(b.desk.tryErrand(newID(), "key", citizen()))(t); o.Refusal != "no_key" || o.Key != nil {
		t.Errorf("nobody's: %+v", o)
	}
	if n := scalar[int](b, `select count(*) from centre.enrolment`); n != 1 {
		t.Errorf("%d visits, want the one that made the key", n)
	}
	if n := scalar[int](b, `select count(*) from centre.search where kind = 'look'`); n != 2 {
		t.Errorf("%d looks are on record, want 2", n)
	}
	b.set("desk_opens_per_hour", 2)
	_, err := b.desk.tryErrand(newID(), "key", who)
	wantState(t, "one look too many", err, "BK011")
	_, err = b.desk.tryOpen(newID(), citizen())
	wantState(t, "a visit after that", err, "BK011")
	auditor := b.desk.with(b.hire("auditor"))
	_, err = auditor.tryErrand(newID(), "key", who)
	wantState(t, "an auditor", err, "BK016")
}

// A phone that is changed is told of on the old one; masks show what its holder knows again, and no more.
func TestMasks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, c := range [][3]string{
		{"sms", "+351912345678", "+351 912 ••• 678"}, {"sms", "+12025550123", "+1 202 ••• 123"}, {"sms", "+447400123456", "+44 740 ••• 456"},
		{"sms", "+3721234567", "+372 ••• 567"}, {"sms", "+79161234567", "+7 916 ••• 567"}, {"sms", "+9779812345678", "+977 981 ••• 678"},
		{"email", "ana.neves@exemplo.pt", "a•••@exemplo.pt"}, {"letter", "", ""},
	} {
		if got := scalar[string](b, `select internal.masked($1, $2)`, c[0], c[1]); got != c[2] {
			t.Errorf("%s: %q, want %q", c[1], got, c[2])
		}
	}
}

// signedIn has a try at a visit have signed in to a key, as the login's functions leave it.
func (b *bench) signedIn(visit uuid.UUID, register int64) {
	b.tb.Helper()
	b.exec(`insert into centre.sign_in_try (id, key, model, named, made_at, admitted, state, settled, enrolment)
		values (gen_random_uuid(), $2, $2, 'x', clock_timestamp(), true, 'signed_in', true, $1)`, visit, register)
}

// A renewed document: the same key with the new validity. Where its number is another, the sign-in names the key, and the PIN
// goes on counting for whom it was hashed.
func TestRenew(t *testing.T) {
	t.Parallel()
	for what, renewed := range map[string]func(person) person{
		"the same number":  func(p person) person { return p },
		"a new number":     func(p person) person { p.Document = "N" + p.Document; return p },
		"a Citizen Card's": func(person) person { return citizen() },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			who := traveller()
			if what == "a Citizen Card's" {
				who = renewed(who)
			}
			_, register := b.desk.enrol(who, ana)
			subject := scalar[string](b, `select internal.pin_subject_of($1)`, register)
			b.exec(`set session_replication_role = replica; update centre.key set pin_subject = null; reset session_replication_role`) // as of before there was one
			_, stranger := b.desk.enrol(citizen(), name{"Outro", "Rui", "1970-01-01"})
			now, id := who, newID()
			if what != "a Citizen Card's" {
				now = renewed(who)
			}
			o := must(b.desk.tryErrand(id, "renew", now))(t)
			if o.Refusal != "" || (o.Key == nil) != (what == "a new number") {
				t.Fatalf("opened: %+v", o)
			}
			e := evidenceOf("renew")
			if who.Kind != "citizen-card" {
				e = travelEvidence
				e.PIN = nil
			}
			_, err := b.desk.tryBind(id, e)
			wantState(t, "without a sign-in", err, "BK008")
			if what != "a new number" {
				b.signedIn(id, stranger)
				_, err = b.desk.tryBind(id, e)
				wantState(t, "signed in to another's", err, "BK008")
			}
			b.signedIn(id, register)
			if s := must(b.desk.tryBind(id, e))(t); s.State != "pending" {
				t.Fatalf("bound: %+v", s)
			}
			if a := b.apply(id, now, ""); a.Outcome != "active" || a.Register != register || a.Version != 2 {
				t.Fatalf("renewed: %+v", a)
			}
			if got := scalar[string](b, `select concat_ws(' ', k.state, k.valid_until - (now() at time zone 'UTC')::date, internal.pin_subject_of(k.register) = $2)
				from centre.key k where k.register = $1`, register, subject); got != "active 2000 t" {
				t.Errorf("the key: %s", got)
			}
			if o := must(b.desk.tryErrand(newID(), "key", now))(t); o.Refusal != "" || o.Key.Register != register || o.Key.Timeline[0].Cause != "renew" {
				t.Errorf("found by the new document: %+v", o)
			}
			if told := b.told(register); len(told) != 1 || !strings.HasPrefix(told[0], "notice_renewed ") {
				t.Errorf("told: %v", told)
			}
			if o := must(b.desk.tryErrand(newID(), "key", who))(t); what == "a new number" && o.Refusal != "no_key" {
				t.Errorf("found by the old document: %+v", o)
			}
		})
	}
}

// Who was reached on a contact until lately is told there too: who changes the phone and then the e-mail does not hear of it alone.
func TestFormerContactsAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who, own, mail := citizen(), phone(), "ana@exemplo.pt"
	first := b.desk.proven(who, "sms", own)
	b.desk.prove(first, "email", mail)
	must(b.desk.tryBind(first, cardEvidence))(t)
	register := b.apply(first, who, "").Register
	change := func(errand, channel, value, reason string) []string {
		t.Helper()
		visit := b.desk.errand(errand, who)
		if channel != "" {
			b.desk.prove(visit, channel, value)
		}
		b.desk.wantBound(visit, errand)
		if a := b.apply(visit, who, reason); a.Outcome != "active" {
			t.Fatalf("%s: %+v", errand, a)
		}
		told := b.told(register)
		slices.Sort(told)
		return told
	}
	want := func(what string, got []string, kind string, values ...string) {
		t.Helper()
		for i := range values {
			values[i] = kind + " " + values[i]
		}
		slices.Sort(values)
		if diff := cmp.Diff(values, got); diff != "" {
			t.Errorf("%s, who is told:\n%s", what, diff)
		}
	}
	theirs, theirMail := phone(), "eva@exemplo.pt"
	want("a phone", change("phone", "sms", theirs, ""), "notice_phone", own, mail)
	want("then an e-mail", change("email", "email", theirMail, ""), "notice_email", own, theirs, mail)
	want("then a PIN", change("pin", "", "", ""), "notice_pin", own, theirs, mail, theirMail)
	// The holder freezes the key with what came to their old phone, and hears when somebody has it back.
	notice := scalar[uuid.UUID](b, `select id from centre.notice where event = internal.newest_event($1) and value = $2`, register, own)
	b.long(`select registrar.notice_ready($1, $2, $3)`, notice, rightCode)
	if got := must(b.desk.tryNotMe(newID(), rightCode))(t); got.State != "suspended" {
		t.Fatalf("not me: %+v", got)
	}
	want("reactivated", change("reactivate", "", "", "recovered"), "notice_reactivated", own, theirs, mail, theirMail)
	b.exec(`select internal.change_key($1, 'lock')`, register)
	if told := strings.Join(b.told(register), " "); strings.Contains(told, own) || told == "" {
		t.Errorf("of guesses at the PIN is told: %s", told)
	}
	b.exec(`update centre.notice set made_at = made_at - interval '3 days'`)
	want("three days later", change("pin", "", "", ""), "notice_pin", theirs, theirMail)
}
