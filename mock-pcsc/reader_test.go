package mockpcsc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pcscd"
	"balcao/mock-pcsc/vpcd"
)

// reader is a pcscd of its own with one virtual reader, in a mount namespace where its socket hides the
// machine's. Programs run inside by run.
type reader struct {
	*pcscd.Daemon
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
	d, err := pcscd.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	return &reader{d}
}

// insert puts a card into the first slot until the test, or remove, ends.
func (r *reader) insert(t *testing.T, c card.Card) (remove func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	addr := fmt.Sprintf("127.0.0.1:%d", r.Port)
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

// outside lets this process use the pcscd of the namespace.
func (r *reader) outside(t *testing.T) { t.Setenv(r.Env()) }

// try runs a program beside pcscd.
func (r *reader) try(name string, args ...string) (string, error) {
	inside := append([]string{"--wd=" + r.Dir, "--preserve-credentials", "-U", "-m", "-t", fmt.Sprint(r.PID()), name}, args...)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", inside...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "HOME="+r.Dir, "LC_ALL=C.UTF-8")
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
var readerName = pcscd.Slots[0]

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
