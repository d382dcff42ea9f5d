package main

import (
	"context"
	"fmt"
	"io"

	"balcao/kiosk/central/schema"
)

const retentionUsage = `Usage: kioskctl retention [run]

Prints for how long each kind of data is kept (kioskctl db set NAME DAYS) and how much of it is due; with run deletes
that now, as the registrars do every hour. What is deleted is gone; the log says that and when, not what.

  key     all of a key that is cancelled or expired, and with a person's last key the person
  visit   visits without a key
  job     that a message left, and how far it came
  search  who looked for whose key

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

func runRetention(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	leading, rest := names(args)
	fs, dsn := adminFlags("retention", retentionUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return exit
	}
	switch {
	case len(leading) == 0:
		rules, err := schema.Retention(ctx, *dsn)
		if err != nil {
			return fail(stderr, fs.Name(), err)
		}
		return printTable(stdout, stderr, fs.Name(), rules, func(d schema.Due) string {
			n := fmt.Sprint(d.N)
			if d.N == schema.DueMost {
				n = "at least " + n
			}
			return fmt.Sprintf("%s\t%s = %d\t%s due", d.Rule, d.Setting, d.Days, n)
		})
	case len(leading) == 1 && leading[0] == "run":
		total := map[string]int{}
		err := schema.Keep(ctx, *dsn, func(d schema.Deleted) { total[d.Rule] += d.N })
		for _, rule := range []string{"key", "visit", "job", "search"} {
			if total[rule] > 0 {
				_, _ = fmt.Fprintf(stdout, "%s: %d deleted\n", rule, total[rule])
			}
		}
		if err != nil {
			return fail(stderr, fs.Name(), err)
		}
		if len(total) == 0 {
			_, _ = fmt.Fprintln(stdout, "Nothing is due.")
		}
		return exitOK
	}
	_, _ = fmt.Fprint(stderr, retentionUsage)
	return exitUsage
}
