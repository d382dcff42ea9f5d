// Package growth makes a centre's database as large as years of enrolments make it, and says what of it grows. It is for a
// database of its own, never for one in use: whoever it adds never stood before a desk.
package growth

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

//go:embed fill.sql
var fill string

// Rounds are what registrars ask again and again, whoever comes.
var Rounds = []string{
	`select from registrar.take_job('measure')`, `select registrar.next_due()`, `select registrar.expire()`, `select registrar.keep()`,
	`select registrar.tell_expiry()`, `select registrar.messages_watch()`, `select registrar.watch()`, `select registrar.alert_decisions()`,
	`select registrar.log_watch()`, `select count(*) from registrar.log_waiting(1000)`, `select registrar.letters()`, `select registrar.figures()`,
}

// Filler multiplies the enrolments of a database.
type Filler struct {
	conn *pgxpool.Pool // a superuser's connections, with triggers and foreign keys off
}

// fillers is how many tables are filled at once.
const fillers = 4

// Block is some enrolments that really happened, which are multiplied together.
type Block struct {
	Name   string
	Visits int
}

// NewFiller prepares a database, or goes on with one. dsn is a superuser's. The caller closes it.
func NewFiller(ctx context.Context, dsn string) (*Filler, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the connection string cannot be parsed") // its errors quote it
	}
	cfg.MaxConns = fillers
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `set session_replication_role = replica; set synchronous_commit = off; set statement_timeout = 0; set jit = off`)
		return err
	}
	conn, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, errors.New("connecting as administrator failed")
	}
	f := &Filler{conn: conn}
	var prepared bool
	err = conn.QueryRow(ctx, `select to_regnamespace('scale') is not null`).Scan(&prepared)
	if err == nil && !prepared {
		err = f.do(ctx, fill)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("preparing to fill the database: %w", err)
	}
	return f, nil
}

// Close ends its connections.
func (f *Filler) Close() { f.conn.Close() }

func (f *Filler) do(ctx context.Context, sql string, args ...any) error {
	if _, err := f.conn.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	return nil
}

// Take makes a block of the enrolments that became keys since the last one was taken.
func (f *Filler) Take(ctx context.Context, name string) (Block, error) {
	b := Block{Name: name}
	if err := f.conn.QueryRow(ctx, `select scale.take($1)`, name).Scan(&b.Visits); err != nil {
		return b, fmt.Errorf("taking enrolments: %w", err)
	}
	if b.Visits == 0 {
		return b, errors.New("no enrolment became a key")
	}
	return b, nil
}

// batch is how many enrolments are added in one transaction.
const batch = 20_000

// Add adds copies of a block until there are so many enrolments more, or a few more than that.
func (f *Filler) Add(ctx context.Context, b Block, enrolments int) error {
	var copies int64
	if err := f.conn.QueryRow(ctx, `select max(copies) from scale.block`).Scan(&copies); err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	for most := max(1, batch/b.Visits); enrolments > 0; {
		n := min(most, (enrolments+b.Visits-1)/b.Visits)
		if err := f.add(ctx, b, copies+1, copies+int64(n)); err != nil {
			return err
		}
		copies += int64(n)
		enrolments -= n * b.Visits
	}
	return nil
}

// add adds copies of a block, table by table.
func (f *Filler) add(ctx context.Context, b Block, first, last int64) error {
	var shifts string
	if err := f.conn.QueryRow(ctx, `select scale.shifts($1, $2)::text`, b.Name, first).Scan(&shifts); err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	rows, err := f.conn.Query(ctx, `select tbl from scale.source order by tbl = 'log_leaf' desc, tbl = 'evidence' desc, tbl`)
	if err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("filling the database: %w", err)
	}
	g, filling := errgroup.WithContext(ctx)
	g.SetLimit(fillers)
	for _, table := range tables {
		g.Go(func() error {
			return f.do(filling, `select scale.fill($1, $2, $3, $4::text::jsonb, $5)`, b.Name, first, last, shifts, table)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return f.do(ctx, `update scale.block set copies = $2 where name = $1`, b.Name, last)
}

// Settle makes the database one that grew by itself: the log is numbered, references lead somewhere, statistics are those of what is there.
func (f *Filler) Settle(ctx context.Context) error {
	if err := f.do(ctx, `select scale.settle()`); err != nil {
		return err
	}
	rows, err := f.conn.Query(ctx, `select scale.broken()`)
	if err != nil {
		return fmt.Errorf("checking references: %w", err)
	}
	broken, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("checking references: %w", err)
	}
	if len(broken) > 0 {
		return fmt.Errorf("references lead nowhere: %v", broken)
	}
	if err := f.do(ctx, `vacuum analyze`); err != nil {
		return err
	}
	return f.do(ctx, `checkpoint`)
}

// Bytes is the size of all tables of the centre with their indexes and what is stored outside of rows.
func (f *Filler) Bytes(ctx context.Context) (n int64, err error) {
	err = f.conn.QueryRow(ctx, `select sum(pg_total_relation_size(c.oid)) from pg_class c where c.relnamespace = 'centre'::regnamespace and c.relkind = 'r'`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("measuring sizes: %w", err)
	}
	return n, nil
}

// Size is what one table has, in bytes.
type Size struct {
	Table                string
	Rows, Outside, Index int64
}

// Sizes are those of the tables of the centre, the largest first.
func (f *Filler) Sizes(ctx context.Context) ([]Size, error) {
	rows, err := f.conn.Query(ctx, `select c.relname, pg_relation_size(c.oid), pg_table_size(c.oid) - pg_relation_size(c.oid), pg_indexes_size(c.oid)
		from pg_class c where c.relnamespace = 'centre'::regnamespace and c.relkind = 'r' order by pg_total_relation_size(c.oid) desc`)
	if err != nil {
		return nil, fmt.Errorf("measuring sizes: %w", err)
	}
	sizes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Size])
	if err != nil {
		return nil, fmt.Errorf("measuring sizes: %w", err)
	}
	return sizes, nil
}

