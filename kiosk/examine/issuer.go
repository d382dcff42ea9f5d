package examine

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Codes of issuers that are in documents and not in ISO 3166-1 (Doc 9303-3 §5), with the two letters that
// certificates have for the same. Utopia is the State of specimens and tests; nobody trusts it who was not given its
// certificate.
var issuerCodes = map[string][]string{
	"D":   {"DE"},
	"EUE": {"EU"},
	"GBD": {"GB"}, "GBN": {"GB"}, "GBO": {"GB"}, "GBP": {"GB"}, "GBS": {"GB"},
	"HKG": {"HK", "CN"}, "MAC": {"MO", "CN"},
	"RKS": {"KS", "XK"}, "XKX": {"KS", "XK"}, "XXK": {"KS", "XK"},
	"UNA": {"UN"}, "UNO": {"UN"},
	"UTO": {"UT"},
}

// sameState reports whether the issuer of a document, as its MRZ has it, and the country of a
// certificate, two letters, are one State. A State's signature is worth nothing under another's document: a
// country signing CA that was lost in one corner of the world must not make Portuguese residence permits.
func sameState(issuer, country string) bool {
	if codes, ok := issuerCodes[issuer]; ok {
		return slices.Contains(codes, country)
	}
	if len(issuer) != len("PRT") || strings.ContainsFunc(issuer, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		return false
	}
	region, err := language.ParseRegion(issuer)
	return err == nil && region.IsCountry() && region.String() == country
}
