package lds_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/mrz"
	"balcao/cardreader/travel/lds"
)

var now = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

type vector struct {
	file []byte
	out  map[string]any
}

// vectors are the worked examples of files.
func vectors(t testing.TB) map[string]vector {
	t.Helper()
	raw, err := os.ReadFile("../testdata/icao-9303-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Entries []struct {
			ID, Kind string
			In       struct{ File string }
			Out      map[string]any
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	found := map[string]vector{}
	for _, e := range file.Entries {
		if e.Kind == "lds" {
			found[e.ID] = vector{mustHex(t, e.In.File), e.Out}
		}
	}
	return found
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseDG1_Vectors(t *testing.T) {
	for _, id := range []string{"gen-dg1-td1", "gen-dg1-td2", "gen-dg1-td3"} {
		v := vectors(t)[id]
		zone, err := lds.ParseDG1(v.file, now)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		lines, err := zone.Lines()
		var want []string
		for _, line := range v.out["mrz"].([]any) {
			want = append(want, line.(string))
		}
		if diff := cmp.Diff(want, lines); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}

func TestParseDG11_Vectors(t *testing.T) {
	for id, want := range map[string]lds.PersonalDetails{
		"dg11-a5": {
			Name: lds.Name{Surname: "SMITH", GivenNames: "JOHN J"}, BirthPlace: []string{"ANYTOWN", "MN"},
			Address: []string{"123 MAPLE RD", "ANYTOWN", "MN"}, Telephone: "16125551212", Profession: "TRAVEL<AGENT",
		},
		"gen-dg11-dob":     {BirthDate: mrz.Date{Year: 1926, Month: 1, Day: 1}},
		"gen-dg11-dob-bcd": {BirthDate: mrz.Date{Year: 1926, Month: 1, Day: 1}},
		"gen-dg11-utf8": {
			Name:       lds.Name{Surname: "CONCEIÇÃO", GivenNames: "JOÃO"},
			OtherNames: []lds.Name{{Surname: "CONCEICAO", GivenNames: "JOAO"}, {Surname: "SILVA", GivenNames: "JOAO"}},
		},
	} {
		got, err := lds.ParseDG11(vectors(t)[id].file)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}

// object writes a data object; parts are joined.
func object(tag iso7816.Tag, parts ...[]byte) []byte {
	var content []byte
	for _, p := range parts {
		content = append(content, p...)
	}
	return iso7816.Append(nil, tag, content)
}

func text(tag iso7816.Tag, s string) []byte { return object(tag, []byte(s)) }

func TestParseDG1_ErrMalformed(t *testing.T) {
	zone := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	if _, err := lds.ParseDG1(object(0x61, text(0x5F1F, zone)), now); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"Empty":     {},
		"OtherTag":  object(0x61, text(0x5F1E, zone)),
		"Two":       object(0x61, text(0x5F1F, zone), text(0x5F1F, zone)),
		"LowerCase": object(0x61, text(0x5F1F, strings.ToLower(zone))),
		"Lines":     object(0x61, text(0x5F1F, zone[:44]+"\n"+zone[44:])),
		"Short":     object(0x61, text(0x5F1F, zone[:87])),
		"Check":     object(0x61, text(0x5F1F, strings.Replace(zone, "L898902C3", "L898902C4", 1))),
	} {
		got, err := lds.ParseDG1(file, now)
		if !errors.Is(err, lds.ErrMalformed) || got != (mrz.MRZ{}) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "ERIKSSON") {
			t.Errorf("%s: the error says who it is: %v", name, err)
		}
	}
}

func TestParseDG11_ErrMalformed(t *testing.T) {
	list := func(n byte, parts ...[]byte) []byte {
		return object(0xA0, append([][]byte{object(0x02, []byte{n})}, parts...)...)
	}
	name := text(0x5F0F, "SECRET")
	for what, file := range map[string][]byte{
		"OtherTag":      object(0x6C),
		"BrokenUTF8":    object(0x6B, text(0x5F0E, "SECRET\xC3")),
		"Control":       object(0x6B, text(0x5F0E, "SECRET\x00")),
		"Twice":         object(0x6B, text(0x5F0E, "SECRET"), text(0x5F0E, "OTHER")),
		"ListTooShort":  object(0x6B, list(2, name)),
		"ListTooLong":   object(0x6B, list(1, name, name)),
		"ListUncounted": object(0x6B, object(0xA0, name)),
		"ListInList":    object(0x6B, list(1, text(0x5F0F, "SECRET\x01"))),
		"DateLetters":   object(0x6B, text(0x5F2B, "1988SECR")),
		"DateShort":     object(0x6B, text(0x5F2B, "880229")),
		"DateBCD":       object(0x6B, object(0x5F2B, []byte{0x19, 0x8A, 0x01, 0x01})),
	} {
		_, err := lds.ParseDG11(file)
		if !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: got %v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), "SECR") {
			t.Errorf("%s: the error says what is in the field: %v", what, err)
		}
	}
}

// TestParseDG11_UnknownDates: a date is as complete as the document knows it.
func TestParseDG11_UnknownDates(t *testing.T) {
	for in, want := range map[string]mrz.Date{
		"19880229": {Year: 1988, Month: 2, Day: 29},
		"19880200": {Year: 1988, Month: 2},
		"1988<<<<": {Year: 1988},
		"19880230": {Year: 1988},
		"19880012": {Year: 1988},
		"00000812": {},
		"<<<<<<<<": {},
		"":         {},
	} {
		got, err := lds.ParseDG11(object(0x6B, text(0x5F2B, in)))
		if err != nil || got.BirthDate != want {
			t.Errorf("%q: got %v, %v, want %v", in, got.BirthDate, err, want)
		}
	}
}

func FuzzDetails(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if got, err := lds.ParseDG11(file); err != nil && !cmp.Equal(got, lds.PersonalDetails{}) {
			t.Errorf("DG11: got %+v beside %v", got, err)
		}
		zone, err := lds.ParseDG1(file, now)
		if err != nil {
			return
		}
		if lines, err := zone.Lines(); err != nil || !strings.Contains(string(file), lines[0]) {
			t.Errorf("DG1: got %q, %v", lines, err)
		}
	})
}
