// Package card emulates smart cards at the level of their commands (ISO/IEC 7816-4): the Citizen
// Card of both generations, a PIV card and a bank card. A card is a state machine with memory. What a card
// forgets when it loses power (selection, verified PINs) is forgotten here too; what it keeps
// (PIN counters, changed PINs, written files) is kept for as long as the value lives.
//
// The package knows nothing of readers: package vpcd carries commands to a card. Nor does it know
// what is written on one: packages citizen, staff and fixtures do.
package card

import "time"

// A Card is one physical card. It sits in one slot at a time, so its methods are not called
// concurrently.
type Card interface {
	// ATR is the answer to reset (ISO/IEC 7816-3 §8).
	ATR() []byte
	PowerOn()
	PowerOff()
	Reset()
	// Transmit answers one command APDU. It never panics, whatever the command is.
	Transmit(command []byte) Response
}

// A Response is what happens after a command.
type Response struct {
	Data    []byte // response APDU with its status word; empty when Silent or Removed
	Silent  bool   // the card never answers this command
	Removed bool   // the card leaves the reader now, unanswered
	// Delay is how long a card that slows down after wrong passwords takes to answer. Where no card line
	// is modelled nobody waits.
	Delay time.Duration
}
