package kiosktest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/registrar"
)

// Machine is a registrar that runs, and may be killed at any of its statements.
type Machine struct {
	*Registrar
	office *Office
	t      testing.TB
	pool   *pgxpool.Pool
	left   atomic.Int64 // statements until it is killed; below zero: it is not
	dead   atomic.Bool
}

// StartMachine starts a registrar: of a name of its own, or of that of one that was killed, as a computer that starts again.
func (o *Office) StartMachine(ctx context.Context, t testing.TB, name string, workers int, set func(*registrar.Config)) *Machine {
	t.Helper()
	m := &Machine{office: o, t: t}
	m.left.Store(-1)
	configure := func(cfg *registrar.Config) {
		pool := cfg.DB.Config()
		pool.ConnConfig.Tracer = m
		var err error
		m.pool, err = pgxpool.NewWithConfig(ctx, pool)
		check(t, err)
		cfg.DB = m.pool
		set(cfg)
	}
	if name == "" {
		m.Registrar = o.NewRegistrar(ctx, t, workers, "", configure)
	} else {
		m.Registrar = o.NewRegistrarNamed(ctx, t, name, workers, "", configure)
	}
	m.Start(ctx, t)
	return m
}

// KillAfter kills the machine at one of its next statements, 0 for the next.
func (m *Machine) KillAfter(statements int) { m.left.Store(int64(statements)) }

// Dead reports whether it was killed.
func (m *Machine) Dead() bool { return m.dead.Load() }

// Bury takes away what is left of a machine that was killed, or that is to stop.
func (m *Machine) Bury() {
	m.Stop()
	m.pool.Close()
}

// TraceQueryStart lets a dead registrar say nothing more: its connections are cut, and no statement leaves.
func (m *Machine) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if m.left.Load() >= 0 && m.left.Add(-1) < 0 && m.dead.CompareAndSwap(false, true) {
		// A server that is away has cut them already.
		_, _ = m.office.Admin.Exec(context.WithoutCancel(ctx), `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1 and datname = current_database()`, m.Name)
	}
	if m.dead.Load() {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return ended
	}
	return ctx
}

// TraceQueryEnd is of pgx.QueryTracer.
func (*Machine) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
