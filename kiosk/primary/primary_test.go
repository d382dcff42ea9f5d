package primary_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/primary"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// server is a host of the cluster: a proxy before the real one, or frozen.
type server struct {
	net.Listener
	frozen atomic.Bool
	asked  atomic.Int32 // connections that began

	mu        sync.Mutex
	now, most int // connections that are frozen, at a time
}

// newServer proxies an address of this computer to a server's socket.
func newServer(t *testing.T, address, socket string) *server {
	t.Helper()
	l, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: l}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.asked.Add(1)
			all.Go(func() { s.serve(c, socket) })
		}
	})
	return s
}

func (s *server) serve(c net.Conn, socket string) {
	defer c.Close()
	if s.frozen.Load() {
		s.count(1)
		defer s.count(-1)
		_, _ = io.Copy(io.Discard, c) // until whoever asked has waited enough
		return
	}
	up, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer up.Close()
	go func() { _, _ = io.Copy(up, c); _ = up.Close() }()
	_, _ = io.Copy(c, up)
}

func (s *server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += n
	s.most = max(s.most, s.now)
}

// site is two hosts, and a pool that knows both.
type site struct {
	*testing.T
	one, two *server
	pool     *pgxpool.Pool
}

const many = 12

func newSite(t *testing.T) *site {
	t.Helper()
	dsn, err := url.Parse(cluster.NewDatabase(t).Centre())
	if err != nil {
		t.Fatal(err)
	}
	query := dsn.Query()
	socket := fmt.Sprintf("%s/.s.PGSQL.%s", query.Get("host"), query.Get("port"))
	s := &site{T: t, one: newServer(t, "127.0.0.1", socket), two: newServer(t, "127.0.0.2", socket)}
	dsn.Host = s.one.Addr().String() + "," + s.two.Addr().String()
	dsn.RawQuery = url.Values{"connect_timeout": {"1"}, "sslmode": {"disable"}, "pool_max_conns": {fmt.Sprint(many)}}.Encode()
	cfg, err := primary.Config(dsn.String())
	if err != nil {
		t.Fatal(err)
	}
	if s.pool, err = pgxpool.NewWithConfig(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.pool.Close)
	return s
}

// all asks for as many connections as there may be, all at once, and returns how many could not be had.
func (s *site) all() (failed int) {
	s.Helper()
	s.pool.Reset()
	errs := make(chan error, many)
	had := make(chan struct{})
	for range many {
		go func() {
			c, err := s.pool.Acquire(s.Context())
			errs <- err
			<-had
			if err == nil {
				c.Release()
			}
		}()
	}
	for range many {
		if err := <-errs; err != nil {
			failed++
		}
	}
	close(had)
	return failed
}

func (s *site) is(what string, got, atMost int32) {
	s.Helper()
	if got > atMost {
		s.Errorf("%s: %d, want %d at most", what, got, atMost)
	}
}

// TestThePrimaryChanges has a whole pool connect anew, as it does when the primary changes.
func TestThePrimaryChanges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.one.frozen.Store(true)
	if failed := s.all(); failed > 0 {
		t.Errorf("%d of %d found no server although one answers", failed, many)
	}
	s.is("connections that waited for the frozen one", s.one.asked.Load(), 2)
	before := s.one.asked.Load()
	if failed := s.all(); failed > 0 {
		t.Errorf("the server that last answered is not found by %d", failed)
	}
	s.is("asked again although another answered", s.one.asked.Load()-before, 0)

	s.one.frozen.Store(false)
	s.two.frozen.Store(true)
	before = s.two.asked.Load()
	if failed := s.all(); failed > 0 {
		t.Errorf("%d of %d did not find who took over", failed, many)
	}
	s.is("connections that waited for who was before", s.two.asked.Load()-before, 2)

	// Nobody answers: whoever waited behind those that tried is told so.
	s.one.frozen.Store(true)
	before = s.one.asked.Load()
	if failed := s.all(); failed != many {
		t.Errorf("%d of %d found a server although none answers", many-failed, many)
	}
	s.is("connections that asked in vain", s.one.asked.Load()-before, 4)
	s.is("at a time", int32(max(s.one.most, s.two.most)), 2)
	s.one.frozen.Store(false)
	if failed := s.all(); failed > 0 {
		t.Errorf("%d of %d remember that there was no server", failed, many)
	}
}

// TestReadsOnly: a server that only reads is none, and a string that cannot be parsed is not quoted.
func TestReadsOnly(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin, err := pgx.Connect(t.Context(), db.Admin())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.WithoutCancel(t.Context()))
	if _, err := admin.Exec(t.Context(), "alter database "+db.Name+" set default_transaction_read_only = on"); err != nil {
		t.Fatal(err)
	}
	cfg, err := primary.Config(db.Centre())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "only reads") {
		t.Errorf("a server that only reads: %v", err)
	}
	if _, err := primary.Config("postgres://centre:secret@:x/"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a string that is none: %v", err)
	}
}
