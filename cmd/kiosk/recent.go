package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"fyne.io/fyne/v2"

	"balcao/ui/present"
)

// What is kept of the log for the log page.
const (
	recentLines = 200
	longestLine = 1000 // bytes
)

// recent keeps the last lines of the log, beside where they are written to.
type recent struct {
	mu      sync.Mutex
	lines   [recentLines]present.LogLine
	n       int    // that there were
	changed func() // tells the log page on its goroutine; nil while nobody follows
	told    bool   // and not looked at since

	tell func() // what changed is when somebody follows
}

// handler writes to another one, and keeps what it wrote.
func (r *recent) handler(next slog.Handler) slog.Handler { return recentHandler{next, r, ""} }

// onChange sets who is told of lines while the page is open: on the UI goroutine, once for many.
func (r *recent) onChange(tell func()) {
	r.tell = func() { fyne.Do(tell) }
}

// Lines implements ui.Log.
func (r *recent) Lines() []present.LogLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = false
	kept := min(r.n, recentLines)
	all := make([]present.LogLine, kept)
	for i := range all {
		all[i] = r.lines[(r.n-kept+i)%recentLines]
	}
	return all
}

// Follow implements ui.Log.
func (r *recent) Follow(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed, r.told = nil, false
	if on {
		r.changed = r.tell
	}
}

func (r *recent) add(l present.LogLine) {
	r.mu.Lock()
	r.lines[r.n%recentLines] = l
	r.n++
	tell := r.changed
	if r.told {
		tell = nil
	}
	r.told = r.changed != nil
	r.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// recentHandler is the slog.Handler.
type recentHandler struct {
	next   slog.Handler
	recent *recent
	with   string // attributes that every line has
}

// Enabled implements slog.Handler.
func (h recentHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h recentHandler) Handle(ctx context.Context, record slog.Record) error {
	line := present.LogLine{At: record.Time, Level: present.LogInfo}
	switch {
	case record.Level >= slog.LevelError:
		line.Level = present.LogError
	case record.Level >= slog.LevelWarn:
		line.Level = present.LogWarning
	}
	text := record.Message + h.with
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "reference" {
			line.Reference = a.Value.String()
		}
		text += said(a)
		return true
	})
	line.Text = strings.ToValidUTF8(text[:min(len(text), longestLine)], "")
	h.recent.add(line)
	return h.next.Handle(ctx, record)
}

// said is an attribute as a page shows it: a state has dozens, of which most say nothing.
func said(a slog.Attr) string {
	switch value := a.Value.Resolve().String(); {
	case value == "", value == "false", value == "0", a.Key == "stack":
		return ""
	case value == "true":
		return " · " + a.Key
	default:
		return fmt.Sprintf(" · %s %s", a.Key, value)
	}
}

// WithAttrs implements slog.Handler.
func (h recentHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	for _, a := range attributes {
		h.with += said(a)
	}
	h.next = h.next.WithAttrs(attributes)
	return h
}

// WithGroup implements slog.Handler. The page does not show groups; the desk's log has none.
func (h recentHandler) WithGroup(name string) slog.Handler {
	h.next = h.next.WithGroup(name)
	return h
}
