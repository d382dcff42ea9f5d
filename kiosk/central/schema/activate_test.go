package schema_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// The whole path of each kind of document, and what stays of it.
func TestWholePath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who  person
		stay map[string]int // text, and rows that it stands in
	}{
		"Citizen Card": {citizen(), map[string]int{"identity": 0, "sealed": 0, "the-transcript": 1, "sod": 1}},
		"passport":     {traveller(), map[string]int{"DG1 DG14": 1, "DG11": 0, "sealed": 0, "the-answer": 1, "the-transcript": 1, "sod": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.desk.bound(c.who)
			again := cardEvidence
			if c.who.Kind == "passport" {
				again = travelEvidence
			}
			if s := must(b.desk.tryBind(id, again))(t); s.State != "pending" {
				t.Errorf("bound again: %+v", s)
			}
			if n := scalar[int](b, `select count(*) from centre.job where kind = 'verify'`); n != 1 {
				t.Errorf("%d verifications queued, want 1", n)
			}
			outcome, register := b.activate(id, c.who, ana)
			if same, number := b.activate(id, c.who, ana); outcome != "active" || same != "active" || number != register {
				t.Errorf("activate = %q, %d, then %q, %d", outcome, register, same, number)
			}
			if s := must(b.desk.tryBind(id, again))(t); s.State != "active" || *s.Register != register || *s.Level != "high" {
				t.Errorf("afterwards: %+v", s)
			}
			for _, change := range []func(*evidence){
				func(e *evidence) { e.JWS = []byte("{}") }, func(e *evidence) { e.Identity = []byte("identitY") },
				func(e *evidence) { e.SOD = []byte("soD") }, func(e *evidence) { e.PIN = []byte("sealeD") },
			} {
				other := again
				change(&other)
				_, err := b.desk.tryBind(id, other)
				wantState(t, "another content", err, "BK004")
			}
			for text, want := range c.stay {
				if got := b.mentions(text); got != want {
					t.Errorf("%q stands in %d rows, want %d", text, got, want)
				}
			}
			wantState(t, "abandon", b.desk.abandon(id, ""), "BK002")
			if o := must(b.desk.tryOpen(newID(), c.who))(t); o.Refusal != "already_active" {
				t.Errorf("open again: %+v, want already_active", o)
			}
			for _, table := range []string{"key_event", "person_event"} {
				if n := scalar[int](b, `select count(*) from centre.`+table+` where enrolment = $1`, id); n != 1 {
					t.Errorf("%d rows of %s, want 1", n, table)
				}
				for _, sql := range []string{`update centre.%s set actor = 'x'`, `delete from centre.%s`, `truncate centre.%s`} {
					if _, err := b.admin.Exec(t.Context(), fmt.Sprintf(sql, table)); err == nil {
						t.Errorf("%s of %s: no error", sql, table)
					}
				}
			}
			for _, sql := range []string{`update centre.key set state = 'pending'`, `update centre.key set person = person + 1`} {
				if _, err := b.admin.Exec(t.Context(), sql); err == nil {
					t.Errorf("%s: no error", sql)
				}
			}
		})
	}
}

// people is every person and event of one, as text.
func (b *bench) people() []string {
	return scalar[[]string](b, `select array_agg(t order by t) from (
		select p::text from centre.person p union all select e::text from centre.person_event e) u(t)`)
}

// Nothing of a refused enrolment touches a person: neither one with a key, nor does it make one.
func TestRefusedEnrolmentTouchesNobody(t *testing.T) {
	t.Parallel()
	forged := name{"Forged", "Name", "1999-09-09"}
	for what, refuse := range map[string]func(b *bench, living person, pending uuid.UUID) (person, string){
		"already_active": func(_ *bench, living person, _ uuid.UUID) (person, string) { return living, "already_active" },
		"suspended": func(b *bench, living person, _ uuid.UUID) (person, string) {
			b.exec(`update centre.desk set state = 'suspended'`)
			return living, "desk_suspended"
		},
		"contact_taken": func(b *bench, living person, pending uuid.UUID) (person, string) {
			b.exec(`update centre.key set state = 'cancelled', change = '{"cause": "cancel", "reason": "request"}'`)
			b.exec(`update centre.contact_proof set value = '+351999999999' where enrolment = $1`, pending)
			b.exec(`update centre.key_contact set value = '+351999999999', living = true`)
			return living, "contact_taken"
		},
	} {
		for kind, who := range map[string]person{"card": citizen(), "passport": traveller()} {
			t.Run(what+" "+kind, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				second := b.desk.bound(who) // both open before there is a key
				b.desk.enrol(who, ana)
				who, want := refuse(b, who, second)
				before := b.people()
				if outcome, register := b.activate(second, who, forged); outcome != want || register != 0 {
					t.Fatalf("activate = %q, %d, want %q", outcome, register, want)
				}
				if again, _ := b.activate(second, who, forged); again != want {
					t.Errorf("again = %q, want %q", again, want)
				}
				if diff := cmp.Diff(before, b.people()); diff != "" {
					t.Errorf("people changed:\n%s", diff)
				}
				if n := b.mentions("forged"); n != 0 {
					t.Errorf("the refused name stands in %d rows", n)
				}
			})
		}
	}
}

