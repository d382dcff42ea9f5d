package i18n

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
)

// reviewed.json says which texts somebody has read whose language it is: by language and name the Mark of the text that
// they read. A text that changed since, or that is not in it, is unread.
//
//go:embed reviewed.json
var reviewedFile []byte

var reviewed = func() map[string]map[string]string {
	var all map[string]map[string]string
	if err := json.Unmarshal(reviewedFile, &all); err != nil {
		panic(fmt.Sprintf("i18n: reviewed.json: %v", err))
	}
	return all
}()

// Reading is a text and whether somebody whose language it is has read it.
type Reading struct {
	Name, Text string
	Read       bool
}

// Review reports on a text that has a name of its own: a key of a catalogue, or the file of a message.
func Review(lang, name, text string) Reading {
	return Reading{Name: name, Text: text, Read: reviewed[lang][name] == Mark(text)}
}

// Reviews reports on a language's catalogue, in the order of the keys.
func Reviews(lang string) []Reading {
	c := read()
	all := make([]Reading, 0, len(c.keys[lang]))
	for _, key := range c.keys[lang] {
		all = append(all, Review(lang, key, c.texts[lang][key]))
	}
	return all
}

// Mark stands for a text in reviewed.json: the first 16 hexadecimal digits of its SHA-256.
func Mark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// whole is a text with all its plural forms, a line each.
func whole(m *goi18n.Message) string {
	var forms []string
	for _, form := range []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other} {
		if form != "" {
			forms = append(forms, form)
		}
	}
	return strings.Join(forms, "\n")
}
