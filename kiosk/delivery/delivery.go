// Package delivery sends messages to people: SMS through a message centre (SMPP 3.4) and e-mail
// through a relay (SMTP with TLS). It has the texts (messages/), the alphabets and lengths of short
// messages, and tells temporary failures from permanent ones. It uses no database: the caller is
// told what was sent and whether it arrived.
//
// Nothing here writes an address, a text or a code into an error or a log.
package delivery

import (
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
	// lost before the answer. It should be sent again: a code that arrives twice does less harm
	// than none.
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
