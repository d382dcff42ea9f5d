package travel

import (
	"fmt"
	"strings"
	"time"
)

// Format is the size of a document, which decides the shape of its machine-readable zone.
type Format int

// Formats (ICAO 9303-5, -6, -4).
const (
	TD1 Format = 1 // three lines of 30: cards
	TD2 Format = 2 // two lines of 36: larger cards
	TD3 Format = 3 // two lines of 44: passports
)

// zone is what a machine-readable zone is made of.
type zone struct {
	format        Format
	code          string // "P", "IR"
	issuer        string
	surname       string
	given         string
	number        string
	nationality   string
	birth, expiry string // YYMMDD, unknown parts filled
	sex           string // "M", "F", "<"
	personal      string // optional data
}

// lines writes the zone out.
func (z zone) lines() []string {
	switch z.format {
	case TD1:
		return z.td1()
	case TD2:
		first := filled(z.head()+names(z.surname, z.given, 31), 36)
		second := z.numberField() + z.nationality + z.dates()
		second += filled(z.overflow()+z.personal, 7)
		return []string{first, second + check(second[0:10]+second[13:20]+second[21:35])}
	default:
		first := filled(z.head()+names(z.surname, z.given, 39), 44)
		second := z.numberField() + z.nationality + z.dates() + filled(z.personal, 14)
		second += check(second[28:42])
		return []string{first, second + check(second[0:10]+second[13:20]+second[21:43])}
	}
}

func (z zone) td1() []string {
	first := filled(z.head()+z.numberField()+z.overflow(), 30)
	second := filled(z.dates()+z.nationality+z.personal, 29)
	second += check(first[5:30] + second[0:7] + second[8:15] + second[18:29])
	return []string{first, second, filled(names(z.surname, z.given, 30), 30)}
}

func (z zone) head() string { return filled(z.code, 2) + z.issuer }

// numberField is the document number and its check digit. A number that is too long leaves the check digit's
// place empty and goes on in the optional data (ICAO 9303-5 §4.2.2).
func (z zone) numberField() string {
	if len(z.number) > 9 {
		return z.number[:9] + "<"
	}
	number := filled(z.number, 9)
	return number + check(number)
}

func (z zone) overflow() string {
	if len(z.number) <= 9 {
		return ""
	}
	return z.number[9:] + check(z.number) + "<"
}

func (z zone) dates() string {
	return z.birth + check(z.birth) + z.sex + z.expiry + check(z.expiry)
}

// information is what access keys are made of (ICAO 9303-11 §4.3.3): the whole number, birth and expiry with their
// check digits.
func (z zone) information() []byte {
	number := z.number
	if len(number) < 9 {
		number = filled(number, 9)
	}
	return []byte(number + check(number) + z.birth + check(z.birth) + z.expiry + check(z.expiry))
}

// names puts both identifiers into a field. Where they do not fit the given names are cut, so that the
// last position holds a letter, which says that something may be missing (ICAO 9303-4 §4.2.3).
func names(surname, given string, width int) string {
	first := letters(surname)
	field := first
	if given != "" {
		field += "<<" + letters(given)
	}
	if len(field) <= width {
		return field
	}
	for strings.HasSuffix(field[:width], "<") { // give the filler's place to the next letter
		first = first[:len(first)-1]
		field = first + "<<" + letters(given)
	}
	return field[:width]
}

// letters transliterates as ICAO 9303-3 §6 recommends, as far as the names of the fixtures need it.
func letters(s string) string { return transliteration.Replace(strings.ToUpper(s)) }

var transliteration = strings.NewReplacer(
	"Á", "A", "À", "A", "Â", "A", "Ã", "A", "Ă", "A", "Ā", "A", "Ä", "AE", "Å", "AA", "Æ", "AE", "Ç", "C", "Č", "C", "Ć", "C",
	"Ð", "D", "É", "E", "È", "E", "Ê", "E", "Ë", "E", "Ě", "E", "Ğ", "G", "Í", "I", "Ï", "I", "İ", "I", "Ł", "L", "Ñ", "N",
	"Ó", "O", "Ô", "O", "Õ", "O", "Ö", "OE", "Ő", "O", "Ø", "OE", "Ř", "R", "Š", "S", "Ş", "S", "ß", "SS", "Ț", "T",
	"Þ", "TH", "Ú", "U", "Û", "U", "Ü", "UE", "Ý", "Y", "Ž", "Z", " ", "<", "-", "<", "'", "", "’", "")

func filled(s string, width int) string {
	if len(s) > width {
		panic(fmt.Sprintf("travel: %d characters do not fit into a field of %d", len(s), width))
	}
	return s + strings.Repeat("<", width-len(s))
}

// check is the check digit of ICAO 9303-3 §4.9.
func check(s string) string {
	sum := 0
	for i := range len(s) {
		value := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			value = int(c - '0')
		case c >= 'A' && c <= 'Z':
			value = int(c-'A') + 10
		}
		sum += value * [3]int{7, 3, 1}[i%3]
	}
	return fmt.Sprint(sum % 10)
}

func short(t time.Time) string { return t.Format("060102") }
