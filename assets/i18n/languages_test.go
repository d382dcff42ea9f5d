package i18n_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"balcao/assets/i18n"
)

// forms are the plural forms of a text, or the text alone under "".
type forms map[string]string

// catalogue reads a file by key.
func catalogue(t *testing.T, tag string) map[string]forms {
	t.Helper()
	raw, err := os.ReadFile(tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]forms)
	var walk func(key string, node map[string]any)
	walk = func(key string, node map[string]any) {
		if _, counts := node["other"].(string); counts {
			all[key] = make(forms)
			for form, text := range node {
				all[key][form], _ = text.(string)
			}
			return
		}
		for name, child := range node {
			switch child := child.(type) {
			case map[string]any:
				walk(strings.TrimPrefix(key+"."+name, "."), child)
			case string:
				all[strings.TrimPrefix(key+"."+name, ".")] = forms{"": child}
			}
		}
	}
	walk("", tree)
	return all
}

var placeholder = regexp.MustCompile(`\{\{.*?\}\}`)

// values are what is put into a text.
func values(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// formsOf are the plural forms in which CLDR puts whole numbers of a language, those in the millions too.
func formsOf(tag string) []string {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	found := map[string]bool{"other": true} // go-i18n asks for it
	for n := range 300 {
		found[names[plural.Cardinal.MatchPlural(language.Make(tag), n, 0, 0, 0, 0)]] = true
	}
	if tag == "fr" || tag == "es" { // CLDR 38 has a form for whole millions, x/text the forms of CLDR 32
		found["many"] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestTranslations: a catalogue has no text that Portuguese has not, none is empty, each shows the same values, and has
// the plural forms of its language.
func TestTranslations(t *testing.T) {
	portuguese := catalogue(t, "pt")
	for _, tag := range i18n.Citizens[len(i18n.Languages):] {
		t.Run(tag, func(t *testing.T) {
			own := catalogue(t, tag)
			if len(own) < 150 {
				t.Errorf("%d texts", len(own))
			}
			for key, texts := range own {
				model, known := portuguese[key]
				if !known {
					t.Errorf("%s: Portuguese has no such text", key)
					continue
				}
				want := values(model[""] + model["other"])
				for form, text := range texts {
					if strings.TrimSpace(text) != text || text == "" {
						t.Errorf("%s: %q", key, text)
					}
					if got := values(text); !slices.Equal(got, want) {
						t.Errorf("%s, %s: got the values %v, want %v", key, form, got, want)
					}
				}
				got := slices.Sorted(maps.Keys(texts))
				if _, counts := model["other"]; counts && !slices.Equal(got, formsOf(tag)) || !counts && !slices.Equal(got, []string{""}) {
					t.Errorf("%s: got the plural forms %v", key, got)
				}
			}
		})
	}
}

// TestPlurals: the form follows the number, as each language counts.
func TestPlurals(t *testing.T) {
	for _, c := range []struct {
		tag  string
		n    int
		want string
	}{
		{"uk", 1, "Бракує 1 цифри."}, {"uk", 2, "Бракує 2 цифр."}, {"ru", 21, "Не хватает 21 цифры."}, {"ru", 5, "Не хватает 5 цифр."},
		{"fr", 0, "Il manque 0 chiffre."}, {"fr", 2, "Il manque 2 chiffres."}, {"es", 1, "Falta 1 cifra."}, {"zh-Hans", 1, "还差1位数字。"},
		{"hi", 0, "0 अंक बाक़ी है।"}, {"hi", 2, "2 अंक बाक़ी हैं।"}, {"bn", 3, "আর 3টি সংখ্যা বাকি।"}, {"ne", 1, "1 अङ्क बाँकी छ।"}, {"ne", 3, "3 अङ्क बाँकी छन्।"},
		{"fr", 1_000_000, "Il manque 1000000 chiffres."},
	} {
		if got := i18n.Text(c.tag, "citizen.missing_digits", map[string]any{"Count": c.n}); got != c.want {
			t.Errorf("%s, %d: got %q, want %q", c.tag, c.n, got, c.want)
		}
	}
}

// TestPapers: what is printed beside the Portuguese is there in each language whose letters can be printed (kiosk/paper).
func TestPapers(t *testing.T) {
	for _, key := range i18n.Keys("pt") {
		report := strings.HasPrefix(key, "paper.report.") // for the office
		said := strings.HasPrefix(key, "paper.") || strings.HasPrefix(key, "key.state.") || strings.HasPrefix(key, "level.")
		for _, tag := range []string{"fr", "es", "uk", "ru"} {
			if said && !report && !i18n.Has(tag, key) {
				t.Errorf("%s: no text for %s", tag, key)
			}
		}
	}
}
