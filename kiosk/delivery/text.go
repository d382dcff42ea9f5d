package delivery

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"
)

// The texts are one file for each occasion, channel and language. E-mail texts begin with a line
// "Subject: …" and an empty line. SMS texts keep to the GSM 7-bit alphabet (3GPP TS 23.038), which
// has à è é ì ò ù but neither á ã â ç ê í ó õ ô ú; the Portuguese words were chosen accordingly,
// because one letter outside it halves the room and may double the price.
//
//go:embed messages/*.txt
var messageFiles embed.FS

var messages = template.Must(template.New("").
	Funcs(template.FuncMap{"day": day, "plural": plural}).
	Option("missingkey=error").
	ParseFS(messageFiles, "messages/*.txt"))

// Texts writes messages. The zero value is not useful: Support is shown to people.
type Texts struct {
	Support string // where a person calls, for example "300 000 000"
}

// CodeMessage is a one-time code on its way to a person.
type CodeMessage struct {
	Code    string
	Minutes int // for how long it is valid from now
}

// WelcomeMessage tells that a key is active. It has no name and no PIN, because anybody who holds
// the phone can read it.
type WelcomeMessage struct {
	Register   int64
	ValidUntil time.Time
}

// Code writes the message with a one-time code for the channel, "sms" or "email".
func (t Texts) Code(channel, language string, m CodeMessage) (Message, error) {
	return t.write("code", channel, language, map[string]any{
		"Code": m.Code, "Minutes": m.Minutes, "Support": t.Support,
	})
}

// Welcome writes the message that the key is active.
func (t Texts) Welcome(channel, language string, m WelcomeMessage) (Message, error) {
	return t.write("welcome", channel, language, map[string]any{
		"Register": m.Register, "ValidUntil": m.ValidUntil, "Support": t.Support,
	})
}

// write fills the template of an occasion. A language without texts gets Portuguese, because a
// message in another language is better than none.
func (t Texts) write(occasion, channel, language string, data map[string]any) (Message, error) {
	if channel != "sms" && channel != "email" {
		return Message{}, fmt.Errorf("writing a message: no channel of that name")
	}
	tmpl := messages.Lookup(occasion + "." + channel + "." + language + ".txt")
	if tmpl == nil {
		tmpl = messages.Lookup(occasion + "." + channel + ".pt.txt")
	}
	var b strings.Builder
	if err := tmpl.Execute(&b, data); err != nil {
		return Message{}, fmt.Errorf("writing a message: the template %s failed", tmpl.Name())
	}
	body := strings.TrimSpace(b.String())
	if channel == "sms" {
		return Message{Body: body}, nil
	}
	subject, body, _ := strings.Cut(body, "\n\n")
	return Message{Subject: strings.TrimPrefix(subject, "Subject: "), Body: body + "\n"}, nil
}

// day formats a day as people of that language write it.
func day(language string, t time.Time) string {
	if language == "en" {
		return t.Format("2 January 2006")
	}
	return t.Format("02-01-2006")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
