package chaos_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"balcao/assets/testpki"
	"balcao/kiosk"
	"balcao/kiosk/delivery"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/inbox"
	"balcao/mock-pcsc/pcscd"
	"balcao/mock-pcsc/vpcd"
)

// rig is what a house has that is real to the last: a pcscd with cards in its virtual reader, a message centre that speaks
// SMPP and a mail server that speaks SMTP, each at the end of a line that can fail. There is one pcscd in a program.
type rig struct {
	daemon     *pcscd.Daemon
	inbox      *inbox.Inbox
	smpp, smtp *line

	slots [3]slot // by reader number
	sent  atomic.Int32
}

// slot is a place for a card in the virtual reader.
type slot struct {
	mu     sync.Mutex
	remove func()       // nil while it is empty
	gone   *atomic.Bool // the card left by itself
	left   time.Time
}

// unseen is how long a slot stays empty before another card: pcscd looks every 400 ms, and takes one that is swapped faster for
// the last.
const unseen = 500 * time.Millisecond

func startPCSCD(t *testing.T) *pcscd.Daemon {
	t.Helper()
	d, err := pcscd.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	name, value := d.Env()
	if err := os.Setenv(name, value); err != nil {
		t.Fatal(err)
	}
	return d
}

// newRig starts what is real of a house, and the senders of its registrars.
func (h *house) newRig(d *pcscd.Daemon) {
	h.t.Helper()
	r := &rig{daemon: d, inbox: inbox.New(1000)}
	serve := func(serve func(context.Context, net.Listener) error) *line {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		h.check(err)
		h.t.Cleanup(kiosktest.Run(h.ctx, h.t, nil, func(ctx context.Context) error { return serve(ctx, l) }))
		n, err := newLine(h.ctx, l.Addr().String())
		h.check(err)
		h.t.Cleanup(n.close)
		return n
	}
	r.smpp = serve(inbox.NewCentre("balcao", "balcao", r.inbox).Serve)
	pair := h.pair("smtp")
	r.smtp = serve(func(ctx context.Context, l net.Listener) error {
		return inbox.ServeMail(ctx, l, &tls.Config{Certificates: []tls.Certificate{pair}}, r.inbox)
	})
	receipts, err := registrar.OpenPool(h.ctx, h.DB.Registrar(), 1)
	h.check(err)
	h.t.Cleanup(receipts.Close)
	sms, err := delivery.NewSMS(delivery.SMSConfig{Address: r.smpp.address, SystemID: "balcao", Password: "balcao", Source: "CMD", Timeout: 2 * time.Second},
		slog.New(slog.NewTextHandler(h.Log, nil)), registrar.Receipts(receipts))
	h.check(err)
	h.t.Cleanup(kiosktest.Run(h.ctx, h.t, context.Canceled, sms.Run))
	authority, err := testpki.FS.ReadFile("tls/ca.crt")
	h.check(err)
	file := filepath.Join(h.t.TempDir(), "ca.crt")
	h.check(os.WriteFile(file, authority, 0o600))
	mail, err := delivery.NewMail(delivery.MailConfig{Address: r.smtp.address, From: "cmd@balcao.example", CAFile: file, Timeout: 2 * time.Second})
	h.check(err)
	h.rig, h.channels = r, func(cfg *registrar.Config) { cfg.SMS, cfg.Mail = sms, mail }
	h.t.Cleanup(func() {
		for n := range r.slots {
			r.take(n)
		}
	})
}

func (h *house) pair(name string) tls.Certificate {
	certificate, err := testpki.FS.ReadFile("tls/" + name + ".crt")
	h.check(err)
	key, err := testpki.FS.ReadFile("tls/" + name + ".key")
	h.check(err)
	pair, err := tls.X509KeyPair(certificate, key)
	h.check(err)
	return pair
}

// put puts a card into a slot, where it stays when pcscd goes away, and comes back with it.
func (r *rig) put(number int, c card.Card) {
	s := &r.slots[number]
	ctx, cancel := context.WithCancel(context.Background())
	ended, gone := make(chan struct{}), &atomic.Bool{}
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Until(s.left.Add(unseen))
	s.gone = gone
	s.remove = func() { cancel(); <-ended }
	go func() {
		defer close(ended)
		for pause := wait; ; pause = 20 * time.Millisecond {
			timer := time.NewTimer(pause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			err := vpcd.Serve(ctx, fmt.Sprintf("127.0.0.1:%d", r.daemon.Port+number-1), c, vpcd.Options{})
			if errors.Is(err, vpcd.ErrPulled) {
				gone.Store(true)
				return
			}
			if ctx.Err() != nil {
				return
			}
		}
	}()
}

func (r *rig) take(number int) {
	s := &r.slots[number]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remove != nil {
		s.remove()
		s.remove, s.left = nil, time.Now()
	}
}

// holds reports whether a card is in a slot.
func (r *rig) holds(number int) bool {
	s := &r.slots[number]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove != nil && !s.gone.Load()
}

// failing is a person's card, which may leave or fall silent at a command, or at which pcscd is killed.
type failing struct {
	card.Card
	h *house
}

// Transmit counts the visit's commands.
func (c failing) Transmit(command []byte) card.Response {
	n := int(c.h.rig.sent.Add(1))
	if f := c.h.at.commands[n]; f != nil {
		c.h.at.hit.Store(int32(n)) //nolint:gosec // few
		switch f.name {
		case "card mute":
			return card.Response{Silent: true}
		case "pcscd killed at a command":
			if !c.h.killed.Swap(true) {
				_ = c.h.rig.daemon.Kill()
			}
			return card.Response{Silent: true}
		case "card reset": // by another program, which there is none
		default:
			return card.Response{Removed: true}
		}
	}
	return c.Card.Transmit(command)
}

// messages are the texts that came to a contact, the oldest first.
func (h *house) messages(channel kiosk.Channel, to string) (texts []delivery.Message) {
	if h.rig != nil {
		if to == "" {
			return nil
		}
		arrived, _ := h.rig.inbox.Messages(inbox.Filter{To: to})
		for _, m := range arrived {
			texts = append(texts, delivery.Message{To: m.To, Body: m.Text + "\n"})
		}
		return texts
	}
	outbox := &h.SMS
	if channel == kiosk.Email {
		outbox = &h.Mail
	}
	return slices.Concat(outbox.To(to, kiosktest.CodeMessage), outbox.To(to, kiosktest.LongMessage))
}

// code is the newest code that came to a contact, "" before there is one.
func (h *house) code(channel kiosk.Channel, to string, in func(delivery.Message) string) (code string) {
	for _, m := range h.messages(channel, to) {
		if found := in(m); found != "" {
			code = found
		}
	}
	return code
}

// post has messages of a channel fail in a way.
func (h *house) post(channel kiosk.Channel, how int32) {
	p, way := h.sms, (*line)(nil)
	if channel == kiosk.Email {
		p = h.mail
	}
	if h.rig == nil {
		p.how.Store(how)
		return
	}
	if way = h.rig.smpp; channel == kiosk.Email {
		way = h.rig.smtp
	}
	switch how {
	case postWorks:
		way.whole()
	case postDown:
		way.set(func() { way.down = true })
	case postMute:
		way.set(func() { way.left = 5 }) // what is answered next is cut
	default:
		way.set(func() { way.silent = true })
	}
}
