package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

const statusUsage = `Usage: kioskctl status [--door URL]… [--ca FILE] [--json]

Prints on one page how the centre does: its doors, database, registrars, queues, desks, alerts, log, certificates and what
is due for deletion; below each that is not well, what to do. Exit 0 when all is well, 3 when something is not.

  --door URL  a door to ask, https://HOST:8443; as many as there are (or in BALCAO_DOORS, with spaces between them)
  --ca FILE   who issued the doors' certificates (PEM); the authorities of this computer when left out
  --json      the same as JSON

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN. No person is named.
`

// exitUnwell is the exit status of "kioskctl status" when something is not well, or could not be found out.
const exitUnwell = 3

// part is a part of the centre.
type part struct {
	Name  string       `json:"name"`
	Lines []statusLine `json:"lines"`
}

// statusLine is what was found out about a part.
type statusLine struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	Do   string `json:"do,omitempty"` // where it is not well
}

func (p *part) well(format string, args ...any) {
	p.Lines = append(p.Lines, statusLine{OK: true, Text: fmt.Sprintf(format, args...)})
}

func (p *part) unwell(do, format string, args ...any) {
	p.Lines = append(p.Lines, statusLine{Text: fmt.Sprintf(format, args...), Do: do})
}

// is adds a line that is well, or not.
func (p *part) is(ok bool, do, format string, args ...any) {
	if ok {
		p.well(format, args...)
	} else {
		p.unwell(do, format, args...)
	}
}

// runStatus carries out "kioskctl status".
func runStatus(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("status", statusUsage, stderr)
	doors, ca, asJSON := files(fs, "door"), fs.String("ca", "", ""), fs.Bool("json", false, "")
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	if len(*doors) == 0 {
		*doors = strings.Fields(os.Getenv("BALCAO_DOORS"))
	}
	roots, err := doorRoots(*ca)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	parts := append([]part{statusDoors(ctx, *doors, roots)}, statusDatabase(ctx, *dsn)...)
	exit := exitOK
	for _, p := range parts {
		for _, l := range p.Lines {
			if !l.OK {
				exit = exitUnwell
			}
		}
	}
	if *asJSON {
		if err := writeTrustJSON(stdout, struct {
			OK    bool   `json:"ok"`
			Parts []part `json:"parts"`
		}{exit == exitOK, parts}); err != nil {
			return fail(stderr, fs.Name(), err)
		}
		return exit
	}
	for _, p := range parts {
		for i, l := range p.Lines {
			name, mark := p.Name, "ok "
			if i > 0 {
				name = ""
			}
			if !l.OK {
				mark = "NOT"
			}
			_, _ = fmt.Fprintf(stdout, "%-12s  %s  %s\n", name, mark, l.Text)
			if l.Do != "" {
				_, _ = fmt.Fprintf(stdout, "%-12s       do: %s\n", "", l.Do)
			}
		}
	}
	if exit == exitOK {
		_, _ = fmt.Fprintln(stdout, "All is well.")
	}
	return exit
}
