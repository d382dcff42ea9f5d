package travel_test

import (
	"bytes"
	"testing"

	"balcao/cardreader/travel"
)

func TestCapabilities(t *testing.T) {
	for name, test := range map[string]struct{ atr, want []byte }{
		"Contactless":  {claimsExtended, []byte{0xC8, 0x21, 0x40}},
		"Contact":      {[]byte{0x3B, 0xD5, 0x18, 0xFF, 0x81, 0x91, 0xFE, 0x1F, 0xC3, 0x80, 0x73, 0xC8, 0x21, 0x13, 0x08}, []byte{0xC8, 0x21, 0x13}},
		"BehindOthers": {[]byte{0x3B, 0x08, 0x80, 0x31, 0xC0, 0x73, 0xC0, 0x21, 0x00, 0x00}, []byte{0xC0, 0x21, 0x00}},
		"StatusBehind": {[]byte{0x3B, 0x08, 0x00, 0x73, 0xC0, 0x21, 0xC0, 0x00, 0x90, 0x00}, []byte{0xC0, 0x21, 0xC0}},
		"None":         {[]byte{0x3B, 0x80, 0x80, 0x01, 0x01}, nil},
		"OtherFormat":  {[]byte{0x3B, 0x04, 0x41, 0x73, 0x00, 0x00}, nil},
		"CutOff":       {[]byte{0x3B, 0x05, 0x80, 0x73, 0x00}, nil},
		"CutInside":    {[]byte{0x3B, 0x03, 0x80, 0x73, 0x00}, nil},
		"Empty":        {nil, nil},
	} {
		if got := travel.Capabilities(test.atr); !bytes.Equal(got, test.want) {
			t.Errorf("%s: got %X, want %X", name, got, test.want)
		}
	}
}

func TestParseATRInfo(t *testing.T) {
	for name, test := range map[string]struct {
		in   []byte
		want int
	}{
		"Limits":       {[]byte{0x43, 1, 0xB8, 0x7F, 0x66, 8, 2, 2, 1, 4, 2, 2, 8, 0}, 0x800},
		"AsNumbers":    {[]byte{0x7F, 0x66, 10, 2, 3, 0, 0xFF, 0xFF, 2, 3, 0, 0xFF, 0xFF}, 0xFFFF},
		"TooSmall":     {[]byte{0x7F, 0x66, 6, 2, 1, 5, 2, 1, 5}, 258},
		"TooLarge":     {[]byte{0x7F, 0x66, 10, 2, 2, 1, 0, 2, 4, 1, 0, 0, 0}, 65538},
		"Capabilities": {[]byte{0x47, 3, 0, 0, 0x40}, 65538},
		"Short":        {[]byte{0x47, 3, 0, 0, 0x80}, 0},
		"Padding":      {[]byte{0x47, 3, 0, 0, 0x40, 0, 0}, 65538},
		"Empty":        {nil, 0},
	} {
		if got := travel.ParseATRInfo(test.in); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

// TestReadSize: extended reads are for chips that say so and readers that can, and never larger than either.
func TestReadSize(t *testing.T) {
	info := []byte{0x7F, 0x66, 8, 2, 2, 8, 0, 2, 2, 8, 0}
	saysNo := []byte{0x3B, 0x05, 0x80, 0x73, 0x00, 0x21, 0x80}
	asksInfo := []byte{0x3B, 0x05, 0x80, 0x73, 0x00, 0x21, 0x60}
	for name, test := range map[string]struct {
		o    travel.Options
		info []byte
		want int
	}{
		"ShortReader":    {travel.Options{ATR: claimsExtended}, info, 231},
		"NothingKnown":   {travel.Options{Extended: true}, nil, 231},
		"ATR":            {travel.Options{Extended: true, ATR: claimsExtended}, nil, 16384},
		"ATRSaysNo":      {travel.Options{Extended: true, ATR: saysNo}, info, 231},
		"Info":           {travel.Options{Extended: true}, info, 2048},
		"ATRPoints":      {travel.Options{Extended: true, ATR: asksInfo}, info, 2048},
		"ATRPointsVoid":  {travel.Options{Extended: true, ATR: asksInfo}, nil, 16384},
		"Bound256":       {travel.Options{Extended: true, ATR: claimsExtended, MaxRead: 256}, nil, 256},
		"Bound":          {travel.Options{Extended: true, ATR: claimsExtended, MaxRead: 1000}, nil, 1000},
		"BoundShort":     {travel.Options{Extended: true, ATR: claimsExtended, MaxRead: 200}, nil, 200},
		"BoundVerySmall": {travel.Options{MaxRead: 1}, nil, 96},
		"BoundLarge":     {travel.Options{MaxRead: 5000}, nil, 231},
	} {
		f := pacePassport(t, 300, 12, 2, 2)
		f.info = test.info
		if got := mustRecognise(t, f, test.o).ReadSize(); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

// TestReadSize_Session: a session has room for so much, and no size is one that only seems to fit.
func TestReadSize_Session(t *testing.T) {
	for _, bound := range []int{0, 255, 256, 257, 300} {
		f := basicPassport(2000)
		chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended, MaxRead: bound})
		mustRead(t, f, chip, travel.DG1, travel.DG2, travel.SOD)
		for _, c := range f.log {
			if c.INS == 0xB0 && bound > 0 && c.Le > bound+1 {
				t.Errorf("bound %d: %d bytes were asked for", bound, c.Le)
			}
		}
	}
	f := pacePassport(t, 2000, 12, 2, 2)
	if chip, _ := mustUnlock(t, f, travel.Options{}); chip.ReadSize() != 223 {
		t.Errorf("AES: got %d, want 223", chip.ReadSize())
	}
}
