package schema_test

import (
	"testing"
)

type recorded struct {
	State  string
	Record *string
}

func (d desk) record(sql string, args ...any) recorded {
	d.b.tb.Helper()
	return must(row[recorded](d.b.tb, d.b.centre, `select state, convert_from(record, 'UTF8') from `+sql, append([]any{d.cert}, args...)...))(d.b.tb)
}

// A desk is given the record of an active key as it is now, and of no other.
func TestRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	id := b.desk.bound(who)
	if got := b.desk.record(`desk.enrolment_status($1, $2)`, id); got.Record != nil {
		t.Errorf("pending: %+v", got)
	}
	_, register := b.activate(id, who, ana)
	e := cardEvidence
	for what, got := range map[string]recorded{
		"status":      b.desk.record(`desk.enrolment_status($1, $2)`, id),
		"bound again": b.desk.record(`desk.bind($1, $2, $3, $4, $5, $6, $7, false)`, id, e.JWS, e.Identity, e.SOD, e.PIN, e.Proof),
	} {
		if got.State != "active" || got.Record == nil || *got.Record != "record" {
			t.Errorf("%s: %+v", what, got)
		}
	}
	const record = `select registrar.record($1, $2, convert_to($3, 'UTF8'))`
	must(b.registrar.Exec(t.Context(), record, register, 1, "another"))(t)
	if got := b.desk.record(`desk.enrolment_status($1, $2)`, id); *got.Record != "record" {
		t.Errorf("said again, another record: %s", *got.Record)
	}
	for what, version := range map[string]int{"of a version to come": 2, "of none": 0} {
		_, err := b.registrar.Exec(t.Context(), record, register, version, "record")
		wantState(t, what, err, "BK009")
	}
	for _, sql := range []string{`update centre.key_record set record = 'x'`, `delete from centre.key_record`, `truncate centre.key_record`} {
		_, err := b.admin.Exec(t.Context(), sql)
		wantState(t, sql, err, "BK090")
	}
	b.exec(`update centre.key set level = 'substantial', version = 1, change = '{"cause": "renew"}'; insert into centre.key_record (key, version, record) values (1, 2, 'second')`)
	if got := b.desk.record(`desk.enrolment_status($1, $2)`, id); *got.Record != "second" {
		t.Errorf("changed: %s", *got.Record)
	}
	b.exec(`update centre.key set state = 'suspended', change = '{"cause": "suspend", "reason": "request"}'`)
	if got := b.desk.record(`desk.enrolment_status($1, $2)`, id); got.Record != nil {
		t.Errorf("suspended: %s", *got.Record)
	}
	b.exec(`update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}'`)
	if version := scalar[int](b, `select version from centre.key`); version != 2 {
		t.Errorf("expired, it is version %d, want 2", version)
	}
}

// No transaction leaves a key, or a change of one, without its record; what takes away, or ends a lock, needs none.
func TestEveryVersionHasARecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.enrol(citizen(), ana)
	const insert = `insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change) select person, 'active', 'high', pin_hash,
		valid_until, gen_random_uuid(), '{"cause": "enrol"}' from centre.key limit 1`
	const suspend = `update centre.key set state = 'suspended', change = '{"cause": "suspend", "reason": "request"}'`
	for what, sql := range map[string]string{
		"a level":     `update centre.key set level = 'substantial', change = '{"cause": "renew"}'`,
		"a PIN":       `update centre.key set pin_hash = '$argon2id$x', change = '{"cause": "pin"}'`,
		"a day":       `update centre.key set valid_until = '2099-01-01', change = '{"cause": "renew"}'`,
		"a contact":   `update centre.key set change = '{"cause": "phone"}'`,
		"back again":  suspend + `; update centre.key set state = 'active', change = '{"cause": "reactivate", "reason": "request"}'`,
		"an old one":  `update centre.key set level = 'substantial', version = 1, change = '{"cause": "renew"}'`,
		"another key": `update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}'; ` + insert,
		"a record of the version before": `update centre.key set level = 'substantial', change = '{"cause": "renew"}';
			insert into centre.key_record select key, version, 'x' from centre.key_record on conflict do nothing`,
	} {
		_, err := b.admin.Exec(t.Context(), sql)
		wantState(t, what, err, "BK093")
	}
	id, who := b.desk.bound(citizen()), person{}
	if _, err := b.registrar.Exec(t.Context(), `select registrar.apply($1, jsonb_build_object('surname', 'A', 'given_names', 'B', 'birth_date', '1990-01-01',
		'nationality', 'PRT'), '$argon2id$x', 'high', '{}', current_date + 1, null)`, id); err == nil {
		t.Error("a key that a registrar made without its record: no error")
	} else {
		wantState(t, "a key that a registrar made", err, "BK093")
	}
	if s := b.desk.status(id); s.State != "pending" {
		t.Errorf("without a record: %+v", s)
	}
	if outcome, _ := b.activate(id, who, ana); outcome != "active" {
		t.Errorf("with a record: %q", outcome)
	}
	b.change(`level = 'substantial'`)
	b.change(`valid_until = current_date - 1`)
	if n := scalar[int](b, `select registrar.expire()`); n != 2 {
		t.Errorf("expired %d keys, want 2", n)
	}
}
