package desk

import (
	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

// transcript is what the card signs: what the person agreed to, over the centre's challenge. It is not
// complete while something is missing of what it speaks of.
func (v *visit) transcript(desk string, s *shift, facts kiosk.TranscriptFacts) (t transcript.Transcript, complete bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	statement := transcript.Statement{
		Enrolment: v.enrolmentID, Challenge: v.challenge, Desk: desk, OpenedAt: v.openedAt, Facts: facts,
		Evidence: v.evidence, Access: v.read.access(),
	}
	if s != nil {
		statement.Shift, statement.Staff, statement.Admission = s.id, s.staff, s.admission()
	}
	t = statement.Transcript()
	return t, v.signable()
}
