// Package measure is `kioskctl bench`. It measures what a desk and a centre cost on this machine and
// prints it beside what somebody else's program, an empty window, or arithmetic says is possible:
//
//   - reading a Citizen Card through the real pcscd, beside OpenSC reading the same files;
//   - the desk's start, idle load and memory, beside an empty window of the same toolkit;
//   - how many enrolments a centre takes.
//
// It starts everything it needs, alone, and stops it. A target that is missed is printed as a MISS and
// is no error: the figures depend on the machine. What could not be measured at all is an error.
package measure

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// limit is far beyond what all of it takes; it only ends a run that hangs.
const limit = 6 * time.Minute

// Report is everything that was measured. Times are milliseconds.
type Report struct {
	At      time.Time    `json:"at"`
	Machine Machine      `json:"machine"`
	Cards   []CardReport `json:"cards"`
	Screen  ScreenReport `json:"screen"`
	Centre  CentreReport `json:"centre"`
}

// Run is `kioskctl bench`. It returns the exit code: 0 when everything was measured, whatever the figures.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("json", "", "also write the figures to this `file`")
	runs := flags.Int("runs", 5, "runs of each reading; the median counts")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	report, err := all(ctx, max(1, *runs), stderr)
	if err == nil && *file != "" {
		err = writeJSON(*file, report)
	}
	if err == nil {
		_, err = io.WriteString(stdout, report.text())
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "kioskctl bench: could not measure:", err)
		return 1
	}
	return 0
}

// all measures one thing after the other, so that none disturbs the next.
func all(ctx context.Context, runs int, progress io.Writer) (report Report, err error) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(progress, "bench: "+format+"\n", args...) }
	dir, err := os.MkdirTemp("", "balcao-measure")
	if err != nil {
		return report, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report = Report{At: time.Now().UTC(), Machine: thisMachine(ctx)}
	if err := atDesk(ctx, dir, runs, &report, say); err != nil {
		return report, err
	}
	report.Centre, err = measureCentre(ctx, say)
	return report, err
}

// atDesk measures what needs the demonstration: cards and windows.
func atDesk(ctx context.Context, dir string, runs int, report *Report, say func(string, ...any)) error {
	say("starting pcscd, the test bench, PostgreSQL and the registrar")
	s, err := openScene(ctx, filepath.Join(dir, "demo"))
	if err != nil {
		return err
	}
	defer s.close()
	if report.Cards, err = measureCards(ctx, s, dir, runs, say); err != nil {
		return err
	}
	report.Screen, err = measureScreen(ctx, s, say)
	return err
}

func writeJSON(path string, report Report) error {
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil { //nolint:gosec // figures are no secret
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}
