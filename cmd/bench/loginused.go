package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/schema"
)

// LoginCall is a function of the database that the sign-in service calls, with all that it calls itself.
type LoginCall struct {
	Name   string  `json:"name"`
	Calls  float64 `json:"calls"` // for a sign-in
	Millis float64 `json:"ms"`    // of one
}

// LoginTime is processor time of one sign-in, in milliseconds. Unlike a rate it says what a machine of one's own would
// take, when others are at work on this one.
type LoginTime struct {
	Service  float64 `json:"service"` // the instances, the hash of the PIN included
	Database float64 `json:"database"`
	Ours     float64 `json:"rest"` // registrar, balancer and browsers
}

func (t LoginTime) all() float64 { return t.Service + t.Database + t.Ours }

func (t LoginTime) since(before LoginTime, logins int) LoginTime {
	n := float64(logins)
	return LoginTime{(t.Service - before.Service) / n, (t.Database - before.Database) / n, (t.Ours - before.Ours) / n}
}

// ownProcessor is the processor time of this program, in milliseconds.
func ownProcessor() (float64, error) {
	u, err := usageOf(os.Getpid())
	return 1000 * u.seconds, err
}

// used is the processor time until now.
func (l *loginSite) used(ctx context.Context, conn *pgx.Conn) (t LoginTime, err error) {
	rows, err := conn.Query(ctx, `select pid from pg_stat_activity where usename is not null`)
	if err != nil {
		return t, err
	}
	sessions, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return t, err
	}
	for _, pid := range sessions {
		if u, err := usageOf(pid); err == nil { // it may have ended since
			t.Database += 1000 * u.seconds
		}
	}
	for _, p := range l.instances {
		u, err := usageOf(p.Cmd.Process.Pid)
		if err != nil {
			return t, err
		}
		t.Service += 1000 * u.seconds
	}
	t.Ours, err = ownProcessor()
	return t, err
}

// track has the database time the functions that sessions of the sign-in service call, those that begin from now on.
func track(ctx context.Context, conn *pgx.Conn) (stop func(), err error) {
	if _, err := conn.Exec(ctx, `alter role `+schema.LoginService+` set track_functions = 'all'`); err != nil {
		return nil, err
	}
	return func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `alter role `+schema.LoginService+` reset track_functions`)
	}, nil
}

// functions are those that count: a session tells what it did once it has ended, for which it waits.
func functions(ctx context.Context, conn *pgx.Conn, logins int) ([]LoginCall, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for there := true; there; {
		if err := conn.QueryRow(ctx, `select exists (select from pg_stat_activity where usename = $1)`, schema.LoginService).Scan(&there); err != nil {
			return nil, fmt.Errorf("waiting for the end of sessions: %w", err)
		}
	}
	rows, err := conn.Query(ctx, `select schemaname || '.' || funcname, (sum(calls) / $1)::float8, sum(total_time) / sum(calls)::float8 from pg_stat_user_functions
		where schemaname = 'login' group by 1 having sum(calls) >= $1 / 2 order by sum(total_time) desc`, float64(logins))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[LoginCall])
}

// loginRows are the rows of the report about signing in.
func (r CentreReport) loginRows(t *table) {
	l := r.Login
	if l.People == 0 {
		return
	}
	t.row("sign-ins at a service, PIN and code", fmt.Sprintf("%.1f/s, %d by %d people at once", l.Rate, l.People, l.AtOnce),
		fmt.Sprintf("each %s ms, p95 %s ms, database %s ms", ms(l.Median), ms(l.P95), ms(l.Database)),
		fmt.Sprintf("%.2f ≥ %.1f %s", l.Rate/r.HashRate, leastLogins, verdict(leastLogins, l.Rate/r.HashRate)))
	t.row("… processor time", fmt.Sprintf("%s ms, %s of a bare hash", ms(l.Processor.all()), ms(r.HashProcessor)),
		fmt.Sprintf("login %s, database %s, the rest %s ms", ms(l.Processor.Service), ms(l.Processor.Database), ms(l.Processor.Ours)),
		fmt.Sprintf("%.2f is the hash", r.HashProcessor/l.Processor.all()))
	for _, f := range l.Functions {
		t.row("… "+f.Name, fmt.Sprintf("%.1f times", f.Calls), fmt.Sprintf("%.2f ms each", f.Millis), "")
	}
	t.row("one of two instances killed", fmt.Sprintf("%d sign-ins under way", l.Killed), fmt.Sprintf("%d asked for anew by the service", l.Anew), fmt.Sprintf("%d lost ≤ 0 %s", l.Lost, verdict(float64(l.Lost), 0)))
	if l.Why != "" {
		t.row("… one was", l.Why, "", "")
	}
}
