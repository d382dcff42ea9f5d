package kiosk

import (
	"slices"
	"time"
)

// keyStep shows the person's key and what may be done with it. It is left when the errand, and its reason where one is
// asked for, are chosen; then the enrolment of that errand is opened at the centre.
type keyStep struct{ plainStep }

// KeyPhase is how far the page of the key is.
type KeyPhase string

// Phases of the page of the key.
const (
	KeyReading KeyPhase = "reading" // the centre is asked
	KeyShown   KeyPhase = "shown"
	KeyNone    KeyPhase = "none"    // the person has none; Offered may be enrolled
	KeyOpening KeyPhase = "opening" // the errand is being opened at the centre
)

// KeyState is the person's key. What may be done now is in Offered: names of errands.
type KeyState struct {
	Phase         KeyPhase
	Key           *Key      // nil before it is known, and when there is none
	Offered       []string  // what may be done now, in the order offered
	Choosing      string    // which of them is chosen; "" when there is none
	Suggested     bool      // nobody chose it yet: it is the first
	Reason        KeyReason // chosen, of Reasons[Choosing]
	ReasonMissing bool      // the clerk wanted to go on without
	Problem       ProblemCode
}

// begin asks for the key, which may have changed since; one that was found without a document is there.
func (keyStep) begin(s *Session) {
	if s.state.Document.Identity != nil {
		s.readKey()
	}
}

// proceed does what was chosen. Without a document that is to suspend the key; for all else the document is wanted first.
func (keyStep) proceed(s *Session) {
	key := &s.state.Key
	if !s.at(StepKey) || key.Phase != KeyShown && key.Phase != KeyNone {
		return
	}
	errand, known := s.chosenErrand()
	switch {
	case !known:
		s.next()
	case s.state.Document.Identity == nil && errand.WithDocument():
		s.leave()
		s.start(errand)
		s.startUnread()
	case len(Reasons[errand.Name]) > 0 && key.Reason == "":
		key.ReasonMissing = true
	case s.opened && s.openedFor == errand.Name && errand.Has(StepKey):
		s.advance()
	default:
		if s.errand.Name != errand.Name {
			s.turn(errand)
		}
		switch {
		case s.over():
		case s.state.Step != StepKey || errand.Name == Word.Name:
			s.advance()
		default:
			key.Phase = KeyOpening
			s.open()
		}
	}
}

func (keyStep) retreat(s *Session) bool { return s.state.Key.Phase != KeyOpening }

func (keyStep) stop(s *Session) bool {
	reading := s.at(StepKey) && s.state.Key.Phase == KeyReading && !s.again.ask
	s.again.ask = s.again.ask || reading
	return s.stopOpening() || reading
}

func (keyStep) retry(s *Session) {
	if !s.at(StepKey) {
		return
	}
	if s.again.ask {
		s.readKey()
	}
	if s.again.open {
		s.open()
	}
}

// readKey asks the centre for the person's key.
func (s *Session) readKey() {
	before := s.state.Key
	s.state.Key = KeyState{Phase: KeyReading, Choosing: before.Choosing, Suggested: before.Suggested, Reason: before.Reason}
	s.again.ask = false
	s.dismiss("")
	s.ask(ReadKey{Case: s.live, Identity: *s.state.Document.Identity})
}

// chosenErrand returns what was chosen of what is offered.
func (s *Session) chosenErrand() (Errand, bool) {
	name := s.state.Key.Choosing
	if name == Word.Name {
		return Word, true
	}
	return s.state.named(name)
}

// show shows a key and what may be done with it. What the person came for, or was chosen before, stays chosen where it
// still may be; otherwise it is the first.
func (s *Session) show(shown *Key) {
	key := &s.state.Key
	before := *key
	*key = KeyState{Phase: KeyShown, Key: shown, Problem: before.Problem}
	switch {
	case shown == nil:
		key.Phase, key.Offered = KeyNone, []string{Errands[0].Name, "renew"}
		if before.Problem == "" && s.errand.Name != "key" {
			key.Problem = ProblemNoKey
		}
	case s.state.Document.Identity == nil && shown.offers("suspend"):
		key.Offered = append(key.Offered, Word.Name)
		fallthrough
	default:
		for _, errand := range Life {
			if shown.offers(errand.Name) && errand.Name != "renew" {
				key.Offered = append(key.Offered, errand.Name)
			}
		}
		if shown.offers("renew") && (s.errand.Name == "renew" || s.outlives(shown)) {
			key.Offered = slices.Insert(key.Offered, 0, "renew")
		}
	}
	if before.Suggested {
		before.Choosing = ""
	}
	for _, name := range []string{before.Choosing, s.errand.Name} {
		if key.Choosing == "" && slices.Contains(key.Offered, name) {
			key.Choosing = name
		}
	}
	if key.Choosing == "" && len(key.Offered) > 0 {
		key.Choosing, key.Suggested = key.Offered[0], true
	}
	if key.Choosing == before.Choosing {
		key.Reason = before.Reason
	}
	if wanted := s.errand; shown != nil && wanted.Has(StepReview) && !slices.Contains(key.Offered, wanted.Name) && key.Problem == "" {
		key.Problem = ProblemWrongState
	}
}

// outlives reports whether a key that is renewed with the document at hand would be valid for longer than it is.
func (s *Session) outlives(key *Key) bool {
	id := s.state.Document.Identity
	if id == nil {
		return false
	}
	last := id.ValidUntil.Latest()
	if id.Nationality == "PRT" {
		last = DateOf(time.Date(last.Year, last.Month, last.Day+s.rules.NationalGrace, 12, 0, 0, 0, time.UTC))
	}
	return key.ValidUntil.Before(last)
}

// KeyChosen says what to do with the key: one of KeyState.Offered. Continue begins it.
type KeyChosen struct{ Errand string }

func (e KeyChosen) apply(s *Session) {
	key := &s.state.Key
	if s.at(StepKey) && (key.Phase == KeyShown || key.Phase == KeyNone) && slices.Contains(key.Offered, e.Errand) {
		key.Choosing, key.Suggested, key.Reason, key.ReasonMissing, key.Problem = e.Errand, false, "", false, ""
	}
}

// ReasonChosen says why: one of Reasons of what was chosen.
type ReasonChosen struct{ Reason KeyReason }

func (e ReasonChosen) apply(s *Session) {
	key := &s.state.Key
	if s.at(StepKey) && key.Phase == KeyShown && slices.Contains(Reasons[key.Choosing], e.Reason) {
		key.Reason, key.ReasonMissing = e.Reason, false
	}
}

// ReadKey asks the centre for the key of the case's person: KeyRead.
type ReadKey struct {
	Case     CaseID
	Identity Identity
}

func (ReadKey) command() {}

// KeyRead brings the key, nil when the person has none.
type KeyRead struct{ Key *Key }

func (e KeyRead) applyToCase(s *Session) {
	if s.at(StepKey) && s.state.Key.Phase == KeyReading {
		s.show(e.Key)
	}
}
