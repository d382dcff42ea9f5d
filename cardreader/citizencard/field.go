package citizencard

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"balcao/cardreader/iso7816"
)

// field names one datum of the identity file in errors, and ties the two generations together.
type field string

const (
	issuingEntity    field = "issuing entity"
	country          field = "country"
	documentType     field = "document type"
	documentNumber   field = "document number"
	pan              field = "card number"
	documentVersion  field = "document version"
	validFrom        field = "valid from"
	placeOfRequest   field = "place of request"
	validUntil       field = "valid until"
	surname          field = "surname"
	givenNames       field = "given names"
	sex              field = "sex"
	nationality      field = "nationality"
	birthDate        field = "date of birth"
	height           field = "height"
	civilNumber      field = "civil number"
	motherSurname    field = "mother's surname"
	motherGivenNames field = "mother's given names"
	fatherSurname    field = "father's surname"
	fatherGivenNames field = "father's given names"
	taxNumber        field = "tax number"
	socialSecurity   field = "social security number"
	healthNumber     field = "health number"
	indications      field = "accidental indications"
)

// place is where the first generation keeps a field in 5F00/EF02: two bytes for each printable
// character, UTF-8, left aligned, padded with NUL.
type place struct {
	field       field
	offset, len int
}

// identitySize is how much of the first generation's EF02 is fields; the MRZ follows.
const identitySize = 1282

// fixedLayout is the order of the file. Bytes 198 to 213 are unused.
var fixedLayout = []place{
	{issuingEntity, 0, 40},
	{country, 40, 80},
	{documentType, 120, 34},
	{documentNumber, 154, 28},
	{pan, 182, 16},
	{documentVersion, 214, 16},
	{validFrom, 230, 20},
	{placeOfRequest, 250, 60},
	{validUntil, 310, 20},
	{surname, 330, 120},
	{givenNames, 450, 120},
	{sex, 570, 2},
	{nationality, 572, 6},
	{birthDate, 578, 20},
	{height, 598, 8},
	{civilNumber, 606, 18},
	{motherSurname, 624, 120},
	{motherGivenNames, 744, 120},
	{fatherSurname, 864, 120},
	{fatherGivenNames, 984, 120},
	{taxNumber, 1104, 18},
	{socialSecurity, 1122, 22},
	{healthNumber, 1144, 18},
	{indications, 1162, 120},
}

// hashedLayout is the order in which the same fields enter the hash of data group 1: that of the file,
// but with the accidental indications before the three numbers.
var hashedLayout = func() []place {
	last := len(fixedLayout) - 1
	order := append([]place{}, fixedLayout[:last-3]...)
	order = append(order, fixedLayout[last])
	return append(order, fixedLayout[last-3:last]...)
}()

// trimmed is the field's bytes without the padding, as they are hashed.
func (p place) trimmed(raw []byte) []byte {
	return bytes.TrimRight(raw[p.offset:p.offset+p.len], "\x00")
}

func readFixed(raw []byte) (map[field]string, error) {
	if len(raw) != identitySize {
		return nil, fmt.Errorf("%w: identity of %d bytes instead of %d", ErrMalformed, len(raw), identitySize)
	}
	values := make(map[field]string, len(fixedLayout))
	for _, p := range fixedLayout {
		text, err := decodeText(p.field, p.trimmed(raw))
		if err != nil {
			return nil, err
		}
		values[p.field] = text
	}
	return values, nil
}

// tags is how the generation of 2024 marks the same fields in EF 010D: template 6D, then a UTF-8
// string for each under an implicit tag of the private class.
var tags = map[iso7816.Tag]field{
	0xC0: issuingEntity,
	0xC1: country,
	0xC2: documentType,
	0xC3: documentNumber,
	0xC4: documentVersion,
	0xC5: validFrom,
	0xC6: placeOfRequest,
	0xC7: validUntil,
	0xC8: surname,
	0xC9: givenNames,
	0xCA: sex,
	0xCB: nationality,
	0xCC: birthDate,
	0xCD: height,
	0xD0: civilNumber,
	0xD1: fatherSurname,
	0xD2: fatherGivenNames,
	0xD3: motherSurname,
	0xD4: motherGivenNames,
	0xD5: taxNumber,
	0xD6: socialSecurity,
	0xD7: healthNumber,
	0xD8: indications,
}

