package bench_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds the bench to leaving no goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
