package delivery

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"
)

// Occasions are what people are written about, on either channel.
var Occasions = []string{
	"code", "welcome", "activation",
	"notice_activated", "notice_phone", "notice_email", "notice_pin", "notice_unblocked", "notice_reactivated",
	"notice_renewed", "notice_suspended", "notice_cancelled",
	"locked", "blocked", "expiry",
}

// shownCode says which code the text of an occasion is there for. What took something away from a key needs none: the
// code "this was not me" would take away the same.
func shownCode(occasion string) func(Data) string {
	switch occasion {
	case "code", "activation":
		return func(d Data) string { return d.Code }
	case "notice_activated", "notice_phone", "notice_email", "notice_pin", "notice_unblocked", "notice_reactivated", "notice_renewed":
		return func(d Data) string { return d.NotMe }
	}
	return nil
}

// Data is what a text may speak of; each occasion has some of it. There is no name and no PIN, because anybody who holds
// the phone can read a message.
type Data struct {
	Code     string // one-time or activation code, as it is shown
	Minutes  int    // for how long the code, or a lock, holds from now
	Register int64
	// ValidUntil is the key's last day, Document the document's. Of a national the key outlives the document.
	ValidUntil, Document time.Time
	NotMe                string // the code "this was not me", as it is shown
	Days                 int    // until the key ends
	Support, Web         string // where a person calls, and where they go with an activation code or ""; Texts knows them
}

// Hours is Minutes in hours, for texts that would otherwise count many minutes: 0 below two hours.
func (d Data) Hours() int {
	if d.Minutes < 120 {
		return 0
	}
	return d.Minutes / 60
}

// Outlives reports whether the key is valid for longer than the document.
func (d Data) Outlives() bool { return d.ValidUntil.After(d.Document) }

// Texts writes messages. One with nothing but Support has the texts that come with the program.
type Texts struct {
	Support string // where a person calls, for example "300 000 000"
	Web     string // the login service's address, where an activation code is given too; empty: at desks only

	own map[string]*template.Template // an operator's, by the name of the file
}

// Write fills the template of an occasion for a channel, "sms" or "email". A language without texts gets Portuguese,
// because a message in another language is better than none. The error quotes nothing of the data.
func (t Texts) Write(occasion, channel, language string, d Data) (Message, error) {
	if channel != "sms" && channel != "email" || !slices.Contains(Occasions, occasion) {
		return Message{}, errors.New("writing a message: no occasion or channel of that name")
	}
	name := fileName(occasion, channel, language)
	tmpl := t.lookup(name)
	if tmpl == nil {
		name = fileName(occasion, channel, "pt")
		tmpl = t.lookup(name)
	}
	if tmpl == nil {
		return Message{}, fmt.Errorf("writing a message: no template %s", name)
	}
	d.Support, d.Web = t.Support, t.Web
	var b strings.Builder
	if err := tmpl.Execute(&b, d); err != nil {
		return Message{}, fmt.Errorf("writing a message: the template %s failed", name)
	}
	body := strings.TrimSpace(b.String())
	if channel == "sms" {
		return Message{Body: body}, nil
	}
	subject, body, _ := strings.Cut(body, "\n\n")
	return Message{Subject: strings.TrimPrefix(subject, subjectLine), Body: body + "\n"}, nil
}

const subjectLine = "Subject: "

func fileName(occasion, channel, language string) string {
	return occasion + "." + channel + "." + language + ".txt"
}

// textFile is the name of a template; a language is a tag of RFC 5646, with a script where people write it in two.
var textFile = regexp.MustCompile(`^([a-z_]+)\.(sms|email)\.([a-z]{2}(?:-[A-Z][a-z]{3})?)\.txt$`)

func (t Texts) lookup(name string) *template.Template {
	if tmpl := t.own[name]; tmpl != nil {
		return tmpl
	}
	return supplied.Lookup(name)
}

// Supplied returns the texts that come with the program in a language, by the name of the file, as templates.
func Supplied(language string) (map[string]string, error) {
	all := make(map[string]string)
	for _, occasion := range Occasions {
		for _, channel := range []string{"sms", "email"} {
			name := fileName(occasion, channel, language)
			text, err := suppliedFiles.ReadFile("messages/" + name)
			if err != nil {
				return nil, fmt.Errorf("reading the text of a message: %w", err)
			}
			all[name] = string(text)
		}
	}
	return all, nil
}

// days is how people write a day in each language; the others as the Portuguese do.
var days = map[string]string{
	"en": "2 January 2006", "fr": "02/01/2006", "es": "02/01/2006", "uk": "02.01.2006", "ru": "02.01.2006",
	"zh-Hans": "2006年1月2日", "hi": "02/01/2006", "bn": "02/01/2006", "ne": "2006/01/02",
}

// day formats a day as people of that language write it.
func day(language string, t time.Time) string {
	if layout, ok := days[language]; ok {
		return t.Format(layout)
	}
	return t.Format("02-01-2006")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
