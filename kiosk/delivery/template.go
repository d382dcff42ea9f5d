package delivery

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
)

// The texts are one file for each occasion, channel and language: OCCASION.CHANNEL.LANGUAGE.txt. E-mail texts begin
// with a line "Subject: …" and an empty line. An SMS fits one part: 160 letters of the GSM 7-bit alphabet (3GPP TS
// 23.038), where those of its extension, such as €, count twice; or 70 of UCS-2, where one outside it is among them. The GSM
// alphabet has à è é ì ò ù but neither á ã â ç ê í ó õ ô ú; the Portuguese words were chosen accordingly.
//
//go:embed messages/*.txt
var suppliedFiles embed.FS

var supplied = template.Must(newTemplate("").ParseFS(suppliedFiles, "messages/*.txt"))

func newTemplate(name string) *template.Template {
	return template.New(name).Funcs(template.FuncMap{"day": day, "plural": plural})
}

// LoadTexts reads an operator's texts, which go before those that come with the program; own is nil when there are none.
// Every file is checked: that it has the name of an occasion, channel and language, can be filled in, holds its code and,
// by SMS, fits one part; that each language that the folder adds has all texts. The error names all files that
// do not; the other ones are not used either.
func LoadTexts(support, web string, own fs.FS) (Texts, error) {
	t := Texts{Support: support, Web: web, own: make(map[string]*template.Template)}
	var problems []error
	if own != nil {
		names, err := fs.Glob(own, "*.txt")
		if err != nil {
			return Texts{}, fmt.Errorf("reading the texts of messages: %w", err)
		}
		if len(names) == 0 {
			problems = append(problems, errors.New("there is no file OCCASION.CHANNEL.LANGUAGE.txt"))
		}
		for _, name := range names {
			text, err := fs.ReadFile(own, name)
			if err == nil && !utf8.Valid(text) {
				err = errors.New("not UTF-8")
			}
			var tmpl *template.Template
			if err == nil {
				tmpl, err = newTemplate(name).Parse(string(text))
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
				continue
			}
			t.own[name] = tmpl
		}
	}
	if err := errors.Join(append(problems, t.check())...); err != nil {
		return Texts{}, fmt.Errorf("reading the texts of messages: %w", err)
	}
	return t, nil
}

// check fills in every text with the longest data it may meet.
func (t Texts) check() error {
	var problems []error
	bad := func(name, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %w", name, fmt.Errorf(format, args...)))
	}
	have := make(map[string]bool)
	for _, tmpl := range supplied.Templates() {
		have[tmpl.Name()] = true
	}
	for name := range t.own {
		have[name] = true
	}
	languages := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(have)) {
		part := textFile.FindStringSubmatch(name)
		if part == nil || !slices.Contains(Occasions, part[1]) {
			if _, own := t.own[name]; own {
				bad(name, "no such text: the name is OCCASION.CHANNEL.LANGUAGE.txt, the occasion one of %s", strings.Join(Occasions, " "))
			}
			continue
		}
		languages[part[3]] = true
		d := longest(part[1], part[2])
		m, err := t.Write(part[1], part[2], part[3], d)
		if err != nil {
			bad(name, "it cannot be filled in: it asks for something that there is not")
			continue
		}
		if code := shownCode(part[1]); code != nil && strings.Count(m.Body, code(d)) != 1 {
			bad(name, "the code is to be in the text, once")
		}
		if part[2] == "email" {
			if m.Subject == "" || strings.Contains(m.Subject, "\n") || m.Body == "\n" || strings.Contains(m.Subject, d.Code) {
				bad(name, "an e-mail begins with a line %q without the code, and an empty line", subjectLine+"…")
			}
		} else if parts, _, err := shortMessages(m.Body); err != nil || len(parts) != 1 {
			bad(name, "it does not fit one SMS when filled in: 160 letters of the GSM alphabet, or 70 when there is another one")
		}
	}
	for language := range languages {
		for _, occasion := range Occasions {
			for _, channel := range []string{"sms", "email"} {
				if name := fileName(occasion, channel, language); !have[name] {
					bad(name, "there are other texts in this language, and this one is missing")
				}
			}
		}
	}
	return errors.Join(problems...)
}

// longest is the data with which a text is longest.
func longest(occasion, channel string) Data {
	d := Data{
		Code: "000000", Minutes: 10, Register: 999_999_999, NotMe: "WWWWW-WWWWW", Days: 30,
		ValidUntil: time.Date(2036, time.September, 30, 0, 0, 0, 0, time.UTC),
		Document:   time.Date(2036, time.September, 29, 0, 0, 0, 0, time.UTC),
	}
	if occasion == "activation" {
		d.Code = "MMMMM-MMMMM"
	}
	if occasion == "locked" || channel == "email" {
		d.Minutes = 1440
	}
	return d
}
