package kiosk

import (
	"time"
)

// doneStep shows the receipt.
type doneStep struct{ plainStep }

func (doneStep) proceed(s *Session) { s.nextPerson() }

// Receipt is a key that is active, or one that waits for a supervisor.
type Receipt struct {
	Pending    bool   // it is not active yet: Register, ActiveAt, ValidUntil and Assurance are not known
	Person     string // full name
	Register   int64  // number in the centre's register
	Login      string // the contact the person signs in with; empty when the errand asks for none
	ActiveAt   time.Time
	ValidUntil Date // the last day
	Beyond     int  // days by which that is after the document's last
	Assurance  Assurance
	DeskTime   time.Duration // from insertion of the document to the active key
	WipeAt     time.Time     // when the screen clears itself
}
