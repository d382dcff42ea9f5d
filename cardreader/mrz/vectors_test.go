package mrz_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
)

// today is the day that the vectors with dates were made for.
var today = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// vector is an entry of icao-9303-vectors.json; only what machine-readable zones need.
type vector struct {
	ID, Kind string
	Verified bool
	In       struct {
		MRZ                []string
		S                  string
		Primary, Secondary string
		YYMMDD             string
		RefDate            string `json:"ref_date"`
		Rule               string
	}
	Out struct {
		Format                               string
		Valid                                bool
		DocCode                              string `json:"doc_code"`
		Issuer, Nationality, Sex, Opt1, Opt2 string
		DocNo                                string `json:"doc_no"`
		DOB, DOE                             string
		Primary, Secondary                   string
		MRZInfo                              string `json:"mrz_info"`
		DocNoOK                              bool   `json:"doc_no_ok"`
		DOBOK                                bool   `json:"dob_ok"`
		DOEOK                                bool   `json:"doe_ok"`
		OptOK                                *bool  `json:"opt_cd_ok"`
		CompositeOK                          *bool  `json:"composite_ok"`
		CD                                   string
		NameField                            string `json:"name_field"`
		MaybeTruncated                       *bool  `json:"maybe_truncated"`
		Date                                 string
		Map                                  map[string][]string
	}
}

