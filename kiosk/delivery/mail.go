package delivery

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	stdmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Mail sends e-mail through one relay, with one connection for each message: enrolments are too few
// to keep one open, and a relay closes idle ones.
type Mail struct {
	cfg  MailConfig
	from string
}

// NewMail returns a sender. It does not connect.
func NewMail(cfg MailConfig) (*Mail, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring mail: %w", err)
	}
	from, err := asciiAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("configuring mail: %w", err)
	}
	return &Mail{cfg: cfg, from: from}, nil
}

// Check reports whether the relay takes connections: it greets, encrypts and authenticates.
func (s *Mail) Check(ctx context.Context) error {
	client, done, err := s.client(ctx)
	if err != nil {
		return err
	}
	defer done()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return dialFailure(ctx, err)
	}
	_ = client.CloseWithSMTPClient(session)
	return nil
}

// Send hands the message to the relay and returns its Message-ID without the angle brackets. The
// error is an *Error or ctx's.
func (s *Mail) Send(ctx context.Context, m Message) (id string, err error) {
	to, err := asciiAddress(m.To)
	if err != nil {
		return "", permanent("mail_address")
	}
	msg, id, err := s.compose(to, m)
	if err != nil {
		return "", err
	}
	client, done, err := s.client(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", dialFailure(ctx, err)
	}
	err = client.SendWithSMTPClient(session, msg)
	_ = client.CloseWithSMTPClient(session)
	// Once the relay answered the end of DATA the message is its own (RFC 5321 §4.2.5), whatever
	// happened to RSET or QUIT afterwards.
	if err == nil || msg.IsDelivered() {
		return id, nil
	}
	return "", sendFailure(ctx, err)
}

// compose writes the message. Nothing in its head says which program or computer sent it.
func (s *Mail) compose(to string, m Message) (*mail.Msg, string, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8))
	if err := msg.FromFormat(s.cfg.FromName, s.from); err != nil {
		return nil, "", permanent("mail_sender")
	}
	if err := msg.To(to); err != nil {
		return nil, "", permanent("mail_address")
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		return nil, "", permanent("mail_text")
	}
	_, domain, _ := strings.Cut(s.from, "@")
	name := rand.Text()
	if m.Key != "" {
		sum := sha256.Sum256([]byte(m.Key))
		name = base32.StdEncoding.EncodeToString(sum[:16])[:26]
	}
	id := name + "@" + domain
	msg.SetMessageIDWithValue(id)
	msg.SetDate()
	msg.Subject(m.Subject)
	// No robot shall answer, and no archive shall keep a code longer than it is valid.
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	if !m.Expires.IsZero() {
		msg.SetGenHeader("Expires", m.Expires.UTC().Format(time.RFC1123Z)) // RFC 4021 §2.1.45
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	return msg, id, nil
}

// client returns a client whose connection ends with ctx, which the library only looks at while it
// dials. done closes the connection, which the library leaves open when greeting, TLS or
// authentication failed.
func (s *Mail) client(ctx context.Context) (_ *mail.Client, done func(), err error) {
	port, err := hostPort(s.cfg.Address)
	if err != nil {
		return nil, nil, permanent("mail_configuration")
	}
	config, err := tlsConfig(s.cfg.Address, s.cfg.CAFile)
	if err != nil {
		return nil, nil, temporary("mail_configuration")
	}
	ctx, cancel := context.WithCancel(ctx)
	dial := func(_ context.Context, network, address string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: s.cfg.Timeout}
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if s.cfg.ImplicitTLS {
			return tls.Client(conn, config), nil
		}
		return conn, nil
	}
	options := []mail.Option{
		mail.WithPort(port),
		mail.WithHELO(s.cfg.HELO),
		mail.WithTimeout(s.cfg.Timeout),
		mail.WithTLSConfig(config),
		mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithoutNoop(),
		mail.WithDialContextFunc(dial),
	}
	if s.cfg.ImplicitTLS {
		options = append(options, mail.WithSSL())
	}
	if s.cfg.Username != "" {
		method := mail.SMTPAuthAutoDiscover
		if s.cfg.ImplicitTLS {
			// Discovery takes a connection that it did not encrypt itself for a plain one and offers
			// no PLAIN there; PLAIN itself looks at the connection and refuses without TLS.
			method = mail.SMTPAuthPlain
		}
		options = append(options, mail.WithSMTPAuth(method),
			mail.WithUsername(s.cfg.Username), mail.WithPassword(s.cfg.Password))
	}
	client, err := mail.NewClient(config.ServerName, options...)
	if err != nil {
		cancel()
		return nil, nil, permanent("mail_configuration")
	}
	return client, cancel, nil
}

// dialFailure classifies what happened before a message was offered. All of it is the relay's or
// the network's, none of it the message's.
func dialFailure(ctx context.Context, err error) error {
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &network):
		return temporary("mail_unreachable")
	}
	return temporary("mail_session") // greeting, TLS or authentication
}

// sendFailure classifies the answer to a message. The error's text names the recipient, so only the numbers are kept.
func sendFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return &Error{Code: "mail_lost", Temporary: true, Unsure: true}
	}
	if r := replyOf(failure); r.code >= 400 {
		return r.judge(failure.Reason)
	}
	return &Error{Code: "mail_lost", Temporary: true, Unsure: failure.Reason == mail.ErrSMTPDataClose}
}

// asciiAddress checks an addr-spec and writes its domain as IDNA A-labels (RFC 5891). A local part
// outside ASCII needs SMTPUTF8 of every relay on the way (RFC 6531), so it is refused here, while
// somebody is at the desk who can name another address.
func asciiAddress(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || len(address) > 254 || !utf8.ValidString(address) {
		return "", errors.New("not an e-mail address")
	}
	local, domain := address[:at], address[at+1:]
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("not an e-mail address")
	}
	// For some letters the library's result is not a name that the library itself accepts.
	if again, err := idna.Lookup.ToASCII(domain); err != nil || again != domain {
		return "", errors.New("not an e-mail address")
	}
	for _, r := range local {
		if r <= ' ' || r > '~' {
			return "", errors.New("not an e-mail address")
		}
	}
	plain := local + "@" + domain
	parsed, err := stdmail.ParseAddress(plain)
	if err != nil || parsed.Name != "" || parsed.Address != plain {
		return "", errors.New("not an e-mail address")
	}
	return plain, nil
}
