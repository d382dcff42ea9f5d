package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"balcao/cardreader"
)

// logLines are the desk's last lines, of which only what is known to be nobody's is kept.
func (d deskProbes) logLines(ctx context.Context) []section {
	raw, err := d.readLog(ctx)
	if err != nil || len(bytes.TrimSpace(raw)) == 0 {
		return []section{{findings: []finding{{Finding: cardreader.Finding{
			Code: "log_missing", Title: "No log of the desk can be read.",
			Cause: "The desk has not run yet, or this user may not read the journal (group systemd-journal).",
			Cure:  "Run the command as root, or name the log: --log FILE",
		}}}}}
	}
	all := strings.Split(strings.TrimSpace(string(raw)), "\n")
	all = all[max(0, len(all)-d.lines):]
	var b strings.Builder
	warnings := 0
	for _, line := range all {
		text, warning := d.wording.logLine(line)
		b.WriteString(text + "\n")
		if warning {
			warnings++
		}
	}
	title := fmt.Sprintf("The log's last %d lines have %d warnings and errors.", len(all), warnings)
	return []section{{"log", b.String(), []finding{{Finding: cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: title}}}}}
}

// mostOfLog bounds how much of the end of a log file is read, in bytes.
const mostOfLog = 8 << 20

func (d deskProbes) readLog(ctx context.Context) ([]byte, error) {
	if d.log == "" {
		out, err := ask(ctx, "journalctl", "--no-pager", "--quiet", "--output=cat", "--lines="+strconv.Itoa(d.lines), "_COMM=kiosk", "+", "SYSLOG_IDENTIFIER=kiosk", "+", "_SYSTEMD_UNIT=balcao-desk.service")
		return []byte(out), err
	}
	info, err := os.Stat(d.log)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // a pipe would be waited for
		return nil, fmt.Errorf("%s is not a file", d.log)
	}
	f, err := os.Open(d.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(max(0, info.Size()-mostOfLog), io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, mostOfLog))
}

// unsaid are attributes of the log that lead to a person at the centre: whoever needs one asks the desk for it.
var unsaid = []string{"reference", "enrolment"}

// sourceLine is a place in the program, as in the stack of a fault.
var sourceLine = regexp.MustCompile(`([a-z_]+)\.go:([0-9]{1,3})\b`)

// logLine is one line of the log, as time, level, message and attributes, without what is not known to be nobody's. Lines
// that are not of the desk's form, such as the toolkit's, are judged by their words.
func (w wording) logLine(line string) (text string, warning bool) {
	var attributes map[string]any
	if json.Unmarshal([]byte(line), &attributes) != nil {
		return w.plain(line), false
	}
	said := func(key string) string { s, _ := attributes[key].(string); return s }
	level := said("level")
	if !slices.Contains([]string{"DEBUG", "INFO", "WARN", "ERROR"}, level) {
		level = "…"
	}
	at := "…"
	if t, err := time.Parse(time.RFC3339Nano, said("time")); err == nil {
		at = t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s %-5s %s", at, level, w.plain(said("msg")))
	keys := make([]string, 0, len(attributes))
	for key := range attributes {
		if !slices.Contains([]string{"time", "level", "msg"}, key) && !slices.Contains(unsaid, key) && w.known[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if value := w.attribute(key, attributes[key]); value != "" {
			b.WriteString(" " + key + "=" + value)
		}
	}
	return b.String(), level == "WARN" || level == "ERROR"
}

// attribute is the value of an attribute, "" when it says nothing.
func (w wording) attribute(key string, value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return "true"
		}
		return "" // a state has dozens of these
	case float64:
		if key == "case" && v >= 0 && v < 1000 || v >= 0 && v < 100 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return "…"
	case string:
		switch {
		case key == "stack":
			return w.stack(v)
		case key == "reader" && v != "":
			return strconv.Quote(w.reader(v))
		}
		if v == "" {
			return ""
		}
		if text := w.plain(v); strings.Contains(text, " ") {
			return strconv.Quote(text)
		} else {
			return text
		}
	}
	return "…"
}

// stack is where a fault arose: files and lines.
func (w wording) stack(text string) string {
	var places []string
	for _, m := range sourceLine.FindAllStringSubmatch(text, 40) {
		known := true
		for word := range strings.SplitSeq(m[1], "_") {
			known = known && w.known[word]
		}
		if known {
			places = append(places, m[0])
		}
	}
	return strings.Join(places, ",")
}
