package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
)

// Numbers of data groups (Doc 9303-10 §4.7).
const (
	firstGroup = 1
	lastGroup  = 16
)

// maxFile bounds a file of a chip; the largest, with fingerprints, have some hundred kilobytes.
const maxFile = 4 << 20

// dump names the files of a chip.
type dump struct {
	sod    string
	groups [lastGroup + 1]string
}

// runDocument examines files that were read from a travel document's chip as `kioskctl card` examines the chip. What
// only the chip can prove stays unproven, and the level says so.
func runDocument(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f cardFlags
	var d dump
	flags := flag.NewFlagSet("document", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&d.sod, "sod", "", "file with EF.SOD")
	for n := firstGroup; n <= lastGroup; n++ {
		flags.StringVar(&d.groups[n], fmt.Sprintf("dg%d", n), "", fmt.Sprintf("file with data group %d", n))
	}
	f.belief(flags)
	flags.BoolVar(&f.json, "json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	report, err := examineFiles(ctx, f, d, flags.Args())
	if err == nil {
		err = report.write(stdout, f.json)
	}
	if err != nil {
		fail(stderr, "kioskctl document", err)
		return exitUsage
	}
	return report.exit()
}

// examineFiles is examine without a chip.
func examineFiles(ctx context.Context, f cardFlags, d dump, rest []string) (*cardReport, error) {
	switch {
	case d.sod == "":
		return nil, errors.New("no --sod: nothing else proves that a State signed the files")
	case len(rest) > 0:
		return nil, fmt.Errorf("%q belongs to no flag", rest[0])
	}
	verifier, err := newExaminer(f)
	if err != nil {
		return nil, err
	}
	files, err := d.read()
	if err != nil {
		return nil, err
	}
	defer files.Wipe()
	report := &cardReport{started: time.Now()}
	r := desk.Reader{Examiner: verifier, Emit: report.note}
	outcome := r.ReadFiles(ctx, files)
	report.take(outcome.Verdict)
	if outcome.Problem != nil {
		return nil, fmt.Errorf("examining the files: %w", outcome.Err)
	}
	return report, nil
}

// read reads the files that are named.
func (d dump) read() (examine.TravelFiles, error) {
	files := examine.TravelFiles{Groups: map[int][]byte{}}
	var err error
	if files.SOD, err = readFile(d.sod); err != nil {
		return examine.TravelFiles{}, fmt.Errorf("--sod: %w", err)
	}
	for n, path := range d.groups {
		if path == "" {
			continue
		}
		if files.Groups[n], err = readFile(path); err != nil {
			files.Wipe()
			return examine.TravelFiles{}, fmt.Errorf("--dg%d: %w", n, err)
		}
	}
	return files, nil
}

// readFile reads a file of a bounded size. An empty one is no file of a chip.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) == 0:
		return nil, fmt.Errorf("%s is empty", path)
	case len(content) > maxFile:
		return nil, fmt.Errorf("%s is larger than %d MiB, which no chip has room for", path, maxFile>>20)
	}
	return content, nil
}
