package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cmd/bench/load"
	"balcao/kiosk/ledger"
)

// LogReport is what the log of all events costs.
type LogReport struct {
	Leaves  int64   `json:"leaves"`
	Audited float64 `json:"audited_per_second"` // leaves, by an audit that found nothing

	Leaf float64 `json:"ms_leaf"` // what a change takes longer with the log than without, of medians

	Together int    `json:"desks_at_once"`
	With     AtOnce `json:"with_log"`
	Without  AtOnce `json:"without_log"` // the same while nothing is logged
}

// AtOnce is how long desks take that bind at once, in milliseconds: medians of rounds.
type AtOnce struct {
	Bound  float64 `json:"ms_bound"`  // until the last is bound, while keys are made of the others
	Active float64 `json:"ms_active"` // until the last key is active
}

// logMeasure is a sequencer at a site, with keys of its own.
type logMeasure struct {
	site  *site
	much  amount
	admin *pgx.Conn
	key   []byte // private
	pub   string // file of the public half
}

// measureLog leaves rows that nothing has logged: an audit after it finds them.
func measureLog(ctx context.Context, s *site, much amount) (r LogReport, err error) {
	m := &logMeasure{site: s, much: much, pub: filepath.Join(s.dir, "log.pub")}
	if m.admin, err = pgx.Connect(ctx, s.admin()); err != nil {
		return r, errors.New("connecting as administrator failed") // its errors may quote the connection string
	}
	defer func() { _ = m.admin.Close(context.WithoutCancel(ctx)) }()
	private, public, err := ledger.GenerateKey("measure.example/log")
	if err == nil {
		m.key, err = private, os.WriteFile(m.pub, public, 0o600)
	}
	if err != nil {
		return r, err
	}
	desks, err := s.addDesks(ctx, "juntos", much.together)
	defer closeAll(desks)
	if err == nil {
		err = signIn(ctx, desks)
	}
	if err == nil {
		err = m.grow(ctx)
	}
	if err != nil {
		return r, err
	}
	if err := m.sequenced(ctx, func() error { return nil }); err != nil {
		return r, err
	}
	if r.Leaves, r.Audited, err = m.audit(ctx); err != nil {
		return r, err
	}
	if r.Leaf, err = m.leaf(ctx); err != nil {
		return r, err
	}
	r.Together = len(desks)
	r.With, r.Without, err = m.together(ctx, desks)
	return r, err
}

// person makes a person with a key as registrar.apply leaves them, which is five leaves.
const person = `with n as (select gen_random_uuid() id, i from generate_series($1::integer, $2) i),
	e as (insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at)
		select id, 'juntos-1', 'active', 'citizen-card', false, sha256('x'), now(), now() from n returning id),
	p as (insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality, enrolment)
		select 'UTO', 'M' || i, 'Medida', 'Pessoa', '1980-02-29', '1980-02-29', 'UTO', id from n returning id, enrolment),
	k as (insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
		select id, 'active', 'high', '$argon2id$x', '2040-01-01', enrolment,
			jsonb_build_object('cause', 'enrol', 'desk', 'juntos-1', 'enrolment', enrolment) from p returning register),
	r as (insert into centre.key_record (key, version, record) select register, 1, 'record' from k)
	insert into centre.key_contact (key, channel, value, proof, proven_at)
		select register, 'email', register || '@medida.example', gen_random_uuid(), now() from k`

// grow makes people until the log has as many leaves as are wanted.
func (m *logMeasure) grow(ctx context.Context) error {
	const batch = 500
	for from := 0; ; from += batch {
		var leaves int
		if err := m.admin.QueryRow(ctx, `select count(*) from centre.log_leaf`).Scan(&leaves); err != nil || leaves >= m.much.leaves {
			return err
		}
		if _, err := m.admin.Exec(ctx, person, from, from+batch-1); err != nil {
			return fmt.Errorf("making people: %w", err)
		}
	}
}

