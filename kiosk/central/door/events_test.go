package door_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
)

// stream is what a desk hears: whole events without comments, and nothing more once it has ended.
type stream struct {
	events <-chan string
	status int
	body   string // of a problem
}

// listen opens a stream at a door.
func (b *bench) listen(cert tls.Certificate, door int) stream {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	b.Cleanup(cancel)
	r := must(http.NewRequestWithContext(ctx, http.MethodGet, b.urls[door]+central.PathEvents, nil))(b.T)
	client := b.client(&cert)
	client.Timeout = 0
	answer, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return stream{status: answer.StatusCode, body: string(must(io.ReadAll(answer.Body))(b.T))}
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer answer.Body.Close()
		var e strings.Builder
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, ":"):
			case line != "":
				e.WriteString(line + "\n")
			case e.Len() > 0:
				events <- e.String()
				e.Reset()
			}
		}
	}()
	return stream{events: events, status: answer.StatusCode}
}

// wantEvents waits for events in their order, and "" for the end.
func (b *bench) wantEvents(what string, s stream, want ...string) {
	b.Helper()
	for _, w := range want {
		select {
		case got := <-s.events:
			if got != w {
				b.Errorf("%s: heard %q, want %q", what, got, w)
			}
		case <-time.After(20 * time.Second):
			b.Fatalf("%s: did not hear %q", what, w)
		}
	}
}

const (
	heardMissed    = "event: missed\ndata:\n"
	heardSuspended = "event: end\ndata: \"desk_suspended\"\n"
	heardRevoked   = "event: end\ndata: \"not_a_desk\"\n"
	heardLater     = "event: end\ndata: \"unavailable\"\n"
)

// TestEvents: what is announced is heard by the streams of its desk, at whichever door, and by no other's.
func TestEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits, limits)
	two := b.db.Desk("loja_2")
	here, there, other := b.listen(b.desk, 0), b.listen(b.desk, 1), b.listen(two, 1)
	id := newID()
	notify := func(desk, kind string) {
		b.exec(`select pg_notify('desk_events', json_build_object('desk', $1::text, 'enrolment', $2::text, 'kind', $3::text)::text)`, desk, id, kind)
	}
	heard := func(kind string) string {
		return `event: notice` + "\n" + `data: {"enrolment":"` + id + `","kind":"` + kind + `"}` + "\n"
	}
	b.exec(`select pg_notify('desk_events', 'rubbish')`)
	b.exec(`select pg_notify('desk_events', '{"desk":"loja_1","enrolment":7}')`)
	notify("loja_1", "key")
	b.wantEvents("here", here, heard("key"))
	b.wantEvents("there", there, heard("key"))
	notify("loja_2", "chip")
	b.wantEvents("the other desk", other, heard("chip"))

	for range 3 { // four in all at that door
		b.listen(b.desk, 0)
	}
	if s := b.listen(b.desk, 0); s.status != http.StatusTooManyRequests || !strings.Contains(s.body, central.FailedBusy) {
		t.Errorf("a fifth stream: %d %s", s.status, s.body)
	}

	if err := schema.SuspendDesk(t.Context(), b.db.Admin(), "loja_1"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	b.wantEvents("here", here, heardSuspended, "")
	b.wantEvents("there", there, heardSuspended, "")
	// A tenth of a second where nothing else runs; whoever waited for the next look at the desk would need fifteen.
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the streams of a suspended desk ended after %v", took)
	}
	if s := b.listen(b.desk, 0); s.status != http.StatusForbidden || !strings.Contains(s.body, central.RefusedSuspended) {
		t.Errorf("a stream of a suspended desk: %d %s", s.status, s.body)
	}
	if err := schema.ResumeDesk(t.Context(), b.db.Admin(), "loja_1"); err != nil {
		t.Fatal(err)
	}
	again := b.listen(b.desk, 0)
	if err := schema.RevokeDesk(t.Context(), b.db.Admin(), "loja_1"); err != nil {
		t.Fatal(err)
	}
	b.wantEvents("after the revocation", again, heardRevoked, "")
	notify("loja_2", "delivery")
	b.wantEvents("the other desk", other, heard("delivery"))
}

// TestRotation: the old certificate's streams end with it, and so do the new one's, which come back.
func TestRotation(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	old := b.listen(b.desk, 0)
	next := newAuthority(t).desk(t, "loja_1", time.Now().Add(time.Hour)) // of whom it is, is not asked here
	if err := schema.RotateDesk(t.Context(), b.db.Admin(), "loja_1", next.Certificate[0], 0); err != nil {
		t.Fatal(err)
	}
	b.wantEvents("the old certificate", old, heardRevoked, "")
}

