package mrz_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/cardreader/mrz"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

func text(t *rapid.T, name, from string, least, most int) string {
	return string(rapid.SliceOfN(rapid.SampledFrom([]byte(from)), least, most).Draw(t, name))
}

// name is at most n characters of parts with single spaces between.
func name(t *rapid.T, label string, n int) string {
	parts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune(letters)), 1, 8, -1), 1, 4).Draw(t, label)
	s := strings.Join(parts, " ")
	return strings.TrimRight(s[:min(n, len(s))], " ")
}

func birth(t *rapid.T) mrz.Date {
	d := mrz.Date{Year: rapid.IntRange(1927, 2026).Draw(t, "year"), Month: rapid.IntRange(1, 11).Draw(t, "month")}
	d.Day = rapid.IntRange(1, 22).Draw(t, "day")
	switch rapid.IntRange(0, 9).Draw(t, "unknown") {
	case 0:
		return mrz.Date{}
	case 1:
		d.Month, d.Day = 0, 0
	case 2:
		d.Day = 0
	}
	return d
}

// drawn is any zone that Lines can write without changing it.
func drawn(t *rapid.T) mrz.MRZ {
	format := rapid.SampledFrom([]mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3}).Draw(t, "format")
	width := map[mrz.Format]int{mrz.TD1: 30, mrz.TD2: 31, mrz.TD3: 39}[format]
	m := mrz.MRZ{
		Format: format, Issuer: text(t, "issuer", letters, 1, 3), Nationality: text(t, "nationality", letters, 1, 3),
		Surname: name(t, "surname", width), Birth: birth(t), Sex: rapid.SampledFrom([]string{"M", "F", "X"}).Draw(t, "sex"),
		Expiry: mrz.Date{Year: rapid.IntRange(1977, 2076).Draw(t, "until"), Month: rapid.IntRange(1, 12).Draw(t, "month"), Day: 28},
	}
	if room := width - len(m.Surname) - 2; room > 0 && rapid.Bool().Draw(t, "secondary") {
		m.GivenNames = name(t, "given", room)
	}
	m.Truncated = len(m.Surname) == width || m.GivenNames != "" && len(m.Surname)+2+len(m.GivenNames) == width
	m.Code = rapid.SampledFrom([]string{"A", "C", "I", "AR", "IR", "ID"}).Draw(t, "code")
	if format == mrz.TD3 {
		m.Code = rapid.SampledFrom([]string{"P", "PM", "PP", "PD"}).Draw(t, "code")
	}
	longest := map[mrz.Format]int{mrz.TD1: 22, mrz.TD2: 14, mrz.TD3: 9}[format]
	m.Number = text(t, "number", letters+digits, 1, longest)
	room := map[mrz.Format]int{mrz.TD1: 15, mrz.TD2: 7, mrz.TD3: 14}[format]
	if len(m.Number) > 9 {
		room -= len(m.Number) - 9 + 2
	}
	m.Optional = strings.TrimRight(text(t, "optional", letters+digits+"<", 0, room), "<")
	switch format {
	case mrz.TD1:
		m.Optional2 = strings.TrimRight(text(t, "optional2", letters+digits+"<", 0, 11), "<")
	case mrz.TD3:
		m.FillerCheck = m.Optional == "" && rapid.Bool().Draw(t, "filler")
	}
	return m
}

func linesOf(t *rapid.T, m mrz.MRZ) []string {
	lines, err := m.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestLines_Parse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t)
		lines := linesOf(t, want)
		for _, between := range []string{"\n", "\r\n", "", " "} {
			got, err := mrz.Parse(strings.Join(lines, between), today)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("between %q (-want +got):\n%s", between, diff)
			}
		}
	})
}

// A zone written with all its spellings kept is written the same again.
func TestParse_Lines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := linesOf(t, drawn(t))
		// Names with fillers anywhere, as some issuers have them.
		at, from := 0, 5
		if len(lines) == 3 {
			at, from = 2, 0
		}
		width := len(lines[at]) - from
		lines[at] = lines[at][:from] + "A" + text(t, "names", letters+"<<<<", width-1, width-1)
		m, err := mrz.Parse(strings.Join(lines, "\n"), today)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lines, linesOf(t, m)); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// covered are the places that check digits look at, and the check digits.
var covered = map[mrz.Format][][3]int{
	mrz.TD1: {{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 30}},
	mrz.TD2: {{1, 0, 10}, {1, 13, 20}, {1, 21, 36}},
	mrz.TD3: {{1, 0, 10}, {1, 13, 20}, {1, 21, 44}},
}

// same are the characters that are one to a check digit.
var same = []string{"0AKU<", "1BLV", "2CMW", "3DNX", "4EOY", "5FPZ", "6GQ", "7HR", "8IS", "9JT"}

func twins(a, b byte) bool {
	for _, class := range same {
		if strings.IndexByte(class, a) >= 0 && strings.IndexByte(class, b) >= 0 {
			return true
		}
	}
	return false
}

