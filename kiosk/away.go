package kiosk

import "time"

// awayAfter is how long the desk keeps asking for a code or a PIN while the card is away: the person may have left
// with it.
const awayAfter = time.Minute

// away is what the person is asked for while their card is out of its reader, and since when.
type away struct {
	step    Step    // "" when the card is there, or is not needed again, or nothing is asked for
	channel Channel // whose code
	since   time.Time
}

// settleAway forgets what was typed once the card has been away for a minute, and asks for nothing more until it is
// back. Screens wipe their boxes when State.Away comes. A PIN that was sealed stays: nobody at the desk can open it.
func (s *Session) settleAway() {
	now := away{since: s.state.Now}
	doc := &s.state.Document
	if step := s.state.Step; doc.Complete && !doc.CardPresent && doc.Signing != SigningDesk && s.at(step) && steps[step].asksSecret(s) {
		if now.step = step; step == StepContact { // at a later step a code that expires asks for nothing else
			now.channel = s.state.Contact.Awaited
		}
	}
	if now.step == s.away.step && now.channel == s.away.channel {
		now.since = s.away.since
	}
	s.away = now
	s.state.Away = now.step != "" && s.due(s.awayAt())
	if s.state.Away && s.state.PIN.Phase == PINRepeat {
		s.choosePIN()
		s.state.PIN.Forgotten = true
	}
}

// awayAt is when what was typed goes; zero while the card is there.
func (s *Session) awayAt() time.Time {
	if s.away.step == "" {
		return time.Time{}
	}
	return s.away.since.Add(awayAfter)
}
