package delivery_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"balcao/kiosk/delivery"
)

// relay is an SMTP server that keeps what it took. The functions mail, rcpt and end may refuse.
type relay struct {
	address, caFile string
	letters         chan letter
	mail, rcpt, end func() error
	logins          chan string // nil: no authentication
	hangUpAfter     bool        // once a letter was taken
}

type letter struct {
	from, to string
	data     []byte
}

type relaySession struct {
	*relay
	conn   *smtp.Conn
	letter letter
}

// Reset is called for RSET, and by the server itself after each letter.
func (s *relaySession) Reset() {
	if s.hangUpAfter && s.letter.data != nil {
		_ = s.conn.Conn().Close()
	}
}

func (s *relaySession) Logout() error { return nil }

func (s *relaySession) Mail(from string, _ *smtp.MailOptions) error {
	s.letter.from = from
	if s.mail != nil {
		return s.mail()
	}
	return nil
}

func (s *relaySession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = to
	if s.rcpt != nil {
		return s.rcpt()
	}
	return nil
}

func (s *relaySession) Data(r io.Reader) (err error) {
	if s.letter.data, err = io.ReadAll(r); err != nil {
		return err
	}
	if s.end != nil {
		if err := s.end(); err != nil {
			return err
		}
	}
	s.letters <- s.letter
	return nil
}

func (s *relaySession) AuthMechanisms() []string {
	if s.logins == nil {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *relaySession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		s.logins <- username + "/" + password
		return nil
	}), nil
}

// newRelay starts a relay on loopback. wrap may put something between it and the network.
func newRelay(t *testing.T, change func(*relay, *smtp.Server), wrap func(net.Listener, *tls.Config) net.Listener) *relay {
	t.Helper()
	certificate, caFile := newCertificate(t)
	r := &relay{caFile: caFile, letters: make(chan letter, 4)}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &relaySession{relay: r, conn: c}, nil
	}))
	server.Domain, server.TLSConfig = "relay.test", config
	server.ErrorLog = log.New(io.Discard, "", 0)
	if change != nil {
		change(r, server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	if wrap != nil {
		listener = wrap(listener, config)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	return r
}

// newCertificate makes a certificate for 127.0.0.1 and writes it to a file as its own anchor.
func newCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func (r *relay) sender(t *testing.T, change func(*delivery.MailConfig)) *delivery.Mail {
	t.Helper()
	cfg := delivery.MailConfig{Address: r.address, CAFile: r.caFile, From: "cmd@balcao.example", FromName: "Chave Móvel Digital", Timeout: 5 * time.Second}
	if change != nil {
		change(&cfg)
	}
	s, err := delivery.NewMail(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMail_Send(t *testing.T) {
	r := newRelay(t, nil, nil)
	s := r.sender(t, nil)
	m, err := texts.Write("code", "email", "pt", delivery.Data{Code: "048291", Minutes: 15})
	if err != nil {
		t.Fatal(err)
	}
	m.To, m.Expires = "ana@münchen.example", time.Now().Add(time.Minute)
	id, err := s.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	got := <-r.letters
	if got.from != "cmd@balcao.example" || got.to != "ana@xn--mnchen-3ya.example" {
		t.Errorf("envelope: got %s to %s", got.from, got.to)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject: got %q, %v", subject, err)
	}
	if got := parsed.Header.Get("Message-ID"); got != "<"+id+">" || !strings.HasSuffix(id, "@balcao.example") {
		t.Errorf("message id: got %q, and %q was returned", got, id)
	}
	for _, name := range []string{"User-Agent", "X-Mailer"} {
		if got := parsed.Header.Get(name); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if host, err := os.Hostname(); err == nil && bytes.Contains(got.data, []byte(host+">")) {
		t.Error("the message names this computer")
	}
	body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	if err != nil || strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")) != strings.TrimSpace(m.Body) {
		t.Errorf("body: got %q, %v", body, err)
	}
}

func TestMail_Failures(t *testing.T) {
	no := func(code int) func() error {
		return func() error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "no ana@example.pt here"}
		}
	}
	enhanced := func(code int, numbers ...int) func() error {
		return func() error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(numbers), Message: "no ana@example.pt here"}
		}
	}
	rcpt := func(code int, numbers ...int) func(*relay, *smtp.Server) {
		return func(r *relay, _ *smtp.Server) { r.rcpt = enhanced(code, numbers...) }
	}
	from := func(code int, numbers ...int) func(*relay, *smtp.Server) {
		return func(r *relay, _ *smtp.Server) { r.mail = enhanced(code, numbers...) }
	}
	end := func(code int, numbers ...int) func(*relay, *smtp.Server) {
		return func(r *relay, _ *smtp.Server) { r.end = enhanced(code, numbers...) }
	}
	tests := []struct {
		name      string
		change    func(*relay, *smtp.Server)
		code      string
		temporary bool
	}{
		{"no such mailbox", func(r *relay, _ *smtp.Server) { r.rcpt = no(550) }, "mail_address_550", false},
		{"greylisted", func(r *relay, _ *smtp.Server) { r.rcpt = no(451) }, "mail_deferred_451", true},
		{"no such mailbox, in so many numbers", rcpt(550, 5, 1, 1), "mail_address_550_5.1.1", false},
		{"no word on why", rcpt(550, 5, 0, 0), "mail_address_550", false},
		{"no such domain", rcpt(550, 5, 1, 2), "mail_address_550_5.1.2", false},
		{"domain without mail", rcpt(556, 5, 1, 10), "mail_address_556_5.1.10", false},
		{"mailbox closed", rcpt(550, 5, 2, 1), "mail_address_550_5.2.1", false},
		{"mailbox full", rcpt(552, 5, 2, 2), "mail_address_552_5.2.2", false},
		{"mailbox full for now", rcpt(452, 4, 2, 2), "mail_deferred_452_4.2.2", true},
		{"relaying denied", rcpt(550, 5, 7, 1), "mail_relay_refused_550_5.7.1", true},
		{"relaying denied, bare", func(r *relay, _ *smtp.Server) { r.rcpt = no(554) }, "mail_relay_refused_554", true},
		{"not authenticated", rcpt(530, 5, 7, 0), "mail_relay_refused_530_5.7.0", true},
		{"on a list", rcpt(554, 5, 7, 1), "mail_relay_refused_554_5.7.1", true},
		{"no DMARC", rcpt(550, 5, 7, 26), "mail_relay_refused_550_5.7.26", true},
		{"no route", rcpt(550, 5, 4, 1), "mail_relay_refused_550_5.4.1", true},
		{"our address as the sender", rcpt(550, 5, 1, 8), "mail_relay_refused_550_5.1.8", true},
		{"sender refused", from(550, 5, 1, 0), "mail_relay_refused_550_5.1.0", true},
		{"sender refused by policy", from(553, 5, 7, 1), "mail_relay_refused_553_5.7.1", true},
		{"taken for spam", end(550, 5, 7, 1), "mail_relay_refused_550_5.7.1", true},
		{"refused after all", func(r *relay, _ *smtp.Server) { r.end = no(554) }, "mail_relay_refused_554", true},
		{"no such mailbox after all", end(550, 5, 1, 1), "mail_address_550_5.1.1", false},
		{"content", end(554, 5, 6, 0), "mail_refused_554_5.6.0", false},
		{"another number in the text", func(r *relay, _ *smtp.Server) {
			r.rcpt = func() error {
				return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.NoEnhancedCode, Message: "see 5.1.1 of our terms"}
			}
		}, "mail_relay_refused_554", true},
		{"no encryption", func(_ *relay, s *smtp.Server) { s.TLSConfig = nil }, "mail_session", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newRelay(t, tt.change, nil).sender(t, nil)
			_, err := s.Send(t.Context(), delivery.Message{To: "ana@example.pt", Subject: "s", Body: "b"})
			if delivery.Code(err) != tt.code || delivery.IsTemporary(err) != tt.temporary {
				t.Errorf("got %v, want %s (temporary %v)", err, tt.code, tt.temporary)
			}
			if err != nil && strings.Contains(err.Error(), "ana") {
				t.Errorf("the error names the person: %v", err)
			}
		})
	}
}

