package cardreader_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"balcao/cardreader"
)

// patience is for what must happen; only a failing test waits that long.
const patience = 10 * time.Second

// daemon is a pcscd of the test's own with Debian's virtual reader: two slots, at port and port+1.
type daemon struct {
	port int
	conf string
	cmd  *exec.Cmd
	turn int // slot that insertFor used last
}

func newDaemon(t *testing.T) *daemon {
	t.Helper()
	d := &daemon{port: freePorts(t), conf: t.TempDir()}
	d.call(t, "Test Reader")
	return d
}

// call names the reader, from the next start on.
func (d *daemon) call(t *testing.T, name string) {
	t.Helper()
	config := fmt.Sprintf("FRIENDLYNAME \"%s\"\nDEVICENAME /dev/null:0x%04X\n"+
		"LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x%04X\n", name, d.port, d.port)
	if err := os.WriteFile(filepath.Join(d.conf, "vpcd"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mustStart starts pcscd and waits until its readers take cards.
func (d *daemon) mustStart(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll("/run/pcscd", 0o755); err != nil {
		t.Fatal(err)
	}
	d.cmd = exec.Command("pcscd", "--foreground", "--config", d.conf)
	if err := d.cmd.Start(); err != nil {
		t.Fatalf("starting pcscd (packages pcscd and vsmartcard-vpcd): %v", err)
	}
	t.Cleanup(d.kill)
	eventually(t, "pcscd makes its socket", func() bool {
		conn, err := net.Dial("unix", "/run/pcscd/pcscd.comm")
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// stop ends pcscd as the service manager does. Stopping twice is stopping once.
func (d *daemon) stop() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(os.Interrupt)
	defer time.AfterFunc(patience, func() { _ = d.cmd.Process.Kill() }).Stop() // pcscd 1.9 may hang when it is to end
	_ = d.cmd.Wait()
	d.cmd = nil
}

// kill ends it without a chance to tidy up: its socket stays behind. It is also quicker by a second.
func (d *daemon) kill() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
	d.cmd = nil
}

// freeze keeps it from doing anything until thaw.
func (d *daemon) freeze(t *testing.T) (thaw func()) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stat := fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid)
	eventually(t, "pcscd stops", func() bool {
		line, err := os.ReadFile(stat)
		return err == nil && strings.Contains(string(line), "(pcscd) T ")
	})
	return func() { _ = d.cmd.Process.Signal(syscall.SIGCONT) }
}

// freePorts finds two ports side by side, below those from which the kernel takes its own: a card that
// dials one of these before the reader listens could otherwise be connected to itself.
func freePorts(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(6000)*2
		a, errA := net.Listen("tcp", fmt.Sprintf(":%d", port))
		b, errB := net.Listen("tcp", fmt.Sprintf(":%d", port+1))
		if errA == nil {
			_ = a.Close()
		}
		if errB == nil {
			_ = b.Close()
		}
		if errA == nil && errB == nil {
			return port
		}
	}
	t.Fatal("no two free ports side by side")
	return 0
}

const (
	readerA = "Test Reader 00 00"
	readerB = "Test Reader 00 01"
)

// vcard is a card in the virtual reader: it speaks vpcd's protocol, two bytes of length before each
// message, messages of one byte being the reader's own.
type vcard struct {
	conn   net.Conn
	atr    []byte
	answer func(command []byte) []byte // nil: no answer, as if hung
	done   sync.WaitGroup
}

// t1 is the answer to reset of a card that speaks T=1.
var t1 = []byte{0x3B, 0x80, 0x80, 0x01, 0x01}

// echo answers with the command and 9000.
func echo(command []byte) []byte { return append(append([]byte{}, command...), 0x90, 0x00) }

func (d *daemon) mustInsert(t *testing.T, slot int, answer func([]byte) []byte) *vcard {
	t.Helper()
	var conn net.Conn
	eventually(t, "the reader takes a card", func() (ok bool) {
		var err error
		conn, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port+slot))
		return err == nil
	})
	c := &vcard{conn: conn, atr: t1, answer: answer}
	c.done.Add(1)
	go c.serve()
	t.Cleanup(c.remove)
	return c
}

func (c *vcard) remove() {
	_ = c.conn.Close()
	c.done.Wait()
}

func (c *vcard) serve() {
	defer c.done.Done()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c.conn, size[:]); err != nil {
			return
		}
		message := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c.conn, message); err != nil {
			return
		}
		var answer []byte
		switch {
		case len(message) == 1 && message[0] == 4:
			answer = c.atr
		case len(message) > 1:
			answer = c.answer(message)
		}
		if answer == nil {
			continue
		}
		if _, err := c.conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("did not happen: %s", what)
}

// mustConnect connects as soon as pcscd has seen the card.
func mustConnect(t *testing.T, d cardreader.Dialer, reader string) *cardreader.Session {
	t.Helper()
	var s *cardreader.Session
	eventually(t, "a session with the card", func() bool {
		var err error
		s, err = d.Connect(context.Background(), reader)
		return err == nil
	})
	t.Cleanup(func() { _ = s.Close() })
	return s
}
