// Package printer hands papers to CUPS, which prints them, or turns them into pictures for a screen where there is no
// printer. A paper goes through pipes and never into a file of ours; CUPS keeps it in its spool until it is printed, and
// longer unless its PreserveJobFiles is No.
package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"balcao/kiosk/paper"
)

// Reasons why a paper was not printed.
var (
	ErrNone    = errors.New("there is no printer")              // none is set up, or CUPS does not run
	ErrRefused = errors.New("the printer does not take papers") // CUPS refused the paper
)

// longest is how long CUPS may take to answer. It takes the paper and prints later.
const longest = 10 * time.Second

// Printer is a queue of CUPS; empty is the one that lpstat calls the system's default.
type Printer string

// Default is the printer that papers go to when the operator named none: the default one, or else the only one. ErrNone
// when there is none, or no one of several is the default.
func Default(ctx context.Context) (Printer, error) {
	out, err := run(ctx, nil, "lpstat", "-d")
	if err == nil {
		if _, name, found := strings.Cut(strings.TrimSpace(string(out)), ": "); found {
			return Printer(name), nil
		}
	}
	out, err = run(ctx, nil, "lpstat", "-e")
	if names := strings.Fields(string(out)); err == nil && len(names) == 1 {
		return Printer(names[0]), nil
	}
	return "", ErrNone
}

// Queue is one of CUPS' as lpstat -p tells of it.
type Queue struct {
	Name    string
	State   string // "is idle": words of lpstat's
	Stopped bool   // it takes papers and prints none
}

// Queues lists the queues that there are. ErrNone when CUPS has none, does not run or is not installed.
func Queues(ctx context.Context) (all []Queue, err error) {
	out, err := run(ctx, nil, "lpstat", "-p")
	if err != nil {
		return nil, ErrNone
	}
	for line := range strings.Lines(string(out)) { // why one is stopped is on a line of its own
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "printer" {
			continue
		}
		state, _, _ := strings.Cut(strings.Join(words[2:], " "), ".")
		all = append(all, Queue{Name: words[1], State: state, Stopped: words[2] == "disabled"})
	}
	return all, nil
}

// Print gives a paper to the printer. That CUPS took it does not say that it was printed. The error wraps ErrNone or
// ErrRefused.
func (p Printer) Print(ctx context.Context, doc paper.PDF) error {
	args := []string{"-s", "-t", "Balcao", "-o", "media=A4"} // the title is in CUPS' log: it names nobody
	if p != "" {
		args = append(args, "-d", string(p))
	}
	_, err := run(ctx, doc.Data, "lp", args...)
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		return ErrRefused
	case err != nil:
		return ErrNone
	}
	return nil
}

// Pages draws a paper for a screen, at dots per inch: PNG, one for each page.
func Pages(ctx context.Context, doc paper.PDF, dots int) ([][]byte, error) {
	var pages [][]byte
	for n := range doc.Pages {
		page := fmt.Sprint(n + 1)
		picture, err := run(ctx, doc.Data, "pdftoppm", "-png", "-singlefile", "-r", fmt.Sprint(dots), "-f", page, "-l", page, "-")
		if err != nil {
			return nil, errors.New("drawing a paper failed (Debian: poppler-utils)")
		}
		pages = append(pages, picture)
	}
	return pages, nil
}

// run runs a program of Debian's with standard input, and returns what it writes. What it says about a failure may quote
// the paper, and goes nowhere.
func run(ctx context.Context, input []byte, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...) //nolint:gosec // our programs and arguments
	c.Env = append(os.Environ(), "LC_ALL=C")
	c.Stdin = bytes.NewReader(input)
	return c.Output()
}
