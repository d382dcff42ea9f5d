package delivery_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"

	"balcao/kiosk/delivery"
)

var texts = delivery.Texts{Support: "300 003 990"}

func TestTexts_Code(t *testing.T) {
	for _, channel := range []string{"sms", "email"} {
		for _, language := range []string{"pt", "en"} {
			t.Run(channel+"/"+language, func(t *testing.T) {
				m, err := texts.Code(channel, language, delivery.CodeMessage{Code: "048291", Minutes: 15})
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
				if channel == "sms" {
					fitsOneShortMessage(t, m.Body)
				}
			})
		}
	}
}

func TestTexts_Welcome(t *testing.T) {
	until := time.Date(2034, time.May, 3, 0, 0, 0, 0, time.UTC)
	want := map[string]string{"pt": "03-05-2034", "en": "3 May 2034"}
	for _, channel := range []string{"sms", "email"} {
		for language, day := range want {
			t.Run(channel+"/"+language, func(t *testing.T) {
				m, err := texts.Welcome(channel, language, delivery.WelcomeMessage{Register: 4_000_123, ValidUntil: until})
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range []string{day, "4000123", "300 003 990"} {
					if !strings.Contains(m.Body, part) {
						t.Errorf("no %q in %q", part, m.Body)
					}
				}
				if channel == "sms" {
					fitsOneShortMessage(t, m.Body)
				}
			})
		}
	}
}

func TestTexts_OneMinute(t *testing.T) {
	m, err := texts.Code("sms", "pt", delivery.CodeMessage{Code: "000000", Minutes: 1})
	if err != nil || !strings.Contains(m.Body, "1 minuto.") {
		t.Errorf("got %q, %v", m.Body, err)
	}
}

func TestTexts_OtherLanguageIsPortuguese(t *testing.T) {
	got, err := texts.Code("sms", "fr", delivery.CodeMessage{Code: "123456", Minutes: 5})
	if err != nil {
		t.Fatal(err)
	}
	want, err := texts.Code("sms", "pt", delivery.CodeMessage{Code: "123456", Minutes: 5})
	if err != nil || got != want {
		t.Errorf("got %q, want %q (%v)", got.Body, want.Body, err)
	}
}

func TestTexts_ErrChannel(t *testing.T) {
	if _, err := texts.Code("fax", "pt", delivery.CodeMessage{}); err == nil {
		t.Error("a message was written for a channel that does not exist")
	}
}

func fitsOneShortMessage(t *testing.T, body string) {
	t.Helper()
	if strange := data.ValidateGSM7String(body); len(strange) > 0 {
		t.Errorf("letters outside the GSM alphabet: %q", string(strange))
	}
	if n := utf8.RuneCountInString(body); n > 160 {
		t.Errorf("%d characters, want at most 160", n)
	}
}
