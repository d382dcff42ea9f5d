// Package process starts the programs of the demonstration, of the measurements and of the end-to-end tests, hears what
// they say, and ends them in order.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// limit bounds the wait for a line, and the run of a program that ends by itself. Nothing needs it on a working machine.
const limit = time.Minute

// Line is something that a program said, and when.
type Line struct {
	Text string
	At   time.Time
}

// Process is a program that was started here.
type Process struct {
	Name    string
	Cmd     *exec.Cmd
	Started time.Time
	Done    chan struct{} // closed when it has ended and all it said was heard
	Err     error         // how it ended, once Done is closed

	mu    sync.Mutex
	lines []Line
	more  chan struct{} // closed and replaced with each line
}

// Start starts a program with more of an environment, and hears both its outputs.
func Start(env []string, path string, args ...string) (*Process, error) {
	return start(nil, env, path, args...)
}

// StartLogged starts a program whose outputs are added to a log file; only its standard output is heard.
func StartLogged(log, path string, args ...string) (*Process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	p, err := start(file, nil, path, args...)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

// start takes over log.
func start(log *os.File, env []string, path string, args ...string) (*Process, error) {
	p := &Process{Name: filepath.Base(path), Cmd: exec.Command(path, args...), Done: make(chan struct{}), more: make(chan struct{})}
	p.Cmd.Env = append(os.Environ(), env...)
	// A process group of its own: Ctrl-C reaches us, and we end it in order. If we are killed, it ends too.
	p.Cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Name, err)
	}
	p.Cmd.Stdout, p.Cmd.Stderr = in, in
	if log != nil {
		p.Cmd.Stderr = log
	}
	p.Started = time.Now()
	err = p.Cmd.Start()
	_ = in.Close()
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("starting %s: %w", p.Name, err)
	}
	go func() {
		p.hear(out, log)
		p.Err = p.Cmd.Wait()
		_ = out.Close()
		if log != nil {
			_ = log.Close()
		}
		close(p.Done)
	}()
	return p, nil
}

func (p *Process) hear(out io.Reader, log *os.File) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if log != nil {
			_, _ = fmt.Fprintln(log, lines.Text())
		}
		p.mu.Lock()
		p.lines = append(p.lines, Line{lines.Text(), time.Now()})
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, out) // a line too long for the scanner must not block the program
}

// Said is what it said until now.
func (p *Process) Said() []Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines
}

// Await returns the first line from number from on that matches, and the number of the next. An error has what the
// program said last.
func (p *Process) Await(ctx context.Context, what string, from int, match func(string) bool) (found Line, next int, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for ended := false; ; {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; from < len(lines); from++ {
			if match(lines[from].Text) {
				return lines[from], from + 1, nil
			}
		}
		if ended {
			return Line{}, from, fmt.Errorf("%s ended before %s (%v); it said: %s", p.Name, what, p.Err, Tail(lines, 25))
		}
		select {
		case <-more:
		case <-p.Done:
			ended = true
		case <-ctx.Done():
			return Line{}, from, fmt.Errorf("waiting for %s of %s: %w; it said: %s", what, p.Name, ctx.Err(), Tail(lines, 25))
		}
	}
}

// AwaitReady waits until it says that it is ready.
func (p *Process) AwaitReady(ctx context.Context) error {
	_, _, err := p.Await(ctx, "ready", 0, func(line string) bool { return strings.HasPrefix(line, "ready") })
	return err
}

// Tail is the last lines, at most so many.
func Tail(lines []Line, most int) string {
	var b strings.Builder
	for _, l := range lines[max(0, len(lines)-most):] {
		b.WriteString("\n" + l.Text)
	}
	return strings.TrimPrefix(b.String(), "\n")
}

// Stop asks it to end, and ends it when it has not after grace, which is an error. One that sudo started is root's: sudo
// has to pass the signal on.
func (p *Process) Stop(grace time.Duration) error {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := p.Cmd.Process.Signal(sig); errors.Is(err, syscall.EPERM) {
			_ = exec.Command("sudo", "--non-interactive", "kill", "-"+strconv.Itoa(int(sig)), strconv.Itoa(p.Cmd.Process.Pid)).Run()
		}
		select {
		case <-p.Done:
			if sig == syscall.SIGTERM {
				return nil
			}
		case <-time.After(grace):
		}
	}
	return fmt.Errorf("%s did not end on SIGTERM within %s", p.Name, grace)
}

// Output runs a program to its end, and returns what it printed and how long that took.
func Output(ctx context.Context, env []string, path string, args ...string) (string, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		text := strings.TrimSpace(string(out))
		return "", took, fmt.Errorf("%s: %w: %s", filepath.Base(path), err, text[max(0, len(text)-400):])
	}
	return string(out), took, nil
}
