package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program the demo started and stops. Its output goes to a log file in the demo's folder.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended
	err  error         // how, once done is closed
}

// stopGrace is how long a program may take to end by itself after SIGTERM.
const stopGrace = 5 * time.Second

// startProcess starts a program whose output goes to log. When ready is not empty, it waits until the
// program prints a line that begins with it.
func startProcess(ctx context.Context, log, ready string, path string, args ...string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	cmd := exec.Command(path, args...)
	// Its own process group: Ctrl-C in the terminal reaches the demo, which then stops things in order.
	// And should the demo be killed, nothing of it stays behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Stderr = file
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), file.Close())
	}
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	started := make(chan struct{})
	go func() {
		watchOutput(out, file, ready, started)
		p.err = cmd.Wait()
		_ = file.Close()
		close(p.done)
	}()
	if ready == "" {
		return p, nil
	}
	select {
	case <-started:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("%s ended before it was ready (%v); see %s", name, p.err, log)
	case <-ctx.Done():
		p.stop()
		return nil, fmt.Errorf("%s was not ready in time; see %s", name, log)
	}
}

// watchOutput copies lines to log and closes started at the first that begins with ready.
func watchOutput(out io.Reader, log io.Writer, ready string, started chan<- struct{}) {
	told := false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, _ = fmt.Fprintln(log, lines.Text())
		if !told && ready != "" && strings.HasPrefix(lines.Text(), ready) {
			told = true
			close(started)
		}
	}
	_, _ = io.Copy(io.Discard, out) // a line too long for the scanner must not block the program
}

// stop asks the program to end, and ends it when it does not. One that sudo started is root's: sudo
// has to pass the signal on.
func (p *process) stop() {
	if p == nil {
		return
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := p.cmd.Process.Signal(sig); errors.Is(err, syscall.EPERM) {
			_ = exec.Command("sudo", "--non-interactive", "kill", "-"+strconv.Itoa(int(sig)), strconv.Itoa(p.cmd.Process.Pid)).Run()
		}
		select {
		case <-p.done:
			return
		case <-time.After(stopGrace):
		}
	}
}
