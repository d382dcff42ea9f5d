package schema_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/kiosk/central/schema"
)

func day(year, month, day int) kiosk.Date {
	return kiosk.Date{Year: year, Month: time.Month(month), Day: day}
}

// hello is the rules as a desk hears them.
func hello(t *testing.T, b *bench) (rules kiosk.Rules) {
	t.Helper()
	raw := must(ask[[]byte](t, b.centre, `select rules from desk.hello($1)`, b.desk.cert))(t)
	if err := json.Unmarshal(raw, &rules); err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := hello(t, b); got.TypedMRZ != kiosk.TypedRefused || got.Accompanied || got.MinAge != 16 {
		t.Errorf("a new centre's rules: %+v", got)
	}
	for value, want := range map[int]kiosk.TypedRule{1: kiosk.TypedSecond, 2: kiosk.TypedAllowed, 0: kiosk.TypedRefused} {
		if err := schema.Set(t.Context(), b.db.Admin(), "typed_mrz", value); err != nil {
			t.Fatal(err)
		}
		if got := hello(t, b).TypedMRZ; got != want {
			t.Errorf("typed_mrz %d = %q, want %q", value, got, want)
		}
	}
	if err := schema.Set(t.Context(), b.db.Admin(), "typed_mr", 1); !errors.Is(err, schema.ErrNoSetting) {
		t.Errorf("a setting that is not there: %v", err)
	}
	for _, value := range []int{-1, 3} {
		var out *schema.RangeError
		if err := schema.Set(t.Context(), b.db.Admin(), "typed_mrz", value); !errors.As(err, &out) || out.Setting.Highest != 2 {
			t.Errorf("typed_mrz %d: %v, want a RangeError up to 2", value, err)
		}
	}
	for _, sql := range []string{`update centre.setting set value = '0' where name = 'code_tries'`,
		`update centre.setting set value = '"3"' where name = 'code_tries'`, `update centre.setting set value = '100' where name = 'pin_hash_memory_kib'`} {
		if _, err := b.admin.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
	settings, err := schema.Settings(t.Context(), b.db.Admin())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(settings, func(s schema.Setting) bool { return s.Name == "accompanied_allowed" })
	if i < 0 || settings[i].Highest != 1 || settings[i].Note == "" || !slices.IsSortedFunc(settings, func(a, b schema.Setting) int {
		return strings.Compare(a.Name, b.Name)
	}) {
		t.Errorf("settings = %+v", settings)
	}
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := hello(t, b).Extensions; len(got) != 0 {
		t.Errorf("a new centre has extensions: %v", got)
	}
	permits := kiosk.Extension{Name: "DL 10-A/2020, art. 16.º", Kinds: []kiosk.DocumentKind{kiosk.ResidencePermit, kiosk.ResidenceCard},
		From: day(2020, 2, 22), To: day(2025, 6, 30), Until: day(2025, 10, 15)}
	passports := kiosk.Extension{Name: "A law", Kinds: []kiosk.DocumentKind{kiosk.Passport},
		From: day(2025, 1, 1), To: day(2025, 1, 1), Until: day(2025, 1, 1)}
	for _, x := range []kiosk.Extension{permits, passports} {
		if err := schema.AddExtension(t.Context(), b.db.Admin(), x); err != nil {
			t.Fatal(err)
		}
	}
	want := []kiosk.Extension{passports, permits}
	got, err := schema.Extensions(t.Context(), b.db.Admin())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("the operator's list: %v\n%s", err, diff)
	}
	if diff := cmp.Diff(want, hello(t, b).Extensions); diff != "" {
		t.Errorf("the desk's list:\n%s", diff)
	}
	if err := schema.AddExtension(t.Context(), b.db.Admin(), permits); !errors.Is(err, schema.ErrExtensionExists) {
		t.Errorf("the same name again: %v", err)
	}
	for name, change := range map[string]func(*kiosk.Extension){
		"no name":         func(x *kiosk.Extension) { x.Name = "" },
		"a long name":     func(x *kiosk.Extension) { x.Name = strings.Repeat("x", 81) },
		"two lines":       func(x *kiosk.Extension) { x.Name = "a\nb" },
		"no kind":         func(x *kiosk.Extension) { x.Kinds = nil },
		"an unknown kind": func(x *kiosk.Extension) { x.Kinds = []kiosk.DocumentKind{"library-card"} },
		"no day":          func(x *kiosk.Extension) { x.From = kiosk.Date{} },
		"a month":         func(x *kiosk.Extension) { x.Until = kiosk.Date{Year: 2030, Month: 4} },
		"30 February":     func(x *kiosk.Extension) { x.To = day(2024, 2, 30) },
		"backwards":       func(x *kiosk.Extension) { x.To = day(2020, 2, 21) },
		"over before":     func(x *kiosk.Extension) { x.Until = day(2025, 6, 29) },
	} {
		x := permits
		x.Name = "Another law"
		change(&x)
		if err := schema.AddExtension(t.Context(), b.db.Admin(), x); !errors.Is(err, schema.ErrExtension) {
			t.Errorf("%s: %v, want ErrExtension", name, err)
		}
	}
	if err := schema.RemoveExtension(t.Context(), b.db.Admin(), permits.Name); err != nil {
		t.Error(err)
	}
	if err := schema.RemoveExtension(t.Context(), b.db.Admin(), permits.Name); !errors.Is(err, schema.ErrNoExtension) {
		t.Errorf("removed twice: %v", err)
	}
	if got := hello(t, b).Extensions; len(got) != 1 || got[0].Name != "A law" {
		t.Errorf("left: %v", got)
	}
}

func TestDestinationsAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	set := func(d schema.Destination) {
		t.Helper()
		if err := schema.SetDestination(t.Context(), b.db.Admin(), d); err != nil {
			t.Fatal(err)
		}
	}
	get := func(prefix string) schema.Destination {
		t.Helper()
		all := must(schema.Destinations(t.Context(), b.db.Admin()))(t)
		i := slices.IndexFunc(all, func(d schema.Destination) bool { return d.Prefix == prefix })
		if i < 0 {
			return schema.Destination{}
		}
		return all[i]
	}
	before := get("351")
	set(schema.Destination{Prefix: "351", PerHour: -1})
	if s := b.desk.send(b.desk.open(citizen()), "sms", phone()); s.Refusal != "destination_off" {
		t.Errorf("switched off: %+v", s)
	}
	set(schema.Destination{Prefix: "351", Allowed: true, PerHour: -1})
	if got := get("351"); got != before || !got.Allowed || got.PerHour == 0 {
		t.Errorf("off and on again: %+v, want %+v", got, before)
	}
	set(schema.Destination{Prefix: "1900", Allowed: true, PerHour: 7})
	if got := get("1900"); !got.Allowed || got.PerHour != 7 || got.Note == "" {
		t.Errorf("changed: %+v", got)
	}
	for _, prefix := range []string{"", "+351", "0351", "35x", "35191234567"} {
		if err := schema.SetDestination(t.Context(), b.db.Admin(), schema.Destination{Prefix: prefix}); !errors.Is(err, schema.ErrDestination) {
			t.Errorf("%q: %v, want ErrDestination", prefix, err)
		}
	}
}
