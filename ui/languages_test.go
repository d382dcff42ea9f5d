package ui_test

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"balcao/assets/i18n/fonts"
	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/theme"
)

// TestLanguageMenu: ten names are reached with keys and with a finger, by the person and by the clerk for them.
func TestLanguageMenu(t *testing.T) {
	pt := kiosk.Portuguese
	person := func(l kiosk.Language) []kiosk.Event {
		return []kiosk.Event{kiosk.LanguageChosen{Citizen: true, Language: l}}
	}
	right := func(n int) (keys []fyne.KeyName) {
		for range n {
			keys = append(keys, fyne.KeyRight)
		}
		return keys
	}
	for _, test := range []struct {
		name  string
		state kiosk.State
		clerk bool
		keys  []fyne.KeyName // after F12
		text  string
		want  []kiosk.Event
	}{
		{"Number", contactSent(pt), false, nil, "7", person(kiosk.Chinese)},
		{"Tenth", contactSent(pt), false, nil, "0", person(kiosk.Nepali)},
		{"Arrows", pin(kiosk.PINFirst)(pt), false, []fyne.KeyName{fyne.KeyDown, fyne.KeyRight, fyne.KeyReturn}, "", person(kiosk.Spanish)},
		{"StaysAtTheEdge", idle(pt), false, []fyne.KeyName{fyne.KeyUp, fyne.KeyLeft, fyne.KeyRight, fyne.KeyReturn}, "", person(kiosk.English)},
		{"Closed", contactSent(pt), false, []fyne.KeyName{fyne.KeyEscape}, "", nil},
		{"ClosedAgain", contactSent(pt), false, []fyne.KeyName{fyne.KeyF12}, "", nil},
		{"DigitsAreNoCode", contactSent(pt), false, nil, "123456", person(pt)},
		{"ForThePerson", idle(pt), true, nil, "9", person(kiosk.Bengali)},
		{"OnTheClerksScreen", idle(pt), true, append(right(11), fyne.KeyReturn), "", []kiosk.Event{kiosk.LanguageChosen{Language: kiosk.English}}},
		{"OtherKeysWait", idle(pt), true, []fyne.KeyName{fyne.KeyF1}, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state)
			d.now = d.now.Add(ui.SettleTime)
			w := d.Citizen()
			if test.clerk {
				w = d.Clerk()
			}
			press(w, fyne.KeyF12)
			press(w, test.keys...)
			write(w, test.text)
			if diff := cmp.Diff(test.want, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("OneRing", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(pin(kiosk.PINFirst)(pt))
		press(d.Citizen(), fyne.KeyF12, fyne.KeyDown)
		was := d.Citizen().Canvas().Focused()
		press(d.Citizen(), fyne.KeyEscape, fyne.KeyF12)
		if is := d.Citizen().Canvas().Focused(); is == was || ui.Ringed(was) || !ui.Ringed(is) {
			t.Error("opened again the menu does not ring the name at hand alone")
		}
	})
	t.Run("ClosesWithThePage", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(contactSent(pt))
		press(d.Citizen(), fyne.KeyF12)
		d.Show(pin(kiosk.PINFirst)(pt))
		if top := d.Citizen().Canvas().Overlays().Top(); top != nil {
			t.Error("the menu stands over the next page")
		}
	})
}

// TestLookIsChosen: another look reaches whatever stands on both screens, and leaves nothing of the one before.
func TestLookIsChosen(t *testing.T) {
	pt := kiosk.Portuguese
	pixels := func(w fyne.Window) []uint8 { return w.Canvas().Capture().(*image.NRGBA).Pix }
	for _, state := range []func(kiosk.Language) kiosk.State{identity, contactSent, half} {
		d := newDesk(t, ui.Options{})
		d.Show(state(pt))
		d.now = d.now.Add(ui.SettleTime)
		before := pixels(d.Clerk())
		press(d.Clerk(), fyne.KeyF12)
		for range len(kiosk.Languages) + len(kiosk.ClerkLanguages) + int(theme.Contrast) {
			press(d.Clerk(), fyne.KeyRight)
		}
		if shown := strings.Join(texts(d.Clerk().Canvas().Overlays().Top()), "\n"); !strings.Contains(shown, "Alto contraste") {
			t.Fatalf("the menu offers %q", shown)
		}
		save(t, d.Clerk(), "menu")
		press(d.Clerk(), fyne.KeyReturn)
		if sent := d.sent(); len(sent) > 0 {
			t.Errorf("the session is told %v", sent)
		}
		fresh := newDesk(t, ui.Options{Look: theme.Contrast})
		fresh.Show(state(pt))
		anew := []fyne.Window{fresh.Clerk(), fresh.Citizen()}
		for i, w := range []fyne.Window{d.Clerk(), d.Citizen()} {
			w.Canvas().Unfocus() // the keys above were the clerk's
			anew[i].Canvas().Unfocus()
			got := pixels(w)
			if i == 0 && slices.Equal(got, before) {
				t.Error("nothing changes")
			}
			if !slices.Equal(got, pixels(anew[i])) {
				save(t, w, fmt.Sprintf("look-%s-%d", state(pt).Step, i))
				t.Errorf("step %s, window %d: not as a desk that began in that look", state(pt).Step, i)
			}
		}
	}
}

// TestNoFontNoLanguage: a language whose letters the machine lacks is not offered.
func TestNoFontNoLanguage(t *testing.T) {
	if got := ui.Languages(); !slices.Equal(got, kiosk.Languages) {
		t.Fatalf("got %v, want all (the machine needs the packages fonts-noto-core and fonts-noto-cjk)", got)
	}
	bengali := fonts.Of('ব')
	files := bengali.Files
	t.Cleanup(func() { bengali.Files = files })
	bengali.Files[0] += ".gone"
	if got := ui.Languages(); slices.Contains(got, kiosk.Bengali) || len(got) != len(kiosk.Languages)-1 {
		t.Errorf("got %v", got)
	}
	d := newDesk(t, ui.Options{})
	d.Show(idle(kiosk.Portuguese))
	if shown := visibleText(d.Citizen()); strings.Contains(shown, kiosk.Bengali.Name()) || !strings.Contains(shown, kiosk.Nepali.Name()) {
		t.Errorf("the page offers %q", shown)
	}
}