// A renewal changes the person, and the event says what they were.
func TestChangeOfAPersonIsAnEvent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, number := citizen(), phone()
	for _, n := range []name{ana, {"Berg", "Anna Maria", ana.Born}} {
		id := b.desk.proven(who, "sms", number)
		must(b.desk.tryBind(id, cardEvidence))(t)
		if outcome, _ := b.activate(id, who, n); outcome != "active" {
			t.Fatalf("activate = %q", outcome)
		}
		b.change(`valid_until = current_date - 1`)
		b.later(1000e9)
	}
	if got := scalar[string](b, `select string_agg(what || coalesce(' ' || (was ->> 'surname'), '') || coalesce(' ' || (was ->> 'birth_date'), ''), ', '
		order by id) from centre.person_event`); got != "made, changed Eriksson" {
		t.Errorf("events: %s", got)
	}
	if got := scalar[string](b, `select string_agg(state, ' ' order by register) from centre.key`); got != "expired active" {
		t.Errorf("keys are %q, want the first expired and the second active", got)
	}
	b.exec(`update centre.person set nationality = 'PRT'`) // by hand as well
	if n := scalar[int](b, `select count(*) from centre.person_event where was ->> 'nationality' = 'UTO' and actor = 'balcao_admin'`); n != 1 {
		t.Errorf("%d events of a change by hand, want 1", n)
	}
	if n := scalar[int](b, `select registrar.expire()`); n != 1 {
		t.Errorf("expire ended %d, want 1", n)
	}
}

// A NIF that a stranger typed blocks nobody; who proves it has it.
func TestTypedNIFBlocksNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	thief, owner := traveller(), citizen()
	owner.Tax = thief.Tax
	b.desk.enrol(thief, name{"Thief", "Tom", "1970-01-01"})
	b.desk.enrol(owner, ana)
	other := traveller()
	other.Tax = owner.Tax
	b.desk.enrol(other, name{"Other", "Olga", "1980-01-01"})
	type nif struct {
		Claim, Proven *string
	}
	for who, want := range map[string]nif{thief.Document: {&thief.Tax, nil}, other.Document: {&owner.Tax, nil}, owner.Civil: {nil, &owner.Tax}} {
		got := must(row[nif](t, b.admin, `select n.value, k.tax_number from centre.person p left join centre.person_number n on n.person = p.id and n.source = 'said' join centre.key k on k.person = p.id and k.living
			where $1 in (p.civil_number, p.document_number)`, who))(t)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", who, diff)
		}
	}
	// A second card that proves the same NIF is the same person's.
	second := citizen()
	second.Tax = owner.Tax
	id := b.desk.bound(second)
	if outcome, _ := b.activate(id, second, ana); outcome != "already_active" {
		t.Errorf("a second proof of one NIF: %q, want already_active", outcome)
	}
	if n := scalar[int](b, `select count(*) from centre.review`); n != 0 {
		t.Errorf("%d reviews of people who have nothing but a NIF in common", n)
	}
}

