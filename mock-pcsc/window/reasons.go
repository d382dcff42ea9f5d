package window

import "strings"

// reasons puts the reason codes of the fixtures into words. The bench may not share them with the
// desk, which has its own words for clerks.
var reasons = map[string]string{
	"unknown_card":          "no application that the desk knows",
	"card_malformed":        "its files cannot be what they say",
	"card_refused":          "it refuses what others like it do",
	"card_silent":           "it stops answering",
	"card_removed":          "it leaves the reader during the work",
	"card_changed":          "it is another card than the one that was read",
	"sod_invalid":           "the signature over its data is wrong",
	"sod_unreadable":        "what the State signed cannot be read",
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
	"key_mismatch":          "it is a clone: the right data, another key",
	"signer_revoked":        "the certificate of the State's document signer is revoked",
	"access_denied":         "its chip does not open with what is printed on it",
	"access_downgraded":     "its chip offers less protection than it announces",
	"access_failed":         "its chip does not keep to the protocol that protects the data",
	"mrz_mismatch":          "its chip names another person than is printed on it",
	"document_not_accepted": "documents like it are not accepted",
	"staff_suspended":       "its holder is suspended",
	"staff_revoked":         "the centre revoked its certificate",
	"staff_card_expired":    "its certificate has expired",
	"staff_pin_blocked":     "its PIN is blocked",
	"staff_no_certificate":  "there is no certificate on it",
	"staff_unknown":         "nobody registered it, and its certificate leads to no authority that the centre trusts",
}

func inWords(code string) string {
	if words, ok := reasons[code]; ok {
		return words
	}
	return strings.ReplaceAll(code, "_", " ")
}
