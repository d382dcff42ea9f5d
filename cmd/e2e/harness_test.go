package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds every wait. Nothing needs it on a working machine; a broken one fails here.
const patience = 40 * time.Second

// bin returns the path of one of our programs.
func bin(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("BALCAO_BIN")
	if dir == "" {
		dir = "../../build/bin"
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built (make build): %v", name, err)
	}
	return path
}

// program is something we started, whose output lines can be waited for.
type program struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}

	mu    sync.Mutex
	lines []string
	woken chan struct{} // closed and replaced at each new line
}

// start runs a program until the test ends.
func start(t testing.TB, env []string, path string, args ...string) *program {
	t.Helper()
	p := &program{name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{}), woken: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	// A test run that is killed leaves nothing behind that holds the readers.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", p.name, err)
	}
	go p.collect(out)
	go func() {
		_ = p.cmd.Wait()
		_ = w.Close()
		close(p.done)
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *program) collect(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.woken)
		p.woken = make(chan struct{})
		p.mu.Unlock()
	}
}

// mark returns how many lines there were so far, as the starting point of await.
func (p *program) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// await returns the first line from mark on for which match is true.
func (p *program) await(t testing.TB, what string, mark int, match func(line string) bool) (string, int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		lines, woken := p.lines, p.woken
		p.mu.Unlock()
		for ; mark < len(lines); mark++ {
			if match(lines[mark]) {
				return lines[mark], mark + 1
			}
		}
		select {
		case <-woken:
		case <-p.done:
			t.Fatalf("%s ended while waiting for %s; it said:\n%s", p.name, what, p.tail())
		case <-deadline:
			t.Fatalf("%s: no %s within %s; it said:\n%s", p.name, what, patience, p.tail())
		}
	}
}

func (p *program) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-25):], "\n")
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// stop asks it to end and sees that it does.
func (p *program) stop(t testing.TB) {
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Errorf("%s did not end on SIGTERM", p.name)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// kill ends it as a power cut would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// centre is a running demo without windows.
type centre struct {
	*program
	dir string
	env map[string]string
}

// startDemo starts everything but the windows.
func startDemo(t testing.TB) *centre {
	t.Helper()
	dir, err := os.MkdirTemp("", "balcao-e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Cleanup(func() { showLogs(t, dir) })
	p := start(t, nil, bin(t, "demo"), "--headless", "--dir", dir)
	p.await(t, "ready", 0, func(line string) bool { return line == "ready" })
	c := &centre{program: p, dir: dir, env: readEnv(t, filepath.Join(dir, "env"))}
	return c
}

// showLogs prints the ends of the programs' logs when the test failed; they hold nothing personal.
func showLogs(t testing.TB, dir string) {
	if !t.Failed() {
		return
	}
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, path := range logs {
		raw, _ := os.ReadFile(path)
		lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
		t.Logf("%s:\n%s", filepath.Base(path), strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
}

// readEnv parses NAME='value' lines.
func readEnv(t testing.TB, path string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok {
			env[name] = strings.Trim(value, "'")
		}
	}
	return env
}

// variables returns the environment of the demo for a child.
func (c *centre) variables() []string {
	var list []string
	for name, value := range c.env {
		list = append(list, name+"="+value)
	}
	return list
}

// mock runs a command of the bench and returns its output.
func (c *centre) mock(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin(t, "mock-pcsc"), args...)
	cmd.Env = append(os.Environ(), c.variables()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mock-pcsc %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fixture is a card of the fixtures as `mock-pcsc list --json` tells it.
type fixture struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Generation string `json:"generation"`
	Key        string `json:"key"`
	PIN        string `json:"pin"`
	RefusedFor string `json:"refused_for"`

	Level string   `json:"level"`
	MRZ   []string `json:"mrz"`
	CAN   string   `json:"can"`
}

// printed is what the document shows, as arguments of kioskctl card.
func (e fixture) printed() []string {
	var args []string
	for _, line := range e.MRZ {
		args = append(args, "--mrz", line)
	}
	if e.CAN != "" {
		args = append(args, "--can", e.CAN)
	}
	return args
}

// opens reports whether its chip opens with what is printed on it.
func (e fixture) opens() bool { return len(e.MRZ) > 0 || e.CAN != "" }

func (c *centre) fixtures(t testing.TB) []fixture {
	t.Helper()
	var entries []fixture
	if err := json.Unmarshal([]byte(c.mock(t, "list", "--json")), &entries); err != nil {
		t.Fatalf("reading the fixtures' list: %v", err)
	}
	if len(entries) == 0 {
		t.Fatal("there are no fixtures")
	}
	return entries
}

// ask runs a query as the centre's administrator and scans its one row.
func (c *centre) ask(t testing.TB, query string, args []any, into ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.env["BALCAO_ADMIN_DSN"])
	if err != nil {
		t.Fatalf("connecting to the centre: %v", err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query, args...).Scan(into...); err != nil {
		t.Fatalf("asking the centre: %v", err)
	}
}

// state is a line in which the desk says where it is.
type state map[string]any

// is reports whether the state has these values: "step=contact", "awaits=sms".
func (s state) is(wants ...string) bool {
	for _, want := range wants {
		name, value, _ := strings.Cut(want, "=")
		if fmt.Sprint(s[name]) != value {
			return false
		}
	}
	return true
}
