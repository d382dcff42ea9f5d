package login

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"balcao/kiosk"
)

// document is a travel document with the State that issued it before its number.
var document = regexp.MustCompile(`^([A-Z]{3})[: ]([A-Z0-9 ]{1,22})$`)

// Named is what a key is found by, as kiosk/signin wants it, from what somebody typed: an address, a mobile number, or a
// travel document's number with its State, in country or before it.
func Named(typed, country string) (by kiosk.Identifier, name string, problem Problem) {
	typed, country = strings.TrimSpace(typed), strings.ToUpper(strings.TrimSpace(country))
	upper := strings.ToUpper(typed)
	if m := document.FindStringSubmatch(upper); country == "" && m != nil {
		country, upper = m[1], m[2]
	}
	switch {
	case country != "":
		name = country + ":" + strings.ReplaceAll(upper, " ", "")
		if !strings.ContainsFunc(typed, func(r rune) bool { return r > unicode.MaxASCII }) && document.MatchString(name) { // ı is no I
			return kiosk.ByPassport, name, OK
		}
	case strings.Contains(typed, "@"):
		if address, wrong := kiosk.ParseEmail(typed); wrong == kiosk.ContactOK && address != "" {
			return kiosk.ByEmail, address, OK
		}
	default:
		phone, wrong := kiosk.ParsePhone(typed, "PT")
		if wrong == kiosk.ContactOK && phone != "" {
			return kiosk.ByPhone, phone, OK
		}
		if wrong == kiosk.PhoneCharacters && document.MatchString("XXX:"+strings.ReplaceAll(upper, " ", "")) {
			return "", "", CountryMissing
		}
	}
	return "", "", Unspelled
}

func digits(text []byte, least, most int) bool {
	return len(text) >= least && len(text) <= most && !slices.ContainsFunc(text, func(b byte) bool { return b < '0' || b > '9' })
}

func cut(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
