package process

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const grace = 15 * time.Second

func TestStart(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		p, err := Start([]string{"WORD=ready"}, "/bin/sh", "-c", `echo starting; echo "$WORD" >&2; exec sleep 60`)
		if err != nil {
			t.Fatal(err)
		}
		if _, next, err := p.Await(t.Context(), "ready", 0, func(l string) bool { return l == "ready" }); err != nil || next != 2 {
			t.Errorf("got %d, %v", next, err)
		}
		if err := p.Stop(grace); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrEnded", func(t *testing.T) {
		p, err := Start(nil, "/bin/sh", "-c", "echo sorry; exit 3")
		if err != nil {
			t.Fatal(err)
		}
		if err = p.AwaitReady(t.Context()); err == nil || !strings.Contains(err.Error(), "sorry") || !strings.Contains(err.Error(), "status 3") {
			t.Errorf("got error %v, want one with what the program said last and how it ended", err)
		}
		if err := p.Stop(grace); err != nil {
			t.Errorf("stopping what has ended: %v", err)
		}
	})
	t.Run("ErrStubborn", func(t *testing.T) {
		p, err := Start(nil, "/bin/sh", "-c", `trap "" TERM; echo ready; while :; do read -r x; done < /dev/zero`)
		if err != nil {
			t.Fatal(err)
		}
		if err = p.AwaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Stop(10 * time.Millisecond); err == nil {
			t.Error("no error for a program that had to be killed")
		}
		<-p.Done
		if p.Cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Errorf("it ended by %v", p.Err)
		}
	})
	t.Run("ErrMissing", func(t *testing.T) {
		if _, err := Start(nil, "/nonexistent/program"); err == nil {
			t.Error("no error for a program that is not there")
		}
	})
}

// The errors go to the log alone; what is heard goes there too.
func TestStartLogged(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p, err := StartLogged(log, "/bin/sh", "-c", `echo ready to go; echo fault >&2`)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitReady(t.Context()); err != nil {
		t.Error(err)
	}
	<-p.Done
	raw, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(raw), "ready to go\n") || !strings.Contains(string(raw), "fault\n") {
		t.Errorf("the log has %q, %v", raw, err)
	}
	if got := Tail(p.Said(), 2); got != "ready to go" {
		t.Errorf("heard %q", got)
	}
}

func TestReadEnv(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("A='x y=z'\n\nB=plain\nnoise\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadEnv(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"A": "x y=z", "B": "plain"}, got); diff != "" {
		t.Error(diff)
	}
}