// sequenced does something while a sequencer works, which ends when every leaf has its number and is signed.
func (m *logMeasure) sequenced(ctx context.Context, do func() error) error {
	s, err := ledger.NewSequencer(ledger.Config{
		Database: m.site.registrar, Name: "measure", Key: m.key, State: filepath.Join(m.site.dir, "log.signed"),
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(running) }() // ends with running and its error
	defer func() { stop(); <-ended }()
	if err := do(); err != nil {
		return err
	}
	for {
		var done bool
		const sql = `select not exists (select from centre.log_leaf where number is null)
			and (select max(size) from centre.log_checkpoint) = (select size from centre.log_state)`
		if err := m.admin.QueryRow(ctx, sql).Scan(&done); err != nil || done {
			return err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for the log: %w", err)
		}
	}
}

// audit has to find nothing.
func (m *logMeasure) audit(ctx context.Context) (leaves int64, perSecond float64, err error) {
	key, err := ledger.LoadVerifier(m.pub)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	report, err := ledger.Audit(ctx, m.admin, ledger.Audited{LogKey: key})
	took := time.Since(began)
	if err == nil && len(report.Findings) > 0 {
		err = fmt.Errorf("the audit of a clean log found %d faults, the first: %s", len(report.Findings), report.Findings[0])
	}
	return report.Leaves, float64(report.Leaves) / took.Seconds(), err
}

// leaf changes one row again and again, with the log and without in turn. Nothing waits for the disk: a leaf goes there
// with the change that it tells of.
func (m *logMeasure) leaf(ctx context.Context) (float64, error) {
	if _, err := m.admin.Exec(ctx, `set synchronous_commit = off`); err != nil {
		return 0, err
	}
	var took [2][]float64
	for n := range m.much.changes + 1 {
		for i, role := range []string{"replica", "origin"} { // with the first, no trigger is called
			if _, err := m.admin.Exec(ctx, `set session_replication_role = `+role); err != nil {
				return 0, err
			}
			began := time.Now()
			_, err := m.admin.Exec(ctx, `update centre.staff set name = 'Medida ' || $1 where number = (select min(number) from centre.staff)`, fmt.Sprint(n))
			if err != nil {
				return 0, fmt.Errorf("changing a member of staff: %w", err)
			}
			if n > 0 { // the first made the plans
				took[i] = append(took[i], millis(time.Since(began)))
			}
		}
	}
	_, err := m.admin.Exec(ctx, `reset synchronous_commit`)
	return median(took[1]) - median(took[0]), err
}

// together has all desks bind at once, with the log and without in turn.
func (m *logMeasure) together(ctx context.Context, desks []deskAt) (with, without AtOnce, err error) {
	registrars, err := pgxpool.New(ctx, m.site.registrar)
	if err != nil {
		return with, without, errors.New("connecting a registrar failed") // its errors may quote the connection string
	}
	defer registrars.Close()
	var asking []load.Desk
	for _, d := range desks {
		asking = append(asking, load.Desk{Asks: d, Shift: d.shift.ID})
	}
	var bound, active [2][]float64
	for n := range m.much.rounds + 1 {
		for i, state := range []string{"enable", "disable"} {
			if err := m.logging(ctx, state); err != nil {
				return with, without, err
			}
			err := m.sequenced(ctx, func() error {
				first, last, err := load.Together(ctx, asking, load.Registrar{Pool: registrars, Records: m.site.records})
				if n > 0 { // the first had to connect
					bound[i], active[i] = append(bound[i], millis(first)), append(active[i], millis(last))
				}
				return err
			})
			if err != nil {
				return with, without, fmt.Errorf("binding at once: %w", err)
			}
		}
	}
	return AtOnce{median(bound[0]), median(active[0])}, AtOnce{median(bound[1]), median(active[1])}, nil
}

// logging switches the triggers that write leaves.
func (m *logMeasure) logging(ctx context.Context, state string) error {
	rows, err := m.admin.Query(ctx, `select format('alter table %s `+state+` trigger %I', tgrelid::regclass, tgname) from pg_trigger
		where tgfoid = 'internal.log_change'::regproc`)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, sql := range all {
		if err == nil {
			_, err = m.admin.Exec(ctx, sql)
		}
	}
	return err
}
