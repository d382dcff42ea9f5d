package examinetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/examine"
)

// Check is one check of a verdict.
func Check(t testing.TB, verdict examine.Verdict, name kiosk.CheckName) kiosk.Check {
	t.Helper()
	i := slices.IndexFunc(verdict.Checks, func(c kiosk.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s", name)
	}
	return verdict.Checks[i]
}

// Table is the checks of a verdict, one a line, for a test that failed.
func Table(checks []kiosk.Check) string {
	var b strings.Builder
	for _, c := range checks {
		line, _ := json.Marshal([]any{c.Name, c.Result, c.Reason, c.Source, c.Took.Round(time.Microsecond).String()})
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}
