package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Destination says whether codes go by SMS to the numbers of a prefix. Of all prefixes of a number the longest
// decides; a number without any gets none.
type Destination struct {
	Prefix  string // of the number in E.164, without the +
	Allowed bool
	PerHour int // codes within an hour; 0: the setting prefix_codes_per_hour; negative in SetDestination: as it was
	Note    string
}

// ErrDestination says that a destination cannot be one.
var ErrDestination = errors.New("a prefix is 1 to 10 digits of an international number, and a limit per hour is a whole number")

// Destinations lists them by prefix.
func Destinations(ctx context.Context, adminDSN string) ([]Destination, error) {
	return list[Destination](ctx, adminDSN, "the destinations",
		`select prefix, allowed, coalesce(per_hour, 0), note from centre.destination order by prefix`)
}

// SetDestination adds or changes a prefix; an existing note stays when d has none. The error is ErrDestination when
// it cannot be.
func SetDestination(ctx context.Context, adminDSN string, d Destination) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into centre.destination as d (prefix, allowed, per_hour, note) values ($1, $2, nullif(greatest($3, 0), 0), $4)
			on conflict (prefix) do update set allowed = excluded.allowed,
				per_hour = case when $3 < 0 then d.per_hour else excluded.per_hour end,
				note = coalesce(nullif(excluded.note, ''), d.note)`, d.Prefix, d.Allowed, d.PerHour, d.Note)
		switch {
		case err == nil:
			return nil
		case hasCode(err, "23514"): // check_violation
			return ErrDestination
		}
		return fmt.Errorf("changing a destination: %w", redact(err))
	})
}

// Alert is something that an operator should look at.
type Alert struct {
	At     time.Time
	Kind   string   // contact_contested: Others were busy with a contact that Desk met
	Desk   string   // who met it
	Others []string // desks
}

// Alerts lists the alerts that are kept, newest first.
func Alerts(ctx context.Context, adminDSN string) ([]Alert, error) {
	return list[Alert](ctx, adminDSN, "the alerts", `select at, kind, desk, others from centre.alert order by at desc, id desc`)
}

// Review is two living keys that may be one person's.
type Review struct {
	At         time.Time
	Key, Other int64 // register numbers
}

// Reviews lists those that are open, oldest first.
func Reviews(ctx context.Context, adminDSN string) ([]Review, error) {
	return list[Review](ctx, adminDSN, "the reviews",
		`select at, key, other from centre.review where closed_at is null order by at, id`)
}
