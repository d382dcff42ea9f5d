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
