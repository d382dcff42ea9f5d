package ui_test

import (
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/theme"
)

var (
	pictures = flag.String("pictures", "", "folder to write a picture of every screen into")
	only     = flag.String("only", "", "part of the names of the screens that TestEveryScreen draws")
)

// desk is the screens of a test: they draw, and what they send is collected.
type desk struct {
	*ui.UI
	events []kiosk.Event
	now    time.Time
	timers []timer
}

// timer is a call that the screens asked for.
type timer struct {
	at   time.Time
	call func()
}

// desks finds the desk of a window.
var desks = map[fyne.Window]*desk{}

// settle lets time pass until nothing waits for it.
func (d *desk) settle() {
	for len(d.timers) > 0 {
		first := d.timers[0]
		d.timers = d.timers[1:]
		if first.at.After(d.now) {
			d.now = first.at
		}
		first.call()
	}
}

func newDesk(t *testing.T, options ui.Options) *desk {
	t.Helper()
	d := &desk{now: today}
	options.Send = func(e kiosk.Event) { d.events = append(d.events, e) }
	options.Now = func() time.Time { return d.now }
	options.After = func(wait time.Duration, call func()) {
		d.timers = append(d.timers, timer{d.now.Add(wait), call})
	}
	d.UI = ui.New(application(), options)
	for _, w := range []fyne.Window{d.Clerk(), d.Citizen()} {
		if desks[w] == nil { // one screen is one window
			t.Cleanup(func() { delete(desks, w); w.Close() })
		}
		desks[w] = d
	}
	return d
}

// application is one for all desks, one after the other. A new application parses every font again and measures every
// text again, which is most of what a test here takes.
var application = sync.OnceValue(func() fyne.App {
	app := test.NewApp()
	return themed{app, &settings{Settings: app.Settings()}}
})

type themed struct {
	fyne.App
	settings *settings
}

func (t themed) Settings() fyne.Settings { return t.settings }

// settings set a theme only when it is another one, since Fyne then forgets what it measured.
type settings struct {
	fyne.Settings
	set fyne.Theme
}

func (s *settings) SetTheme(theme fyne.Theme) {
	if s.set != theme {
		s.set = theme
		s.Settings.SetTheme(theme)
	}
}

// texts collects every text of a canvas object that can be seen.
func texts(object fyne.CanvasObject) []string { return collect(object, false) }

// everyText collects the texts of hidden objects too.
func everyText(object fyne.CanvasObject) []string { return collect(object, true) }

func collect(object fyne.CanvasObject, hidden bool) []string {
	if !hidden && !object.Visible() {
		return nil
	}
	var children []fyne.CanvasObject
	switch o := object.(type) {
	case *canvas.Text:
		return []string{o.Text}
	case *theme.Text:
		return []string{o.Text()}
	case *fyne.Container:
		children = o.Objects
	case fyne.Widget:
		children = test.WidgetRenderer(o).Objects()
	}
	var found []string
	for _, child := range children {
		found = append(found, collect(child, hidden)...)
	}
	return found
}

func visibleText(w fyne.Window) string { return strings.Join(texts(w.Content()), "\n") }

// TestEveryScreen draws both windows in every state and looks for keys that have no text. With
// -pictures=folder it leaves a picture of each, for eyes.
func TestEveryScreen(t *testing.T) {
	for _, test := range []struct {
		name     string
		language kiosk.Language
		scale    float32
		size     fyne.Size // of both windows; zero for that which they begin with
		look     theme.Look
	}{
		{"pt", kiosk.Portuguese, 1, fyne.Size{}, theme.Light}, {"en", kiosk.English, 1, fyne.Size{}, theme.Light},
		{"large", kiosk.Portuguese, 1.5, fyne.Size{}, theme.Contrast}, {"wide", kiosk.Portuguese, 1, fyne.NewSize(1920, 1080), theme.Light},
		{"low", kiosk.Portuguese, 1, fyne.NewSize(854, 658), theme.Light}, {"dark", kiosk.Portuguese, 1, fyne.Size{}, theme.Dark},
		{"contrast", kiosk.Portuguese, 1, fyne.Size{}, theme.Contrast},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{TextScale: test.scale, Look: test.look})
			if !test.size.IsZero() {
				d.Clerk().Resize(test.size)
				d.Citizen().Resize(test.size)
			}
			for _, screen := range slices.Concat(screens, longScreens) {
				if *only != "" && !strings.Contains(screen.name, *only) {
					continue
				}
				d.Show(screen.state(test.language))
				for name, window := range map[string]fyne.Window{"clerk": d.Clerk(), "citizen": d.Citizen()} {
					if shown := visibleText(window); rawKey.MatchString(shown) {
						t.Errorf("%s, %s: shows the key %q", screen.name, name, rawKey.FindString(shown))
					}
					save(t, window, name+"-"+screen.name+"-"+test.name)
				}
			}
		})
	}
}

// TestNothingScrolls: at the size that the screens are made for, less what a window's title takes, all
// of a page is seen at once.
func TestNothingScrolls(t *testing.T) {
	for _, language := range []kiosk.Language{kiosk.Portuguese, kiosk.English} {
		d := newDesk(t, ui.Options{})
		d.Clerk().Resize(fyne.NewSize(1280, 800-30))
		for _, screen := range screens {
			d.Show(screen.state(language))
			if by := d.ClerkScrolls(); by > 0 {
				t.Errorf("%s, %s: the clerk's page is %.0f too high", screen.name, language, by)
			}
		}
	}
}

func save(t *testing.T, w fyne.Window, name string) {
	t.Helper()
	if *pictures == "" {
		return
	}
	if err := os.MkdirAll(*pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(*pictures, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, w.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
