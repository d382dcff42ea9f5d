// Package primary opens connections to whichever PostgreSQL server of a cluster takes writes.
//
// When the primary changes, everybody who was connected connects anew, at once, and a connection is the dearest thing a
// server is asked for: a process, TLS, a certificate, empty caches. A server that has just become primary must not drown in
// them, nor in those that gave up and begin again. So a pool connects a few at a time, first to the server that last took
// writes, and when one of them finds no server, whoever waited behind it is told so and does not try the same.
package primary

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// atOnce is how many connections a pool opens at a time.
const atOnce = 2

var (
	errDSN      = errors.New("the connection string cannot be parsed") // the cause would quote it
	errReadOnly = errors.New("the server only reads")
)

// Config parses a connection string, which may name several hosts, for a pool that uses none but the primary. A host is waited
// for 3 s where the string says nothing else. The error holds no part of the string. BeforeConnect and PrepareConn are taken.
func Config(dsn string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = 3 * time.Second
	}
	if cfg.ConnConfig.ValidateConnect == nil { // target_session_attrs asks with a statement; a pooler may leave no other way
		cfg.ConnConfig.ValidateConnect = func(_ context.Context, pg *pgconn.PgConn) error {
			if !writes(pg) {
				return errReadOnly
			}
			return nil
		}
	}
	cfg.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) { return Writable(conn), nil }
	g := &gate{turns: make(chan struct{}, atOnce), hosts: map[string]string{}}
	look := cfg.ConnConfig.LookupFunc
	cfg.ConnConfig.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		addresses, err := look(ctx, host)
		g.found(host, addresses)
		return addresses, err
	}
	cfg.BeforeConnect = g.enter
	return cfg, nil
}

// Writable reports whether a connection leads to a server that takes writes. After a switchover old connections lead to a
// server that has become a standby. PostgreSQL 14 and later report both parameters when they change.
func Writable(conn *pgx.Conn) bool { return writes(conn.PgConn()) }

func writes(pg *pgconn.PgConn) bool {
	return pg.ParameterStatus("in_hot_standby") != "on" && pg.ParameterStatus("default_transaction_read_only") != "on"
}

// gate is where the connections of a pool begin.
type gate struct {
	turns chan struct{} // taken by each that connects

	mu     sync.Mutex
	hosts  map[string]string // by IP address
	host   string            // that last took writes, with its port; "" before
	port   uint16
	failed int   // how many connections found no server
	err    error // of the last connection
}

// enter waits for a turn, which ends with the connection's beginning. Whoever waited while another connection failed has its
// error.
func (g *gate) enter(ctx context.Context, cfg *pgx.ConnConfig) error {
	g.mu.Lock()
	failed := g.failed
	g.mu.Unlock()
	select {
	case g.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil && g.failed != failed {
		<-g.turns
		return g.err
	}
	g.order(&cfg.Config)
	if cfg.Tracer == nil {
		cfg.Tracer = turn{g}
	} else {
		cfg.Tracer = multitracer.New(cfg.Tracer, turn{g})
	}
	return nil
}

// order puts the server that last took writes before the others.
func (g *gate) order(cfg *pgconn.Config) {
	all := append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...)
	slices.SortStableFunc(all, func(a, b *pgconn.FallbackConfig) int { return g.rank(a) - g.rank(b) })
	cfg.Host, cfg.Port, cfg.TLSConfig, cfg.Fallbacks = all[0].Host, all[0].Port, all[0].TLSConfig, all[1:]
}

func (g *gate) rank(server *pgconn.FallbackConfig) int {
	if server.Host == g.host && server.Port == g.port {
		return 0
	}
	return 1
}

// found keeps the addresses of a host: a connection knows nothing else of where it leads.
func (g *gate) found(host string, addresses []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range addresses {
		g.hosts[a] = host
	}
}

// turn is one connection of a gate, as its tracer: nothing else hears of one that failed.
type turn struct{ *gate }

// TraceConnectStart is of pgx.ConnectTracer.
func (turn) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

// TraceConnectEnd is of pgx.ConnectTracer: it ends the turn.
func (t turn) TraceConnectEnd(_ context.Context, end pgx.TraceConnectEndData) {
	defer func() { <-t.turns }()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err = end.Err; end.Err != nil {
		t.failed++
		return
	}
	address, port, err := net.SplitHostPort(end.Conn.PgConn().Conn().RemoteAddr().String())
	if err != nil {
		return // a socket of this computer: there is no other server
	}
	n, _ := strconv.ParseUint(port, 10, 16)
	if host, ok := t.hosts[address]; ok {
		t.host, t.port = host, uint16(n)
	}
}

// TraceQueryStart is of pgx.QueryTracer, without which a tracer is none.
func (turn) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd is of pgx.QueryTracer.
func (turn) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
