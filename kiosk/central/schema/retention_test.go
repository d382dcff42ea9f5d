package schema_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

var zeferina = name{"Almada", "Zeferina", "1980-01-01"}

// ends ends a key, so many days ago.
func (b *bench) ends(register int64, days int) {
	b.tb.Helper()
	b.exec(`select internal.change_key($1, 'cancel', 'request')`, register)
	b.exec(`alter table centre.key_event disable trigger user`)
	b.exec(`update centre.key_event set at = at - make_interval(days => $2) where key = $1 and to_state = 'cancelled'`, register, days)
	b.exec(`alter table centre.key_event enable trigger user`)
}

// keeps does what registrars do every hour and says what was deleted, as "rule n".
func (b *bench) keeps() (all []string) {
	b.tb.Helper()
	rows := must(b.registrar.Query(b.tb.Context(), `select rule || ' ' || n from registrar.keep()`))(b.tb)
	return must(pgx.CollectRows(rows, pgx.RowTo[string]))(b.tb)
}

// When the time of somebody's last key is over nothing of them is left, in no table; the log says that, and when.
func TestRetention_Key(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, first := b.desk.enrol(citizen(), zeferina)
	number := scalar[string](b, `select value from centre.key_contact`)
	b.ends(first, 2556)
	if got := b.keeps(); len(got) != 0 {
		t.Errorf("a day before its time: %v", got)
	}
	b.set("keep_key_days", 2555)
	if n := b.mentions("Zeferina"); n == 0 {
		t.Fatal("the test does not find the person where they are")
	}
	if got := b.keeps(); !slices.Equal(got, []string{"key 1"}) {
		t.Errorf("deleted %v, want one key", got)
	}
	for _, text := range []string{"Zeferina", "Almada", number[1:]} {
		if n := b.mentions(text); n != 0 {
			t.Errorf("%q stands in %d rows", text, n)
		}
	}
	for _, table := range []string{"person", "person_event", "key", "key_event", "key_contact", "key_record", "evidence", "enrolment", "message", "job"} {
		if n := scalar[int](b, `select count(*) from centre.`+table); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	if got := scalar[string](b, `select columns from centre.log_leaf where kind = 'deletion'`); !strings.Contains(got, "rule 3:key") || strings.Contains(got, "Almada") {
		t.Errorf("the log says %q", got)
	}
	if n := scalar[int](b, `select count(*) from centre.log_key where subject ~ '^(person|enrolment) '`); n != 0 {
		t.Errorf("the log remembers %d", n)
	}
	if got := b.keeps(); len(got) != 0 {
		t.Errorf("once more: %v", got)
	}
}

// Who has another key is remembered for it; the one that is over is gone.
func TestRetention_AnotherKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	_, first := b.desk.enrol(who, zeferina)
	b.ends(first, 3000)
	_, second := b.desk.enrol(who, zeferina)
	if got := b.keeps(); !slices.Equal(got, []string{"key 1"}) {
		t.Errorf("deleted %v, want one key", got)
	}
	if n := scalar[int](b, `select count(*) from centre.key where register = $1`, first); n != 0 {
		t.Error("the key that is over is there")
	}
	if got := scalar[string](b, `select p.given_names from centre.key k join centre.person p on p.id = k.person where register = $1`, second); got != "Zeferina" {
		t.Errorf("the holder of the other is %q", got)
	}
}

// Visits and jobs that led to nothing go earlier, history only beside a deletion that is logged.
func TestRetention_Rest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.desk.open(citizen())
	b.desk.send(id, "sms", phone())
	if err := b.desk.abandon(id, "cancelled"); err != nil {
		t.Fatal(err)
	}
	b.take("w") // closes the code's job
	if got := b.keeps(); len(got) != 0 {
		t.Errorf("today: %v", got)
	}
	b.exec(`update centre.enrolment set ended_at = ended_at - interval '91 days'`)
	if got := b.keeps(); !slices.Equal(got, []string{"visit 1"}) {
		t.Errorf("after its time: %v", got)
	}
	for _, table := range []string{"enrolment", "one_time_code", "job", "message"} {
		if n := scalar[int](b, `select count(*) from centre.`+table); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	_, register := b.desk.enrol(citizen(), zeferina)
	b.exec(`update centre.job set state = 'done', ended_at = clock_timestamp() - interval '91 days'`)
	if got := b.keeps(); len(got) != 1 || !strings.HasPrefix(got[0], "job ") {
		t.Errorf("jobs: %v", got)
	}
	for _, sql := range []string{
		`delete from centre.key_event where key = $1`, `delete from centre.key_record where key = $1`, `delete from centre.key where register = $1`,
		`with d as (insert into centre.deletion (rule, n) values ('job', 1)) delete from centre.key_event where key = $1`,
		`with d as (insert into centre.deletion (rule, n, key) values ('key', 1, -1)) delete from centre.key_event where key = $1`,
	} {
		if _, err := b.admin.Exec(t.Context(), sql, register); err == nil {
			t.Errorf("%s: history went without a word", sql)
		}
	}
}

