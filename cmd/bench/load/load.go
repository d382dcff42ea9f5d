// Package load measures what the centre's database does for one enrolment: every question that a desk and a registrar
// ask, by many at once, through the door or by SQL. It invents people; it is for a database of its own, never for one in
// use.
package load

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
)

// Desk asks for enrolments, within a shift.
type Desk struct {
	Asks
	Shift uuid.UUID
}

// Asks is what a desk asks for one enrolment: a *central.Centre asks the centre's door, an SQL the functions behind it.
type Asks interface {
	Open(context.Context, uuid.UUID, central.Person) (central.Opened, error)
	SendCode(context.Context, uuid.UUID, central.CodeRequest) (central.CodeSent, error)
	ConfirmCode(context.Context, uuid.UUID, central.Attempt) (central.Confirmed, error)
	Bind(context.Context, uuid.UUID, transcript.Evidence, bool) (central.Status, error)
	Status(context.Context, uuid.UUID) (central.Status, error)
}

// Registrar is what a registrar works with: its connections, and the key that signs records.
type Registrar struct {
	*pgxpool.Pool
	Records ed25519.PrivateKey
}

// Took is how long parts of one enrolment took.
type Took struct{ All, SendCode, Confirm, Bind time.Duration }

// Result is what was measured.
type Result struct {
	Enrolments  int
	PerSecond   float64
	Median, P95 time.Duration // from the first question to the active key; of Binds from there on
	Each        []float64     // milliseconds, the shortest first
}