func TestMail_UnknownAuthority(t *testing.T) {
	r := newRelay(t, nil, nil)
	_, other := newCertificate(t)
	s := r.sender(t, func(c *delivery.MailConfig) { c.CAFile = other })
	if _, err := s.Send(t.Context(), delivery.Message{To: "ana@example.pt", Body: "b"}); err == nil || !delivery.IsTemporary(err) {
		t.Errorf("got %v, want a temporary refusal", err)
	}
	if err := s.Check(t.Context()); err == nil {
		t.Error("Check found nothing wrong")
	}
}

// Once the relay took the message it was sent, even if the connection breaks at the next word: sent
// again it would arrive twice.
func TestMail_TakenThenLost(t *testing.T) {
	r := newRelay(t, func(r *relay, _ *smtp.Server) { r.hangUpAfter = true }, nil)
	id, err := r.sender(t, nil).Send(t.Context(), delivery.Message{To: "ana@example.pt", Body: "b"})
	if err != nil || id == "" {
		t.Errorf("got %q, %v", id, err)
	}
	<-r.letters
}

func TestMail_AuthenticatesInsideTLS(t *testing.T) {
	for name, implicit := range map[string]bool{"starttls": false, "implicit": true} {
		t.Run(name, func(t *testing.T) {
			var wrap func(net.Listener, *tls.Config) net.Listener
			if implicit {
				wrap = tls.NewListener
			}
			r := newRelay(t, func(r *relay, _ *smtp.Server) { r.logins = make(chan string, 1) }, wrap)
			s := r.sender(t, func(c *delivery.MailConfig) { c.Username, c.Password, c.ImplicitTLS = "balcao", "secret", implicit })
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := <-r.logins; got != "balcao/secret" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestMail_Cancelled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never greets
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r := &relay{address: listener.Addr().String()}
	s := r.sender(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := listener.Accept(); err == nil {
			cancel()
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	if _, err := s.Send(ctx, delivery.Message{To: "ana@example.pt", Body: "b"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestMailConfig_Validate(t *testing.T) {
	err := delivery.MailConfig{Address: "relay", From: "nobody", FromName: "a\nb", Username: "u"}.Validate()
	for _, want := range []string{"address", "from:", "from_name", "username and password"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported in %v", want, err)
		}
	}
}

// A letter that is sent again is the same letter: mailboxes that look at the Message-ID show it once.
func TestMail_SameAgain(t *testing.T) {
	r := newRelay(t, nil, nil)
	s := r.sender(t, nil)
	sent := func(key string) string {
		t.Helper()
		id, err := s.Send(t.Context(), delivery.Message{To: "ana@example.pt", Subject: "x", Body: "x", Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if head := string((<-r.letters).data); !strings.Contains(head, "<"+id+">") {
			t.Errorf("no %s in the head", id)
		}
		return id
	}
	if first, again := sent("17"), sent("17"); first != again {
		t.Errorf("sent again as another: %s, %s", first, again)
	}
	if a, b := sent("18"), sent("19"); a == b {
		t.Error("two letters with one identifier")
	}
	if a, b := sent(""), sent(""); a == b {
		t.Error("two letters without a key with one identifier")
	}
}
