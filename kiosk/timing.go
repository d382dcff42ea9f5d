package kiosk

import (
	"time"
)

// Tick says what time it is. The runner sends one at State.Wake, and before another event when time
// has passed.
type Tick struct{ Now time.Time }

// apply moves the clock and does what has become due.
func (e Tick) apply(s *Session) {
	s.state.Now = e.Now
	if s.due(s.state.Preflight.ClosesAt) {
		s.state.Preflight = PreflightState{}
	}
	switch {
	case s.state.Receipt != nil && !s.shut() && !e.Now.Before(s.state.Receipt.WipeAt):
		s.next()
	case s.due(s.idleAt()) && s.settings.ShiftRequired:
		s.lock()
	case s.due(s.idleAt()):
		s.leave()
		s.note = ProblemIdle
	case s.opened && !s.binding() && !s.over() && !s.expiresAt.IsZero() && !s.centreNow().Before(s.expiresAt):
		s.end(Problem{Code: ProblemExpired})
	case s.due(s.leaseEnd()):
		s.giveBack(ProblemLeaseOver)
	default:
		s.expireCodes()
	}
}

// due reports whether a moment that is set has come.
func (s *Session) due(at time.Time) bool { return !at.IsZero() && !s.state.Now.Before(at) }

// centreNow is the centre's clock, as far as the last round trip told.
func (s *Session) centreNow() time.Time { return s.state.Now.Add(-s.state.Status.Centre.Skew) }

// touches reports whether hands or cards, or the answers they wait for, are at work. A clock or a
// delivery report does not keep a forgotten case open.
func touches(e Event) bool {
	switch e := e.(type) {
	case Tick, ServiceChanged, ReaderAdded, ReaderRemoved, CentreChanged, Doubt, CasesListed, CasesChanged, ReportRead, ShiftEnded, DeskLooked:
		return false
	case InCase:
		switch e.Event.(type) {
		case DeliveryChanged, MessagesChanged:
			return false
		}
	}
	return true
}

// idleAt is when a case that nobody touches ends, or an open shift is locked: never while the centre decides, and a
// receipt has its own time.
func (s *Session) idleAt() time.Time {
	shifts := s.settings.ShiftRequired
	if s.binding() || s.state.Step == StepDone || s.shut() || s.state.Case == 0 && !shifts {
		return time.Time{}
	}
	return s.touched.Add(s.idleAfter())
}

// idleAfter is how long nobody need touch anything. A card that has to stay in its reader is taken along by whoever goes.
func (s *Session) idleAfter() time.Duration {
	if s.settings.ShiftRequired && !s.cardHeld() {
		return min(s.settings.LockAfter, s.settings.IdleAfter)
	}
	return s.settings.IdleAfter
}

// idleSoon reports whether it is time to warn that the case ends: a minute before, and never for most of
// the time that is allowed.
func (s *Session) idleSoon() bool {
	return s.due(s.idleWarning())
}

func (s *Session) idleWarning() time.Time {
	at := s.idleAt()
	if at.IsZero() || s.over() || s.state.Case == 0 {
		return time.Time{}
	}
	return at.Add(-min(time.Minute, s.idleAfter()/2))
}

// wake is the next moment at which the state changes by itself or a screen shows another time: each
// second while something counts down, otherwise with the minute of the clock.
func (s *Session) wake() time.Time {
	now := s.state.Now
	next := now.Truncate(time.Minute).Add(time.Minute)
	if s.counting() {
		next = now.Truncate(time.Second).Add(time.Second)
	}
	moments := []time.Time{s.state.IdleAt, s.idleWarning(), s.awayAt(), s.state.Shift.WipeAt, s.state.Shift.EndsAt, s.leaseEnd(), s.state.Preflight.ClosesAt}
	if s.state.Receipt != nil {
		moments = append(moments, s.state.Receipt.WipeAt)
	}
	for _, at := range moments {
		if at.After(now) && at.Before(next) {
			next = at
		}
	}
	return next
}

// counting reports whether a screen shows seconds.
func (s *Session) counting() bool {
	contact := &s.state.Contact
	return s.state.Receipt != nil || s.binding() || s.idleSoon() || !s.state.Shift.WipeAt.IsZero() ||
		s.state.Step == StepContact && (!contact.Phone.SentAt.IsZero() || !contact.Email.SentAt.IsZero())
}
