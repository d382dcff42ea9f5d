package failover_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

var (
	enrolments = flag.Int("failover.enrolments", 100, "how many people enrol in all, at least")
	desks      = flag.Int("failover.desks", 3, "at how many desks, two at each, as fast as the centre goes")
	only       = flag.String("failover.faults", "kill-primary,switchover", "names of faults of the table, by commas; all: every one of them")
	seed       = flag.Uint64("failover.seed", 0, "in which order faults come; 0: another each time")
	logs       = flag.String("failover.logs", "", "folder for whole logs when it fails; otherwise only their ends are told")
)

// inside is set within the namespaces of the test's own.
const inside = "BALCAO_FAILOVER_INSIDE"

// TestMain runs the tests as processes, in a network and among files that are theirs alone, and all of it ends with them: also
// when they fail, hang, or are killed.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(inside) == "" {
		os.Exit(apart())
	}
	if err := prepare(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	os.Exit(m.Run())
}

// apart runs this program again within new namespaces. The shell is their first process, which has to bury those whose
// parent died. Who is not root becomes it there (user_namespaces(7)).
func apart() int {
	args := []string{"--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"}
	if os.Geteuid() != 0 {
		args = append(args, "--user", "--map-root-user")
	}
	cmd := exec.Command("unshare", append(append(args, "sh", "-c", `"$@"; exit $?`, "failover"), os.Args...)...)
	cmd.Args[len(cmd.Args)-len(os.Args)], _ = os.Executable()
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", inside, os.Geteuid()))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the thread whose end is the signal
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	_, _ = fmt.Fprintln(os.Stderr, err)
	return 1
}

// base is where everything lies that the tests write; it is gone with the namespace.
const base = "/run/failover"

// prepare gives the tests files and a network.
func prepare() error {
	hosts := "127.0.0.1 localhost\n"
	for i, name := range nodeNames {
		hosts += fmt.Sprintf("%s %s.example.pt\n", addressOf(i), name)
	}
	for _, step := range [][]string{
		{"mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"},
		{"mkdir", base},
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", "br0", "type", "bridge"},
		{"ip", "address", "add", "10.77.0.1/24", "dev", "br0"},
		{"ip", "link", "set", "br0", "up"},
	} {
		if err := run(step...); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(base, "hosts"), []byte(hosts), 0o644); err != nil {
		return err
	}
	return run("mount", "--bind", filepath.Join(base, "hosts"), "/etc/hosts")
}

func run(command ...string) error {
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", command, err, out)
	}
	return nil
}
