package kiosk

import (
	"time"
)

// Health is how a service is doing.
type Health string

// Health of a service.
const (
	HealthUnknown Health = ""
	HealthGood    Health = "good"
	HealthPoor    Health = "poor" // works, with delays or for one channel only
	HealthDown    Health = "down"
)

// CentreStatus is the connection to the centre.
type CentreStatus struct {
	Health    Health
	Suspended bool          // the centre deals with this desk no more, or not now; Health is HealthDown then
	RoundTrip time.Duration // of the last call
	Skew      time.Duration // this computer's clock minus the centre's
}

// CentreChanged says how the centre is reached, and how delivery does there.
type CentreChanged struct {
	Centre   CentreStatus
	Delivery Health
	Rules    Rules // of a centre that answers; others are ignored
}

// apply notes how the centre is reached. Work that waited for it goes on by itself.
func (e CentreChanged) apply(s *Session) {
	before := s.state.Status.Centre
	if e.Centre.Health == HealthDown { // who does not answer says nothing new
		e.Centre.Skew = before.Skew
		e.Centre.Suspended = e.Centre.Suspended || before.Suspended
	}
	s.state.Status.Centre = e.Centre
	s.state.Status.Delivery = e.Delivery
	up := e.Centre.Health == HealthGood || e.Centre.Health == HealthPoor
	if up && e.Rules.Known() && !e.Rules.Equal(s.rules) {
		s.rules = e.Rules
		s.reconsider()
	}
	if up && s.problem != nil && !s.problem.Fatal && s.problem.Code == ProblemCentreDown {
		s.retry()
	}
	switch {
	case e.Centre.Suspended && s.state.Case != 0 && !s.over() && s.state.Step != StepDone:
		s.fail(Problem{Code: ProblemDeskSuspended})
	case before.Suspended && !e.Centre.Suspended && s.over() && s.problem.Code == ProblemDeskSuspended:
		s.next() // what its page waits for has come
	case s.state.Case == 0 && s.note == "" && s.barred() == "":
		s.startUnread()
	}
}

// barred says why no case may start at this desk, "" when one may.
func (s *Session) barred() ProblemCode {
	switch {
	case s.state.Status.Centre.Suspended:
		return ProblemDeskSuspended
	case s.skewed():
		return ProblemClockSkew
	case s.state.Shift.Phase == ShiftOpen && s.state.Shift.Staff.Role == RoleAuditor:
		return ProblemNotAllowed
	}
	return ""
}

// fail ends the case for a cause that is not the document's. Once the evidence is at the centre, it is not for the desk to
// call it back.
func (s *Session) fail(problem Problem) {
	s.opened = s.opened && !s.binding()
	s.end(problem)
}

// skewed reports whether this computer's clock is too far from the centre's to start a case.
func (s *Session) skewed() bool { return s.state.Status.Centre.Skew.Abs() > s.settings.MaxSkew }

// stopped is what a technical failure stopped and Retry asks for again, beside the messages that
// sending.failed marks.
type stopped struct {
	open, bind bool
	ask        bool // the one question of the step at hand
	recognise  int  // the reader, 0 when not
}

// CommandFailed: a command could not be carried out for a technical cause. Channel names the contact
// of a SendCode or ConfirmCode; without it, everything under way has failed.
type CommandFailed struct {
	Channel Channel
	Problem Problem
}

// applyToCase stops what was under way and remembers what can be asked for again. Secrets are gone:
// who typed them types them once more.
func (e CommandFailed) applyToCase(s *Session) {
	if s.refused {
		s.forget() // a fault while the remaining checks came in: nothing follows it
		return
	}
	if s.over() {
		return
	}
	if s.reading() {
		DocumentFailed{Problem: e.Problem}.applyToCase(s)
		return
	}
	if !s.stop(e.Channel) {
		return
	}
	problem := e.Problem
	switch {
	case problem.Fatal || problem.Code == ProblemExpired:
		s.fail(problem)
	case problem.Code.OfService():
		// The watcher says so too, and says when it is over.
	default:
		s.problem = &problem
	}
}

// stop ends the work under way on one channel, or all of it, and reports whether there was any.
func (s *Session) stop(c Channel) bool {
	stopped := s.stopChannel(SMS, c)
	stopped = s.stopChannel(Email, c) || stopped
	if c != "" {
		return stopped
	}
	for _, step := range s.errand.Steps {
		stopped = steps[step].stop(s) || stopped
	}
	if s.recognising != 0 {
		s.again.recognise, s.recognising = s.recognising, 0
		stopped = true
	}
	return stopped
}

func (s *Session) stopChannel(c, only Channel) bool {
	ch := s.channel(c)
	if only != "" && only != c || !ch.Sending && !ch.Checking {
		return false
	}
	if ch.Sending {
		s.sending(c).failed = true
	}
	if ch.Checking {
		ch.Problem = CodeLost // it is gone, and its boxes are empty
	}
	ch.Sending, ch.Checking = false, false
	return true
}

// Retry tries again what a Problem stopped: reads the document again, asks the centre again.
type Retry struct{}

func (Retry) apply(s *Session) {
	if s.shut() {
		s.readStaff()
		return
	}
	s.retry()
}

// retry does again what a problem stopped.
func (s *Session) retry() {
	s.note = ""
	switch {
	case s.state.Case == 0, s.interrupted, s.over():
		s.readAgain()
		return
	case s.problem != nil && s.problem.Code == ProblemCode(ReasonCardChanged):
		return // cured by the card that leaves, not by asking again
	}
	s.problem = nil
	for _, step := range s.errand.Steps {
		steps[step].retry(s)
	}
	reader := s.again.recognise
	s.again = stopped{}
	if reader != 0 && s.holds(reader) == SlotCard && !s.state.Document.CardPresent {
		s.recognise(reader)
	}
}

// readAgain reads the card that is in a reader: the case's, or else the first.
func (s *Session) readAgain() {
	if s.shut() {
		return
	}
	if s.state.Case != 0 && !s.errand.WithDocument() {
		s.next()
		return
	}
	reader := s.state.Document.Reader
	if s.holds(reader) == SlotCard {
		s.startCase(reader)
		return
	}
	if reader := s.holding(SlotCard, false); reader != 0 {
		s.startCase(reader)
		return
	}
	if s.over() {
		s.next()
	}
}
