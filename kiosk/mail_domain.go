package kiosk

import (
	"slices"
	"strings"
)

// commonDomains are those where most people of this country have their mail; a domain that is one slip of the hand
// away from them is asked about. otherDomains are as near to those and as real.
var (
	commonDomains = []string{
		"gmail.com", "hotmail.com", "outlook.com", "sapo.pt", "icloud.com", "yahoo.com", "live.com.pt", "hotmail.pt", "outlook.pt",
		"live.com", "msn.com", "yahoo.com.br", "mail.telepac.pt", "netcabo.pt", "clix.pt", "iol.pt", "protonmail.com", "proton.me",
		"googlemail.com", "yahoo.fr", "hotmail.fr", "hotmail.es", "hotmail.co.uk", "yahoo.co.uk",
	}
	otherDomains = []string{"ymail.com", "email.com", "hotmail.de", "hotmail.be", "yahoo.com.ar", "outlook.it", "outlook.at"}
)

// LikelyEmail returns the address that was probably meant when the domain is one slip away from a common one: a
// character too many, missing or wrong, or two exchanged. It returns "" when there is no such doubt. It is worth a
// question and no more: unusual domains are somebody's.
func LikelyEmail(text string) string {
	address, problem := ParseEmail(text)
	if problem != ContactOK {
		return ""
	}
	at := strings.LastIndexByte(address, '@')
	domain := address[at+1:]
	if slices.Contains(commonDomains, domain) || slices.Contains(otherDomains, domain) {
		return ""
	}
	for _, common := range commonDomains {
		if oneSlip(domain, common) {
			return address[:at+1] + common
		}
	}
	return ""
}

// oneSlip reports whether two different texts are one insertion, deletion, substitution or exchange of neighbours
// apart.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	at := 0
	for at < len(a) && a[at] == b[at] {
		at++
	}
	switch len(b) - len(a) {
	case 1:
		return a[at:] == b[at+1:]
	case 0:
		return at < len(a) && (a[at+1:] == b[at+1:] ||
			at+1 < len(a) && a[at] == b[at+1] && a[at+1] == b[at] && a[at+2:] == b[at+2:])
	}
	return false
}
