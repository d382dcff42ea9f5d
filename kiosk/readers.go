package kiosk

import (
	"maps"
	"slices"
)

// serviceChanged notes how the smart-card service is. A reading under way cannot survive its end: the
// card loses its state. It starts again by itself, because the watcher reports the card anew.
func (s *Session) serviceChanged(e ServiceChanged) {
	s.state.Status.Service = e.Problem
	if e.Problem == "" {
		return
	}
	for _, reader := range slices.Sorted(maps.Keys(s.slots)) {
		s.leaves(reader)
	}
}

// readersChanged takes the new list. A reader that was unplugged took its card with it.
func (s *Session) readersChanged(e ReadersChanged) {
	s.readers = slices.Clone(e.Readers)
	listed := map[int]bool{}
	for _, r := range e.Readers {
		listed[r.Number] = true
		if _, known := s.slots[r.Number]; !known && r.Slot == SlotMute {
			s.slots[r.Number] = SlotMute
		}
	}
	for _, reader := range slices.Sorted(maps.Keys(s.slots)) {
		if !listed[reader] {
			s.leaves(reader)
		}
	}
}

// cardInserted starts a case on an empty desk, starts an interrupted or ended one anew, and is compared
// with the case's card when that one is missing. Otherwise the card waits until the case is over.
func (s *Session) cardInserted(e CardInserted) {
	if e.Reader < 1 {
		return
	}
	s.slots[e.Reader] = SlotCard
	s.unread[e.Reader] = true
	switch {
	case s.state.Case == 0 || s.interrupted:
		s.startCase(e.Reader)
	case s.over():
		s.leave()
		s.startCase(e.Reader)
	case s.typing() && !s.state.Document.CardPresent:
		s.startCase(e.Reader)
	case s.state.Document.Complete && s.state.Document.Signing != SigningDesk && !s.state.Document.CardPresent && !s.binding() && s.live != 0:
		s.recognise(e.Reader)
	}
}

// recognise asks whether the card in the reader is the case's.
func (s *Session) recognise(reader int) {
	delete(s.unread, reader)
	s.recognising, s.stranger = reader, 0
	s.ask(RecogniseAgain{Case: s.live, Reader: reader})
}

// cardReturned takes the case's card back.
func (s *Session) cardReturned(e CardReturned) {
	if !s.state.Document.Complete || s.state.Document.CardPresent || s.slots[e.Reader] != SlotCard {
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

// cardRemoved empties the reader. Whoever takes the card at the end takes their leave.
func (s *Session) cardRemoved(e CardRemoved) {
	_, held := s.slots[e.Reader]
	s.leaves(e.Reader)
	if held && s.state.Step == StepDone && s.state.Document.Reader == e.Reader {
		s.next()
	}
}

// cardMute: what is in the reader does not answer; for the case that is no card.
func (s *Session) cardMute(e CardMute) {
	if e.Reader < 1 {
		return
	}
	s.leaves(e.Reader)
	s.slots[e.Reader] = SlotMute
}

// empty forgets what the reader held.
func (s *Session) empty(reader int) {
	delete(s.slots, reader)
	delete(s.unread, reader)
}

// leaves is what follows when a reader no longer holds its card.
func (s *Session) leaves(reader int) {
	s.empty(reader)
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
		if s.state.Step <= StepIdentity {
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
	return s.interrupted || s.state.Review.Phase == ReviewCard
}

// muteReader returns the first reader with a card that does not answer, 0 when there is none.
func (s *Session) muteReader() int {
	for _, reader := range slices.Sorted(maps.Keys(s.slots)) {
		if s.slots[reader] == SlotMute {
			return reader
		}
	}
	return 0
}

// leftBehind returns the first reader with a card of the case before, 0 when there is none: it is read again only
// when it was taken out, so that nobody is enrolled with the papers of the person before.
func (s *Session) leftBehind() int {
	for _, reader := range s.cardsIn() {
		if s.state.Case == 0 && !s.swapping && !s.unread[reader] {
			return reader
		}
	}
	return 0
}

// shownReaders is the list for the status bar: what the readers hold as the case sees it.
func (s *Session) shownReaders() []ReaderStatus {
	shown := make([]ReaderStatus, len(s.readers))
	for i, r := range s.readers {
		r.Slot = s.shownSlot(r.Number)
		shown[i] = r
	}
	return shown
}

// travels reports whether the document is no Citizen Card, also when nothing is left of a refused one but its checks.
func (d DocumentState) travels() bool {
	_, asked := d.Check(CheckOriginal)
	return d.Kind.Travel() || d.Kind == "" && (d.Access.Asked || asked)
}

func (s *Session) shownSlot(reader int) Slot {
	doc := &s.state.Document
	ours := s.state.Case != 0 && doc.Reader == reader
	slot, held := s.slots[reader]
	switch {
	case !held && ours && s.state.Step != StepDone && !s.over() && !s.typing():
		return SlotRemoved
	case !held:
		return SlotEmpty
	case slot == SlotMute:
		return SlotMute
	case ours && doc.Reading, s.recognising == reader:
		return SlotReading
	case s.stranger == reader, ours && s.over() && s.problem.Code == ProblemCode(ReasonUnknownCard):
		return SlotUnknown
	case ours && doc.CardPresent && doc.travels():
		return SlotTravel
	case ours && doc.CardPresent && s.state.Step >= StepIdentity:
		return SlotCitizen
	}
	return slot
}
