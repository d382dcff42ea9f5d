package registrar_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/delivery"
	"balcao/kiosk/evidence"
	"balcao/kiosk/registrar"
	"balcao/kiosk/trust"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/drawer"
	"balcao/mock-pcsc/inbox"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/revocation"
)

// realParts are what a centre has, against the servers and cards of the test bench.
type realParts struct {
	drawer   *drawer.Drawer
	verifier *evidence.Verifier
	sms      *delivery.SMS
	mail     *delivery.Mail
	inbox    *inbox.Inbox
}

func useRealParts(b *bench) {
	b.t.Helper()
	p := &realParts{inbox: inbox.New(100)}
	pkiDir := filepath.Join("..", "..", "assets", "testpki")
	var err error
	p.drawer, err = drawer.Open()
	b.check(err)

	responder := httptest.NewServer(revocation.New(pki.New(), p.drawer.Issued()))
	b.t.Cleanup(responder.Close)
	// The certificates name a fixed port; whatever listens there now, this test asks its own server.
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, responder.Listener.Addr().String())
	}}
	b.t.Cleanup(transport.CloseIdleConnections)
	store, err := trust.Load(filepath.Join(pkiDir, "trust"))
	b.check(err)
	p.verifier = &evidence.Verifier{Trust: store, Revocation: &trust.Revocation{HTTP: &http.Client{Transport: transport}}, MinAge: -1}

	serve := func(serve func(context.Context, net.Listener) error) (address string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		b.check(err)
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(context.Background())
		go func() { defer close(ended); _ = serve(ctx, l) }()
		b.t.Cleanup(func() { cancel(); <-ended })
		return l.Addr().String()
	}
	smpp := serve(inbox.NewCentre("balcao", "balcao", p.inbox).Serve)
	certificate, err := tls.LoadX509KeyPair(filepath.Join(pkiDir, "tls", "smtp.crt"), filepath.Join(pkiDir, "tls", "smtp.key"))
	b.check(err)
	smtp := serve(func(ctx context.Context, l net.Listener) error {
		return inbox.ServeMail(ctx, l, &tls.Config{Certificates: []tls.Certificate{certificate}}, p.inbox)
	})

	receipts, err := registrar.OpenPool(b.ctx, b.db.Registrar(), 1)
	b.check(err)
	b.t.Cleanup(receipts.Close)
	log := slog.New(slog.NewJSONHandler(b.log, nil))
	p.sms, err = delivery.NewSMS(delivery.SMSConfig{Address: smpp, SystemID: "balcao", Password: "balcao", Source: "CMD"}, log, registrar.Receipts(receipts))
	b.check(err)
	p.mail, err = delivery.NewMail(delivery.MailConfig{Address: smtp, From: "cmd@balcao.example", CAFile: filepath.Join(pkiDir, "tls", "ca.crt")})
	b.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.sms.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); <-ended })
	b.real = p
}

// message waits for a message to somebody that holds a text.
func (p *realParts) message(b *bench, to, text string) string {
	b.t.Helper()
	filter := inbox.Filter{To: to}
	for {
		messages, err := p.inbox.Wait(b.ctx, filter)
		if err != nil {
			b.t.Fatalf("no message to %s with %q: %v\n%s", to, text, err, b.log)
		}
		for _, m := range messages {
			if strings.Contains(m.Text, text) {
				return m.Text
			}
			filter.After = max(filter.After, m.ID)
		}
	}
}

// Real cards, real signatures, real SMPP and SMTP, real PostgreSQL: enrolments by phone and by e-mail, one with
// each generation of the card, and a transcript that another card signed.
func TestRealParts(t *testing.T) {
	b := newBench(t)
	useRealParts(b)
	b.start(2, nil)
	byGeneration := map[string]drawer.Entry{}
	for _, e := range b.real.drawer.Entries() {
		if e.RefusedFor == "" {
			byGeneration[e.Generation] = e
		}
	}
	first, second := byGeneration["1"], byGeneration["2024"]

	v := b.openWith(first)
	v.askForCode(kiosk.SMS, "+351912345678")
	text := b.real.message(b, "+351912345678", "CMD: ")
	v.confirm(kiosk.SMS, codeIn(delivery.Message{Body: text}))
	b.until("the receipt came", func() bool {
		s, err := b.desk.Status(b.ctx, v.id)
		b.check(err)
		return s.SMS == kiosk.DeliveryDelivered
	})
	v.bindWith(v.cc)
	if got := v.judged(); got.State != central.StateActive || got.Level != kiosk.LevelHigh {
		t.Fatalf("first generation: got %s for %q\n%s", got.State, got.Refusal, b.log)
	}
	b.real.message(b, "+351912345678", "ativada")

	v2 := b.openWith(second)
	v2.askForCode(kiosk.Email, "pessoa@münchen.example")
	text = b.real.message(b, "pessoa@xn--mnchen-3ya.example", "código")
	v2.confirm(kiosk.Email, codeIn(delivery.Message{Body: strings.ReplaceAll(text, "\r\n", "\n")}))
	v2.bindWith(v2.cc)
	if got := v2.judged(); got.State != central.StateActive {
		t.Fatalf("2024: got %s for %q\n%s", got.State, got.Refusal, b.log)
	}
	b.real.message(b, "pessoa@xn--mnchen-3ya.example", "ativa")

	forged := b.openWith(anotherGood(b, first, second))
	forged.askForCode(kiosk.SMS, "+351912345679")
	forged.confirm(kiosk.SMS, codeIn(delivery.Message{Body: b.real.message(b, "+351912345679", "CMD: ")}))
	forged.bindWith(v.cc)
	if got := forged.judged(); got.State != central.StateRefused {
		t.Errorf("signed by another's card: got %s", got.State)
	}
	for _, secret := range []string{"351912345678", "pessoa@", v.person.Surname, v2.person.Surname, v.person.CivilNumber, v2.person.TaxNumber} {
		if secret != "" && strings.Contains(b.log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, b.log)
		}
	}
}

