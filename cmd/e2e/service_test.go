package e2e

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// service is the machine's pcscd in the hands of a test: the demo's own, or systemd's. Where systemd
// runs, Debian's package has its socket enabled, and the demo finds a service that it did not start.
type service struct {
	centre *centre
	own    *program // started by the test; nil before
}

// service takes the machine's pcscd, and leaves it running at the end of the test where systemd has it.
func (c *centre) service(t testing.TB) *service {
	t.Helper()
	s := &service{centre: c}
	if s.isSystemds() {
		if _, err := os.Stat("/run/systemd/system"); err != nil {
			t.Fatal("a pcscd runs that neither the demo nor systemd started: stop it first")
		}
		t.Cleanup(func() { systemctl(t, "start", "pcscd.socket") })
	}
	return s
}

func (s *service) isSystemds() bool { return s.centre.env["BALCAO_PCSCD_PID"] == "" }

// stop ends pcscd as an administrator does. Without its socket, nobody who knocks starts it again.
func (s *service) stop(t testing.TB) {
	t.Helper()
	switch {
	case s.isSystemds():
		systemctl(t, "stop", "pcscd.socket", "pcscd.service")
	case s.own != nil:
		s.own.stop(t)
	default:
		s.signal(t, syscall.SIGTERM)
	}
}

// kill ends pcscd as a fault does, and keeps it from coming back at once.
func (s *service) kill(t testing.TB) {
	t.Helper()
	switch {
	case s.isSystemds():
		systemctl(t, "kill", "--signal=KILL", "pcscd.service")
		systemctl(t, "stop", "pcscd.socket", "pcscd.service")
	case s.own != nil:
		s.own.kill()
	default:
		s.signal(t, syscall.SIGKILL)
	}
}

// signal reaches the pcscd that the demo started.
func (s *service) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	pid, err := strconv.Atoi(s.centre.env["BALCAO_PCSCD_PID"])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("signal %d to pcscd: %v (without systemd this test has to run as root)", sig, err)
	}
}

// start brings a pcscd back.
func (s *service) start(t testing.TB) {
	t.Helper()
	if s.isSystemds() {
		systemctl(t, "start", "pcscd.socket") // whoever knocks starts the service
		return
	}
	path, err := exec.LookPath("pcscd")
	if err != nil {
		path = "/usr/sbin/pcscd"
	}
	s.own = start(t, nil, path, "--foreground")
}

// systemctl runs systemctl, with sudo where that is needed, as make setup installs packages.
func systemctl(t testing.TB, args ...string) {
	t.Helper()
	command := append([]string{"systemctl"}, args...)
	if os.Geteuid() != 0 {
		command = append([]string{"sudo", "--non-interactive"}, command...)
	}
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}
