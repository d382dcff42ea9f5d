package schema_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central/cluster"
)

// These tests call the functions as the programs do: schema desk as the door, schema registrar as a registrar.

func TestMain(m *testing.M) {
	// A visit asks a real server some thirty times; -rapid.checks plays more of them.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	cluster.TestMain(m)
}

// bench is a test's own centre: the door's, a registrar's and an administrator's connections, and a desk.
type bench struct {
	tb                       testing.TB
	db                       *cluster.Database
	centre, registrar, admin *pgxpool.Pool
	desk                     desk
}

// desk is a desk as the door sees it.
type desk struct {
	b     *bench
	name  string
	cert  []byte    // SHA-256 of its certificate
	shift uuid.UUID // of who is signed in
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	db := cluster.NewDatabase(tb)
	b := &bench{tb: tb, db: db, centre: mustPool(tb, db.Centre()), registrar: mustPool(tb, db.Registrar()), admin: mustPool(tb, db.Admin())}
	db.Pool = b.admin
	b.desk = b.newDesk("loja_1")
	return b
}

// newDesk is a desk at which a clerk of its own is signed in.
func (b *bench) newDesk(name string) desk {
	b.tb.Helper()
	sum := sha256.Sum256(b.db.Desk(name).Leaf.Raw)
	return desk{b: b, name: name, cert: sum[:]}.with(b.hire("clerk"))
}

func mustPool(tb testing.TB, dsn string) *pgxpool.Pool {
	tb.Helper()
	return mustPoolOf(tb, dsn, 8)
}

func mustPoolOf(tb testing.TB, dsn string, connections int32) *pgxpool.Pool {
	tb.Helper()
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	cfg.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// exec runs administrator's SQL.
func (b *bench) exec(sql string, args ...any) {
	b.tb.Helper()
	if _, err := b.admin.Exec(b.tb.Context(), sql, args...); err != nil {
		b.tb.Fatal(err)
	}
}

func (b *bench) set(name string, value int) {
	b.tb.Helper()
	b.exec(`update centre.setting set value = to_jsonb($2::integer) where name = $1`, name, value)
}

// unwatched has what watches for misuse hold nobody: these limits come first.
func (b *bench) unwatched() {
	b.tb.Helper()
	b.exec(`update centre.watch_rule set act = 'none', hold_seconds = 0`)
}

// unhurried is unwatched, and codes go to one contact without a wait.
func (b *bench) unhurried() {
	b.tb.Helper()
	b.unwatched()
	b.set("code_resend_after_seconds", 0)
}

func scalar[T any](b *bench, sql string, args ...any) T {
	b.tb.Helper()
	return must(ask[T](b.tb, b.admin, sql, args...))(b.tb)
}

// ask scans one value.
func ask[T any](tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) (v T, err error) {
	err = pool.QueryRow(tb.Context(), sql, args...).Scan(&v)
	return v, err
}

// row reads one row by the order of its columns.
func row[T any](tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) (T, error) {
	rows, err := pool.Query(tb.Context(), sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[T])
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// wantState wants an error of the server.
func wantState(tb testing.TB, what string, err error, state string) {
	tb.Helper()
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != state {
		tb.Errorf("%s: error = %v, want SQLSTATE %s", what, err, state)
	}
}

// atOnce calls do n times at once and counts the answers.
func atOnce(n int, do func(i int) string) map[string]int {
	var mu sync.Mutex
	counts := map[string]int{}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			answer := do(i)
			mu.Lock()
			counts[answer]++
			mu.Unlock()
		})
	}
	wg.Wait()
	return counts
}

// word is a refusal, the code of an error, or "" for neither.
func word(refusal string, err error) string {
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr):
		return pgErr.Code
	case err != nil:
		return err.Error()
	}
	return refusal
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

var lastNumber atomic.Int64

func phone() string { return fmt.Sprintf("+3519%08d", lastNumber.Add(1)) }

// taxNumber is a NIF of the range 40, which nobody has.
func taxNumber() string {
	digits := fmt.Sprintf("40%06d", lastNumber.Add(1))
	for check := range 10 {
		if nif := fmt.Sprintf("%s%d", digits, check); kiosk.CheckTaxNumber(nif) {
			return nif
		}
	}
	panic("a NIF without check digit")
}

// person is who an enrolment is opened for. Empty numbers are null.
type person struct {
	Kind, Country, Civil, Document, Tax string
	Typed                               bool
}

