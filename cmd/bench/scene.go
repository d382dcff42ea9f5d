package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// signIn types the PIN of the clerk's card at a desk that waits for one, until it is open. A window that has just come up
// may lose the keyboard to the next one while keys are pressed: then what was typed is taken back and typed again.
func (s *scene) signIn(ctx context.Context, display string, open func(context.Context) error) (err error) {
	for range 10 {
		try, cancel := context.WithTimeout(ctx, 8*time.Second)
		if err = s.typePIN(try, display); err == nil {
			err = open(try)
		}
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// typePIN presses each key by its name: the line end of a text that xdotool types opened no desk.
func (s *scene) typePIN(ctx context.Context, display string) error {
	for _, args := range [][]string{
		{"search", "--sync", "--onlyvisible", "--name", "Chave Móvel Digital$", "windowactivate", "--sync", "sleep", "0.5"},
		{"key", "--repeat", "8", "--delay", "100", "BackSpace"},
		append([]string{"key", "--delay", "150"}, append(strings.Split(s.env["BALCAO_STAFF_PIN"], ""), "Return")...),
	} {
		cmd := exec.CommandContext(ctx, "xdotool", args...)
		cmd.Env = append(os.Environ(), "DISPLAY="+display)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("signing in at the desk: %w\n%s", err, out)
		}
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
