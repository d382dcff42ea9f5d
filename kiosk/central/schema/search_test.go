package schema_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func (d desk) trySearch(id uuid.UUID, kind, value, country, reason string) (keys []keyTold, err error) {
	rows, err := d.b.centre.Query(d.b.tb.Context(), `select key from desk.search($1, $2, $3, $4, $5, nullif($6, ''), $7)`, d.cert, d.shift, id, kind, value, country, reason)
	if err != nil {
		return nil, err
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	for _, text := range texts {
		var k keyTold
		if bad := json.Unmarshal(text, &k); bad != nil {
			d.b.tb.Fatal(bad)
		}
		keys = append(keys, k)
	}
	return keys, err
}

// A key is found by what its holder can say, masked, and every search is on record with its reason.
func TestSearch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, number := citizen(), phone()
	who.Tax = taxNumber()
	id := b.desk.proven(who, "sms", number)
	must(b.desk.tryBind(id, cardEvidence))(t)
	register := b.apply(id, who, "").Register
	passport := traveller()
	b.desk.enrol(passport, name{"Öz", "Zoë", "1990-01-01"})
	for _, c := range []struct {
		kind, value, country, want string
	}{
		{"phone", number, "", "A. M. E."}, {"nif", who.Tax, "", "A. M. E."}, {"document", who.Civil, "PRT", "A. M. E."}, {"document", who.Civil + "7", "PRT", "A. M. E."},
		{"register", fmt.Sprint(register), "", "A. M. E."}, {"document", passport.Document, "UTO", "Z. Ö."}, {"nif", passport.Tax, "", "Z. Ö."},
		{"document", passport.Document, "PRT", ""}, {"phone", "+351999999999", "", ""}, {"register", "999", "", ""}, {"email", "a@exemplo.pt", "", ""},
	} {
		search := newID()
		for range 2 {
			keys := must(b.desk.trySearch(search, c.kind, c.value, c.country, "holder_phone"))(t)
			got := ""
			for _, k := range keys {
				got += k.Initials
				if text := fmt.Sprintf("%+v", k); strings.Contains(text, number) || strings.Contains(text, "Eriksson") || len(k.Offered) == 0 || len(k.Timeline) == 0 {
					t.Errorf("%s: %s", c.kind, text)
				}
			}
			if got != c.want {
				t.Errorf("%s %s: found %q, want %q", c.kind, c.value, got, c.want)
			}
		}
	}
	if n := scalar[int](b, `select count(*) from centre.search s where exists (select from centre.log_leaf l where l.kind = 'search' and l.row = s.id::text)`); n != 11 {
		t.Errorf("%d searches are on record, want 11", n)
	}
	if n := b.mentions(number); n != 1 {
		t.Errorf("the number stands in %d rows, want the contact's only", n)
	}
	for what, c := range map[string][5]string{
		"no reason": {"phone", number, "", ""}, "a reason of nobody's": {"phone", number, "", "curious"},
		"no such kind": {"name", "Ana", "", "other"}, "a document of nowhere": {"document", who.Civil, "", "other"},
		"a register's word": {"register", "1 or 1", "", "other"}, "nothing": {"nif", "", "", "other"},
	} {
		_, err := b.desk.trySearch(newID(), c[0], c[1], c[2], c[3])
		wantState(t, what, err, "BK005")
	}
	auditor := b.desk.with(b.hire("auditor"))
	_, err := auditor.trySearch(newID(), "phone", number, "", "other")
	wantState(t, "an auditor", err, "BK016")
	limited := b.newDesk("loja_2")
	b.set("searches_per_hour", 2)
	for _, want := range []string{"", "", "BK011"} {
		_, err := limited.trySearch(newID(), "phone", number, "", "other")
		if got := word("", err); got != want {
			t.Errorf("a search: %q, want %q", got, want)
		}
	}
	for _, sql := range []string{`update centre.search set reason = 'authority'`, `delete from centre.search`} {
		wantState(t, sql, try(t, b.admin, sql), "BK090")
	}
}

type frozen struct {
	Refusal  string
	Register int64
	State    string
}

func (d desk) tryWord(search uuid.UUID, register int64, born, number, reason string) (frozen, error) {
	return row[frozen](d.b.tb, d.b.centre, `select coalesce(refusal, ''), coalesce(register, 0), coalesce(state, '') from desk.suspend_by_word($1, $2, $3, $4, $5, $6, $7)`,
		d.cert, d.shift, search, register, born, number, reason)
}

