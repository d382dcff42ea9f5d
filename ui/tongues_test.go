package ui_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"balcao/assets/i18n"
	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/present"
)

// citizenKeys are the keys that the citizen's screen looks up in a language, over all states.
func citizenKeys(t *testing.T, l kiosk.Language) []string {
	t.Helper()
	found := map[string]bool{}
	defer i18n.Observe(func(lang, key string) {
		if lang == string(l) {
			found[key] = true
		}
	})()
	for _, screen := range screens {
		s := screen.state(kiosk.Portuguese)
		s.CitizenLanguage = l
		for _, one := range []bool{false, true} {
			present.Citizen(present.Presenter{State: s, OneScreen: one})
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// families are the beginnings of keys that are completed at run time: a page that shows one may show each.
var families = []string{"citizen.", "document.kind.", "month.", "seen.", "country.", "pin.rule.", "identity.name_", "key.reason.", "stored.section_", "stored.field_", "key.state."}

// TestCitizenReadsTheirLanguage: whatever the citizen's screen says is in each language's own catalogue.
func TestCitizenReadsTheirLanguage(t *testing.T) {
	if !slices.EqualFunc(kiosk.Languages, i18n.Citizens, func(l kiosk.Language, tag string) bool { return string(l) == tag }) {
		t.Errorf("kiosk has %v, the catalogues are %v", kiosk.Languages, i18n.Citizens)
	}
	for _, l := range kiosk.Languages[len(kiosk.ClerkLanguages):] {
		asked := citizenKeys(t, l)
		if len(asked) < 100 {
			t.Errorf("%s: only %d keys were looked up", l, len(asked))
		}
		for _, key := range i18n.Keys("pt") {
			for _, family := range families {
				if strings.HasPrefix(key, family) {
					asked = append(asked, key)
				}
			}
		}
		slices.Sort(asked)
		for _, key := range slices.Compact(asked) {
			if i18n.Has("pt", key) && !i18n.Has(string(l), key) {
				t.Errorf("%s: no text for %s", l, key)
			}
		}
	}
}

// TestEveryLanguageFits: nothing of the citizen's screen stands outside its window, lying or upright, in any language;
// and what the screen itself says, beside the pages, is in the language's own catalogue.
func TestEveryLanguageFits(t *testing.T) {
	defer i18n.Observe(func(lang, key string) {
		if i18n.Has("pt", key) && !i18n.Has(lang, key) {
			t.Errorf("%s: no text for %s", lang, key)
		}
	})()
	for _, size := range []fyne.Size{fyne.NewSize(1024, 768), fyne.NewSize(600, 800)} {
		d := newDesk(t, ui.Options{})
		d.Citizen().Resize(size)
		for _, l := range ui.Languages() {
			for _, screen := range screens {
				s := screen.state(kiosk.Portuguese)
				s.CitizenLanguage = l
				d.Show(s)
				eachPlaced(d.Citizen().Content(), func(text *canvas.Text, at fyne.Position) {
					if over := at.X + text.MinSize().Width - size.Width; at.X < 0 || over > 0.5 {
						t.Errorf("%s, %s, %v wide: %q begins at %.0f and is %.0f outside", l, screen.name, size.Width, text.Text, at.X, over)
					}
				})
			}
		}
	}
}
