// Bench is `make bench`. It measures what a desk and a centre cost on this machine and
// prints it beside what somebody else's program, an empty window, or arithmetic says is possible:
//
//   - reading a Citizen Card through the real pcscd, beside OpenSC reading the same files;
//   - reading passports and residence documents, on emulated chips and on one that nobody here wrote, beside the least
//     number of commands that is possible and Debian's mrtdreader;
//   - the desk's start, idle load and memory, beside an empty window of the same toolkit;
//   - how many enrolments a centre takes and what its desks cost, beside the same without its door and bare Argon2id;
//   - what somebody with a stolen desk's certificate and a clerk's card can do to another desk;
//   - with --scale, and then nothing else: what becomes slower, and how large all of it is, as the years go by.
//
// It starts everything it needs, alone, and stops it. A target that is missed is printed as a MISS and
// is no error: the figures depend on the machine. What could not be measured at all is an error; the report names it
// and has the figures of everything else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"balcao/cmd/internal/process"
	"balcao/cmd/internal/version"
)

// limit is far beyond what all of it takes; it only ends a run that hangs.
const limit = 12 * time.Minute

// scaleLimit is as far beyond what --scale takes.
const scaleLimit = 6 * time.Hour

// Report is everything that was measured. Times are milliseconds.
type Report struct {
	At      time.Time    `json:"at"`
	Machine Machine      `json:"machine"`
	Cards   []CardReport `json:"cards,omitempty"`
	Travel  TravelReport `json:"travel,omitzero"`
	Screen  ScreenReport `json:"screen,omitzero"`
	Centre  CentreReport `json:"centre,omitzero"`
	Attacks []Attack     `json:"attacks,omitempty"`
	Scale   ScaleReport  `json:"scale,omitzero"`
	Failed  []Failure    `json:"failed,omitempty"`
}

// Failure is a part that could not be measured, or not to its end.
type Failure struct {
	Part string `json:"part"`
	Err  string `json:"error"`
}

// try measures one part. Its error is noted, and keeps no other part from being measured.
func (r *Report) try(part string, measure func() error) {
	if err := measure(); err != nil {
		r.Failed = append(r.Failed, Failure{Part: part, Err: strings.ReplaceAll(err.Error(), "\n", "; ")})
	}
}

// The parts, for --only.
const (
	partCards  = "cards"
	partTravel = "travel"
	partScreen = "screen"
	partCentre = "centre"
	partLogin  = "login" // of the centre
	partAttack = "attack"
	partScale  = "scale"
)

// plan is what is measured, and how thoroughly.
type plan struct {
	only string // one part; all when empty
	demo string // file of a running demonstration to attack; one of its own when empty
	much amount

	people sizes // of databases that are filled and measured, and nothing else is
}

func (p plan) has(part string) bool { return p.only == "" || p.only == part }

func (p plan) validate() error {
	switch p.only {
	case "", partCards, partTravel, partScreen, partCentre, partLogin, partAttack:
		return nil
	}
	return fmt.Errorf("--only takes %s, %s, %s, %s, %s or %s", partCards, partTravel, partScreen, partCentre, partLogin, partAttack)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 0 when everything was measured, whatever the figures; 1 when a part
// was not, after the figures of the others.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("json", "", "also write the figures to this `file`")
	var p plan
	runs := flags.Int("runs", whole.runs, "runs of each reading; the median counts")
	least := flags.Bool("smallest", false, "measure everything once, which takes seconds: shows that it can be measured")
	flags.StringVar(&p.only, "only", "", "measure only this `part`: cards, travel, screen, centre, login (of the centre) or attack")
	flags.StringVar(&p.demo, "demo", "", "attack the running demonstration of this `file`, build/demo/env, and not one of its own")
	flags.Var(&p.people, "scale", "measure only how a centre's database grows: at so many `people`, as 10000,1000000")
	version.Flag(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := p.validate(); err != nil {
		_, _ = fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	if p.much = whole; *least {
		p.much = smallest
	} else {
		p.much.runs = max(1, *runs)
	}
	most := limit
	if len(p.people) > 0 {
		most = scaleLimit
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	report, err := all(ctx, p, stderr)
	if *file != "" {
		err = errors.Join(err, writeJSON(*file, report))
	}
	_, printing := io.WriteString(stdout, report.text())
	for _, f := range report.Failed {
		_, _ = fmt.Fprintf(stderr, "bench: could not measure %s: %s\n", f.Part, f.Err)
	}
	if err = errors.Join(err, printing); err != nil {
		_, _ = fmt.Fprintln(stderr, "bench:", err)
	}
	if err != nil || len(report.Failed) > 0 {
		return 1
	}
	return 0
}

// all measures one thing after the other, so that none disturbs the next.
func all(ctx context.Context, p plan, progress io.Writer) (report Report, err error) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(progress, "bench: "+format+"\n", args...) }
	dir, err := os.MkdirTemp("", "balcao-measure")
	if err != nil {
		return report, fmt.Errorf("making a folder: %w", err)
	}
	defer func() {
		if len(report.Failed) == 0 { // otherwise an error may name a log in it
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	report = Report{At: time.Now().UTC(), Machine: thisMachine(ctx)}
	if len(p.people) > 0 {
		report.try(partScale, func() (err error) {
			report.Scale, err = measureScale(ctx, filepath.Join(dir, "scale"), p.people, say)
			return err
		})
		return report, nil
	}
	if p.only != partCentre && p.only != partLogin && (p.only != partAttack || p.demo == "") {
		atDesk(ctx, dir, p, &report, say)
	}
	if p.has(partCentre) {
		report.try(partCentre, func() (err error) {
			report.Centre, err = measureCentre(ctx, dir, p.much, say)
			return err
		})
	}
	if p.only == partLogin {
		report.try(partLogin, func() (err error) {
			report.Centre, err = measureLogins(ctx, dir, p.much, say)
			return err
		})
	}
	if p.has(partAttack) && p.demo != "" {
		report.try(partAttack, func() (err error) {
			env, err := process.ReadEnv(p.demo)
			if err == nil {
				report.Attacks, err = attack(ctx, env, p.much, say)
			}
			return err
		})
	}
	return report, nil
}

// atDesk measures what needs the demonstration: cards and windows.
func atDesk(ctx context.Context, dir string, p plan, report *Report, say func(string, ...any)) {
	say("starting pcscd, the test bench, PostgreSQL and the registrar")
	s, err := openScene(ctx, filepath.Join(dir, "demo"))
	if err == nil {
		defer s.close()
	}
	try := func(part string, measure func() error) {
		switch {
		case p.has(part) && err != nil:
			report.try(part, func() error { return err })
		case p.has(part):
			report.try(part, measure)
		}
	}
	try(partCards, func() (err error) {
		report.Cards, err = measureCards(ctx, s, dir, p.much, say)
		return err
	})
	try(partTravel, func() (err error) {
		report.Travel, err = measureTravel(ctx, s, dir, p.much, say)
		return err
	})
	try(partScreen, func() (err error) {
		report.Screen, err = measureScreen(ctx, s, p.much, say)
		return err
	})
	if p.demo == "" {
		try(partAttack, func() (err error) {
			report.Attacks, err = attack(ctx, s.env, p.much, say)
			return err
		})
	}
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
