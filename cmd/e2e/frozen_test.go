package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// freeze keeps pcscd from doing anything until thaw. It skips the test where pcscd is the machine's own.
func (s *service) freeze(t testing.TB) (thaw func()) {
	t.Helper()
	if s.isSystemds() {
		t.Skip("a pcscd of systemd's is not stopped in the middle of its work")
	}
	s.signal(t, syscall.SIGSTOP)
	return func() { s.signal(t, syscall.SIGCONT) }
}

// TestFrozenService holds pcscd still, before a program's first call and in the middle of a reading: each says that it is
// pcscd that does not react, can be interrupted, and the desk goes on when pcscd does.
func TestFrozenService(t *testing.T) {
	c := startDemo(t)
	service := c.service(t)
	d := startDesk(t, c, startScreen(t))
	v := person("cc1-rsa3072", "1234", 1)
	v.shots = "frozen"

	c.mock(t, "line", "100k") // slow enough to be held in the middle of the photograph
	c.mock(t, "insert", v.card)
	d.awaits(t, "step=identity", "identity=true", "checked=false")
	thaw := service.freeze(t)
	d.awaits(t, "service=pcscd_stuck", "identity=false")
	d.shot(t, v, "1-stuck")
	if said, code := c.kioskctl(t, 0, "card"); code != 2 || !strings.Contains(said, "pcscd") {
		t.Errorf("kioskctl card: got exit code %d and %q", code, said)
	}
	if said, code := c.kioskctl(t, 500*time.Millisecond, "card"); code != 1 || !strings.Contains(said, "canceled") {
		t.Errorf("kioskctl card, interrupted: got exit code %d and %q", code, said)
	}
	if said, code := c.kioskctl(t, 0, "doctor"); code != 1 || !strings.Contains(said, "pcscd runs but does not react") {
		t.Errorf("kioskctl doctor: got exit code %d and %q", code, said)
	}
	c.mock(t, "line", "full")
	thaw()
	d.awaits(t, "service=")
	d.unlock(t, c) // as long as no reader answered, the staff card was gone
	d.awaits(t, "step=identity", "checked=true")
}

// kioskctl runs an operator's command and returns what it prints and its exit code; interrupted after a while, when that
// is not zero, as by Ctrl-C.
func (c *centre) kioskctl(t testing.TB, interrupted time.Duration, args ...string) (said string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin(t, "kioskctl"), args...)
	cmd.Env = append(os.Environ(), c.variables()...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if interrupted > 0 {
		time.AfterFunc(interrupted, func() { _ = cmd.Process.Signal(os.Interrupt) })
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		t.Fatalf("kioskctl %v hangs", args)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
