package kiosk

import (
	"strings"

	"github.com/google/uuid"
)

// wordStep asks who wants a key suspended, without a document, for what the centre knows of its holder.
type wordStep struct{ plainStep }

// WordState is a suspension at the holder's word.
type WordState struct {
	NumberAsked bool // the number of the document or the NIF is asked for beside the birth date
	Incomplete  bool // what was said is no birth date, or the number is missing
	Sending     bool
	Wrong       bool // what was said is not what the centre knows
	Problem     ProblemCode
}

func (wordStep) begin(s *Session) { s.state.Word = WordState{NumberAsked: !s.rules.WordByBirth} }

func (wordStep) retreat(s *Session) bool { return !s.state.Word.Sending }

// stop: what was said is gone, and is asked again.
func (wordStep) stop(s *Session) bool {
	sending := s.state.Word.Sending
	s.state.Word.Sending = false
	return sending
}

// WordGiven is what somebody says of the holder.
type WordGiven struct {
	BirthDate Date
	Number    string
}

func (e WordGiven) apply(s *Session) {
	word, key := &s.state.Word, s.state.Key
	if !s.at(StepWord) || word.Sending || key.Key == nil {
		return
	}
	s.dismiss("")
	number := documentNumber(strings.ToUpper(strings.Join(strings.Fields(visible(e.Number)), "")))
	*word = WordState{NumberAsked: !s.rules.WordByBirth}
	if e.BirthDate.Year < FirstYear-50 || !e.BirthDate.Partial() && !e.BirthDate.exists() || word.NumberAsked && number == "" || len(number) > 40 {
		word.Incomplete = true
		return
	}
	word.Sending = true
	s.ask(SuspendByWord{
		Case: s.live, Search: s.searched, Register: key.Key.Register, BirthDate: e.BirthDate, Number: number, Reason: key.Reason,
	})
}

// SuspendByWord asks the centre to suspend a key that was found: WordTaken or WordRefused.
type SuspendByWord struct {
	Case      CaseID
	Search    uuid.UUID // Searched.ID
	Register  int64
	BirthDate Date
	Number    string
	Reason    KeyReason
}

func (SuspendByWord) command() {}

// WordTaken: the key is suspended.
type WordTaken struct{}

func (WordTaken) applyToCase(s *Session) {
	if s.at(StepWord) && s.state.Word.Sending {
		key := *s.state.Key.Key
		key.State = StatusSuspended
		s.finish(Receipt{Register: key.Register, Key: &key})
	}
}

// WordRefused: it is not. With Wrong, what was said is not what the centre knows.
type WordRefused struct {
	Wrong bool
	Code  ProblemCode
}

func (e WordRefused) applyToCase(s *Session) {
	if word := &s.state.Word; s.at(StepWord) && word.Sending {
		word.Sending, word.Wrong, word.Problem = false, e.Wrong, e.Code
	}
}
