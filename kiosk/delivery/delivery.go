// Package delivery sends messages to people: SMS through a message centre (SMPP 3.4) and e-mail
// through a relay (SMTP with TLS). It has the texts (messages/), the alphabets and lengths of short
// messages, and tells temporary failures from permanent ones. It uses no database: the caller is
// told what was sent and whether it arrived.
//
// Nothing here writes an address, a text or a code into an error or a log.
package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Message is one text for one person.
type Message struct {
	To      string // E.164 with "+" for SMS, addr-spec for e-mail
	Subject string // e-mail only
	Body    string
	// Expires is when the message stops being of use; zero when never. A message centre is told, so
	// that a phone that is switched on tomorrow does not receive today's code.
	Expires time.Time
	// Key names the message among all others; the same one is the same message, also when it is sent again because nobody
	// knows whether it left. An e-mail's Message-ID is made of it, by which mailboxes know a second copy, and an SMS's
	// user_message_reference, which comes back in the receipt. Random when empty.
	Key string
	// Replaces has a message centre drop one to the same number that still waits there (SMPP 3.4 §5.2.18): for a code that is
	// sent again.
	Replaces bool
}

// Reference is the user_message_reference of an SMS (SMPP 3.4 §5.3.2.17) with this key; 0 without one.
func (m Message) Reference() uint16 {
	if m.Key == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(m.Key))
	return binary.BigEndian.Uint16(sum[:]) | 1 // never 0
}

// LogValue keeps addresses and texts out of logs.
func (m Message) LogValue() slog.Value { return slog.StringValue("[message]") }

// String never shows the message.
func (m Message) String() string { return "[message]" }

// GoString never shows the message.
func (m Message) GoString() string { return "[message]" }

// Error is why a message was not sent. Code is stable and says nothing about the person; screens and
// operators read it, and the centre stores it.
type Error struct {
	Code      string // "sms_unbound", "mail_address_550_5.1.1", …
	Temporary bool   // trying again later may help
	// Unsure is set when the message may have been sent all the same, because the connection was
	// lost before the answer. Neither SMPP nor SMTP can be asked. It should be sent again under the same Key, an SMS when no
	// receipt with its reference came meanwhile: one that arrives twice does less harm than none.
	Unsure bool
}

// Error returns the code.
func (e *Error) Error() string {
	if e.Temporary {
		return e.Code + " (temporary)"
	}
	return e.Code
}

// IsTemporary reports whether trying again later may help. Errors that are not an *Error, such as a
// cancelled context, are temporary, because they do not say that the message can never be sent.
func IsTemporary(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return !ok || e.Temporary
}

// IsUnsure reports whether the message may have left all the same.
func IsUnsure(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Unsure
}

// Code returns the stable code of an error of this package, "internal" for any other.
func Code(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return "internal"
}

func temporary(format string, args ...any) *Error {
	return &Error{Code: fmt.Sprintf(format, args...), Temporary: true}
}

func permanent(format string, args ...any) *Error {
	return &Error{Code: fmt.Sprintf(format, args...)}
}
