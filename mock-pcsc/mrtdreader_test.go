package mockpcsc_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"balcao/assets/testpki"
	"balcao/mock-pcsc/fixtures"
)

// TestMRTDReader has Debian's mrtdreader, which is for libnfc, read a passport through pcscd.
func TestMRTDReader(t *testing.T) {
	for _, tool := range []string{"mrtdreader", "gcc", "pkg-config"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s: %v", tool, err)
		}
	}
	stand := build(t, "nfc.c", "libpcsclite", "-shared", "-fPIC")
	r := startReader(t)
	const name = "passport-bac"
	defer r.insert(t, mustCard(t, name))()
	zone := mustEntry(t, name).MRZ
	run := func(second string) string {
		out, err := r.try("env", "LD_PRELOAD="+stand, "mrtdreader", second)
		if err != nil {
			t.Logf("mrtdreader ends with %v", err) // its exit code says nothing
		}
		return out
	}
	if out := run(strings.Replace(zone[1], "UT99", "UT98", 1)); strings.Contains(out, "Challenge successful") {
		t.Errorf("it opened with another document's number:\n%s", out)
	}
	out := run(zone[1])
	for _, want := range []string{"Challenge successful", "EF.SOD... done", zone[0] + zone[1], "Saving image to image.jpg... done"} {
		if !strings.Contains(out, want) {
			t.Errorf("mrtdreader does not say %q:\n%s", want, out)
		}
	}
	got, err := os.ReadFile(filepath.Join(r.Dir, "image.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	portrait, err := testpki.FS.ReadFile("portraits/a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(got, portrait) { // some bytes of its buffer follow
		t.Errorf("the photograph of %d bytes is not the %d bytes on the chip", len(got), len(portrait))
	}
}

func mustEntry(t *testing.T, name string) fixtures.Entry {
	t.Helper()
	d, err := fixtures.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Entries() {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no card %s", name)
	return fixtures.Entry{}
}
