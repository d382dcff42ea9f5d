package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	old := time.Now().Add(-time.Hour)
	const nobody = 1 << 30 // above the highest process number of Linux
	for name, c := range map[string]struct {
		file    string
		pid     int
		made    time.Time
		removed bool
	}{
		"balcao-pg-dead":     {"data/postmaster.pid", nobody, old, true},
		"balcao-pg-alive":    {"data/postmaster.pid", os.Getpid(), old, false},
		"balcao-pg-starting": {"data/PG_VERSION", 15, time.Now(), false},
		"balcao-pg-broken":   {"data/PG_VERSION", 15, old, true},
		"balcao-pg-socket":   {".s.PGSQL.5432.lock", os.Getpid(), old, false},
		"balcao-pg-gone":     {".s.PGSQL.5432.lock", nobody, old, true},
		"somebody-elses":     {"data/postmaster.pid", nobody, old, false},
	} {
		dir := filepath.Join(tmp, name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), fmt.Appendf(nil, "%d\n%s\n", c.pid, dir), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, c.made, c.made); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_, err := os.Stat(dir)
			if got := errors.Is(err, fs.ErrNotExist); got != c.removed {
				t.Errorf("%s: removed %v, want %v", name, got, c.removed)
			}
		})
	}
	sweep(tmp)
}
