package kiosk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
)

// settings are the centre's as its database tells them.
const settings = `{"min_age":18,"pin_min":8,"pin_max":8,"national_grace_days":10,"typed_mrz":2,"accompanied_allowed":1,"code_tries":3,
	"revocation_unknown":1,"approve_extension":0,"approve_photo":0,"level_asked":1,
	"extensions":[{"name":"DL 1/2026","kinds":["passport"],"from":"2026-01-01","to":"2026-06-30","until":"2026-12-31"}]}`

func TestRules_UnmarshalJSON(t *testing.T) {
	var got kiosk.Rules
	if err := json.Unmarshal([]byte(settings), &got); err != nil {
		t.Fatal(err)
	}
	day := func(year int, month time.Month, day int) kiosk.Date {
		return kiosk.Date{Year: year, Month: month, Day: day}
	}
	want := kiosk.Rules{
		MinAge: 18, PINMin: 8, PINMax: 8, NationalGrace: 10, TypedMRZ: kiosk.TypedAllowed, Accompanied: true,
		ApproveRevocation: true, ApproveBelow: kiosk.LevelHigh,
		Extensions: []kiosk.Extension{{
			Name: "DL 1/2026", Kinds: []kiosk.DocumentKind{kiosk.Passport}, From: day(2026, 1, 1), To: day(2026, 6, 30), Until: day(2026, 12, 31),
		}},
	}
	if !got.Equal(want) || got.Equal(kiosk.UsualRules()) {
		t.Errorf("got %+v", got)
	}
	for name, change := range map[string][2]string{
		"another licence": {`"typed_mrz":2`, `"typed_mrz":7`}, "no word on it": {`"typed_mrz":2,`, ``},
	} {
		var careful kiosk.Rules
		if err := json.Unmarshal([]byte(strings.Replace(settings, change[0], change[1], 1)), &careful); err != nil || careful.TypedMRZ != kiosk.TypedRefused {
			t.Errorf("%s: got %q, %v", name, careful.TypedMRZ, err)
		}
	}
	var careful kiosk.Rules
	silent := strings.Replace(settings, `"revocation_unknown":1,"approve_extension":0,"approve_photo":0,"level_asked":1,`, "", 1)
	if err := json.Unmarshal([]byte(silent), &careful); err != nil || careful.ApproveRevocation || !careful.ApproveExtension || !careful.ApprovePhoto {
		t.Errorf("nothing said of a supervisor: got %+v, %v", careful, err)
	}
	for name, change := range map[string][2]string{
		"no age": {`"min_age":18,`, ``}, "an age below zero": {`18`, `-1`}, "no shortest PIN": {`"pin_min":8,`, ``}, "no longest PIN": {`"pin_max":8,`, ``},
		"a PIN of three": {`"pin_min":8`, `"pin_min":3`}, "no PIN at all": {`"pin_max":8`, `"pin_max":7`}, "no end": {`"national_grace_days":10,`, ``},
		"a text": {`"min_age":18`, `"min_age":"18"`}, "null": {settings, `[]`},
	} {
		var none kiosk.Rules
		if err := json.Unmarshal([]byte(strings.Replace(settings, change[0], change[1], 1)), &none); !errors.Is(err, kiosk.ErrRules) || none.Known() {
			t.Errorf("%s: got %v and %+v", name, err, none)
		}
	}
}

// rules are the usual ones but for a change.
func rules(change func(*kiosk.Rules)) kiosk.Rules {
	r := kiosk.UsualRules()
	change(&r)
	return r
}

// told is the centre telling its rules.
func told(r kiosk.Rules) kiosk.Event {
	return kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}, Delivery: kiosk.HealthGood, Rules: r}
}

