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
	b.exec(`update centre.key set level = 'substantial', version = 1; insert into centre.key_record (key, version, record) values (1, 2, 'second')`)
	if got := b.desk.record(`desk.enrolment_status($1, $2)`, id); *got.Record != "second" {
		t.Errorf("changed: %s", *got.Record)
	}
	b.exec(`update centre.key set state = 'suspended'; insert into centre.key_record (key, version, record) values (1, 3, 'third')`)
	if got := b.desk.record(`desk.enrolment_status($1, $2)`, id); got.Record != nil {
		t.Errorf("suspended: %s", *got.Record)
	}
	b.exec(`update centre.key set state = 'expired'`)
	if version := scalar[int](b, `select version from centre.key`); version != 3 {
		t.Errorf("expired, it is version %d, want 3", version)
	}
}