// vectors returns the entries of a kind; that there are as many as are known to be is part of the test.
func vectors(t *testing.T, kind string, count int) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/icao-9303-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Entries []json.RawMessage }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var out []vector
	for _, entry := range file.Entries {
		var head struct{ Kind string }
		if err := json.Unmarshal(entry, &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind != kind {
			continue
		}
		var v vector
		if err := json.Unmarshal(entry, &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if len(out) != count {
		t.Fatalf("got %d vectors of kind %s, want %d", len(out), kind, count)
	}
	return out
}

func unfilled(s string) string { return strings.TrimRight(s, "<") }

func TestVectors_MRZ(t *testing.T) {
	for _, v := range vectors(t, "mrz", 23) {
		t.Run(v.ID, func(t *testing.T) {
			text := strings.Join(v.In.MRZ, "\n")
			got, err := mrz.Parse(text, today)
			if visa := strings.HasPrefix(v.Out.Format, "MRV"); visa || !v.Out.Valid {
				want := mrz.ErrCheckDigit
				if visa {
					want = mrz.ErrVisa
				}
				wantError(t, err, want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkFields(t, got, v)
			lines, err := got.Lines()
			if err != nil || strings.Join(lines, "\n") != text {
				t.Errorf("got lines %q, %v, want %q", lines, err, v.In.MRZ)
			}
			if i := mrz.Inspect(text, today); !i.Valid || i.MRZ != got {
				t.Errorf("inspection is not valid or another zone: %+v", i)
			}
		})
	}
}

func checkFields(t *testing.T, got mrz.MRZ, v vector) {
	t.Helper()
	sex := v.Out.Sex
	if sex == "<" {
		sex = "X"
	}
	for _, c := range []struct{ name, got, want string }{
		{"format", got.Format.String(), v.Out.Format},
		{"code", got.Code, unfilled(v.Out.DocCode)},
		{"issuer", got.Issuer, unfilled(v.Out.Issuer)},
		{"nationality", got.Nationality, unfilled(v.Out.Nationality)},
		{"number", got.Number, v.Out.DocNo},
		{"birth", zoneDate(got.Birth), v.Out.DOB},
		{"expiry", zoneDate(got.Expiry), v.Out.DOE},
		{"sex", got.Sex, sex},
		{"surname", got.Surname, v.Out.Primary},
		{"given names", got.GivenNames, v.Out.Secondary},
		{"optional", got.Optional, v.Out.Opt1},
		{"optional2", got.Optional2, v.Out.Opt2},
		{"key", got.Key(), v.Out.MRZInfo},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

// zoneDate writes a date as a zone has it.
func zoneDate(d mrz.Date) string {
	s := strings.ReplaceAll(d.String(), "-", "")
	if len(s) > 2 {
		s = s[2:]
	}
	return s + strings.Repeat("<", 6-len(s))
}

// Where a check digit of the vectors is wrong, Inspect says so of its group and, but for the composite, of
// no other.
func TestVectors_Groups(t *testing.T) {
	for _, v := range vectors(t, "mrz", 23) {
		if strings.HasPrefix(v.Out.Format, "MRV") {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			want := map[string]bool{
				mrz.GroupNumber: v.Out.DocNoOK, mrz.GroupBirth: v.Out.DOBOK, mrz.GroupExpiry: v.Out.DOEOK,
				mrz.GroupOptional: v.Out.OptOK == nil || *v.Out.OptOK, mrz.GroupComposite: *v.Out.CompositeOK,
			}
			for _, g := range mrz.Inspect(strings.Join(v.In.MRZ, "\n"), today).Groups {
				right, known := want[g.Name]
				if (g.State == mrz.GroupRight) != (right || !known) {
					t.Errorf("%s: got state %d", g.Name, g.State)
				}
			}
		})
	}
}

func TestVectors_CheckDigit(t *testing.T) {
	for _, v := range vectors(t, "check-digit", 5) {
		if got, err := mrz.CheckDigit(v.In.S); err != nil || string(got) != v.Out.CD {
			t.Errorf("%s: got %c, %v, want %s", v.ID, got, err, v.Out.CD)
		}
	}
}

// Keys do not depend on the composite check digit, which two of these have wrong in print.
func TestVectors_Key(t *testing.T) {
	for _, v := range vectors(t, "bac-seed", 4) {
		t.Run(v.ID, func(t *testing.T) {
			z, err := mrz.Parse(strings.Join(v.In.MRZ, "\n"), today)
			if *v.Out.CompositeOK {
				if err != nil || z.Key() != v.Out.MRZInfo {
					t.Errorf("got key %q, %v, want %q", z.Key(), err, v.Out.MRZInfo)
				}
			} else {
				wantError(t, err, mrz.ErrCheckDigit)
			}
			info := v.Out.MRZInfo
			n := len(info) - 14
			got, err := mrz.Key(unfilled(info[:n-1]), info[n:n+6], info[n+7:n+13])
			if err != nil || got != info {
				t.Errorf("got key %q, %v, want %q", got, err, info)
			}
		})
	}
}

func TestVectors_Name(t *testing.T) {
	for _, v := range vectors(t, "mrz-name", 23) {
		t.Run(v.ID, func(t *testing.T) {
			m := specimen(mrz.TD3)
			m.Surname, m.GivenNames = v.In.Primary, v.In.Secondary
			lines, err := m.Lines()
			if err != nil {
				t.Fatal(err)
			}
			got := lines[0][5:]
			if v.Verified && got != v.Out.NameField {
				t.Errorf("got %s, want %s", got, v.Out.NameField)
			}
			// Which truncation is the issuer's choice: only that it is one of those 9303-4 allows.
			if !v.Verified {
				checkTruncated(t, got, v.In.Primary, v.In.Secondary)
				lines[0] = lines[0][:5] + v.Out.NameField
			}
			back, err := mrz.Parse(strings.Join(lines, "\n"), today)
			if err != nil {
				t.Fatal(err)
			}
			if want := v.Out.MaybeTruncated; want != nil && back.Truncated != *want {
				t.Errorf("got truncated %v, want %v", back.Truncated, *want)
			}
		})
	}
}

// checkTruncated wants both identifiers in a full field, each part the beginning of its own.
func checkTruncated(t *testing.T, got, primary, secondary string) {
	t.Helper()
	first, second, both := strings.Cut(got, "<<")
	if !both || got[len(got)-1] == '<' {
		t.Errorf("%s lacks an identifier or does not end with a letter", got)
	}
	for _, c := range []struct{ got, whole string }{{first, primary}, {second, secondary}} {
		whole := strings.Fields(c.whole)
		for i, part := range strings.Split(c.got, "<") {
			if part == "" || i >= len(whole) || !strings.HasPrefix(whole[i], part) {
				t.Errorf("%s is no cut of %s", c.got, c.whole)
			}
		}
	}
}

// The table is not verified and names alternatives: ours is one of them, for lower case too.
func TestVectors_Transliterate(t *testing.T) {
	v := vectors(t, "translit", 1)[0]
	if len(v.Out.Map) != 95 {
		t.Fatalf("got a table of %d letters, want 95", len(v.Out.Map))
	}
	for code, want := range v.Out.Map {
		letter := letterOf(t, code)
		if got := mrz.Transliterate(letter); got != want[0] {
			t.Errorf("%s (U+%s): got %s, want %s", letter, code, got, want[0])
		}
		if got := mrz.Transliterate(strings.ToLower(letter)); got != want[0] {
			t.Errorf("%s (lower case of U+%s): got %s, want %s", strings.ToLower(letter), code, got, want[0])
		}
	}
}

func TestVectors_Window(t *testing.T) {
	for _, v := range vectors(t, "date-window", 14) {
		now, err := time.Parse(time.DateOnly, v.In.RefDate)
		if err != nil {
			t.Fatal(err)
		}
		m := specimen(mrz.TD3)
		lines, err := m.Lines()
		if err != nil {
			t.Fatal(err)
		}
		birth, _, _ := strings.Cut(v.In.Rule, ":")
		place := 21
		if birth == "birth" {
			place = 13
		}
		z, err := mrz.Parse(strings.Join(withField(t, lines, place, v.In.YYMMDD), "\n"), now)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		got := z.Expiry
		if birth == "birth" {
			got = z.Birth
		}
		if got.String() != v.Out.Date {
			t.Errorf("%s: got %s, want %s", v.ID, got, v.Out.Date)
		}
	}
}
