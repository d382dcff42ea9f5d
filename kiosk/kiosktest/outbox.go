package kiosktest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"balcao/kiosk/delivery"
)

// Outbox is a channel of messages that keeps what is sent (registrar.Channel). The zero value is ready.
type Outbox struct {
	Fail func(delivery.Message) error // when set, may refuse a message; set it before the first is sent

	mu      sync.Mutex
	sent    []delivery.Message
	number  int           // of the last message
	news    chan struct{} // closed when there is something new; nil while nobody waits
	down    error
	changed chan struct{}
}

// Check tells what Set was told.
func (o *Outbox) Check(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down
}

// Changed is closed at the next Set.
func (o *Outbox) Changed() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return renew(&o.changed, false)
}

// Set makes the channel work (nil) or not.
func (o *Outbox) Set(down error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down = down
	renew(&o.changed, true)
}

// Send keeps a message, and gives it a reference that no other has.
func (o *Outbox) Send(_ context.Context, m delivery.Message) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Fail != nil {
		if err := o.Fail(m); err != nil {
			return "", err
		}
	}
	o.sent = append(o.sent, m)
	renew(&o.news, true)
	o.number++
	return fmt.Sprintf("%p-%d", o, o.number), nil
}

// renew returns a channel to wait on, after it closed the one before when something happened.
func renew(c *chan struct{}, happened bool) chan struct{} {
	if happened && *c != nil {
		close(*c)
		*c = nil
	}
	if *c == nil {
		*c = make(chan struct{})
	}
	return *c
}

// Kinds of messages.
const (
	CodeMessage    = "code"
	WelcomeMessage = "welcome"
	LongMessage    = "long code" // brings an activation code or a "this was not me" code
)

// To returns what was sent to an address and is of a kind.
func (o *Outbox) To(address, kind string) []delivery.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to(address, kind)
}

func (o *Outbox) to(address, kind string) (list []delivery.Message) {
	for _, m := range o.sent {
		if m.To == address && kind == kindOf(m) {
			list = append(list, m)
		}
	}
	return list
}

// Wait waits for a message, and returns the last of its kind.
func (o *Outbox) Wait(ctx context.Context, t testing.TB, address, kind string) delivery.Message {
	t.Helper()
	for {
		o.mu.Lock()
		list, news := o.to(address, kind), renew(&o.news, false)
		o.mu.Unlock()
		if len(list) > 0 {
			return list[len(list)-1]
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("no %s arrived", kind)
		}
	}
}

// Code waits for a code to an address.
func (o *Outbox) Code(ctx context.Context, t testing.TB, address string) string {
	t.Helper()
	return CodeIn(o.Wait(ctx, t, address, CodeMessage))
}

// Secrets lists what may not be logged: addresses, and codes as a log would have them. Times and identifiers have
// digits as well.
func (o *Outbox) Secrets() (list []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.sent {
		list = append(list, m.To)
		if code := CodeIn(m); code != "" {
			list = append(list, `"`+code, ` `+code)
		}
		if code := LongCodeIn(m); code != "" {
			list = append(list, code, strings.ReplaceAll(code, "-", ""))
		}
	}
	return list
}

func kindOf(m delivery.Message) string {
	switch {
	case LongCodeIn(m) != "":
		return LongMessage
	case CodeIn(m) != "":
		return CodeMessage
	}
	return WelcomeMessage
}

var longCode = regexp.MustCompile(`\b[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}\b`)

// LongCodeIn is the activation code or the "this was not me" code in a message, "" when it has none.
func LongCodeIn(m delivery.Message) string { return longCode.FindString(m.Body) }

var anyCode = regexp.MustCompile(`\b\d{6}\n`)

// CodeIn is the code in a message, "" when it has none.
func CodeIn(m delivery.Message) string { return strings.TrimSpace(anyCode.FindString(m.Body)) }

// Clear forgets what was sent.
func (o *Outbox) Clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = nil
}
