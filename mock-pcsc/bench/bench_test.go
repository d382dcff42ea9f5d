package bench_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/inbox"
)

const patience = 10 * time.Second // of a test; nothing takes that long

// fakeFixtures holds two cards that answer 90 00, and one that leaves at its first command.
type fakeFixtures struct{}

func (fakeFixtures) All() []fixtures.Entry {
	return []fixtures.Entry{{Name: "good", Title: "A good card"}, {Name: "other"}, {Name: "pulled", RefusedFor: "card_removed"}}
}

func (fakeFixtures) Card(name string) (card.Card, error) { return fakeCard(name), nil }

type fakeCard string

func (fakeCard) ATR() []byte { return []byte{0x3B, 0x80, 0x01, 0x81} }
func (fakeCard) PowerOn()    {}
func (fakeCard) PowerOff()   {}
func (fakeCard) Reset()      {}
func (c fakeCard) Transmit([]byte) card.Response {
	return card.Response{Data: []byte{0x90, 0x00}, Removed: c == "pulled"}
}

// reader is vpcd's side of one slot.
type reader struct {
	t *testing.T
	l net.Listener
}

func newReader(t *testing.T) *reader {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &reader{t, l}
}

// take accepts a card as pcscd does: it powers the card, asks for its ATR, and asks again when it looks for presence next.
func (r *reader) take() net.Conn {
	conn, err := r.l.Accept()
	if err != nil {
		r.t.Error(err)
		return nil
	}
	r.t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte{0, 1, 1}); err != nil {
		r.t.Error(err)
	}
	for range 2 {
		if answer, err := exchange(conn, []byte{4}); err != nil || len(answer) == 0 {
			r.t.Errorf("asking for the ATR: %x, %v", answer, err)
		}
	}
	return conn
}

func exchange(conn net.Conn, payload []byte) ([]byte, error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(payload))), payload...)); err != nil {
		return nil, err
	}
	var length uint16
	if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	answer := make([]byte, length)
	_, err := io.ReadFull(conn, answer)
	return answer, err
}

// start runs a bench whose slots are the readers', found through BALCAO_BENCH.
func start(t *testing.T, slots ...string) *bench.Bench {
	t.Helper()
	b := newBench(t, slots...)
	run(t, b)
	return b
}

func newBench(t *testing.T, slots ...string) *bench.Bench {
	t.Helper()
	// Not t.TempDir: a socket's path is at most 107 characters.
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "private", "s")
	t.Setenv(bench.Environment, socket)
	return bench.New(bench.Config{
		Fixtures: fakeFixtures{}, Revocation: http.NotFoundHandler(), TLS: &tls.Config{},
		SMPP: "127.0.0.1:0", SMTP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Slots: slots, Socket: socket,
	})
}

func run(t *testing.T, b *bench.Bench) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("starting the bench: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running the bench: %v", err)
		}
	})
}

// await returns when slot 1 is in a state.
func await(t *testing.T, b *bench.Bench, want bench.SlotState) bench.SlotStatus {
	t.Helper()
	deadline := time.After(patience)
	for {
		status, changed := b.Status()
		if status.Slots[0].State == want {
			return status.Slots[0]
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("slot 1 is %+v, want %s", status.Slots[0], want)
		}
	}
}

