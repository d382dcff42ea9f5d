package central_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"balcao/assets/testpki"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
)

// wire is a line to a door, which can be cut.
type wire struct {
	Address string

	to     string
	mu     sync.Mutex
	conns  map[net.Conn]bool
	answer int // of so many answers, nothing comes any more: the connection is cut instead
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l := must(new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	w := &wire{Address: l.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { w.carry(near) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); w.cut(); work.Wait() })
	return w
}

func (w *wire) carry(near net.Conn) {
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	w.conns[near], w.conns[far] = true, true
	w.mu.Unlock()
	end := func() { _, _ = near.Close(), far.Close() }
	defer end()
	go func() { defer end(); _, _ = io.Copy(far, near) }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := far.Read(buffer)
		if err != nil || w.cuts() {
			return
		}
		if _, err := near.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cuts reports whether the answer that came is lost.
func (w *wire) cuts() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answer == 0 {
		return false
	}
	w.answer--
	return true
}

// lose has the next answer lost, on a connection that is open.
func (w *wire) lose() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = 1
}

// cut cuts all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn := range w.conns {
		_ = conn.Close()
	}
	clear(w.conns)
}

// The line is cut before a call and while its answer is on its way: the caller notices nothing, and nothing is done
// twice.
func TestCut(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	w := newWire(t, b.Door.Address)
	c := b.Dial(t, kiosktest.DeskName, w.Address)
	for _, broken := range []func(){w.cut, w.lose} {
		for range 3 {
			must(c.Hello(ctx))(t)
			broken()
			id, to := newID(), phone()
			must(c.Open(ctx, id, b.person()))(t)
			broken()
			must(c.SendCode(ctx, id, central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: to, Language: kiosk.English}))(t)
			broken()
			if st := must(c.Status(ctx, id))(t); st.State != central.StateOpen || st.SMS != kiosk.DeliveryQueued {
				t.Errorf("got %+v", st)
			}
			broken()
			if err := c.Abandon(ctx, id, "cancelled"); err != nil {
				t.Error(err)
			}
		}
	}
	var opened, sent int
	err := b.Admin.QueryRow(ctx, `select (select count(*) from centre.enrolment), (select count(*) from centre.one_time_code)`).Scan(&opened, &sent)
	if err != nil || opened != 6 || sent != 6 {
		t.Errorf("%d enrolments and %d codes (%v), want 6 of each", opened, sent, err)
	}
}

// A door that stops is away, and back when it starts; where there is another, nobody notices.
func TestDoorsStop(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	must(b.Centre.Hello(ctx))(t)
	second := b.NewDoor(ctx, t)
	both := b.Dial(t, kiosktest.DeskName, b.Door.Address, second.Address)
	must(both.Hello(ctx))(t)
	b.Door.Stop()
	if _, err := b.Centre.Hello(ctx); !errors.Is(err, central.ErrUnavailable) {
		t.Errorf("stopped: got %v, want ErrUnavailable", err)
	}
	for range 3 {
		must(both.Hello(ctx))(t)
	}
	b.Door.Start(ctx, t)
	must(b.Centre.Hello(ctx))(t)
	second.Stop()
	must(both.Hello(ctx))(t)
}

// strange is a door that answers as handle does. It asks for a certificate as the real one does.
func strange(t *testing.T, handle http.HandlerFunc) (address string, asked *atomic.Int32) {
	t.Helper()
	pair := must(tls.X509KeyPair(must(testpki.FS.ReadFile("tls/smtp.crt"))(t), must(testpki.FS.ReadFile("tls/smtp.key"))(t)))(t)
	asked = &atomic.Int32{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); handle(w, r) }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), asked
}

