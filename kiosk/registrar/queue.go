package registrar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
	"balcao/kiosk/primary"
	"balcao/kiosk/signin"
	"balcao/kiosk/transcript"
)

// channelWork is where the centre announces new jobs.
const channelWork = "registrar_work"

// leaseTime is how long a job that was taken is its worker's, by the database's clock (registrar.take_job). Then it is
// free: its worker may have been killed, or its computer have lost power.
const leaseTime = 30 * time.Second

// lockTime is how long a row that somebody else holds is waited for. Then the job is put off, and the worker is free for
// another.
const lockTime = 500 * time.Millisecond

// PoolConfig is how a number of workers connects to the centre's database. The connection string may name
// several hosts; a server that only reads is never used. The error holds no part of the connection string.
func PoolConfig(dsn string, workers int) (*pgxpool.Config, error) {
	cfg, err := primary.Config(dsn)
	if err != nil {
		return nil, err
	}
	// No connection is held while a job is worked; listening, heartbeat and receipts need one each, and one is left over.
	cfg.MaxConns = int32(workers + 4)
	cfg.MaxConnLifetime = 15 * time.Minute
	cfg.MaxConnLifetimeJitter = 2 * time.Minute
	// Values of the session only, so a pooler between here and the server passes them on or refuses.
	params := cfg.ConnConfig.RuntimeParams
	for name, time := range map[string]time.Duration{"idle_in_transaction_session_timeout": settleTime, "lock_timeout": lockTime} {
		if params[name] == "" {
			params[name] = strconv.FormatInt(time.Milliseconds(), 10)
		}
	}
	return cfg, nil
}

// OpenPool opens a pool of PoolConfig.
func OpenPool(ctx context.Context, dsn string, workers int) (*pgxpool.Pool, error) {
	cfg, err := PoolConfig(dsn, workers)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("opening the pool: %w", plain(err))
	}
	return pool, nil
}

// Kinds of jobs.
const (
	kindSendCode = "send_code"
	kindVerify   = "verify"
	kindWelcome  = "welcome"
	kindChip     = "chip_challenge"
	kindDecide   = "decide"

	kindActivation = "activation"
	kindNotify     = "notify"
)

// job is work that the centre queued.
type job struct {
	ID        int64
	Kind      string
	Enrolment uuid.UUID // zero of what no visit asked for
	Attempts  int       // earlier ones
	Payload   json.RawMessage

	// Of a verify and a decide job; of a chip_challenge job ChipDG14 only.
	Challenge []byte // the centre's
	Evidence  transcript.Evidence
	ChipState []byte // of the challenge to the chip, when one was made
	ChipDG14  []byte // the chip's keys that it is or was made for
}

// begin frees what a registrar of this name held when it was killed.
func begin(ctx context.Context, pool *pgxpool.Pool, worker string) error {
	return exec(ctx, pool, "beginning", `select registrar.begin(p_worker => $1)`, worker)
}

// takeJob takes the next job that is due for the time of the lease, or none.
func takeJob(ctx context.Context, pool *pgxpool.Pool, worker string) (*job, error) {
	const sql = `select job, kind, coalesce(enrolment, '00000000-0000-0000-0000-000000000000'), attempts, payload, challenge, jws, identity, sod, sealed_pin, proof, chip_state, chip_dg14
		from registrar.take_job(p_worker => $1)`
	var j job
	e := &j.Evidence
	err := pool.QueryRow(ctx, sql, worker).Scan(&j.ID, &j.Kind, &j.Enrolment, &j.Attempts, &j.Payload, &j.Challenge,
		&e.JWS, &e.Identity, &e.SOD, &e.SealedPIN, &e.Proof, &j.ChipState, &j.ChipDG14)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("taking a job: %w", plain(err))
	}
	return &j, nil
}

// untilDue returns how long it is until a job is due, by the clock of the database; at most the given
// time, also when there is none.
func untilDue(ctx context.Context, pool *pgxpool.Pool, most time.Duration) (time.Duration, error) {
	const sql = `select extract(epoch from registrar.next_due() - clock_timestamp())::float8`
	var seconds *float64
	if err := pool.QueryRow(ctx, sql).Scan(&seconds); err != nil {
		return 0, fmt.Errorf("asking for the next job: %w", plain(err))
	}
	if seconds == nil || *seconds > most.Seconds() {
		return most, nil
	}
	return time.Duration(*seconds * float64(time.Second)), nil
}

