package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/cmd/internal/process"
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
type program struct{ *process.Process }

// start runs a program until the test ends.
func start(t testing.TB, env []string, path string, args ...string) *program {
	t.Helper()
	p, err := process.Start(env, path, args...)
	if err != nil {
		t.Fatal(err)
	}
	started := &program{p}
	t.Cleanup(func() { started.stop(t) })
	return started
}

// mark returns how many lines there were so far, as the starting point of await.
func (p *program) mark() int { return len(p.Said()) }

// await returns the first line from mark on for which match is true.
func (p *program) await(t testing.TB, what string, mark int, match func(line string) bool) (string, int) {
	t.Helper()
	line, next, err := p.Await(context.Background(), what, mark, match)
	if err != nil {
		t.Fatal(err)
	}
	return line.Text, next
}

// output is all that it said until now.
func (p *program) output() string { return process.Tail(p.Said(), p.mark()) }

// stop asks it to end and sees that it does.
func (p *program) stop(t testing.TB) {
	if err := p.Stop(patience); err != nil {
		t.Error(err)
	}
}

// kill ends it as a power cut would.
func (p *program) kill() {
	_ = p.Cmd.Process.Kill()
	<-p.Done
}

// centre is a running demo without windows.
type centre struct {
	*program
	env map[string]string

	oneScreen bool // the desk is configured for it
}

// startDemo starts everything but the windows.
func startDemo(t testing.TB, flags ...string) *centre {
	t.Helper()
	dir, err := os.MkdirTemp("", "balcao-e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Cleanup(func() { showLogs(t, dir) })
	d, err := process.StartDemo(context.Background(), bin(t, "demo"), dir, flags...)
	if err != nil {
		t.Fatal(err)
	}
	c := &centre{program: &program{d.Process}, env: d.Env}
	t.Cleanup(func() { c.stop(t) })
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
	out, _, err := process.Output(context.Background(), c.variables(), bin(t, "mock-pcsc"), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
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
	entries = slices.DeleteFunc(entries, func(e fixture) bool { return e.Kind == "staff-card" })
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
