package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"balcao/assets/i18n/fonts"
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

// TestDoctor_Fonts: a language that cannot be drawn is named, with what to install.
func TestDoctor_Fonts(t *testing.T) {
	doctor := func() string {
		var out, said bytes.Buffer
		run(t.Context(), []string{"doctor", "--trust", t.TempDir()}, nil, &out, &said)
		return out.String()
	}
	if said := doctor(); !strings.Contains(said, "can be read in 10 languages") {
		t.Errorf("got %q", said)
	}
	han := fonts.Scripts[len(fonts.Scripts)-1]
	files := han.Files
	t.Cleanup(func() { han.Files = files })
	han.Files[1] += ".gone"
	if said := doctor(); !strings.Contains(said, "does not offer 中文 (zh-Hans)") || !strings.Contains(said, "apt install fonts-noto-cjk,") {
		t.Errorf("got %q", said)
	}
}
