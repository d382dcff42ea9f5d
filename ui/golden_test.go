package ui_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/ui"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestWhatTheScreensSay compares every text of every screen, in reading order, with a file that
// people who know the language can read.
func TestWhatTheScreensSay(t *testing.T) {
	for _, language := range []kiosk.Language{kiosk.Portuguese, kiosk.English} {
		t.Run(string(language), func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			var said strings.Builder
			for i, screen := range slices.Concat(screens, longScreens) {
				d.Show(screen.state(language))
				clerk := d.ClerkPage()
				if i == 0 { // header, steps and status bar once
					clerk = d.Clerk().Content()
				}
				for _, w := range []struct {
					name    string
					content fyne.CanvasObject
				}{{"clerk", clerk}, {"citizen", d.Citizen().Content()}} {
					said.WriteString("== " + screen.name + ", " + w.name + "\n")
					for _, text := range texts(w.content) {
						if text = strings.TrimSpace(text); text != "" {
							said.WriteString(text + "\n")
						}
					}
					said.WriteString("\n")
				}
			}
			golden := filepath.Join("testdata", "screens-"+string(language)+".txt")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(said.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(said.String(), "\n")); diff != "" {
				t.Errorf("the screens say something else (-want +got); -update writes the files anew:\n%s", diff)
			}
		})
	}
}
