package registrar_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/delivery"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/mock-pcsc/inbox"
)

// realChannels deliver to the message centre and the mail server of the test bench.
type realChannels struct {
	sms   *delivery.SMS
	mail  *delivery.Mail
	inbox *inbox.Inbox
}

func useRealChannels(b *bench) {
	b.t.Helper()
	p := &realChannels{inbox: inbox.New(100)}
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
	certificate, err := tls.LoadX509KeyPair(filepath.Join("..", "..", "assets", "testpki", "tls", "smtp.crt"), filepath.Join("..", "..", "assets", "testpki", "tls", "smtp.key"))
	b.check(err)
	smtp := serve(func(ctx context.Context, l net.Listener) error {
		return inbox.ServeMail(ctx, l, &tls.Config{Certificates: []tls.Certificate{certificate}}, p.inbox)
	})

	receipts, err := registrar.OpenPool(b.ctx, b.DB.Registrar(), 1)
	b.check(err)
	b.t.Cleanup(receipts.Close)
	log := slog.New(slog.NewJSONHandler(b.Log, nil))
	p.sms, err = delivery.NewSMS(delivery.SMSConfig{Address: smpp, SystemID: "balcao", Password: "balcao", Source: "CMD"}, log, registrar.Receipts(receipts))
	b.check(err)
	p.mail, err = delivery.NewMail(delivery.MailConfig{Address: smtp, From: "cmd@balcao.example", CAFile: filepath.Join("..", "..", "assets", "testpki", "tls", "ca.crt")})
	b.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.sms.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); <-ended })
	b.real = p
}

// message waits for a message to somebody that holds a text.
func (p *realChannels) message(b *bench, to, text string) string {
	b.t.Helper()
	filter := inbox.Filter{To: to}
	for {
		messages, err := p.inbox.Wait(b.ctx, filter)
		if err != nil {
			b.t.Fatalf("no message to %s with %q: %v\n%s", to, text, err, b.Log)
		}
		for _, m := range messages {
			if strings.Contains(m.Text, text) {
				return m.Text
			}
			filter.After = max(filter.After, m.ID)
		}
	}
}

// Real cards, real signatures, real SMPP and SMTP, real PostgreSQL: enrolments by phone and by e-mail, one
// with each generation of the card.
func TestRealParts(t *testing.T) {
	b := newBench(t)
	fixtures := useCards(b)
	useRealChannels(b)
	b.start(2, nil)

	v := b.openWith(fixtures.read(t, "cc1-rsa2048"))
	v.askForCode(kiosk.SMS, "+351912345678")
	text := b.real.message(b, "+351912345678", "CMD: ")
	v.confirm(kiosktest.CodeIn(delivery.Message{Body: text}))
	b.until("the receipt came", func() bool {
		s, err := b.Centre.Status(b.ctx, v.id)
		b.check(err)
		return s.SMS == kiosk.DeliveryDelivered
	})
	v.bindHonestly()
	if got := v.judged(); got.State != central.StateActive || got.Level != kiosk.LevelHigh {
		t.Fatalf("first generation: got %s for %q\n%s", got.State, got.Refusal, b.Log)
	}
	b.real.message(b, "+351912345678", "ativada")

	v2 := b.openWith(fixtures.read(t, "cc2024"))
	v2.askForCode(kiosk.Email, "pessoa@xn--mnchen-3ya.example")
	text = b.real.message(b, "pessoa@xn--mnchen-3ya.example", "código")
	v2.confirm(kiosktest.CodeIn(delivery.Message{Body: strings.ReplaceAll(text, "\r\n", "\n")}))
	v2.bindHonestly()
	if got := v2.judged(); got.State != central.StateActive {
		t.Fatalf("2024: got %s for %q\n%s", got.State, got.Refusal, b.Log)
	}
	b.real.message(b, "pessoa@xn--mnchen-3ya.example", "ativa")

	for _, secret := range []string{"351912345678", "pessoa@", v.card.holder.Surname, v2.card.holder.Surname,
		v.card.holder.CivilNumber, v2.card.holder.TaxNumber} {
		if secret != "" && b.Log.Holds(secret) {
			t.Errorf("the log holds %q:\n%s", secret, b.Log)
		}
	}
}
