package kiosk

import (
	"slices"
)

// Slot is what a reader holds.
type Slot string

// What a reader can hold.
const (
	SlotEmpty        Slot = "empty"
	SlotCard         Slot = "card"    // some card, not yet recognised
	SlotReading      Slot = "reading" // the citizen's document is being read
	SlotCitizen      Slot = "citizen_card"
	SlotTravel       Slot = "travel_document"
	SlotUnknown      Slot = "unknown_card"
	SlotUnresponsive Slot = "unresponsive"
	SlotRemoved      Slot = "removed" // the citizen's document was pulled while it is needed
	SlotStaff        Slot = "staff_card"
)

// ReaderStatus is one card reader in the order the desk numbers them.
type ReaderStatus struct {
	Number int    // 1-based
	Name   string // as PC/SC calls it
	Slot   Slot
}

// reader is one card reader and what it holds.
type reader struct {
	number int
	name   string
	staff  bool // it is the staff card's alone
	holds  Slot // SlotEmpty, SlotCard, SlotStaff, SlotUnresponsive; in the staff card's own reader SlotUnknown
	unread bool // its card came while it could not be looked at
	asked  bool // whether its card is a staff card
}

// reader returns the reader of that number, nil when there is none.
func (s *Session) reader(number int) *reader {
	for i := range s.readers {
		if s.readers[i].number == number {
			return &s.readers[i]
		}
	}
	return nil
}

// holds returns what a reader holds.
func (s *Session) holds(number int) Slot {
	if r := s.reader(number); r != nil {
		return r.holds
	}
	return SlotEmpty
}

// holding returns the first reader that holds this, 0 when none does; with unread, only one whose card
// nobody looked at yet.
func (s *Session) holding(slot Slot, unread bool) int {
	for _, r := range s.readers {
		if r.holds == slot && (r.unread || !unread) {
			return r.number
		}
	}
	return 0
}

// ServiceChanged says how the smart-card service is: "" when it runs and has a reader.
type ServiceChanged struct{ Problem ProblemCode }

// apply notes how the smart-card service is. A reading under way cannot survive its end: the
// card loses its state. It starts again by itself, because the watcher reports the card anew.
func (e ServiceChanged) apply(s *Session) {
	s.state.Status.Service = e.Problem
	if e.Problem == "" {
		return
	}
	for _, r := range slices.Clone(s.readers) {
		s.leaves(r.number)
	}
}

// ReaderAdded says that a reader is there, still empty, so that the service runs as well.
type ReaderAdded struct {
	Reader int
	Name   string // as PC/SC calls it
	Staff  bool   // it is the staff card's alone: no citizen's document is looked for in it
}

func (e ReaderAdded) apply(s *Session) {
	s.state.Status.Service = ""
	if e.Reader < 1 || s.reader(e.Reader) != nil {
		return
	}
	s.readers = append(s.readers, reader{number: e.Reader, name: e.Name, staff: e.Staff, holds: SlotEmpty})
	slices.SortFunc(s.readers, func(a, b reader) int { return a.number - b.number })
}

// AsideReader is something that the service lists as a reader and that is none.
type AsideReader struct {
	Name string // as PC/SC calls it
	Why  string // a word: "virtual", "sam", "security_key", "ignored"
}

// ReadersLeftAside says all that is left aside now. They have no numbers, and nothing is awaited in them.
type ReadersLeftAside struct{ Readers []AsideReader }

func (e ReadersLeftAside) apply(s *Session) { s.state.Status.Aside = e.Readers }

// ReaderRemoved says that a reader is not there any more, nor what it held.
type ReaderRemoved struct{ Reader int }

// apply: a reader that was unplugged took its card with it.
func (e ReaderRemoved) apply(s *Session) {
	s.leaves(e.Reader)
	s.readers = slices.DeleteFunc(s.readers, func(r reader) bool { return r.number == e.Reader })
}

// CardInserted says that a card is in a reader meant for the citizen's document.
type CardInserted struct{ Reader int }

// apply starts a case on an empty desk, starts an interrupted or ended one anew, and is compared
// with the case's card when that one is missing. Otherwise the card waits until the case is over.
func (e CardInserted) apply(s *Session) {
	r := s.reader(e.Reader)
	if r == nil {
		return
	}
	r.holds, r.unread = SlotCard, true
	s.meet(e.Reader)
}

// meet does with a card that nobody looked at what there is to do with it now.
func (s *Session) meet(number int) {
	e, r := CardInserted{number}, s.reader(number)
	switch {
	case r.staff || s.wantsStaffCard():
		s.askWhose(r)
	case s.shut():
	case s.state.Case == 0 || s.interrupted:
		s.startCase(e.Reader)
	case s.over():
		s.leave()
		s.startCase(e.Reader)
	case s.typing() && !s.state.Document.CardPresent:
		s.startCase(e.Reader)
	case s.state.Document.Complete && s.state.Document.Signing != SigningDesk && !s.state.Document.CardPresent && !s.binding() && !s.signed && s.live != 0:
		s.recognise(e.Reader)
	}
}

// CardRemoved says that the reader is empty.
type CardRemoved struct{ Reader int }

// apply empties the reader. Whoever takes the card at the end takes their leave.
func (e CardRemoved) apply(s *Session) {
	held := s.holds(e.Reader) != SlotEmpty && s.holds(e.Reader) != SlotStaff
	s.leaves(e.Reader)
	if held && s.state.Step == StepDone && s.state.Document.Reader == e.Reader {
		s.next()
	}
}

