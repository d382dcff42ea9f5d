package e2e

import (
	"flag"
	"testing"

	"balcao/cardreader"
)

var inserts = flag.Int("inserts", 20, "how often TestInsertMeansConnect inserts a card")

// TestInsertMeansConnect inserts cards again and again: when mock-pcsc returns, a program connects at its first try.
func TestInsertMeansConnect(t *testing.T) {
	c := startDemo(t)
	readers, err := cardreader.List(t.Context())
	if err != nil || len(readers) == 0 {
		t.Fatalf("readers: %v, %v", readers, err)
	}
	failed := 0
	for i := range *inserts {
		c.mock(t, "insert", []string{"cc1-rsa2048", "cc2024"}[i%2])
		s, err := cardreader.Dialer{}.Connect(t.Context(), readers[0])
		if err != nil {
			failed++
			t.Logf("%d: %v", i, err)
		} else {
			_ = s.Close()
		}
		c.mock(t, "remove")
	}
	if failed > 0 {
		t.Errorf("%d of %d connections failed", failed, *inserts)
	}
}
