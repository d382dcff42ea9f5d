package kiosk

// HandOver gives the only screen to the citizen (F2), or takes it back.
type HandOver struct{ ToCitizen bool }

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

// StillHere says that somebody is at work on a screen without having sent anything: they type, or
// answered the warning before the case ends by itself.
type StillHere struct{}

func (StillHere) apply(s *Session) {}
