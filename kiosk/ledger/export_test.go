package ledger

// CrashAt calls f at each point where a crash would matter; its error ends the work at hand.
func (s *Sequencer) CrashAt(f func(point string) error) { s.testOnlyAt = f }
