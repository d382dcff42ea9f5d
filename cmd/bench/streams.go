package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central"
)

// StreamReport is what desks cost that only listen.
type StreamReport struct {
	Desks    int     `json:"desks"`
	Empty    float64 `json:"mib_before"` // of the process centre
	RSS      float64 `json:"mib"`
	Backends int     `json:"backends"`    // of PostgreSQL, for clients other than the measurement
	Reached  float64 `json:"ms_to_reach"` // until a notice to every desk had reached the last
}

// measureStreams lets desks listen and has PostgreSQL announce something to each.
func measureStreams(ctx context.Context, s *site, desks int) (r StreamReport, err error) {
	admin, err := pgx.Connect(ctx, s.admin())
	if err != nil {
		return r, fmt.Errorf("connecting as administrator: %w", err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	before, err := usageOf(s.centre.Cmd.Process.Pid)
	if err != nil {
		return r, err
	}
	all, err := s.addDesks(ctx, "escuta", desks)
	defer closeAll(all)
	if err != nil {
		return r, err
	}
	listening, deaf := context.WithCancel(ctx)
	var lines sync.WaitGroup
	defer lines.Wait()
	defer deaf()
	up, heard := make(chan struct{}, desks), make(chan struct{}, desks)
	for _, d := range all {
		first := sync.OnceFunc(func() { up <- struct{}{} })
		lines.Go(func() {
			_ = d.Listen(listening, central.Line{ // ends with listening, and its error
				Up: func(central.Hello, bool) { first() }, Down: func(error) {}, Notice: func(central.Notice) { heard <- struct{}{} },
			})
		})
	}
	if err := await(ctx, up, desks); err != nil {
		return r, fmt.Errorf("waiting for desks to listen: %w", err)
	}
	began := time.Now()
	if _, err := admin.Exec(ctx, `select pg_notify('desk_events', json_build_object('desk', name, 'enrolment', $1::text, 'kind', 'key')::text)
		from centre.desk where name like 'escuta-%'`, uuid.Must(uuid.NewV7()).String()); err != nil {
		return r, fmt.Errorf("announcing: %w", err)
	}
	if err := await(ctx, heard, desks); err != nil {
		return r, fmt.Errorf("waiting for a notice to reach all desks: %w", err)
	}
	r.Desks, r.Empty, r.Reached = desks, before.rssMiB, millis(time.Since(began))
	const count = `select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
	if err := admin.QueryRow(ctx, count).Scan(&r.Backends); err != nil {
		return r, fmt.Errorf("counting backends: %w", err)
	}
	now, err := usageOf(s.centre.Cmd.Process.Pid)
	r.RSS = now.rssMiB
	return r, err
}

// await waits until something came n times.
func await(ctx context.Context, c <-chan struct{}, n int) error {
	for range n {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
