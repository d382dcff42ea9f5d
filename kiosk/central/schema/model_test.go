package schema_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

var steps = flag.Int("steps", 400, "how long the sequence of TestLifeFollowsItsModel is")

// modelled is a person as the model has them: the key's state, "none" without one.
type modelled struct {
	person
	state    string
	register int64
	version  int
	phone    string
	former   []string // phones, that were told of their replacement
	events   int
	notices  int
	codes    []string // of notices, that were not given
}

// Random sequences of errands at several desks, of what sign-in does and of codes that are given, with transactions that break
// off: after each step the tables are what a simple model says.
func TestLifeFollowsItsModel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	for _, limit := range []string{"desk_opens_per_hour", "desk_codes_per_hour", "centre_opens_per_hour", "centre_codes_per_hour", "prefix_codes_per_hour"} {
		b.set(limit, 1000000)
	}
	b.set("not_me_tries", 1000)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	desks := []desk{b.desk, b.newDesk("loja_2"), b.newDesk("loja_3")}
	var people []*modelled
	var phones []string
	for range 6 {
		people = append(people, &modelled{person: citizen(), state: "none"})
		phones = append(phones, phone())
	}
	table := allowed()
	to := func(cause, from string) string { // "" when that is not allowed
		for _, s := range states {
			if table[[3]string{cause, from, s}] {
				return s
			}
		}
		return ""
	}
	living := func(state string) bool { return !slices.Contains([]string{"none", "cancelled", "expired"}, state) }
	taken := func(p *modelled, number string) bool {
		return slices.ContainsFunc(people, func(o *modelled) bool { return o != p && living(o.state) && o.phone == number })
	}
	changed := func(p *modelled, cause, proven string) {
		p.state = to(cause, p.state)
		p.events++
		if !slices.Contains([]string{"suspend", "word", "not_me", "alert", "cancel", "expire", "lock", "lock_ended", "block"}, cause) {
			p.version++
		}
		if slices.Contains([]string{"enrol", "enrol_later", "lock_ended", "expire"}, cause) {
			return
		}
		told := map[string]bool{p.phone: true}
		for _, number := range p.former {
			told[number] = told[number] || cause != "lock" && cause != "block"
		}
		delete(told, "")
		delete(told, proven)
		for number, is := range told {
			if !is {
				continue
			}
			p.notices++
			if cause == "phone" {
				p.former = append(p.former, number)
			}
		}
	}
	// prove has a phone proven, and says whether it is free.
	prove := func(d desk, visit uuid.UUID, p *modelled, number string) bool {
		b.later(time.Hour) // limits of a contact are others' to test
		d.send(visit, "sms", number)
		c := d.confirm(visit, "sms", "123456")
		if want := map[bool]string{true: "taken"}[taken(p, number)]; c.Refusal != want {
			t.Fatalf("confirm_code: %+v, want %q", c, want)
		}
		return c.Refusal == ""
	}
	// apply is what a registrar does; now and then it dies before it commits, and another does it.
	apply := func(visit uuid.UUID, p *modelled, reason string) {
		if random.IntN(4) == 0 {
			died := errors.New("died")
			if err := pgx.BeginFunc(t.Context(), b.registrar, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), `select registrar.apply($1, jsonb_strip_nulls(jsonb_build_object('surname', 'X', 'given_names', 'Y', 'birth_date', '1980-01-01', 'nationality', 'UTO',
					'civil_number', $2::text)), '$argon2id$x', 'high', '{}', current_date + 5, null, nullif($3, ''))`, visit, p.Civil, reason)
				return errors.Join(err, died)
			}); !errors.Is(err, died) || strings.Contains(err.Error(), "SQLSTATE") {
				t.Fatal(err)
			}
		}
		for range 1 + random.IntN(2) {
			a := b.apply(visit, p.person, reason)
			if a.Outcome != "active" {
				t.Fatalf("apply: %+v", a)
			}
			p.register = a.Register
		}
	}
	errand := func(d desk, p *modelled, name, reason string) string {
		visit := newID()
		o := must(d.tryErrand(visit, name, p.person))(t)
		want := ""
		switch {
		case name == "enrol" || name == "enrol_later":
			t.Fatal("not an errand about a key")
		case !living(p.state):
			want = "no_key"
		case to(name, p.state) == "":
			want = "wrong_state"
		}
		if o.Refusal != want {
			t.Fatalf("%s of one that is %s: %q, want %q", name, p.state, o.Refusal, want)
		} else if want != "" {
			return name + " refused"
		}
		number := p.phone
		if name == "phone" || name == "activate" {
			number = phones[random.IntN(len(phones))]
		}
		if name == "activate" {
			b.made(p.register, rightCode)
			if got := d.activate(visit, rightCode); got.Refusal != "" {
				t.Fatalf("confirm_activation: %+v", got)
			}
		}
		if (name == "phone" || name == "activate") && !prove(d, visit, p, number) {
			return name + " taken"
		}
		if random.IntN(6) == 0 { // they leave; what was opened changes nothing
			if err := d.abandon(visit, "left"); err != nil {
				t.Fatal(err)
			}
			return name + " left"
		}
		d.wantBound(visit, name)
		apply(visit, p, reason)
		proven := ""
		if name == "phone" || name == "activate" {
			proven = number
		}
		changed(p, name, proven)
		p.phone = number
		return name
	}
	step := func() string {
		d, p := desks[random.IntN(len(desks))], people[random.IntN(len(people))]
		switch n := random.IntN(18); n {
		case 0, 1, 2:
			visit := newID()
			o := must(d.tryErrand(visit, "enrol", p.person))(t)
			if want := map[bool]string{true: "already_active"}[living(p.state)]; o.Refusal != want {
				t.Fatalf("enrol of one that is %s: %q, want %q", p.state, o.Refusal, want)
			} else if want != "" {
				return "enrol refused"
			}
			number, cause := phones[random.IntN(len(phones))], "enrol"
			if n == 0 {
				must(d.tryActivation("set", visit, newID(), "letter", ""))(t)
				number, cause = "", "enrol_later"
			} else if !prove(d, visit, p, number) {
				return "enrol taken"
			}
			d.wantBound(visit, "enrol")
			*p = modelled{person: p.person, state: "none", notices: p.notices, codes: nil}
			apply(visit, p, "")
			changed(p, cause, "")
			p.phone = number
			p.notices = 0
			return cause
		case 3, 4, 5, 6, 7:
			name := []string{"activate", "phone", "pin", "phone", "pin"}[n-3]
			if p.state == "pending" {
				name = "activate"
			}
			return errand(d, p, name, "")
		case 8, 9, 10:
			return errand(d, p, []string{"unblock", "reactivate", "suspend"}[n-8], "request")
		case 11:
			if p.state == "active" && random.IntN(3) > 0 {
				return "nothing"
			}
			return errand(d, p, "cancel", "request")
		case 12, 13, 14: // what sign-in and time do
			if p.register == 0 {
				return "nothing"
			}
			cause := []string{"lock", "lock_ended", "block", "expire"}[random.IntN(4)]
			if cause == "expire" && random.IntN(4) > 0 {
				return "nothing"
			}
			event := scalar[*int64](b, `select internal.change_key($1, $2, (select min(reason) from centre.reason where cause = $2))`, p.register, cause)
			if (event != nil) != (to(cause, p.state) != "") {
				t.Fatalf("%s of one that is %s: %v", cause, p.state, event)
			}
			if event != nil {
				changed(p, cause, "")
			}
			return cause
		case 15, 16: // what their holders do on the web, whose sign-in stands as long as nobody's doing ended it
			if p.register == 0 {
				return "nothing"
			}
			cause, sql, want := "suspend", `select login.freeze($1, $2)`, "suspended"
			if n == 16 {
				cause, sql, want = "pin", `select coalesce(login.change_pin($1, $2, '\x000102030405060708090a0b0c0d0e0f', internal.setting('pin_hash_memory_kib'),
					internal.setting('pin_hash_passes'), internal.setting('pin_hash_lanes'), sha256('x')), '')`, ""
			}
			id := newID()
			got, err := ask[string](t, b.admin, sql, b.webTry(p.register), id)
			if p.state != "active" && p.state != "locked" {
				want = "BK019"
			}
			if got = word(got, err); got != want {
				t.Fatalf("%s on the web of one that is %s: %q, want %q", cause, p.state, got, want)
			} else if want == "BK019" {
				return cause + " on the web refused"
			}
			if n == 16 {
				b.exec(`do $$ begin perform registrar.record(a.register, a.version, 'record') from registrar.own_act('` + id.String() + `', ` + fmt.Sprint(p.version) + `, '', '', now()) a; end $$`)
			}
			changed(p, cause, "")
			return cause + " on the web"
		default:
			notices := must(pgx.CollectRows(must(b.admin.Query(t.Context(), `select id from centre.notice where key = $1 and used_at is null`, p.register))(t), pgx.RowTo[uuid.UUID]))(t)
			if len(notices) == 0 {
				return "nothing"
			}
			id := notices[random.IntN(len(notices))]
			code := ""
			for _, c := range strings.ToUpper(strings.ReplaceAll(id.String(), "-", ""))[:10] {
				code += string("23456789ABCDEFGH"[strings.IndexRune("0123456789ABCDEF", c)])
			}
			b.long(`select registrar.notice_ready($1, $2, $3)`, id, code)
			got := must(d.tryNotMe(newID(), code))(t)
			if to("not_me", p.state) != "" {
				changed(p, "not_me", "")
			}
			if got != (frozen{"", p.register, p.state}) {
				t.Fatalf("not_me: %+v, want %s", got, p.state)
			}
			return "not_me"
		}
	}
	counts := map[string]int{}
	for n := range *steps {
		did := step()
		counts[did]++
		for _, p := range people {
			if p.register == 0 {
				continue
			}
			got := scalar[string](b, `select concat_ws(' ', k.state, k.version, (select c.value from centre.key_contact c where c.key = k.register),
				(select count(*) from centre.key_event e where e.key = k.register), (select count(*) from centre.notice n where n.key = k.register))
				from centre.key k where k.register = $1`, p.register)
			if want := strings.Join(strings.Fields(fmt.Sprint(p.state, " ", p.version, " ", p.phone, " ", p.events, " ", p.notices)), " "); got != want {
				t.Fatalf("step %d, %s: key %d is %s, want %s", n, did, p.register, got, want)
			}
		}
	}
	t.Log(counts)
	for what, sql := range map[string]string{
		"people with two living keys":        `select person::text from centre.key where living group by person having count(*) > 1`,
		"contacts of two":                    `select mailbox from centre.key_contact where living group by channel, mailbox having count(*) > 1`,
		"events that do not follow":          `select id::text from (select id, from_state, lag(to_state) over (partition by key order by id) was from centre.key_event) e where from_state is distinct from was`,
		"keys that are not as their event":   `select register::text from centre.key k where state <> (select to_state from centre.key_event where id = internal.newest_event(register))`,
		"keys without their record":          `select register::text from centre.key k where not exists (select from centre.key_record r where r.key = k.register and r.version = k.version)`,
		"events without a leaf":              `select id::text from centre.key_event e where not exists (select from centre.log_leaf l where l.kind = 'key_event' and l.row = e.id::text)`,
		"notices that nobody sends":          `select id::text from centre.notice n where not exists (select from centre.job j where j.about = n.id)`,
		"visits that know the person":        `select id::text from centre.enrolment where civil_number is not null and state not in ('open', 'pending', 'waiting')`,
		"codes of keys that are not pending": `select a.id::text from centre.activation a join centre.key k on k.register = a.key where a.ended_at is null and k.state = 'active'`,
	} {
		if got := must(pgx.CollectRows(must(b.admin.Query(t.Context(), sql))(t), pgx.RowTo[string]))(t); len(got) > 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
}