func (w *Worker) jobDone(ctx context.Context, db execer, j *job) error {
	return exec(ctx, db, "ending a job", `select registrar.job_done(p_job => $1, p_worker => $2)`, j.ID, w.cfg.Name)
}

func (w *Worker) jobRetry(ctx context.Context, j *job, in time.Duration, code string, counts bool) error {
	const sql = `select registrar.job_retry(p_job => $1, p_worker => $2, p_retry_at => clock_timestamp() + make_interval(secs => $3), p_code => $4, p_counts => $5)`
	return exec(ctx, w.cfg.DB, "putting a job off", sql, j.ID, w.cfg.Name, in.Seconds(), code, counts)
}

func (w *Worker) jobFailed(ctx context.Context, j *job, code string) error {
	const sql = `select registrar.job_failed(p_job => $1, p_worker => $2, p_code => $3)`
	return exec(ctx, w.cfg.DB, "giving a job up", sql, j.ID, w.cfg.Name, code)
}

func messageSent(ctx context.Context, tx pgx.Tx, id int64, messageID string) error {
	return exec(ctx, tx, "recording a message", `select registrar.message_sent($1, nullif($2, ''))`, id, messageID)
}

func refuse(ctx context.Context, tx pgx.Tx, enrolment uuid.UUID, reason string) error {
	return exec(ctx, tx, "refusing an enrolment", `select registrar.refuse($1, $2)`, enrolment, reason)
}

// application is what registrar.apply wants.
type application struct {
	enrolment  uuid.UUID
	person     person
	pinHash    *string // nil where no PIN was chosen
	level      string
	evidence   finding
	validUntil string
	kept       []byte // of a travel document's files; nil of a Citizen Card
	reason     string // of the change
}

// outcomeActive is registrar.apply's when it is done.
const outcomeActive = "active"

// apply makes the key, or changes it, and returns its number and the version that needs a record now; or says what is in the
// way. Its answer is the same when repeated.
func apply(ctx context.Context, tx pgx.Tx, a application) (outcome string, register int64, version int, err error) {
	const sql = `select outcome, coalesce(register, 0), coalesce(version, 0)
		from registrar.apply($1, $2, $3, $4, $5, $6::text::date, $7, nullif($8, ''))`
	err = tx.QueryRow(ctx, sql, a.enrolment, a.person, a.pinHash, a.level, a.evidence, a.validUntil, a.kept, a.reason).Scan(&outcome, &register, &version)
	if err != nil {
		return "", 0, 0, fmt.Errorf("applying what was proven: %w", plain(err))
	}
	return outcome, register, version, nil
}

// waitForApproval has an enrolment wait for a supervisor, or says who is in the way.
func waitForApproval(ctx context.Context, tx pgx.Tx, enrolment uuid.UUID, reasons []kiosk.ApprovalReason, found finding) (outcome string, err error) {
	shown, err := json.Marshal(found.Checks)
	if err != nil {
		return "", fmt.Errorf("encoding checks: %w", err)
	}
	err = tx.QueryRow(ctx, `select registrar.wait_for_approval($1, $2, $3, $4)`, enrolment, reasons, found.Level, shown).Scan(&outcome)
	if err != nil {
		return "", fmt.Errorf("waiting for a supervisor: %w", plain(err))
	}
	return outcome, nil
}

// chipChallengeMade stores a challenge to a chip, or with two nils that there is none, and tells the desk.
func chipChallengeMade(ctx context.Context, tx pgx.Tx, enrolment uuid.UUID, toSend, private []byte) error {
	return exec(ctx, tx, "storing a challenge to a chip", `select registrar.chip_challenge_made($1, $2, $3)`, enrolment, toSend, private)
}

// chipProven stores what a key's evidence is verified with again; nil stores nothing.
func chipProven(ctx context.Context, tx pgx.Tx, enrolment uuid.UUID, private []byte) error {
	if private == nil {
		return nil
	}
	return exec(ctx, tx, "storing a challenge that was answered", `select registrar.chip_proven($1, $2)`, enrolment, private)
}

