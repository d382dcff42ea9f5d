// Package central is the desk's client of the centre: calls of functions in PostgreSQL, and a
// connection on which the centre announces changes.
//
// Every call may be repeated with the same identifiers and returns the same result, so a call that
// was cut off is repeated here, and by the caller for as long as the case lasts; nothing is done
// twice. Errors are of three kinds: ErrUnavailable (repeat it later), *Refused (repeating is of no
// use), and a context's own. What a server's error says about rows never leaves this package.
//
// The rules themselves are in migrations/002_desk.sql and 004/desk.sql; this package adds none.
package central

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// SchemaVersion is the version of the centre's schema that this package speaks to.
const SchemaVersion = 4

// Config is how a desk reaches the centre.
type Config struct {
	// DSN is a PostgreSQL connection string, possibly with several hosts. A desk's has
	// target_session_attrs=read-write, sslmode=verify-full and its client certificate.
	DSN      string
	MaxConns int32            // 4 when zero
	Timeout  time.Duration    // for one try of one call; 5 s when zero
	Now      func() time.Time // time.Now when nil
}

// Centre is a pool of connections to the centre. It is safe for concurrent use.
type Centre struct {
	pool    *pgxpool.Pool
	desk    string
	timeout time.Duration
	now     func() time.Time
}

// Dial checks the configuration and prepares connections. It does not wait for the centre: a desk
// starts while the centre is away. The caller closes the Centre.
func Dial(ctx context.Context, cfg Config) (*Centre, error) {
	pc, err := pgxpool.ParseConfig(cfg.DSN)
	if err != nil {
		// The cause quotes the connection string.
		return nil, errors.New("the centre's connection string is not valid")
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 4
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = 3 * time.Second
	}
	if pc.ConnConfig.RuntimeParams["application_name"] == "" {
		pc.ConnConfig.RuntimeParams["application_name"] = "balcao-kiosk"
	}
	pc.MaxConns = cfg.MaxConns
	pc.MinIdleConns = 1 // the first call of a case does not wait for TLS
	pc.MaxConnLifetime = 15 * time.Minute
	pc.MaxConnLifetimeJitter = 3 * time.Minute
	pc.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) { return writable(conn), nil }
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("preparing connections to the centre: %w", classify(ctx, err))
	}
	return &Centre{pool: pool, desk: pc.ConnConfig.User, timeout: cfg.Timeout, now: cfg.Now}, nil
}

// writable reports whether a pooled connection leads to a server that takes writes. After a
// switchover old connections lead to a server that has become a standby. PostgreSQL 14 and later
// report both parameters when they change, and the pool then opens a new connection.
func writable(conn *pgx.Conn) bool {
	return conn.PgConn().ParameterStatus("in_hot_standby") != "on" &&
		conn.PgConn().ParameterStatus("default_transaction_read_only") != "on"
}

// Close ends all connections.
func (c *Centre) Close() { c.pool.Close() }

// Desk is the role with which this desk logs in: its name at the centre.
func (c *Centre) Desk() string { return c.desk }

// tries is how often a call is made before ErrUnavailable is returned. The waits between are short,
// because a clerk and a person are waiting and the screen shows that the centre is away.
const tries = 3

// ask makes one call, again when it was cut off: every call is idempotent.
func (c *Centre) ask(ctx context.Context, what string, call func(context.Context) error) error {
	for n := 1; ; n++ {
		tryCtx, cancel := context.WithTimeout(ctx, c.timeout)
		err := call(tryCtx)
		cancel()
		if err == nil {
			return nil
		}
		if lostServer(err) {
			// The other connections lead to the same server: all of them are opened anew.
			c.pool.Reset()
		}
		err = classify(ctx, err)
		if n == tries || !errors.Is(err, ErrUnavailable) {
			return fmt.Errorf("asking the centre to %s: %w", what, err)
		}
		if !pause(ctx, backoff(n, 50*time.Millisecond, time.Second)) {
			return fmt.Errorf("asking the centre to %s: %w", what, ctx.Err())
		}
	}
}

// backoff doubles from first, up to most, and then takes a random share of at least half, so that
// desks which lost the same server do not all reconnect at once.
func backoff(n int, first, most time.Duration) time.Duration {
	d := most
	if shift := n - 1; shift < 30 && first<<shift < most {
		d = first << shift
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // when, is no secret
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
