package inbox_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"balcao/mock-pcsc/inbox"
)

// startMail runs an SMTP server on a free port with a certificate of its own.
func startMail(t *testing.T) (box *inbox.Inbox, addr *net.TCPAddr, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AddCert(certificate)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box = inbox.New(100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	go func() { done <- inbox.ServeMail(ctx, l, config, box) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return box, l.Addr().(*net.TCPAddr), trust
}

func mustMessage(t *testing.T, to, subject string, bodies ...func(*mail.Msg)) *mail.Msg {
	t.Helper()
	m := mail.NewMsg()
	if err := m.From("balcao@example.org"); err != nil {
		t.Fatal(err)
	}
	if err := m.To(to); err != nil {
		t.Fatal(err)
	}
	m.Subject(subject)
	for _, body := range bodies {
		body(m)
	}
	return m
}

func plain(text string) func(*mail.Msg) {
	return func(m *mail.Msg) { m.SetBodyString(mail.TypeTextPlain, text) }
}

func send(t *testing.T, addr *net.TCPAddr, trust *x509.CertPool, m *mail.Msg) error {
	t.Helper()
	c, err := mail.NewClient(addr.IP.String(), mail.WithPort(addr.Port), mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithTLSConfig(&tls.Config{RootCAs: trust, ServerName: "127.0.0.1"}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.DialAndSendWithContext(ctx, m)
}

func TestServeMail_Texts(t *testing.T) {
	box, addr, trust := startMail(t)
	const text = "Olá João,\n\no código é 123456.\n.começa com um ponto\n" // and a line that SMTP stuffs
	tests := []struct {
		name string
		body func(*mail.Msg)
		want string
	}{
		{"QuotedPrintable", plain(text), strings.TrimRight(text, "\n")},
		{"Base64", func(m *mail.Msg) { m.SetEncoding(mail.EncodingB64); plain(text)(m) }, strings.TrimRight(text, "\n")},
		{"Alternative", func(m *mail.Msg) {
			m.SetBodyString(mail.TypeTextHTML, "<p>outra coisa</p>")
			m.AddAlternativeString(mail.TypeTextPlain, "código 123456")
		}, "código 123456"},
		{"HTML", func(m *mail.Msg) {
			m.SetBodyString(mail.TypeTextHTML, "<style>p{}</style><p>O&nbsp;código é <b>123456</b></p>\n<p>Até já</p>")
		}, "O\u00a0código é 123456\nAté já"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const subject = "Código de confirmação – Chave Móvel Digital"
			if err := send(t, addr, trust, mustMessage(t, "Ana@Example.org", subject, test.body)); err != nil {
				t.Fatal(err)
			}
			got := waitFor(t, box, inbox.Filter{To: "ana@example.org", After: int64(i)})[0]
			if got.Text != test.want || got.Subject != subject || got.From != "balcao@example.org" || got.Channel != inbox.Email {
				t.Errorf("got %+v, want text %q", got, test.want)
			}
		})
	}
}

func TestServeMail_Refusals(t *testing.T) {
	box, addr, trust := startMail(t)
	for _, step := range []struct{ to, code string }{
		{"nobody@example.org", "550"},
		{"full@example.org", "452"},
		{"full@example.org", ""},
	} {
		err := send(t, addr, trust, mustMessage(t, step.to, "x", plain("y")))
		if step.code == "" && err != nil || step.code != "" && (err == nil || !strings.Contains(err.Error(), step.code)) {
			t.Errorf("%s: got %v, want code %q", step.to, err, step.code)
		}
	}
	if all, _ := box.Messages(inbox.Filter{}); len(all) != 1 {
		t.Errorf("%d mails arrived, want 1", len(all))
	}
	t.Run("WithoutTLS", func(t *testing.T) {
		c, err := mail.NewClient(addr.IP.String(), mail.WithPort(addr.Port), mail.WithTLSPolicy(mail.NoTLS))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DialAndSend(mustMessage(t, "ana@example.org", "x", plain("y"))); err == nil {
			t.Error("mail without TLS was taken")
		}
	})
}
