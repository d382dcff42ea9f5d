package central_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/transcript"
)

func TestMain(m *testing.M) {
	// A visit asks a real server some thirty times; -rapid.checks plays more of them.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	cluster.TestMain(m)
}

// bench is a test's own centre: a desk, a registrar's and an administrator's connections.
type bench struct {
	tb        testing.TB
	db        *cluster.Database
	desk      *central.Centre
	registrar *pgxpool.Pool
	admin     *pgxpool.Pool
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	db := cluster.NewDatabase(tb)
	return &bench{tb: tb, db: db, desk: dialDesk(tb, db, "loja_"+db.Name),
		registrar: mustPool(tb, db.Registrar()), admin: mustPool(tb, db.Admin())}
}

func dialDesk(tb testing.TB, db *cluster.Database, name string) *central.Centre {
	tb.Helper()
	c, err := central.Dial(tb.Context(), central.Config{DSN: db.Desk(name), MaxConns: 8, Timeout: 30 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func mustPool(tb testing.TB, dsn string) *pgxpool.Pool {
	tb.Helper()
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	cfg.MaxConns = 8
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

func scalar[T any](b *bench, sql string, args ...any) T {
	b.tb.Helper()
	var v T
	if err := b.admin.QueryRow(b.tb.Context(), sql, args...).Scan(&v); err != nil {
		b.tb.Fatal(err)
	}
	return v
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

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

var lastNumber atomic.Int64

// person is an invented person whom no other test has met.
func person() central.Person {
	return central.Person{Document: kiosk.CitizenCard, Country: "PRT",
		CivilNumber: fmt.Sprintf("99%06d", lastNumber.Add(1))}
}

func phone() string { return fmt.Sprintf("+3519%08d", lastNumber.Add(1)) }

// open opens an enrolment of a new person.
func (b *bench) open() uuid.UUID {
	b.tb.Helper()
	id := newID()
	o := must(b.desk.Open(b.tb.Context(), id, person()))(b.tb)
	if o.Refusal != "" {
		b.tb.Fatalf("Open: %s", o.Refusal)
	}
	return id
}

// send asks for a code and makes it "123456", as a registrar would.
func (b *bench) send(enrolment uuid.UUID, channel kiosk.Channel, value string) central.CodeSent {
	b.tb.Helper()
	req := central.CodeRequest{ID: newID(), Channel: channel, Value: value, Language: kiosk.Portuguese}
	s := must(b.desk.SendCode(b.tb.Context(), enrolment, req))(b.tb)
	if s.Refusal == "" {
		b.codeReady(req.ID, "123456")
	}
	return s
}

func (b *bench) codeReady(row uuid.UUID, code string) {
	b.tb.Helper()
	if err := codeReady(b.tb.Context(), b.registrar, row, code); err != nil {
		b.tb.Fatal(err)
	}
}

func codeReady(ctx context.Context, registrar *pgxpool.Pool, row uuid.UUID, code string) error {
	key := make([]byte, 32)
	rand.Read(key)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	_, err := registrar.Exec(ctx, `select registrar.code_ready($1, $2, $3)`, row, key, mac.Sum(nil))
	return err
}

func (b *bench) confirm(enrolment uuid.UUID, channel kiosk.Channel, code string) central.Confirmed {
	b.tb.Helper()
	return must(b.desk.ConfirmCode(b.tb.Context(), enrolment,
		central.Attempt{ID: newID(), Channel: channel, Code: []byte(code)}))(b.tb)
}

// proven opens an enrolment with a confirmed contact.
func (b *bench) proven(channel kiosk.Channel, value string) uuid.UUID {
	b.tb.Helper()
	id := b.open()
	b.send(id, channel, value)
	if c := b.confirm(id, channel, "123456"); c.Refusal != "" {
		b.tb.Fatalf("ConfirmCode: %s", c.Refusal)
	}
	return id
}

var someEvidence = transcript.Evidence{JWS: []byte(`{"payload":"dGhlLXRyYW5zY3JpcHQ","signatures":[]}`), Identity: []byte("identity"),
	SOD: []byte("sod"), SealedPIN: []byte("sealed")}

func (b *bench) bind(enrolment uuid.UUID) central.Status {
	b.tb.Helper()
	return must(b.desk.Bind(b.tb.Context(), enrolment, someEvidence))(b.tb)
}

const activateSQL = `select outcome, coalesce(register, 0) from registrar.activate($1,
	'{"surname": "de Teste", "given_names": "Inês", "birth_date": "1990-02-28", "nationality": "PRT"}',
	'$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', 'high', '{}', current_date + 1000, null)`

func (b *bench) activate(enrolment uuid.UUID) (outcome string, register int64) {
	b.tb.Helper()
	if err := b.registrar.QueryRow(b.tb.Context(), activateSQL, enrolment).Scan(&outcome, &register); err != nil {
		b.tb.Fatal(err)
	}
	return outcome, register
}

func wantRefused(t *testing.T, err error, code string) {
	t.Helper()
	var refused *central.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("error = %v, want refused %s", err, code)
	}
	if got, want := refused.Code, code; got != want {
		t.Errorf("refused for %q, want %q", got, want)
	}
}

func TestWholePath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()

	h := must(b.desk.Hello(ctx))(t)
	if got, want := h.SchemaVersion, central.SchemaVersion; got != want {
		t.Errorf("schema version = %d, want %d", got, want)
	}
	if got, want := h.Rules.PINMin, 6; got != want {
		t.Errorf("PINMin = %d, want %d", got, want)
	}
	if got, want := h.Delivery, kiosk.HealthDown; got != want {
		t.Errorf("delivery without registrar = %q, want %q", got, want)
	}
	if h.Skew.Abs() > time.Second {
		t.Errorf("skew on one computer = %v", h.Skew)
	}

	id, who := newID(), person()
	o := must(b.desk.Open(ctx, id, who))(t)
	if got, want := len(o.Challenge), 32; got != want {
		t.Errorf("challenge of %d bytes, want %d", got, want)
	}
	s := b.send(id, kiosk.SMS, phone())
	if got, want := s, (central.CodeSent{SentAt: s.SentAt, ExpiresAt: s.SentAt.Add(5 * time.Minute),
		ResendAt: s.SentAt.Add(30 * time.Second), SendsLeft: 3, TriesLeft: 3, Tries: 3}); got != want {
		t.Errorf("SendCode = %+v, want %+v", got, want)
	}
	if c := b.confirm(id, kiosk.SMS, "000000"); c.Refusal != central.CodeWrong || c.TriesLeft != 2 {
		t.Errorf("wrong code: %+v", c)
	}
	c := b.confirm(id, kiosk.SMS, "123456")
	if c.Refusal != "" || c.Proof == uuid.Nil || c.At.IsZero() {
		t.Errorf("right code: %+v", c)
	}
	if got, want := b.bind(id).State, central.StatePending; got != want {
		t.Errorf("after Bind: %q, want %q", got, want)
	}
	outcome, register := b.activate(id)
	if got, want := outcome, "active"; got != want {
		t.Fatalf("activate = %q, want %q", got, want)
	}
	st := must(b.desk.Status(ctx, id))(t)
	if st.State != central.StateActive || st.Register != register || st.Level != kiosk.LevelHigh ||
		st.ActiveAt.IsZero() || st.ValidUntil == (kiosk.Date{}) {
		t.Errorf("after activation: %+v", st)
	}
	if again := must(b.desk.Open(ctx, newID(), who))(t); again.Refusal != central.AlreadyActive {
		t.Errorf("Open of an enrolled person = %+v, want %q", again, central.AlreadyActive)
	}
}
