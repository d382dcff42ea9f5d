// Package kiosk is a desk at work: one errand after the other, each a list of steps (errand.go). A step is
// one file, step_….go, with its state, its events and commands, and when it may be left; the session around
// it (session.go, case.go) ends cases, keeps late events out and wipes.
//
// It is a function: Session.Handle turns an Event into a new State and a list of Commands. A runner
// (package kiosk/desk) executes the commands against card readers and the centre and feeds the
// results back as events; screens (package ui) draw the State and send events. The package reads no
// card, opens no connection and draws nothing, so the whole desk can be driven by a test.
//
// Secrets (PINs, one-time codes) never appear in State. They travel in events and commands as
// Secret values and are wiped by whoever received them last.
package kiosk

import (
	"fmt"
	"log/slog"
)

// Secret is a PIN or a one-time code in ASCII digits. It prints as "[secret]" everywhere; its holder
// wipes it when done.
type Secret []byte

// Wipe overwrites the secret's bytes.
func (s Secret) Wipe() { clear(s) }

// String never shows the secret.
func (s Secret) String() string { return "[secret]" }

// GoString never shows the secret.
func (s Secret) GoString() string { return "[secret]" }

// LogValue never shows the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalJSON refuses: a secret is never serialised as it is.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("a secret is not serialised") }
