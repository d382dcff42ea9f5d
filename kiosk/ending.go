package kiosk

import "time"

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
	s.forget()
}

// forget makes the runner wipe the case; its late events fall from now on.
func (s *Session) forget() {
	if s.live != 0 {
		s.ask(Forget{Case: s.live})
	}
	s.live = 0
	s.refused = false
	s.recognising = 0
}

// wipePerson clears everything that says who the person is, or what they chose. What the checks
// answered stays: it names hosts, not people.
func (s *Session) wipePerson() {
	s.wipePIN()
	doc := s.state.Document
	s.state.Document = DocumentState{Reader: doc.Reader, Checks: doc.Checks, CardPresent: doc.CardPresent}
	s.state.Eligible = EligibleState{}
	s.carried, s.retyping, s.kept = AccessState{}, false, nil
	s.state.Contact = ContactState{}
	s.state.PIN = PINState{}
	s.state.Review = ReviewState{}
	s.state.Receipt = nil
	s.state.HandedOver = false
	s.state.ConfirmCancel = false
	s.phone, s.email, s.sends = sending{}, sending{}, 0
	s.again = errands{}
}

// clear empties the desk: what is left belongs to the desk, not to a case.
func (s *Session) clear() {
	s.wipePerson()
	s.problem = nil
	s.interrupted, s.swapping = false, false
	s.recognising, s.stranger = 0, 0
	s.expiresAt = time.Time{}
	old := s.state
	s.state = State{
		Now: old.Now, DeskName: old.DeskName, TypedMRZ: old.TypedMRZ, Step: StepDocument, Status: old.Status,
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

// apply asks first when there is something to lose. From the moment the evidence leaves there is no
// way back, and a finished case has nothing to cancel.
func (Cancel) apply(s *Session) {
	s.note = ""
	switch {
	case s.state.Case == 0:
		s.errand = Errands[0]
	case !s.state.MayCancel():
	case s.state.Step == StepDocument || s.over() || s.interrupted:
		s.next()
	default:
		s.state.ConfirmCancel = true
	}
}

func (CancelConfirmed) apply(s *Session) {
	if s.state.ConfirmCancel && s.state.MayCancel() {
		s.next()
	}
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

// apply drops this document and waits for another. Until a contact was asked for there is
// nothing to lose; after that the clerk has to cancel.
func (OtherDocument) apply(s *Session) {
	s.note = ""
	if s.state.Case != 0 && (s.over() || s.interrupted || s.state.Examining()) {
		errand := s.errand
		s.leave()
		s.errand = errand
		s.startUnread()
		s.swapping = s.state.Case == 0
	}
}

// apply turns the only screen to the citizen, from the first step in which they have something to
// type, or back to the clerk.
func (e HandOver) apply(s *Session) {
	s.state.HandedOver = e.ToCitizen && s.at(s.state.Step)
}

// settleHands gives the only screen back to the clerk when the citizen has nothing to do on it.
func (s *Session) settleHands() {
	mine := s.state.Problem == nil && steps[s.state.Step].asksCitizen(s)
	s.state.HandedOver = s.state.HandedOver && mine
}

// apply switches one of the two screens.
func (e LanguageChosen) apply(s *Session) {
	if e.Language != Portuguese && e.Language != English {
		return
	}
	if e.Citizen {
		s.state.CitizenLanguage = e.Language
	} else {
		s.state.ClerkLanguage = e.Language
	}
}
