package schema_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// figures asks for the centre's figures as a registrar, by "figure label state".
func (b *bench) figures() map[string]float64 {
	b.tb.Helper()
	type row struct {
		Figure, Label, State string
		Value                float64
	}
	rows := must(b.registrar.Query(b.tb.Context(), `select figure, label, state, value from registrar.figures()`))(b.tb)
	all := map[string]float64{}
	for _, r := range must(pgx.CollectRows(rows, pgx.RowToStructByPos[row]))(b.tb) {
		name := strings.Join(strings.Fields(r.Figure+" "+r.Label+" "+r.State), " ")
		if _, twice := all[name]; twice {
			b.tb.Errorf("%s: twice", name)
		}
		all[name] = r.Value
	}
	return all
}

// Each thing that an operator is told of shows, and only when it is so.
func TestFigures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.desk.open(citizen())
	b.desk.send(id, "sms", phone())
	const aged = `set local session_replication_role = replica; ` // past the triggers that keep history
	for _, c := range []struct {
		sql    string // what happens, by an administrator
		want   map[string]float64
		absent []string
	}{
		{`select 1`, map[string]float64{"jobs send_code queued": 1, "messages sms queued": 1, "registrars": 0, "cases": 0, "alerts": 0, "desks idle": 0, "desks heard": 1,
			"retention job": 0, "standbys sync": 0, "standbys async": 0}, []string{"alarms log_late", "log_checkpoint", "log_witness", "standby_lag", "archive_fails"}},
		{`update centre.job set due_at = due_at - interval '5 minutes', created_at = created_at - interval '7 minutes'`,
			map[string]float64{"job_overdue send_code": 300, "job_oldest send_code": 420}, nil},
		{`update centre.message set queued_at = queued_at - interval '4 minutes'`, map[string]float64{"message_oldest sms": 240}, nil},
		{`update centre.message set state = 'failed', reason = 'spam'`, map[string]float64{"messages sms failed": 1}, []string{"messages sms queued", "message_oldest sms"}},
		{`update centre.job set state = 'running', worker = 'gone', due_at = clock_timestamp() + interval '1 minute'`,
			map[string]float64{"jobs send_code running": 1}, []string{"jobs send_code queued", "job_overdue send_code"}},
		{`insert into centre.worker values ('a', clock_timestamp(), 'good', 'down'), ('b', clock_timestamp() - interval '5 minutes', 'good', 'good')`,
			map[string]float64{"registrars": 1}, nil},
		{`insert into centre.alert (kind, at) values ('log_gap', clock_timestamp()), ('log_late', clock_timestamp() - interval '2 hours')`,
			map[string]float64{"alarms log_gap": 1}, []string{"alarms log_late"}},
		{aged + `update centre.log_leaf set at = clock_timestamp() - interval '90 seconds' where number is null`, map[string]float64{"log_late": 90, "log_unsigned": 90}, nil},
		{aged + `update centre.log_leaf l set number = x.n from (select id, row_number() over (order by id) - 1 n from centre.log_leaf) x where x.id = l.id`,
			map[string]float64{"log_waiting": 0, "log_late": 0, "log_unsigned": 90}, nil},
		{`insert into centre.log_checkpoint (at, size, note) select clock_timestamp() - interval '10 minutes', count(*), E'log\n1\nx\n\n— log a\n' from centre.log_leaf`,
			map[string]float64{"log_checkpoint": 600, "log_unsigned": 0}, []string{"log_witness"}},
		{`update centre.log_checkpoint set note = note || E'— witness b\n'`, map[string]float64{"log_witness": 0}, nil},
		{`insert into centre.log_checkpoint (at, size, note) select clock_timestamp() - interval '2 minutes', count(*), E'log\n1\nx\n\n— log a\n' from centre.log_leaf`,
			map[string]float64{"log_checkpoint": 120, "log_witness": 120}, nil},
		{`update centre.shift set signed_at = signed_at - interval '1 hour'`, map[string]float64{"desks silent": 1}, []string{"desks heard"}},
		{`select desk.hello(fingerprint) from centre.desk_certificate where desk = 'loja_1'`, map[string]float64{"desks heard": 1}, []string{"desks silent"}},
		{`update centre.desk_seen set at = at - interval '16 minutes'`, map[string]float64{"desks silent": 1}, []string{"desks heard"}},
		{`update centre.shift set ended_at = clock_timestamp()`, map[string]float64{"desks idle": 1}, []string{"desks silent"}},
		{`update centre.desk set state = 'suspended'`, map[string]float64{"desks suspended": 1}, []string{"desks idle"}},
		{aged + `update centre.job set state = 'failed', ended_at = clock_timestamp() - interval '91 days'`, map[string]float64{"retention job": 1}, nil},
	} {
		b.exec(c.sql)
		got := b.figures()
		for name, want := range c.want {
			value, there := got[name]
			// Seconds go by; nothing else does.
			if !there && want != 0 || value < want || value > want+60 || want < 60 && value != want {
				t.Errorf("after %s: %s is %v, want %v in %v", c.sql, name, value, want, slices.Sorted(maps.Keys(got)))
			}
		}
		for _, name := range c.absent {
			if value, there := got[name]; there {
				t.Errorf("after %s: %s is %v, want none", c.sql, name, value)
			}
		}
	}
}

// A desk that calls all day is written down once a minute.
func TestDeskIsHeardOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hello := func() string {
		if _, err := b.centre.Exec(t.Context(), `select desk.hello($1)`, b.desk.cert); err != nil {
			t.Fatal(err)
		}
		return scalar[string](b, `select at || ' ' || xmin from centre.desk_seen`)
	}
	first := hello()
	if again := hello(); again != first {
		t.Errorf("got %s, want %s", again, first)
	}
	b.exec(`update centre.desk_seen set at = at - interval '61 seconds'`)
	if later := hello(); later <= first[:19] {
		t.Errorf("a minute later: got %s, was %s", later, first)
	}
}
