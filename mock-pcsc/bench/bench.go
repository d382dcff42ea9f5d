// Package bench is the running test bench: two slots of the virtual reader with cards from the
// fixtures, the message centre and the mail server with their inbox, the responder that answers for
// the cards' certificates, and a control socket through which scripts use all of it.
//
// Serve with New and Run; from another process use Client, which finds the bench by itself.
package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/inbox"
	"balcao/mock-pcsc/revocation"
)

// Where the bench listens unless told otherwise, and the account of its message centre. The HTTP
// address is written in the certificates of the test PKI.
const (
	DefaultSMPP = "127.0.0.1:25981"
	DefaultSMTP = "127.0.0.1:25982"
	DefaultHTTP = revocation.Addr
	DefaultVPCD = 35963 // of slot 1; slot 2 is the next port

	SystemID = "balcao"
	Password = "balcao"
)

const keptMessages = 500

// Fixtures is where the cards are; *fixtures.Fixtures is one.
type Fixtures interface {
	All() []fixtures.Entry
	Card(name string) (card.Card, error)
}

// Config says what a bench is made of and where it listens.
type Config struct {
	Fixtures   Fixtures
	Revocation http.Handler // OCSP and CRLs
	TLS        *tls.Config  // of the mail server

	SMPP, SMTP, HTTP string   // host:port to listen on; port 0 for any
	Slots            []string // addresses of the virtual reader's slots
	Socket           string   // of the control protocol
	Line             int      // bit/s of the card line; 0 for full speed
}

// A Bench is the test bench. Make one with New.
type Bench struct {
	config  Config
	inbox   *inbox.Inbox
	entries []fixtures.Entry
	slots   []*slot

	placing sync.Mutex // held while a card changes its place, so that it has one place only

	mu        sync.Mutex
	line      int
	addresses Addresses
	changed   chan struct{} // closed and replaced by each change of status
}

// Addresses says where a bench listens: host:port each, empty before it does.
type Addresses struct {
	SMPP string `json:"smpp"`
	SMTP string `json:"smtp"`
	HTTP string `json:"http"`
}

// Status is what the bench holds now.
type Status struct {
	Slots    []SlotStatus `json:"slots"`
	Line     string       `json:"line"`     // as ParseLine takes it: "full", "250k"
	Messages int          `json:"messages"` // that the inbox holds
	Addresses
}

// New makes a bench that listens nowhere yet.
func New(c Config) *Bench {
	b := &Bench{
		config: c, inbox: inbox.New(keptMessages), entries: c.Fixtures.All(),
		line: c.Line, changed: make(chan struct{}),
	}
	for i, addr := range c.Slots {
		b.slots = append(b.slots, &slot{bench: b, number: i + 1, addr: addr})
	}
	return b
}

// Entries lists the fixtures' cards: people's, good ones first, then those of staff.
func (b *Bench) Entries() []fixtures.Entry { return slices.Clone(b.entries) }

// Inbox is where messages arrive.
func (b *Bench) Inbox() *inbox.Inbox { return b.inbox }

// Status returns what the bench holds, and a channel that is closed when that changes. Messages have
// a channel of their own (inbox.Inbox.Messages).
func (b *Bench) Status() (Status, <-chan struct{}) {
	messages, _ := b.inbox.Messages(inbox.Filter{})
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{Line: FormatLine(b.line), Messages: len(messages), Addresses: b.addresses}
	for _, slot := range b.slots {
		s.Slots = append(s.Slots, slot.status())
	}
	return s, b.changed
}

// SetLine sets the speed of the card line in bit/s, 0 for full speed, for cards inserted from now on:
// a card that is in keeps the line it was inserted with.
func (b *Bench) SetLine(bitsPerSecond int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line = bitsPerSecond
	b.notify()
}

// notify wakes whoever waits for a change. b.mu is held.
func (b *Bench) notify() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Run listens everywhere, calls ready, and serves until ctx ends. It returns when everything it
// started has ended and the slots are empty.
func (b *Bench) Run(ctx context.Context, ready func()) error {
	group, ctx := errgroup.WithContext(ctx)
	// What was opened before an error is closed by those who serve it, so each is served as soon as
	// it is open.
	err := b.start(ctx, group)
	if err == nil {
		ready()
	} else {
		group.Go(func() error { return err })
	}
	err = group.Wait()
	for _, s := range b.slots {
		s.remove()
	}
	return err
}

func (b *Bench) start(ctx context.Context, group *errgroup.Group) error {
	control, err := listenControl(b.config.Socket)
	if err != nil {
		return err
	}
	group.Go(func() error { return b.serveControl(ctx, control) })

	sms, err := listen(ctx, "the message centre", "--smpp", b.config.SMPP)
	if err != nil {
		return err
	}
	centre := inbox.NewCentre(SystemID, Password, b.inbox)
	group.Go(func() error { return centre.Serve(ctx, sms) })

	mail, err := listen(ctx, "the mail server", "--smtp", b.config.SMTP)
	if err != nil {
		return err
	}
	group.Go(func() error { return inbox.ServeMail(ctx, mail, b.config.TLS, b.inbox) })

	status := make(chan net.Addr, 1)
	group.Go(func() error {
		return explainListen("the OCSP and CRL responder", "--http",
			revocation.Serve(ctx, b.config.HTTP, b.config.Revocation, func(a net.Addr) { status <- a }))
	})
	select {
	case addr := <-status:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.addresses = Addresses{SMPP: sms.Addr().String(), SMTP: mail.Addr().String(), HTTP: addr.String()}
		b.notify()
		return nil
	case <-ctx.Done():
		return nil // the group has the reason
	}
}

func listen(ctx context.Context, what, flag, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	return l, explainListen(what, flag, err)
}

// explainListen adds the cure to what is usually another bench.
func explainListen(what, flag string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("starting %s: %w; is another bench running? Stop it, or give another address with %s", what, err, flag)
	}
	if err != nil {
		return fmt.Errorf("starting %s: %w", what, err)
	}
	return nil
}
