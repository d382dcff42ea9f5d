package kiosk

import "time"

// storedStep shows what is stored about the person, once the evidence held.
type storedStep struct{ plainStep }

// StoredState is what is stored about a person.
type StoredState struct {
	Reading  bool
	At       time.Time // when the centre was asked
	Sections []StoredSection
	Problem  ProblemCode
}

// StoredSection is a table of the centre's, named as in message keys.
type StoredSection struct {
	Name string
	Rows [][]StoredField
}

// StoredField is a column of a row, named as in message keys, and its value as text.
type StoredField struct{ Name, Value string }

// Text is the value as people write it: an instant in their zone as 29-11-2026 22:14, a day as 29-11-2026, and all else as
// the centre has it.
func (f StoredField) Text(zone *time.Location) string {
	if at, err := time.Parse(time.RFC3339, f.Value); err == nil {
		return at.In(zone).Format("02-01-2006 15:04")
	}
	if day, err := time.Parse(time.DateOnly, f.Value); err == nil {
		return day.Format("02-01-2006")
	}
	return f.Value
}

func (storedStep) begin(s *Session) {
	s.state.Stored = StoredState{Reading: true}
	s.ask(ReadStored{Case: s.live})
}

// proceed ends the case.
func (storedStep) proceed(s *Session) { s.next() }

func (storedStep) stop(s *Session) bool {
	if !s.state.Stored.Reading {
		return false
	}
	s.state.Stored.Reading, s.again.ask = false, true
	return true
}

func (st storedStep) retry(s *Session) {
	if s.at(StepStored) && s.again.ask {
		st.begin(s)
	}
}

// ReadStored asks the centre: StoredRead.
type ReadStored struct{ Case CaseID }

func (ReadStored) command() {}

// StoredRead brings what is stored, or why it is not known.
type StoredRead struct {
	Sections []StoredSection
	Problem  ProblemCode
}

func (e StoredRead) applyToCase(s *Session) {
	if s.at(StepStored) && s.state.Stored.Reading {
		s.state.Stored = StoredState{At: s.state.Now, Sections: e.Sections, Problem: e.Problem}
	}
}
