// Package inbox is the other end of what the centre sends: an SMPP 3.4 message centre and an SMTP
// server, both on real TCP, and the phone and mailbox in which their messages arrive.
//
// Some numbers and addresses fail on purpose, so that the sender's handling of failure can be seen;
// Misbehaviour lists them. The servers use other libraries than the senders do, on purpose: a shared
// mistake would look like agreement.
package inbox

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Channels of a message.
const (
	SMS   = "sms"
	Email = "email"
)

// A Message has arrived.
type Message struct {
	ID      int64     `json:"id"` // grows by one with each message of a bench
	Channel string    `json:"channel"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
}

// A Filter selects messages. The zero Filter selects all.
type Filter struct {
	To    string // a phone number or an address, however it is written; empty for everybody
	After int64  // only messages with a greater ID
}

// An Inbox keeps the last messages, in memory only.
type Inbox struct {
	// Now is the clock; it may be set before the inbox is used.
	Now func() time.Time

	mu       sync.Mutex
	messages []Message // oldest first
	limit    int
	last     int64
	changed  chan struct{} // closed and replaced by each change
}

// New makes an inbox that keeps the last messages, up to limit.
func New(limit int) *Inbox {
	return &Inbox{Now: time.Now, limit: max(1, limit), changed: make(chan struct{})}
}

// Add delivers a message and returns it with its ID and time.
func (b *Inbox) Add(m Message) Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	m.ID, m.At = b.last, b.Now()
	if len(b.messages) == b.limit {
		b.messages = slices.Delete(b.messages, 0, 1)
	}
	b.messages = append(b.messages, m)
	close(b.changed)
	b.changed = make(chan struct{})
	return m
}

// Messages returns what the filter selects, oldest first, and a channel that is closed when the
// next message arrives.
func (b *Inbox) Messages(f Filter) ([]Message, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := address(f.To)
	var selected []Message
	for _, m := range b.messages {
		if m.ID > f.After && (to == "" || address(m.To) == to) {
			selected = append(selected, m)
		}
	}
	return selected, b.changed
}

// Wait returns what the filter selects as soon as that is at least one message: at once when it has
// arrived already. Its error is the context's.
func (b *Inbox) Wait(ctx context.Context, f Filter) ([]Message, error) {
	for {
		selected, changed := b.Messages(f)
		if len(selected) > 0 {
			return selected, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// address makes different spellings of one recipient equal: "+351 912 345 678" and "00351912345678",
// "Ana@Example.org" and "ana@example.org".
func address(to string) string {
	if strings.Contains(to, "@") {
		return strings.ToLower(strings.TrimSpace(to))
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, to)
	return strings.TrimPrefix(digits, "00")
}
