package schema_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
)

func day(year, month, day int) kiosk.Date {
	return kiosk.Date{Year: year, Month: time.Month(month), Day: day}
}

// hello is the rules as a desk hears them.
func hello(t *testing.T, db *cluster.Database) kiosk.Rules {
	t.Helper()
	desk, err := central.Dial(t.Context(), central.Config{DSN: db.Desk("loja_1")})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	h, err := desk.Hello(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h.Rules
}

func TestSettings(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	if got := hello(t, db); got.TypedMRZ != kiosk.TypedRefused || got.Accompanied || got.MinAge != 16 {
		t.Errorf("a new centre's rules: %+v", got)
	}
	for value, want := range map[int]kiosk.TypedRule{1: kiosk.TypedSecond, 2: kiosk.TypedAllowed, 0: kiosk.TypedRefused} {
		if err := schema.Set(t.Context(), db.Admin(), "typed_mrz", value); err != nil {
			t.Fatal(err)
		}
		if got := hello(t, db).TypedMRZ; got != want {
			t.Errorf("typed_mrz %d = %q, want %q", value, got, want)
		}
	}
	if err := schema.Set(t.Context(), db.Admin(), "typed_mr", 1); !errors.Is(err, schema.ErrNoSetting) {
		t.Errorf("a setting that is not there: %v", err)
	}
	for _, value := range []int{-1, 3} {
		var out *schema.RangeError
		if err := schema.Set(t.Context(), db.Admin(), "typed_mrz", value); !errors.As(err, &out) || out.Setting.Highest != 2 {
			t.Errorf("typed_mrz %d: %v, want a RangeError up to 2", value, err)
		}
	}
	settings, err := schema.Settings(t.Context(), db.Admin())
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
	db := cluster.NewDatabase(t)
	if got := hello(t, db).Extensions; len(got) != 0 {
		t.Errorf("a new centre has extensions: %v", got)
	}
	permits := kiosk.Extension{Name: "DL 10-A/2020, art. 16.º", Kinds: []kiosk.DocumentKind{kiosk.ResidencePermit, kiosk.ResidenceCard},
		From: day(2020, 2, 22), To: day(2025, 6, 30), Until: day(2025, 10, 15)}
	passports := kiosk.Extension{Name: "A law", Kinds: []kiosk.DocumentKind{kiosk.Passport},
		From: day(2025, 1, 1), To: day(2025, 1, 1), Until: day(2025, 1, 1)}
	for _, x := range []kiosk.Extension{permits, passports} {
		if err := schema.AddExtension(t.Context(), db.Admin(), x); err != nil {
			t.Fatal(err)
		}
	}
	want := []kiosk.Extension{passports, permits}
	got, err := schema.Extensions(t.Context(), db.Admin())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("the operator's list: %v\n%s", err, diff)
	}
	if diff := cmp.Diff(want, hello(t, db).Extensions); diff != "" {
		t.Errorf("the desk's list:\n%s", diff)
	}
	if err := schema.AddExtension(t.Context(), db.Admin(), permits); !errors.Is(err, schema.ErrExtensionExists) {
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
		if err := schema.AddExtension(t.Context(), db.Admin(), x); !errors.Is(err, schema.ErrExtension) {
			t.Errorf("%s: %v, want ErrExtension", name, err)
		}
	}
	if err := schema.RemoveExtension(t.Context(), db.Admin(), permits.Name); err != nil {
		t.Error(err)
	}
	if err := schema.RemoveExtension(t.Context(), db.Admin(), permits.Name); !errors.Is(err, schema.ErrNoExtension) {
		t.Errorf("removed twice: %v", err)
	}
	if got := hello(t, db).Extensions; len(got) != 1 || got[0].Name != "A law" {
		t.Errorf("left: %v", got)
	}
}
