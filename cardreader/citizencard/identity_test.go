package citizencard_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/cardreader/citizencard"
)

// parsers gives the specimen with changes in both forms.
var parsers = map[string]func(changes map[int]string) (citizencard.Identity, error){
	citizencard.Generation1: func(changes map[int]string) (citizencard.Identity, error) {
		return citizencard.ParseIdentity(citizencard.Generation1, fixedIdentity(changes))
	},
	citizencard.Generation2024: func(changes map[int]string) (citizencard.Identity, error) {
		return citizencard.ParseIdentity(citizencard.Generation2024, taggedIdentity(changes))
	},
}

func TestParseIdentity(t *testing.T) {
	for generation, parse := range parsers {
		t.Run("Generation"+generation, func(t *testing.T) {
			want := specimenIdentity
			if generation == citizencard.Generation2024 {
				want.PAN = "" // which it does not have
			}
			got, err := parse(nil)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Offsets of fields in the specimen, by which both generations are changed.
const (
	atCountry    = 40
	atNumber     = 154
	atValidUntil = 310
	atSurname    = 330
	atGiven      = 450
	atSex        = 570
	atBirth      = 578
	atCivil      = 606
	atTax        = 1104
	atHealth     = 1144
	atRemarks    = 1162
)

func TestParseIdentity_Accepts(t *testing.T) {
	tests := map[string]map[int]string{
		"OnlySurname":    {atGiven: ""},
		"OnlyGivenNames": {atSurname: ""},
		"NoNumbers":      {atTax: "", atHealth: "", 1122: ""},
		"EightDigits":    {atCivil: "99000588"},
		"NoIndications":  {atRemarks: ""},
		"FullField":      {atSurname: strings.Repeat("ã", 60)},
	}
	for name, changes := range tests {
		for generation, parse := range parsers {
			if _, err := parse(changes); err != nil {
				t.Errorf("%s, generation %s: %v", name, generation, err)
			}
		}
	}
}

func TestParseIdentity_ErrMalformed(t *testing.T) {
	tests := map[string]map[int]string{
		"NoName":             {atSurname: "", atGiven: ""},
		"NoCountry":          {atCountry: ""},
		"NoDocumentNumber":   {atNumber: ""},
		"NotUTF8":            {atSurname: "Concei\xe7\xe3o"},
		"ControlCharacter":   {atSurname: "A\x1bB"},
		"NULWithin":          {atSurname: "A\x00B"},
		"SexUnknown":         {atSex: "Z"},
		"SexEmpty":           {atSex: ""},
		"DateEmpty":          {atBirth: ""},
		"DateOfOtherForm":    {atBirth: "1988-02-29"},
		"DateShort":          {atBirth: "1 02 1988"},
		"DateThatIsNone":     {atBirth: "29 02 1989"},
		"DateWithLetters":    {atValidUntil: "15 O4 2034"},
		"CivilNumberShort":   {atCivil: "1234567"},
		"CivilNumberLetters": {atCivil: "99000588A"},
		"TaxNumberLetters":   {atTax: "4000000O0"},
		"DigitsOfOthers":     {atTax: "٤٠٠"},
	}
	for name, changes := range tests {
		for generation, parse := range parsers {
			got, err := parse(changes)
			if !errors.Is(err, citizencard.ErrMalformed) || got != (citizencard.Identity{}) {
				t.Errorf("%s, generation %s: got %v, want ErrMalformed and no identity", name, generation, err)
			}
			for _, value := range changes {
				if err != nil && len(value) > 3 && strings.Contains(err.Error(), value) {
					t.Errorf("%s: the error repeats the content", name)
				}
			}
		}
	}
}

func TestParseIdentity_ErrMalformed_Structure(t *testing.T) {
	twice := append(bytes.Clone(taggedIdentity(nil)[4:]), 0xC8, 1, 'X')
	tests := map[string]struct {
		generation string
		raw        []byte
	}{
		"FirstShort":    {citizencard.Generation1, fixedIdentity(nil)[:1281]},
		"FirstLong":     {citizencard.Generation1, append(fixedIdentity(nil), 0)},
		"Empty":         {citizencard.Generation2024, nil},
		"OtherTemplate": {citizencard.Generation2024, wrap(taggedIdentity(nil)[4:], 0x6E)},
		"CutOff":        {citizencard.Generation2024, taggedIdentity(nil)[:200]},
		"Trailing":      {citizencard.Generation2024, append(taggedIdentity(nil), 0)},
		"Twice":         {citizencard.Generation2024, wrap(twice, 0x6D)},
	}
	for name, test := range tests {
		if _, err := citizencard.ParseIdentity(test.generation, test.raw); !errors.Is(err, citizencard.ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
	if _, err := citizencard.ParseIdentity("3", fixedIdentity(nil)); err == nil {
		t.Error("a generation that does not exist was parsed")
	}
}

// TestParseIdentity_UnknownTag: cards with fields that this program does not know yet are readable.
func TestParseIdentity_UnknownTag(t *testing.T) {
	raw := wrap(append(bytes.Clone(taggedIdentity(nil)[4:]), 0xDA, 3, 'n', 'e', 'w'), 0x6D)
	if _, err := citizencard.ParseIdentity(citizencard.Generation2024, raw); err != nil {
		t.Error(err)
	}
}

// TestParseIdentity_SameInBothForms: whatever a text is, both generations read it the same.
func TestParseIdentity_SameInBothForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.Rune(), 0, 20, 60)
		changes := map[int]string{
			atSurname: text.Draw(t, "surname"), atGiven: text.Draw(t, "given names"), atRemarks: text.Draw(t, "indications"),
		}
		first, errFirst := parsers[citizencard.Generation1](changes)
		second, errSecond := parsers[citizencard.Generation2024](changes)
		first.PAN = ""
		if first != second || (errFirst == nil) != (errSecond == nil) {
			t.Fatalf("read differently: %v, %v", errFirst, errSecond)
		}
		if errFirst == nil && first.Surname != strings.TrimRight(strings.TrimRight(changes[atSurname], "\x00"), " ") {
			t.Fatalf("surname is not what was written")
		}
	})
}

func FuzzParseIdentity(f *testing.F) {
	f.Add(true, fixedIdentity(nil))
	f.Add(false, taggedIdentity(nil))
	f.Add(false, []byte{0x6D, 0x84, 0x7F, 0xFF, 0xFF, 0xFF})
	f.Add(false, []byte{0x6D, 0x02, 0xC8, 0x7F})
	f.Fuzz(func(t *testing.T, first bool, raw []byte) {
		generation := citizencard.Generation2024
		if first {
			generation = citizencard.Generation1
		}
		got, err := citizencard.ParseIdentity(generation, raw)
		switch {
		case err != nil && (got != (citizencard.Identity{}) || !errors.Is(err, citizencard.ErrMalformed)):
			t.Errorf("error %v beside an identity, or of another kind", err)
		case err == nil && (got.BirthDate.Year == 0 && got.BirthDate.Month == 0 || got.Surname+got.GivenNames == ""):
			t.Error("an identity without a person")
		}
		files := citizencard.Files{Generation: generation, Identity: raw, Photo: raw, CardKey: raw}
		for number, group := range files.DataGroups() {
			if len(group) > len(raw) {
				t.Errorf("data group %d is longer than what was read", number)
			}
		}
	})
}