// codeReady commits what the database keeps of a code. It reports false when nobody wants it any more.
func codeReady(ctx context.Context, pool *pgxpool.Pool, row uuid.UUID, key, mac []byte) (wanted bool, err error) {
	err = pool.QueryRow(ctx, `select registrar.code_ready($1, $2, $3)`, row, key, mac).Scan(&wanted)
	if err != nil {
		return false, fmt.Errorf("preparing a code: %w", plain(err))
	}
	return wanted, nil
}

// readRules asks for the rules and the cost of a PIN's hash as they are now.
func readRules(ctx context.Context, pool *pgxpool.Pool) (rules kiosk.Rules, c signin.Cost, err error) {
	var raw []byte
	if err := pool.QueryRow(ctx, `select registrar.settings()`).Scan(&raw); err != nil {
		return rules, c, fmt.Errorf("reading the rules: %w", plain(err))
	}
	if err := errors.Join(json.Unmarshal(raw, &rules), json.Unmarshal(raw, &c)); err != nil {
		return rules, c, fmt.Errorf("reading the rules: %w", err)
	}
	return rules, c, nil
}

// Receipts returns a function that stores delivery receipts, for delivery.NewSMS.
func Receipts(pool *pgxpool.Pool) func(context.Context, delivery.Receipt) error {
	return func(ctx context.Context, r delivery.Receipt) error {
		ctx, cancel := context.WithTimeout(ctx, settleTime)
		defer cancel()
		var reference *int
		if r.Reference != 0 {
			n := int(r.Reference)
			reference = &n
		}
		return exec(ctx, pool, "storing a receipt", `select registrar.receipt($1, $2, nullif($3, ''), $4, nullif($5, ''))`,
			r.MessageID, r.Delivered, string(r.Reason), reference, r.From)
	}
}

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func exec(ctx context.Context, db execer, what, sql string, args ...any) error {
	if _, err := db.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("%s: %w", what, plain(err))
	}
	return nil
}

// dbError is what may be logged of a failure of the database: details and hints of PostgreSQL quote the values
// that were in the way.
type dbError struct {
	state      string // SQLSTATE; empty when no server spoke
	word       string // of class BK only: a stable word
	constraint string
}

func (e *dbError) Error() string {
	text := "the database does not answer"
	if e.state != "" {
		text = "SQLSTATE " + e.state
	}
	for _, more := range []string{e.word, e.constraint} {
		if more != "" {
			text += " " + more
		}
	}
	return text
}

// plain reduces an error of pgx to what says nothing about people. Errors of contexts stay themselves.
func plain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return &dbError{}
	}
	e := &dbError{state: pg.Code, constraint: pg.ConstraintName}
	if strings.HasPrefix(pg.Code, "BK") {
		e.word = pg.Message
	}
	return e
}

// overtaken reports whether the centre says that the enrolment is not waiting for this any more.
func overtaken(err error) bool { return says(err, "BK009") }

// leaseLost reports whether the centre says that the job is another registrar's by now.
func leaseLost(err error) bool { return says(err, "BK014") }

// held reports whether somebody else held a row for longer than lockTime.
func held(err error) bool { return says(err, "55P03") }

// passes reports whether the database could not do now what it will do later: a row was held, commits wait for a standby, the
// server is going or was demoted. That says nothing about the job, so nobody is refused for it. Classes are those of
// PostgreSQL's appendix A: 08 connection, 40 rollback, 53 resources, 57 intervention.
func passes(err error) bool {
	e, ok := errors.AsType[*dbError](err)
	return ok && (held(err) || recreate(err) || e.state == "" || slices.Contains([]string{"40", "53", "57"}, e.state[:2]))
}

func says(err error, state string) bool {
	e, ok := errors.AsType[*dbError](err)
	return ok && e.state == state
}

// recreate reports whether the pool's connections lead to a server that is going or was demoted.
func recreate(err error) bool {
	e, ok := errors.AsType[*dbError](err)
	return ok && (e.state == "25006" || e.state == "57P01" || e.state == "57P02" || e.state == "57P03" ||
		strings.HasPrefix(e.state, "08"))
}