// Holders are told before their key ends, each time once, and again when it has another end.
func TestExpiryNotices(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, register := b.desk.enrol(citizen(), zeferina)
	b.exec(`delete from centre.job`)
	b.exec(`update centre.person set nationality = 'PRT'`)
	left := func(days int) {
		t.Helper()
		b.exec(`alter table centre.key disable trigger user`)
		b.exec(`update centre.key set valid_until = (clock_timestamp() at time zone 'Europe/Lisbon')::date + $2::integer where register = $1`, register, days)
		b.exec(`alter table centre.key enable trigger user`)
	}
	told := func(when string, want ...int) {
		t.Helper()
		b.register(`select registrar.tell_expiry()`)
		b.register(`select registrar.tell_expiry()`)
		rows := must(b.admin.Query(t.Context(), `select (params ->> 'days')::integer from centre.notice where kind = 'expiry' order by made_at`))(t)
		if got := must(pgx.CollectRows(rows, pgx.RowTo[int]))(t); !slices.Equal(got, want) {
			t.Errorf("%s: told %v days before, want %v", when, got, want)
		}
	}
	left(31)
	told("31 days before")
	// The end moves here, not the day: as if it were the same end on other days.
	same := func(days int) {
		left(days)
		b.exec(`update centre.expiry_notice set valid_until = (select valid_until from centre.key)`)
	}
	same(30)
	told("30 days before", 30)
	same(29)
	told("a day later", 30)
	same(7)
	told("7 days before", 30, 7)
	same(3)
	told("in between", 30, 7)
	same(1)
	told("on the last day but one", 30, 7, 1)
	same(0)
	told("on the last day", 30, 7, 1)
	left(20)
	told("renewed", 30, 7, 1, 20)
	var params struct {
		Document, Valid string `json:"-"`
		D               string `json:"document"`
		V               string `json:"valid_until"`
	}
	if err := json.Unmarshal([]byte(scalar[string](b, `select params::text from centre.notice order by made_at desc limit 1`)), &params); err != nil || params.D >= params.V {
		t.Errorf("a national's document outlived the key: %+v, %v", params, err)
	}
	if n := scalar[int](b, `select count(*) from centre.message where kind = 'notify'`); n != 4 {
		t.Errorf("%d messages, want 4", n)
	}
}

// A visit that sent an activation code and led to nothing else is remembered with its key: another visit used that code.
func TestRetention_CodeOfAVisitThatEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who := citizen()
	register := b.apply(b.desk.later(who, "letter", ""), who, "").Register
	b.made(register, wrongCode)
	gone := b.desk.errand("activate", who)
	must(b.desk.tryActivation("resend", gone, newID(), "email", "a@exemplo.pt"))(t)
	b.made(register, rightCode)
	if err := b.desk.abandon(gone, "left"); err != nil {
		t.Fatal(err)
	}
	visit := b.desk.errand("activate", who)
	b.desk.activate(visit, rightCode)
	b.desk.wantBound(visit, "activate")
	b.apply(visit, who, "")
	plain := b.desk.errand("pin", who)
	if err := b.desk.abandon(plain, "left"); err != nil {
		t.Fatal(err)
	}
	b.exec(`update centre.enrolment set ended_at = ended_at - interval '91 days'`)
	if got := b.keeps(); !slices.Equal(got, []string{"visit 1"}) {
		t.Errorf("deleted %v, want the visit that did nothing", got)
	}
	b.ends(register, 3000)
	b.exec(`update centre.job set state = 'done', ended_at = clock_timestamp()`)
	if got := b.keeps(); !slices.Equal(got, []string{"key 1"}) {
		t.Errorf("deleted %v, want the key", got)
	}
	if n := scalar[int](b, `select count(*) from centre.enrolment`); n != 0 {
		t.Errorf("%d visits are left", n)
	}
}
