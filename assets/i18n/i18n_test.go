package i18n_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/assets/i18n"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		name, lang, key string
		args            map[string]any
		want            string
	}{
		{"Plain", "pt", "step.contact", nil, "Contacto"},
		{"English", "en", "step.contact", nil, "Contact"},
		{"Value", "pt", "reading.subtitle", map[string]any{"Reader": 2}, "Não retire o cartão do leitor 2."},
		{"One", "pt", "contact.problem.code_wrong", map[string]any{"Count": 1}, "Código errado. Resta 1 tentativa."},
		{"Many", "pt", "contact.problem.code_wrong", map[string]any{"Count": 2}, "Código errado. Restam 2 tentativas."},
		{"None", "en", "contact.problem.code_wrong", map[string]any{"Count": 0}, "Wrong code. 0 tries left."},
		{"CountWithoutForms", "en", "step.pin", map[string]any{"Count": 1}, "PIN"},
		{"UnknownLanguage", "xx", "step.identity", nil, "Identidade"},
		{"OnlyForTheClerk", "hi", "status.reader", map[string]any{"Number": 2, "Content": "x"}, "Leitor 2: x"},
		{"UnknownKey", "en", "step.nowhere", nil, "step.nowhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := i18n.Text(test.lang, test.key, test.args); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// placeholders by key of a catalogue file: a value that one language shows and the other does not is
// a mistake in one of them.
func placeholders(t *testing.T, file string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]string)
	pattern := regexp.MustCompile(`\.[A-Z]\w*`)
	var walk func(path string, node any)
	walk = func(path string, node any) {
		switch node := node.(type) {
		case map[string]any:
			for key, child := range node {
				walk(path+"/"+key, child)
			}
		case string:
			names := make(map[string]bool)
			for _, name := range pattern.FindAllString(node, -1) {
				names[name] = true
			}
			found[path] = slices.Sorted(maps.Keys(names))
			if node == "" {
				t.Errorf("%s: %s is empty", file, path)
			}
		}
	}
	walk("", tree)
	return found
}

func TestCataloguesAgree(t *testing.T) {
	if diff := cmp.Diff(placeholders(t, "pt.json"), placeholders(t, "en.json")); diff != "" {
		t.Errorf("keys or values differ (-pt +en):\n%s", diff)
	}
	if diff := cmp.Diff(i18n.Keys("pt"), i18n.Keys("en")); diff != "" {
		t.Errorf("keys differ (-pt +en):\n%s", diff)
	}
}

// TestReviews: every text is named, and one that nobody read is unread; a mark is of one text only.
func TestReviews(t *testing.T) {
	for _, tag := range i18n.Citizens {
		all := i18n.Reviews(tag)
		if len(all) != len(i18n.Keys(tag)) {
			t.Errorf("%s: %d of %d texts", tag, len(all), len(i18n.Keys(tag)))
		}
		for _, r := range all {
			if r.Text == "" {
				t.Errorf("%s: %s has no text", tag, r.Name)
			}
		}
	}
	if r := i18n.Review("fr", "no.such.text", "Bonjour"); r.Read {
		t.Error("a text that is in no list was read")
	}
	if i18n.Mark("Bonjour") == i18n.Mark("Bonjour ") {
		t.Error("two texts have one mark")
	}
	raw, err := os.ReadFile("reviewed.json")
	if err != nil {
		t.Fatal(err)
	}
	var marks map[string]map[string]string
	if err := json.Unmarshal(raw, &marks); err != nil {
		t.Fatal(err)
	}
	for tag, names := range marks {
		for name := range names {
			if !slices.Contains(i18n.Citizens, tag) || !strings.HasSuffix(name, ".txt") && !i18n.Has(tag, name) {
				t.Errorf("reviewed.json has %s of %s, which there is not", name, tag)
			}
		}
	}
}
