package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cardreader/citizencard"
	"balcao/cmd/bench/load"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/delivery"
	"balcao/kiosk/desk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/pki"
)

// officeWorkers is the number of jobs that the registrar works at a time: its default.
const officeWorkers = 2

// office is a centre with a registrar, and the emulated cards of people who come to its desk. All
// evidence is real: each card's certificate, SOD and signature, and an OCSP responder that is asked
// about each. Messages go nowhere; PINs are sealed, opened and hashed.
type office struct {
	visits   int
	desk     *central.Centre
	pool     *pgxpool.Pool
	identity *age.X25519Identity
	examiner *examine.Examiner
	unserve  func() // ends the service for the cards' revocation
}

func newOffice(ctx context.Context, deskDSN, registrarDSN string, visits int) (o *office, err error) {
	o = &office{visits: visits}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	if o.desk, err = central.Dial(ctx, central.Config{DSN: deskDSN, MaxConns: sqlDesks, Timeout: 30 * time.Second}); err != nil {
		return o, fmt.Errorf("connecting a desk: %w", err)
	}
	if o.pool, err = registrar.OpenPool(ctx, registrarDSN, officeWorkers); err != nil {
		return o, fmt.Errorf("connecting a registrar: %w", err)
	}
	if o.identity, err = age.GenerateX25519Identity(); err != nil {
		return o, fmt.Errorf("making the centre's key: %w", err)
	}
	var issued []pki.Issued
	for n := range visits {
		issued = append(issued, citizen.Issued(planOf(n), 0)...)
	}
	o.examiner, o.unserve, err = kiosktest.NewExaminer(issued)
	return o, err
}

func (o *office) close() {
	if o.desk != nil {
		o.desk.Close()
	}
	if o.pool != nil {
		o.pool.Close()
	}
	if o.unserve != nil {
		o.unserve()
	}
}

const cardPIN = "1234"

// planOf orders the card of visitor n: one of the first generation, one of 2024, in turn.
func planOf(n int) citizen.Plan {
	from, until := time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2034, 7, 1, 0, 0, 0, 0, time.UTC)
	p := citizen.Plan{
		Name: fmt.Sprintf("measure-%d", n), Generation: citizen.First, Key: "RSA-2048", CardKey: "rsa2048-1",
		Person: citizen.Person{
			Number: 99500000 + 37*n, Surname: "Medida Inventada", GivenNames: "Pessoa", Sex: "F", Height: "1,65",
			Birth: time.Date(1988, 3, 7, 0, 0, 0, 0, time.UTC), Mother: [2]string{"Medida", "Mãe"}, Father: [2]string{"Inventado", "Pai"},
		},
		PIN: cardPIN, From: from, Until: until, CertificateFrom: from, CertificateUntil: until,
	}
	if n%2 == 1 {
		p.Generation, p.Key, p.CardKey = citizen.Y2024, "P-256", "p256-1"
	}
	return p
}

// receive takes visitors as far as a bound enrolment each, before any registrar works.
func (o *office) receive(ctx context.Context) error {
	authorities := pki.New()
	for n := range o.visits {
		c, err := citizen.Make(authorities, planOf(n))
		if err == nil {
			err = o.visit(ctx, n, c)
		}
		if err != nil {
			return fmt.Errorf("visitor %d: %w", n, err)
		}
	}
	return nil
}

// visit is one person's way from the challenge to the binding.
func (o *office) visit(ctx context.Context, n int, c card.Card) error {
	session := kiosktest.Laid{Card: c}
	c.PowerOn()
	defer c.PowerOff()
	reader := desk.Reader{Examiner: o.examiner, Emit: func(kiosk.CaseEvent) {}, SkipPhoto: true}
	read, outcome := reader.Read(ctx, session)
	defer read.Wipe()
	if outcome.Err != nil || len(outcome.Verdict.Reasons) > 0 {
		return load.Fault("reading", fmt.Sprint(outcome.Verdict.Reasons), outcome.Err)
	}
	who := outcome.Verdict.Identity
	enrolment := uuid.Must(uuid.NewV7())
	opened, err := o.desk.Open(ctx, enrolment, central.Person{Document: who.Kind, Country: who.Country, CivilNumber: who.CivilNumber})
	if err != nil || opened.Refusal != "" {
		return load.Fault("opening", opened.Refusal, err)
	}
	proof, err := o.prove(ctx, enrolment, fmt.Sprintf("+35191%07d", n))
	if err != nil {
		return err
	}
	sealed, err := seal.PIN(o.identity.Recipient(), enrolment, []byte("482913"))
	if err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	open, err := citizencard.Open(ctx, session)
	if err == nil {
		err = open.VerifyPIN(ctx, []byte(cardPIN))
	}
	if err != nil {
		return fmt.Errorf("presenting the PIN: %w", err)
	}
	t := transcript.Statement{
		Enrolment: enrolment, Challenge: opened.Challenge, Desk: o.desk.Desk(), OpenedAt: opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: who, Contacts: []kiosk.ProvenContact{proof}, PhotoCompared: true, Language: kiosk.Portuguese,
			Assurance: outcome.Verdict.Assurance, At: time.Now(),
		},
		Access: transcript.AccessContact, Evidence: transcript.Evidence{Identity: read.Files.Identity, SOD: read.Files.SOD, SealedPIN: sealed},
	}.Transcript()
	jws, err := transcript.Sign(ctx, t, read.Chain, signer{open})
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	_, err = o.desk.Bind(ctx, enrolment, transcript.Evidence{JWS: jws, Identity: read.Files.Identity, SOD: read.Files.SOD, SealedPIN: sealed})
	if err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	return nil
}