// The same NIF with the same name, birth date and nationality is for an operator to look at; everybody keeps their key.
func TestReviews(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		second func(first person) person
		name   name
		want   int
	}{
		"a renewed passport":   {func(p person) person { p.Document = "N" + p.Document; return p }, ana, 1},
		"a card, proven":       {func(p person) person { c := citizen(); c.Tax = p.Tax; return c }, name{"ÉRIKSSON", "ANNA-MARIA", ana.Born}, 1},
		"another name":         {func(p person) person { p.Document = "N" + p.Document; return p }, name{"Erikson", "Anna Maria", ana.Born}, 0},
		"another birth date":   {func(p person) person { p.Document = "N" + p.Document; return p }, name{ana.Surname, ana.Given, "1985-12-30"}, 0},
		"another NIF":          {func(person) person { return traveller() }, ana, 0},
		"another State's book": {func(p person) person { p.Country = "D"; return p }, ana, 1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			first := traveller()
			b.desk.enrol(first, ana)
			id, _ := b.desk.enrol(c.second(first), c.name)
			if n := scalar[int](b, `select count(*) from centre.review`); n != c.want {
				t.Errorf("%d reviews, want %d", n, c.want)
			}
			if n := scalar[int](b, `select count(*) from centre.key where state = 'active'`); n != 2 {
				t.Errorf("%d active keys, want 2", n)
			}
			if s := b.desk.status(id); s.State != "active" || s.Refusal != "" {
				t.Errorf("the desk hears %+v", s)
			}
		})
	}
}

// Several enrolments of one person, or of one mailbox, at once: one becomes a key.
func TestOneOfManyBecomesAKey(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		who   func(first person) person
		value func(i int) string
		lose  string
	}{
		"person":  {func(p person) person { return p }, func(int) string { return "" }, "already_active"},
		"mailbox": {func(person) person { return citizen() }, func(i int) string { return []string{"a.teste@exemplo.pt", "A.Teste+1@exemplo.pt"}[i%2] }, "contact_taken"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.unwatched()
			first := citizen()
			people, ids := make([]person, 6), make([]uuid.UUID, 6)
			for i := range ids {
				people[i] = c.who(first)
				channel, value := "email", c.value(i)
				if value == "" {
					channel, value = "sms", phone()
				}
				ids[i] = b.desk.proven(people[i], channel, value)
				must(b.desk.tryBind(ids[i], cardEvidence))(t)
				b.later(1000e9) // past the window, or the address would be locked for resends
			}
			for range 2 { // asked again, the answers are the same
				got := atOnce(len(ids), func(i int) string {
					outcome, _, err := b.tryActivate(ids[i], people[i], ana)
					return word(outcome, err)
				})
				if got["active"] != 1 || got[c.lose] != len(ids)-1 {
					t.Errorf("%v, want one active and the others %s", got, c.lose)
				}
			}
			if n := scalar[int](b, `select count(*) from centre.person`); n != 1 {
				t.Errorf("%d people, want 1", n)
			}
			if what != "mailbox" {
				return
			}
			// From now on it is said at the desk, but only to who has proven possession.
			late := b.desk.open(citizen())
			if s := b.desk.send(late, "email", "a.teste+2@exemplo.pt"); s.Refusal != "" {
				t.Errorf("send_code = %+v: whose address is enrolled was told for nothing", s)
			}
			if got := b.desk.confirm(late, "email", "000000").Refusal; got != "code_wrong" {
				t.Errorf("wrong code = %q, want code_wrong", got)
			}
			if got := b.desk.confirm(late, "email", "123456"); got.Refusal != "taken" || got.Proof != nil {
				t.Errorf("right code = %+v, want taken", got)
			}
		})
	}
}

// The registrar makes no key for other numbers than those that the enrolment was opened for.
func TestPersonOfTheEvidenceIsTheEnrolments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	id := b.desk.bound(who)
	for what, change := range map[string]func(*person){
		"document": func(p *person) { p.Document += "1" }, "no document": func(p *person) { p.Document = "" },
		"NIF": func(p *person) { p.Tax = taxNumber() }, "no NIF": func(p *person) { p.Tax = "" },
		"civil number": func(p *person) { p.Civil = "12345678" },
	} {
		other := who
		change(&other)
		_, _, err := b.tryActivate(id, other, ana)
		wantState(t, what, err, "BK010")
	}
	if outcome, _ := b.activate(id, who, ana); outcome != "active" {
		t.Errorf("activate = %q", outcome)
	}
	// A civil number with its check digit is the one without it.
	card := citizen()
	b.desk.enrol(card, name{"Berg", "Bo", "1990-01-01"})
	card.Civil += "7"
	if o := must(b.desk.tryOpen(newID(), card))(t); o.Refusal != "already_active" {
		t.Errorf("with check digit: %+v, want already_active", o)
	}
}
