package schema

import (
	"context"
	"time"
)

// Figure is one of registrar.figures, which says what they are.
type Figure struct {
	Name, Label, State string
	Value              float64
}

// Figures are the figures of the centre, as registrars are told them.
func Figures(ctx context.Context, adminDSN string) ([]Figure, error) {
	return list[Figure](ctx, adminDSN, "the figures", `select figure, label, state, value from registrar.figures()`)
}

// HeardDesk says when a desk was heard of.
type HeardDesk struct {
	Name  string
	State string     // heard (within 15 minutes), silent (and somebody is signed in there), idle, suspended or revoked
	Seen  *time.Time // nil: never
}

// HeardDesks lists the desks by name.
func HeardDesks(ctx context.Context, adminDSN string) ([]HeardDesk, error) {
	return list[HeardDesk](ctx, adminDSN, "the desks", `select desk, state, seen from internal.desks_heard() order by desk`)
}

// Server is the server of the database.
type Server struct {
	Version string
	Standby bool   // it takes no writes
	Waits   string // synchronous_standby_names: for whom it waits; "" for nobody
}

// Standby is one that follows the server.
type Standby struct {
	Name  string
	State string // streaming, catchup, …
	Sync  string // sync, quorum, potential or async
	Lag   int64  // bytes of WAL that it has not replayed; -1: it does not say
}

// Servers says how the database's server and those that follow it do.
func Servers(ctx context.Context, adminDSN string) (s Server, standbys []Standby, err error) {
	servers, err := list[Server](ctx, adminDSN, "the server", `select current_setting('server_version'), pg_is_in_recovery(), current_setting('synchronous_standby_names')`)
	if err != nil {
		return s, nil, err
	}
	standbys, err = list[Standby](ctx, adminDSN, "the standbys", `select application_name, coalesce(state, ''), coalesce(sync_state, ''),
		case when pg_is_in_recovery() then -1 else coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint, -1) end
		from pg_stat_replication order by application_name`)
	return servers[0], standbys, err
}
