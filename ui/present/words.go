package present

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// Values are put into the braces of a text.
type Values = map[string]any

// Words speaks one language: texts of the catalogue, and dates, times and numbers as that language
// writes them.
type Words struct{ Language kiosk.Language }

// Text returns the catalogue's text of a key.
func (w Words) Text(key string) string { return i18n.Text(string(w.Language), key, nil) }

// Format returns the catalogue's text of a key with values in its braces.
func (w Words) Format(key string, v Values) string { return i18n.Text(string(w.Language), key, v) }

// ShortDate writes 15-04-2032: what Portuguese documents print, and what English-speaking clerks
// compare them with. Of a travel document's date that is known in part only, 04/1985 or 1985.
func (w Words) ShortDate(d kiosk.Date) string {
	switch {
	case d.IsZero():
		return "—"
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%02d/%04d", d.Month, d.Year)
	}
	return fmt.Sprintf("%02d-%02d-%04d", d.Day, d.Month, d.Year)
}

// longDate writes 15 de abril de 2032, on one line, for people who do not handle documents all day.
func (w Words) longDate(d kiosk.Date) string {
	if d.IsZero() || d.Partial() {
		return w.ShortDate(d)
	}
	month := w.Text("month." + strconv.Itoa(int(d.Month)))
	return strings.ReplaceAll(w.Format("format.long_date", Values{"Day": d.Day, "Month": month, "Year": d.Year}), " ", "\u00a0")
}

// seconds writes how long a check took: 0,05 s, 0,4 s. Less than a hundredth of a second is nothing.
func (w Words) seconds(d time.Duration) string {
	places := 1
	switch {
	case d < 10*time.Millisecond:
		return ""
	case d < 95*time.Millisecond:
		places = 2
	}
	value := strconv.FormatFloat(d.Seconds(), 'f', places, 64)
	if w.Language != kiosk.English {
		value = strings.Replace(value, ".", ",", 1)
	}
	return w.Format("format.seconds", Values{"Value": value})
}

// milliseconds writes a round trip. A centre in the same building answers in less than one.
func milliseconds(d time.Duration) string {
	if d < time.Millisecond {
		return "<\u00a01"
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// source names who answered a check: the chip or the clock in the reader's language, a host or an authority by its
// own name.
func (w Words) source(source string) string {
	if key := "check_source." + strings.ToLower(source); i18n.Has(string(w.Language), key) {
		return w.Text(key)
	}
	return source
}

// span writes how long something took or how long ago it was: 12 s, 3 min 12 s.
func (w Words) span(d time.Duration) string {
	total := max(0, int(d.Seconds()))
	if total < 60 {
		return w.Format("format.seconds", Values{"Value": total})
	}
	return w.Format("format.minutes_seconds", Values{"Minutes": total / 60, "Seconds": total % 60})
}

// countdown writes the time left as 14:20, rounded up, so that it reads 0:00 when it is over and
// not a second before.
func countdown(left time.Duration) string {
	total := max(0, int(math.Ceil(left.Seconds())))
	return fmt.Sprintf("%d:%02d", total/60, total%60)
}

// grouped writes 1204118 as 1 204 118, with spaces that do not break.
func grouped(digits string) string {
	var out []string
	for len(digits) > 3 {
		out = append([]string{digits[len(digits)-3:]}, out...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, out...), "\u00a0")
}

// contactText writes a telephone number in groups that stay on one line, +351 912 345 678, and an
// address as it is.
func contactText(value string) string { return strings.ReplaceAll(contactTyped(value), " ", "\u00a0") }

// contactTyped writes it as people type it.
func contactTyped(value string) string {
	if !strings.HasPrefix(value, "+") {
		return value
	}
	number, err := phonenumbers.Parse(value, "")
	if err != nil {
		return value
	}
	return phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
}

// Country names a State by its ISO 3166-1 alpha-3 code, with the code; or what ICAO 9303-3 §5 adds to those:
// stateless people, organisations, Utopia, Germany's single letter. A code that nobody knows stands alone.
func (w Words) Country(code string) string {
	if name := w.countryName(code); name != "" {
		return name + " (" + code + ")"
	}
	return code
}

func (w Words) countryName(code string) string {
	if key := "country." + code; i18n.Has(string(w.Language), key) {
		return w.Text(key)
	}
	region, err := language.ParseRegion(code)
	if err != nil || len(code) != 3 || !region.IsCountry() {
		return ""
	}
	tag := language.Make(string(w.Language))
	switch w.Language {
	case kiosk.English:
		tag = language.BritishEnglish
	case kiosk.Portuguese:
		tag = language.EuropeanPortuguese
	}
	return display.Regions(tag).Name(region)
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[size:]
}

// health names a Health for a key: "unknown" instead of the empty word.
func healthKey(h kiosk.Health) string {
	if h == kiosk.HealthUnknown {
		return "unknown"
	}
	return string(h)
}

// levelKey names a Level for a key: "none" instead of the empty word.
func levelKey(l kiosk.Level) string {
	if l == kiosk.LevelNone {
		return "none"
	}
	return string(l)
}
