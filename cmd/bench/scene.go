package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// scene is a demonstration without windows: pcscd, the bench, PostgreSQL, the registrar.
type scene struct {
	programs string // folder of our programs
	demo     *program
	env      map[string]string // as the demonstration wrote it
}

func openScene(ctx context.Context, dir string) (*scene, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding our programs: %w", err)
	}
	s := &scene{programs: filepath.Dir(self)}
	s.demo, err = startProgram(nil, s.program("demo"), "--headless", "--dir", dir)
	if err != nil {
		return nil, err
	}
	if _, err := s.demo.await(ctx, "ready", 0, func(l string) bool { return l == "ready" }); err != nil {
		s.close()
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		s.close()
		return nil, fmt.Errorf("reading the demonstration's addresses: %w", err)
	}
	s.env = parseEnv(string(raw))
	return s, nil
}

func (s *scene) close() { s.demo.stop() }

// program is the path of one of our programs.
func (s *scene) program(name string) string { return filepath.Join(s.programs, name) }

// mock asks the bench.
func (s *scene) mock(ctx context.Context, args ...string) error {
	_, _, err := output(ctx, nil, s.program("mock-pcsc"), args...)
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

// parseEnv reads NAME='value' lines.
func parseEnv(text string) map[string]string {
	env := map[string]string{}
	for l := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
			env[name] = strings.Trim(value, "'")
		}
	}
	return env
}
