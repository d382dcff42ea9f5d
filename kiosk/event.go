package kiosk

// Event is something that happened: to a reader, at the centre, at the clerk's or citizen's hands,
// or to the clock. It knows what it does to a session: nothing, where it cannot happen now.
type Event interface{ apply(s *Session) }

// CaseEvent is an answer about one document or enrolment. It reaches the session inside an InCase.
type CaseEvent interface{ applyToCase(s *Session) }

// InCase is what happened in a case. When the case is over, nothing follows from it.
type InCase struct {
	Case  CaseID
	Event CaseEvent
}

func (e InCase) apply(s *Session) {
	if e.Event != nil {
		e.Event.applyToCase(s)
	}
}
