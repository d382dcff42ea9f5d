package schema_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Whoever adds a table or a column says in functions/internal/stored.sql whether people are shown it.
func TestStoredIsComplete(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	type table struct{ Name, Where, Columns string }
	rows := must(b.admin.Query(t.Context(), `select name, where_rows, concat_ws(',', nullif(shown, ''), nullif(sized, ''), nullif(secret, ''), nullif(left_out, ''))
		from internal.stored_tables()`))(t)
	decided := map[string][]string{}
	about := map[string]bool{}
	for _, d := range must(pgx.CollectRows(rows, pgx.RowToStructByPos[table]))(t) {
		if _, twice := decided[d.Name]; twice {
			t.Errorf("%s: twice", d.Name)
		}
		decided[d.Name], about[d.Name] = strings.Split(d.Columns, ","), d.Where != ""
	}
	type column struct{ Table, Column string }
	rows = must(b.admin.Query(t.Context(), `select c.table_name::text, c.column_name::text from information_schema.columns c
		join information_schema.tables t using (table_schema, table_name) where c.table_schema = 'centre' order by 1, 2`))(t)
	all := map[string][]string{}
	for _, c := range must(pgx.CollectRows(rows, pgx.RowToStructByPos[column]))(t) {
		all[c.Table] = append(all[c.Table], c.Column)
	}
	for name, columns := range all {
		if _, ok := decided[name]; !ok {
			t.Errorf("centre.%s: nobody decided whether it holds people", name)
			continue
		}
		if !about[name] {
			continue
		}
		for _, c := range columns {
			if !slices.Contains(decided[name], c) {
				t.Errorf("centre.%s.%s: nobody decided whether people are shown it", name, c)
			}
		}
		for i, c := range decided[name] {
			if !slices.Contains(columns, c) {
				t.Errorf("centre.%s.%s is decided about, and is not there", name, c)
			}
			if slices.Contains(decided[name][:i], c) {
				t.Errorf("centre.%s.%s: decided twice", name, c)
			}
		}
	}
	// A table that leads to a person by its references holds them: it says how its rows are found.
	led := must(b.admin.Query(t.Context(), `with recursive led(t) as (
			select 'centre.person'::regclass::oid union select k.conrelid from pg_constraint k join led on k.confrelid = led.t
				where k.contype = 'f' and k.conrelid <> 'centre.job'::regclass and k.conrelid <> 'centre.watch_alert'::regclass)
		select relname::text from pg_class c join led on led.t = c.oid`))(t)
	for _, name := range must(pgx.CollectRows(led, pgx.RowTo[string]))(t) {
		if !about[name] {
			t.Errorf("centre.%s refers to people, and is said to be about nobody", name)
		}
	}
	for name := range decided {
		if all[name] == nil {
			t.Errorf("centre.%s is decided about, and is not there", name)
		}
	}
}

// The screens and the paper have words for every table and column that is shown.
func TestStoredIsNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rows := must(b.admin.Query(t.Context(), `select distinct n from internal.stored_tables() s, lateral (select 'section_' || s.section as n union all
		select 'field_' || f from regexp_split_to_table(concat_ws(',', nullif(s.shown, ''), nullif(s.sized, ''), nullif(s.secret, '')), ',') f) x
		where s.where_rows <> '' order by n`))(t)
	names := must(pgx.CollectRows(rows, pgx.RowTo[string]))(t)
	for _, language := range []string{"pt", "en"} {
		var catalogue struct{ Stored map[string]any }
		if err := json.Unmarshal(must(os.ReadFile("../../../assets/i18n/"+language+".json"))(t), &catalogue); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if catalogue.Stored[name] == nil {
				t.Errorf("%s.json has no stored.%s", language, name)
			}
		}
	}
}

// What is stored is found wherever it stands, and secrets and others' are not shown.
func TestStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, first := b.desk.enrol(citizen(), zeferina)
	number := scalar[string](b, `select value from centre.key_contact`)
	_, other := b.desk.enrol(citizen(), name{"Outrem", "Gil", "1980-01-01"})
	b.exec(`update centre.person set surname = 'Almada Reis' where surname = 'Almada'`)
	type section struct {
		Name string
		Rows [][]struct{ Name, Value string }
	}
	read := func(register int64) (text string, sections map[string][][]struct{ Name, Value string }) {
		t.Helper()
		text = scalar[string](b, `select internal.stored($1)::text`, register)
		var all []section
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		sections = map[string][][]struct{ Name, Value string }{}
		for _, s := range all {
			sections[s.Name] = s.Rows
		}
		return text, sections
	}
	text, sections := read(first)
	for _, want := range []string{"Almada Reis", `\"surname\": \"Almada\"`, "Zeferina", number, "1980-01-01"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in what is stored: %s", want, text)
		}
	}
	for _, name := range []string{"person", "person_before", "key", "contact", "history", "record", "visit", "code", "proof", "message", "evidence"} {
		if len(sections[name]) == 0 {
			t.Errorf("no section %s", name)
		}
	}
	for _, never := range []string{"Outrem", "argon2id"} {
		if strings.Contains(text, never) {
			t.Errorf("%s is in what is stored", never)
		}
	}
	if !strings.Contains(text, `{"name": "pin_hash", "value": "•••"}`) {
		t.Error("that there is a PIN's hash is not said")
	}
	if got, _ := read(other); strings.Contains(got, "Zeferina") {
		t.Error("somebody else's data")
	}
}
