package kiosk_test

import (
	"strings"
	"testing"

	"balcao/kiosk"
)

func TestParsePhone(t *testing.T) {
	for _, tt := range []struct {
		text, region, want string
		problem            kiosk.ContactProblem
	}{
		{"912345678", "PT", "+351912345678", ""},
		{" 912 345 678 ", "PT", "+351912345678", ""},
		{"+351 912-345-678", "PT", "+351912345678", ""},
		{"00351912345678", "PT", "+351912345678", ""},
		{"９１２３４５６７８", "PT", "+351912345678", ""},
		{"＋351 912345678", "PT", "+351912345678", ""},
		{"٩١٢٣٤٥٦٧٨", "PT", "+351912345678", ""},
		{"+44 7400 123456", "PT", "+447400123456", ""},
		{"07400 123456", "GB", "+447400123456", ""},
		{"+1 201 555 0123", "PT", "+12015550123", ""}, // fixed and mobile look alike there
		{"210000000", "PT", "", kiosk.ContactNotMobile},
		{"+442079460000", "PT", "", kiosk.ContactNotMobile},
		{"800200000", "PT", "", kiosk.ContactNotMobile},
		{"", "PT", "", kiosk.PhoneDigitsMissing},
		{"912", "PT", "", kiosk.PhoneDigitsMissing},
		{"9123456789", "PT", "", kiosk.PhoneDigitExtra},
		{"+351 912 345 67", "PT", "", kiosk.PhoneDigitMissing},
		{"91234567", "PT", "", kiosk.PhoneDigitMissing},
		{"912 345 678 90", "PT", "", kiosk.PhoneDigitsExtra},
		{"+34 612 345 67", "PT", "", kiosk.PhoneDigitMissing},
		{"612345678", "PT", "", kiosk.PhoneUnassigned},
		{"+999 912345678", "PT", "", kiosk.PhoneCountry},
		{"912FLOWERS", "PT", "", kiosk.PhoneCharacters},
		{"912345678 ext. 5", "PT", "", kiosk.PhoneCharacters},
		{"912345678;ext=5", "PT", "", kiosk.PhoneCharacters},
		{"tel:+351912345678", "PT", "", kiosk.PhoneCharacters},
		{"912345678\n", "PT", "+351912345678", ""},
		{"912\n345678", "PT", "", kiosk.PhoneCharacters},
		{strings.Repeat(" ", 100) + "9", "PT", "", kiosk.PhoneDigitsMissing},
		{strings.Repeat("9", 100), "PT", "", kiosk.PhoneDigitsExtra},
		{"912345678", "ZZ", "", kiosk.PhoneCountry},
		{"112", "PT", "", kiosk.PhoneDigitsMissing},
		{"\u202a+351 912 345 678\u202c", "PT", "+351912345678", ""},
		{"\u2066+351\u00a0912\u202f345\u2007678\u2069\u200e", "PT", "+351912345678", ""},
		{"912\u200b345\u00ad678\ufeff", "PT", "+351912345678", ""},
		{"912\ufe0f345\u2060678", "PT", "+351912345678", ""},
		{"912·345·678", "PT", "+351912345678", ""},
		{"912\u2212345\u2014678", "PT", "+351912345678", ""},
		{"+351 (0) 912 345 678", "PT", "+351912345678", ""},
		{"00351(0)912345678", "PT", "+351912345678", ""},
		{"(+351) (0)912345678", "PT", "+351912345678", ""},
		{"+44 (0)7911 123456", "PT", "+447911123456", ""},
		{"+49 (0) 151 12345678", "PT", "+4915112345678", ""},
		{"+39 (0) 347 1234567", "PT", "+393471234567", ""},
		{"(0)912345678", "PT", "", kiosk.PhoneDigitExtra}, // no country before it
		{"+351 (0) 912 345 67", "PT", "", kiosk.PhoneDigitMissing},
		{"+52 1 55 1234 5678", "PT", "+525512345678", ""},
		{"+5215512345678", "PT", "+525512345678", ""},
		{"0052 1 55 1234 5678", "PT", "+525512345678", ""},
		{"+52 55 1234 5678", "PT", "+525512345678", ""},
		{"+52 1 55 1234 567", "PT", "", kiosk.PhoneUnassigned},
		{"+54 9 11 2345 6789", "PT", "+5491123456789", ""},
		{"+54 11 15 2345 6789", "PT", "+5491123456789", ""},
	} {
		got, problem := kiosk.ParsePhone(tt.text, tt.region)
		if got != tt.want || problem != tt.problem {
			t.Errorf("%q: got %q %q, want %q %q", tt.text, got, problem, tt.want, tt.problem)
		}
	}
}

