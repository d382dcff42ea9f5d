package kiosk

import "slices"

// startCase begins a case with the card in the reader: a new number, everything else forgotten. While
// this computer's clock is wrong no case starts, because evidence would carry a wrong time; the card
// is read once the clock is right.
func (s *Session) startCase(reader int) {
	before, kept := s.carriable(), s.kept
	if !s.interrupted {
		kept = nil // it belongs to the document that slipped
	}
	if !s.begin(reader) {
		return
	}
	s.carried, s.kept = before, kept
	s.read()
}

// begin numbers a new case at a reader, 0 for none, unless the clock is wrong.
func (s *Session) begin(reader int) bool {
	language := s.state.CitizenLanguage
	s.leave()
	s.state.CitizenLanguage = language
	if s.skewed() {
		return false
	}
	delete(s.unread, reader)
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

// read asks for what lies on the case's reader.
func (s *Session) read() {
	reader := s.state.Document.Reader
	s.state.Document = DocumentState{
		Reader: reader, Reading: true, CardPresent: true, Checks: pendingChecks(ExpectedChecks(CitizenCard)),
	}
	s.ask(ReadDocument{Case: s.live, Reader: reader})
}

// startUnread begins a case with a card that came while it could not be read.
func (s *Session) startUnread() {
	for _, reader := range s.cardsIn() {
		if s.unread[reader] {
			s.startCase(reader)
			return
		}
	}
}

// pendingChecks is the list the clerk sees filling.
func pendingChecks(names []CheckName) []Check {
	checks := make([]Check, len(names))
	for i, name := range names {
		checks[i].Name = name
	}
	return checks
}

func (s *Session) reading() bool { return s.state.Document.Reading && !s.over() }

func (s *Session) activity(e Activity) {
	if s.reading() {
		s.state.Document.Activity = e.Key
	}
}

// identityRead shows the person at once; the checks of what is shown follow one by one. A chip may state the real
// spelling of the names in a file that is read later: the same document's, or it is no news of this one.
func (s *Session) identityRead(e IdentityRead) {
	doc := &s.state.Document
	if !s.reading() {
		return
	}
	// A passport that became a Citizen Card would have nothing to bring, and checks that nobody answered.
	travels := doc.Kind.Travel() || doc.Kind == "" && doc.Access.Asked
	if e.Identity.Kind.Travel() != travels {
		return
	}
	if known := doc.Identity; known != nil && (known.Kind != e.Identity.Kind || known.Country != e.Identity.Country ||
		known.DocumentNumber != e.Identity.DocumentNumber) {
		return
	}
	if s.kept != nil && !s.kept.of(e.Identity) {
		s.kept = nil
	}
	doc.Identity = &e.Identity
	doc.Kind = e.Identity.Kind
	doc.Access.Opening = false
	doc.PINTries = e.PINTries
	doc.Pinpad = e.Pinpad
	s.state.Step = StepIdentity
}

func (s *Session) pinTriesRead(e PINTriesRead) {
	if s.reading() {
		s.state.Document.PINTries = e.TriesLeft
	}
}

// checkDone files one answer. A no, or no answer, refuses the document; the other answers are still
// filed, because the clerk is better served by the whole list. A no stays a no.
func (s *Session) checkDone(e CheckDone) {
	if !s.reading() && !s.refused || e.Check.Result == Pending {
		return
	}
	s.file(e.Check)
	if reason, failed := worst(s.state.Document.Checks); failed {
		s.refuse(reason)
	}
}

// file puts an answer in its place without touching the list that screens already have.
func (s *Session) file(check Check) {
	checks := slices.Clone(s.state.Document.Checks)
	i := slices.IndexFunc(checks, func(c Check) bool { return c.Name == check.Name })
	switch {
	case i < 0:
		checks = append(checks, check)
	case checks[i].Result != Failed:
		checks[i] = check
	}
	s.state.Document.Checks = checks
}

func (s *Session) photoProgress(e PhotoProgress) {
	if s.reading() {
		s.state.Document.PhotoPercent = min(max(e.Percent, 0), 100)
	}
}

// photoRead brings the photograph, or the news that there is none.
func (s *Session) photoRead(e PhotoRead) {
	doc := &s.state.Document
	if s.over() || s.state.Step > StepIdentity || doc.Photo != nil || doc.PhotoAbsent {
		return
	}
	doc.Photo = e.Photo
	doc.PhotoAbsent = e.Photo == nil
	doc.PhotoPercent = 100
}

// documentComplete ends the reading. Whatever was not answered by now is a refusal.
func (s *Session) documentComplete(e DocumentComplete) {
	if s.refused {
		s.forget()
		return
	}
	if !s.reading() {
		return
	}
	doc := &s.state.Document
	if doc.Identity == nil || !answered(doc.Checks) {
		s.end(Problem{Code: ProblemInternal, Reader: doc.Reader})
		return
	}
	doc.Reading, doc.Activity = false, ""
	doc.Complete = true
	doc.Assurance = e.Assurance
	doc.Assurance.Missing = slices.Clone(e.Assurance.Missing)
	doc.Signing = e.Signing
	s.reconsider() // the checks may have been made under earlier rules
}

// documentRefused ends the reading with the verdict over all that was found. A card that was pulled is
// no verdict.
func (s *Session) documentRefused(e DocumentRefused) {
	switch {
	case s.refused:
		if failedFor(s.state.Document.Checks, e.Reason) {
			s.refuse(e.Reason)
		}
		s.forget()
	case !s.reading():
	case e.Reason == ReasonRemoved:
		s.interrupt(Problem{Code: ProblemCode(e.Reason)})
	default:
		s.refuse(e.Reason)
		s.forget()
	}
}

// documentFailed ends the reading without a word about the document.
func (s *Session) documentFailed(e DocumentFailed) {
	switch {
	case s.refused:
		s.forget()
	case !s.reading():
	case e.Problem.Fatal:
		s.end(e.Problem)
	default:
		s.interrupt(e.Problem)
	}
}

// refuse ends the case for a reason of the document's, keeping what does not identify the person.
func (s *Session) refuse(reason Reason) {
	problem := Problem{Code: ProblemCode(reason), Reader: s.state.Document.Reader, Fatal: true}
	if s.problem != nil {
		problem.Activity = s.problem.Activity
	} else {
		problem.Activity = s.state.Document.Activity
	}
	s.problem = &problem
	s.refused = true
	s.wipePerson()
}

// interrupt stops a reading that starts anew by itself when a card is there again, be it the same or
// another: so nothing of this one may stay.
func (s *Session) interrupt(problem Problem) {
	problem.Fatal = false
	if problem.Code.OfService() {
		problem.Code = ProblemCode(ReasonRemoved) // what remains to be cured when the service is back
	}
	if problem.Reader == 0 {
		problem.Reader = s.state.Document.Reader
	}
	if problem.Activity == "" {
		problem.Activity = s.state.Document.Activity
	}
	typed := s.carriable()
	typed.Opening = false
	kept := s.kept
	s.wipePerson()
	s.forget()
	s.kept = kept
	s.carried = typed // a document that slipped is not typed twice
	s.interrupted = true
	s.problem = &problem
}

// personConfirmed: the clerk compared the photograph with the person. Only a document that passed
// every check leads on; one that is no Citizen Card leads to what else is needed.
func (s *Session) personConfirmed() {
	doc := &s.state.Document
	if !s.at(StepIdentity) || s.state.Eligible.Asked || !doc.Complete || !answered(doc.Checks) || doc.Photo == nil && !doc.PhotoAbsent {
		return
	}
	if doc.Identity.Kind.Travel() {
		s.askEligibility()
		return
	}
	s.toContact()
}

// toContact opens the enrolment, unless the clerk only went back and on.
func (s *Session) toContact() {
	s.state.Step = StepContact
	if s.kept != nil {
		s.state.Contact.Phone.Text, s.state.Contact.Email.Text = s.kept.phone, s.kept.email
		s.kept = nil
	}
	if !s.opened || s.again.open {
		s.open()
	}
}

// personMismatch: the document is not this person's. Nobody may stay on the screen.
func (s *Session) personMismatch() {
	if s.at(StepIdentity) && s.state.Document.Identity != nil {
		s.end(Problem{Code: ProblemNotThePerson})
	}
}
