package growth_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cmd/bench/growth"
	"balcao/cmd/bench/load"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/kiosktest"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// plans are those by which a database answered, with whatever functions asked in turn.
type plans struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (p *plans) add(_ *pgconn.PgConn, n *pgconn.Notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[n.Message] = true
}

var scan = regexp.MustCompile(`Seq Scan on (\w+)`)

// reading are the plans that read one of some tables from end to end.
func (p *plans) reading(large []string) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for plan := range p.seen {
		for _, m := range scan.FindAllStringSubmatch(plan, -1) {
			if slices.Contains(large, m[1]) {
				list = append(list, plan)
				break
			}
		}
	}
	slices.Sort(list)
	return list
}

// open connects as a role whose plans are told.
func (p *plans) open(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns, cfg.ConnConfig.OnNotice = 2, p.add
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// With people, no call reads more: whatever a desk, a registrar or the sign-in service asks finds its rows by an index.
func TestNothingReadsAWholeTable(t *testing.T) {
	t.Parallel()
	const people = 2000
	ctx := t.Context()
	o := kiosktest.NewOffice(t)
	o.OpenCentre(ctx, t)
	if err := kiosktest.Employ(ctx, o.Admin); err != nil {
		t.Fatal(err)
	}
	shift, err := kiosktest.SignIn(ctx, o.Centre, kiosktest.Clerks[0])
	if err != nil {
		t.Fatal(err)
	}
	told := &plans{seen: map[string]bool{}}
	desk := load.Desk{Shift: shift.ID}
	cert := o.DB.Desk(kiosktest.DeskName).Certificate[0]
	with := load.Registrar{Records: o.Records}
	enrol := func(n int) {
		t.Helper()
		for range n {
			if _, err := load.Enrol(ctx, desk, with); err != nil {
				t.Fatal(err)
			}
		}
	}
	connect := func() {
		desk.Asks = load.SQL{Pool: told.open(t, o.DB.Centre()), Desk: cert}
		with.Pool = told.open(t, o.DB.Registrar())
	}
	connect()
	enrol(20)
	// What a registrar at work would have done.
	_, err = o.Admin.Exec(ctx, `update centre.job set state = 'done', ended_at = clock_timestamp()`)
	if err == nil {
		_, err = o.Admin.Exec(ctx, `update centre.message set state = 'sent', sent_at = clock_timestamp()`)
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := growth.NewFiller(ctx, o.DB.Admin())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	b, err := f.Take(ctx, "card")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Add(ctx, b, people); err != nil {
		t.Fatal(err)
	}
	if err := f.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	tell(t, ctx, o)
	connect() // sessions that tell
	named, err := f.SignIns(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	login := told.open(t, o.DB.Login())
	enrol(3)
	for _, who := range named {
		signIn(t, ctx, login, with.Pool, who)
	}
	askAsDesk(t, ctx, told.open(t, o.DB.Centre()), cert, shift.ID, named[0])
	if _, err := o.Admin.Exec(ctx, due); err != nil {
		t.Fatal(err)
	}
	if _, err := told.open(t, o.DB.Admin()).Exec(ctx, `select internal.stored((select max(register) from centre.key))`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range growth.Rounds {
		if _, err := with.Pool.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	rows, err := f.Large(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 10 || len(told.seen) < 100 {
		t.Fatalf("%d large tables, %d plans: that says nothing", len(rows), len(told.seen))
	}
	for _, plan := range told.reading(rows) {
		t.Error(plan)
	}
}

// due has something be over under each rule, so that rounds have something to delete and to end.
const due = `begin;
	set local session_replication_role = replica;
	update centre.key set state = 'cancelled' where register between 100 and 102;
	update centre.key set valid_until = current_date - 1 where register between 200 and 202;
	update centre.key set valid_until = current_date + 3 where register between 210 and 212;
	insert into centre.key_event (key, at, from_state, to_state, reason, cause)
		select n, now() - interval '8 years', 'active', 'cancelled', 'request', 'cancel' from generate_series(100, 102) n;
	update centre.person p set enrolment = null where p.enrolment in (select k.enrolment from centre.key k where k.register between 300 and 302);
	update centre.enrolment e set state = 'refused', ended_at = now() - interval '100 days', key = null where e.key between 300 and 302;
	delete from centre.key where register between 300 and 302;
	update centre.enrolment e set state = 'open', expires_at = now() - interval '1 minute' where e.key between 400 and 402;
	update centre.job set ended_at = now() - interval '100 days' where id in (select id from centre.job where state = 'done' limit 3);
	insert into centre.search (id, at, desk, staff, kind, value, reason, found) select gen_random_uuid(), now() - interval '4 years', d.name, '', 'nif', '', 'other', '{}'
		from centre.desk d;
	commit`

// askAsDesk asks what is no enrolment.
func askAsDesk(t *testing.T, ctx context.Context, desk *pgxpool.Pool, der []byte, shift uuid.UUID, who growth.Named) {
	t.Helper()
	cert := sha256.Sum256(der)
	const search = `select from desk.search($1, $2, $3, $4, $5, $6, 'other')`
	for _, call := range []struct {
		sql  string
		args []any
	}{
		{`select from desk.hello($1)`, []any{cert[:]}},
		{search, []any{cert[:], shift, uuid.New(), "phone", who.Value, nil}},
		{search, []any{cert[:], shift, uuid.New(), "email", "ninguem@exemplo.example", nil}},
		{search, []any{cert[:], shift, uuid.New(), "nif", "100000007", nil}},
		{search, []any{cert[:], shift, uuid.New(), "document", "00000007", "UTO"}},
		{search, []any{cert[:], shift, uuid.New(), "register", "7", nil}},
		{`select from desk.open_enrolment($1, $2, 'citizen-card', 'UTO', '100000009', null, null, false, $3, 'key')`, []any{cert[:], uuid.New(), shift}},
		{`select from desk.open_enrolment($1, $2, 'citizen-card', 'UTO', '100000010', null, null, false, $3, 'phone')`, []any{cert[:], uuid.New(), shift}},
		{`select from desk.report($1, $2, current_date)`, []any{cert[:], shift}},
		{`select from desk.not_me($1, $2, $3, '23456789AB')`, []any{cert[:], shift, uuid.New()}},
	} {
		if _, err := desk.Exec(ctx, call.sql, call.args...); err != nil {
			t.Fatalf("%s: %v", call.sql, err)
		}
	}
}

// tell has new sessions say by which plans they answer.
func tell(t *testing.T, ctx context.Context, o *kiosktest.Office) {
	t.Helper()
	for _, set := range []string{"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "auto_explain.log_nested_statements = on",
		"auto_explain.log_level = notice"} {
		if _, err := o.Admin.Exec(ctx, fmt.Sprintf(`alter database %s set %s`, pgx.Identifier{o.DB.Name}.Sanitize(), set)); err != nil {
			t.Fatal(err)
		}
	}
}

// signIn goes through all calls of a sign-in.
func signIn(t *testing.T, ctx context.Context, login, registrar *pgxpool.Pool, who growth.Named) {
	t.Helper()
	try, send := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	var outcome string
	for _, call := range []struct {
		sql  string
		args []any
	}{
		{`select salt::text from login.begin($1, $2, $3)`, []any{try, who.Kind, who.Value}},
		{`select outcome from login.pin($1, $2)`, []any{try, who.Output}},
		{`select login.settle($1)::text`, []any{try}},
		{`select coalesce(refusal, '') from login.send_code($1, $2, 'sms', 'pt')`, []any{try, send}},
	} {
		if err := login.QueryRow(ctx, call.sql, call.args...).Scan(&outcome); err != nil {
			t.Fatalf("%s: %v", call.sql, err)
		}
		if strings.Contains(call.sql, "login.pin") && outcome != "code" || strings.Contains(call.sql, "send_code") && outcome != "" {
			t.Fatalf("%s: %s", call.sql, outcome)
		}
	}
}
