package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// grace is how long a program may take to end by itself.
const grace = 15 * time.Second

// line is something that a program said, and when.
type line struct {
	text string
	at   time.Time
}

// program is something that was started here, whose lines can be waited for.
type program struct {
	name    string
	cmd     *exec.Cmd
	started time.Time
	done    chan struct{} // closed when it has ended and all was read

	mu    sync.Mutex
	lines []line
	more  chan struct{} // closed and replaced with each line
}

// startProgram starts a program in a process group of its own: Ctrl-C ends us, and we end it in order.
func startProgram(env []string, path string, args ...string) (*program, error) {
	p := &program{name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	p.cmd.Stdout, p.cmd.Stderr = in, in
	p.started = time.Now()
	err = p.cmd.Start()
	_ = in.Close()
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	go func() {
		p.collect(out)
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *program) collect(out io.ReadCloser) {
	defer func() { _ = out.Close() }()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, line{lines.Text(), time.Now()})
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, out)
}

// said is how many lines there are so far, for await.
func (p *program) said() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// await returns the first line from number from on that matches.
func (p *program) await(ctx context.Context, what string, from int, match func(string) bool) (line, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ended := false; ; {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; from < len(lines); from++ {
			if match(lines[from].text) {
				return lines[from], nil
			}
		}
		if ended {
			return line{}, fmt.Errorf("%s ended before %s; it said: %s", p.name, what, last(lines))
		}
		select {
		case <-more:
		case <-p.done:
			ended = true
		case <-ctx.Done():
			return line{}, fmt.Errorf("waiting for %s of %s: %w", what, p.name, ctx.Err())
		}
	}
}

func last(lines []line) string {
	if len(lines) == 0 {
		return "nothing"
	}
	return lines[len(lines)-1].text
}

// stop ends the program and waits for its end.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// output runs a program to its end and returns what it printed, and how long that took.
func output(ctx context.Context, env []string, path string, args ...string) (string, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
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
