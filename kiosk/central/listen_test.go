package central_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
)

// line is a running Listen whose calls come out of channels.
type line struct {
	up      chan time.Duration
	down    chan error
	notices chan central.Notice
}

func listen(t *testing.T, c *central.Centre, heartbeat time.Duration) *line {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &line{make(chan time.Duration, 1000), make(chan error, 1000), make(chan central.Notice, 1000)}
	ended := make(chan error)
	go func() {
		ended <- c.Listen(ctx, central.Line{Heartbeat: heartbeat, Up: func(d time.Duration) { l.up <- d },
			Down: func(err error) { l.down <- err }, Notice: func(n central.Notice) { l.notices <- n }})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Listen = %v, want context.Canceled", err)
		}
	})
	return l
}

func wait[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := listen(t, b.desk, 50*time.Millisecond)
	if rtt := wait(t, l.up, "connection"); rtt <= 0 {
		t.Errorf("round trip = %v", rtt)
	}
	wait(t, l.up, "heartbeat")

	id := b.proven(kiosk.SMS, phone())
	b.bind(id)
	b.activate(id)
	if got, want := wait(t, l.notices, "notice"), (central.Notice{Enrolment: id, Kind: central.NoticeKey}); got != want {
		t.Errorf("notice = %+v, want %+v", got, want)
	}

	// Rubbish from whoever may connect does no harm.
	b.exec(`select pg_notify($1, 'rubbish')`, "desk_"+b.desk.Desk())
	b.exec(`select pg_notify($1, '{"enrolment": 7}')`, "desk_"+b.desk.Desk())

	// The server throws the line out; it comes back and works again.
	b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and datname = current_database()
		and query ilike 'listen%' or usename = $1 and query = '-- ping'`, b.desk.Desk())
	if err := wait(t, l.down, "loss"); !errors.Is(err, central.ErrUnavailable) {
		t.Errorf("Down(%v), want ErrUnavailable", err)
	}
	for len(l.up) > 0 {
		<-l.up
	}
	wait(t, l.up, "new connection")
	b.exec(`select pg_notify($1, $2)`, "desk_"+b.desk.Desk(), `{"enrolment": "`+uuid.Nil.String()+`", "kind": "delivery"}`)
	if got, want := wait(t, l.notices, "notice").Kind, central.NoticeDelivery; got != want {
		t.Errorf("notice after the loss = %q, want %q", got, want)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	c, err := central.Dial(t.Context(), central.Config{DSN: "postgres://loja_1:secret-word@/balcao?host=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if _, err := c.Hello(t.Context()); !errors.Is(err, central.ErrUnavailable) {
		t.Errorf("Hello with no server: %v, want ErrUnavailable", err)
	}
	l := listen(t, c, time.Hour)
	if err := wait(t, l.down, "loss"); !errors.Is(err, central.ErrUnavailable) {
		t.Errorf("Down(%v), want ErrUnavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Hello(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Hello of who gave up: %v, want context.Canceled", err)
	}
	_, err = central.Dial(t.Context(), central.Config{DSN: "postgres://u:secret-word@h:port/"})
	if err == nil || errors.Unwrap(err) != nil {
		t.Errorf("Dial with rubbish: %v, want an error that quotes nothing", err)
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, err := central.Dial(t.Context(), central.Config{DSN: b.db.Registrar()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.Hello(t.Context())
	wantRefused(t, err, central.RefusedDesk)
}

// TestConnectionsCutUnderTheCaller terminates the pool's sessions while calls go on: each call is
// repeated and none is done twice.
func TestConnectionsCutUnderTheCaller(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 10 {
		b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1`, b.desk.Desk())
		id := b.open()
		b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1`, b.desk.Desk())
		b.send(id, kiosk.SMS, phone())
		b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1`, b.desk.Desk())
		if c := b.confirm(id, kiosk.SMS, "123456"); c.Refusal != "" {
			t.Errorf("ConfirmCode = %+v", c)
		}
	}
	if got, want := scalar[int](b, `select count(*) from cmd.job`), 10; got != want {
		t.Errorf("%d messages queued, want %d", got, want)
	}
}

// TestSwitchover demotes the server under open connections, as a switchover does, and expects the desk
// to find the other one by itself.
func TestSwitchover(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const desk, password = "loja_1", "the same on both"
	var servers [2]*cluster.Cluster
	for i := range servers {
		c, err := cluster.Start(ctx, cluster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Stop(); err != nil {
				t.Error(err)
			}
		})
		if err := c.Create(ctx, "balcao"); err != nil {
			t.Fatal(err)
		}
		login := schema.Login{Name: desk, Group: schema.DeskGroup, Password: password}
		if err := schema.AddLogin(ctx, c.DSN(cluster.Admin, "balcao"), login); err != nil {
			t.Fatal(err)
		}
		servers[i] = c
	}
	dsn := "host=" + servers[0].Dir() + "," + servers[1].Dir() + " port=5432,5432 user=" + desk + " password='" + password +
		"' dbname=balcao target_session_attrs=read-write"
	c, err := central.Dial(ctx, central.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	enrolments := func(i int) (n int) {
		t.Helper()
		pool := mustPool(t, servers[i].DSN(cluster.Admin, "balcao"))
		if err := pool.QueryRow(ctx, `select count(*) from cmd.enrolment`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	must(c.Open(ctx, newID(), person()))(t)
	if got, want := enrolments(0), 1; got != want {
		t.Fatalf("%d enrolments at the first server, want %d", got, want)
	}
	first := mustPool(t, servers[0].DSN(cluster.Admin, "balcao"))
	for _, sql := range []string{`alter system set default_transaction_read_only = on`, `select pg_reload_conf()`} {
		if _, err := first.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	// The signal to reload may still be on its way to the sessions.
	for enrolments(1) == 0 {
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
		must(c.Open(ctx, newID(), person()))(t)
	}
}
