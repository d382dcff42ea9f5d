package examine

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"balcao/kiosk"
)

var (
	oidSurname             = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName           = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidDirectoryAttributes = asn1.ObjectIdentifier{2, 5, 29, 9}
	oidDateOfBirth         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1} // RFC 3739 §3.3.2
)

// civilPrefix stands before the civil number in a certificate's serialNumber attribute.
const civilPrefix = "BI"

// civilDigits is a civil number without its check digit, which certificates and files may leave out.
const civilDigits = 8

// cutLength is the shortest name that may have been cut off by the place it is written in: 60
// characters of the first generation's fields, 64 of a common name (X.520), one less if cut before a space.
const cutLength = 59

// Why a certificate is not the identified person's. None of them names anybody.
var (
	errCivilNumber = errors.New("civil numbers differ")
	errNames       = errors.New("names differ")
	errBirthDate   = errors.New("birth dates differ")
)

// SamePerson compares a certificate with an identity: civil number, names, and the birth date when the
// certificate has one.
//
// It is more than a comparison of two documents. The first generation's hash runs over the fields without
// anything between them, so letters moved from the end of the surname to the beginning of the given
// names change no hash: the names in the certificate do notice.
func SamePerson(c *x509.Certificate, id kiosk.Identity) error {
	number, ok := strings.CutPrefix(c.Subject.SerialNumber, civilPrefix)
	if !ok || !SameCivilNumber(number, id.CivilNumber) {
		return errCivilNumber
	}
	if !sameNames(c, id) {
		return errNames
	}
	switch born, stated, err := birthDate(c); {
	case err != nil:
		return errBirthDate
	case stated && born != id.BirthDate:
		return errBirthDate
	}
	return nil
}

// SameCivilNumber compares numbers of eight digits, or nine with the check digit; eight decide when
// either lacks the ninth.
func SameCivilNumber(a, b string) bool {
	if !civilNumber(a) || !civilNumber(b) {
		return false
	}
	n := min(len(a), len(b))
	return a[:n] == b[:n]
}

func civilNumber(s string) bool {
	if len(s) != civilDigits && len(s) != civilDigits+1 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// sameNames compares surname and given names where the certificate states them, and otherwise the
// common name. The common name alone would do less: it is the first to be cut off.
func sameNames(c *x509.Certificate, id kiosk.Identity) bool {
	surname, hasSurname := attribute(c, oidSurname)
	given, hasGiven := attribute(c, oidGivenName)
	if hasSurname && hasGiven {
		return SameName(surname, id.Surname) && SameName(given, id.GivenNames)
	}
	return SameName(c.Subject.CommonName, id.FullName())
}

func attribute(c *x509.Certificate, oid asn1.ObjectIdentifier) (string, bool) {
	for _, name := range c.Subject.Names {
		if name.Type.Equal(oid) {
			s, ok := name.Value.(string)
			return s, ok && s != ""
		}
	}
	return "", false
}

// SameName compares two spellings of a name: certificates have capitals and at times no diacritics.
func SameName(a, b string) bool {
	a, b = plainName(a), plainName(b)
	if a == b {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return utf8.RuneCountInString(a) >= cutLength && strings.HasPrefix(b, a)
}

// plainName is a name without case, diacritics, and differences of spaces and apostrophes.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '’', '‘', '´', '`', 'ʼ':
			return '\''
		}
		return r
	}, s)
	s = cases.Fold().String(norm.NFKD.String(s))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	return strings.Join(strings.Fields(s), " ")
}

// birthDate reads dateOfBirth from the subject directory attributes (RFC 3739 §3.3.2), a time of
// which only the day counts.
func birthDate(c *x509.Certificate) (kiosk.Date, bool, error) {
	malformed := errors.New("malformed subject directory attributes")
	for _, extension := range c.Extensions {
		if !extension.Id.Equal(oidDirectoryAttributes) {
			continue
		}
		input := cryptobyte.String(extension.Value)
		var attributes cryptobyte.String
		if !input.ReadASN1(&attributes, cbasn1.SEQUENCE) || !input.Empty() {
			return kiosk.Date{}, false, malformed
		}
		for !attributes.Empty() {
			var attr, values cryptobyte.String
			var oid asn1.ObjectIdentifier
			if !attributes.ReadASN1(&attr, cbasn1.SEQUENCE) || !attr.ReadASN1ObjectIdentifier(&oid) ||
				!attr.ReadASN1(&values, cbasn1.SET) {
				return kiosk.Date{}, false, malformed
			}
			if !oid.Equal(oidDateOfBirth) {
				continue
			}
			var born time.Time
			if !values.ReadASN1GeneralizedTime(&born) || !values.Empty() {
				return kiosk.Date{}, false, malformed
			}
			return kiosk.DateOf(born.UTC()), true, nil
		}
	}
	return kiosk.Date{}, false, nil
}
