package main

import (
	"bytes"
	"encoding/json"
	"errors"
	stdlog "log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A person who starts the desk has to learn what is wrong and what to do, in two lines.
func TestStartErrors(t *testing.T) {
	noDisplay := func(name string) func(*testing.T) error {
		return func(t *testing.T) error {
			t.Setenv("DISPLAY", name)
			return openDisplay()
		}
	}
	for _, test := range []struct {
		name  string
		start func(*testing.T) error
		says  string
		cure  string
	}{
		{"NoTrust", func(t *testing.T) error {
			return run(config{Trust: t.TempDir()}, slog.New(slog.DiscardHandler), &recent{})
		}, "trust anchors", "kioskctl trust import"},
		{"NoDisplay", noDisplay(""), "DISPLAY is not set", "DISPLAY=:0"},
		{"DeadDisplay", noDisplay(":4242"), "display :4242", "X server"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.start(t)
			var start *startError
			if !errors.As(err, &start) {
				t.Fatalf("got %v, want what is wrong and what to do", err)
			}
			if !strings.Contains(start.err.Error(), test.says) || !strings.Contains(start.cure, test.cure) {
				t.Errorf("got %q, want it to name %q and %q", err, test.says, test.cure)
			}
		})
	}
}

// -check-config looks into the trust folder, whose files a desk that starts only leaves out.
func TestCheckTrust(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "assets", "testpki", "trust"))); err != nil {
		t.Fatal(err)
	}
	if err := (config{Trust: dir}).checkTrust(); err != nil {
		t.Errorf("good: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "csca-crl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "csca-crl", "x.crl"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (config{Trust: dir}).checkTrust(); err == nil || !strings.Contains(err.Error(), "csca-crl/x.crl: ") {
		t.Errorf("a bad list: got %v", err)
	}
}

func TestToolkitLog(t *testing.T) {
	var out bytes.Buffer
	toolkit := stdlog.New(&toolkitLog{log: slog.New(slog.NewJSONHandler(&out, nil))}, "", 0)
	toolkit.Println("Fyne error: ", "failed to watch theme settings")
	toolkit.Println("  Cause:", "no D-Bus")
	toolkit.Println("Fyne error: ", "window creation error")
	toolkit.Println("  Cause:", "no GLX")
	var said []string
	for line := range strings.Lines(out.String()) {
		var entry struct{ Msg, Said string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("a line of the log is not JSON: %q", line)
		}
		said = append(said, entry.Said)
	}
	if got, want := strings.Join(said, "|"), "Fyne error:  window creation error|Cause: no GLX"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
