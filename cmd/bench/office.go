package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"balcao/cardreader/citizencard"
	"balcao/cardreader/travel"
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
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/staff"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pki"
)

// officeDesks is at how many desks people are enrolled at once.
const officeDesks = 16

// office is desks and a registrar of a centre, and the emulated cards of people who come. All evidence is real: each
// card's certificate, SOD and signature, the signatures of desk and clerk, and the answers of an OCSP responder about each card.
// The registrar sends the codes; PINs are sealed, opened and hashed. What a desk's own computer does before its first
// call is done beforehand: it reads the card and examines it, and seals the PIN.
type office struct {
	desks    []deskAt
	visitors []visitor
	pool     *pgxpool.Pool
	pepper   []byte // that PINs are hashed under
	identity *age.X25519Identity
	desksBy  *x509.Certificate // the authority of the desks
	staff    *staff.Trust
	records  ed25519.PrivateKey
	examiner *examine.Examiner // of the desks
	centre   *examine.Examiner // the registrar's, which was asked nothing yet
	phones   phones
	unserve  func() // ends the service for the cards' revocation
}

// visitor is somebody whose card was read and whose PIN was given.
type visitor struct {
	who       kiosk.Identity
	assurance kiosk.Assurance
	read      desk.Reading
	card      *citizencard.Card
	phone     string
	enrolment uuid.UUID
	sealed    []byte // the PIN

	chip  *travel.Chip // of a travel document, which has no card; its session is open
	files examine.TravelFiles
}

// newOffice has so many people with Citizen Cards come, and behind them the holders of some documents of the fixtures.
func newOffice(ctx context.Context, s *site, visits int, documents ...string) (o *office, err error) {
	o = &office{pepper: make([]byte, registrar.PepperLength), phones: phones{codes: map[string]chan string{}}, desksBy: s.desks.Certificate(), records: s.records}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	_, _ = rand.Read(o.pepper) // never fails (Go 1.24)
	if o.pool, err = registrar.OpenPool(ctx, s.registrar, registrar.DefaultWorkers); err != nil {
		return o, fmt.Errorf("connecting a registrar: %w", err)
	}
	if o.identity, err = age.GenerateX25519Identity(); err != nil {
		return o, fmt.Errorf("making the centre's key: %w", err)
	}
	var issued []pki.Issued
	for n := range visits {
		issued = append(issued, citizen.Issued(planOf(n), 0)...)
	}
	drawer, err := fixtures.Open()
	if err != nil {
		return o, err
	}
	issued = append(issued, drawer.Issued()...)
	if o.examiner, o.unserve, err = kiosktest.NewExaminer(issued); err != nil {
		return o, err
	}
	// The registrar asks about every card again, at once, and verifies the answer: it was signed for the desk.
	service := o.examiner.Revocation.(*trust.Revocation).HTTP //nolint:forcetypeassert // NewExaminer says so
	service.Transport = &answered{service: service.Transport, answers: make(map[string]answer)}
	centre := *o.examiner
	centre.Revocation = &trust.Revocation{HTTP: service}
	o.centre = &centre
	if o.staff, err = staff.Load(s.staffCA(), ""); err != nil {
		return o, err
	}
	if o.desks, err = s.addDesks(ctx, "medida", officeDesks); err == nil {
		err = signIn(ctx, o.desks)
	}
	if err != nil {
		return o, err
	}
	authorities := pki.New()
	for n := range visits {
		if err := o.admit(ctx, authorities, n); err != nil {
			return o, fmt.Errorf("visitor %d: %w", n, err)
		}
	}
	for _, name := range documents {
		if err := o.admitTraveller(ctx, drawer, name); err != nil {
			return o, fmt.Errorf("%s: %w", name, err)
		}
	}
	return o, nil
}

func (o *office) close() {
	closeAll(o.desks)
	if o.pool != nil {
		o.pool.Close()
	}
	if o.unserve != nil {
		o.unserve()
	}
}

const (
	cardPIN   = "1234"
	officePIN = "482913" // of everybody's key
)

// planOf orders the card of visitor n: one of the first generation, one of 2024, in turn.
func planOf(n int) citizen.Plan {
	from, until := time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2034, 7, 1, 0, 0, 0, 0, time.UTC)
	p := citizen.Plan{
		Name: fmt.Sprintf("measure-%d", n), Generation: citizen.First, Key: "RSA-2048", CardKey: "rsa2048-1",
		Person: citizen.Person{
			Number: 99500000 + 37*n, Surname: "Medida Inventada", GivenNames: "Pessoa", Sex: "F", Height: "1,65",
			Birth: time.Date(1988, 3, 7+n, 0, 0, 0, 0, time.UTC), Mother: [2]string{"Medida", "Mãe"}, Father: [2]string{"Inventado", "Pai"},
		},
		PIN: cardPIN, From: from, Until: until, CertificateFrom: from, CertificateUntil: until,
	}
	if n%2 == 1 {
		p.Generation, p.Key, p.CardKey = citizen.Y2024, "P-256", "p256-1"
	}
	return p
}

