package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"balcao/ui/present"
)

// TestRecent: the last lines are kept, as a page shows them, whatever is written how fast; and what is written elsewhere is
// the same as without.
func TestRecent(t *testing.T) {
	var out, alone bytes.Buffer
	var r recent
	plain := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	log := slog.New(r.handler(slog.NewJSONHandler(&out, plain)))
	for _, l := range []*slog.Logger{log, slog.New(slog.NewJSONHandler(&alone, plain))} {
		l.Debug("not even written")
		l.Info("state", "case", 7, "reference", "BX4-77Q", "step", "contact", "photo", false, "opened", true, "left", 0, "sms", "")
		l.With("work", "read").Warn("card", "error", "gone")
		l.WithGroup("of").Error("card", "stack", "goroutine 1", "fault", strings.Repeat("é", 2000))
	}
	if out.String() != alone.String() {
		t.Errorf("got %q, want %q", out.String(), alone.String())
	}
	lines := r.Lines()
	if len(lines) != 3 {
		t.Fatalf("got %+v", lines)
	}
	for i, want := range []present.LogLine{
		{Level: present.LogInfo, Text: "state · case 7 · reference BX4-77Q · step contact · opened", Reference: "BX4-77Q"},
		{Level: present.LogWarning, Text: "card · work read · error gone"},
	} {
		want.At = lines[i].At
		if lines[i] != want || lines[i].At.IsZero() {
			t.Errorf("got %+v, want %+v", lines[i], want)
		}
	}
	if long := lines[2]; long.Level != present.LogError || len(long.Text) > longestLine || strings.Contains(long.Text, "goroutine") || strings.Contains(long.Text, "\uFFFD") {
		t.Errorf("got %+v", long)
	}
	var many sync.WaitGroup
	for range 4 {
		many.Go(func() {
			for i := range recentLines {
				log.Info(fmt.Sprint("line ", i))
			}
		})
	}
	many.Wait()
	if lines = r.Lines(); len(lines) != recentLines || !strings.HasPrefix(lines[0].Text, "line ") {
		t.Errorf("got %d lines, the first %q", len(lines), lines[0].Text)
	}
}

// TestRecent_Follow: who follows is told once of many lines, and again when it has looked.
func TestRecent_Follow(t *testing.T) {
	r := recent{}
	told := 0
	r.tell = func() { told++ }
	log := slog.New(r.handler(slog.NewJSONHandler(&bytes.Buffer{}, nil)))
	log.Info("nobody follows")
	r.Follow(true)
	log.Info("one")
	log.Info("two")
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	if r.Lines(); told != 1 {
		t.Errorf("told %d times by looking", told)
	}
	log.Info("three")
	r.Follow(false)
	log.Info("four")
	if told != 2 || len(r.Lines()) != 5 {
		t.Errorf("told %d times, of %d lines", told, len(r.Lines()))
	}
}
