package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"balcao/cardreader"
)

const supportUsage = `Usage: kioskctl support [-o FILE] [flags]

Writes one file for whoever helps with this desk: versions, readers and their service, clock, network to the centre,
screens, fonts, printers, configuration without secrets, trust folder, and the desk's last log lines. No name, number,
address or code of a person is in it: of every text that comes from outside, only words that the program knows are kept,
and "…" stands for the rest. It is a ZIP archive of plain text; its contents are printed, so read them before you send it.

  -o FILE        the bundle; otherwise balcao-support-DATE-TIME.zip here. A file that is there is not overwritten
  --config FILE  the desk's configuration (/etc/balcao/kiosk.toml)
  --trust DIR    trust folder; otherwise the configuration's, $BALCAO_TRUST or /etc/balcao/trust
  --log FILE     the desk's log; otherwise the journal
  --lines N      how many of the log's last lines (500)

It needs no root and no configuration, and ends within some ten seconds. Exit code 0 also when something is wrong.
`

// Bounds of the whole command, and of what is asked of one program or host.
const (
	supportTime = 9 * time.Second
	askTime     = 3 * time.Second
)

// mostLines bounds how much of a log is read for a bundle.
const mostLines = 5000

// finding is what the bundle says is so, and where: At is an address of the configuration's, a file of ours or "".
type finding struct {
	cardreader.Finding
	At string `json:"at,omitempty"`
}

// section is one file of a bundle.
type section struct {
	name     string // without its ending
	facts    any    // written as JSON; a string as it is
	findings []finding
}

// probe looks at one thing. What it returns holds nothing personal: texts from outside went through a wording.
type probe struct {
	what string
	look func(context.Context) []section
}

// desk is what the probes know of this desk.
type deskProbes struct {
	config  deskConfig
	wording wording
	log     string
	lines   int
	now     func() time.Time
}

func (d deskProbes) all() []probe {
	return []probe{
		{"versions", d.versions},
		{"readers and their service", d.readers},
		{"network and clock", d.network},
		{"screens", d.screens},
		{"fonts", d.fonts},
		{"printers", d.printers},
		{"configuration", d.configuration},
		{"trust folder", d.trust},
		{"log", d.logLines},
	}
}

// runSupport writes the bundle.
func runSupport(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("support", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, supportUsage) }
	file := flags.String("o", "", "")
	config := flags.String("config", systemKiosk, "")
	trust := flags.String("trust", "", "")
	log := flags.String("log", "", "")
	lines := flags.Int("lines", 500, "")
	if err := flags.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	if flags.NArg() > 0 || *lines < 1 || *lines > mostLines {
		flags.Usage()
		return exitUsage
	}
	now := time.Now()
	if *file == "" {
		*file = now.Format("balcao-support-20060102-150405.zip")
	}
	// Before the probes: whoever waits for them shall not learn only then that it cannot be written.
	out, err := os.OpenFile(*file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(stderr, "kioskctl support", err)
	}
	words := newWording(driverFiles)
	d := deskProbes{config: readDeskConfig(*config), wording: words, log: *log, lines: *lines, now: time.Now}
	if *trust != "" {
		d.config.trust = *trust
	}
	sections := gather(ctx, d.all(), stderr)
	err = writeBundle(out, now, sections, stdout)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(*file)
		return fail(stderr, "kioskctl support", err)
	}
	_, _ = fmt.Fprintf(stdout, "\nWritten to %s. To read it all: unzip -p %s\n", *file, *file)
	return exitOK
}

// gather looks at everything at the same time. What has not answered when the time is over is said to be so, and left.
func gather(ctx context.Context, probes []probe, progress io.Writer) []section {
	ctx, cancel := context.WithTimeout(ctx, supportTime)
	defer cancel()
	began := time.Now()
	found := make([]chan []section, len(probes))
	var say sync.Mutex
	for i, p := range probes {
		found[i] = make(chan []section, 1)
		go func() {
			found[i] <- p.look(ctx)
			say.Lock()
			defer say.Unlock()
			if ctx.Err() == nil {
				_, _ = fmt.Fprintf(progress, "looked at %s (%.1f s)\n", p.what, time.Since(began).Seconds())
			}
		}()
	}
	var all []section
	for i, p := range probes {
		select {
		case s := <-found[i]:
			all = append(all, s...)
			continue
		default:
		}
		select {
		case s := <-found[i]:
			all = append(all, s...)
		case <-ctx.Done():
			say.Lock()
			_, _ = fmt.Fprintf(progress, "%s: no answer in time\n", p.what)
			say.Unlock()
			all = append(all, section{findings: []finding{{Finding: cardreader.Finding{
				Code: "no_answer", Title: "No answer in time: " + p.what + ".", Cause: "Something that was asked hangs.",
				Cure: "Try again. If it stays so, that is the fault to look for.",
			}}}})
		}
	}
	return all
}

// writeBundle writes the archive, and prints the summary and what is in it.
func writeBundle(w io.Writer, at time.Time, sections []section, stdout io.Writer) error {
	archive := zip.NewWriter(w)
	var contents bytes.Buffer
	add := func(name string, text []byte) error {
		f, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
		if err == nil {
			_, err = f.Write(text)
		}
		_, _ = fmt.Fprintf(&contents, "  %-14s %6d bytes\n", name, len(text))
		return err
	}
	summary := summarise(at, sections)
	problems := []error{add("summary.txt", summary)}
	for _, s := range sections {
		if s.name == "" {
			continue
		}
		if text, plain := s.facts.(string); plain {
			problems = append(problems, add(s.name+".txt", []byte(text)))
			continue
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		problems = append(problems, e.Encode(s.facts), add(s.name+".json", text.Bytes()))
	}
	if err := errors.Join(append(problems, archive.Close())...); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "%s\nThe bundle holds:\n%s", summary, contents.Bytes())
	return nil
}

// summarise lists what was found, what is wrong first.
func summarise(at time.Time, sections []section) []byte {
	var b bytes.Buffer
	_, _ = fmt.Fprintf(&b, "Balcão desk, %s\n\n", at.UTC().Format("2006-01-02 15:04:05 UTC"))
	var wrong, good bytes.Buffer
	for _, s := range sections {
		for _, f := range s.findings {
			to, mark, where := &good, "✓", ""
			if !f.OK {
				to, mark = &wrong, "✗"
			}
			if f.At != "" {
				where = " [" + f.At + "]"
			}
			_, _ = fmt.Fprintf(to, "%s %s%s\n", mark, f.Title, where)
			if f.Cause != "" {
				_, _ = fmt.Fprintf(to, "    Why:  %s\n    Cure: %s\n", f.Cause, f.Cure)
			}
		}
	}
	_, _ = wrong.WriteTo(&b)
	_, _ = good.WriteTo(&b)
	return b.Bytes()
}
