// Package citizen personalises emulated Citizen Cards: it knows what is written on one, in which file
// and in which encoding, for the first generation and for that of 2024. A Plan is a card as the
// registry would order it, or as a forger would: each field beyond the person is one departure
// from the rule.
//
// It shares no code with the programs that read cards: a mistake made here and there alike would
// look like agreement.
package citizen

import (
	"fmt"
	"strings"
	"time"
)

// A Person who does not exist.
type Person struct {
	Number     int // civil identification number without check digit, in the unused range 99xxxxxx
	Surname    string
	GivenNames string
	Sex        string // "M" or "F"
	Birth      time.Time
	Height     string
	Mother     [2]string // surname, given names
	Father     [2]string
	Portrait   string // name of a drawn face; empty: no photograph on the card
}

// CivilNumber is the NIC with its check digit.
func (p Person) CivilNumber() string { return fmt.Sprintf("%08d%d", p.Number, civilCheck(p.Number)) }

// TaxNumber is a NIF of the range 40, which is reserved and not in use.
func (p Person) TaxNumber() string {
	digits := fmt.Sprintf("40%06d", p.Number%1000000)
	sum := weighted(digits, 9)
	check := 11 - sum%11
	if check >= 10 {
		check = 0
	}
	return fmt.Sprintf("%s%d", digits, check)
}

// documentNumber is the NIC, its check digit, the letters ZZ (never issued) and a version with which
// the check of the whole number comes out.
func (p Person) documentNumber() string {
	base := p.CivilNumber() + "ZZ"
	for version := range 10 {
		if luhn(fmt.Sprintf("%s%d", base, version)) {
			return fmt.Sprintf("%08d %d ZZ%d", p.Number, civilCheck(p.Number), version)
		}
	}
	panic("citizen: a check digit always exists")
}

// civilCheck is the check digit of the old identity card: weights 9 to 2, modulo 11.
func civilCheck(number int) int {
	return (11 - weighted(fmt.Sprintf("%08d", number), 9)%11) % 11 % 10
}

func weighted(digits string, first int) int {
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (first - i)
	}
	return sum
}

// luhn checks a document number of twelve characters, in which letters count from 10.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		value := int(s[i] - '0')
		if s[i] >= 'A' {
			value = int(s[i]-'A') + 10
		}
		if (len(s)-i)%2 == 0 {
			if value *= 2; value > 9 {
				value -= 9
			}
		}
		sum += value
	}
	return sum%10 == 0
}

// Identity is a person and a document in the words of the identity file. All fields are text, as
// both generations have it.
type Identity struct {
	IssuingEntity, Country, DocumentType, DocumentNumber, PAN, Version string
	ValidFrom, Place, ValidUntil                                       string
	Surname, GivenNames, Sex, Nationality, Birth, Height, CivilNumber  string
	MotherSurname, MotherGiven, FatherSurname, FatherGiven             string
	Tax, SocialSecurity, Health, Indications                           string
	MRZ                                                                [3]string
}

// Generations of the card, as the fixtures names them.
const (
	First = "1"
	Y2024 = "2024"
)

func newIdentity(p Person, generation, version string, from, until time.Time) Identity {
	id := Identity{
		IssuingEntity: "República Portuguesa", Country: "PRT", DocumentType: "Cartão de Cidadão",
		DocumentNumber: p.documentNumber(), Version: version,
		ValidFrom: day(from), Place: "Loja de Cidadão das Laranjeiras", ValidUntil: day(until),
		Surname: p.Surname, GivenNames: p.GivenNames, Sex: p.Sex, Nationality: "PRT", Birth: day(p.Birth),
		Height: p.Height, CivilNumber: p.CivilNumber(),
		MotherSurname: p.Mother[0], MotherGiven: p.Mother[1],
		FatherSurname: p.Father[0], FatherGiven: p.Father[1],
		Tax: p.TaxNumber(), SocialSecurity: fmt.Sprintf("99%s", p.CivilNumber()),
		Health: fmt.Sprintf("99%07d", p.Number%10000000), MRZ: mrz(p, until),
	}
	if generation == First {
		id.PAN = fmt.Sprintf("99990000%08d", p.Number)
	}
	if p.Portrait == "" {
		id.Indications = "X=Ausência de dados"
	}
	return id
}

func day(t time.Time) string { return t.Format("02 01 2006") }

// mrz is the TD1 zone (ICAO 9303-5 §4.2). A Portuguese document number is longer than its field: the
// rest and the check digit overflow into the optional data.
func mrz(p Person, until time.Time) [3]string {
	number := strings.ReplaceAll(p.documentNumber(), " ", "")
	birth, expiry := p.Birth.Format("060102"), until.Format("060102")
	first := filled("I<PRT"+number[:9]+"<"+number[9:]+mrzCheck(number), 30)
	second := filled(birth+mrzCheck(birth)+p.Sex+expiry+mrzCheck(expiry)+"PRT", 29)
	second += mrzCheck(first[5:30] + second[0:7] + second[8:15] + second[18:29])
	return [3]string{first, second, filled(mrzName(p.Surname)+"<<"+mrzName(p.GivenNames), 30)}
}

// accessInformation is what the access key of the contactless side is made of (ICAO 9303-11 §4.3.3): the whole document
// number, though it overflows its field, birth and expiry, each with its check digit.
func accessInformation(p Person, until time.Time) []byte {
	number := strings.ReplaceAll(p.documentNumber(), " ", "")
	birth, expiry := p.Birth.Format("060102"), until.Format("060102")
	return []byte(number + mrzCheck(number) + birth + mrzCheck(birth) + expiry + mrzCheck(expiry))
}

func filled(s string, width int) string {
	if len(s) > width {
		return s[:width]
	}
	return s + strings.Repeat("<", width-len(s))
}

// mrzCheck is the check digit of ICAO 9303-3 §4.9.
func mrzCheck(s string) string {
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

// mrzLetters are the letters with diacritics that Portuguese has, without them.
var mrzLetters = strings.NewReplacer("Á", "A", "À", "A", "Â", "A", "Ã", "A", "Ç", "C", "É", "E", "Ê", "E",
	"Í", "I", "Ó", "O", "Ô", "O", "Õ", "O", "Ú", "U", "Ü", "U", " ", "<", "-", "<", "'", "")

func mrzName(s string) string { return mrzLetters.Replace(strings.ToUpper(s)) }
