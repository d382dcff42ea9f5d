// Package load measures how many enrolments the centre takes: every question that a desk and a registrar
// ask for one enrolment, by many at once. It invents people; it is for a database of its own, never for
// one in use.
package load

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// Options say what to measure.
type Options struct {
	DeskDSN      string
	RegistrarDSN string
	Workers      int  // at once; 8 when zero
	Enrolments   int  // in all
	Travellers   bool // with passports, whose chips the centre questions, instead of Citizen Cards
}

// Result is what was measured.
type Result struct {
	Enrolments  int
	Took        time.Duration
	PerSecond   float64
	Median, P95 time.Duration // from the first question to the active key
}

// Run enrols invented people and measures. The registrar's verification and its Argon2id are not in it.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Workers == 0 {
		o.Workers = 8
	}
	w, err := NewWorkload(ctx, o.DeskDSN, o.RegistrarDSN, o.Workers)
	if err != nil {
		return Result{}, err
	}
	defer w.Close()
	enrol := w.Enrol
	if o.Travellers {
		enrol = w.EnrolTraveller
	}
	if err := enrol(ctx); err != nil { // connections and statements, which a desk at work has
		return Result{}, err
	}
	var mu sync.Mutex
	var took []time.Duration
	var begun atomic.Int64
	start := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	for range o.Workers {
		g.Go(func() error {
			for begun.Add(1) <= int64(o.Enrolments) {
				before := time.Now()
				if err := enrol(gctx); err != nil {
					return err
				}
				mu.Lock()
				took = append(took, time.Since(before))
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Result{}, err
	}
	total := time.Since(start)
	slices.Sort(took)
	r := Result{Enrolments: len(took), Took: total, PerSecond: float64(len(took)) / total.Seconds()}
	if n := len(took); n > 0 {
		r.Median, r.P95 = took[n/2], took[n*95/100]
	}
	return r, nil
}

// Workload is a desk and a registrar that enrol invented people.
type Workload struct {
	desk      *central.Centre
	registrar *pgxpool.Pool
	last      atomic.Int64
}

// NewWorkload connects. The caller closes it.
func NewWorkload(ctx context.Context, deskDSN, registrarDSN string, conns int) (*Workload, error) {
	desk, err := central.Dial(ctx, central.Config{DSN: deskDSN, MaxConns: int32(conns), Timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(registrarDSN)
	if err != nil {
		desk.Close()
		return nil, errors.New("the registrar's connection string is not valid")
	}
	cfg.MaxConns = int32(conns)
	registrar, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		desk.Close()
		return nil, fmt.Errorf("connecting the registrar: %w", err)
	}
	w := &Workload{desk: desk, registrar: registrar}
	w.last.Store(time.Now().UnixMicro()) // people whom no earlier run has met
	return w, nil
}

// Close ends the connections.
func (w *Workload) Close() {
	w.desk.Close()
	w.registrar.Close()
}

// Enrol takes one invented person with a Citizen Card from the challenge to the active key.
func (w *Workload) Enrol(ctx context.Context) error {
	n := w.last.Add(1)
	// Numbers that cannot exist: those of Utopia, the country of specimens in ICAO 9303.
	who := central.Person{Document: kiosk.CitizenCard, Country: "UTO", CivilNumber: fmt.Sprintf("%d", n)}
	return w.enrol(ctx, n, who, nil)
}

// EnrolTraveller does so with a passport, whose chip proves itself to the centre.
func (w *Workload) EnrolTraveller(ctx context.Context) error {
	n := w.last.Add(1)
	who := central.Person{Document: kiosk.Passport, Country: "UTO", DocumentNumber: fmt.Sprintf("%d", n), TaxNumber: taxNumber(n)}
	return w.enrol(ctx, n, who, make([]byte, 450))
}

// taxNumber is one of a million that begin with 40, which nobody has; the check digit is found by trying.
func taxNumber(n int64) string {
	for check := range 10 {
		if nif := fmt.Sprintf("40%06d%d", n%1_000_000, check); kiosk.CheckTaxNumber(nif) {
			return nif
		}
	}
	panic("load: a NIF has no check digit")
}

// enrol asks what a desk and a registrar ask for one person; dg14 is nil without a chip to question.
func (w *Workload) enrol(ctx context.Context, n int64, who central.Person, dg14 []byte) error {
	enrolment, send, attempt := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	code := fmt.Sprintf("%06d", n%1_000_000)
	o, err := w.desk.Open(ctx, enrolment, who)
	if err != nil || o.Refusal != "" {
		return Fault("opening", o.Refusal, err)
	}
	// A telephone of 13 digits in North America, where there is none.
	s, err := w.desk.SendCode(ctx, enrolment, central.CodeRequest{ID: send, Channel: kiosk.SMS,
		Value: fmt.Sprintf("+1%013d", n%10_000_000_000_000), Language: kiosk.Portuguese})
	if err != nil || s.Refusal != "" {
		return Fault("sending", s.Refusal, err)
	}
	if err := w.codeReady(ctx, send, code); err != nil {
		return err
	}
	c, err := w.desk.ConfirmCode(ctx, enrolment, central.Attempt{ID: attempt, Channel: kiosk.SMS, Code: []byte(code)})
	if err != nil || c.Refusal != "" {
		return Fault("confirming", c.Refusal, err)
	}
	bundle := transcript.Evidence{JWS: jws, Identity: make([]byte, 1282), SOD: make([]byte, 2600), SealedPIN: make([]byte, 250)}
	if dg14 != nil {
		if err := w.questionChip(ctx, enrolment, dg14); err != nil {
			return err
		}
		bundle.Proof = make([]byte, 40)
	}
	if _, err := w.desk.Bind(ctx, enrolment, bundle); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	if err := w.activate(ctx, enrolment, who); err != nil {
		return err
	}
	st, err := w.desk.Status(ctx, enrolment)
	if err != nil || st.State != central.StateActive {
		return Fault("asking for the status", st.State, err)
	}
	return nil
}

// questionChip has the centre make a question to a chip, and fetches it.
func (w *Workload) questionChip(ctx context.Context, enrolment uuid.UUID, dg14 []byte) error {
	if _, err := w.desk.ChipChallenge(ctx, enrolment, dg14); err != nil {
		return fmt.Errorf("questioning the chip: %w", err)
	}
	const sql = `select registrar.chip_challenge_made($1, $2, $3)`
	if _, err := w.registrar.Exec(ctx, sql, enrolment, make([]byte, 150), make([]byte, 250)); err != nil {
		return fmt.Errorf("making the question to the chip: %w", err)
	}
	q, err := w.desk.ChipChallenge(ctx, enrolment, dg14)
	if err != nil || q.State != central.ChipReady {
		return Fault("questioning the chip", q.State, err)
	}
	return nil
}

// jws has the size of a transcript with one signature and a chain of certificates.
var jws = fmt.Appendf(nil, `{"payload":"%x","signatures":[{"protected":"%x","signature":"%x"}]}`,
	make([]byte, 800), make([]byte, 3000), make([]byte, 256))

func (w *Workload) codeReady(ctx context.Context, row uuid.UUID, code string) error {
	key := make([]byte, 32)
	rand.Read(key)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	_, err := w.registrar.Exec(ctx, `select registrar.code_ready($1, $2, $3)`, row, key, mac.Sum(nil))
	if err != nil {
		return fmt.Errorf("preparing a code: %w", err)
	}
	return nil
}

func (w *Workload) activate(ctx context.Context, enrolment uuid.UUID, who central.Person) error {
	const sql = `select outcome from registrar.activate($1, jsonb_strip_nulls(jsonb_build_object(
		'surname', 'de Carga', 'given_names', 'Pessoa', 'birth_date', '1990-01-01', 'nationality', 'UTO',
		'document_number', nullif($2, ''), 'tax_number', nullif($3, ''))),
		'$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g',
		'high', '{}', current_date + 1000, $4)`
	var kept []byte
	if who.Document.Travel() {
		kept = make([]byte, 540)
	}
	var outcome string
	if err := w.registrar.QueryRow(ctx, sql, enrolment, who.DocumentNumber, who.TaxNumber, kept).Scan(&outcome); err != nil {
		return fmt.Errorf("activating: %w", err)
	}
	if outcome != "active" {
		return fmt.Errorf("activating: %s", outcome)
	}
	return nil
}
