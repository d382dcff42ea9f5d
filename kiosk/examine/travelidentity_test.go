package examine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
)

var readOn = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestTravelIdentity(t *testing.T) {
	files := examine.TravelFiles{Groups: map[int][]byte{1: examinetest.DG1(t, examinetest.Anna())}}
	want := kiosk.Identity{
		Kind: kiosk.Passport, Country: "UTO", DocumentNumber: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		MRZSurname: "ERIKSSON", MRZGivenNames: "ANNA MARIA", Sex: "F", Nationality: "UTO",
		BirthDate: kiosk.Date{Year: 1974, Month: 8, Day: 12}, ValidUntil: kiosk.Date{Year: 2034, Month: 4, Day: 15},
	}
	compare := func(t *testing.T) {
		t.Helper()
		got, err := examine.TravelIdentity(files, readOn)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	t.Run("OK/DG1", compare)
	files.Groups[11] = examinetest.DG11("Eriksson<<Ånna<María", "19740812")
	want.Surname, want.GivenNames = "Eriksson", "Ånna María"
	t.Run("OK/DG11", compare)
	files.Groups[11] = []byte{0x6B, 0x02, 0xFF, 0xFF}
	want.Surname, want.GivenNames = want.MRZSurname, want.MRZGivenNames
	t.Run("OK/DG11Unreadable", compare)
	files.Groups[11] = examinetest.DG11("Anna Eriksson", "")
	t.Run("OK/NameInOnePiece", compare)
}

// A zone may have given names only, or a name field that is full; DG11 spells out what the zone has no room for.
func TestTravelIdentity_Names(t *testing.T) {
	const full = "DE ALBUQUERQUE VASCONCELOS E SOUSA HOLS"
	cases := map[string]struct {
		surname, given, details string
		want                    [2]string
		source                  kiosk.NameSource
	}{
		"no surname":                    {"", "RAMESHWAR", "", [2]string{"", "RAMESHWAR"}, kiosk.NameWhole},
		"no surname, spelled":           {"", "RAMESHWAR", "<<Rāmeshwar", [2]string{"", "Rāmeshwar"}, kiosk.NameWhole},
		"no surname, spelled in one":    {"", "RAMESHWAR", "Rāmeshwar", [2]string{"", "Rāmeshwar"}, kiosk.NameWhole},
		"no given names, spelled":       {"RAMESHWAR", "", "Rāmeshwar", [2]string{"Rāmeshwar", ""}, kiosk.NameWhole},
		"full":                          {full, "", "", [2]string{full, ""}, kiosk.NameCut},
		"full with given names":         {full[:36], "A", "", [2]string{full[:36], "A"}, kiosk.NameCut},
		"full, spelled":                 {full, "", "de Albuquerque<<Ana", [2]string{"de Albuquerque", "Ana"}, kiosk.NameWhole},
		"full, not split":               {full[:36], "A", "Ana de Albuquerque", [2]string{full[:36], "A"}, kiosk.NameCut},
		"one letter of the field free":  {full[:38], "", "", [2]string{full[:38], ""}, kiosk.NameWhole},
		"longer than anybody is called": {"ERIKSSON", "ANNA", strings.Repeat("E", 4000) + "<<Anna", [2]string{"ERIKSSON", "ANNA"}, kiosk.NameWhole},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			zone := examinetest.Anna()
			zone.Surname, zone.GivenNames = tt.surname, tt.given
			files := examine.TravelFiles{Groups: map[int][]byte{1: examinetest.DG1(t, zone), 11: examinetest.DG11(tt.details, "")}}
			got, err := examine.TravelIdentity(files, readOn)
			if err != nil || [2]string{got.Surname, got.GivenNames} != tt.want || got.NameSource != tt.source {
				t.Errorf("got %q, %q, %q, %v; want %q, %q", got.Surname, got.GivenNames, got.NameSource, err, tt.want, tt.source)
			}
		})
	}
}

