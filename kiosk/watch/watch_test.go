package watch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/watch"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

var begin = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC) // a Monday

func rulesOf(alerts []watch.Alert) (rules []string) {
	for _, a := range alerts {
		if !slices.Contains(rules, a.Rule) {
			rules = append(rules, a.Rule)
		}
	}
	return rules
}

// TestRules plants a fraud for each rule in an honest crowd: that rule notices it and no other; and something honest that
// looks like it: no rule does. The crowd itself opens no case.
func TestRules(t *testing.T) {
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, cluster.NewDatabase(t).Admin())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	month := watch.Month{Begin: begin, Days: 9, Desks: 8, Visits: 12, SignIns: 30, Seed: 1}
	if err := watch.Play(ctx, conn, month.Honest(), false); err != nil {
		t.Fatal(err)
	}
	if alerts, err := watch.Alerts(ctx, conn); err != nil || len(alerts) > 0 {
		t.Fatalf("the honest crowd: alerts %+v, error %v", alerts, err)
	}
	rows, _ := conn.Query(ctx, `select name from centre.watch_rule order by name`)
	rules, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var tried []string
	at := begin.AddDate(0, 0, 8).Add(9*time.Hour + 30*time.Minute)
	for _, c := range watch.Cases {
		tried = append(tried, c.Rule)
		for _, try := range []struct {
			what   string
			events []watch.Event
			want   []string
		}{{"fraud: " + c.Reason, c.Fraud(at), []string{c.Rule}}, {"honest: " + c.Excuse, c.Honest(at), nil}} {
			t.Run(c.Rule+"/"+try.what, func(t *testing.T) {
				tx, err := conn.Begin(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
				if err := watch.Play(ctx, tx, try.events, false); err != nil {
					t.Fatal(err)
				}
				alerts, err := watch.Alerts(ctx, tx)
				if err != nil || !slices.Equal(rulesOf(alerts), try.want) {
					t.Errorf("alerts %+v, error %v, want of %v", alerts, err, try.want)
				}
			})
		}
	}
	if slices.Sort(tried); !slices.Equal(tried, rules) {
		t.Errorf("rules tried are %v, there are %v", tried, rules)
	}
}
