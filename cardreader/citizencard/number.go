package citizencard

import (
	"errors"
	"strings"
)

// Errors of the check digits.
var (
	ErrDocumentNumber = errors.New("document number with a wrong check digit")
	ErrCivilNumber    = errors.New("civil number with a wrong check digit")
)

// CheckDocumentNumber checks the number printed on a Citizen Card, "99000588 7 ZZ1", with or without
// spaces: nine digits, two letters or digits of the version, and a check digit over all twelve.
//
// The rule is the State's own ("Validação de Número de Documento do Cartão de Cidadão"): letters count A = 10 to Z = 35; from the right, every second
// character counts double, less 9 when that is over 9 (once, also for letters); the sum is a multiple of 10.
func CheckDocumentNumber(number string) error {
	number = strings.ReplaceAll(number, " ", "")
	if len(number) != 12 || !allDigits(number[:9]) || !allDigits(number[11:]) {
		return ErrDocumentNumber
	}
	sum := 0
	for i := range len(number) {
		v, ok := alphanumeric(number[i])
		if !ok {
			return ErrDocumentNumber
		}
		// Of twelve characters, those at even indexes are the second, fourth… from the right.
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	if sum%10 != 0 {
		return ErrDocumentNumber
	}
	return nil
}

func alphanumeric(c byte) (int, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), true
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10, true
	}
	return 0, false
}

// CheckCivilNumber checks a civil identification number (NIC) of eight digits and a check digit:
// weights 9 to 1, the sum is a multiple of 11. A check value of 10 is written 0, as the civil registry
// has done since identity cards had one, so a 0 is also right where a 10 would have been.
func CheckCivilNumber(number string) error {
	if len(number) != 9 || !allDigits(number) {
		return ErrCivilNumber
	}
	sum := 0
	for i := range 9 {
		sum += int(number[i]-'0') * (9 - i)
	}
	if sum%11 == 0 || number[8] == '0' && (sum+10)%11 == 0 {
		return nil
	}
	return ErrCivilNumber
}
