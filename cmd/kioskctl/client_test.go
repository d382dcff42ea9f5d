package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/login/oidc"
)

// The login service reads the keys that are made for it; the first signs at once, the next only once services know it.
func TestClientKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	run := func(args ...string) (exit int, said string) {
		var out bytes.Buffer
		exit = runClient(t.Context(), append([]string{"key"}, args...), &out, &out)
		return exit, out.String()
	}
	today := time.Now().UTC()
	tomorrow := today.AddDate(0, 0, 1)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{dir}, today.Format(time.DateOnly) + ".pem"},
		{[]string{dir}, tomorrow.Format(time.DateOnly) + ".pem"},
		{[]string{dir, "--es256"}, today.Format(time.DateOnly) + "-es256.pem"},
		{[]string{dir, "--from", "2031-04-15"}, "2031-04-15.pem"},
	} {
		if exit, said := run(c.args...); exit != exitOK || !strings.Contains(said, filepath.Join(dir, c.want)+" ") {
			t.Errorf("%v: %d %s, want %s", c.args, exit, said, c.want)
		}
		if info, err := os.Stat(filepath.Join(dir, c.want)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", c.want, info, err)
		}
	}
	if _, err := oidc.LoadKeys(dir); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{dir, "--from", "2031-04-15"}, {dir, "--from", "today"}} {
		if exit, said := run(args...); exit != exitError {
			t.Errorf("%v: %d %s", args, exit, said)
		}
	}
	if exit, _ := run(); exit != exitUsage {
		t.Errorf("no folder: %d", exit)
	}
}
