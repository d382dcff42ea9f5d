package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// remembers reports how often the bytes stand in the program's writable memory, which root alone may read.
func (p *program) remembers(t testing.TB, secret string) (times int) {
	t.Helper()
	pid := p.Cmd.Process.Pid
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatalf("reading %s's memory map: %v", p.Name, err)
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatalf("reading %s's memory: %v", p.Name, err)
	}
	defer mem.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		fields := strings.Fields(lines.Text())
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); err != nil || !strings.HasPrefix(fields[1], "rw") {
			continue
		}
		region := make([]byte, to-from)
		n, _ := mem.ReadAt(region, from) // some regions are devices' and cannot be read
		times += bytes.Count(region[:n], []byte(secret))
	}
	return times
}

// No other program of the same user may look into one of ours, from its first moment on: it is asked while it opens
// its first file, a pipe that nobody has written to yet.
func TestMemoryIsClosed(t *testing.T) {
	dir, err := os.MkdirTemp("", "balcao-e2e") // t.TempDir is open to this user only
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pipe := filepath.Join(dir, "pipe")
	if err := errors.Join(os.Chmod(dir, 0o755), syscall.Mkfifo(pipe, 0o600), os.Chmod(pipe, 0o644)); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"kiosk": {"-config", pipe}, "registrar": {"-config", pipe}, "centre": {"-config", pipe}, "kioskctl": {"trust", "import", "--dir", dir, pipe},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(bin(t, name), args...)
			if os.Getuid() == 0 { // whose programs may look anywhere
				cmd.Path = filepath.Join(dir, name)
				program, err := os.ReadFile(bin(t, name))
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(os.WriteFile(cmd.Path, program, 0o755), os.Chmod(cmd.Path, 0o755)); err != nil {
					t.Fatal(err)
				}
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			if _, err := os.OpenFile(pipe, os.O_WRONLY, 0); err != nil { // returns when the program opens it too
				t.Fatal(err)
			}
			proc := fmt.Sprintf("/proc/%d/", cmd.Process.Pid)
			var mem syscall.Stat_t
			if err := syscall.Stat(proc+"mem", &mem); err != nil || mem.Uid != 0 {
				t.Errorf("its memory belongs to user %d, want root: %v", mem.Uid, err)
			}
			environment, err := os.ReadFile(proc + "environ")
			if name == "kiosk" && (err != nil || !bytes.Contains(environment, []byte("clobberfree=1"))) {
				t.Errorf("what it frees is not overwritten: %v", err)
			}
			limits, err := os.ReadFile(proc + "limits")
			if err != nil || !regexp.MustCompile(`(?m)^Max core file size +0 +0 `).Match(limits) {
				t.Errorf("it may write a core: %v\n%s", err, limits)
			}
		})
	}
}

// nobody is a user without rights.
const nobody = 65534
