package mrz_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"balcao/cardreader/mrz"
)

// specimen is a zone of nobody.
func specimen(format mrz.Format) mrz.MRZ {
	m := mrz.MRZ{
		Format: format, Code: "I", Issuer: "UTO", Nationality: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Number: "L898902C3", Birth: mrz.Date{Year: 1974, Month: 8, Day: 12}, Expiry: mrz.Date{Year: 2032, Month: 4, Day: 15},
		Sex: "F",
	}
	if format == mrz.TD3 {
		m.Code, m.Optional = "P", "ZE184226B"
	}
	return m
}

// mustLines is the specimen's lines after change, joined.
func mustLines(t *testing.T, format mrz.Format, change func(*mrz.MRZ)) string {
	t.Helper()
	m := specimen(format)
	if change != nil {
		change(&m)
	}
	lines, err := m.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func mustParse(t *testing.T, text string) mrz.MRZ {
	t.Helper()
	m, err := mrz.Parse(text, today)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// withField puts six characters and their check digit into the second line of a TD3 and mends the composite.
func withField(t *testing.T, lines []string, at int, six string) []string {
	t.Helper()
	l := lines[1][:at] + six + digit(t, six) + lines[1][at+7:43]
	return []string{lines[0], l + digit(t, l[0:10]+l[13:20]+l[21:43])}
}

func digit(t *testing.T, s string) string {
	t.Helper()
	c, err := mrz.CheckDigit(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(c)
}

// letterOf is the letter of a code point in hexadecimal digits.
func letterOf(t *testing.T, code string) string {
	t.Helper()
	n, err := strconv.ParseInt(code, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	return string(rune(n))
}

// wantError wants an *Error with a cause, and nothing of a zone in its text.
func wantError(t *testing.T, err, want error) *mrz.Error {
	t.Helper()
	var typed *mrz.Error
	if !errors.Is(err, want) || !errors.As(err, &typed) {
		t.Fatalf("got %v, want %v", err, want)
	}
	for _, secret := range []string{"ERIKSSON", "SPECIMEN", "L898902C3", "740812"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error tells %s", secret)
		}
	}
	return typed
}