func TestParseEmail(t *testing.T) {
	for _, tt := range []struct {
		text, want string
	}{
		{"ana@exemplo.pt", "ana@exemplo.pt"},
		{"  ana@exemplo.pt ", "ana@exemplo.pt"},
		{"Ana.B+cmd@EXEMPLO.Pt", "Ana.B+cmd@exemplo.pt"},
		{"ana@açúcar.pt", "ana@xn--acar-0oa8i.pt"},
		{"\u202aana@exemplo.pt\u202c", "ana@exemplo.pt"},
		{"\u00a0a\u200bna@ex\u00ademplo.pt\ufeff", "ana@exemplo.pt"},
		{"ａｎａ＠ｅｘｅｍｐｌｏ．ｐｔ", "ana@exemplo.pt"},
		{"ana\u00a0b@exemplo.pt", ""},
		{"ana@AÇÚCAR.pt", "ana@xn--acar-0oa8i.pt"},
		{"ana@sub.exemplo.co.uk", "ana@sub.exemplo.co.uk"},
		{strings.Repeat("a", 64) + "@exemplo.pt", strings.Repeat("a", 64) + "@exemplo.pt"},
		{strings.Repeat("a", 65) + "@exemplo.pt", ""},
		{"ana@" + strings.Repeat("a", 63) + ".pt", "ana@" + strings.Repeat("a", 63) + ".pt"},
		{"ana@" + strings.Repeat("a", 64) + ".pt", ""},
		{"ana2@" + strings.Repeat(strings.Repeat("a", 61)+".", 4) + "pt", ""}, // 255 octets
		{"", ""},
		{"ana", ""},
		{"@exemplo.pt", ""},
		{"ana@", ""},
		{"ana@exemplo", ""},
		{"ana@exemplo.pt.", ""},
		{"ana@.pt", ""},
		{"ana@exemplo..pt", ""},
		{"ana@-exemplo.pt", ""},
		{"ana@ex_emplo.pt", ""},
		{"ana@127.0.0.1", ""},
		{"ana@[127.0.0.1]", ""},
		{"Ana <ana@exemplo.pt>", ""},
		{"<ana@exemplo.pt>", ""},
		{"ana@exemplo.pt (casa)", ""},
		{"\"ana\"@exemplo.pt", ""},
		{"\"a b\"@exemplo.pt", ""},
		{"aná@exemplo.pt", ""},
		{"a b@exemplo.pt", ""},
		{".ana@exemplo.pt", ""},
		{"ana.@exemplo.pt", ""},
		{"ana..b@exemplo.pt", ""},
		{"ana@exemplo.pt, rui@exemplo.pt", ""},
		{"ana@exemplo.pt\r\nBcc: rui@exemplo.pt", ""},
		{"ana@exem\u200bplo.pt", "ana@exemplo.pt"}, // UTS 46 ignores the zero-width space
	} {
		got, problem := kiosk.ParseEmail(tt.text)
		if got != tt.want || (problem == kiosk.ContactOK) != (tt.want != "") {
			t.Errorf("%q: got %q %q, want %q", tt.text, got, problem, tt.want)
		}
	}
}

