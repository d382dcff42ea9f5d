package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"balcao/kiosk/record"
)

// table is one whose changes are logged.
type table struct {
	name   string
	key    []string // its primary key
	time   string   // the column that says when a row was made
	events bool     // rows are only ever added
	seeded bool     // migrations add rows
	left   []string // columns that are not logged
	where  string   // rows that are not logged are not of it: a row that waits for its key is logged later than it was made
}

// logged are the tables whose changes are logged. What the database's own list says (functions/internal/log.sql) is not
// asked: a table or column that it leaves out is a finding.
var logged = func() map[string]table {
	all := map[string]table{}
	for _, t := range []table{
		{name: "setting", key: []string{"name"}, seeded: true},
		{name: "destination", key: []string{"prefix"}, seeded: true},
		{name: "legal_extension", key: []string{"name"}},
		{name: "trust", key: []string{"id"}, time: "at", events: true},
		{name: "client", key: []string{"id"}, time: "added_at"},
		{name: "deletion", key: []string{"id"}, time: "at", events: true},
		{name: "desk", key: []string{"name"}, time: "added_at"},
		{name: "desk_certificate", key: []string{"fingerprint"}, time: "added_at"},
		{name: "staff", key: []string{"number"}, time: "added_at"},
		{name: "staff_certificate", key: []string{"fingerprint"}, time: "added_at"},
		{name: "shift", key: []string{"id"}, time: "signed_at", where: " where staff is not null"},
		{name: "person", key: []string{"id"}, time: "created_at"},
		{name: "person_event", key: []string{"id"}, time: "at", events: true},
		{name: "person_number", key: []string{"person", "kind"}, time: "at"},
		{name: "cause", key: []string{"name"}, seeded: true},
		{name: "transition", key: []string{"cause", "from_state"}, seeded: true},
		{name: "reason", key: []string{"cause", "reason"}, seeded: true},
		{name: "errand", key: []string{"name"}, seeded: true},
		{name: "search", key: []string{"id"}, time: "at", events: true},
		{name: "activation", key: []string{"id"}, left: []string{"code_key", "mac", "wrong"}, where: " where key is not null"},
		{name: "letter", key: []string{"activation"}, where: " where key is not null"},
		{name: "notice", key: []string{"id"}, time: "made_at", left: []string{"code_key", "mac"}},
		{name: "watch_rule", key: []string{"name"}, seeded: true},
		{name: "watch_alert", key: []string{"id"}, left: strings.Split("who,key,desk,staff,value,rows,opened_at,seen_at,shift,jws,quiet_until", ",")},
		{name: "key", key: []string{"register"}, time: "activated_at", left: []string{"change"}},
		{name: "key_contact", key: []string{"key", "channel"}},
		{name: "key_event", key: []string{"id"}, time: "at", events: true},
		{name: "key_record", key: []string{"key", "version"}, time: "made_at", events: true},
		{name: "review", key: []string{"id"}, time: "at"},
		{name: "approval", key: []string{"enrolment"}, time: "opened_at", left: []string{"checks", "shift", "leased_until"}},
	} {
		all[t.name] = t
	}
	return all
}()

// triggers looks whether changes are logged at all.
func (a *audit) triggers(ctx context.Context, tx pgx.Tx) error {
	want := map[string]string{"log_key log_log_key": "log_change", "log_leaf log_leaf_append_only": "log_leaf_changed"}
	for name := range logged {
		want[name+" log_"+name] = "log_change"
		want[name+" log_no_truncate"] = "refuse_change"
	}
	rows, err := tx.Query(ctx, `select c.relname || ' ' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
		join pg_namespace n on n.oid = c.relnamespace join pg_proc p on p.oid = t.tgfoid join pg_namespace f on f.oid = p.pronamespace
		where n.nspname = 'centre' and f.nspname = 'internal' and t.tgenabled in ('O', 'A') and p.proname = ($1::jsonb) ->> (c.relname || ' ' || t.tgname)`, want)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if table, trigger, _ := strings.Cut(name, " "); err == nil && !slices.Contains(found, name) {
			a.find(Unlogged, table, "", "trigger %s is missing or disabled: kioskctl db migrate makes it again", trigger)
		}
	}
	return err
}