// One wrong character is noticed, whichever it is and wherever a check digit looks, unless it is the same to
// check digits as the right one. Those that are the same are exactly the ones the package names.
func TestParse_OneWrongCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(t)
		lines := linesOf(t, m)
		place := rapid.SampledFrom(covered[m.Format]).Draw(t, "place")
		at := rapid.IntRange(place[1], place[2]-1).Draw(t, "at")
		was := lines[place[0]][at]
		now := rapid.SampledFrom([]byte(letters+digits+"<")).Filter(func(c byte) bool { return c != was }).Draw(t, "now")
		lines[place[0]] = lines[place[0]][:at] + string(now) + lines[place[0]][at+1:]
		text := strings.Join(lines, "\n")
		i := mrz.Inspect(text, today)
		if i.Valid && !twins(was, now) {
			t.Fatalf("%c for %c at %d of line %d is not noticed", now, was, at, place[0])
		}
		if _, err := mrz.Parse(text, today); (err == nil) != i.Valid {
			t.Fatalf("parse says %v, inspection %v", err, i.Valid)
		}
	})
}

func TestCheckDigit_Twins(t *testing.T) {
	for _, a := range []byte(letters + digits + "<") {
		for _, b := range []byte(letters + digits + "<") {
			for _, before := range []string{"", "7", "73"} { // the three weights
				got := digit(t, before+string(a)) == digit(t, before+string(b))
				if got != twins(a, b) {
					t.Errorf("%c and %c: same check digit %v", a, b, got)
				}
			}
		}
	}
}

// alike are the pairs that people and machines take for each other.
var alike = []string{"O0", "I1", "B8", "S5", "Z2", "G6", "Q0", "D0"}

// confused replaces one character that has a look-alike, and tells where and what it was.
func confused(t *rapid.T, lines []string) (line, at int, was byte) {
	type swap struct {
		line, at int
		now      byte
	}
	var all []swap
	for l := range lines {
		for at := range len(lines[l]) {
			for _, pair := range alike {
				if i := strings.IndexByte(pair, lines[l][at]); i >= 0 {
					all = append(all, swap{l, at, pair[1-i]})
				}
			}
		}
	}
	s := rapid.SampledFrom(all).Draw(t, "confusion")
	was = lines[s.line][s.at]
	lines[s.line] = lines[s.line][:s.at] + string(s.now) + lines[s.line][s.at+1:]
	return s.line, s.at, was
}

// One character taken for one that looks like it is put right by one of the corrections, or, where no check
// digit can tell (G and 6), by one of the twins. Only a group of which four other corrections are
// as good may do without.
func TestInspect_Confusion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := linesOf(t, drawn(t))
		right := strings.Join(lines, "\n")
		line, at, was := confused(t, lines)
		i := mrz.Inspect(strings.Join(lines, "\n"), today)
		full := false
		for _, g := range i.Groups {
			for _, c := range append(g.Corrections, g.Twins...) {
				if c.Text == right && c.Line == line && c.At == at && c.Now == was && c.Was == lines[line][at] {
					return
				}
			}
			full = full || len(g.Corrections) == 4
		}
		if i.Valid || !full {
			t.Fatalf("%c for %c at %d of line %d is not offered: valid %v", was, lines[line][at], at, line, i.Valid)
		}
	})
}

// While a right zone is typed, nothing is ever called wrong, and what is there is called right.
func TestInspect_Typing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(t)
		lines := linesOf(t, m)
		text := strings.Join(lines, rapid.SampledFrom([]string{"\n", "\r\n", ""}).Draw(t, "between"))
		// A TD1 whose number has hardly a digit is taken for a TD2 with a name until more is typed.
		sure := m.Format != mrz.TD1 || count(lines[0][5:14], digits) > 1
		for n := range len(text) + 1 {
			i := mrz.Inspect(text[:n], today)
			if i.Valid != (n == len(text)) {
				t.Fatalf("valid %v after %d of %d characters", i.Valid, n, len(text))
			}
			if !sure && n < len(text) {
				continue
			}
			if i.Err != nil {
				t.Fatalf("after %d of %d characters: %v", n, len(text), i.Err)
			}
			for _, g := range i.Groups {
				whole := g.Line < len(i.Lines) && len(i.Lines[g.Line]) >= g.To
				long := g.Name == mrz.GroupNumber && len(m.Number) > 9 // needs what follows it
				if g.State == mrz.GroupWrong || g.State == mrz.GroupRight && !whole || whole && !long && g.State != mrz.GroupRight {
					t.Fatalf("%s is in state %d after %d of %d characters", g.Name, g.State, n, len(text))
				}
			}
		}
	})
}

func count(s, of string) int {
	n := 0
	for _, c := range s {
		if strings.ContainsRune(of, c) {
			n++
		}
	}
	return n
}