func TestInsert(t *testing.T) {
	ctx := t.Context()
	t.Run("OK", func(t *testing.T) {
		r := newReader(t)
		b := start(t, r.l.Addr().String())
		taken := make(chan net.Conn, 1)
		go func() { taken <- r.take() }()
		if err := bench.Insert(ctx, "good", 1, patience); err != nil {
			t.Fatal(err)
		}
		if got := await(t, b, bench.Inserted); got.Card != "good" || got.Title != "A good card" {
			t.Errorf("got %+v, want the good card", got)
		}
		conn := <-taken
		if answer, err := exchange(conn, []byte{0, 0xA4, 0, 0}); err != nil || string(answer) != "\x90\x00" {
			t.Errorf("the card answers %x, %v", answer, err)
		}
		if name, err := bench.Remove(ctx, 1); err != nil || name != "good" {
			t.Errorf("removing: got %q, %v", name, err)
		}
		if _, err := exchange(conn, []byte{4}); err == nil {
			t.Error("the removed card still answers")
		}
	})
	t.Run("ReaderComesLater", func(t *testing.T) {
		r := newReader(t)
		addr := r.l.Addr().String()
		r.l.Close()
		b := start(t, addr)
		inserted := make(chan error, 1)
		go func() { inserted <- bench.Insert(ctx, "good", 1, patience) }()
		if got := await(t, b, bench.Waiting); got.Card != "good" {
			t.Errorf("got %+v, want the card waiting", got)
		}
		var err error
		if r.l, err = net.Listen("tcp", addr); err != nil {
			t.Skipf("another took the port meanwhile: %v", err)
		}
		r.take()
		if err := <-inserted; err != nil {
			t.Error(err)
		}
	})
	t.Run("ReaderRestarts", func(t *testing.T) {
		r := newReader(t)
		b := start(t, r.l.Addr().String())
		go func() { r.take().Close() }()
		if err := bench.Insert(ctx, "good", 1, patience); err != nil {
			t.Fatal(err)
		}
		r.take()
		await(t, b, bench.Inserted)
	})
	t.Run("NoReader", func(t *testing.T) {
		r := newReader(t)
		addr := r.l.Addr().String()
		r.l.Close()
		b := start(t, addr)
		err := bench.Insert(ctx, "good", 1, 100*time.Millisecond)
		if err == nil || !strings.Contains(err.Error(), "refused") || !strings.Contains(err.Error(), "pcscd") {
			t.Errorf("got %v, want the reason and the cure", err)
		}
		await(t, b, bench.Empty)
		var typed *bench.NoReaderError
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if err := b.Insert(short, "good", 1); !errors.As(err, &typed) || typed.Slot != 1 {
			t.Errorf("got %v, want a NoReaderError", err)
		}
	})
	t.Run("Refusals", func(t *testing.T) {
		one, two := newReader(t), newReader(t)
		b := start(t, one.l.Addr().String(), two.l.Addr().String())
		taken := make(chan struct{})
		go func() { defer close(taken); one.take(); one.take() }()
		if err := bench.Insert(ctx, "good", 1, patience); err != nil {
			t.Fatal(err)
		}
		for want, err := range map[string]error{
			"no card":   bench.Insert(ctx, "nothing", 1, patience),
			"no slot 3": bench.Insert(ctx, "other", 3, patience),
			"in slot 1": bench.Insert(ctx, "good", 2, patience),
			"is empty":  func() error { _, err := bench.Remove(ctx, 2); return err }(),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		if err := bench.Insert(ctx, "other", 1, patience); err != nil {
			t.Errorf("replacing a card: %v", err)
		}
		<-taken
		if got := await(t, b, bench.Inserted); got.Card != "other" {
			t.Errorf("got %+v, want the other card", got)
		}
	})
	t.Run("PulledByItself", func(t *testing.T) {
		r := newReader(t)
		b := start(t, r.l.Addr().String())
		go func() {
			_, _ = exchange(r.take(), []byte{0, 0xA4, 0, 0}) // it leaves instead of answering
		}()
		if err := bench.Insert(ctx, "pulled", 1, patience); err != nil {
			t.Fatal(err)
		}
		if got := await(t, b, bench.Empty); !strings.Contains(got.Reason, "by itself") {
			t.Errorf("got %+v, want the reason why it is empty", got)
		}
	})
}

func TestControl(t *testing.T) {
	ctx := t.Context()
	t.Run("NotRunning", func(t *testing.T) {
		t.Setenv(bench.Environment, filepath.Join(t.TempDir(), "none"))
		if _, err := bench.CurrentStatus(ctx); !errors.Is(err, bench.ErrNotRunning) {
			t.Errorf("got %v, want ErrNotRunning", err)
		}
	})
	t.Run("StatusAndLine", func(t *testing.T) {
		start(t, newReader(t).l.Addr().String())
		if err := bench.SetLine(ctx, "250k"); err != nil {
			t.Fatal(err)
		}
		got, err := bench.CurrentStatus(ctx)
		if err != nil || got.Line != "250k" || len(got.Slots) != 1 || got.SMPP == "" || got.SMTP == "" || got.HTTP == "" {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := bench.SetLine(ctx, "fast"); err == nil || !strings.Contains(err.Error(), "250k") {
			t.Errorf("got %v, want an error with an example", err)
		}
	})
	t.Run("Inbox", func(t *testing.T) {
		b := start(t)
		got, err := bench.Messages(ctx, inbox.Filter{To: "+351912345678"}, 50*time.Millisecond)
		if err != nil || len(got) != 0 {
			t.Errorf("got %v, %v; want nothing in time", got, err)
		}
		waited := make(chan error, 1)
		go func() {
			got, err := bench.Messages(ctx, inbox.Filter{To: "+351912345678"}, patience)
			if err == nil && (len(got) != 1 || got[0].Text != "123456") {
				err = fmt.Errorf("got %v", got)
			}
			waited <- err
		}()
		b.Inbox().Add(inbox.Message{To: "ana@example.org", Text: "other"})
		b.Inbox().Add(inbox.Message{To: "+351912345678", Text: "123456"})
		if err := <-waited; err != nil {
			t.Error(err)
		}
	})
	t.Run("CallerHangsUp", func(t *testing.T) {
		start(t)
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := bench.Messages(ctx, inbox.Filter{}, time.Hour); err == nil {
			t.Error("waiting outlived the caller's context")
		}
		// The bench stops at once although somebody asked it to wait for an hour: see start's cleanup.
	})
	t.Run("Garbage", func(t *testing.T) {
		start(t)
		for request, want := range map[string]string{"{\n": "JSON", `{"do":"dance"}` + "\n": "dance"} {
			conn, err := net.Dial("unix", os.Getenv(bench.Environment))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(request)); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(conn); err != nil || !strings.Contains(string(got), want) {
				t.Errorf("%q: got %q, %v; want %q", request, got, err, want)
			}
		}
	})
	t.Run("SecondBench", func(t *testing.T) {
		start(t)
		second := bench.New(bench.Config{
			Fixtures: fakeFixtures{}, Revocation: http.NotFoundHandler(), TLS: &tls.Config{},
			SMPP: "127.0.0.1:0", SMTP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Socket: os.Getenv(bench.Environment),
		})
		if err := second.Run(ctx, func() {}); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("got %v, want an error about the first bench", err)
		}
	})
	t.Run("StaleSocket", func(t *testing.T) {
		b := newBench(t)
		path := os.Getenv(bench.Environment)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
		run(t, b)
		if _, err := bench.CurrentStatus(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("FolderOfOthers", func(t *testing.T) {
		b := newBench(t)
		dir := filepath.Dir(os.Getenv(bench.Environment))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := b.Run(ctx, func() {}); err == nil || !strings.Contains(err.Error(), bench.Environment) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
	t.Run("PortInUse", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		newBench(t)
		b := bench.New(bench.Config{
			Fixtures: fakeFixtures{}, Revocation: http.NotFoundHandler(), TLS: &tls.Config{},
			SMPP: l.Addr().String(), SMTP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Socket: os.Getenv(bench.Environment),
		})
		if err := b.Run(ctx, func() {}); err == nil || !strings.Contains(err.Error(), "--smpp") {
			t.Errorf("got %v, want the flag that cures it", err)
		}
	})
}

func TestParseLine(t *testing.T) {
	for text, want := range map[string]int{"full": 0, "250k": 250_000, "9600": 9600} {
		got, err := bench.ParseLine(text)
		if err != nil || got != want || bench.FormatLine(got) != text {
			t.Errorf("%q: got %d (%q), %v; want %d", text, got, bench.FormatLine(got), err, want)
		}
	}
	for _, text := range []string{"k", "-1", "0", "1", "99999999999999999999", "250kbit", "99999999k"} {
		if got, err := bench.ParseLine(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}
