package kiosk

import (
	"slices"
)

// identityStep shows who the document says they are while its checks come in. It is left when the clerk
// has compared the photograph: PersonConfirmed.
type identityStep struct{ plainStep }

// DocumentState is the document at hand and what was learnt from it.
type DocumentState struct {
	Kind         DocumentKind // as far as recognised; "" before
	Access       AccessState  // what has to be typed for it
	Signing      Signing      // known when Complete
	Reader       int          // 1-based number of the reader it is or was in
	Reading      bool
	Activity     string // catalogue key of what is being read now
	Held         bool   // another program on this computer holds the card; the work goes on when it lets go
	Identity     *Identity
	Photo        *Photo // nil until read; see PhotoAbsent
	PhotoAbsent  bool   // the document carries none that can be shown; why is with CheckPhotoData
	PhotoPercent int
	Checks       []Check // in the order of the Check… constants, pending ones included
	Complete     bool    // everything was read and every check before the signature is in
	Assurance    Assurance
	CardPresent  bool // the same card is still (or again) in the reader
	PINTries     int  // tries left of the authentication PIN
	Pinpad       bool // the reader has its own keypad: the card's PIN is typed there
}

// PhotoUnshown reports whether the chip should have a photograph and has none that can be shown, so that the clerk
// compares the person with the one that is printed.
func (d DocumentState) PhotoUnshown() bool {
	return d.PhotoAbsent && slices.ContainsFunc(d.Checks, func(c Check) bool {
		return c.Name == CheckPhotoData && c.Reason == ReasonPhotoUnshown
	})
}

// Check returns the check of that name and whether it is in the list.
func (d DocumentState) Check(name CheckName) (Check, bool) {
	for _, c := range d.Checks {
		if c.Name == name {
			return c, true
		}
	}
	return Check{}, false
}

// travels reports whether the document is no Citizen Card, also when nothing is left of a refused one but its checks.
func (d DocumentState) travels() bool {
	_, asked := d.Check(CheckChipAuthenticity)
	return d.Kind.Travel() || d.Kind == "" && (d.Access.Asked || asked)
}

// Signing says what a document contributes to the evidence when the person has agreed.
type Signing string

// What a document contributes.
const (
	SigningPIN  Signing = ""     // a Citizen Card signs the transcript once its PIN is typed
	SigningChip Signing = "chip" // a travel document's chip answers the centre's challenge
	SigningDesk Signing = "desk" // nothing: the desk declares what its clerk saw
)

// IdentityRead brings the person as the document states it, before any check of it.
type IdentityRead struct {
	Identity Identity
	PINTries int
	Pinpad   bool
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
	s.guessLanguage(e.Identity.Nationality)
	doc.Access.Opening = false
	doc.PINTries = e.PINTries
	doc.Pinpad = e.Pinpad
	if s.state.Step == StepDocument {
		s.advance()
	}
}

// PINTriesRead says how many tries the card's authentication PIN has left.
type PINTriesRead struct {
	TriesLeft int
}

func (e PINTriesRead) applyToCase(s *Session) {
	if s.reading() {
		s.state.Document.PINTries = e.TriesLeft
	}
}

// CheckDone brings the answer to one check.
type CheckDone struct {
	Check Check
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

// pendingChecks is the list the clerk sees filling.
func pendingChecks(names []CheckName) []Check {
	checks := make([]Check, len(names))
	for i, name := range names {
		checks[i].Name = name
	}
	return checks
}

// PhotoProgress says how much of the photograph was read.
type PhotoProgress struct {
	Percent int
}

func (e PhotoProgress) applyToCase(s *Session) {
	if s.reading() {
		s.state.Document.PhotoPercent = min(max(e.Percent, 0), 100)
	}
}

// PhotoRead brings the photograph ready for the screen; nil when the document has none that can be shown.
type PhotoRead struct {
	Photo *Photo
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

// DocumentComplete says that everything was read and every check before the signature was answered.
type DocumentComplete struct {
	Assurance Assurance
	Signing   Signing
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

// DocumentRefused ends the reading: the document cannot be used.
type DocumentRefused struct {
	Reason Reason
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

// DocumentFailed ends the reading for a cause that is not the document's: reader busy, service gone.
type DocumentFailed struct {
	Problem Problem
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

// PersonConfirmed: the photograph is this person's.
type PersonConfirmed struct{}

// apply: the clerk compared the photograph with the person. Only a document that passed
// every check leads on; one that is no Citizen Card leads to what else is needed.
func (PersonConfirmed) apply(s *Session) {
	doc := &s.state.Document
	if s.at(StepIdentity) && doc.Complete && answered(doc.Checks) && (doc.Photo != nil || doc.PhotoAbsent) {
		s.advance()
	}
}

// PersonMismatch: it is not. Ends the case.
type PersonMismatch struct{}

// apply: the document is not this person's. Nobody may stay on the screen.
func (PersonMismatch) apply(s *Session) {
	if s.at(StepIdentity) && s.state.Document.Identity != nil {
		s.end(Problem{Code: ProblemNotThePerson})
	}
}
