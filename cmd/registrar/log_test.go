package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Whatever this registrar believes is told to the log as soon as it is another.
func TestAnchors(t *testing.T) {
	dir := t.TempDir()
	c := config{
		Trust: filepath.Join(dir, "trust"), DeskAuthority: filepath.Join(dir, "desks.crt"),
		StaffAuthority: filepath.Join(dir, "staff.crt"), StaffCards: filepath.Join(dir, "cards"),
	}
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := []string{filepath.Join(c.Trust, "ca", "a.crt"), c.DeskAuthority, c.StaffAuthority, filepath.Join(c.StaffCards, "one.pem")}
	for _, path := range files {
		put(path, "one")
	}
	digest := func() []byte {
		t.Helper()
		sum, err := c.anchors()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before := digest()
	for _, path := range files {
		put(path, "another")
		if bytes.Equal(digest(), before) {
			t.Errorf("%s is another, and the digest is the same", path)
		}
		put(path, "one")
	}
	if !bytes.Equal(digest(), before) {
		t.Error("the digest of the same is another")
	}
	c.StaffAuthority = ""
	if bytes.Equal(digest(), before) {
		t.Error("without the staff authority the digest is the same")
	}
}
