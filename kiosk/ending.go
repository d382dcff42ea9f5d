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

// leave drops the case, whatever it is at, and empties the desk.
func (s *Session) leave() {
	s.release("")
	s.clear()
}

// cancel asks first when there is something to lose. From the moment the evidence leaves there is no
// way back, and a finished case has nothing to cancel.
func (s *Session) cancel() {
	s.note = ""
	switch {
	case !s.state.MayCancel() || s.state.Case == 0:
	case s.state.Step == StepDocument || s.over() || s.interrupted:
		s.next()
	default:
		s.state.ConfirmCancel = true
	}
}

func (s *Session) cancelConfirmed() {
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

// otherDocument drops this document and waits for another. Until a contact was asked for there is
// nothing to lose; after that the clerk has to cancel.
func (s *Session) otherDocument() {
	s.note = ""
	if s.state.Case != 0 && (s.over() || s.interrupted || s.state.Step <= StepIdentity) {
		s.next()
		s.swapping = s.state.Case == 0
	}
}

// proceed is the main button of the step.
func (s *Session) proceed() {
	switch {
	case s.over(), s.state.Step == StepDone:
		s.nextPerson()
	case s.state.Case == 0 || s.interrupted:
		s.retry()
	case s.typing():
		s.tryAccess()
	case s.at(StepIdentity) && s.state.Eligible.Asked:
		s.eligibilityDone()
	case s.at(StepContact) && s.state.Contact.Settled && !s.state.Contact.Phone.Checking && !s.state.Contact.Email.Checking:
		s.state.Contact.Correcting = false
		s.toPIN()
	case s.at(StepPIN) && s.state.PIN.Phase == PINSealed:
		s.toReview()
	case s.inReview(ReviewReading):
		s.state.Review.Disputed = false // there was no error after all: the person is asked again
	case s.inReview(ReviewCardPIN):
		s.agreed()
	}
}

// back returns to the step before. What was proven stays proven, and a PIN that was sealed stays chosen.
func (s *Session) back() {
	switch {
	case s.at(StepContact):
		s.state.Contact.Correcting = false
		s.state.Step = StepIdentity
	case s.at(StepIdentity) && s.state.Eligible.Asked:
		s.state.Eligible.Asked, s.state.Eligible.Refused = false, false
	case s.at(StepPIN) && s.state.PIN.Phase == PINSealed:
		s.state.Step = StepContact
	case s.at(StepPIN) && s.state.PIN.Phase != PINSealing:
		s.wipePIN()
		s.state.PIN = PINState{}
		s.state.Step = StepContact
	case s.inReview(ReviewReading, ReviewCard, ReviewCardPIN):
		s.state.Review = ReviewState{}
		s.state.Step = StepPIN
	default:
		return
	}
	s.state.HandedOver = false
	s.dismiss("")
}

// handOver turns the only screen to the citizen, from the first step in which they have something to
// type, or back to the clerk.
func (s *Session) handOver(e HandOver) {
	may := s.live != 0 && !s.over() && s.state.Step >= StepContact && s.state.Step <= StepReview && !s.binding()
	s.state.HandedOver = e.ToCitizen && may
}

// settleHands gives the only screen back to the clerk when the citizen has nothing to do on it.
func (s *Session) settleHands() {
	review := s.state.Review
	mine := s.state.Problem == nil && (s.state.Step == StepContact && s.state.Contact.Awaited != "" ||
		s.state.Step == StepContact && !s.state.Contact.Settled && s.state.Contact.Failed == "" ||
		s.state.Step == StepPIN && s.state.PIN.Phase != PINSealed ||
		s.state.Step == StepReview && review.Phase != ReviewBinding && !review.Disputed)
	s.state.HandedOver = s.state.HandedOver && mine
}

// languageChosen switches one of the two screens.
func (s *Session) languageChosen(e LanguageChosen) {
	if e.Language != Portuguese && e.Language != English {
		return
	}
	if e.Citizen {
		s.state.CitizenLanguage = e.Language
	} else {
		s.state.ClerkLanguage = e.Language
	}
}
