package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"balcao/cmd/internal/process"
)

// witnessAddress is where the witness listens. In earnest it is another organisation's computer.
const witnessAddress = "127.0.0.1:25984"

// origin is the name of the log, and of its key.
const origin = "balcao.example/demo"

func (d *demo) logKey() string { return filepath.Join(d.path("keys"), "log.pub") }

func (d *demo) witnessKey() string { return filepath.Join(d.path("witness"), "witness.pub") }

// startWitness starts who cosigns the log's checkpoints, with keys of its own.
func (d *demo) startWitness(ctx context.Context) error {
	kioskctl := filepath.Join(d.programs, "kioskctl")
	if _, _, err := process.Output(ctx, nil, kioskctl, "witness", "keygen", "witness.example/demo", d.path("witness")); err != nil {
		return fmt.Errorf("making the witness's key: %w", err)
	}
	p, err := process.StartLogged(d.log("witness"), kioskctl, "witness", "--key", filepath.Join(d.path("witness"), "witness.key"),
		"--log-key", d.logKey(), "--state", filepath.Join(d.path("witness"), "state"), "--listen", witnessAddress)
	if err != nil {
		return err
	}
	p.Name = "witness"
	d.parts = append(d.parts, p)
	if _, _, err := p.Await(ctx, "listening", 0, func(line string) bool { return strings.HasPrefix(line, "listening on ") }); err != nil {
		return fmt.Errorf("%w; see %s", err, d.log("witness"))
	}
	return nil
}