// citizen is an invented person with a Citizen Card whom no other test has met.
func citizen() person {
	return person{Kind: "citizen-card", Country: "PRT", Civil: fmt.Sprintf("99%06d", lastNumber.Add(1))}
}

// traveller is one with a passport.
func traveller() person {
	return person{Kind: "passport", Country: "UTO", Document: fmt.Sprintf("L%08d", lastNumber.Add(1)), Tax: taxNumber()}
}

type opened struct {
	Refusal   string
	Challenge []byte
	At, Ends  *time.Time
}

func (d desk) tryOpen(id uuid.UUID, p person) (opened, error) {
	return row[opened](d.b.tb, d.b.centre, `select coalesce(refusal, ''), challenge, opened_at, expires_at
		from desk.open_enrolment($1, $2, nullif($3, ''), nullif($4, ''), nullif($5, ''), nullif($6, ''), nullif($7, ''), $8, $9)`,
		d.cert, id, p.Kind, p.Country, p.Civil, p.Document, p.Tax, p.Typed, d.shift)
}

// open opens an enrolment that must open.
func (d desk) open(p person) uuid.UUID {
	d.b.tb.Helper()
	id := newID()
	if o := must(d.tryOpen(id, p))(d.b.tb); o.Refusal != "" || len(o.Challenge) != 32 {
		d.b.tb.Fatalf("open_enrolment = %+v", o)
	}
	return id
}

type sent struct {
	Refusal                     string
	SentAt, ExpiresAt, ResendAt *time.Time
	SendsLeft, TriesLeft, Tries int
}

func (d desk) trySend(enrolment, id uuid.UUID, channel, value string) (sent, error) {
	return row[sent](d.b.tb, d.b.centre, `select coalesce(refusal, ''), sent_at, expires_at, resend_at, sends_left, tries_left, tries
		from desk.send_code($1, $2, $3, $4, $5, 'pt')`, d.cert, enrolment, id, channel, value)
}

// send asks for a code and makes it "123456", as a registrar would.
func (d desk) send(enrolment uuid.UUID, channel, value string) sent {
	d.b.tb.Helper()
	id := newID()
	s := must(d.trySend(enrolment, id, channel, value))(d.b.tb)
	if s.Refusal == "" {
		d.b.ready(id, "123456")
	}
	return s
}

func (b *bench) ready(row uuid.UUID, code string) {
	b.tb.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	if !must(ask[bool](b.tb, b.registrar, `select registrar.code_ready($1, $2, $3)`, row, key, mac.Sum(nil)))(b.tb) {
		b.tb.Fatal("the code is not wanted")
	}
}

type confirmed struct {
	Refusal   string
	TriesLeft int
	Proof     *uuid.UUID
	At        *time.Time
}

func (d desk) tryConfirm(enrolment, id uuid.UUID, channel, code string) (confirmed, error) {
	return row[confirmed](d.b.tb, d.b.centre, `select coalesce(refusal, ''), tries_left, proof, confirmed_at
		from desk.confirm_code($1, $2, $3, $4, $5)`, d.cert, enrolment, id, channel, code)
}

func (d desk) confirm(enrolment uuid.UUID, channel, code string) confirmed {
	d.b.tb.Helper()
	return must(d.tryConfirm(enrolment, newID(), channel, code))(d.b.tb)
}

// proven opens an enrolment with a confirmed contact.
func (d desk) proven(p person, channel, value string) uuid.UUID {
	d.b.tb.Helper()
	id := d.open(p)
	if s := d.send(id, channel, value); s.Refusal != "" {
		d.b.tb.Fatalf("send_code: %s", s.Refusal)
	}
	if c := d.confirm(id, channel, "123456"); c.Refusal != "" || c.Proof == nil || c.At == nil {
		d.b.tb.Fatalf("confirm_code: %+v", c)
	}
	return id
}

type evidence struct{ JWS, Identity, SOD, PIN, Proof []byte }

var (
	cardEvidence   = evidence{[]byte(`{"payload":"the-transcript"}`), []byte("identity"), []byte("sod"), []byte("sealed"), []byte{}}
	travelEvidence = evidence{[]byte(`{"payload":"the-transcript"}`), []byte("DG1 DG11 DG14"), []byte("sod"), []byte("sealed"),
		[]byte("\x02the-answer")}
)

type status struct {
	State, Refusal string
	Register       *int64
	ActiveAt       *time.Time
	Level          *string
	SMS, Email     *string
}

const statusColumns = `select state, coalesce(refusal, ''), register, active_at, level, delivery_sms, delivery_email from `

