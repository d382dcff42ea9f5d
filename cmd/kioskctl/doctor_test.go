package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctor_MissingTrustFolder: a folder that is named and is not there is a fault. Otherwise a slip
// in its name would look like a computer that is in order.
func TestDoctor_MissingTrustFolder(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	t.Run("Named", func(t *testing.T) { wantMissing(t, gone, "--trust", gone) })
	t.Run("Environment", func(t *testing.T) {
		t.Setenv("BALCAO_TRUST", gone)
		wantMissing(t, gone)
	})
}

func wantMissing(t *testing.T, folder string, flags ...string) {
	t.Helper()
	var out, said bytes.Buffer
	code := run(t.Context(), append([]string{"doctor"}, flags...), nil, &out, &said)
	if code != exitError || !strings.Contains(out.String(), "✗ The trust folder "+folder+" cannot be used.") {
		t.Errorf("got exit code %d and %q; want the folder named", code, out.String())
	}
}
