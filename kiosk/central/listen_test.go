package central_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
)

// line is a running Listen whose calls come out of channels.
type line struct {
	up      chan central.Hello
	missed  chan struct{} // of up, those that say that something was missed
	down    chan error
	notices chan central.Notice
}

func listen(t *testing.T, c *central.Centre, silence time.Duration) *line {
	t.Helper()
	l := &line{make(chan central.Hello, 1000), make(chan struct{}, 1000), make(chan error, 1000), make(chan central.Notice, 1000)}
	kiosktest.Run(t.Context(), t, context.Canceled, func(ctx context.Context) error {
		up := func(h central.Hello, missed bool) {
			if l.up <- h; missed {
				l.missed <- struct{}{}
			}
		}
		return c.Listen(ctx, central.Line{Silence: silence, Up: up, Down: func(err error) { l.down <- err },
			Notice: func(n central.Notice) { l.notices <- n }})
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

func drain[T any](from chan T) {
	for len(from) > 0 {
		<-from
	}
}

// The line tells that the centre is there, what it announces, that something may have been missed, and that the door is
// away.
func TestListen(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	l := listen(t, b.Centre, 0)
	if h := wait(t, l.up, "connection"); h.RoundTrip <= 0 || h.Version != central.Version {
		t.Errorf("got %+v", h)
	}
	wait(t, l.missed, "word that nothing was heard before")
	notify := func(desk string, kind central.NoticeKind) central.Notice {
		t.Helper()
		n := central.Notice{Enrolment: newID(), Kind: kind}
		_, err := b.Admin.Exec(ctx, `select pg_notify('desk_events', json_build_object('desk', $1::text, 'enrolment', $2::uuid, 'kind', $3::text)::text)`, desk, n.Enrolment, n.Kind)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	notify("loja_2", central.NoticeKey) // is not ours to hear
	want := notify(kiosktest.DeskName, central.NoticeDelivery)
	if got := wait(t, l.notices, "notice"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}

	// The door's own line to PostgreSQL is lost.
	drain(l.up)
	drain(l.missed)
	if _, err := b.Admin.Exec(ctx, `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()`); err != nil {
		t.Fatal(err)
	}
	wait(t, l.missed, "word that something may have been missed")

	b.Door.Stop()
	if err := wait(t, l.down, "loss"); !errors.Is(err, central.ErrUnavailable) {
		t.Errorf("Down(%v), want ErrUnavailable", err)
	}
	b.Door.Start(ctx, t)
	drain(l.up)
	wait(t, l.up, "new connection")
	for want = notify(kiosktest.DeskName, central.NoticeChip); ; want = notify(kiosktest.DeskName, central.NoticeChip) {
		if got := wait(t, l.notices, "notice"); got == want {
			break
		}
	}
}

// A suspended desk's line ends within a second, says why, and is back when the desk is.
func TestListen_Suspended(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	l := listen(t, b.Centre, 0)
	wait(t, l.up, "connection")
	if err := schema.SuspendDesk(ctx, b.DB.Admin(), kiosktest.DeskName); err != nil {
		t.Fatal(err)
	}
	var refused *central.Refused
	if err := wait(t, l.down, "suspension"); !errors.As(err, &refused) {
		t.Fatalf("Down(%v), want refused", err)
	}
	drain(l.down)
	if err := wait(t, l.down, "another no"); !errors.As(err, &refused) || refused.Code != central.RefusedSuspended {
		t.Errorf("Down(%v), want refused %s", err, central.RefusedSuspended)
	}
	drain(l.up)
	if err := schema.ResumeDesk(ctx, b.DB.Admin(), kiosktest.DeskName); err != nil {
		t.Fatal(err)
	}
	wait(t, l.up, "resumed desk")
}

// Where there is another door, its stop is not told of.
func TestListen_AnotherDoor(t *testing.T) {
	b := newBench(t)
	second := b.NewDoor(t.Context(), t)
	l := listen(t, b.Dial(t, kiosktest.DeskName, b.Door.Address, second.Address), 0)
	wait(t, l.up, "connection")
	drain(l.up)
	drain(l.missed)
	b.Door.Stop()
	wait(t, l.up, "other door")
	wait(t, l.missed, "word that something may have been missed between the doors")
	if len(l.down) > 0 {
		t.Errorf("Down(%v)", <-l.down)
	}
}

// A line on which nothing comes any more is given up; so is one that never says anything, and one that says too much at
// once.
func TestListen_Dead(t *testing.T) {
	notice := "event: notice\ndata: {\"enrolment\":\"0192f0c1-2b3c-7d4e-8f50-617283940506\",\n\ndata: x\n\n" +
		"event: notice\r\ndata: {\"enrolment\":\"0192f0c1-2b3c-7d4e-8f50-617283940506\",\r\ndata: \"kind\":\"key\"}\r\n\r\nevent: unheard\ndata: of\n\n"
	for name, say := range map[string]string{
		"silent": ":\n\n" + notice,
		"mute":   "",
		"loud":   ":\n\n: " + string(make([]byte, 1<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			streams := make(chan struct{}, 1000)
			address, _ := strange(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != central.PathEvents {
					answer(200, central.MediaJSON, hello)(w, r)
					return
				}
				streams <- struct{}{}
				w.Header().Set("Content-Type", central.MediaEvents)
				_, _ = io.WriteString(w, say)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			l := listen(t, dial(t, kiosktest.NewDesk(t, "loja_1"), address), 300*time.Millisecond)
			for range 3 {
				wait(t, streams, "stream after the dead one")
			}
			if name != "mute" {
				wait(t, l.up, "connection")
			}
			if name == "silent" {
				want := central.Notice{Enrolment: uuid.MustParse("0192f0c1-2b3c-7d4e-8f50-617283940506"), Kind: central.NoticeKey}
				if got := wait(t, l.notices, "notice"); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		})
	}
}

// What is no stream of events is no line.
func TestListen_NoStream(t *testing.T) {
	for name, test := range map[string]struct {
		say     http.HandlerFunc
		refused string
	}{
		"page":      {answer(200, "text/html", "<h1>Welcome</h1>"), ""},
		"busy":      {answer(429, central.MediaProblem, `{"code":"busy"}`), ""},
		"suspended": {answer(403, central.MediaProblem, `{"code":"desk_suspended"}`), central.RefusedSuspended},
		"end":       {answer(200, central.MediaEvents, ":\n\nevent: end\ndata: \"not_a_desk\"\n\n"), central.RefusedDesk},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := strange(t, test.say)
			err := wait(t, listen(t, dial(t, kiosktest.NewDesk(t, "loja_1"), address), 0).down, "loss")
			if test.refused == "" && !errors.Is(err, central.ErrUnavailable) {
				t.Errorf("Down(%v), want ErrUnavailable", err)
			}
			if test.refused != "" && name != "end" {
				wantRefused(t, err, test.refused)
			}
		})
	}
}
