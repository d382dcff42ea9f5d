package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFindBinaries(t *testing.T) {
	t.Setenv("PATH", "") // no pg_config
	dir := t.TempDir()
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PG_BIN", dir)
	got, err := findIn("/nonexistent")
	if err != nil || got != dir {
		t.Errorf("with PG_BIN: %q, %v, want %q", got, err, dir)
	}
	t.Setenv("PG_BIN", "")
	if _, err := findIn("/nonexistent"); !errors.Is(err, ErrNoServer) {
		t.Errorf("without any: %v, want ErrNoServer", err)
	}
	debian := t.TempDir()
	for _, version := range []string{"9", "15", "17"} {
		bin := filepath.Join(debian, version, "bin")
		if err := os.MkdirAll(bin, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"initdb", "postgres"} {
			if err := os.WriteFile(filepath.Join(bin, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err = findIn(debian)
	if want := filepath.Join(debian, "17", "bin"); err != nil || got != want {
		t.Errorf("with Debian's folders: %q, %v, want %q", got, err, want)
	}
}
