package delivery_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

// texts has the longest telephone number of a support that a registrar takes.
var texts = delivery.Texts{Support: "+351 300 003 990 123"}

// supplied are the names of all texts that come with the program.
func supplied(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(delivery.SuppliedFiles, "messages/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d texts, %v", len(names), err)
	}
	return names
}

// What is checked of an operator's texts holds for ours: complete in each language, filled in with the longest data, one part,
// the code where there is one.
func TestTexts_Supplied(t *testing.T) {
	if _, err := delivery.LoadTexts(texts.Support, "", nil); err != nil {
		t.Error(err)
	}
	form := regexp.MustCompile(`^messages/([a-z_]+)\.(sms|email)\.([a-zA-Z-]+)\.txt$`)
	for _, name := range supplied(t) {
		part := form.FindStringSubmatch(name)
		if part == nil {
			t.Errorf("%s: no name of a text", name)
			continue
		}
		d := delivery.Longest(part[1], part[2])
		m, err := texts.Write(part[1], part[2], part[3], d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		parts, gsm, err := delivery.ShortMessages(m.Body)
		if part[2] == "sms" && (err != nil || len(parts) != 1) {
			t.Errorf("%s: %d parts, GSM %v: %q (%v)", name, len(parts), gsm, m.Body, err)
		}
		if latin := part[3] == "pt" || part[3] == "en"; part[2] == "sms" && latin && !gsm {
			t.Errorf("%s: a letter outside the GSM alphabet, which halves the room: %q", name, m.Body)
		}
		for line := range strings.SplitSeq(m.Body, "\n") {
			if part[2] == "email" && utf8.RuneCountInString(line) > 90 {
				t.Errorf("%s: a long line %q", name, line)
			}
		}
		if strings.Contains(m.Body, "no value") || strings.Contains(m.Body, "0001") {
			t.Errorf("%s: not filled in: %q", name, m.Body)
		}
	}
}

func TestTexts_Code(t *testing.T) {
	for _, channel := range []string{"sms", "email"} {
		for _, language := range []string{"pt", "en"} {
			t.Run(channel+"/"+language, func(t *testing.T) {
				m, err := texts.Write("code", channel, language, delivery.Data{Code: "048291", Minutes: 15})
				if err != nil {
					t.Fatal(err)
				}
				first, rest, _ := strings.Cut(m.Body, "\n")
				if !strings.Contains(first, "048291") || utf8.RuneCountInString(first) > 20 {
					t.Errorf("first line: got %q, want it short and with the code", first)
				}
				if !strings.Contains(rest, "15 minut") {
					t.Errorf("no validity in %q", rest)
				}
				if strings.Contains(m.Subject, "048291") {
					t.Error("the code is in the subject, which mail servers write into their logs")
				}
				if (channel == "email") != (m.Subject != "") {
					t.Errorf("subject: got %q", m.Subject)
				}
				warning := map[string]string{"pt": "ninguém", "en": "Never tell"}[language]
				if !strings.Contains(rest, warning) {
					t.Errorf("no warning in %q", rest)
				}
			})
		}
	}
}

func TestTexts_Write(t *testing.T) {
	until := time.Date(2034, time.May, 3, 0, 0, 0, 0, time.UTC)
	d := delivery.Data{Code: "K7M2P-9QRST", Minutes: 1440, Register: 4_000_123, ValidUntil: until, Document: until,
		NotMe: "23456-789AB", Days: 1}
	national := d
	national.Document = until.AddDate(0, 0, -30)
	for _, c := range []struct {
		occasion, channel, language string
		data                        delivery.Data
		want, never                 []string
	}{
		{"welcome", "sms", "pt", d, []string{"03-05-2034", "4000123", texts.Support}, nil},
		{"welcome", "email", "en", d, []string{"3 May 2034", "4000123", texts.Support}, nil},
		{"activation", "email", "pt", d, []string{"K7M2P-9QRST", "24 horas"}, []string{"1440"}},
		{"activation", "sms", "en", delivery.Data{Code: "K7M2P-9QRST", Minutes: 10}, []string{"K7M2P-9QRST", "10 minutes"}, []string{"hour"}},
		{"locked", "sms", "pt", delivery.Data{Minutes: 5}, []string{"5 minutos"}, nil},
		{"notice_phone", "sms", "pt", d, []string{"23456-789AB", "telefone", "72 h"}, []string{"K7M2P"}},
		{"notice_cancelled", "sms", "en", d, []string{"cancelled"}, []string{"23456-789AB"}},
		{"expiry", "email", "pt", d, []string{"03-05-2034"}, []string{"documento vale"}},
		{"expiry", "email", "pt", national, []string{"documento vale até: 03-04-2034", "chave vale até: 03-05-2034"}, nil},
		{"expiry", "sms", "en", national, []string{"3 May 2034", "3 April 2034"}, nil},
	} {
		t.Run(c.occasion+"/"+c.channel+"/"+c.language, func(t *testing.T) {
			m, err := texts.Write(c.occasion, c.channel, c.language, c.data)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range c.want {
				if !strings.Contains(m.Body, part) {
					t.Errorf("no %q in %q", part, m.Body)
				}
			}
			for _, part := range c.never {
				if strings.Contains(m.Body, part) {
					t.Errorf("%q in %q", part, m.Body)
				}
			}
		})
	}
	for _, web := range []string{"", "https://entrar.example.pt"} {
		where := delivery.Texts{Support: texts.Support, Web: web}
		for _, language := range []string{"pt", "en", "fr", "es", "uk", "ru", "zh-Hans", "hi", "bn", "ne"} {
			m, err := where.Write("activation", "email", language, d)
			if err != nil || strings.Contains(m.Body, "https://") != (web != "") || !strings.Contains(m.Body, web) {
				t.Errorf("%s, activated at %q too: %q, %v", language, web, m.Body, err)
			}
		}
	}
	if m, err := texts.Write("expiry", "email", "pt", d); err != nil || m.Subject != "A sua Chave Móvel Digital acaba dentro de 1 dia" {
		t.Errorf("got %q, %v", m.Subject, err)
	}
}

func TestTexts_OtherLanguageIsPortuguese(t *testing.T) {
	d := delivery.Data{Code: "123456", Minutes: 1}
	got, err := texts.Write("code", "sms", "xx", d)
	if err != nil {
		t.Fatal(err)
	}
	want, err := texts.Write("code", "sms", "pt", d)
	if err != nil || got != want || !strings.Contains(want.Body, "1 minuto.") {
		t.Errorf("got %q, want %q (%v)", got.Body, want.Body, err)
	}
}

func TestTexts_ErrName(t *testing.T) {
	for _, name := range [][2]string{{"code", "fax"}, {"birthday", "sms"}, {"code.sms.pt.txt\x00", "sms"}} {
		if _, err := texts.Write(name[0], name[1], "pt", delivery.Data{}); err == nil {
			t.Errorf("%q: a message was written", name)
		}
	}
}

func TestLoadTexts(t *testing.T) {
	all := func(language string) fstest.MapFS {
		folder := fstest.MapFS{}
		for _, name := range supplied(t) {
			if own, ok := strings.CutSuffix(strings.TrimPrefix(name, "messages/"), ".en.txt"); ok {
				text, err := fs.ReadFile(delivery.SuppliedFiles, name)
				if err != nil {
					t.Fatal(err)
				}
				folder[own+"."+language+".txt"] = &fstest.MapFile{Data: text}
			}
		}
		return folder
	}
	one := func(name, text string) fstest.MapFS { return fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}} }
	less := all("sr-Latn")
	delete(less, "locked.email.sr-Latn.txt")
	for _, c := range []struct {
		name  string
		texts fstest.MapFS
		want  string // in the error; "" when it is good
	}{
		{"one replaced", one("code.sms.pt.txt", "O seu código é {{.Code}}."), ""},
		{"another language", all("sr-Latn"), ""},
		{"another language in part", less, "locked.email.sr-Latn.txt"},
		{"empty", fstest.MapFS{"README": &fstest.MapFile{}}, "no file"},
		{"no such occasion", one("birthday.sms.pt.txt", "x"), "birthday.sms.pt.txt"},
		{"no such channel", one("code.fax.pt.txt", "{{.Code}}"), "code.fax.pt.txt"},
		{"no such tag", one("code.sms.portugues.txt", "{{.Code}}"), "code.sms.portugues.txt"},
		{"does not parse", one("code.sms.pt.txt", "{{.Code"), "code.sms.pt.txt"},
		{"asks for what there is not", one("code.sms.pt.txt", "{{.Code}} {{.PIN}}"), "code.sms.pt.txt"},
		{"without its code", one("notice_pin.sms.en.txt", "Your PIN changed."), "code is to be in the text"},
		{"another code", one("notice_pin.sms.en.txt", "Your PIN changed: {{.Code}}"), "code is to be in the text"},
		{"two parts", one("welcome.sms.en.txt", strings.Repeat("x", 161)), "one SMS"},
		{"two parts when filled in", one("code.sms.en.txt", "{{.Code}}"+strings.Repeat("x", 155)), "one SMS"},
		{"two parts of the extension", one("welcome.sms.en.txt", strings.Repeat("€", 81)), "one SMS"},
		{"one part of the extension", one("welcome.sms.en.txt", strings.Repeat("€", 80)), ""},
		{"two parts in UCS-2", one("welcome.sms.en.txt", strings.Repeat("я", 71)), "one SMS"},
		{"one part in UCS-2", one("welcome.sms.en.txt", strings.Repeat("я", 70)), ""},
		{"surrogates", one("welcome.sms.en.txt", strings.Repeat("𝄞", 36)), "one SMS"},
		{"an e-mail without subject", one("welcome.email.en.txt", "Hello"), "welcome.email.en.txt"},
		{"the code in the subject", one("code.email.en.txt", "Subject: {{.Code}}\n\n{{.Code}}"), "code.email.en.txt"},
		{"not UTF-8", one("welcome.sms.en.txt", "\xff"), "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := delivery.LoadTexts("300 003 990", "", c.texts)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	own, err := delivery.LoadTexts("300 003 990", "", one("code.sms.pt.txt", "O meu: {{.Code}} {{.Support}}"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := own.Write("code", "sms", "pt", delivery.Data{Code: "123456"}); err != nil || m.Body != "O meu: 123456 300 003 990" {
		t.Errorf("got %q, %v", m.Body, err)
	}
	if m, err := own.Write("code", "sms", "en", delivery.Data{Code: "123456"}); err != nil || !strings.Contains(m.Body, "To confirm") {
		t.Errorf("got %q, %v", m.Body, err)
	}
}

// Every language of the citizen's screen has texts of its own.
func TestTexts_EveryLanguage(t *testing.T) {
	written := make(map[string]kiosk.Language)
	for _, l := range kiosk.Languages {
		for _, occasion := range delivery.Occasions {
			m, err := texts.Write(occasion, "email", string(l), delivery.Longest(occasion, "email"))
			if err != nil {
				t.Fatal(err)
			}
			if other, twice := written[m.Body]; twice {
				t.Errorf("%s: %s is written as in %s", l, occasion, other)
			}
			written[m.Body] = l
		}
	}
}
