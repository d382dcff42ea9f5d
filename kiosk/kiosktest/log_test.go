package kiosktest_test

import (
	"testing"

	"balcao/kiosk/kiosktest"
)

func TestHolds(t *testing.T) {
	for text, want := range map[string]bool{
		`"took":8482913}`: false, `"at":"18:20:19.48291307Z"`: false, `1482913, "pin":"482913"`: true, "482913": true, "": false,
	} {
		if got := kiosktest.Holds(text, "482913"); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
	if !kiosktest.Holds("1Silva2", "Silva") {
		t.Error("a name beside digits is not found")
	}
}
