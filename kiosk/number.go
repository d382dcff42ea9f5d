package kiosk

import "strings"

// CheckSocialSecurity reports whether a NISS has eleven digits, begins with 1 (a person) or 2 (a company) and ends in the
// check digit that they ask for: weights 29, 23, 19, 17, 13, 11, 7, 5, 3 and 2, nine less the sum modulo ten.
func CheckSocialSecurity(niss string) bool {
	if len(niss) != 11 || !allDigits(niss) || niss[0] != '1' && niss[0] != '2' {
		return false
	}
	sum := 0
	for i, weight := range []int{29, 23, 19, 17, 13, 11, 7, 5, 3, 2} {
		sum += int(niss[i]-'0') * weight
	}
	return int(niss[10]-'0') == 9-sum%10
}

// CheckHealthNumber reports whether a text can be a user number of the SNS: nine digits. No rule of its check digit is
// published, so that none is asked for here.
func CheckHealthNumber(number string) bool { return len(number) == 9 && allDigits(number) }

func allDigits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
