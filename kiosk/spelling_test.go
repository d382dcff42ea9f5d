package kiosk_test

import (
	"strings"
	"testing"

	"balcao/kiosk"
)

func TestSpelled(t *testing.T) {
	const full = "DE ALBUQUERQUE VASCONCELOS E SOUSA HOLS"
	cases := map[string]struct {
		source         kiosk.NameSource
		surname, given string // of the zone
		typed          kiosk.Spelling
		want           kiosk.SpellingFault
	}{
		"whole":                      {kiosk.NameCut, full, "", kiosk.Spelling{Surname: " de Albuquerque  Vasconcelos e Sousa Holstein", GivenNames: "Ana "}, ""},
		"nothing was cut off":        {kiosk.NameCut, full, "", kiosk.Spelling{Surname: full}, ""},
		"given names cut off":        {kiosk.NameCut, full[:34], "AN", kiosk.Spelling{Surname: full[:34], GivenNames: "Ana Örjan"}, ""},
		"nobody's surname":           {kiosk.NameCut, "", full, kiosk.Spelling{GivenNames: full + "tein"}, ""},
		"a document that says it":    {kiosk.NameWhole, full, "", kiosk.Spelling{Surname: full}, kiosk.SpellingUnasked},
		"typed already":              {kiosk.NameTyped, full, "", kiosk.Spelling{Surname: full}, kiosk.SpellingUnasked},
		"nothing typed":              {kiosk.NameCut, full, "", kiosk.Spelling{Surname: " "}, kiosk.SpellingMissing},
		"another surname":            {kiosk.NameCut, full, "", kiosk.Spelling{Surname: "Outra", GivenNames: "Ana"}, kiosk.SpellingSurname},
		"given names only":           {kiosk.NameCut, full, "", kiosk.Spelling{GivenNames: "Ana"}, kiosk.SpellingSurname},
		"a surname that is not hers": {kiosk.NameCut, "", full, kiosk.Spelling{Surname: "Silva", GivenNames: full}, kiosk.SpellingSurname},
		"no given names":             {kiosk.NameCut, full[:34], "AN", kiosk.Spelling{Surname: full[:34]}, kiosk.SpellingGivenNames},
		"other given names":          {kiosk.NameCut, full[:34], "AN", kiosk.Spelling{Surname: full[:34], GivenNames: "Berta"}, kiosk.SpellingGivenNames},
		"given names in no script":   {kiosk.NameCut, full, "", kiosk.Spelling{Surname: full, GivenNames: "Anna <b>"}, kiosk.SpellingGivenNames},
		"longer than anybody's":      {kiosk.NameCut, full, "", kiosk.Spelling{Surname: full + strings.Repeat("a", kiosk.MaxName)}, kiosk.SpellingLong},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			id := traveller()
			id.Surname, id.GivenNames, id.NameSource = tt.surname, tt.given, tt.source
			id.MRZSurname, id.MRZGivenNames = tt.surname, tt.given
			got, fault := id.Spelled(tt.typed)
			if fault != tt.want {
				t.Fatalf("got %q, want %q", fault, tt.want)
			}
			want := id
			if fault == "" {
				want.Surname, want.GivenNames = strings.Join(strings.Fields(tt.typed.Surname), " "), strings.TrimSpace(tt.typed.GivenNames)
				want.NameSource = kiosk.NameTyped
			}
			if got != want {
				t.Errorf("got %q, %q, %q", got.Surname, got.GivenNames, got.NameSource)
			}
		})
	}
}

// TestSpelledAtTheDesk: whole names may be typed where the document may cut them off. They have to agree with it, and
// are what the person agrees to.
func TestSpelledAtTheDesk(t *testing.T) {
	cut := traveller()
	cut.Surname, cut.GivenNames, cut.NameSource = "MARCADORA", "INVISIV", kiosk.NameCut
	cut.MRZSurname, cut.MRZGivenNames = cut.Surname, cut.GivenNames
	spelled := func(surname, given string) kiosk.EligibilityEntered {
		e := brought()
		e.Spelling = kiosk.Spelling{Surname: surname, GivenNames: given}
		return kiosk.EligibilityEntered{Eligibility: e}
	}
	arrive := func(t *testing.T, id kiosk.Identity) *desk {
		return newTravelDesk(t, kiosk.Rules{}).travelledAs(id, kiosk.SigningChip).do(kiosk.PersonConfirmed{}).at(kiosk.StepEligibility)
	}
	t.Run("Agrees", func(t *testing.T) {
		d := arrive(t, cut).do(spelled("Marcadora", "Invisível")).do(kiosk.Continue{}).at(kiosk.StepContact)
		if got := d.state.Person(); got.FullName() != "Invisível Marcadora" || got.NameSource != kiosk.NameTyped {
			t.Errorf("the person agrees to %q, %q", got.FullName(), got.NameSource)
		}
	})
	t.Run("IsSigned", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelledAs(cut, kiosk.SigningChip).reviewed()
		d.do(kiosk.SomethingWrong{}, kiosk.Correct{Step: kiosk.StepEligibility}, spelled("Marcadora", "Invisível"), kiosk.Continue{}, kiosk.Continue{})
		d.do(kiosk.Agreed{})
		if got := mustSign(t, d).Transcript.Identity; got.FullName() != "Invisível Marcadora" || got.NameSource != kiosk.NameTyped {
			t.Errorf("signs %q, %q", got.FullName(), got.NameSource)
		}
	})
	t.Run("DoesNot", func(t *testing.T) {
		d := arrive(t, cut).do(spelled("Marcadora", "Visível")).do(kiosk.Continue{}).asked().at(kiosk.StepEligibility)
		want := kiosk.Fault{Requirement: kiosk.RequireSpelling, Spelling: kiosk.SpellingGivenNames}
		if got := d.state.Eligible.Faults; !d.state.Eligible.Refused || len(got) != 1 || got[0] != want {
			t.Errorf("got %+v", got)
		}
		if got := d.state.Person(); got.NameSource != kiosk.NameCut {
			t.Errorf("names that do not agree are taken: %q", got.FullName())
		}
	})
	t.Run("Nobody", func(t *testing.T) {
		d := arrive(t, cut).do(spelled(" ", "")).do(kiosk.Continue{}).at(kiosk.StepContact)
		if got := d.state.Person(); got.NameSource != kiosk.NameCut {
			t.Errorf("got %q", got.NameSource)
		}
	})
	t.Run("NotAsked", func(t *testing.T) {
		d := arrive(t, traveller()).do(spelled("Outra", "Pessoa")).do(kiosk.Continue{}).at(kiosk.StepContact)
		if got := d.state.Person(); got.FullName() != traveller().FullName() || got.NameSource != kiosk.NameWhole {
			t.Errorf("got %q", got.FullName())
		}
	})
}
