package mrz_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/mrz"
)

// group returns the first group of a name.
func group(t *testing.T, i mrz.Inspection, name string) mrz.Group {
	t.Helper()
	for _, g := range i.Groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("no group %s in %v", name, i.Groups)
	return mrz.Group{}
}

// Both kinds of card begin alike; what follows tells them apart, with and without line breaks.
func TestInspect_Format(t *testing.T) {
	td1 := strings.ReplaceAll(mustLines(t, mrz.TD1, nil), "\n", "")
	td2 := strings.ReplaceAll(mustLines(t, mrz.TD2, nil), "\n", "")
	td3 := mustLines(t, mrz.TD3, nil)
	for text, want := range map[string]mrz.Format{
		"":                  0,
		"I":                 0,
		"I<UTO":             0,
		td1[:6]:             0, // a letter may begin a number or a name
		td1[:8]:             mrz.TD1,
		td1[:90]:            mrz.TD1,
		td1 + "<":           mrz.TD1,
		td2[:14]:            0,
		td2[:15]:            mrz.TD2,
		td2[:71]:            mrz.TD2,
		td3[:1]:             mrz.TD3,
		td3:                 mrz.TD3,
		"F" + td3[1:]:       mrz.TD3, // a slip in the first character
		"1" + td1[1:]:       mrz.TD1,
		"I<UTOABCDEFGHI5":   mrz.TD1, // a number of letters and its check digit
		"I<UTO0LSEN<<OLAF<": mrz.TD2, // a slip in a name
		"I<UTOA\nB\nC":      mrz.TD1,
		"V<UTO":             0,
	} {
		if got := mrz.Inspect(text, today).Format; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestInspect_Groups(t *testing.T) {
	type place struct {
		Name           string
		Line, From, To int
		State          mrz.GroupState
	}
	long := func(m *mrz.MRZ) { m.Number, m.Optional = "D23145890734", "X" }
	td1, td2, td3 := mustLines(t, mrz.TD1, long), mustLines(t, mrz.TD2, long), mustLines(t, mrz.TD3, nil)
	for name, test := range map[string]struct {
		text string
		want []place
	}{
		"Nothing": {"", nil},
		"Issuer":  {"I<UT", []place{{mrz.GroupCode, 0, 0, 2, mrz.GroupRight}, {mrz.GroupIssuer, 0, 2, 5, mrz.GroupMissing}}},
		"TD1": {td1, []place{
			{mrz.GroupCode, 0, 0, 2, mrz.GroupRight},
			{mrz.GroupIssuer, 0, 2, 5, mrz.GroupRight},
			{mrz.GroupNumber, 0, 5, 15, mrz.GroupRight},
			{mrz.GroupNumber, 0, 15, 19, mrz.GroupRight},
			{mrz.GroupOptional, 0, 19, 30, mrz.GroupRight},
			{mrz.GroupBirth, 1, 0, 7, mrz.GroupRight},
			{mrz.GroupSex, 1, 7, 8, mrz.GroupRight},
			{mrz.GroupExpiry, 1, 8, 15, mrz.GroupRight},
			{mrz.GroupNationality, 1, 15, 18, mrz.GroupRight},
			{mrz.GroupOptional2, 1, 18, 29, mrz.GroupRight},
			{mrz.GroupComposite, 1, 29, 30, mrz.GroupRight},
			{mrz.GroupNames, 2, 0, 30, mrz.GroupRight},
		}},
		"TD2": {td2, []place{
			{mrz.GroupCode, 0, 0, 2, mrz.GroupRight},
			{mrz.GroupIssuer, 0, 2, 5, mrz.GroupRight},
			{mrz.GroupNames, 0, 5, 36, mrz.GroupRight},
			{mrz.GroupNumber, 1, 0, 10, mrz.GroupRight},
			{mrz.GroupNationality, 1, 10, 13, mrz.GroupRight},
			{mrz.GroupBirth, 1, 13, 20, mrz.GroupRight},
			{mrz.GroupSex, 1, 20, 21, mrz.GroupRight},
			{mrz.GroupExpiry, 1, 21, 28, mrz.GroupRight},
			{mrz.GroupNumber, 1, 28, 32, mrz.GroupRight},
			{mrz.GroupOptional, 1, 32, 35, mrz.GroupRight},
			{mrz.GroupComposite, 1, 35, 36, mrz.GroupRight},
		}},
		"TD3": {td3[:44+1+16], []place{
			{mrz.GroupCode, 0, 0, 2, mrz.GroupRight},
			{mrz.GroupIssuer, 0, 2, 5, mrz.GroupRight},
			{mrz.GroupNames, 0, 5, 44, mrz.GroupRight},
			{mrz.GroupNumber, 1, 0, 10, mrz.GroupRight},
			{mrz.GroupNationality, 1, 10, 13, mrz.GroupRight},
			{mrz.GroupBirth, 1, 13, 20, mrz.GroupMissing},
			{mrz.GroupSex, 1, 20, 21, mrz.GroupMissing},
			{mrz.GroupExpiry, 1, 21, 28, mrz.GroupMissing},
			{mrz.GroupOptional, 1, 28, 43, mrz.GroupMissing},
			{mrz.GroupComposite, 1, 43, 44, mrz.GroupMissing},
		}},
	} {
		var got []place
		for _, g := range mrz.Inspect(test.text, today).Groups {
			got = append(got, place{g.Name, g.Line, g.From, g.To, g.State})
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Of optional data that the longest number fills, the filler that ends the number is left.
func TestInspect_LongestNumber(t *testing.T) {
	text := mustLines(t, mrz.TD1, func(m *mrz.MRZ) { m.Number = strings.Repeat("7", 22) })
	i := mrz.Inspect(text, today)
	if !i.Valid || i.MRZ.Number != strings.Repeat("7", 22) {
		t.Fatalf("got %v", i.Err)
	}
	if g := group(t, i, mrz.GroupOptional); g.From != 29 || g.To != 30 {
		t.Errorf("got optional data %d to %d", g.From, g.To)
	}
}

// Who has typed a name need not type the fillers after it: the line break does.
func TestInspect_FillsNames(t *testing.T) {
	for _, format := range []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3} {
		full := mustLines(t, format, nil)
		var short strings.Builder
		for line := range strings.SplitSeq(full, "\n") {
			if strings.Contains(line, "ERIKSSON") {
				line = strings.TrimRight(line, "<")
			}
			short.WriteString(line + "\r\n")
		}
		i := mrz.Inspect(short.String(), today)
		if !i.Valid || strings.Join(i.Lines, "\n") != full {
			t.Errorf("%s: got %q, %v", format, i.Lines, i.Err)
		}
		// Without the last line break a TD1's names may go on.
		if got := mrz.Inspect(strings.TrimSpace(short.String()), today).Valid; got != (format != mrz.TD1) {
			t.Errorf("%s: got valid %v", format, got)
		}
	}
}

// TestInspect_FillsOptionalData: up to the check digits, which are typed.
func TestInspect_FillsOptionalData(t *testing.T) {
	for _, test := range []struct{ name, typed, want string }{
		{"TD3", "P<UTOERIKSSON<<ANNA<MARIA\nL898902C36UTO7408122F1204159\n", "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<"},
		{"TD3WithANumber", "P<UTOERIKSSON<<ANNA<MARIA\nL898902C36UTO7408122F1204159ZE184226B\n", "L898902C36UTO7408122F1204159ZE184226B<<<<<"},
		{"TD3NotEnded", "P<UTOERIKSSON<<ANNA<MARIA\nL898902C36UTO7408122F1204159", "L898902C36UTO7408122F1204159"},
		{"TD3TooEarly", "P<UTOERIKSSON<<ANNA<MARIA\nL898902C36UTO7408122F120415\n", "L898902C36UTO7408122F120415"},
		{"TD2", "I<UTOERIKSSON<<ANNA<MARIA\nD231458907UTO7408122F1204159\n", "D231458907UTO7408122F1204159<<<<<<<"},
		{"TD1FirstLine", "I<UTOD231458907\n", "I<UTOD231458907<<<<<<<<<<<<<<<"},
		{"TD1SecondLine", "I<UTOD231458907\n7408122F1204159UTO\n", "7408122F1204159UTO<<<<<<<<<<<"},
	} {
		i := mrz.Inspect(test.typed, today)
		if got := i.Lines[len(i.Lines)-1]; got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestInspect_Errors(t *testing.T) {
	td3 := mustLines(t, mrz.TD3, nil)
	for name, test := range map[string]struct {
		text     string
		want     error
		group    string
		line     int
		complete bool
	}{
		"Visa":        {"V<UTO", mrz.ErrVisa, mrz.GroupCode, 0, false},
		"WholeVisa":   {"V" + td3[1:], mrz.ErrVisa, mrz.GroupCode, 0, false},
		"Number":      {strings.Replace(td3, "L898902C3", "L898902C4", 1), mrz.ErrCheckDigit, mrz.GroupNumber, 1, true},
		"Early":       {td3[:45+10+3+1] + "X", mrz.ErrCharacter, mrz.GroupBirth, 1, false},
		"EarlyIssuer": {"I<<", mrz.ErrCharacter, mrz.GroupIssuer, 0, false},
		"SpareChars":  {td3 + "<", mrz.ErrFormat, "", 2, false},
		"LongLine":    {strings.Replace(td3, "\n", "<\n", 1), mrz.ErrFormat, "", 0, false},
		"ThirdLine":   {td3 + "\nX", mrz.ErrFormat, "", 2, false},
		"BrokenLine":  {td3[:45+20] + "\n" + td3[45+20:], mrz.ErrFormat, "", 1, false},
		"CardInLines": {"I<UTO12345\n2345", mrz.ErrFormat, "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			i := mrz.Inspect(test.text, today)
			got := wantError(t, i.Err, test.want)
			if got.Group != test.group || got.Line != test.line || i.Complete != test.complete || i.Valid {
				t.Errorf("got %+v, complete %v, valid %v", got, i.Complete, i.Valid)
			}
			if i.MRZ != (mrz.MRZ{}) {
				t.Error("a zone that is not valid was given")
			}
		})
	}
}

func TestInspect_Corrections(t *testing.T) {
	td1 := mustLines(t, mrz.TD1, func(m *mrz.MRZ) { m.Optional, m.Optional2 = "B7", "T" })
	withS := mustLines(t, mrz.TD1, func(m *mrz.MRZ) { m.Optional2 = "S" })
	plain := mustLines(t, mrz.TD3, func(m *mrz.MRZ) { m.Number = "L797974C3" })
	long := mustLines(t, mrz.TD2, func(m *mrz.MRZ) { m.Number = "D23145890734A0" })
	td3 := mustLines(t, mrz.TD3, nil)
	for name, test := range map[string]struct {
		right, old, now string
		group           string
		want            string // corrections: what was, what is meant
	}{
		"Number":        {td3, "L898902C3", "L8989O2C3", mrz.GroupNumber, "O0"},
		"NumberLetter":  {td3, "L898902C3", "L89B902C3", mrz.GroupNumber, "B8 8B"},
		"CheckDigit":    {td3, "L898902C36", "L898902C3G", mrz.GroupNumber, "G6"},
		"Birth":         {td3, "7408122", "74O8122", mrz.GroupBirth, "O0"},
		"BirthCheck":    {td3, "7408122", "740812Z", mrz.GroupBirth, "Z2"},
		"TwoInBirth":    {td3, "7408122", "74O8I22", mrz.GroupBirth, "O0 I1"},
		"Personal":      {td3, "ZE184226B", "ZE18422GB", mrz.GroupOptional, ""}, // the same to check digits
		"Name":          {td3, "ERIKSSON", "ERIK5SON", mrz.GroupNames, "5S"},
		"NameZero":      {td3, "ERIKSSON", "ERIKSS0N", mrz.GroupNames, "0O 0D 0Q"},
		"Issuer":        {td3, "P<UTO", "P<UT0", mrz.GroupIssuer, "0O 0D 0Q"},
		"Code":          {td1, "I<UTO", "1<UTO", mrz.GroupCode, "1I"},
		"Optional":      {td1, "B7<<", "87<<", mrz.GroupComposite, "8B"},
		"Optional2":     {withS, "UTOS<", "UTO5<", mrz.GroupComposite, "5S"},
		"LongNumber":    {long, "734A0", "734AO", mrz.GroupNumber, "O0"},
		"NothingAlike":  {plain, "L797974C3", "L797973C3", mrz.GroupNumber, ""},
		"NotComposite":  {td3, "L898902C3", "L89B902C3", mrz.GroupComposite, ""}, // wrong as the number is
		"NothingIfFine": {td3, "ANNA", "ANNA", mrz.GroupNames, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Count(test.right, test.old) != 1 {
				t.Fatalf("%d times %s", strings.Count(test.right, test.old), test.old)
			}
			text := strings.Replace(test.right, test.old, test.now, 1)
			i := mrz.Inspect(text, today)
			var got []string
			for _, c := range group(t, i, test.group).Corrections {
				got = append(got, string(c.Was)+string(c.Now))
				if i.Lines[c.Line][c.At] != c.Was || strings.Split(c.Text, "\n")[c.Line][c.At] != c.Now {
					t.Errorf("correction is not where it says")
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if len(got) > 0 && test.group != mrz.GroupBirth && group(t, i, test.group).Corrections[0].Text != test.right {
				t.Errorf("the correction's text is not the zone")
			}
		})
	}
}

// G and 6 are one to check digits, so a right number says which of its characters may be the other.
func TestInspect_Twins(t *testing.T) {
	text := mustLines(t, mrz.TD3, func(m *mrz.MRZ) { m.Number, m.Optional = "G12345678", "6" })
	i := mrz.Inspect(text, today)
	var got []string
	for _, g := range i.Groups {
		for _, c := range g.Twins {
			got = append(got, fmt.Sprintf("%s %c%c at %d", g.Name, c.Was, c.Now, c.At))
			if !mrz.Inspect(c.Text, today).Valid {
				t.Errorf("twin %v is not valid", c)
			}
		}
	}
	want := []string{"document_number G6 at 0", "document_number 6G at 6", "optional 6G at 28"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// On numbers as passports have them, two letters and seven digits, one confused character is always offered
// right (or is a twin), and nearly always first.
func TestInspect_LikelyFirst(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	total, first := 0, 0
	for range 1000 {
		number := fmt.Sprintf("%c%c%07d", 'A'+random.Intn(26), 'A'+random.Intn(26), random.Intn(10_000_000))
		right := mustLines(t, mrz.TD3, func(m *mrz.MRZ) { m.Number = number })
		at := 45 + random.Intn(9)
		for _, pair := range alike {
			is := strings.IndexByte(pair, right[at])
			if is < 0 {
				continue
			}
			i := mrz.Inspect(right[:at]+pair[1-is:2-is]+right[at+1:], today)
			g := group(t, i, mrz.GroupNumber)
			if pair == "G6" {
				if !i.Valid || len(g.Twins) == 0 {
					t.Errorf("%s: G for 6 is not a twin", number)
				}
				continue
			}
			total++
			offered := false
			for n, c := range g.Corrections {
				if c.Text == right {
					offered = true
					if n == 0 {
						first++
					}
				}
			}
			if !offered {
				t.Errorf("%s with %c: not offered", number, pair[1-is])
			}
		}
	}
	if total < 500 || first*100 < total*95 {
		t.Errorf("right one first for %d of %d", first, total)
	}
}

func BenchmarkInspect(b *testing.B) {
	m := specimen(mrz.TD3)
	lines, err := m.Lines()
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Replace(strings.Join(lines, "\n"), "L898902C3", "L89B902C3", 1)
	for b.Loop() {
		mrz.Inspect(text, today)
	}
}

// Blanks in a single line are fillers, unless they lie between whole lines.
func TestInspect_Blanks(t *testing.T) {
	td1 := mustLines(t, mrz.TD1, nil)
	for text, want := range map[string]string{
		"p utoeriksson  anna m":                  "P<UTOERIKSSON<<ANNA<M",
		" I<UTOL898902C3 6 ":                     "I<UTOL898902C3<6",
		strings.ReplaceAll(td1, "\n", " "):       td1,
		strings.ReplaceAll(td1[:40], "\n", "  "): td1[:40],
	} {
		if got := strings.Join(mrz.Inspect(text, today).Lines, "\n"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A composite check digit waits for all that it covers, also where an earlier line was ended too soon.
func TestInspect_CompositeWaits(t *testing.T) {
	td1 := mustLines(t, mrz.TD1, nil)
	i := mrz.Inspect(td1[:14]+td1[30:], today)
	if got := group(t, i, mrz.GroupComposite).State; got != mrz.GroupMissing {
		t.Errorf("got state %d", got)
	}
	if got := wantError(t, i.Err, mrz.ErrFormat); got.Line != 0 {
		t.Errorf("got line %d", got.Line)
	}
}
