package mockpcsc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/vpcd"
)

// reader is a pcscd of its own with one virtual reader, in a mount namespace where its socket hides the
// machine's. Programs run inside by run.
type reader struct {
	pid  int
	port int
	dir  string
}

// startReader needs pcscd, vpcd and util-linux; a machine without them fails the test, because what
// other people's programs think of the cards is the point of it.
func startReader(t *testing.T) *reader {
	t.Helper()
	for _, tool := range []string{"pcscd", "unshare", "nsenter", "openssl", "pkcs15-tool", "pkcs15-crypt", "pkcs11-tool", "yubico-piv-tool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s: %v", tool, err)
		}
	}
	r := &reader{port: freePorts(t), dir: t.TempDir()}
	conf := fmt.Sprintf("FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x%04X\n"+
		"LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x%04X\n", r.port, r.port)
	if err := os.MkdirAll(filepath.Join(r.dir, "conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "conf", "vpcd"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	// The pipe closes when this test ends, however it ends, and then pcscd is told to.
	script := `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/pcscd || exit 1
pcscd --foreground --config "$1" >"$2" 2>&1 & pid=$!
cat >/dev/null
kill $pid; wait $pid`
	cmd := exec.Command("unshare", "-rm", "bash", "-c", script, "bash", filepath.Join(r.dir, "conf"), filepath.Join(r.dir, "log"))
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting pcscd: %v", err)
	}
	t.Cleanup(func() {
		pipe.Close()
		_ = cmd.Wait() // pcscd ends by the signal
	})
	r.pid = cmd.Process.Pid
	return r
}

// freePorts finds two ports in a row: vpcd has two slots.
func freePorts(t *testing.T) int {
	t.Helper()
	for range 100 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		first.Close()
		if err == nil {
			second.Close()
			return port
		}
	}
	t.Fatal("no two free ports in a row")
	return 0
}

// insert puts a card into the first slot until the test, or remove, ends.
func (r *reader) insert(t *testing.T, c card.Card) (remove func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	addr := fmt.Sprintf("127.0.0.1:%d", r.port)
	go func() {
		defer close(done)
		for { // until pcscd has opened the reader
			if err := vpcd.Serve(ctx, addr, c, vpcd.Options{}); err == nil || errors.Is(err, vpcd.ErrPulled) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	remove = func() {
		cancel()
		<-done
		// The reader looks every 400 ms: a card that is swapped faster inherits the state of the last.
		waitFor(t, "the empty reader", func() bool {
			out, _ := r.try("opensc-tool", "--list-readers")
			return !strings.Contains(out, "Yes")
		})
	}
	t.Cleanup(cancel)
	waitFor(t, "the card in the reader", func() bool {
		out, _ := r.try("opensc-tool", "--atr")
		return strings.Contains(out, "3b:")
	})
	return remove
}

// outside lets this process use the pcscd of the namespace. libpcsclite keeps the first path that it was told, so all
// tests share one, which points to the pcscd of the test that runs.
func (r *reader) outside(t *testing.T) {
	t.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("balcao-pcscd-%d", os.Getpid()))
	if err := os.Symlink(fmt.Sprintf("/proc/%d/root/run/pcscd/pcscd.comm", r.pid), path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	t.Setenv("PCSCLITE_CSOCK_NAME", path)
}

// try runs a program beside pcscd.
func (r *reader) try(name string, args ...string) (string, error) {
	inside := append([]string{"--wd=" + r.dir, "--preserve-credentials", "-U", "-m", "-t", fmt.Sprint(r.pid), name}, args...)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", inside...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "HOME="+r.dir, "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *reader) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := r.try(name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// readerName is the first slot as PC/SC names it.
const readerName = "Virtual PCD 00 00"

func mustCard(t *testing.T, name string) card.Card {
	t.Helper()
	d, err := fixtures.Open()
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Card(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