func (d desk) tryBind(id uuid.UUID, e evidence) (status, error) {
	return row[status](d.b.tb, d.b.centre, statusColumns+`desk.bind($1, $2, $3, $4, $5, $6, $7)`,
		d.cert, id, e.JWS, e.Identity, e.SOD, e.PIN, e.Proof)
}

func (d desk) status(id uuid.UUID) status {
	d.b.tb.Helper()
	return must(row[status](d.b.tb, d.b.centre, statusColumns+`desk.enrolment_status($1, $2)`, d.cert, id))(d.b.tb)
}

// bound takes a person as far as pending, with a phone of their own.
func (d desk) bound(p person) uuid.UUID {
	d.b.tb.Helper()
	id := d.proven(p, "sms", phone())
	e := cardEvidence
	if p.Kind != "citizen-card" {
		e = travelEvidence
	}
	if s := must(d.tryBind(id, e))(d.b.tb); s.State != "pending" {
		d.b.tb.Fatalf("bind = %+v", s)
	}
	return id
}

func (d desk) abandon(id uuid.UUID, reason string) error {
	_, err := d.b.centre.Exec(d.b.tb.Context(), `select desk.abandon($1, $2, $3)`, d.cert, id, reason)
	return err
}

type chip struct {
	State     string
	Challenge []byte
}

func (d desk) chip(id uuid.UUID, dg14 []byte) (chip, error) {
	return row[chip](d.b.tb, d.b.centre, `select state, challenge from desk.chip_challenge($1, $2, $3)`, d.cert, id, dg14)
}

type name struct{ Surname, Given, Born string }

var ana = name{"Eriksson", "Anna Maria", "1985-12-31"}

func (b *bench) tryActivate(id uuid.UUID, p person, n name) (outcome string, register int64, err error) {
	err = b.registrar.QueryRow(b.tb.Context(), `select outcome, coalesce(register, 0) from (select a.*, case when register is not null
		then registrar.record(register, 1, 'record') end from registrar.apply($1, jsonb_strip_nulls(jsonb_build_object(
		'surname', $2::text, 'given_names', $3::text, 'birth_date', $4::text, 'nationality', 'UTO',
		'civil_number', nullif($5, ''), 'document_number', nullif($6, ''), 'tax_number', nullif($7, ''))),
		'$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 'high', '{}', (now() at time zone 'UTC')::date + 1000, 'DG1 DG14') a offset 0) x`,
		id, n.Surname, n.Given, n.Born, p.Civil, p.Document, p.Tax).Scan(&outcome, &register)
	return outcome, register, err
}

func (b *bench) activate(id uuid.UUID, p person, n name) (outcome string, register int64) {
	b.tb.Helper()
	outcome, register, err := b.tryActivate(id, p, n)
	if err != nil {
		b.tb.Fatal(err)
	}
	return outcome, register
}

// enrol takes a person to an active key.
func (d desk) enrol(p person, n name) (id uuid.UUID, register int64) {
	d.b.tb.Helper()
	id = d.bound(p)
	outcome, register := d.b.activate(id, p, n)
	if outcome != "active" {
		d.b.tb.Fatalf("activate = %q", outcome)
	}
	return id, register
}

// change changes every key that lives, by hand, as a registrar would that signs a record of it.
func (b *bench) change(set string) {
	b.tb.Helper()
	b.exec(`update centre.key set change = '{"cause": "renew"}', ` + set + ` where living;
		insert into centre.key_record (key, version, record) select register, version, 'record' from centre.key on conflict do nothing`)
}

// later moves everything about codes into the past.
func (b *bench) later(d time.Duration) {
	b.tb.Helper()
	b.exec(`update centre.one_time_code set sent_at = sent_at - $1::interval, expires_at = expires_at - $1::interval,
		resend_at = resend_at - $1::interval`, d)
	b.exec(`update centre.code_attempt set at = at - $1::interval`, d)
}

// mentions counts the rows of the whole database in which a text stands, also as bytes.
func (b *bench) mentions(text string) int {
	b.tb.Helper()
	rows := must(b.admin.Query(b.tb.Context(), `select format('%I.%I', schemaname, tablename) from pg_tables
		where schemaname = 'centre'`))(b.tb)
	n := 0
	for _, table := range must(pgx.CollectRows(rows, pgx.RowTo[string]))(b.tb) {
		n += scalar[int](b, `select count(*) from `+table+` t where t::text ilike '%' || $1 || '%' or t::text ilike '%' || $2 || '%'`,
			text, fmt.Sprintf("%x", text))
	}
	return n
}