// prove proves a phone with a code that the measurement itself makes known to the database.
func (o *office) prove(ctx context.Context, enrolment uuid.UUID, phone string) (kiosk.ProvenContact, error) {
	const code = "135790"
	send, key := uuid.Must(uuid.NewV7()), make([]byte, 32)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	proof := kiosk.ProvenContact{Channel: kiosk.SMS, Value: phone}
	sent, err := o.desk.SendCode(ctx, enrolment, central.CodeRequest{ID: send, Channel: kiosk.SMS, Value: phone, Language: kiosk.Portuguese})
	if err != nil || sent.Refusal != "" {
		return proof, load.Fault("asking for a code", sent.Refusal, err)
	}
	if _, err := o.pool.Exec(ctx, `select registrar.code_ready($1, $2, $3)`, send, key, mac.Sum(nil)); err != nil {
		return proof, fmt.Errorf("preparing a code: %w", err)
	}
	answer, err := o.desk.ConfirmCode(ctx, enrolment, central.Attempt{ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS, Code: []byte(code)})
	if err != nil || answer.Refusal != "" {
		return proof, load.Fault("confirming a code", answer.Refusal, err)
	}
	proof.Proof, proof.At = answer.Proof, answer.At
	return proof, nil
}

// decide starts a registrar and returns how long it took until all keys were active.
func (o *office) decide(ctx context.Context) (time.Duration, error) {
	pepper := make([]byte, registrar.PepperLength)
	_, _ = rand.Read(pepper) // never fails (Go 1.24)
	nowhere := &sink{}
	w, err := registrar.New(registrar.Config{
		DB: o.pool, Verifier: evidence.Verifier{Examiner: o.examiner}, SMS: nowhere, Mail: nowhere, Texts: delivery.Texts{Support: "300 003 990"},
		Identity: o.identity, Pepper: pepper, Workers: officeWorkers, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		return 0, fmt.Errorf("making a registrar: %w", err)
	}
	up, heard := make(chan struct{}, 1), make(chan central.Notice, 4*o.visits)
	running, stop := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer stop()
	parts.Go(func() {
		_ = o.desk.Listen(running, central.Line{ // ends with running and its error
			Up:        func(time.Duration) { up <- struct{}{} },
			Down:      func(error) {},
			Notice:    func(n central.Notice) { heard <- n },
			Heartbeat: time.Hour,
		})
	})
	select {
	case <-up:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	began := time.Now()
	parts.Go(func() { _ = w.Run(running) }) // ends with running and its error
	for active := 0; active < o.visits; {
		select {
		case n := <-heard:
			if n.Kind != central.NoticeKey {
				continue
			}
			status, err := o.desk.Status(ctx, n.Enrolment)
			if err != nil || status.State != central.StateActive {
				return 0, load.Fault("an enrolment with good evidence", cmp.Or(status.Refusal, string(status.State)), err)
			}
			active++
		case <-ctx.Done():
			return 0, fmt.Errorf("waiting for the registrar: %w", ctx.Err())
		}
	}
	return time.Since(began), nil
}

// sink is a channel for messages to nobody.
type sink struct{}

// Send implements registrar.Channel.
func (*sink) Send(context.Context, delivery.Message) (string, error) { return "", nil }

// Check implements registrar.Channel.
func (*sink) Check(context.Context) error { return nil }

// signer is a card as package evidence wants it.
type signer struct{ card *citizencard.Card }

// SignDigest implements transcript.Signer.
func (s signer) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.card.Sign(ctx, digest)
}
