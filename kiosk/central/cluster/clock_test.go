package cluster_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
)

// TestClock moves the server's clock while it runs.
func TestClock(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clock")
	set := func(offset string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(offset), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir := filepath.Dir(file); dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // the server is another user
			t.Fatal(err)
		}
	}
	set("0")
	c, err := cluster.Start(t.Context(), cluster.Options{Clock: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	conn, err := pgx.Connect(t.Context(), c.DSN(cluster.Admin, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{0, 40, 400} {
		set(strconv.Itoa(days * 24 * 3600))
		var now time.Time
		if err := conn.QueryRow(t.Context(), "select clock_timestamp()").Scan(&now); err != nil {
			t.Fatal(err)
		}
		if off := now.Sub(time.Now().Add(time.Duration(days) * 24 * time.Hour)).Abs(); off > time.Minute {
			t.Errorf("%d days ahead: the server's clock is %v off", days, off)
		}
	}
}
