package kiosk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"balcao/kiosk"
)

var today = kiosk.DateOf(noon)

func TestCheckTaxNumber(t *testing.T) {
	for _, good := range []string{"400000008", "999999990", "123456789", "501964843"} {
		if !kiosk.CheckTaxNumber(good) {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range []string{"", "400000004", "40000000", "4000000080", "40000000A", "000000000", "４00000008"} {
		if kiosk.CheckTaxNumber(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestTaxNumberFindsSlips: each single wrong digit is found, but for the two that the published rule writes
// alike: a remainder of ten and of none both give 0.
func TestTaxNumberFindsSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(10_000_000, 99_999_999).Draw(t, "number")
		var good string
		for check := range 10 {
			if nif := fmt.Sprintf("%08d%d", first, check); kiosk.CheckTaxNumber(nif) {
				if good != "" {
					t.Fatalf("%s and %s both pass", good, nif)
				}
				good = nif
			}
		}
		if good == "" {
			t.Fatal("a number without a check digit")
		}
		at, to := rapid.IntRange(0, 8).Draw(t, "at"), byte('0'+rapid.IntRange(0, 9).Draw(t, "to"))
		wrong := []byte(good)
		wrong[at] = to
		if to != good[at] && good[8] != '0' && kiosk.CheckTaxNumber(string(wrong)) && wrong[8] != '0' {
			t.Errorf("%s passes for %s", wrong, good)
		}
	})
}

func TestRules(t *testing.T) {
	paper := kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhoria", Issued: today}
	visa := kiosk.Seen{Kind: kiosk.SeenVisa, Issuer: "Consulado", Issued: today}
	full := kiosk.Eligibility{TaxNumber: "400000008", Address: paper, Residence: visa, Independence: kiosk.Independent}
	tests := []struct {
		name   string
		kind   kiosk.DocumentKind
		change func(*kiosk.Eligibility)
		want   []kiosk.Fault
	}{
		{"PassportFull", kiosk.Passport, func(*kiosk.Eligibility) {}, nil},
		{"PassportAddressOnly", kiosk.Passport, func(e *kiosk.Eligibility) { e.Residence = kiosk.Seen{} }, nil},
		{"PassportResidenceOnly", kiosk.Passport, func(e *kiosk.Eligibility) { e.Address = kiosk.Seen{} }, nil},
		{"PassportNeither", kiosk.Passport, func(e *kiosk.Eligibility) { e.Address, e.Residence = kiosk.Seen{}, kiosk.Seen{} },
			[]kiosk.Fault{{Requirement: kiosk.RequireResidence, Missing: true}}},
		{"PassportOneImpossible", kiosk.Passport, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 2031, Month: time.May, Day: 1} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperFuture}}},
		{"PermitWithoutAddress", kiosk.ResidencePermit, func(e *kiosk.Eligibility) { e.Address = kiosk.Seen{} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Missing: true}}},
		{"PaperOfTheWrongKind", kiosk.ResidencePermit, func(e *kiosk.Eligibility) { e.Address.Kind = kiosk.SeenVisa },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperKind}}},
		{"PaperByNobody", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issuer = "  " },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperIssuer}}},
		{"PaperByALongName", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issuer = strings.Repeat("é", kiosk.MaxIssuer+1) },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperIssuerLong}}},
		{"PaperWithoutADate", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperDate}}},
		{"PaperOfAYear", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 2025} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperDate}}},
		{"PaperOfNoDay", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 2025, Month: time.November, Day: 31} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperNoSuchDay}}},
		{"PaperOfNoMonth", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 2025, Month: 13, Day: 1} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperNoSuchDay}}},
		{"PaperOfTheYear202", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 202, Month: time.May, Day: 1} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperAncient}}},
		{"PaperOf1899", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 1899, Month: time.December, Day: 31} },
			[]kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperAncient}}},
		{"PaperOf1900", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 1900, Month: time.January, Day: 1} }, nil},
		{"PaperOfALeapDay", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Address.Issued = kiosk.Date{Year: 2024, Month: time.February, Day: 29} }, nil},
		{"WrongTaxNumber", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.TaxNumber = "400000009" },
			[]kiosk.Fault{{Requirement: kiosk.RequireTaxNumber}}},
		{"Accompanied", kiosk.ResidenceCard, func(e *kiosk.Eligibility) { e.Independence = kiosk.Accompanied },
			[]kiosk.Fault{{Requirement: kiosk.RequireIndependence}}},
		{"CitizenCardNeedsNothing", kiosk.CitizenCard, func(e *kiosk.Eligibility) { *e = kiosk.Eligibility{} }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule, known := kiosk.RuleFor(tt.kind)
			if !known {
				t.Fatal("no rule")
			}
			e := full
			tt.change(&e)
			if got := rule.Faults(e, today); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	tests := []struct {
		kind   kiosk.DocumentKind
		issuer string
		want   bool
	}{
		{kiosk.Passport, "UTO", true},
		{kiosk.ResidencePermit, "PRT", true},
		{kiosk.ResidencePermit, "UTO", false},
		{kiosk.ResidenceCard, "D", false},
		{"library-card", "PRT", false},
	}
	for _, tt := range tests {
		if got := kiosk.Accepts(tt.kind, tt.issuer); got != tt.want {
			t.Errorf("%s of %s: got %v, want %v", tt.kind, tt.issuer, got, tt.want)
		}
	}
}

func TestExtension(t *testing.T) {
	law := kiosk.Extension{
		Name: "Decreto-Lei 999/2026", Kinds: []kiosk.DocumentKind{kiosk.ResidencePermit},
		From: kiosk.Date{Year: 2025, Month: time.March, Day: 1}, To: kiosk.Date{Year: 2026, Month: time.June, Day: 30},
		Until: kiosk.Date{Year: 2026, Month: time.December, Day: 31},
	}
	day := func(y int, m time.Month, d int) kiosk.Date { return kiosk.Date{Year: y, Month: m, Day: d} }
	tests := []struct {
		name           string
		kind           kiosk.DocumentKind
		expired, today kiosk.Date
		want           bool
	}{
		{"Inside", kiosk.ResidencePermit, day(2026, time.January, 5), today, true},
		{"FirstDay", kiosk.ResidencePermit, law.From, today, true},
		{"LastDay", kiosk.ResidencePermit, law.To, law.Until, true},
		{"TooEarly", kiosk.ResidencePermit, day(2025, time.February, 28), today, false},
		{"TooLate", kiosk.ResidencePermit, day(2026, time.July, 1), today, false},
		{"OverSince", kiosk.ResidencePermit, law.To, day(2027, time.January, 1), false},
		{"OtherKind", kiosk.Passport, law.To, today, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := law.Covers(tt.kind, tt.expired, tt.today); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPartialDates(t *testing.T) {
	year, month := kiosk.Date{Year: 1985}, kiosk.Date{Year: 1984, Month: time.February}
	if got := year.Latest().String() + " " + month.Latest().String(); got != "1985-12-31 1984-02-29" {
		t.Errorf("got %s", got)
	}
	for _, d := range []kiosk.Date{{}, year, month, {Year: 2026, Month: time.May, Day: 9}} {
		text, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again kiosk.Date
		if err := again.UnmarshalText(text); err != nil || again != d {
			t.Errorf("%s: got %v and %v", text, again, err)
		}
	}
	if got := (kiosk.Date{Year: 2010}).AgeOn(kiosk.Date{Year: 2026, Month: time.November, Day: 25}); got != 15 {
		t.Errorf("got an age of %d, want 15: nobody knows that it is more", got)
	}
}
