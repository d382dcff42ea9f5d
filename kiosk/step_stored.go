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

// ReadStored asks the centre: StoredRead.
type ReadStored struct{ Case CaseID }

func (ReadStored) command() {}

// StoredRead brings what is stored.
type StoredRead struct {
	Sections []StoredSection
	At       time.Time
	Problem  ProblemCode
}

func (e StoredRead) applyToCase(s *Session) {}