// TestDatabaseAway stops the door's log-in, as a database that is stopped does, and lets it in again.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk := b.client(&b.desk)
	s := b.listen(b.desk, 0)
	enrolment := b.enrolment(desk)
	b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'balcao_centre' and datname = current_database()`)
	b.wantEvents("a line that was cut", s, heardMissed, heardMissed)

	postgres := must(pgx.Connect(t.Context(), strings.Replace(b.db.Admin(), "/"+b.db.Name+"?", "/postgres?", 1)))(t)
	defer postgres.Close(t.Context())
	allow := func(connections string) {
		t.Helper()
		if _, err := postgres.Exec(t.Context(), `alter database `+b.db.Name+` allow_connections `+connections); err != nil {
			t.Fatal(err)
		}
	}
	allow("false")
	b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'balcao_centre' and datname = current_database()`)
	b.wantEvents("a database that is away", s, heardMissed)
	b.until("not ready", func() bool { return b.ready(0) == http.StatusServiceUnavailable })
	status, h, body := b.try(desk, "POST", b.urls[0]+"/v1/hello", "", "")
	wantProblem(t, "hello", status, h, body, 503, "unavailable")
	if other := b.listen(b.desk, 0); other.status != http.StatusServiceUnavailable {
		t.Errorf("a stream that would hear nothing: %d %s", other.status, other.body)
	}
	if status, _, _ := b.try(b.client(nil), "GET", b.urls[0]+"/healthz", "", ""); status != http.StatusNoContent {
		t.Errorf("healthz: %d", status)
	}

	allow("true")
	b.wantEvents("a database that is back", s, heardMissed)
	b.until("ready", func() bool { return b.ready(0) == http.StatusNoContent })
	if got := b.put(desk, enrolment, b.person(desk)); !strings.Contains(got, "challenge") {
		t.Errorf("the enrolment is lost: %s", got)
	}
}

// TestStandby: a server that takes no writes any more is none.
func TestStandby(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk := b.client(&b.desk)
	person := b.person(desk)
	b.exec(`alter database ` + b.db.Name + ` set default_transaction_read_only = on`)
	b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'balcao_centre' and datname = current_database()`)
	b.until("not ready", func() bool { return b.ready(0) == http.StatusServiceUnavailable })
	status, h, body := b.try(desk, "PUT", b.urls[0]+"/v1/enrolments/"+newID(), central.MediaJSON, person)
	wantProblem(t, "a call", status, h, body, 503, "unavailable")
}

// TestSlowReader: a stream that is not read ends, and keeps nobody waiting meanwhile.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	two := b.db.Desk("loja_2")
	other := b.listen(two, 0)
	for range 4 { // all that a desk may have
		c := b.raw(&b.desk)
		if _, err := io.WriteString(c, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	b.until("there are four streams", func() bool {
		return b.listen(b.desk, 0).status == http.StatusTooManyRequests
	})
	// 12 MB for each, more than the buffers on the way hold.
	b.exec(`select pg_notify('desk_events', json_build_object('desk', 'loja_1', 'enrolment', gen_random_uuid(), 'kind', 'key')::text)
		from generate_series(1, 100000)`)
	b.exec(`select pg_notify('desk_events', json_build_object('desk', 'loja_2', 'enrolment', $1::text, 'kind', 'key')::text)`, newID())
	// A door that cannot keep up says so, and then the desk asks.
	if got := <-other.events; !strings.Contains(got, "notice") && got != heardMissed {
		t.Errorf("the other desk heard %q", got)
	}
	b.until("the slow streams ended", func() bool { return b.listen(b.desk, 0).status == http.StatusOK })
}

// TestStop: a call that is under way when the door closes is answered, and a stream hears that it ends.
func TestStop(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk := b.client(&b.desk)
	s := b.listen(b.desk, 0)
	enrolment, person := b.enrolment(desk), b.person(desk)
	tx := must(b.admin.Begin(t.Context()))(t)
	if _, err := tx.Exec(t.Context(), `select from centre.desk where name = 'loja_1' for update`); err != nil {
		t.Fatal(err)
	}
	answered := make(chan string)
	go func() {
		_, _, body := b.try(desk, "PUT", b.urls[0]+enrolment, central.MediaJSON, person)
		answered <- body
	}()
	b.until("the call waits for a lock", func() bool {
		return b.count(`select count(*) from pg_locks where not granted`) > 0
	})
	stopped := make(chan error)
	go func() { stopped <- b.stop[0]() }()
	b.wantEvents("the end", s, heardLater, "")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if body := <-answered; !strings.Contains(body, "challenge") {
		t.Errorf("the call under way: %s", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if status, _, _ := b.try(desk, "POST", b.urls[0]+"/v1/hello", "", ""); status != 0 {
		t.Errorf("after the end: %d", status)
	}
}
