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

// TestLogPage opens the log page by its key, which then takes the keys that are the desk's otherwise.
func TestLogPage(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	d.awaits(t, "step=document", "shift=open")
	d.keys(t, "ctrl+F12", "F1") // of the errands, without the page
	d.screen.picture(t, "log")
	d.keys(t, "Escape")
	mark := d.mark()
	d.keys(t, "F1")
	d.awaits(t, "listed=true")
	for _, line := range d.Said()[:mark] {
		if strings.Contains(line.Text, `"listed":true`) {
			t.Errorf("F1 went through the log page: %s", line.Text)
		}
	}
}