// admit reads a visitor's card as a desk does.
func (o *office) admit(ctx context.Context, authorities *pki.PKI, n int) error {
	c, err := citizen.Make(authorities, planOf(n))
	if err != nil {
		return err
	}
	session := kiosktest.Laid{Card: c}
	c.PowerOn()
	reader := desk.Reader{Examiner: o.examiner, Emit: func(kiosk.CaseEvent) {}, SkipPhoto: true}
	read, outcome := reader.Read(ctx, session)
	if outcome.Err != nil || len(outcome.Verdict.Reasons) > 0 {
		return load.Fault("reading", fmt.Sprint(outcome.Verdict.Reasons), outcome.Err)
	}
	v := visitor{who: outcome.Verdict.Identity, assurance: outcome.Verdict.Assurance, read: read,
		phone: kiosktest.VisitorPhone(n), enrolment: uuid.Must(uuid.NewV7())}
	if v.card, err = citizencard.Open(ctx, session); err == nil {
		err = v.card.VerifyPIN(ctx, []byte(cardPIN))
	}
	if err != nil {
		return fmt.Errorf("presenting the PIN: %w", err)
	}
	if v.sealed, err = seal.PIN(o.identity.Recipient(), v.enrolment, []byte(officePIN)); err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	o.visitors = append(o.visitors, v)
	return nil
}

// visit is one person's way from the challenge, which the card signs, to the binding.
func (o *office) visit(ctx context.Context, d deskAt, v visitor) error {
	if v.chip != nil {
		return o.visitTraveller(ctx, d, v)
	}
	opened, err := d.Open(ctx, v.enrolment, central.Person{Document: v.who.Kind, Country: v.who.Country, CivilNumber: v.who.CivilNumber, Shift: d.shift.ID})
	if err != nil || opened.Refusal != "" {
		return load.Fault("opening", opened.Refusal, err)
	}
	proof, err := o.prove(ctx, d, v.enrolment, v.phone)
	if err != nil {
		return err
	}
	bundle := transcript.Evidence{Identity: v.read.Files.Identity, SOD: v.read.Files.SOD, SealedPIN: v.sealed}
	t := transcript.Statement{
		Enrolment: v.enrolment, Challenge: opened.Challenge, Desk: d.Desk(), OpenedAt: opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: v.who, Contacts: []kiosk.ProvenContact{proof}, PhotoCompared: true, Language: kiosk.Portuguese,
			Assurance: v.assurance, At: time.Now(),
		},
		Access: transcript.AccessContact, Evidence: bundle, Shift: d.shift.ID, Staff: d.shift.Staff,
	}.Transcript()
	bundle.JWS, err = transcript.Sign(ctx, t, v.read.Chain, signer{v.card})
	if err == nil {
		bundle.JWS, err = transcript.Countersign(bundle.JWS, d.cert.PrivateKey.(crypto.Signer), d.cert.Certificate)
	}
	if err == nil {
		bundle.JWS, err = transcript.AddStaff(ctx, bundle.JWS, d.shift.Chain, d.shift)
	}
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if _, err := d.Bind(ctx, v.enrolment, bundle, false); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	return nil
}

// prove proves a phone with the code that the registrar sends to it.
func (o *office) prove(ctx context.Context, d deskAt, enrolment uuid.UUID, phone string) (kiosk.ProvenContact, error) {
	proof := kiosk.ProvenContact{Channel: kiosk.SMS, Value: phone}
	arrived := o.phones.listen(phone)
	sent, err := d.SendCode(ctx, enrolment, central.CodeRequest{ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS, Value: phone, Language: kiosk.Portuguese})
	if err != nil || sent.Refusal != "" {
		return proof, load.Fault("asking for a code", sent.Refusal, err)
	}
	select {
	case code := <-arrived:
		answer, err := d.ConfirmCode(ctx, enrolment, central.Attempt{ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS, Code: []byte(code)})
		if err != nil || answer.Refusal != "" {
			return proof, load.Fault("confirming a code", answer.Refusal, err)
		}
		proof.Proof, proof.At = answer.Proof, answer.At
		return proof, nil
	case <-ctx.Done():
		return proof, fmt.Errorf("waiting for a code: %w", ctx.Err())
	}
}

