package kiosk_test

import (
	"testing"

	"balcao/kiosk"
)

func TestLikelyEmail(t *testing.T) {
	for text, want := range map[string]string{
		"ana@gmail.con":          "ana@gmail.com",
		"ana@gmail.co":           "ana@gmail.com",
		"ana@gmal.com":           "ana@gmail.com",
		"ana@gamil.com":          "ana@gmail.com",
		"ana@ggmail.com":         "ana@gmail.com",
		"ana@gmail.comm":         "ana@gmail.com",
		"Ana.B@GMIAL.COM":        "Ana.B@gmail.com",
		"ana@hotmial.com":        "ana@hotmail.com",
		"ana@sapo.pr":            "ana@sapo.pt",
		"ana@outlok.pt":          "ana@outlook.pt",
		"ana@live.com.tp":        "ana@live.com.pt",
		"ana@gmail.com":          "",
		"ana@ymail.com":          "",
		"ana@hotmail.es":         "",
		"ana@exemplo.pt":         "",
		"ana@correio.example":    "",
		"ana@gmaill.con":         "", // two slips may be another name
		"ana@mail.gmail.con.org": "",
		"gmail.con":              "",
		"":                       "",
	} {
		if got := kiosk.LikelyEmail(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
