package kiosk

import "slices"

// What happens when the person says that something is wrong: it is corrected where it was entered, and what has
// nothing to do with it stays.

// Correct goes to the step in which what the person disputes was entered: StepContact, or StepEligibility for
// the tax number and the papers. In StepContact itself it opens what is proven to be changed.
type Correct struct{ Step Step }

// apply takes the clerk to where something is entered. What is proven stays proven until it is changed.
func (e Correct) apply(s *Session) {
	disputed := s.inReview(ReviewReading) && s.state.Review.Disputed
	switch {
	case !slices.Contains(s.path(), e.Step):
		return
	case e.Step == StepContact && (disputed || s.at(StepContact) && s.state.Contact.Settled):
		s.state.Contact.Correcting = true
	case e.Step == StepEligibility && disputed:
		s.state.Eligible.Refused = false
	default:
		return
	}
	s.state.Review = ReviewState{}
	s.state.Step = e.Step
}

// kept is what was entered for a document, while it is read again for another enrolment.
type kept struct {
	identity     Identity
	eligibility  Eligibility
	phone, email string
	marked       bool
}

// of reports whether that is the document for which it was entered.
func (k *kept) of(id Identity) bool {
	return k.identity.Kind == id.Kind && k.identity.Country == id.Country && k.identity.DocumentNumber == id.DocumentNumber
}

// startOver begins the case anew with the tax number that was corrected. The centre opened the enrolment with the
// one before, and proofs, PIN and transcript name the enrolment; so the document is read again, which is where every
// case begins. What was entered is kept.
func (s *Session) startOver() {
	doc, contact := s.state.Document, s.state.Contact
	entered := &kept{*doc.Identity, s.state.Eligible.Entered, contact.Phone.Text, contact.Email.Text, s.marked}
	access := doc.Access
	s.release("")
	switch {
	case access.NoChip:
		s.startTyped(access)
		s.tryAccess()
	case doc.CardPresent:
		s.startCase(doc.Reader)
	default:
		s.interrupt(Problem{Code: ProblemCode(ReasonRemoved)})
	}
	if s.live != 0 || s.interrupted {
		s.kept, s.marked = entered, entered.marked
	}
}
