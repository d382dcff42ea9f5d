package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Demo is a demonstration without windows: pcscd, the test bench, PostgreSQL, the registrar.
type Demo struct {
	*Process
	Env map[string]string // what it wrote for those who use it
}

// DemoGrace is how long a demonstration may take to end: each of its parts in turn.
const DemoGrace = 40 * time.Second

// StartDemo starts the program cmd/demo, and waits until all of it is ready.
func StartDemo(ctx context.Context, path, dir string, flags ...string) (*Demo, error) {
	p, err := Start(nil, path, append([]string{"--headless", "--dir", dir}, flags...)...)
	if err != nil {
		return nil, err
	}
	d := &Demo{Process: p}
	err = p.AwaitReady(ctx)
	if err == nil {
		d.Env, err = ReadEnv(filepath.Join(dir, "env"))
	}
	if err != nil {
		return nil, errors.Join(err, p.Stop(DemoGrace))
	}
	return d, nil
}

// ReadEnv reads the NAME='value' lines that a demonstration wrote.
func ReadEnv(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for l := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
			env[name] = strings.Trim(value, "'")
		}
	}
	return env, nil
}
