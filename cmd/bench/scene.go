package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"balcao/cmd/internal/process"
)

// scene is a demonstration without windows: pcscd, the bench, PostgreSQL, the registrar.
type scene struct {
	programs string // folder of our programs
	demo     *process.Demo
	env      map[string]string // as the demonstration wrote it
}

func openScene(ctx context.Context, dir string) (*scene, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding our programs: %w", err)
	}
	s := &scene{programs: filepath.Dir(self)}
	if s.demo, err = process.StartDemo(ctx, s.program("demo"), dir); err != nil {
		return nil, err
	}
	s.env = s.demo.Env
	return s, nil
}

func (s *scene) close() { _ = s.demo.Stop(process.DemoGrace) }

// signIn types the PIN of the clerk's card at a desk that waits for one.
func (s *scene) signIn(ctx context.Context, display string) error {
	out, err := exec.CommandContext(ctx, "env", "DISPLAY="+display, "xdotool", "search", "--sync", "--onlyvisible", "--name", "Chave Móvel Digital$",
		"windowactivate", "--sync", "sleep", "0.5", "type", "--delay", "60", s.env["BALCAO_STAFF_PIN"]+"\n").CombinedOutput()
	if err != nil {
		return fmt.Errorf("signing in at the desk: %w\n%s", err, out)
	}
	return nil
}

// stop ends a program that was measured.
func stop(p *process.Process) { _ = p.Stop(15 * time.Second) }

// program is the path of one of our programs.
func (s *scene) program(name string) string { return filepath.Join(s.programs, name) }

// mock asks the bench.
func (s *scene) mock(ctx context.Context, args ...string) error {
	_, _, err := process.Output(ctx, nil, s.program("mock-pcsc"), args...)
	return err
}

// insert puts a card that is read at this speed into the first slot.
func (s *scene) insert(ctx context.Context, card, speed string) error {
	if err := s.mock(ctx, "line", speed); err != nil {
		return err
	}
	return s.mock(ctx, "insert", card, "1")
}

// noticing is more than the 400 ms after which pcscd looks again whether a card is there. A card that is
// put in before it has missed the last one is not seen.
const noticing = time.Second

// takeOut removes the card, when no program uses it any more.
func (s *scene) takeOut(ctx context.Context) error {
	if err := s.mock(ctx, "remove", "1"); err != nil {
		return err
	}
	return sleep(ctx, noticing)
}
