package growth_test

import (
	"context"
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
	if err := kiosktest.Employ(ctx, o.DB.Admin()); err != nil {
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
