// Package i18n holds every text that a person reads at a desk, in ten languages, and finds them by key.
//
// The catalogues of Portuguese and English have the same keys. The others have the keys of the citizen's screen and of
// papers for the person, and no others: clerks read Portuguese or English. A text may name values in braces
// ("{{.Reader}}"); a text that depends on a number has plural forms chosen by the value "Count".
// The language is an argument of every call and no global setting, because the clerk and the
// citizen each read their own at the same time, and either may change it at any moment.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed pt.json en.json fr.json es.json uk.json ru.json zh-Hans.json hi.json bn.json ne.json
var files embed.FS

// Languages lists the tags of the catalogues that have every text; the first is used where another is asked for, or
// has no such text.
var Languages = []string{"pt", "en"}

// Citizens lists the tags of the languages of the citizen's screen.
var Citizens = []string{"pt", "en", "fr", "es", "uk", "ru", "zh-Hans", "hi", "bn", "ne"}

// catalogues are what the files say, by language.
type catalogues struct {
	localizers map[string]*goi18n.Localizer
	keys       map[string][]string // sorted
	texts      map[string]map[string]string
}

// read reads the embedded files when the first text is asked for: many programs ask for none. A test reads them too: a file
// that does not parse is a programmer's error.
var read = sync.OnceValue(func() catalogues {
	bundle := goi18n.NewBundle(language.Portuguese)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	byLanguage := make(map[string]*goi18n.Localizer, len(Citizens))
	ids := make(map[string][]string, len(Citizens))
	all := make(map[string]map[string]string, len(Citizens))
	for _, tag := range Citizens {
		all[tag] = make(map[string]string)
		file, err := bundle.LoadMessageFileFS(files, tag+".json")
		if err != nil {
			panic(fmt.Sprintf("i18n: %s.json: %v", tag, err))
		}
		for _, message := range file.Messages {
			ids[tag] = append(ids[tag], message.ID)
			all[tag][message.ID] = whole(message)
		}
		slices.Sort(ids[tag])
		byLanguage[tag] = goi18n.NewLocalizer(bundle, tag)
	}
	return catalogues{byLanguage, ids, all}
})

// asked is told of every key that is looked up, for tests.
var asked atomic.Pointer[func(lang, key string)]

// Observe tells of every key that is looked up until the function that it returns is called: tests find out so which
// texts a screen needs.
func Observe(tell func(lang, key string)) (stop func()) {
	asked.Store(&tell)
	return func() { asked.Store(nil) }
}

// Text returns the text of the key in the language, with the values put in; "Count" also chooses the
// plural form. An unknown language, or a text that it lacks, is answered in Portuguese. An unknown key is answered with the key
// itself: a screen that shows too much is better than one that shows nothing.
func Text(lang, key string, args map[string]any) string {
	if tell := asked.Load(); tell != nil {
		(*tell)(lang, key)
	}
	localizers := read().localizers
	own, known := localizers[lang]
	if text := localized(own, key, args); known && text != "" {
		return text
	}
	if text := localized(localizers[Languages[0]], key, args); text != "" {
		return text
	}
	return key
}

// localized is the text of one catalogue, and empty where it has none.
func localized(localizer *goi18n.Localizer, key string, args map[string]any) string {
	if localizer == nil {
		return ""
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
	if err != nil {
		return ""
	}
	return text
}

// Has reports whether the language's own catalogue has the key.
func Has(lang, key string) bool {
	_, found := slices.BinarySearch(read().keys[lang], key)
	return found
}

// Keys returns the sorted keys of a catalogue, for tests.
func Keys(lang string) []string { return slices.Clone(read().keys[lang]) }