// At the holder's word: with what policy asks, for the key that was found, and told.
func TestSuspendByWord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	who.Tax = taxNumber()
	_, register := b.desk.enrol(who, ana)
	search := newID()
	must(b.desk.trySearch(search, "nif", who.Tax, "", "holder_phone"))(t)
	empty := newID()
	must(b.desk.trySearch(empty, "nif", taxNumber(), "", "holder_phone"))(t)
	other := b.newDesk("loja_2")
	for what, err := range map[string]error{
		"a search that found another": second(b.desk.tryWord(empty, register, ana.Born, who.Tax, "request")),
		"another desk's search":       second(other.tryWord(search, register, ana.Born, who.Tax, "request")),
		"no reason":                   second(b.desk.tryWord(search, register, ana.Born, who.Tax, "wrong_pins")),
	} {
		wantState(t, what, err, "BK005")
	}
	b.set("word_tries", 2)
	for i, c := range []struct{ born, number, want string }{
		{"1985-12-30", who.Tax, "not_confirmed"}, {ana.Born, taxNumber(), "not_confirmed"}, {ana.Born, who.Tax, "code_locked"},
	} {
		if got := must(b.desk.tryWord(search, register, c.born, c.number, "request"))(t); got.Refusal != c.want {
			t.Errorf("answer %d: %+v, want %s", i, got, c.want)
		}
	}
	b.exec(`update centre.word_try set at = at - interval '1 hour'`)
	b.set("word_asks", 1)
	for range 2 {
		if got := must(b.desk.tryWord(search, register, ana.Born, "", "phone_lost"))(t); got != (frozen{"", register, "suspended"}) {
			t.Errorf("suspended: %+v", got)
		}
	}
	if got := scalar[string](b, `select concat_ws(' ', cause, reason, desk) from centre.key_event where id = internal.newest_event($1)`, register); got != "word phone_lost loja_1" {
		t.Errorf("event: %s", got)
	}
	if told := b.told(register); len(told) != 1 {
		t.Errorf("told: %v", told)
	}
	again := newID()
	must(b.desk.trySearch(again, "nif", who.Tax, "", "holder_phone"))(t)
	if got := must(b.desk.tryWord(again, register, ana.Born, "", "request"))(t); got.Refusal != "wrong_state" {
		t.Errorf("suspended already: %+v", got)
	}
}

func second[T any](_ T, err error) error { return err }

func (d desk) tryNotMe(id uuid.UUID, code string) (frozen, error) {
	return row[frozen](d.b.tb, d.b.centre, `select coalesce(refusal, ''), coalesce(register, 0), coalesce(state, '') from desk.not_me($1, $2, $3, $4)`, d.cert, d.shift, id, code)
}

// The code from a notice freezes the key at any desk, once, within three days; what a holder was told on stays known for
// as long.
func TestNotMe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.unhurried()
	who := citizen()
	_, register := b.desk.enrol(who, ana)
	change := func() uuid.UUID {
		visit := b.desk.errand("phone", who)
		b.desk.prove(visit, "sms", phone())
		b.desk.wantBound(visit, "phone")
		b.apply(visit, who, "")
		return scalar[uuid.UUID](b, `select n.id from centre.notice n where n.event = internal.newest_event($1)`, register)
	}
	notice := change()
	payload := scalar[string](b, `select internal.job_notify(j)::text from centre.job j where kind = 'notify'`)
	if !strings.Contains(payload, `"coded": true`) || !strings.Contains(payload, `"kind": "notice_phone"`) {
		t.Errorf("what a registrar is told: %s", payload)
	}
	const ready = `select registrar.notice_ready($1, $2, $3)`
	if got := must(b.desk.tryNotMe(newID(), rightCode))(t); got.Refusal != "code_wrong" {
		t.Errorf("before there is a code: %+v", got)
	}
	if !b.long(ready, notice, rightCode) || !b.long(ready, notice, wrongCode) {
		t.Error("the code is not wanted")
	}
	if got := must(b.desk.tryNotMe(newID(), wrongCode))(t); got.Refusal != "code_wrong" {
		t.Errorf("a second code of one notice: %+v", got)
	}
	desks := []desk{b.newDesk("loja_2"), b.newDesk("loja_3"), b.newDesk("loja_4")}
	got := atOnce(len(desks), func(i int) string {
		f, err := desks[i].tryNotMe(newID(), "abcde 23456")
		return word(f.Refusal+f.State, err)
	})
	if diff := cmp.Diff(map[string]int{"suspended": 1, "code_wrong": 2}, got); diff != "" {
		t.Errorf("at three desks at once:\n%s", diff)
	}
	if got := scalar[string](b, `select cause || ' ' || reason from centre.key_event where id = internal.newest_event($1)`, register); got != "not_me not_me" {
		t.Errorf("event: %s", got)
	}
	visit := b.desk.errand("reactivate", who)
	b.desk.wantBound(visit, "reactivate")
	b.apply(visit, who, "recovered")
	second, attempt := change(), newID()
	b.long(ready, second, "23456ABCDE")
	for range 2 {
		if got := must(b.desk.tryNotMe(attempt, "23456ABCDE"))(t); got != (frozen{"", register, "suspended"}) {
			t.Errorf("said again: %+v", got)
		}
	}
	_, err := desks[0].tryNotMe(attempt, "23456ABCDE")
	wantState(t, "another desk's try", err, "BK004")
	visit = b.desk.errand("reactivate", who)
	b.desk.wantBound(visit, "reactivate")
	b.apply(visit, who, "recovered")
	old := scalar[uuid.UUID](b, `select n.id from centre.notice n where n.event = internal.newest_event($1)`, register)
	b.long(ready, old, "2345623456")
	b.exec(`update centre.notice set expires_at = clock_timestamp() where id = $1`, old)
	if got := must(b.desk.tryNotMe(newID(), "2345623456"))(t); got.Refusal != "code_wrong" {
		t.Errorf("after three days: %+v", got)
	}
	b.set("not_me_tries", 1)
	_, err = b.desk.tryNotMe(newID(), wrongCode)
	wantState(t, "one guess too many", err, "BK011")
	b.exec(`update centre.notice set made_at = made_at - interval '6 days'`)
	must(b.registrar.Exec(t.Context(), `select registrar.expire()`))(t)
	if n := scalar[int](b, `select count(*) from centre.notice where value is not null or mac is not null`); n != 0 {
		t.Errorf("%d notices are still known", n)
	}
}

