package kiosk

import "time"

// binding reports whether the evidence, or a supervisor's decision, is on its way: from here on only the centre decides.
func (s *Session) binding() bool {
	return s.state.Review.Phase == ReviewBinding || s.state.Approval.Phase == ApprovalDeciding ||
		s.state.Alerts.Phase == ApprovalDeciding
}

// bind sends the evidence.
func (s *Session) bind() {
	s.state.ConfirmCancel = false
	s.state.Review.Phase = ReviewBinding
	s.state.Review.BindSince = s.state.Now
	s.ask(Bind{Case: s.live, Marked: s.marked})
}

// Bind sends the evidence to the centre and waits: KeyActive, KeyPending, KeyRefused, or BindWaiting meanwhile.
type Bind struct {
	Case   CaseID
	Marked bool // a supervisor is to be told
}

func (Bind) command() {}

// BindWaiting: the centre does not answer; the runner keeps trying.
type BindWaiting struct{}

func (BindWaiting) applyToCase(s *Session) {
	if s.inReview(ReviewBinding) {
		s.state.Review.Waiting = true
	}
}

// KeyActive: the centre verified everything and the key works.
type KeyActive struct {
	Register   int64 // number in the centre's register
	ActiveAt   time.Time
	ValidUntil Date // the last day
	Level      Level
	Key        *Key // as it is now; nil where the centre does not say
	Leaf       Leaf // of the change
}

func (e KeyActive) applyToCase(s *Session) {
	if !s.inReview(ReviewBinding) {
		return
	}
	doc := s.state.Document
	receipt := Receipt{
		Register:   e.Register,
		ActiveAt:   e.ActiveAt,
		ValidUntil: e.ValidUntil,
		Beyond:     e.ValidUntil.daysAfter(doc.Identity.ValidUntil),
		Assurance:  Assurance{Level: e.Level},
		Key:        e.Key,
		Leaf:       e.Leaf,
	}
	if e.Level != LevelHigh {
		receipt.Assurance.Missing = append([]CheckName(nil), doc.Assurance.Missing...)
	}
	s.finish(receipt)
}

// finish ends the work. Only the receipt stays, until the next person or until it wipes itself; an errand without one goes
// on to what it was for.
func (s *Session) finish(receipt Receipt) {
	receipt.Person = s.state.Person().FullName()
	receipt.DeskTime = max(0, s.state.Now.Sub(s.state.Started))
	receipt.WipeAt = s.state.Now.Add(s.settings.WipeAfter)
	receipt.Errand, receipt.Undo = s.errand.Name, undoes[s.errand.Name]
	if contacts := s.proven(); len(contacts) > 0 {
		receipt.Login = contacts[0].Value
	} else if later := s.state.Contact.Later; later.Set {
		receipt.Activation = ActivationSent{Channel: later.Channel, Value: later.Value, ExpiresAt: later.ExpiresAt}
	}
	s.opened = false
	s.problem = nil
	facts := s.facts
	s.wipePerson()
	if s.errand.Has(StepDone) {
		s.state.Receipt, s.facts = &receipt, facts
	}
	s.advance()
}

// KeyPending: the centre accepted the evidence, and a supervisor decides.
type KeyPending struct{}

// applyToCase ends the work here; who decides later looks at the evidence. An errand without a receipt is for what comes only
// once it is decided.
func (KeyPending) applyToCase(s *Session) {
	switch {
	case !s.inReview(ReviewBinding):
	case s.errand.Has(StepDone):
		s.finish(Receipt{Pending: true})
	default:
		s.fail(Problem{Code: ProblemWaitingCase})
	}
}

// KeyRefused: the centre did not accept it.
type KeyRefused struct {
	Code ProblemCode
}

// applyToCase: the centre decided against it and has forgotten the person.
func (e KeyRefused) applyToCase(s *Session) {
	if s.inReview(ReviewBinding) {
		s.opened = false
		s.end(Problem{Code: e.Code})
	}
}
