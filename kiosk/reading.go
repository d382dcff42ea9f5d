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
	language, errand := s.state.CitizenLanguage, s.errand
	s.leave()
	s.state.CitizenLanguage, s.errand = language, errand
	if s.skewed() {
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
	if reader := s.holding(SlotCard, true); reader != 0 {
		s.startCase(reader)
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

func (e Activity) applyToCase(s *Session) {
	if s.reading() {
		s.state.Document.Activity = e.Key
	}
}

// applyToCase shows the person at once; the checks of what is shown follow one by one. A chip may state the real
// spelling of the names in a file that is read later: the same document's, or it is no news of this one.
func (e IdentityRead) applyToCase(s *Session) {
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
	if s.state.Step == StepDocument {
		s.advance()
	}
}

func (e PINTriesRead) applyToCase(s *Session) {
	if s.reading() {
		s.state.Document.PINTries = e.TriesLeft
	}
}

// applyToCase files one answer. A no, or no answer, refuses the document; the other answers are still
// filed, because the clerk is better served by the whole list. A no stays a no.
func (e CheckDone) applyToCase(s *Session) {
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

func (e PhotoProgress) applyToCase(s *Session) {
	if s.reading() {
		s.state.Document.PhotoPercent = min(max(e.Percent, 0), 100)
	}
}

// applyToCase brings the photograph, or the news that there is none.
func (e PhotoRead) applyToCase(s *Session) {
	doc := &s.state.Document
	if s.over() || !s.state.Examining() || doc.Photo != nil || doc.PhotoAbsent {
		return
	}
	doc.Photo = e.Photo
	doc.PhotoAbsent = e.Photo == nil
	doc.PhotoPercent = 100
}

// applyToCase ends the reading. Whatever was not answered by now is a refusal.
func (e DocumentComplete) applyToCase(s *Session) {
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

// applyToCase ends the reading with the verdict over all that was found. A card that was pulled is
// no verdict.
func (e DocumentRefused) applyToCase(s *Session) {
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

// applyToCase ends the reading without a word about the document.
func (e DocumentFailed) applyToCase(s *Session) {
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

// apply: the clerk compared the photograph with the person. Only a document that passed
// every check leads on; one that is no Citizen Card leads to what else is needed.
func (PersonConfirmed) apply(s *Session) {
	doc := &s.state.Document
	if s.at(StepIdentity) && doc.Complete && answered(doc.Checks) && (doc.Photo != nil || doc.PhotoAbsent) {
		s.advance()
	}
}

// apply: the document is not this person's. Nobody may stay on the screen.
func (PersonMismatch) apply(s *Session) {
	if s.at(StepIdentity) && s.state.Document.Identity != nil {
		s.end(Problem{Code: ProblemNotThePerson})
	}
}

// documentStep waits for a document, and for what opens it.
type documentStep struct{ plainStep }

func (documentStep) proceed(s *Session) { s.tryAccess() }

// identityStep shows who the document says they are while its checks come in. It is left when the clerk
// has compared the photograph: PersonConfirmed.
type identityStep struct{ plainStep }