func (a *audit) keysOfSubjects(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select subject, key from centre.log_key`)
	if err != nil {
		return err
	}
	a.keyOf = map[string][]byte{}
	var subject string
	var key []byte
	_, err = pgx.ForEachRow(rows, []any{&subject, &key}, func() error { a.keyOf[subject] = bytes.Clone(key); return nil })
	return err
}

// tables compares every row with its newest leaf.
func (a *audit) tables(ctx context.Context, tx pgx.Tx) error {
	for _, name := range slices.Sorted(maps.Keys(logged)) {
		if err := a.table(ctx, tx, logged[name]); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	var gone []rowKey
	for k, n := range a.newest {
		if !n.deleted && !n.seen {
			gone = append(gone, k)
		}
	}
	slices.SortFunc(gone, func(x, y rowKey) int { return strings.Compare(x.table+" "+x.row, y.table+" "+y.row) })
	for _, k := range gone {
		a.find(Deleted, k.table, k.row, "it was logged at %s, and it is not there", when(a.newest[k].At))
	}
	return nil
}

func (a *audit) table(ctx context.Context, tx pgx.Tx, t table) error {
	rows, err := tx.Query(ctx, `select * from centre.`+t.name+t.where, pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	fields := rows.FieldDescriptions()
	row := Columns{}
	for rows.Next() {
		for i, raw := range rows.RawValues() {
			v, err := jsonText(fields[i].DataTypeOID, raw)
			if err != nil {
				return err
			}
			row[fields[i].Name] = v
		}
		var key []string
		for _, name := range t.key {
			if row[name] == nil {
				return errors.New("it has not the columns of its key")
			}
			key = append(key, *row[name])
		}
		a.report.Rows++
		a.compare(t, strings.Join(key, "/"), row)
	}
	return rows.Err()
}

// compare compares a row with its newest leaf.
func (a *audit) compare(t table, key string, row Columns) {
	n := a.newest[rowKey{t.name, key}]
	if n == nil || n.deleted {
		a.find(Inserted, t.name, key, "no leaf says that it was made")
		return
	}
	n.seen = true
	open, err := ParseColumns(n.Columns)
	if err != nil {
		a.find(Changed, t.name, key, "its leaf cannot be read")
		return
	}
	var differ []string
	for name, v := range open {
		now, there := row[name]
		if !there || (v == nil) != (now == nil) || v != nil && *v != *now {
			differ = append(differ, name)
		}
	}
	hidden := Columns{}
	if n.Hidden != "" {
		for _, name := range strings.Split(n.Hidden, ",") {
			hidden[name] = row[name]
		}
	}
	for name, v := range row {
		_, isOpen := open[name]
		if _, isHidden := hidden[name]; !isOpen && !isHidden && v != nil && !slices.Contains(t.left, name) {
			differ = append(differ, name)
		}
	}
	if len(differ) > 0 {
		slices.Sort(differ)
		a.find(Changed, t.name, key, "since %s, when it was logged: %s", when(n.At), strings.Join(differ, ", "))
	}
	if n.Subject == "" {
		return
	}
	k, known := a.keyOf[n.Subject]
	switch {
	case a.forgotten[n.Subject] > n.order:
		a.report.Forgotten++
	case !known:
		a.find(Deleted, "log_key", n.Subject, "what seals %s %s is gone, and its deletion was not logged", t.name, key)
	case !bytes.Equal(hidden.seal(k), n.Sealed):
		a.find(Changed, t.name, key, "since %s, when it was logged: one of %s", when(n.At), n.Hidden)
	}
}

var types = pgtype.NewMap()

// jsonText turns a column as PostgreSQL writes it (ISO, UTC, hexadecimal) into what to_jsonb makes of it.
func jsonText(oid uint32, raw []byte) (*string, error) {
	if raw == nil {
		return nil, nil
	}
	v := string(raw)
	switch oid {
	case pgtype.BoolOID:
		v = map[string]string{"t": "true", "f": "false"}[v]
	case pgtype.TimestamptzOID:
		if utc, ok := strings.CutSuffix(v, "+00"); ok { // else infinity
			v = strings.Replace(utc, " ", "T", 1) + "+00:00"
		}
	case pgtype.TextArrayOID:
		var list []string
		if err := types.Scan(oid, pgx.TextFormatCode, raw, &list); err != nil {
			return nil, err
		}
		var items []string
		for _, s := range list {
			item, err := json.Marshal(s)
			if err != nil {
				return nil, err
			}
			items = append(items, string(item))
		}
		v = "[" + strings.Join(items, ", ") + "]"
	case pgtype.Int8ArrayOID:
		v = strings.NewReplacer("{", "[", "}", "]", ",", ", ").Replace(v)
	case pgtype.JSONBOID:
		switch {
		case v == "null":
			return nil, nil
		case strings.HasPrefix(v, `"`):
			if err := json.Unmarshal(raw, &v); err != nil {
				return nil, err
			}
		}
	}
	return &v, nil
}