// anotherGood is a good card of a third person.
func anotherGood(b *bench, not ...drawer.Entry) drawer.Entry {
	b.t.Helper()
next:
	for _, e := range b.real.drawer.Entries() {
		for _, n := range not {
			if e.Holder == n.Holder {
				continue next
			}
		}
		if e.RefusedFor == "" {
			return e
		}
	}
	b.t.Fatal("no third good card in the drawer")
	return drawer.Entry{}
}

// cardVisit is an enrolment with a card of the drawer in the reader.
type cardVisit struct {
	*visit
	opened  central.Opened
	cc      *citizencard.Card
	files   citizencard.Files
	chain   [][]byte
	person  kiosk.Identity
	channel kiosk.Channel
	value   string
}

// wire carries commands to an emulated card without a reader.
type wire struct{ card card.Card }

func (w wire) Transmit(_ context.Context, command []byte) ([]byte, error) {
	return w.card.Transmit(command).Data, nil
}

type signer struct{ *citizencard.Card }

func (s signer) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.Sign(ctx, digest)
}

// openWith reads a card and opens an enrolment for its holder.
func (b *bench) openWith(entry drawer.Entry) *cardVisit {
	b.t.Helper()
	c, err := b.real.drawer.Card(entry.Name)
	b.check(err)
	c.PowerOn()
	v := &cardVisit{visit: &visit{bench: b, id: newID()}}
	v.cc, err = citizencard.Open(b.ctx, wire{c})
	b.check(err)
	v.files.Generation = v.cc.Generation()
	v.files.Identity, err = v.cc.ReadIdentity(b.ctx)
	b.check(err)
	v.files.SOD, err = v.cc.ReadSOD(b.ctx)
	b.check(err)
	v.files.Certificate, err = v.cc.ReadCertificate(b.ctx)
	b.check(err)
	v.files.Issuers, err = v.cc.ReadIssuers(b.ctx)
	b.check(err)
	b.check(v.cc.VerifyPIN(b.ctx, []byte(entry.PIN)))
	ex := b.real.verifier.Examine(b.ctx, nil)
	ex.Update(v.files)
	v.person = ex.Wait().Identity
	v.chain = ex.Chain()
	v.opened, err = b.desk.Open(b.ctx, v.id, central.Person{Document: v.person.Kind, Country: v.person.Country, CivilNumber: v.person.CivilNumber})
	b.check(err)
	return v
}

func (v *cardVisit) askForCode(channel kiosk.Channel, value string) {
	v.t.Helper()
	v.channel, v.value = channel, value
	v.visit.askForCode(channel, value)
}

// bindWith has a card sign the transcript, its holder's or another's, and sends all to the centre.
func (v *cardVisit) bindWith(card *citizencard.Card) {
	v.t.Helper()
	proof := evidence.TranscriptProof{Channel: v.channel, Value: v.value}
	b := v.bench
	b.check(b.admin.QueryRow(b.ctx, `select id, confirmed_at from cmd.contact_proof where enrolment = $1`, v.id).Scan(&proof.Proof, &proof.ConfirmedAt))
	sealed := v.seal(v.id, goodPIN)
	hash := func(data []byte) evidence.Bytes { sum := sha256.Sum256(data); return sum[:] }
	jws, err := evidence.Sign(b.ctx, evidence.Transcript{
		Version: evidence.TranscriptVersion, Enrolment: v.id, Challenge: v.opened.Challenge, Desk: "loja_1",
		OpenedAt: v.opened.OpenedAt, SignedAt: time.Now(),
		Document: evidence.TranscriptDocument{
			Kind: v.person.Kind, Generation: v.person.Generation, Country: v.person.Country, Number: v.person.DocumentNumber,
			CivilNumber: v.person.CivilNumber, ValidUntil: v.person.ValidUntil,
			Identity: hash(v.files.Identity), SOD: hash(v.files.SOD),
		},
		Person: evidence.TranscriptPerson{
			Surname: v.person.Surname, GivenNames: v.person.GivenNames, BirthDate: v.person.BirthDate,
			Nationality: v.person.Nationality, TaxNumber: v.person.TaxNumber,
		},
		Contacts: []evidence.TranscriptProof{proof}, SealedPIN: hash(sealed), PhotoCompared: true,
		Language: kiosk.Portuguese, Level: kiosk.LevelHigh,
	}, v.chain, signer{card})
	if err != nil && card != v.cc {
		// The signing side itself notices; then the centre gets the signature of a desk that lies.
		jws, err = []byte(`{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}`), nil
	}
	b.check(err)
	_, err = b.desk.Bind(b.ctx, v.id, central.Evidence{JWS: jws, Identity: v.files.Identity, SOD: v.files.SOD, SealedPIN: sealed})
	b.check(err)
}