const tagIdentity iso7816.Tag = 0x6D // APPLICATION 13, constructed

// readTagged ignores tags it does not know: the card's own key (7F49) is not an identity datum, and
// fields that later cards add are covered by the hash over the whole file anyway. A field that is
// there twice is refused, because two programs could choose differently.
func readTagged(raw []byte) (map[field]string, error) {
	content, err := iso7816.Unwrap(raw, tagIdentity)
	if err != nil {
		return nil, fmt.Errorf("%w: identity: %w", ErrMalformed, err)
	}
	objects, err := iso7816.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%w: identity: %w", ErrMalformed, err)
	}
	values := make(map[field]string, len(tags))
	for _, object := range objects {
		name, known := tags[object.Tag]
		if !known {
			continue
		}
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("%w: %s is there twice", ErrMalformed, name)
		}
		if values[name], err = decodeText(name, bytes.TrimRight(object.Value, "\x00")); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// decodeText refuses what could be read in two ways: broken UTF-8, and NUL or other control characters
// inside a text, which a screen would not show and another program might stop at.
func decodeText(name field, b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%w: %s is not UTF-8", ErrMalformed, name)
	}
	text := string(b)
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", fmt.Errorf("%w: %s contains control characters", ErrMalformed, name)
	}
	return strings.TrimRight(text, " "), nil
}

// interpreter keeps the first error, so that the fields below are read one a line without checks
// between.
type interpreter struct {
	values map[field]string
	err    error
}

func interpret(values map[field]string) (Identity, error) {
	in := &interpreter{values: values}
	id := Identity{
		IssuingEntity:    in.text(issuingEntity),
		Country:          in.required(country),
		DocumentType:     in.text(documentType),
		DocumentNumber:   in.required(documentNumber),
		PAN:              in.digits(pan, 0, 16),
		DocumentVersion:  in.text(documentVersion),
		ValidFrom:        in.date(validFrom),
		PlaceOfRequest:   in.text(placeOfRequest),
		ValidUntil:       in.date(validUntil),
		Surname:          in.text(surname),
		GivenNames:       in.text(givenNames),
		Sex:              in.sex(),
		Nationality:      in.required(nationality),
		BirthDate:        in.date(birthDate),
		Height:           in.text(height),
		CivilNumber:      in.digits(civilNumber, 8, 9),
		MotherSurname:    in.text(motherSurname),
		MotherGivenNames: in.text(motherGivenNames),
		FatherSurname:    in.text(fatherSurname),
		FatherGivenNames: in.text(fatherGivenNames),
		TaxNumber:        in.digits(taxNumber, 0, 9),
		SocialSecurity:   in.digits(socialSecurity, 0, 11),
		HealthNumber:     in.digits(healthNumber, 0, 9),
		Indications:      in.text(indications),
	}
	if id.Surname == "" && id.GivenNames == "" {
		in.fail(surname, "is empty and so are the given names")
	}
	if in.err != nil {
		return Identity{}, in.err
	}
	return id, nil
}

func (in *interpreter) fail(name field, why string) {
	if in.err == nil {
		in.err = fmt.Errorf("%w: %s %s", ErrMalformed, name, why)
	}
}

func (in *interpreter) text(name field) string { return in.values[name] }

func (in *interpreter) required(name field) string {
	if in.values[name] == "" {
		in.fail(name, "is empty")
	}
	return in.values[name]
}

// digits reads a number of least to most digits. least 0 allows an empty field, and nothing between
// empty and complete is known to exist but is no harm: the centre compares numbers as a whole.
func (in *interpreter) digits(name field, least, most int) string {
	text := in.values[name]
	if !allDigits(text) {
		in.fail(name, "is not a number")
	}
	if len(text) < least || len(text) > most {
		in.fail(name, "has not the right number of digits")
	}
	return text
}

func (in *interpreter) sex() string {
	text := in.values[sex]
	if text != "M" && text != "F" && text != "X" {
		in.fail(sex, "is none that a document states")
	}
	return text
}

// date reads "DD MM YYYY", the only form that a card writes; time.Parse would accept others too.
func (in *interpreter) date(name field) Date {
	text := in.values[name]
	t, err := time.Parse("02 01 2006", text)
	if err != nil || len(text) != len("02 01 2006") {
		in.fail(name, "is not a date")
		return Date{}
	}
	return Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

func allDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