// A day of a desk, counted, and how long each step took.
func TestReport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	visits := []uuid.UUID{}
	for range 3 {
		id, _ := b.desk.enrol(citizen(), name{fmt.Sprint("N", lastNumber.Add(1)), "A", "1980-01-01"})
		visits = append(visits, id)
	}
	gone := b.desk.open(citizen())
	if err := b.desk.abandon(gone, "left"); err != nil {
		t.Fatal(err)
	}
	b.newDesk("loja_2").enrol(citizen(), name{"Outra", "Eva", "1980-01-01"})
	const took = `select desk.took($1, $2, $3)`
	for i, id := range visits {
		for _, seconds := range []int{10 * (i + 1), 999} { // the first answer stays
			must(b.centre.Exec(t.Context(), took, b.desk.cert, id, fmt.Sprintf(`{"document": %d, "review": 5}`, seconds)))(t)
		}
	}
	for what, c := range map[string][2]any{"no object": {visits[0], `[]`}, "no word": {visits[0], `{"Ana Neves": 1}`}, "no number": {visits[0], `{"a": "b"}`}, "too long": {visits[0], `{"a": 86401}`}} {
		_, err := b.centre.Exec(t.Context(), took, b.desk.cert, c[0], c[1])
		wantState(t, what, err, "BK005")
	}
	_, err := b.centre.Exec(t.Context(), took, b.newDesk("loja_3").cert, visits[0], `{}`)
	wantState(t, "another desk's visit", err, "BK001")
	b.exec(`update centre.enrolment set opened_at = '2026-07-01 22:59:00+00', ended_at = '2026-07-01 23:01:00+00'`)
	b.exec(`update centre.enrolment set opened_at = '2026-07-01 23:00:00+00' where id = $1`, visits[2])
	report := func(day string) string {
		return must(ask[string](t, b.centre, `select errands::text from desk.report($1, $2, $3::text::date)`, b.desk.cert, b.desk.shift, day))(t)
	}
	want := `[{"n": 1, "errand": "enrol", "outcome": "abandoned", "median_seconds": 120.0}, {"n": 2, "steps": {"review": 5, "document": 15}, "errand": "enrol", "outcome": "active", "median_seconds": 120.0}]`
	if got := report("2026-07-01"); got != want {
		t.Errorf("the day: %s", got)
	}
	if got := report("2026-07-02"); !strings.Contains(got, `"document": 30`) || strings.Contains(got, "abandoned") {
		t.Errorf("the next day, which in Lisbon begins an hour before UTC's: %s", got)
	}
	if got := report("2026-07-03"); got != "[]" {
		t.Errorf("a day without visits: %s", got)
	}
}

// A look is of one document: under its number nobody looks at others, unseen and uncounted.
func TestLookIsOfOneDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set("desk_opens_per_hour", 4)
	who, other := citizen(), citizen()
	b.desk.enrol(who, ana)
	b.desk.enrol(other, name{"Outro", "Rui", "1970-01-01"})
	look, search := newID(), newID()
	for range 3 { // said again, also after the limit
		if o := must(b.desk.tryErrand(look, "key", who))(t); o.Key == nil {
			t.Fatalf("looked at: %+v", o)
		}
	}
	must(b.desk.trySearch(search, "document", other.Civil, "PRT", "other"))(t)
	for what, id := range map[string]uuid.UUID{"under another's look": look, "under a search": search} {
		o, err := b.desk.tryErrand(id, "key", other)
		if wantState(t, what, err, "BK004"); o.Key != nil {
			t.Errorf("%s: %+v", what, o)
		}
	}
	if n := scalar[int](b, `select count(*) from centre.search where kind = 'look'`); n != 1 {
		t.Errorf("%d looks are on record, want 1", n)
	}
}