// keys compares every key with its events and, when their keys are given, its newest signed record.
func (a *audit) keys(ctx context.Context, tx pgx.Tx) error {
	events, err := tx.Query(ctx, `select id, key, coalesce(from_state, ''), to_state from centre.key_event order by key, id`)
	if err != nil {
		return err
	}
	state := map[int64]string{}
	var id, key int64
	var from, to string
	if _, err := pgx.ForEachRow(events, []any{&id, &key, &from, &to}, func() error {
		if state[key] != from {
			a.find(Inserted, "key_event", fmt.Sprint(id), "key %d goes on from %q, and was %q: an event is missing, or this one is too much", key, from, state[key])
		}
		state[key] = to
		return nil
	}); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select k.register, k.version, k.state, k.living, k.level, k.pin_hash, k.valid_until::text,
			coalesce((select v.enrolment from centre.key_event v join centre.cause c on c.name = v.cause and c.records
				where v.key = k.register and v.enrolment is not null order by v.id desc limit 1), k.enrolment)::text,
			coalesce(k.tax_number, ''), 'person ' || k.person,
			p.country, coalesce(p.civil_number, ''), coalesce(p.document_number, ''), p.surname, p.given_names, p.birth_stated, p.nationality, coalesce(p.sex, ''),
			r.version, r.record, array(select c.channel || ' ' || c.value || ' ' || c.proof from centre.key_contact c where c.key = k.register order by c.channel)
		from centre.key k join centre.person p on p.id = k.person
		left join lateral (select x.version, x.record from centre.key_record x where x.key = k.register order by x.version desc limit 1) r on true`)
	if err != nil {
		return err
	}
	var k record.Record
	var living bool
	var enrolment, subject, pin string
	var version *int
	var signed []byte
	var contacts []string
	p := &k.Person
	_, err = pgx.ForEachRow(rows, []any{&k.Register, &k.Version, &k.State, &living, &k.Level, &pin, &k.ValidUntil, &enrolment,
		&k.TaxNumber, &subject, &p.Country, &p.CivilNumber, &p.DocumentNumber, &p.Surname, &p.GivenNames, &p.BirthDate, &p.Nationality, &p.Sex,
		&version, &signed, &contacts}, func() error {
		row := fmt.Sprint(k.Register)
		if s, told := state[k.Register]; !told {
			a.find(Changed, "key", row, "it is %q, and no event tells of it", k.State)
		} else if s != k.State {
			a.find(Changed, "key", row, "it is %q, and its newest event says %q", k.State, s)
		}
		if _, forgotten := a.forgotten[subject]; forgotten && living {
			a.find(Deleted, "log_key", subject, "the log forgot the holder of key %d, which is not over", k.Register)
		}
		if len(a.RecordKeys) == 0 || version == nil && !living {
			return nil
		}
		if version == nil {
			a.find(Unsigned, "key", row, "no registrar signed a record of it")
			return nil
		}
		r, err := record.Verify(signed, a.RecordKeys...)
		if err != nil || r.Register != k.Register || r.Version != *version {
			a.find(Unsigned, "key_record", fmt.Sprintf("%d/%d", k.Register, *version), "no registrar signed it")
			return nil
		}
		var differ []string
		is := func(name string, same bool) {
			if !same {
				differ = append(differ, name)
			}
		}
		is("version", r.Version == k.Version)
		is("state", r.State == k.State || slices.Contains([]string{"locked", "blocked", "suspended", "cancelled", "expired"}, k.State)) // less than it may be
		is("level", r.Level == k.Level)
		is("pin_hash", r.HasPIN(pin))
		is("valid_until", r.ValidUntil == k.ValidUntil)
		is("tax_number", r.TaxNumber == k.TaxNumber)
		is("enrolment", r.Enrolment.String() == enrolment)
		is("person", !living || r.Person == k.Person) // who enrolled again since is the newer key's
		var said []string
		for _, c := range r.Contacts {
			said = append(said, c.Channel+" "+c.Value+" "+c.Proof.String())
		}
		slices.Sort(said)
		slices.Sort(contacts)
		is("contacts", slices.Equal(said, contacts))
		if len(differ) > 0 {
			a.find(Changed, "key", row, "it is not what its signed record says: %s", strings.Join(differ, ", "))
		}
		return nil
	})
	return err
}