// TestEmailFaults: what is wrong is said as precisely as it can be told.
func TestEmailFaults(t *testing.T) {
	for text, want := range map[string]kiosk.ContactProblem{
		"ana": kiosk.EmailAtMissing, "ana.exemplo.pt": kiosk.EmailAtMissing, "ana@@exemplo.pt": kiosk.EmailAtTwice, "ana@b@exemplo.pt": kiosk.EmailAtTwice,
		"@exemplo.pt": kiosk.EmailNameMissing, "ana@": kiosk.EmailDomainMissing, "ana@exemplo": kiosk.EmailEndingMissing, "ana@exemplo.": kiosk.EmailEndingMissing,
		"ana b@exemplo.pt": kiosk.EmailSpace, "ana@exem plo.pt": kiosk.EmailSpace, "aná@exemplo.pt": kiosk.EmailCharacters, "<ana@exemplo.pt>": kiosk.EmailCharacters,
		"ana@exemplo..pt": kiosk.ContactInvalid, "ana@127.0.0.1": kiosk.ContactInvalid,
	} {
		if got, problem := kiosk.ParseEmail(text); got != "" || problem != want {
			t.Errorf("%q: got %q %q, want %q", text, got, problem, want)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, seed := range []string{"912 345 678", "+351912345678", "+1 (201) 555-0123", "９１２３４５６７８", "00447400123456", "+", "", "9;ext=1", "\xff9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, problem := kiosk.ParsePhone(text, "PT")
		if (value == "") != (problem != kiosk.ContactOK) {
			t.Fatalf("value %q with problem %q", value, problem)
		}
		if value == "" {
			return
		}
		if value[0] != '+' || len(value) > 16 || strings.Trim(value[1:], "0123456789") != "" {
			t.Fatalf("not E.164: %q", value)
		}
		if again, _ := kiosk.ParsePhone(value, "GB"); again != value {
			t.Fatalf("parsed again: got %q, want %q", again, value)
		}
	})
}

func FuzzParseEmail(f *testing.F) {
	for _, seed := range []string{"ana@exemplo.pt", "Ana <ana@exemplo.pt>", "ana@açúcar.pt", "a@b", "\"a\"@b.pt", "a@xn--a.pt", "a@1.2", "a@b.pt\r\n", "\xff@b.pt"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, problem := kiosk.ParseEmail(text)
		if (value == "") != (problem != kiosk.ContactOK) {
			t.Fatalf("value %q with problem %q", value, problem)
		}
		if value == "" {
			return
		}
		if len(value) > 254 || strings.Count(value, "@") != 1 || strings.ContainsAny(value, " \t\r\n<>\",;:()[]\\") {
			t.Fatalf("not a plain address: %q", value)
		}
		for _, r := range value {
			if r <= ' ' || r >= 0x7f {
				t.Fatalf("not printable ASCII: %q", value)
			}
		}
		if again, _ := kiosk.ParseEmail(value); again != value {
			t.Fatalf("parsed again: got %q, want %q", again, value)
		}
	})
}

// TestStrangeCharacter: the clerk is shown the character that stands in the way, not the text.
func TestStrangeCharacter(t *testing.T) {
	for _, tt := range []struct {
		channel kiosk.Channel
		text    string
		want    rune
	}{
		{kiosk.SMS, "912 345 678", 0},
		{kiosk.SMS, "912", 0},
		{kiosk.SMS, "\u202a912345678", 0},
		{kiosk.SMS, "912O45678", 'O'},
		{kiosk.SMS, "912,345678", ','},
		{kiosk.SMS, "912\n345678", '\n'},
		{kiosk.Email, "ana@exemplo.pt", 0},
		{kiosk.Email, "ana@açúcar.pt", 0},
		{kiosk.Email, "ana,b@exemplo.pt", ','},
		{kiosk.Email, "anã@exemplo.pt", 'ã'},
		{kiosk.Email, "ana@exemplo@pt", '@'},
		{kiosk.Email, "ana b@exemplo.pt", ' '},
		{kiosk.Email, "ana@exemplo.pt;", ';'},
		{kiosk.Email, "ana→@exemplo.pt", '→'},
	} {
		if got := kiosk.StrangeCharacter(tt.channel, tt.text); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}