func TestTravelIdentity_Birth(t *testing.T) {
	cases := map[string]struct {
		zone mrz.Date
		full string
		want kiosk.Date
	}{
		"the same":             {mrz.Date{Year: 1974, Month: 8, Day: 12}, "19740812", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
		"another century":      {mrz.Date{Year: 2021, Month: 8, Day: 12}, "19210812", kiosk.Date{Year: 1921, Month: 8, Day: 12}},
		"another day":          {mrz.Date{Year: 1974, Month: 8, Day: 12}, "19740813", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
		"another year":         {mrz.Date{Year: 2012, Month: 8, Day: 12}, "19740812", kiosk.Date{Year: 2012, Month: 8, Day: 12}},
		"day unknown":          {mrz.Date{Year: 1974, Month: 8}, "19740812", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
		"month unknown":        {mrz.Date{Year: 1974}, "19740812", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
		"unknown":              {mrz.Date{}, "19740812", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
		"unknown to both":      {mrz.Date{}, "00000000", kiosk.Date{}},
		"known to the zone":    {mrz.Date{Year: 1974, Month: 8, Day: 12}, "", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
		"year known to either": {mrz.Date{Year: 1974}, "19740000", kiosk.Date{Year: 1974}},
		"less known":           {mrz.Date{Year: 1974, Month: 8, Day: 12}, "19740000", kiosk.Date{Year: 1974, Month: 8, Day: 12}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			zone := examinetest.Anna()
			zone.Birth = tt.zone
			files := examine.TravelFiles{Groups: map[int][]byte{1: examinetest.DG1(t, zone), 11: examinetest.DG11("", tt.full)}}
			got, err := examine.TravelIdentity(files, readOn)
			if err != nil || got.BirthDate != tt.want {
				t.Errorf("got %v, %v; want %v", got.BirthDate, err, tt.want)
			}
		})
	}
}

func TestTravelIdentity_Kind(t *testing.T) {
	cases := []struct {
		format              mrz.Format
		code                string
		issuer, nationality string
		want                kiosk.DocumentKind
	}{
		{mrz.TD3, "P", "UTO", "UTO", kiosk.Passport},
		{mrz.TD3, "PM", "PRT", "PRT", kiosk.Passport},
		{mrz.TD1, "AR", "PRT", "UTO", kiosk.ResidencePermit},
		{mrz.TD2, "IR", "PRT", "UTO", kiosk.ResidencePermit},
		{mrz.TD1, "CR", "PRT", "UTO", kiosk.ResidenceCard},
		{mrz.TD2, "CR", "PRT", "UTO", kiosk.ResidenceCard},
		{mrz.TD1, "I", "PRT", "UTO", kiosk.ResidencePermit}, // a foreigner's card
		{mrz.TD1, "I", "PRT", "PRT", ""},                    // a Citizen Card, or what looks like one
		{mrz.TD1, "ID", "UTO", "PRT", ""},
		{mrz.TD1, "AC", "UTO", "PRT", ""},
		{mrz.TD1, "IP", "UTO", "PRT", ""},
	}
	for _, tt := range cases {
		zone := examinetest.Anna()
		zone.Format, zone.Code, zone.Issuer, zone.Nationality = tt.format, tt.code, tt.issuer, tt.nationality
		got, err := examine.TravelIdentity(examine.TravelFiles{Groups: map[int][]byte{1: examinetest.DG1(t, zone)}}, readOn)
		if err != nil || got.Kind != tt.want {
			t.Errorf("%s %s by %s for %s: got %q, %v; want %q", tt.format, tt.code, tt.issuer, tt.nationality, got.Kind, err, tt.want)
		}
	}
}

func TestTravelIdentity_ErrMalformed(t *testing.T) {
	whole := examinetest.DG1(t, examinetest.Anna())
	for name, bad := range map[string][]byte{
		"nothing": nil, "garbage": []byte("garbage"), "cut off": whole[:len(whole)-1], "trailing": append(whole[:len(whole):len(whole)], 0),
		"check digit": []byte(strings.Replace(string(whole), "L898902C3", "L898902C4", 1)),
	} {
		_, err := examine.TravelIdentity(examine.TravelFiles{Groups: map[int][]byte{1: bad}}, readOn)
		if !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		} else if strings.Contains(err.Error(), "ERIKSSON") || strings.Contains(err.Error(), "L8989") {
			t.Errorf("%s: the error names a person: %v", name, err)
		}
	}
}

func TestSameState(t *testing.T) {
	for _, tt := range []struct {
		issuer, country string
		want            bool
	}{
		{"PRT", "PT", true}, {"D", "DE", true}, {"DEU", "DE", true}, {"UTO", "UT", true}, {"XXK", "KS", true}, {"GBD", "GB", true},
		{"EUE", "EU", true}, {"UNO", "UN", true}, {"ROU", "RO", true}, {"SRB", "RS", true}, {"CHN", "CN", true}, {"HKG", "CN", true},
		{"PRT", "UT", false}, {"UTO", "PT", false}, {"PRT", "", false}, {"", "", false}, {"PT", "PT", false}, {"620", "PT", false},
		{"XXA", "XX", false}, {"ZZZ", "ZZ", false}, {"AAA", "AA", false}, {"GBD", "PT", false}, {"USA", "UM", false}, {"prt", "PT", false},
	} {
		if got := examine.SameState(tt.issuer, tt.country); got != tt.want {
			t.Errorf("%q and %q: got %v, want %v", tt.issuer, tt.country, got, tt.want)
		}
	}
}