// worker makes the registrar.
func (o *office) worker() (*registrar.Worker, error) {
	w, err := registrar.New(registrar.Config{
		DB: o.pool, Verifier: evidence.Verifier{Examiner: o.centre}, SMS: &o.phones, Mail: &o.phones, Texts: delivery.Texts{Support: "300 003 990"},
		Identity: o.identity, RecordKey: bytes.Clone(o.records), Pepper: bytes.Clone(o.pepper), DeskAuthority: o.desksBy, StaffTrust: o.staff, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		return nil, fmt.Errorf("making a registrar: %w", err)
	}
	return w, nil
}

// work has the registrar work until it is stopped.
func (o *office) work(ctx context.Context) (stop func(), err error) {
	w, err := o.worker()
	if err != nil {
		return nil, err
	}
	up := make(chan struct{}, 1)
	w.Ready(sync.OnceFunc(func() { up <- struct{}{} }))
	running, end := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = w.Run(running) }) // ends with running and its error
	stop = func() { end(); work.Wait() }
	if err := await(ctx, up, 1); err != nil {
		stop()
		return nil, fmt.Errorf("waiting for the registrar: %w", err)
	}
	return stop, nil
}

// enrol starts a registrar and takes visitors to their keys. It returns how long that took from the first call of a
// desk to the last that heard of a key.
func (o *office) enrol(ctx context.Context, visitors []visitor) (time.Duration, error) {
	w, err := o.worker()
	if err != nil {
		return 0, err
	}
	up := make(chan struct{}, len(o.desks)+1)
	w.Ready(sync.OnceFunc(func() { up <- struct{}{} }))
	g, ctx := errgroup.WithContext(ctx)
	running, stop := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer stop()
	parts.Go(func() { _ = w.Run(running) }) // ends with running and its error
	heard := make(chan heardOf, 4*len(visitors))
	for _, d := range o.desks {
		first := sync.OnceFunc(func() { up <- struct{}{} })
		parts.Go(func() {
			_ = d.Listen(running, central.Line{ // ends with running and its error
				Up: func(central.Hello, bool) { first() }, Down: func(error) {}, Notice: func(n central.Notice) { heard <- heardOf{d, n} },
			})
		})
	}
	if err := await(ctx, up, cap(up)); err != nil {
		return 0, fmt.Errorf("waiting for the registrar and the desks: %w", err)
	}
	began := time.Now()
	var next atomic.Int64
	for _, d := range o.desks {
		g.Go(func() error {
			for n := next.Add(1) - 1; n < int64(len(visitors)); n = next.Add(1) - 1 {
				if err := o.visit(ctx, d, visitors[n]); err != nil {
					return fmt.Errorf("visitor %d: %w", n, err)
				}
			}
			return nil
		})
	}
	g.Go(func() error { return allActive(ctx, heard, len(visitors)) })
	err = g.Wait()
	return time.Since(began), err
}

type heardOf struct {
	desk deskAt
	central.Notice
}

// allActive waits until the desks have heard of so many keys.
func allActive(ctx context.Context, heard <-chan heardOf, keys int) error {
	for active := 0; active < keys; {
		select {
		case n := <-heard:
			if n.Kind != central.NoticeKey {
				continue
			}
			status, err := n.desk.Status(ctx, n.Enrolment)
			if err != nil || status.State != central.StateActive {
				return load.Fault("an enrolment with good evidence", cmp.Or(status.Refusal, string(status.State)), err)
			}
			active++
		case <-ctx.Done():
			return fmt.Errorf("waiting for the registrar: %w", ctx.Err())
		}
	}
	return nil
}

// phones are everybody's.
type phones struct {
	mu    sync.Mutex
	codes map[string]chan string // by number
}

// listen returns where a number's next code arrives.
func (p *phones) listen(number string) <-chan string {
	c := make(chan string, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[number] = c
	return c
}

// Send implements registrar.Channel.
func (p *phones) Send(_ context.Context, m delivery.Message) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if code := kiosktest.CodeIn(m); code != "" {
		select {
		case p.codes[m.To] <- code:
		default: // sent again
		}
	}
	return "", nil
}

// Check implements registrar.Channel.
func (*phones) Check(context.Context) error { return nil }

// signer is a card as package evidence wants it.
type signer struct{ card *citizencard.Card }

// SignDigest implements transcript.Signer.
func (s signer) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.card.Sign(ctx, digest)
}
