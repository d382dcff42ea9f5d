package e2e

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// supportBundle makes a bundle of the desk as it runs, in a folder, and returns all that is in it, and what was printed.
func (d *kioskDesk) supportBundle(t testing.TB, c *centre, dir string) []byte {
	t.Helper()
	log, bundle := filepath.Join(t.TempDir(), "kiosk.log"), filepath.Join(dir, "support.zip")
	if err := os.WriteFile(log, []byte(d.output()), 0o600); err != nil {
		t.Fatal(err)
	}
	all := c.run(t, "kioskctl", "support", "-o", bundle, "--config", c.env["BALCAO_KIOSK_CONFIG"], "--log", log)
	archive, err := zip.OpenReader(bundle)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all += f.Name + ":\n" + string(text)
	}
	for _, want := range []string{"✓ The centre accepts this desk.", "✓ The smart-card service pcscd is running.", "step=done", "pcscd"} {
		if !strings.Contains(all, want) {
			t.Errorf("the bundle does not say %q:\n%s", want, all)
		}
	}
	return []byte(all)
}
