package e2e

import (
	"strings"
	"testing"
)

// TestNumberForAChipWithoutOne gives a passport's chip a card access number, which it was never given. That is said, and
// nobody is accused of anything.
func TestNumberForAChipWithoutOne(t *testing.T) {
	c := startDemo(t)
	for _, card := range []string{"passport-pace-gm", "passport-bac"} {
		c.mock(t, "insert", card)
		said, code := c.kioskctl(t, 0, "card", "--can", "123456")
		if code != 3 || !strings.Contains(said, "access_denied") || !strings.Contains(said, "does not open with a card access number: give --mrz") {
			t.Errorf("%s: got exit code %d and %q", card, code, said)
		}
		c.mock(t, "remove")
	}
}

// TestChecksOfAPassport reads what `kioskctl card` prints of one: its checks in a passport's words, each once.
func TestChecksOfAPassport(t *testing.T) {
	c := startDemo(t)
	c.mock(t, "insert", "passport-pace-gm")
	for _, e := range c.fixtures(t) {
		if e.Name != "passport-pace-gm" {
			continue
		}
		said, code := c.kioskctl(t, 0, append([]string{"card"}, e.printed()...)...)
		t.Log(said)
		if code != 0 || !strings.Contains(said, "Signed by the issuing State") || strings.Contains(said, "Citizen Card") {
			t.Errorf("got exit code %d and other checks than a passport's", code)
		}
		lines := map[string]int{}
		for _, line := range strings.Split(said, "\n") {
			if words := strings.SplitN(line, "  ", 3); len(words) == 3 {
				lines[strings.TrimSpace(words[1])]++
			}
		}
		for check, n := range lines {
			if check != "" && n > 1 {
				t.Errorf("%q is there %d times", check, n)
			}
		}
	}
}
