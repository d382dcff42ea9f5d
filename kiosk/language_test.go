package kiosk_test

import (
	"slices"
	"testing"

	"balcao/kiosk"
)

func TestLanguageOf(t *testing.T) {
	for _, test := range []struct {
		nationality string
		want        kiosk.Language
	}{
		{"PRT", kiosk.Portuguese}, {"BRA", kiosk.Portuguese}, {"GBN", kiosk.English}, {"SEN", kiosk.French}, {"VEN", kiosk.Spanish},
		{"UKR", kiosk.Ukrainian}, {"RUS", kiosk.Russian}, {"CHN", kiosk.Chinese}, {"IND", kiosk.Hindi}, {"BGD", kiosk.Bengali},
		{"NPL", kiosk.Nepali}, {"UTO", ""}, {"XXA", ""}, {"", ""},
	} {
		if got, known := kiosk.LanguageOf(test.nationality); got != test.want || known != (test.want != "") {
			t.Errorf("%q: got %q, %t", test.nationality, got, known)
		}
	}
	for _, l := range kiosk.Languages {
		if l.Name() == "" {
			t.Errorf("%s has no name", l)
		}
	}
}

// TestFirstLanguage: the document's nationality decides as long as nobody did, and only among what the screen can show.
func TestFirstLanguage(t *testing.T) {
	hindi := kiosk.LanguageChosen{Citizen: true, Language: kiosk.Hindi}
	for _, test := range []struct {
		name           string
		offered        []kiosk.Language
		nationality    string
		before, later  []kiosk.Event
		want, wantNext kiosk.Language
	}{
		{"Guessed", nil, "NPL", nil, nil, kiosk.Nepali, kiosk.Portuguese},
		{"NoGuess", nil, "UTO", nil, nil, kiosk.Portuguese, kiosk.Portuguese},
		{"ChosenBefore", nil, "NPL", []kiosk.Event{hindi}, nil, kiosk.Hindi, kiosk.Portuguese},
		{"ChosenAfterwards", nil, "NPL", nil, []kiosk.Event{hindi}, kiosk.Hindi, kiosk.Portuguese},
		{"NoFont", []kiosk.Language{kiosk.Portuguese, kiosk.English}, "NPL", nil, []kiosk.Event{hindi}, kiosk.Portuguese, kiosk.Portuguese},
		{"NotForTheClerk", nil, "PRT", []kiosk.Event{kiosk.LanguageChosen{Language: kiosk.Hindi}}, nil, kiosk.Portuguese, kiosk.Portuguese},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &desk{t: t, session: kiosk.NewSession(kiosk.Settings{Languages: test.offered}, noon)}
			d.do(kiosk.ReaderAdded{Reader: 1, Name: "A"}, kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}})
			d.do(test.before...).do(kiosk.CardInserted{Reader: 1})
			who := anna()
			who.Nationality = test.nationality
			in := func(e kiosk.CaseEvent) kiosk.Event { return kiosk.InCase{Case: d.state.Case, Event: e} }
			d.do(in(kiosk.DocumentRecognised{Kind: kiosk.CitizenCard}), in(kiosk.IdentityRead{Identity: who, PINTries: 3})).do(test.later...)
			if d.state.Document.Identity == nil || d.state.CitizenLanguage != test.want {
				t.Errorf("got %q (%v), want %q", d.state.CitizenLanguage, d.state.Document.Identity != nil, test.want)
			}
			if slices.Contains(kiosk.ClerkLanguages, d.state.ClerkLanguage) == false {
				t.Errorf("the clerk reads %q", d.state.ClerkLanguage)
			}
			d.do(kiosk.Cancel{}, kiosk.CancelConfirmed{})
			if d.state.Document.Identity != nil || d.state.CitizenLanguage != test.wantNext {
				t.Errorf("the next person: got %q, want %q", d.state.CitizenLanguage, test.wantNext)
			}
		})
	}
}