func TestSession_RulesOfCentre(t *testing.T) {
	eight := told(rules(func(r *kiosk.Rules) { r.PINMin = 8 }))
	t.Run("PINOfCentre", func(t *testing.T) {
		d := newDesk(t).do(eight).settled().do(kiosk.Continue{}).at(kiosk.StepPIN)
		if d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}); !d.state.PIN.Refused || d.state.PIN.Policy.MinDigits != 8 {
			t.Errorf("six digits at a centre that asks for eight: %+v", d.state.PIN)
		}
	})
	t.Run("AgeOfCentre", func(t *testing.T) {
		if d := newDesk(t).do(told(rules(func(r *kiosk.Rules) { r.MinAge = 18 }))); d.state.MinAge != 18 {
			t.Errorf("the desk shows %d years", d.state.MinAge)
		}
	})
	t.Run("CentreSilent", func(t *testing.T) {
		d := newDesk(t).do(eight, kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown}}, told(kiosk.Rules{}))
		if d.settled().do(kiosk.Continue{}); d.state.PIN.Policy.MinDigits != 8 {
			t.Errorf("the rules were forgotten: %+v", d.state.PIN.Policy)
		}
	})
}

// Rules that change in the middle of a case are answered before anything is signed under the old ones.
func TestSession_RulesChange(t *testing.T) {
	eight := told(rules(func(r *kiosk.Rules) { r.PINMin = 8 }))
	chooses := func(t *testing.T, d *desk, changed bool) {
		t.Helper()
		d.at(kiosk.StepPIN)
		if pin := d.state.PIN; pin.Phase != kiosk.PINFirst || pin.Policy.MinDigits != 8 || pin.Changed != changed {
			t.Errorf("got %+v, want a PIN of eight digits to be chosen", pin)
		}
	}
	t.Run("PINNotChosen", func(t *testing.T) {
		chooses(t, newDesk(t).settled().do(kiosk.Continue{}).do(eight), false)
	})
	t.Run("PINTypedOnce", func(t *testing.T) {
		chooses(t, newDesk(t).settled().do(kiosk.Continue{}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, eight), true)
	})
	t.Run("Review", func(t *testing.T) { chooses(t, newDesk(t).reviewing().do(eight), true) })
	t.Run("BeforeSigning", func(t *testing.T) {
		d := newDesk(t).signing().do(eight, kiosk.InCase{Case: 1, Event: kiosk.RulesChanged{}})
		chooses(t, d, true)
		if d.do(kiosk.PINTyped{PIN: kiosk.Secret("73915028")}); d.state.PIN.Changed || d.state.PIN.Phase != kiosk.PINRepeat {
			t.Errorf("another PIN was chosen: %+v", d.state.PIN)
		}
	})
	t.Run("OtherRulesBeforeSigning", func(t *testing.T) { // which this case has nothing to do with
		d := newDesk(t).signing().do(told(rules(func(r *kiosk.Rules) { r.Accompanied = true })), kiosk.InCase{Case: 1, Event: kiosk.RulesChanged{}})
		d.phase(kiosk.ReviewCardPIN)
	})
	t.Run("Signed", func(t *testing.T) { newDesk(t).binding().do(eight).phase(kiosk.ReviewBinding) })
	t.Run("TooYoung", func(t *testing.T) {
		newDesk(t).settled().do(told(rules(func(r *kiosk.Rules) { r.MinAge = 99 }))).problem(kiosk.ProblemCode(kiosk.ReasonUnderAge), true)
	})
	t.Run("LawWithdrawn", func(t *testing.T) {
		law := kiosk.Extension{
			Name: "a law", Kinds: []kiosk.DocumentKind{kiosk.CitizenCard}, From: anna().ValidUntil, To: anna().ValidUntil,
			Until: kiosk.Date{Year: 2040, Month: 1, Day: 1},
		}
		d := newDesk(t)
		d.do(kiosk.Tick{Now: time.Date(2035, 1, 2, 9, 0, 0, 0, time.UTC)}, told(rules(func(r *kiosk.Rules) { r.Extensions = []kiosk.Extension{law} })))
		d.identified().do(told(kiosk.UsualRules())).problem(kiosk.ProblemCode(kiosk.ReasonDocumentExpired), true)
	})
	typing := rules(func(r *kiosk.Rules) { r.TypedMRZ = kiosk.TypedAllowed })
	t.Run("TypedNoMore", func(t *testing.T) {
		newTravelDesk(t, typing).typed().do(told(kiosk.UsualRules())).problem(kiosk.ProblemNoChip, true)
	})
}