// Named is a person as a service asks for them at a sign-in, and what their PIN's Argon2id gives; without one, nobody has it.
type Named struct {
	Kind, Value string
	Output      []byte
}

// SignIns are so many people of those who were added, drawn evenly, as phones, e-mail addresses and passports.
func (f *Filler) SignIns(ctx context.Context, n int) ([]Named, error) {
	rows, err := f.conn.Query(ctx, `with k as (select distinct y.* from generate_series(1, $1) g, lateral (select 1 + 0 * g + floor(random() * (select max(register) from centre.key))::bigint as r) d,
				lateral (select x.register, x.person from centre.key x where x.register >= d.r and x.pin_hash = scale.pin_hash(x.register) order by x.register limit 1) y)
		select 'phone', c.value, scale.pin_output(c.key) from k join centre.key_contact c on c.key = k.register and c.channel = 'sms' where k.register % 2 = 0 or exists
				(select from centre.person p where p.id = k.person and p.civil_number is not null)
			union all
			select 'passport', p.country || ':' || p.document_number, scale.pin_output(k.register) from k join centre.person p on p.id = k.person and p.civil_number is null
				where k.register % 2 = 1`, n)
	if err != nil {
		return nil, fmt.Errorf("drawing people: %w", err)
	}
	named, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
	if err != nil {
		return nil, fmt.Errorf("drawing people: %w", err)
	}
	return named, nil
}

// People is how many keys there are.
func (f *Filler) People(ctx context.Context) (n int, err error) {
	err = f.conn.QueryRow(ctx, `select count(*) from centre.key`).Scan(&n)
	return n, err
}

// WAL is how many bytes the server has written ahead.
func (f *Filler) WAL(ctx context.Context) (n int64, err error) {
	if err = f.conn.QueryRow(ctx, `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`).Scan(&n); err != nil {
		return 0, fmt.Errorf("reading the position of the WAL: %w", err)
	}
	return n, nil
}

// Forget begins the counts of Scanned anew.
func (f *Filler) Forget(ctx context.Context) error { return f.do(ctx, `select pg_stat_reset()`) }

// Scanned are tables of more than 1,000 rows that were read from end to end since Forget, or an index of theirs was, and how often.
func (f *Filler) Scanned(ctx context.Context) ([]string, error) {
	rows, err := f.conn.Query(ctx, `select format('%s (%s times)', t.relname, t.seq_scan) from pg_stat_user_tables t join pg_class c on c.oid = t.relid
			where t.schemaname = 'centre' and c.reltuples > 1000 and t.seq_scan > 0
		union all
		select format('%s (%s rows in %s times)', i.indexrelname, i.idx_tup_read, i.idx_scan) from pg_stat_user_indexes i join pg_class c on c.oid = i.relid
			where i.schemaname = 'centre' and c.reltuples > 1000 and i.idx_tup_read > i.idx_scan * 2000 order by 1`)
	if err != nil {
		return nil, fmt.Errorf("reading statistics: %w", err)
	}
	scanned, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("reading statistics: %w", err)
	}
	return scanned, nil
}

// Large are the tables of more than 1,000 rows.
func (f *Filler) Large(ctx context.Context) ([]string, error) {
	rows, err := f.conn.Query(ctx, `select relname from pg_class where relnamespace = 'centre'::regnamespace and relkind = 'r' and reltuples > 1000`)
	if err != nil {
		return nil, fmt.Errorf("reading statistics: %w", err)
	}
	large, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("reading statistics: %w", err)
	}
	return large, nil
}
