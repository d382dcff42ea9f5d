package kiosk_test

import (
	"testing"

	"balcao/kiosk"
)

func TestNumbersOfServices(t *testing.T) {
	for _, test := range []struct {
		check  func(string) bool
		number string
		want   bool
	}{
		{kiosk.CheckSocialSecurity, "12345678902", true}, {kiosk.CheckSocialSecurity, "12345678901", false},
		{kiosk.CheckSocialSecurity, "11111111111", false}, {kiosk.CheckSocialSecurity, "32345678901", false},
		{kiosk.CheckSocialSecurity, "1234567890", false}, {kiosk.CheckSocialSecurity, "1234567890a", false}, {kiosk.CheckSocialSecurity, "", false},
		{kiosk.CheckHealthNumber, "123456789", true}, {kiosk.CheckHealthNumber, "12345678", false}, {kiosk.CheckHealthNumber, "12345678x", false},
	} {
		if got := test.check(test.number); got != test.want {
			t.Errorf("%s: %v, want %v", test.number, got, test.want)
		}
	}
}
