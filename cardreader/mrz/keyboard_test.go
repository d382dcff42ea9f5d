package mrz_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"balcao/cardreader/mrz"
)

// keys are, in the order of the keys, what zones need of a layout: a letter or < where shift is held, a digit where
// it is not.
const keys = "1234567890QWERTYUIOPASDFGHJKLZXCVBNM<"

// through types a zone with a reader for a US keyboard, or for the layout in which the keys of from lie, at a desk
// where the same keys make the characters of to.
func through(from, to string, zone string) string {
	typed := []rune(from)
	made := []rune(to)
	return strings.Map(func(r rune) rune {
		if at := slices.Index(typed, r); at >= 0 {
			return made[at]
		}
		return r
	}, zone)
}

// TestOtherKeyboard reads what document readers with another layout than the desk's type.
func TestOtherKeyboard(t *testing.T) {
	m := specimen(mrz.TD3)
	m.Surname, m.GivenNames, m.Number, m.NameField = "QUARZAZY", "MAWZ XAQYM", "ZY90MQ7A2", ""
	want, err := m.Lines()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(want, "\n")
	for name, typed := range map[string]string{
		"USInPortugal":   strings.ReplaceAll(text, "<", ";"),
		"QuestionMarks":  strings.ReplaceAll(text, "<", "?"),
		"Greater":        strings.ReplaceAll(text, "<", ">"),
		"Backslash":      strings.ReplaceAll(text, "<", `\`),
		"LowerCase":      strings.ToLower(strings.ReplaceAll(text, "<", ";")),
		"USInGermany":    through(keys, "1234567890QWERTZUIOPASDFGHJKLYXCVBNM;", text),
		"USInFrance":     through(keys, "&é\"'(-è_çàAZERTYUIOPQSDFGHJKLWXCVBN?.", text),
		"USCapsInFrance": through(keys, "&é\"'(-è_çàazertyuiopqsdfghjklwxcvbn,.", text),
		"USInBelgium":    through(keys, "&é\"'(§è!çàAZERTYUIOPQSDFGHJKLWXCVBN?.", text),
		"FranceInUS":     through("1234567890AZERTYUIOPQSDFGHJKLMWXCVBN<", "!@#$%^&*()QWERTYUIOPASDFGHJKL:ZXCVBN<", text),
		"FranceInPT":     through("1234567890AZERTYUIOPQSDFGHJKLMWXCVBN<", "!\"#$%&/()=QWERTYUIOPASDFGHJKLÇZXCVBN<", text),
		"Tab":            strings.ReplaceAll(strings.ReplaceAll(text, "<", ";"), "\n", "\t"),
		"TabAndEnd":      strings.ReplaceAll(text, "\n", "\t") + "\t",
		"CRLF":           strings.ReplaceAll(text, "\n", "\r\n") + "\r\n",
		"EachLineFramed": "\x02" + strings.ReplaceAll(text, "\n", "\x03\x02") + "\x03",
		"FramedAndLines": "\x02" + strings.ReplaceAll(strings.ReplaceAll(text, "<", ";"), "\n", "\x03\r\n\x02") + "\x03\r\n",
	} {
		got, err := mrz.Parse(typed, today)
		if err != nil || got.Number != m.Number || got.Surname != m.Surname || got.GivenNames != m.GivenNames {
			t.Errorf("%s: got %+v, %v from %q", name, got, err, typed)
		}
		if found := mrz.Inspect(typed, today); !found.Valid || !slices.Equal(found.Lines, want) {
			t.Errorf("%s, inspected: got %v, %q", name, found.Err, found.Lines)
		}
	}
}

// TestOtherKeyboard_Damaged: a character that was misread is shown at its place, among the fillers that were meant.
func TestOtherKeyboard_Damaged(t *testing.T) {
	text := mustLines(t, mrz.TD3, nil)
	found := mrz.Inspect(strings.ReplaceAll(strings.Replace(text, "L898902C3", "L898902C4", 1), "<", ";"), today)
	if want := strings.Replace(text, "L898902C3", "L898902C4", 1); found.Valid || strings.Join(found.Lines, "\n") != want {
		t.Errorf("got valid %v, %q, want %q", found.Valid, found.Lines, want)
	}
	// Without a character that no zone has nothing says that letters were exchanged.
	if _, err := mrz.Parse(strings.Replace(text, "L898902C3", "L898902Z3", 1), today); err == nil {
		t.Error("a wrong number is read as another one")
	}
}

// TestGermanReader offers to exchange Y and Z, which no other character gives away.
func TestGermanReader(t *testing.T) {
	m := specimen(mrz.TD3)
	m.Number = "C01Z4PT7K"
	lines, err := m.Lines()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "\n")
	offered := slices.ContainsFunc(mrz.Inspect(strings.Replace(text, "C01Z", "C01Y", 1), today).Groups, func(g mrz.Group) bool {
		return slices.ContainsFunc(g.Corrections, func(c mrz.Correction) bool { return c.Text == text })
	})
	if !offered {
		t.Error("Z for Y is not among the corrections")
	}
}

// TestSwipedCases reads what readers typed at desks; the files are documents of nobody.
func TestSwipedCases(t *testing.T) {
	files, err := filepath.Glob("testdata/swiped/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := mrz.Parse(string(raw), today); err != nil || got.Number != "UT9900766" || got.Surname != "HVERGISSON" {
			t.Errorf("%s: got %+v, %v", file, got, err)
		}
	}
}
