package signin_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/signin"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// bench is a centre of a test's own, at which people sign in as at the sign-in service.
type bench struct {
	*testing.T
	login, registrar, admin *pgxpool.Pool
	hasher                  *signin.Hasher
	checker                 *signin.Checker
	pending                 bool // what is timed is a key's activation
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db := cluster.NewDatabase(t)
	b := &bench{T: t, login: pool(t, db.Login()), registrar: pool(t, db.Registrar()), admin: pool(t, db.Admin()), hasher: newHasher(t, pepper, 2, 40)}
	b.set("pin_hash_memory_kib", 7168)
	b.set("pin_hash_passes", 1)
	b.set("code_resend_after_seconds", 0)
	b.again()
	return b
}

func pool(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns = 24
	p, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// again is another process of the sign-in service.
func (b *bench) again() {
	if b.checker != nil {
		b.checker.Wait()
	}
	b.checker = signin.New(b.login, b.hasher)
	b.Cleanup(b.checker.Wait)
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) exec(sql string, args ...any) {
	b.Helper()
	_, err := b.admin.Exec(b.Context(), sql, args...)
	b.check(err)
}

func (b *bench) set(name string, value int) {
	b.Helper()
	b.exec(`update centre.setting set value = to_jsonb($2::integer) where name = $1`, name, value)
}

func scalar[T any](b *bench, sql string, args ...any) (v T) {
	b.Helper()
	b.check(b.admin.QueryRow(b.Context(), sql, args...).Scan(&v))
	return v
}

// holder is somebody with an active key.
type holder struct {
	b        *bench
	register int64
	phone    string
	email    string
	document string // as sign-in names it
	pin      string
}

var lastHolder atomic.Int32

// holder makes an active key with a phone, an address and a passport.
func (b *bench) holder() holder {
	b.Helper()
	n := 10_000_000 + lastHolder.Add(1)
	h := holder{b: b, phone: fmt.Sprintf("+3519%d", n), email: fmt.Sprintf("h%d@example.pt", n), document: fmt.Sprintf("UKR:FE%d", n), pin: "482913"}
	place, err := b.hasher.Reserve()
	b.check(err)
	defer place.Leave()
	var cost signin.Cost
	b.check(cost.UnmarshalJSON([]byte(scalar[string](b, `select internal.rules()::text`))))
	hash, err := place.New(b.Context(), cost, "UKR:document:"+h.document[4:], []byte(h.pin))
	b.check(err)
	b.check(pgx.BeginFunc(b.Context(), b.admin, func(tx pgx.Tx) error {
		err := tx.QueryRow(b.Context(), `with p as (insert into centre.person (country, document_number, surname, given_names, birth_date, birth_stated, nationality)
				values ('UKR', $1, 'A', 'B', '1990-01-01', '1990', 'UKR') returning id)
			insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
				select id, 'active', 'high', $2, current_date + 1000, $3, '{"cause": "enrol"}' from p returning register`,
			h.document[4:], hash.String(), newID()).Scan(&h.register)
		if err != nil {
			return err
		}
		_, err = tx.Exec(b.Context(), `insert into centre.key_record (key, version, record) values ($1, 1, 'record')`, h.register)
		if err != nil {
			return err
		}
		for channel, value := range map[string]string{"sms": h.phone, "email": h.email} {
			if _, err := tx.Exec(b.Context(), `insert into centre.key_contact (key, channel, value, proof, proven_at) values ($1, $2, $3, $4, now())`,
				h.register, channel, value, newID()); err != nil {
				return err
			}
		}
		return nil
	}))
	return h
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// try tries a PIN and waits for what follows.
func (b *bench) try(by kiosk.Identifier, name, pin string) (try uuid.UUID, right bool) {
	b.Helper()
	try = newID()
	a, err := b.checker.PIN(b.Context(), signin.Try{ID: try, By: by, Name: name, PIN: []byte(pin)})
	b.check(err)
	b.checker.Wait()
	return try, a.Right
}

func (h holder) try(pin string) bool {
	h.b.Helper()
	_, right := h.b.try(kiosk.ByPhone, h.phone, pin)
	return right
}

func (h holder) state() string {
	h.b.Helper()
	return scalar[string](h.b, `select state from centre.key where register = $1`, h.register)
}

func (h holder) notices() (kinds []string) {
	h.b.Helper()
	return scalar[[]string](h.b, `select coalesce(array_agg(kind || ' ' || channel order by made_at, channel), '{}') from centre.notice where key = $1`, h.register)
}

// later lets time go by for the counters of a key.
func (h holder) later(d time.Duration) {
	h.b.Helper()
	h.b.exec(`update centre.sign_in set locked_until = locked_until - $2::interval, followed = followed - $2::interval where key = $1`, h.register, d)
	h.b.exec(`update centre.sign_in_try set made_at = made_at - $2::interval where key = $1`, h.register, d)
	h.b.exec(`update centre.sign_in_code set sent_at = sent_at - $2::interval, expires_at = expires_at - $2::interval where key = $1`, h.register, d)
}

// code sends a code in a try, and has it be 123456, as a registrar does.
func (h holder) code(try uuid.UUID, channel kiosk.Channel) signin.Sent {
	h.b.Helper()
	send := newID()
	sent, err := h.b.checker.SendCode(h.b.Context(), try, send, channel, "pt")
	h.b.check(err)
	if sent.Refusal == "" {
		key := []byte("0123456789abcdef")
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("123456"))
		var wanted bool
		h.b.check(h.b.registrar.QueryRow(h.b.Context(), `select registrar.sign_in_code_ready($1, $2, $3)`, send, key, mac.Sum(nil)).Scan(&wanted))
		if !wanted {
			h.b.Fatal("a code that was just sent is not wanted")
		}
	}
	return sent
}

func (h holder) enter(try uuid.UUID, code string) signin.SignedIn {
	h.b.Helper()
	s, err := h.b.checker.Code(h.b.Context(), try, newID(), []byte(code))
	h.b.check(err)
	return s
}

// signIn signs in and reports whether that worked.
func (h holder) signIn() bool {
	h.b.Helper()
	try, right := h.b.try(kiosk.ByPhone, h.phone, h.pin)
	if !right || h.code(try, kiosk.SMS).Refusal != "" {
		return false
	}
	return h.enter(try, "123456").Refusal == ""
}
