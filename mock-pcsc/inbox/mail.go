package inbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const maxMail = 1 << 20

// ServeMail is an SMTP server (RFC 5321) that delivers into the inbox, until ctx ends. It takes mail
// only after STARTTLS (RFC 3207), so that a sender that forgets TLS is noticed.
func ServeMail(ctx context.Context, l net.Listener, config *tls.Config, inbox *Inbox) error {
	refused := &firstTry{}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, secure := c.TLSConnectionState()
		return &mailSession{inbox: inbox, refused: refused, secure: secure}, nil
	}))
	server.Domain = "bench.example"
	server.TLSConfig = config
	server.MaxMessageBytes = maxMail
	server.MaxRecipients = 50
	server.ReadTimeout, server.WriteTimeout = 5*time.Minute, time.Minute // RFC 5321 §4.5.3.2
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0) // a sender that hangs up is the sender's to report

	conns := &trackedListener{Listener: l, open: map[net.Conn]struct{}{}}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	err := server.Serve(conns)
	conns.closeAll()
	_ = server.Shutdown(context.Background()) // waits for the connections just closed
	if ctx.Err() == nil {
		return fmt.Errorf("serving SMTP: %w", err)
	}
	return nil
}

// trackedListener knows its open connections: the server's own Close ends them too, but does not
// wait until they have ended.
type trackedListener struct {
	net.Listener
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

type trackedConn struct {
	net.Conn
	l *trackedListener
}

func (l *trackedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[conn] = struct{}{}
	return trackedConn{conn, l}, nil
}

func (c trackedConn) Close() error {
	c.l.mu.Lock()
	delete(c.l.open, c.Conn)
	c.l.mu.Unlock()
	return c.Conn.Close()
}

func (l *trackedListener) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.open {
		_ = conn.Close()
	}
}

type mailSession struct {
	inbox   *Inbox
	refused *firstTry
	secure  bool

	from string
	to   []string
}

// Reset implements smtp.Session.
func (s *mailSession) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *mailSession) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if !s.secure {
		return &smtp.SMTPError{ // RFC 3207 §4
			Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first",
		}
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case unknown(to):
		return &smtp.SMTPError{
			Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox",
		}
	case full(to) && s.refused.refuse(address(to), s.inbox.Now()):
		return &smtp.SMTPError{
			Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "Mailbox full, try again later",
		}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading a mail: %w", err)
	}
	subject, text, err := parseMail(raw)
	if err != nil {
		return &smtp.SMTPError{
			Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Malformed message",
		}
	}
	for _, to := range s.to {
		s.inbox.Add(Message{Channel: Email, From: s.from, To: to, Subject: subject, Text: text})
	}
	return nil
}
