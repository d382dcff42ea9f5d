package kiosk

// Behind is the whole state of a session, also what is kept behind the lock.
func Behind(s *Session) State { return s.state }

// Over reports whether the case ended with a problem, also behind the lock.
func Over(s *Session) bool { return s.over() }
