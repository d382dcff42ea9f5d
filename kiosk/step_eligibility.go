package kiosk

import (
	"slices"
	"strings"
)

// eligibilityStep asks for what is needed besides a document that is no Citizen Card.
type eligibilityStep struct{ plainStep }

// EligibleState is what a person without a Citizen Card brings besides the document.
type EligibleState struct {
	Entered Eligibility
	Faults  []Fault // of what was entered, in the order of the page; shown once Refused
	Refused bool    // the clerk wanted to go on and could not
	Opened  string  // the tax number with which the centre opened the enrolment; another one means another enrolment
}

func (eligibilityStep) skips(s *Session) bool { return !s.state.Document.travels() }

// begin shows the page. What was entered before stays.
func (eligibilityStep) begin(s *Session) {
	eligible := &s.state.Eligible
	if s.kept != nil && eligible.Entered == (Eligibility{}) {
		eligible.Entered = s.kept.eligibility
	}
	s.judgeEligibility()
}

// proceed goes on when everything is there. Somebody under an accompaniment measure is told
// now, before a contact is proven for nothing.
func (eligibilityStep) proceed(s *Session) {
	eligible := &s.state.Eligible
	s.judgeEligibility()
	switch {
	case eligible.Entered.Independence == Accompanied && !s.rules.Accompanied:
		s.end(Problem{Code: ProblemAccompanied})
	case len(eligible.Faults) > 0:
		eligible.Refused = true
	case s.opened && eligible.Opened != eligible.Entered.TaxNumber:
		s.startOver()
	default:
		s.advance()
	}
}

func (eligibilityStep) retreat(s *Session) bool {
	s.state.Eligible.Refused = false
	return true
}

// EligibilityEntered is what was brought besides the document, as entered so far.
type EligibilityEntered struct{ Eligibility Eligibility }

// apply takes the page as it stands.
func (e EligibilityEntered) apply(s *Session) {
	eligible := &s.state.Eligible
	if !s.at(StepEligibility) {
		return
	}
	entered := e.Eligibility
	for _, number := range []*string{&entered.TaxNumber, &entered.SocialSecurity.Value, &entered.HealthNumber.Value} {
		*number = strings.Join(strings.Fields(*number), "")
	}
	if s.state.Document.Identity.NameSource != NameCut {
		entered.Spelling = Spelling{}
	}
	eligible.Entered = entered
	s.judgeEligibility()
}

// judgeEligibility lists what is not met yet.
func (s *Session) judgeEligibility() {
	eligible := &s.state.Eligible
	rule, known := RuleFor(s.state.Document.Identity.Kind)
	if !known {
		return
	}
	asked := eligible.Entered
	if s.rules.Accompanied && asked.Independence == Accompanied {
		asked.Independence = Independent // whoever may enrol all the same has only to say so
	}
	eligible.Faults = rule.Faults(asked, DateOf(s.state.Now))
	papers := slices.IndexFunc(eligible.Faults, func(f Fault) bool {
		return f.Requirement == RequireAddress || f.Requirement == RequireResidence
	})
	if papers < 0 {
		papers = len(eligible.Faults)
	}
	if _, fault := s.state.Document.Identity.Spelled(asked.Spelling); fault != "" && fault != SpellingUnasked && fault != SpellingMissing {
		eligible.Faults = slices.Insert(eligible.Faults, papers, Fault{Requirement: RequireSpelling, Spelling: fault})
	}
	eligible.Faults = append(eligible.Faults, asked.numberFaults()...)
	if len(eligible.Faults) == 0 {
		eligible.Refused = false
	}
}

// Person is the document's identity with what was typed where the document says less: the tax number, and names
// that it may have cut off. It is empty before a document was read.
func (s State) Person() Identity {
	if s.Document.Identity == nil {
		return Identity{}
	}
	id, _ := s.Document.Identity.Spelled(s.Eligible.Entered.Spelling) // names that do not agree are no names yet
	if id.TaxNumber == "" {
		id.TaxNumber = s.Eligible.Entered.TaxNumber
	}
	return id
}