// CardUnresponsive says that a card does not power up.
type CardUnresponsive struct{ Reader int }

// apply: what is in the reader does not answer; for the case that is no card.
func (e CardUnresponsive) apply(s *Session) {
	s.leaves(e.Reader)
	if r := s.reader(e.Reader); r != nil {
		r.holds = SlotUnresponsive
	}
}

// RecogniseAgain finds out whether the card now in the reader is the case's card: CardReturned or
// SignFailed{ReasonCardChanged}.
type RecogniseAgain struct {
	Case   CaseID
	Reader int
}

func (RecogniseAgain) command() {}

// recognise asks whether the card in the reader is the case's.
func (s *Session) recognise(reader int) {
	s.looked(reader)
	s.recognising, s.stranger = reader, 0
	s.ask(RecogniseAgain{Case: s.live, Reader: reader})
}

// CardReturned says that the card now in the reader is the one that was read. It may be another reader
// than before, with a keypad or without.
type CardReturned struct {
	Reader int
	Pinpad bool
}

// applyToCase takes the case's card back.
func (e CardReturned) applyToCase(s *Session) {
	if !s.state.Document.Complete || s.state.Document.CardPresent || s.holds(e.Reader) != SlotCard {
		return
	}
	s.recognising, s.stranger = 0, 0
	s.state.Document.Reader = e.Reader
	s.state.Document.CardPresent = true
	s.state.Document.Pinpad = e.Pinpad
	s.dismiss(ProblemCode(ReasonCardChanged))
	s.dismiss("")
	if s.at(StepReview) && s.state.Review.Phase == ReviewCard {
		s.haveSigned()
	}
}

// cardChanged: the card now in a reader is another one. It is not accepted until it leaves.
func (s *Session) cardChanged() {
	reader := s.recognising
	if reader == 0 {
		reader = s.state.Document.Reader
	}
	s.recognising, s.stranger = 0, reader
	s.state.Document.CardPresent = false
	s.problem = &Problem{Code: ProblemCode(ReasonCardChanged), Reader: reader}
}

// looked notes that somebody looks at the reader's card.
func (s *Session) looked(number int) {
	if r := s.reader(number); r != nil {
		r.unread = false
	}
}

// leaves is what follows when a reader no longer holds its card.
func (s *Session) leaves(reader int) {
	staff := s.state.Shift.Reader == reader
	if r := s.reader(reader); r != nil {
		staff = staff || r.staff && r.holds != SlotEmpty // also one that did not answer any more
		r.holds, r.unread, r.asked = SlotEmpty, false, false
	}
	if staff {
		s.staffCardGone()
	}
	if s.recognising == reader {
		s.recognising = 0
	}
	if s.stranger == reader {
		s.stranger = 0
		s.dismiss(ProblemCode(ReasonCardChanged))
	}
	if s.state.Case != 0 && s.state.Document.Reader == reader {
		s.cardGone()
	}
}

// cardGone: the case's card left its reader. That interrupts a reading and ends the page of a refused
// document; later the person may hold the card until it has to sign.
func (s *Session) cardGone() {
	switch {
	case s.state.Case == 0 || s.interrupted:
	case s.over():
		s.state.Document.CardPresent = false
		if s.state.Examining() {
			s.leave()
		}
	case s.state.Document.Reading:
		s.interrupt(Problem{Code: ProblemCode(ReasonRemoved)})
	default:
		s.state.Document.CardPresent = false
		if s.state.Review.Phase == ReviewCardPIN {
			s.state.Review.Phase = ReviewCard
		}
	}
}

// waitsForCard reports whether the case cannot go on without a card.
func (s *Session) waitsForCard() bool {
	return s.interrupted || s.state.Away || s.state.Review.Phase == ReviewCard
}

// leftBehind returns the first reader with a card of the case before, 0 when there is none: it is read again only
// when it was taken out, so that nobody is enrolled with the papers of the person before.
func (s *Session) leftBehind() int {
	i := slices.IndexFunc(s.readers, func(r reader) bool { return r.holds == SlotCard && !r.unread })
	if i < 0 || s.state.Case != 0 || s.swapping {
		return 0
	}
	return s.readers[i].number
}

// shownReaders is the list for the status bar: what the readers hold as the case sees it.
func (s *Session) shownReaders() []ReaderStatus {
	shown := make([]ReaderStatus, len(s.readers))
	for i, r := range s.readers {
		shown[i] = ReaderStatus{Number: r.number, Name: r.name, Slot: s.shownSlot(r.number, r.holds)}
	}
	return shown
}

// shownSlot is what a reader holds as the case sees it.
func (s *Session) shownSlot(reader int, holds Slot) Slot {
	doc := &s.state.Document
	ours := s.state.Case != 0 && doc.Reader == reader
	switch {
	case holds == SlotEmpty && ours && s.state.Step != StepDone && !s.over() && !s.typing() && !s.signed:
		return SlotRemoved
	case holds != SlotCard:
		return holds
	case ours && doc.Reading, s.recognising == reader:
		return SlotReading
	case s.stranger == reader, ours && s.over() && s.problem.Code == ProblemCode(ReasonUnknownCard):
		return SlotUnknown
	case ours && doc.CardPresent && doc.travels():
		return SlotTravel
	case ours && doc.CardPresent && s.state.Step != StepDocument:
		return SlotCitizen
	}
	return holds
}
