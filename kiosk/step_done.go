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

	Errand     string         // name of what was done
	Key        *Key           // as it is now; nil where the centre did not say
	Undo       string         // name of the errand that takes it back, where that is safe
	Leaf       Leaf           // of the change; zero while it has none
	Activation ActivationSent // of a key that is activated later
}

// UndoChosen begins the errand that takes this one back, with the document that is still there or is laid on again.
type UndoChosen struct{}

func (UndoChosen) apply(s *Session) {
	receipt, reader := s.state.Receipt, s.state.Document.Reader
	if s.state.Step != StepDone || receipt == nil || receipt.Undo == "" {
		return
	}
	errand, known := s.state.named(receipt.Undo)
	if !known {
		return
	}
	s.leave()
	s.start(errand)
	if s.holds(reader) == SlotCard {
		s.startCase(reader)
	} else {
		s.startUnread()
	}
}
