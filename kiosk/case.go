package kiosk

import (
	"time"

	"github.com/google/uuid"
)

// startCase begins a case with the card in the reader: a new number, everything else forgotten. While
// this computer's clock is wrong no case starts, because evidence would carry a wrong time, nor while the desk is
// suspended; the card is read once that is over.
func (s *Session) startCase(reader int) {
	before, kept, marked := s.carriable(), s.kept, s.marked && s.interrupted
	if !s.interrupted {
		kept = nil // it belongs to the document that slipped
	}
	if !s.begin(reader) {
		return
	}
	s.carried, s.kept, s.marked = before, kept, marked
	s.read()
}

// begin numbers a new case at a reader, 0 for none, unless the desk is barred.
func (s *Session) begin(reader int) bool {
	if s.shut() {
		return false
	}
	language, chosen, errand := s.state.CitizenLanguage, s.languageChosen, s.errand
	s.leave()
	s.state.CitizenLanguage, s.languageChosen, s.errand = language, chosen, errand
	if s.barred() != "" || s.shiftOver() {
		return false
	}
	s.looked(reader)
	s.cases++
	s.live = s.cases
	s.note = ""
	s.state.Case = s.cases
	if s.settings.Reference != nil {
		s.state.Reference = s.settings.Reference()
	}
	s.state.Started = s.state.Now
	s.state.Document.Reader = reader
	return true
}

// startUnread begins a case with a card that came while it could not be read.
func (s *Session) startUnread() {
	if reader := s.holding(SlotCard, true); reader != 0 {
		s.startCase(reader)
	}
}

// end closes the case with a problem that stays on the screen, and forgets the person.
func (s *Session) end(problem Problem) {
	problem.Fatal = true
	s.problem = &problem
	s.release(problem.Code)
	s.wipePerson()
}

// release lets go of the case at the centre and in the runner.
func (s *Session) release(reason ProblemCode) {
	if s.live != 0 && s.opened {
		s.ask(Abandon{Case: s.live, Reason: reason})
	}
	s.opened = false
	s.releaseCase()
	s.forget()
}

// forget makes the runner wipe the case; its late events fall from now on.
func (s *Session) forget() {
	if s.live != 0 {
		s.ask(Forget{Case: s.live})
	}
	s.live, s.later = 0, nil
	s.refused = false
	s.recognising = 0
}

// wipePerson clears everything that says who the person is, or what they chose. What the checks
// answered stays: it names hosts, not people.
func (s *Session) wipePerson() {
	doc := s.state.Document
	if doc.Photo != nil && s.shut() {
		clear(doc.Photo.Data) // no screen has it
	}
	s.state.Document = DocumentState{Reader: doc.Reader, Checks: doc.Checks, CardPresent: doc.CardPresent}
	s.state.Eligible = EligibleState{}
	s.carried, s.retyping, s.kept = AccessState{}, false, nil
	s.wipeProofs()
	s.state.Key, s.state.Search, s.searched = KeyState{}, SearchState{}, uuid.Nil
	s.state.Stored, s.state.Print, s.state.Messages = StoredState{}, PrintState{}, nil
	s.state.Receipt = nil
	s.state.Approval = ApprovalState{}
	s.state.HandedOver = false
	s.state.ConfirmCancel = false
	s.sends = 0
}

// wipeProofs forgets what was entered and proven for one errand.
func (s *Session) wipeProofs() {
	s.wipePIN()
	s.state.Contact, s.state.PIN, s.state.Try = ContactState{}, PINState{}, TryState{}
	s.state.Activation, s.state.Word, s.state.NotMe = ActivationState{}, WordState{}, NotMeState{}
	s.state.Review, s.signed, s.facts = ReviewState{}, false, TranscriptFacts{}
	s.phone, s.email = sending{}, sending{}
	s.again = stopped{}
}

// clear empties the desk: what is left belongs to the desk, not to a case.
func (s *Session) clear() {
	s.wipePerson()
	s.problem = nil
	s.interrupted, s.swapping, s.marked, s.languageChosen = false, false, false, false
	s.recognising, s.stranger = 0, 0
	s.expiresAt = time.Time{}
	old := s.state
	s.state = State{
		Now: old.Now, DeskName: old.DeskName, TypedMRZ: old.TypedMRZ, Step: StepDocument, Status: old.Status, Shift: old.Shift, Today: old.Today, Preflight: old.Preflight,
		ClerkLanguage: old.ClerkLanguage, CitizenLanguage: s.settings.CitizenLanguage,
	}
}

// leave drops the case, whatever it is at, and empties the desk. Whoever comes next begins with the
// first errand.
func (s *Session) leave() {
	s.release("")
	s.errand = Errands[0]
	s.clear()
}

// next empties the desk for the next document, which may already be in another reader.
func (s *Session) next() {
	s.leave()
	s.startUnread()
}

// nextPerson clears a finished case, or one that ended with a problem.
func (s *Session) nextPerson() {
	s.note = ""
	if s.state.Step == StepDone || s.over() {
		s.next()
	}
}

// NextPerson clears the screens after a finished case.
type NextPerson struct{}

func (NextPerson) apply(s *Session) { s.nextPerson() }

// OtherDocument drops this document and waits for another.
type OtherDocument struct{}

// apply drops this document and waits for another. Until a contact was asked for there is
// nothing to lose; after that the clerk has to cancel.
func (OtherDocument) apply(s *Session) {
	s.note = ""
	if s.state.Case != 0 && (s.over() || s.interrupted || s.state.Examining()) && s.errand.WithDocument() {
		errand := s.errand
		s.leave()
		s.errand = errand
		s.startUnread()
		s.swapping = s.state.Case == 0
	}
}

// Cancel asks to end the case; the screen confirms with CancelConfirmed or CancelDismissed.
type Cancel struct{}

// apply asks first when there is something to lose: not where going on ends the case as well. From the moment the evidence leaves there is no
// way back, and a finished case has nothing to cancel.
func (Cancel) apply(s *Session) {
	s.note = ""
	switch {
	case s.shut():
		s.state.Shift.Forgotten, s.state.Shift.Admits = false, ""
	case s.state.Case == 0 && s.state.Choosing:
		s.state.Choosing = false
	case s.state.Case == 0:
		s.errand = Errands[0]
	case !s.state.MayCancel():
	case s.state.Approval.Case != nil && !s.over():
		s.giveBack("")
	case s.state.Step == StepDocument || s.state.Step == StepCases || s.state.Step == StepAlerts || s.over() || s.interrupted || s.lastStep():
		s.next()
	default:
		s.state.ConfirmCancel = true
	}
}

// CancelConfirmed ends the case.
type CancelConfirmed struct{}

func (CancelConfirmed) apply(s *Session) {
	if s.state.ConfirmCancel && s.state.MayCancel() {
		s.next()
	}
}

// CancelDismissed goes on.
type CancelDismissed struct{}

func (CancelDismissed) apply(s *Session) { s.state.ConfirmCancel = false }
