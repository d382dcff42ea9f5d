package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Errors of the rules that watch for misuse.
var (
	ErrNoWatchRule  = errors.New("there is no such rule; kioskctl alerts rules lists them")
	ErrNotForWatch  = errors.New("what policy is to do does not fit the rule: only a contact or a key has its key suspended, only staff their desk or themselves")
	watchConstraint = []string{"23514", "23502"} // check_violation, not_null_violation
)

// WatchRule is a rule that watches for misuse.
type WatchRule struct {
	Name        string
	Number      int
	Per         string // what is counted: contact, key, source, document, series, prefix, desk or staff
	Measure     string
	Most        float64
	Window      time.Duration
	Act         string // what policy does by itself: none, hold, suspend_key, suspend_desk or suspend_clerk
	HoldSeconds int
	Enabled     bool
	Note        string
}

// WatchRules lists them by number.
func WatchRules(ctx context.Context, adminDSN string) ([]WatchRule, error) {
	return list[WatchRule](ctx, adminDSN, "the rules of alerts", `select name, number, per, measure, most::float8,
		make_interval(secs => window_seconds), act, hold_seconds, enabled, note from centre.watch_rule order by number, name`)
}

// WatchChange is what changes of a rule; nil stays as it is.
type WatchChange struct {
	Most    *float64
	Act     *string
	Hold    *time.Duration // of act hold
	Enabled *bool
}

// SetWatchRule changes a rule, from the next call on. Errors: ErrNoWatchRule, ErrNotForWatch.
func SetWatchRule(ctx context.Context, adminDSN, name string, c WatchChange) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		var hold *int
		if c.Hold != nil {
			seconds := int(c.Hold.Seconds())
			hold = &seconds
		}
		tag, err := tx.Exec(ctx, `update centre.watch_rule set most = coalesce($2, most), act = coalesce($3, act), enabled = coalesce($5, enabled),
			hold_seconds = case when coalesce($3, act) = 'hold' then coalesce($4, nullif(hold_seconds, 0), 120) else 0 end where name = $1`,
			name, c.Most, c.Act, hold, c.Enabled)
		switch {
		case hasCode(err, watchConstraint...):
			return ErrNotForWatch
		case err != nil:
			return fmt.Errorf("changing a rule of alerts: %w", redact(err))
		case tag.RowsAffected() == 0:
			return ErrNoWatchRule
		}
		return nil
	})
}

// WatchAlert is an alert: a rule that was broken.
type WatchAlert struct {
	Number   int64
	Rule     string
	OpenedAt time.Time
	Value    float64
	Desk     string
	Staff    string
	Act      string // what policy did, or does in the registrars' next round
	Decision string // "" while it waits for a supervisor
	Reason   string
}

// WatchAlerts lists those of the last 90 days, the newest first, a hundred at most.
func WatchAlerts(ctx context.Context, adminDSN string) ([]WatchAlert, error) {
	return list[WatchAlert](ctx, adminDSN, "the alerts", `select number, rule, opened_at, value::float8, desk, staff, act, coalesce(decision, ''), coalesce(reason, '')
		from centre.watch_alert where opened_at > clock_timestamp() - interval '90 days' order by number desc limit 100`)
}
