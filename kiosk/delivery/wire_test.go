package delivery_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/linxGnu/gosmpp/data"
	"pgregory.net/rapid"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

func TestShortMessages_Lengths(t *testing.T) {
	tests := []struct {
		text  string
		gsm   bool
		sizes []int
	}{
		{"", true, []int{0}},
		{strings.Repeat("a", 160), true, []int{160}},
		{strings.Repeat("a", 161), true, []int{153, 8}},
		{strings.Repeat("a", 152) + "{aaaaaaaa", true, []int{152, 10}}, // the pair is not cut
		{strings.Repeat("a", 159) + "€", true, []int{153, 8}},          // 161 septets
		{strings.Repeat("ã", 70), false, []int{140}},
		{strings.Repeat("ã", 71), false, []int{134, 8}},
		{strings.Repeat("ã", 66) + "😀aaaa", false, []int{132, 12}}, // nor is the surrogate pair
	}
	for _, tt := range tests {
		parts, gsm, err := delivery.ShortMessages(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for _, p := range parts {
			sizes = append(sizes, len(p))
		}
		if gsm != tt.gsm || !equal(sizes, tt.sizes) {
			t.Errorf("%.20q…: got %v (GSM %v), want %v (%v)", tt.text, sizes, gsm, tt.sizes, tt.gsm)
		}
	}
}

func TestShortMessages_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]rune("aZ09 éàÇ@€{}\n|ãó世😀"))
		text := string(rapid.SliceOfN(letters, 0, 400).Draw(t, "text"))
		parts, gsm, err := delivery.ShortMessages(text)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, p := range parts { // each part must be whole in itself
			if gsm {
				s, err := data.GSM7BIT.Decode(p)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString(s)
				continue
			}
			units := make([]uint16, 0, len(p)/2)
			for i := 0; i+1 < len(p); i += 2 {
				units = append(units, uint16(p[i])<<8|uint16(p[i+1]))
			}
			got.WriteString(string(utf16.Decode(units)))
		}
		if got.String() != text {
			t.Errorf("got %q, want %q", got.String(), text)
		}
	})
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestReceipt(t *testing.T) {
	const text = "id:7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:id:8 stat:UNDELIV"
	tests := []struct {
		name     string
		class    uint8
		text     string
		optional string
		want     delivery.Receipt
		ok       bool
	}{
		{"text", 4, text, "", delivery.Receipt{MessageID: "7", Delivered: true}, true},
		{"capitals", 4, "ID:ab Stat:undeliv", "", delivery.Receipt{MessageID: "ab", Reason: kiosk.FailOther}, true},
		{"optional parameters win", 4, text, "\x00\x1e\x00\x03AB\x00\x04\x27\x00\x01\x05", delivery.Receipt{MessageID: "AB", Reason: kiosk.FailOther}, true},
		{"optional parameters alone", 4, "", "\x00\x1e\x00\x03AB\x00\x04\x27\x00\x01\x02", delivery.Receipt{MessageID: "AB", Delivered: true}, true},
		{"switched off", 4, "id:7 stat:EXPIRED err:000", "", delivery.Receipt{MessageID: "7", Reason: kiosk.FailSwitchedOff}, true},
		{"by the operator", 4, "id:7 stat:REJECTD err:042", "", delivery.Receipt{MessageID: "7", Reason: kiosk.FailRefused}, true},
		{"no such subscriber", 4, "id:7 stat:UNDELIV err:001", "", delivery.Receipt{MessageID: "7", Reason: kiosk.FailUnknownNumber}, true},
		{"the network's word", 4, "id:7 stat:UNDELIV err:999", "\x04\x23\x00\x03\x03\x00\x0d", delivery.Receipt{MessageID: "7", Reason: kiosk.FailBarred}, true},
		{"another network's", 4, "id:7 stat:UNDELIV err:999", "\x04\x23\x00\x03\x01\x00\x0d", delivery.Receipt{MessageID: "7", Reason: kiosk.FailOther}, true},
		{"our reference", 4, text, "\x02\x04\x00\x02\xab\xcd", delivery.Receipt{MessageID: "7", Delivered: true, Reference: 0xabcd}, true},
		{"a reference of three", 4, text, "\x02\x04\x00\x03\xab\xcd\xef", delivery.Receipt{MessageID: "7", Delivered: true}, true},
		{"on its way", 4, "id:7 stat:ENROUTE", "", delivery.Receipt{}, false},
		{"state of the future", 4, text, "\x04\x27\x00\x01\x63", delivery.Receipt{}, false},
		{"no id", 4, "stat:DELIVRD", "", delivery.Receipt{}, false},
		{"id too long", 4, "stat:DELIVRD id:" + strings.Repeat("1", 65), "", delivery.Receipt{}, false},
		{"id not printable", 4, "stat:DELIVRD id:\x01\x02", "", delivery.Receipt{}, false},
		{"from a phone", 0, text, "", delivery.Receipt{}, false},
		{"intermediate", 0x20, text, "", delivery.Receipt{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var wire bytes.Buffer
			_ = deliverSM(tt.class, tt.text, []byte(tt.optional)...).SerializeTo(&wire)
			got, ok := delivery.ParseDeliverSM(wire.Bytes())
			if tt.ok {
				tt.want.From = "+351912345678" // all of them
			}
			if got != tt.want || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

// The text of a receipt is what a message centre wrote; whatever it is, an id without a state is no
// receipt and nothing panics.
func FuzzParseReceiptText(f *testing.F) {
	f.Add("id:7 sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 stat:DELIVRD err:000 text:x")
	f.Add("id: stat: text:")
	f.Add("stat:stat:stat id:id:id")
	f.Fuzz(func(t *testing.T, text string) {
		id, status, _ := delivery.ParseReceiptText(text)
		if strings.ContainsAny(id+status, " \t\n") {
			t.Errorf("got %q, %q", id, status)
		}
		var wire bytes.Buffer
		if len(text) < 255 {
			_ = deliverSM(4, text).SerializeTo(&wire)
			if r, ok := delivery.ParseDeliverSM(wire.Bytes()); ok && (r.MessageID == "" || len(r.MessageID) > 64) {
				t.Errorf("got %v", r)
			}
		}
	})
}

func TestValidity(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		in   time.Duration
		want string
	}{
		{5 * time.Minute, "000000000500000R"},
		{26*time.Hour + 3*time.Minute + 4*time.Second, "000001020304000R"},
		{-time.Minute, "000000000001000R"},
		{200 * 24 * time.Hour, ""},
	}
	for _, tt := range tests {
		if got := delivery.Validity(now.Add(tt.in), now); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := delivery.Validity(time.Time{}, now); got != "" {
		t.Errorf("never: got %q", got)
	}
}

func TestASCIIAddress(t *testing.T) {
	tests := map[string]string{
		"ana@example.pt":                      "ana@example.pt",
		"ana.silva+cmd@sub.example.pt":        "ana.silva+cmd@sub.example.pt",
		"ana@exemplo-à.pt":                    "ana@xn--exemplo--6ya.pt",
		"ana@MÜNCHEN.example":                 "ana@xn--mnchen-3ya.example",
		"joão@example.pt":                     "",
		"Ana <ana@example.pt>":                "",
		"ana@example.pt, bea@example.pt":      "",
		"ana@example.pt\r\nBcc: eva@evil.com": "",
		"ana":                                 "",
		"@example.pt":                         "",
		"":                                    "",
		strings.Repeat("a", 250) + "@a.pt":    "",
	}
	for address, want := range tests {
		if got, err := delivery.ASCIIAddress(address); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", address, got, err, want)
		}
	}
}

func FuzzASCIIAddress(f *testing.F) {
	f.Add("ana@example.pt")
	f.Add("\"a b\"@example.pt")
	f.Add("a@[127.0.0.1]")
	f.Fuzz(func(t *testing.T, address string) {
		got, err := delivery.ASCIIAddress(address)
		if (err == nil) != (got != "") {
			t.Fatalf("got %q, %v", got, err)
		}
		if err != nil {
			return
		}
		if strings.ContainsAny(got, "\r\n <>,") {
			t.Errorf("got %q", got)
		}
		if again, err := delivery.ASCIIAddress(got); err != nil || again != got {
			t.Errorf("not stable: %q, then %q, %v", got, again, err)
		}
	})
}
