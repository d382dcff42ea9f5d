package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"balcao/kiosk/central/schema"
)

const alertsUsage = `Usage: kioskctl alerts COMMAND [flags]

  list   print the alerts of the last 90 days, the newest first; supervisors decide them at a desk
  rules  print the rules, how much is an alert, and what policy does by itself
  rule NAME [--most NUMBER] [--act none|hold|suspend_key|suspend_desk|suspend_clerk] [--hold DURATION] [--enabled=true|false]
         change a rule: an alert opens when the measure is above --most; --hold is how long act hold has its
         subject wait. What policy suspends a supervisor can restore

Counters end by themselves, and no later than after 40 days; nothing says which service anybody used.
The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

// runAlerts carries out "kioskctl alerts".
func runAlerts(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return oneOf(ctx, "kioskctl alerts", alertsUsage, map[string]command{
		"list": func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
			return dbList(ctx, alertsUsage, "alerts list", "There are no alerts.", args, stdout, stderr, schema.WatchAlerts, func(a schema.WatchAlert) string {
				return fmt.Sprintf("%d\t%s\t%s\t%.4g\t%s\t%s\t%s\t%s", a.Number, a.OpenedAt.Local().Format(time.DateTime), a.Rule, a.Value,
					cmp.Or(a.Desk, "-"), cmp.Or(a.Staff, "-"), a.Act, cmp.Or(a.Decision+" "+a.Reason, "-"))
			})
		},
		"rules": func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
			return dbList(ctx, alertsUsage, "alerts rules", "There are no rules.", args, stdout, stderr, schema.WatchRules, func(r schema.WatchRule) string {
				act := r.Act
				if r.HoldSeconds > 0 {
					act += " " + (time.Duration(r.HoldSeconds) * time.Second).String()
				}
				if !r.Enabled {
					act = "off"
				}
				return fmt.Sprintf("%d\t%s\t%s of a %s > %.4g in %s\t%s\t%s", r.Number, r.Name, r.Measure, r.Per, r.Most, r.Window, act, r.Note)
			})
		},
		"rule": alertsRule,
	}, args, stdout, stderr)
}

func alertsRule(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("alerts rule", alertsUsage, stderr)
	most, act, hold, enabled := fs.Float64("most", 0, ""), fs.String("act", "", ""), fs.Duration("hold", 0, ""), fs.Bool("enabled", true, "")
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	var c schema.WatchChange
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "most":
			c.Most = most
		case "act":
			c.Act = act
		case "hold":
			c.Hold = hold
		case "enabled":
			c.Enabled = enabled
		}
	})
	if err := schema.SetWatchRule(ctx, *dsn, leading[0], c); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "The rule %s is changed.\n", leading[0])
	return exitOK
}
