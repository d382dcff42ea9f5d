package schema_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// seen are the counters of a kind, as "what n", sorted.
func (b *bench) seen(per string) []string {
	b.tb.Helper()
	rows := must(b.admin.Query(b.tb.Context(), `select what || ' ' || sum(n) from centre.watch_count where per = $1 group by what order by what`, per))(b.tb)
	return must(pgx.CollectRows(rows, pgx.RowTo[string]))(b.tb)
}

// What desks do is counted without a word about anybody: triggers see to it, and no caller can forget.
func TestWatchSeesVisits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, number := traveller(), phone()
	id := b.desk.open(who)
	b.desk.send(id, "sms", number)
	b.desk.confirm(id, "sms", "000000")
	b.desk.confirm(id, "sms", "123456")
	if err := b.desk.abandon(id, ""); err != nil {
		t.Fatal(err)
	}
	b.desk.enrol(citizen(), name{"Medida", "Pessoa", "1980-02-29"})
	hours := []string{"opened_after_hours 2"} // by whatever clock this runs
	for per, want := range map[string][]string{
		"contact": {"code_confirmed 2", "code_sent 2", "code_wrong 1"}, "document": {"ended 2", "opened 2"}, "key": {"key_made 1"},
		"series": {"opened 1"}, "prefix": {"code_sent 2"}, "source": nil,
		"desk": {"code_confirmed 2", "code_sent 2", "code_wrong 1", "ended 2", "key_made 1", "opened 2"},
	} {
		if got := slices.DeleteFunc(b.seen(per), func(s string) bool { return s == hours[0] }); !slices.Equal(got, want) {
			t.Errorf("per %s: %q, want %q", per, got, want)
		}
	}
	for _, personal := range []string{number, who.Document} {
		if n := scalar[int](b, `select count(*) from centre.watch_count c where position($1 in c::text) > 0`, personal); n > 0 {
			t.Errorf("%d counters say %q", n, personal)
		}
	}
	if n := scalar[int](b, `select count(*) from centre.watch_count where per not in ('desk', 'prefix') and octet_length(who) <> 32`); n > 0 {
		t.Errorf("%d subjects are not hidden", n)
	}
}

// An identifier that nobody has leaves the same counters as one of a key.
func TestWatchUnknownIdentifiers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shape := func() int {
		return scalar[int](b, `select count(*) from centre.watch_count`)
	}
	b.exec(`select internal.seen('pin_wrong', null, null, 7, 'a', 'net')`)
	known := shape()
	b.exec(`select internal.seen('unknown_identifier', null, null, null, 'b', 'net')`)
	if unknown := shape() - known; unknown != known || known == 0 {
		t.Errorf("counters of a known identifier: %d, of an unknown one: %d", known, unknown)
	}
}

// A window across the change of the week's key is one, and after 90 days nothing is left to say who it was.
func TestWatchWeeks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sunday := time.Date(2026, 10, 11, 20, 0, 0, 0, time.UTC)
	for i, person := range []string{"anna", "rui", "eva"} {
		b.exec(`select internal.seen_at($1, 'code_sent', 'loja_1', 'F1', null, 'phone', null, null, $2, null, null, null)`,
			sunday.Add(time.Duration(i)*6*time.Hour), []byte(person))
	}
	if got := scalar[string](b, `select string_agg(rule || ' ' || value, ',') from centre.watch_alert`); got != "contact_persons 3" {
		t.Errorf("alerts = %q", got)
	}
	b.exec(`select internal.watch_tick($1)`, sunday.AddDate(0, 0, 100))
	left := scalar[int](b, `select (select count(*) from centre.watch_count) + (select count(*) from centre.watch_hold) + (select count(*) from centre.watch_key where week < $1::date + 8)
		+ (select count(*) from centre.watch_alert where who is not null or rows is not null)`, sunday)
	if left != 0 {
		t.Errorf("%d rows are left after 100 days", left)
	}
}

// Policy may have somebody wait, and suspend a key, a desk or a member of staff by itself.
func TestWatchActs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.newDesk("loja_2")
	_, register := b.desk.enrol(citizen(), name{"Medida", "Pessoa", "1980-02-29"})
	staff := scalar[string](b, `select staff from centre.shift where id = $1`, other.shift)
	b.exec(`update centre.watch_rule set act = case name when 'pin_guesses' then 'suspend_key' when 'after_hours' then 'suspend_clerk' else 'suspend_desk' end
		where name in ('pin_guesses', 'after_hours', 'unanswered')`)
	b.exec(`select internal.seen('pin_wrong', null, null, $1, 'x', 'net') from generate_series(1, 9)`, register)
	b.exec(`select internal.seen('opened_after_hours', 'loja_2', $1, null, null, null) from generate_series(1, 3)`, staff)
	b.exec(`select internal.seen('code_sent', 'loja_1', 'F1', null, null, null) from generate_series(1, 25)`)
	for range 2 { // what the round finds is done in the next
		b.exec(`update centre.watch_state set ticked = '-infinity'`)
		must(b.registrar.Exec(t.Context(), `select registrar.watch()`))(t)
	}
	got := scalar[string](b, `select (select state from centre.key where register = $1) || ' ' || (select reason from centre.key_event where key = $1 order by id desc limit 1)
		|| ', ' || (select state from centre.staff where number = $2) || ', ' || (select string_agg(name || ' ' || state, ' ' order by name) from centre.desk)`, register, staff)
	if want := "suspended policy, suspended, loja_1 suspended loja_2 active"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	waits := phone()
	b.exec(`select internal.seen('code_sent', null, null, null, internal.contact_hash('sms', $1), null) from generate_series(1, 6)`, waits)
	third := b.newDesk("loja_3")
	if s := third.send(third.open(citizen()), "sms", waits); s.Refusal != "too_soon" {
		t.Errorf("a code to a contact that waits: %+v", s)
	}
}

// A supervisor reads how many, not how many deviations.
func TestWatchTells(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 6 {
		b.exec(`select internal.seen('search', 'loja_1', $1, null, null, null) from generate_series(1, $2)`, string(rune('a'+i)), 1+i/5*29)
	}
	must(b.registrar.Exec(t.Context(), `select registrar.watch()`))(t)
	d := b.newDesk("loja_2").with(b.hire("supervisor"))
	const sql = `select coalesce(string_agg(rule || ' ' || count || ' of ' || staff || ' at ' || desk, ', '), '') from desk.alerts($1, $2)`
	if got := must(ask[string](t, b.centre, sql, d.cert, d.shift))(t); got != "peers_search 30 of f at loja_1" {
		t.Errorf("alerts = %q", got)
	}
}
