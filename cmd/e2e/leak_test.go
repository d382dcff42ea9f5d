package e2e

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/kiosktest"
)

func mustTemporary(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// personal lists what the two specimens' cards say that must stay on no desk: names and numbers.
func (c *centre) personal(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, card := range []string{ines.card, other.card} {
		c.mock(t, "insert", card)
		var report struct {
			Identity map[string]string `json:"identity"`
		}
		if err := json.Unmarshal([]byte(c.run(t, "kioskctl", "card", "--json")), &report); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"surname", "given_names", "document_number", "civil_number", "tax_number"} {
			value := report.Identity[field]
			if value == "" {
				t.Fatalf("the card of %s states no %s", card, field)
			}
			list = append(list, value)
		}
		c.mock(t, "remove")
	}
	return list
}

// run runs one of our programs with the demo's environment.
func (c *centre) run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(bin(t, name), args...)
	cmd.Env = append(os.Environ(), c.variables()...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// search fails when data has the secret in it, as UTF-8 in either case.
func search(t testing.TB, where string, data []byte, secret string) {
	t.Helper()
	if kiosktest.Holds(strings.ToLower(string(data)), strings.ToLower(secret)) {
		t.Errorf("%s has something personal or secret in it (%d characters of it)", where, len(secret))
	}
}

func searchFolder(t testing.TB, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			rel, _ := filepath.Rel(dir, path)
			search(t, "the desk's file "+rel, data, secret)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// awaitCount waits until the centre has that many enrolments in a state: whenever it announces
// something about one, the question is asked again.
func (c *centre) awaitCount(t testing.TB, state string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.env["BALCAO_ADMIN_DSN"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(ctx, `listen desk_events; listen registrar_work`); err != nil {
		t.Fatal(err)
	}
	for {
		var got int
		if err := conn.QueryRow(ctx, `select count(*) from centre.enrolment where state = $1`, state).Scan(&got); err != nil {
			t.Fatalf("waiting for %d enrolments %s: %v", want, state, err)
		}
		if got == want {
			return
		}
		if _, err := conn.WaitForNotification(ctx); err != nil {
			t.Fatalf("got %d enrolments %s, want %d", got, state, want)
		}
	}
}
