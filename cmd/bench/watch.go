package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/watch"
)

// WatchReport is how often the rules that watch for misuse bother supervisors with honest people.
type WatchReport struct {
	Days     int     `json:"days"` // simulated
	DeskDays int     `json:"desk_days"`
	Alerts   int     `json:"alerts"`
	Counted  int     `json:"events"`
	Count    float64 `json:"ms_event"` // with the rules of the calls and of the rounds
}

// measureWatch has a month of honest people happen, and takes it back.
func measureWatch(ctx context.Context, s *site, much amount) (r WatchReport, err error) {
	conn, err := pgx.Connect(ctx, s.admin())
	if err != nil {
		return r, errors.New("connecting as administrator failed") // its errors may quote the connection string
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return r, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, `delete from centre.watch_alert; delete from centre.watch_count`); err != nil { // of what was measured before
		return r, err
	}
	month := watch.Month{Begin: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), Days: much.watched, Desks: 8, Visits: 20, SignIns: 60, Seed: 7}
	events := month.Honest()
	r.Days, r.DeskDays, r.Counted = month.Days, month.DeskDays(), len(events)
	began := time.Now()
	if err := watch.Play(ctx, tx, events, true); err != nil {
		return r, err
	}
	r.Count = float64(time.Since(began).Microseconds()) / 1000 / float64(len(events))
	alerts, err := watch.Alerts(ctx, tx)
	r.Alerts = len(alerts)
	return r, err
}