// Run enrols invented people by all desks at once, and measures. The registrar's verification and its Argon2id are not
// in it.
func Run(ctx context.Context, desks []Desk, registrar Registrar, enrolments int) (Result, error) {
	for _, desk := range desks { // connections and statements, which a desk at work has
		if _, err := Enrol(ctx, desk, registrar); err != nil {
			return Result{}, err
		}
	}
	var mu sync.Mutex
	var took []time.Duration
	var begun atomic.Int64
	start := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for _, desk := range desks {
		g.Go(func() error {
			for begun.Add(1) <= int64(enrolments) {
				one, err := Enrol(ctx, desk, registrar)
				if err != nil {
					return err
				}
				mu.Lock()
				took = append(took, one.All)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Result{}, err
	}
	return resultOf(took, time.Since(start)), nil
}

// last numbers the people: no two runs meet the same.
var last atomic.Int64

func init() { last.Store(time.Now().UnixMicro()) }

// Enrol takes one invented person with a Citizen Card from the challenge to the active key.
func Enrol(ctx context.Context, desk Desk, registrar Registrar) (took Took, err error) {
	began := time.Now()
	v, err := open(ctx, desk, registrar, &took)
	if err == nil {
		err = v.bind(ctx, desk, registrar, &took)
	}
	if err == nil {
		err = v.active(ctx, desk)
	}
	took.All = time.Since(began)
	return took, err
}

// Together opens an enrolment at each desk, and then has all of them bind at once; each key is made as soon as its
// enrolment is bound. It returns how long that took until the last was bound, and until the last key was active.
func Together(ctx context.Context, desks []Desk, registrar Registrar) (bound, active time.Duration, err error) {
	ready := make([]visitor, len(desks))
	for i, desk := range desks {
		if ready[i], err = open(ctx, desk, registrar, new(Took)); err != nil {
			return 0, 0, err
		}
	}
	took := make([]Took, len(desks))
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for i, desk := range desks {
		g.Go(func() error {
			if err := ready[i].bind(ctx, desk, registrar, &took[i]); err != nil {
				return err
			}
			return ready[i].active(ctx, desk)
		})
	}
	err = g.Wait()
	active = time.Since(began)
	for _, one := range took {
		bound = max(bound, one.Bind)
	}
	return bound, active, err
}

// Binds has so many invented people stand before each desk with their contact proven, and then all desks bind at once, one
// person after the other: the evidence is handed over and the key made, which is two transactions. Only that is measured.
func Binds(ctx context.Context, desks []Desk, registrar Registrar, each int) (Result, error) {
	ready := make([][]visitor, len(desks))
	g, opening := errgroup.WithContext(ctx)
	for i, desk := range desks {
		g.Go(func() error {
			for range each {
				v, err := open(opening, desk, registrar, new(Took))
				if err != nil {
					return err
				}
				ready[i] = append(ready[i], v)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Result{}, err
	}
	var mu sync.Mutex
	var took []time.Duration
	g, ctx = errgroup.WithContext(ctx)
	start := time.Now()
	for i, desk := range desks {
		g.Go(func() error {
			for _, v := range ready[i] {
				began := time.Now()
				if err := v.bind(ctx, desk, registrar, new(Took)); err != nil {
					return err
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Result{}, err
	}
	return resultOf(took, time.Since(start)), nil
}

func resultOf(took []time.Duration, all time.Duration) Result {
	r := Result{Enrolments: len(took), PerSecond: float64(len(took)) / all.Seconds()}
	slices.Sort(took)
	if n := len(took); n > 0 {
		r.Median, r.P95 = took[n/2], took[n*95/100]
	}
	for _, one := range took {
		r.Each = append(r.Each, float64(one.Microseconds())/1000)
	}
	return r
}

// visitor is an invented person whose contact is proven.
type visitor struct {
	enrolment uuid.UUID
	n         int64
}

// open takes a person from the challenge to a confirmed code.
func open(ctx context.Context, desk Desk, registrar Registrar, took *Took) (v visitor, err error) {
	v.n = last.Add(1)
	n := v.n
	enrolment, send, attempt := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	code := fmt.Sprintf("%06d", n%1_000_000)
	// Numbers that cannot exist: those of Utopia, the country of specimens in ICAO 9303.
	o, err := desk.Open(ctx, enrolment, central.Person{Document: kiosk.CitizenCard, Country: "UTO", CivilNumber: fmt.Sprint(n), Shift: desk.Shift})
	if err != nil || o.Refusal != "" {
		return v, Fault("opening", o.Refusal, err)
	}
	// A telephone of 13 digits in North America, where there is none.
	part := time.Now()
	s, err := desk.SendCode(ctx, enrolment, central.CodeRequest{ID: send, Channel: kiosk.SMS,
		Value: fmt.Sprintf("+1%013d", n%10_000_000_000_000), Language: kiosk.Portuguese})
	took.SendCode = time.Since(part)
	if err != nil || s.Refusal != "" {
		return v, Fault("sending", s.Refusal, err)
	}
	if err := CodeReady(ctx, registrar.Pool, send, code); err != nil {
		return v, err
	}
	part = time.Now()
	c, err := desk.ConfirmCode(ctx, enrolment, central.Attempt{ID: attempt, Channel: kiosk.SMS, Code: []byte(code)})
	took.Confirm = time.Since(part)
	if err != nil || c.Refusal != "" {
		return v, Fault("confirming", c.Refusal, err)
	}
	v.enrolment = enrolment
	return v, nil
}

// bind takes a person from there to the key.
func (v visitor) bind(ctx context.Context, desk Desk, registrar Registrar, took *Took) error {
	part := time.Now()
	bound, err := desk.Bind(ctx, v.enrolment, evidence, false)
	took.Bind = time.Since(part)
	if err != nil || bound.State != central.StatePending {
		return Fault("binding", bound.State, err)
	}
	return registrar.activate(ctx, v.enrolment, v.n)
}

// active asks as the desk does when it was told.
func (v visitor) active(ctx context.Context, desk Desk) error {
	st, err := desk.Status(ctx, v.enrolment)
	if err != nil || st.State != central.StateActive {
		return Fault("asking for the status", st.State, err)
	}
	return nil
}

// evidence has the form and the sizes of a Citizen Card's, with the signatures of card, desk and staff. Nothing in it is true.
var evidence = func() transcript.Evidence {
	noise := mathrand.NewChaCha8([32]byte{})
	some := func(n int) []byte {
		b := make([]byte, n)
		_, _ = noise.Read(b) // never fails
		return b
	}
	signature := func(role string, size int, certificates ...int) string {
		var chain []string
		for _, n := range certificates {
			chain = append(chain, strconv.Quote(base64.StdEncoding.EncodeToString(some(n))))
		}
		head := fmt.Sprintf(`{"alg":"ES256","typ":%q,"x5c":[%s]}`, role, strings.Join(chain, ","))
		return fmt.Sprintf(`{"protected":%q,"signature":%q}`, base64.RawURLEncoding.EncodeToString([]byte(head)), base64.RawURLEncoding.EncodeToString(some(size)))
	}
	payload := strings.Repeat(`{"v":2,"document":{"kind":"citizen-card"}}`, 40)
	return transcript.Evidence{
		JWS: fmt.Appendf(nil, `{"payload":%q,"signatures":[%s,%s,%s]}`, base64.RawURLEncoding.EncodeToString([]byte(payload)),
			signature("balcao-citizen", 256, 1800, 1700, 1600), signature("balcao-desk", 64, 500), signature("balcao-staff", 64, 700)),
		Identity: some(1282), SOD: some(2600), SealedPIN: some(250),
	}
}()

// CodeReady does as a registrar that sends a code, with one that the measurement knows.
func CodeReady(ctx context.Context, registrar *pgxpool.Pool, send uuid.UUID, code string) error {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	if _, err := registrar.Exec(ctx, `select registrar.code_ready($1, $2, $3)`, send, key, mac.Sum(nil)); err != nil {
		return fmt.Errorf("preparing a code: %w", err)
	}
	return nil
}

// activate makes the key, and the record without which no door says so.
func (r Registrar) activate(ctx context.Context, enrolment uuid.UUID, n int64) error {
	const sql = `select outcome, coalesce(register, 0), (current_date + 1000)::text from registrar.apply($1, jsonb_build_object(
		'surname', 'de Carga', 'given_names', 'Pessoa', 'birth_date', date '1950-01-01' + $2::integer, 'nationality', 'UTO'),
		'$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g',
		'high', '{}', current_date + 1000, null)`
	return pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		var outcome string
		key := record.Record{Version: 1, At: time.Now(), State: "active", PIN: []byte{1}, Level: "high", Enrolment: enrolment}
		if err := tx.QueryRow(ctx, sql, enrolment, n%20_000).Scan(&outcome, &key.Register, &key.ValidUntil); err != nil || outcome != "active" {
			return Fault("activating", outcome, err)
		}
		signed, err := record.Sign(key, r.Records)
		if err == nil {
			_, err = tx.Exec(ctx, `select registrar.record($1, 1, $2)`, key.Register, signed)
		}
		if err != nil {
			return fmt.Errorf("storing a record: %w", err)
		}
		return nil
	})
}
