package inbox_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds both servers to leaving no goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
