package mrz_test

import (
	"strings"
	"testing"

	"balcao/cardreader/mrz"
)

// seeds are whole zones, pieces and near misses.
var seeds = []string{
	"", "\n", "P", "I<UTO", "V<UTO", "«‹ \r\t\x00\xff", "?",
	"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
	"P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<C11T002JM4D<<9608122F1310317<<<<<<<<<<<<<<<6",
	"I<UTOD231458907<<<<<<<<<<<<<<<\r\n7408122F1204159UTO<<<<<<<<<<<6\r\nERIKSSON<<ANNA<MARIA<<<<<<<<<<\r\n",
	"I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<",
	"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<< D231458907UTO7408122F1204159<<<<<<<6",
	"I<UTOSPECIMEN<<TD<TWO<<<<<<<<<<<<<<<\nXK1234567<UTO8002295M3002289890125<2",
	"p<utoeriksson  anna\nL8989O2C36UTO74O8122F",
	"P<UTOSPECIMEN<<UNKNOWN<DATE<<<<<<<<<<<<<<<<<\nXK12345679UTO<<<<<<0<3002289<<<<<<<<<<<<<<04",
}

// plain reports whether text is only what a zone is made of, and its line breaks.
func plain(text string) bool {
	return strings.Trim(text, letters+digits+"<\r\n") == "" && strings.Count(text, "") == len(text)+1
}

// FuzzParse: what is read is written again as it was, and nothing comes with an error.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := mrz.Parse(text, today)
		if err != nil {
			if m != (mrz.MRZ{}) {
				t.Error("a zone came with an error")
			}
			return
		}
		lines, err := m.Lines()
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, err := mrz.Parse(strings.Join(lines, ""), today)
		if err != nil || again != m {
			t.Errorf("got %+v, %v, want %+v", again, err, m)
		}
		if plain(text) && strings.Join(lines, "") != strings.NewReplacer("\r", "", "\n", "").Replace(text) {
			t.Errorf("%q was written as %q", text, lines)
		}
		if m.Key() == "" {
			t.Error("a zone has no key")
		}
		if i := mrz.Inspect(text, today); !i.Valid || i.MRZ != m {
			t.Errorf("inspection differs: %v", i.Err)
		}
	})
}

// FuzzInspect: what is said of any text fits together, and every correction mends something.
func FuzzInspect(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 400 {
			return
		}
		i := mrz.Inspect(text, today)
		joined := strings.Join(i.Lines, "\n")
		m, err := mrz.Parse(joined, today)
		if (err == nil) != i.Valid || m != i.MRZ || i.Valid && (!i.Complete || i.Err != nil) {
			t.Fatalf("valid %v, complete %v, %v; parsing says %v", i.Valid, i.Complete, i.Err, err)
		}
		wrong := false
		for _, g := range i.Groups {
			_, width := i.Format.Size()
			if g.From < 0 || g.From > g.To || i.Format != 0 && g.To > width {
				t.Errorf("%s is from %d to %d", g.Name, g.From, g.To)
			}
			wrong = wrong || g.State == mrz.GroupWrong
			if len(g.Corrections) > 4 || len(g.Corrections) > 0 && g.State != mrz.GroupWrong || len(g.Twins) > 0 && g.State != mrz.GroupRight {
				t.Errorf("%s in state %d has %d corrections, %d twins", g.Name, g.State, len(g.Corrections), len(g.Twins))
			}
			for _, c := range append(g.Corrections, g.Twins...) {
				want := []byte(i.Lines[c.Line])
				want[c.At] = c.Now
				if i.Lines[c.Line][c.At] != c.Was || strings.Split(c.Text, "\n")[c.Line] != string(want) {
					t.Errorf("%s: correction is not what it says", g.Name)
				}
			}
		}
		if wrong && i.Err == nil {
			t.Error("a group is wrong and no error says so")
		}
	})
}
