package citizencard_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/citizencard"
)

func TestCheckDocumentNumber(t *testing.T) {
	tests := map[string]bool{
		"99000588 7 ZZ1": true, // of the published test card
		"990005887ZZ1":   true,
		"000000000ZZ4":   true, // all zeros
		"99000588 7 ZZ2": false,
		"99000589 7 ZZ1": false,
		"99000588 7 zz1": false,
		"99000588 7 ZZ":  false,
		"9900058A 7 ZZ1": false,
		"99000588 7 ZZA": false,
		"":               false,
	}
	for number, want := range tests {
		if err := citizencard.CheckDocumentNumber(number); (err == nil) != want {
			t.Errorf("%s: got %v", number, err)
		}
	}
}

func TestCheckCivilNumber(t *testing.T) {
	tests := map[string]bool{
		"990005887": true, // of the published test card
		"990005886": false,
		"99000588":  false,
		"99000588A": false,
		"000000000": true,
		"":          false,
	}
	for number, want := range tests {
		if err := citizencard.CheckCivilNumber(number); (err == nil) != want {
			t.Errorf("%s: got %v", number, err)
		}
	}
}

// TestCheckNumbers_WrongDigit: each number of eight digits has a check digit, and a wrong digit before
// it is noticed.
func TestCheckNumbers_WrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := fmt.Sprintf("%08d", rapid.IntRange(0, 99999999).Draw(t, "number"))
		var valid string
		for digit := range 10 {
			if number := fmt.Sprintf("%s%d", body, digit); citizencard.CheckCivilNumber(number) == nil {
				if valid != "" {
					t.Fatalf("%s and %s are both right", valid, number)
				}
				valid = number
			}
		}
		if valid == "" {
			t.Fatalf("%s has no check digit", body)
		}
		at := rapid.IntRange(0, 7).Draw(t, "place")
		wrong := []byte(valid)
		wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		// A check value of 10 is written 0, so where the check digit is 0 one number in ten is taken for another.
		if valid[8] != '0' && citizencard.CheckCivilNumber(string(wrong)) == nil {
			t.Fatalf("%s passes for %s", wrong, valid)
		}
	})
}
