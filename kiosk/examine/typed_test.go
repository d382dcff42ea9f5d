package examine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
)

func TestExamineTyped(t *testing.T) {
	var reported []kiosk.CheckName
	v := &examine.Examiner{Now: func() time.Time { return readOn }}
	zone := examinetest.Permit()
	verdict := v.ExamineTyped(t.Context(), strings.Join(examinetest.MustLines(t, zone), "\n"), func(c kiosk.Check) { reported = append(reported, c.Name) })
	want := kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckChipAuthenticity}}
	if diff := cmp.Diff(want, verdict.Assurance); diff != "" || len(verdict.Reasons) > 0 {
		t.Errorf("%v (-want +got):\n%s", verdict.Reasons, diff)
	}
	if got := examinetest.Check(t, verdict, kiosk.CheckChipAuthenticity); got.Result != kiosk.Absent || got.Reason != kiosk.ReasonNoChip {
		t.Errorf("got %+v", got)
	}
	if got := verdict.Identity; got.Kind != kiosk.ResidencePermit || got.DocumentNumber != zone.Number || got.Country != "PRT" {
		t.Errorf("got %q of %q", got.Kind, got.Country)
	}
	if diff := cmp.Diff(examine.TypedOrder, reported); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

func TestExamineTyped_OneReason(t *testing.T) {
	text := strings.Join(examinetest.MustLines(t, examinetest.Anna()), "\n")
	foreign := examinetest.Permit()
	foreign.Issuer, foreign.Nationality = "UTO", "PRT"
	cases := map[string]struct {
		zone string
		now  time.Time
		want kiosk.Reason
	}{
		"wrong check digit":      {strings.Replace(text, "L898902C3", "L898902C4", 1), readOn, kiosk.ReasonMalformed},
		"half of it":             {text[:44], readOn, kiosk.ReasonMalformed},
		"nothing":                {"", readOn, kiosk.ReasonMalformed},
		"expired":                {text, time.Date(2034, 4, 16, 0, 0, 0, 0, time.UTC), kiosk.ReasonDocumentExpired},
		"a child":                {text, time.Date(1990, 8, 11, 0, 0, 0, 0, time.UTC), kiosk.ReasonUnderAge},
		"another State's permit": {strings.Join(examinetest.MustLines(t, foreign), "\n"), readOn, kiosk.ReasonNotAccepted},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v := &examine.Examiner{Now: func() time.Time { return tt.now }}
			verdict := v.ExamineTyped(t.Context(), tt.zone, nil)
			if diff := cmp.Diff([]kiosk.Reason{tt.want}, verdict.Reasons); diff != "" || verdict.Assurance.Level != kiosk.LevelNone {
				t.Errorf("level %q (-want +got):\n%s", verdict.Assurance.Level, diff)
			}
		})
	}
}