func answer(status int, media, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const hello = `{"now":"2026-11-30T12:00:00.123456Z","desk":"loja_1","version":1,"schema_version":2,` +
	`"rules":{"min_age":16,"pin_min":6,"pin_max":8,"national_grace_days":30},"delivery":"good","later":"versions say more"}`

// What may pass is asked again, what is decided is not, and nothing is believed that is not the door's.
func TestAnswers(t *testing.T) {
	refused := func(code string) func(error) bool {
		return func(err error) bool {
			var r *central.Refused
			return errors.As(err, &r) && r.Code == code
		}
	}
	unavailable := func(err error) bool { return errors.Is(err, central.ErrUnavailable) }
	failed := func(err error) bool { return err != nil && !unavailable(err) && !errors.As(err, new(*central.Refused)) }
	for _, test := range []struct {
		name  string
		say   http.HandlerFunc
		want  func(error) bool
		asked int32
	}{
		{"Good", answer(200, "application/json; charset=utf-8", hello), func(err error) bool { return err == nil }, 1},
		{"Unavailable", answer(503, central.MediaProblem, `{"code":"unavailable"}`), unavailable, 3},
		{"UnavailableForLong", answer(503, central.MediaProblem, `{"code":"unavailable"}`, "Retry-After", "30"), unavailable, 1},
		{"Busy", answer(429, central.MediaProblem, `{"code":"busy"}`), unavailable, 3},
		{"TooMany", answer(429, central.MediaProblem, `{"code":"too_many"}`, "Retry-After", "60"), refused(central.RefusedTooMany), 1},
		{"Suspended", answer(403, central.MediaProblem, `{"code":"desk_suspended"}`), refused(central.RefusedSuspended), 1},
		{"ARuleOfLater", answer(409, central.MediaProblem, `{"code":"moon_phase"}`), refused("moon_phase"), 1},
		{"SomebodysData", answer(409, central.MediaProblem, `{"code":"Maria 912345678"}`), failed, 1},
		{"Internal", answer(500, central.MediaProblem, `{"code":"internal"}`), failed, 1},
		{"NoSuchPath", answer(404, central.MediaProblem, `{"code":"invalid"}`), refused(central.RefusedVersion), 1},
		{"NoSuchPathOfAnother", answer(404, "text/html", "<h1>Not Found</h1>"), refused(central.RefusedVersion), 1},
		{"Gateway", answer(502, "text/html", "<h1>Bad Gateway</h1>"), unavailable, 3},
		{"LoginPage", answer(302, "text/html", "", "Location", "https://127.0.0.1:1/"), unavailable, 3},
		{"WrongType", answer(200, "text/html", hello), unavailable, 3},
		{"NoType", answer(200, "", hello), unavailable, 3},
		{"NoJSON", answer(200, "application/json", hello[:20]), unavailable, 3},
		{"TwoAnswers", answer(200, "application/json", hello+hello), unavailable, 3},
		{"Huge", answer(200, "application/json", `{"desk":"`+strings.Repeat("a", 1<<20)+`"}`), unavailable, 3},
		{"HugeProblem", answer(409, central.MediaProblem, `{"title":"`+strings.Repeat("a", 1<<20)+`","code":"conflict"}`), unavailable, 3},
		{"RulesOfNone", answer(200, "application/json", strings.Replace(hello, "pin_min", "pin_most", 1)), failed, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, asked := strange(t, test.say)
			h, err := dial(t, kiosktest.NewDesk(t, "loja_1"), address).Hello(t.Context())
			if !test.want(err) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "Maria") {
				t.Errorf("the error repeats what came: %v", err)
			}
			if asked.Load() != test.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), test.asked)
			}
			if err == nil && (h.Now.UnixMicro() != 1796040000123456 || h.Rules.PINMax != 8) {
				t.Errorf("got %+v", h)
			}
		})
	}
}

// A door that says when to ask again is asked then, not before.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	var first, second time.Time
	address, _ := strange(t, func(w http.ResponseWriter, r *http.Request) {
		if first.IsZero() {
			first = time.Now()
			answer(503, central.MediaProblem, `{"code":"unavailable"}`, "Retry-After", "1")(w, r)
			return
		}
		second = time.Now()
		answer(200, central.MediaJSON, hello)(w, r)
	})
	must(dial(t, kiosktest.NewDesk(t, "loja_1"), address).Hello(t.Context()))(t)
	if waited := second.Sub(first); waited < time.Second {
		t.Errorf("asked again after %v", waited)
	}
}

// A door that does not answer is given up after the time of a try, and at once when the caller gives up.
func TestSilence(t *testing.T) {
	t.Parallel()
	var ends atomic.Int32
	address, asked := strange(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); ends.Add(1) })
	c := dial(t, kiosktest.NewDesk(t, "loja_1"), address)
	if _, err := c.Hello(t.Context()); !errors.Is(err, central.ErrUnavailable) || asked.Load() != 3 {
		t.Errorf("got %v after %d tries", err, asked.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(50*time.Millisecond, cancel)
	defer stop.Stop()
	if _, err := c.Hello(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: got %v, want context.Canceled", err)
	}
}

// A door whose certificate is not of the centre's authority hears nothing.
func TestForgedDoor(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(answer(200, central.MediaJSON, hello))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS() // of an authority of its own
	t.Cleanup(s.Close)
	_, err := dial(t, kiosktest.NewDesk(t, "loja_1"), s.Listener.Addr().String()).Hello(t.Context())
	if !errors.Is(err, central.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}
