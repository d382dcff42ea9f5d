package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/ledger"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// centre is a database of the centre, with the log's keys.
type centre struct {
	t        testing.TB
	db       *cluster.Database
	name     string // of the database, when it is a copy of db
	admin    *pgxpool.Pool
	key      []byte
	public   string // the file of its public half
	verifier note.Verifier
	log      *lines
}

// lines is a registrar's log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const origin = "balcao.example/log"

func newCentre(t testing.TB) *centre {
	t.Helper()
	c := &centre{t: t, db: cluster.NewDatabase(t), log: &lines{}}
	var err error
	c.admin, err = pgxpool.New(t.Context(), c.db.Admin())
	c.check(err)
	t.Cleanup(c.admin.Close)
	var public []byte
	c.key, public, err = ledger.GenerateKey(origin)
	c.check(err)
	c.public = filepath.Join(t.TempDir(), "log.pub")
	c.check(os.WriteFile(c.public, public, 0o600))
	c.verifier, err = ledger.LoadVerifier(c.public)
	c.check(err)
	return c
}

// copy is the same centre in a database of its own.
func (c *centre) copy(t testing.TB) *centre {
	t.Helper()
	copied := *c
	copied.t, copied.log, copied.name = t, &lines{}, c.db.Name+fmt.Sprintf("_%d", time.Now().UnixNano())
	server, err := pgx.Connect(t.Context(), dsn(c.db.Admin(), c.db.Name, "postgres"))
	copied.check(err)
	defer server.Close(context.Background())
	// A template is copied when nobody is connected to it.
	_, err = server.Exec(t.Context(), `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1`, c.db.Name)
	copied.check(err)
	c.admin.Reset()
	_, err = server.Exec(t.Context(), `create database `+copied.name+` template `+c.db.Name)
	copied.check(err)
	copied.admin, err = pgxpool.New(t.Context(), copied.dsn())
	copied.check(err)
	t.Cleanup(copied.admin.Close)
	return &copied
}

// dsn is a connection string with another database.
func dsn(of, database, other string) string { return strings.Replace(of, database, other, 1) }

// dsn is an administrator's.
func (c *centre) dsn() string {
	if c.name == "" {
		return c.db.Admin()
	}
	return dsn(c.db.Admin(), c.db.Name, c.name)
}

func (c *centre) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%v\n%s", err, c.log)
	}
}

func (c *centre) exec(sql string, args ...any) {
	c.t.Helper()
	_, err := c.admin.Exec(c.t.Context(), sql, args...)
	c.check(err)
}

func scalar[T any](c *centre, sql string, args ...any) (v T) {
	c.t.Helper()
	c.check(c.admin.QueryRow(c.t.Context(), sql, args...).Scan(&v))
	return v
}

// config is of one registrar.
func (c *centre) config(name string) ledger.Config {
	return ledger.Config{Database: c.db.Registrar(), Name: name, Key: c.key,
		State: filepath.Join(c.t.TempDir(), "log.signed"), Log: slog.New(slog.NewTextHandler(c.log, nil))}
}

// here is the configuration of another centre's registrar, at work in this copy of it.
func (c *centre) here(cfg ledger.Config) ledger.Config {
	cfg.Database, cfg.Log = dsn(c.db.Registrar(), c.db.Name, c.name), slog.New(slog.NewTextHandler(c.log, nil))
	return cfg
}

// start runs a sequencer until stop, or the test's end.
func (c *centre) start(cfg ledger.Config) (stop func()) {
	c.t.Helper()
	s, err := ledger.NewSequencer(cfg)
	c.check(err)
	return c.run(s)
}

func (c *centre) run(s *ledger.Sequencer) (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	c.t.Cleanup(stop)
	return stop
}

// until asks the database until it is so.
func (c *centre) until(what, sql string, args ...any) {
	c.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !scalar[bool](c, sql, args...) {
		if time.Now().After(deadline) {
			c.t.Fatalf("it did not happen: %s\n%s", what, c.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// says waits until the registrar's log has a word.
func (c *centre) says(word string) {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(c.log.String(), word); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("the registrar's log does not say %q:\n%s", word, c.log)
		}
	}
}

// sequenced waits until every leaf has a number and a checkpoint.
func (c *centre) sequenced() {
	c.t.Helper()
	c.until("every leaf is numbered and signed", `select not exists (select from centre.log_leaf where number is null)
		and coalesce((select max(size) from centre.log_checkpoint), 0) = (select size from centre.log_state)`)
}

// person makes somebody with a key, as activation does, and returns the key's register.
func (c *centre) person(n int) (register int64) {
	c.t.Helper()
	c.check(pgx.BeginFunc(c.t.Context(), c.admin, func(tx pgx.Tx) error {
		return tx.QueryRow(c.t.Context(), `with e as (
				insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at)
				values (gen_random_uuid(), 'loja_1', 'active', 'citizen-card', false, sha256('x'), now(), now()) returning id),
			p as (insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality)
				values ('PRT', $1, 'Neves', 'Ana', '1980-02-29', '1980-02-29', 'PRT') returning id),
			k as (insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
				select p.id, 'active', 'high', '$argon2id$x', '2040-01-01', e.id,
					jsonb_build_object('cause', 'enrol', 'desk', 'loja_1', 'enrolment', e.id) from p, e returning register)
			insert into centre.key_record (key, version, record) select register, 1, 'the record' from k returning key`, fmt.Sprintf("99%06d", n)).Scan(&register)
	}))
	c.exec(`insert into centre.key_contact (key, channel, value, proof, proven_at)
		values ($1, 'sms', $2, gen_random_uuid(), now())`, register, fmt.Sprintf("+3519%08d", n))
	return register
}
