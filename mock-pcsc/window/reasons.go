package window

import "strings"

// reasons puts the reason codes of the drawer into words. The bench may not share them with the
// desk, which has its own words for clerks.
var reasons = map[string]string{
	"unknown_card":          "no application that the desk knows",
	"card_malformed":        "its files cannot be what they say",
	"card_silent":           "it stops answering",
	"card_removed":          "it leaves the reader during the work",
	"card_changed":          "it is another card than the one that was read",
	"sod_invalid":           "the signature over its data is wrong",
	"sod_untrusted":         "its data were not signed by the State's document signer",
	"data_altered":          "its data are not those that were signed",
	"chain_untrusted":       "its certificate leads to no trusted authority",
	"certificate_expired":   "its certificate has expired",
	"certificate_purpose":   "its certificate is not for authentication",
	"certificate_revoked":   "its certificate is revoked",
	"certificate_suspended": "its certificate is suspended",
	"revocation_unknown":    "nobody says whether its certificate is revoked",
	"person_mismatch":       "its certificate names another person",
	"document_expired":      "the card has expired",
	"under_age":             "its holder is under sixteen",
	"pin_blocked":           "its authentication PIN is blocked",
	"key_mismatch":          "it is a clone: the right certificate, another key",
}

func inWords(code string) string {
	if words, ok := reasons[code]; ok {
		return words
	}
	return strings.ReplaceAll(code, "_", " ")
}
