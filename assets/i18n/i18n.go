// Package i18n holds every text that a person reads at a desk, in Portuguese and in English, and
// finds them by key.
//
// The two catalogues, pt.json and en.json, have the same keys. A text may name values in braces
// ("{{.Reader}}"); a text that depends on a number has plural forms chosen by the value "Count".
// The language is an argument of every call and no global setting, because the clerk and the
// citizen each read their own at the same time, and either may change it at any moment.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed pt.json en.json
var files embed.FS

// Languages lists the tags of the catalogues; the first is used where another is asked for.
var Languages = []string{"pt", "en"}

// Both are built once from the embedded files, which a test reads too: a file that does not
// parse is a programmer's error.
var localizers, keys = load()

func load() (map[string]*goi18n.Localizer, map[string][]string) {
	bundle := goi18n.NewBundle(language.Portuguese)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	byLanguage := make(map[string]*goi18n.Localizer, len(Languages))
	ids := make(map[string][]string, len(Languages))
	for _, tag := range Languages {
		file, err := bundle.LoadMessageFileFS(files, tag+".json")
		if err != nil {
			panic(fmt.Sprintf("i18n: %s.json: %v", tag, err))
		}
		for _, message := range file.Messages {
			ids[tag] = append(ids[tag], message.ID)
		}
		slices.Sort(ids[tag])
		byLanguage[tag] = goi18n.NewLocalizer(bundle, tag)
	}
	return byLanguage, ids
}

// Text returns the text of the key in the language, with the values put in; "Count" also chooses the
// plural form. An unknown language is answered in Portuguese. An unknown key is answered with the key
// itself: a screen that shows too much is better than one that shows nothing.
func Text(lang, key string, args map[string]any) string {
	localizer, known := localizers[lang]
	if !known {
		localizer = localizers[Languages[0]]
	}
	config := &goi18n.LocalizeConfig{MessageID: key, TemplateData: args}
	if count, counts := args["Count"]; counts {
		config.PluralCount = count
	}
	text, err := localizer.Localize(config)
	if err != nil && config.PluralCount != nil {
		config.PluralCount = nil // a number among the values, but no plural forms
		text, err = localizer.Localize(config)
	}
	if err != nil || text == "" {
		return key
	}
	return text
}

// Has reports whether the language's own catalogue has the key.
func Has(lang, key string) bool {
	_, found := slices.BinarySearch(keys[lang], key)
	return found
}

// Keys returns the sorted keys of a catalogue, for tests.
func Keys(lang string) []string { return slices.Clone(keys[lang]) }
