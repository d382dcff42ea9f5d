package kiosk

import (
	"time"

	"github.com/google/uuid"
)

// Settings are the rules a desk works by. Zero values take the defaults named here.
type Settings struct {
	DeskName        string
	DefaultRegion   string // ISO 3166-1 alpha-2 of phone numbers typed without "+"; "PT"
	ClerkLanguage   Language
	CitizenLanguage Language
	Languages       []Language // that the citizen's screen can show; all of them

	Reference func() string // names a new case to the support, in a way that says nothing of the person; nil: none is named

	IdleAfter time.Duration // a case nobody touches ends by itself; 10 minutes

	WipeAfter time.Duration // the receipt leaves the screens by itself; 45 seconds
	MaxSkew   time.Duration // between this clock and the centre's; 5 minutes

	ShiftRequired bool          // no case begins before a member of staff has signed in
	StaffReader   bool          // the staff card has a reader of its own: ReaderAdded.Staff
	LockAfter     time.Duration // a desk without such a reader locks when nobody touches it; 2 minutes. With one, IdleAfter
	KeepLocked    time.Duration // how long a case is kept behind the lock; 2 minutes
}

// withDefaults returns the settings with every zero value replaced.
func (s Settings) withDefaults() Settings {
	setDefault(&s.DefaultRegion, "PT")
	setDefault(&s.ClerkLanguage, Portuguese)
	setDefault(&s.CitizenLanguage, Portuguese)
	if len(s.Languages) == 0 {
		s.Languages = Languages
	}
	setDefault(&s.IdleAfter, 10*time.Minute)
	setDefault(&s.WipeAfter, 45*time.Second)
	setDefault(&s.MaxSkew, 5*time.Minute)
	setDefault(&s.LockAfter, 2*time.Minute)
	setDefault(&s.KeepLocked, 2*time.Minute)
	return s
}

func setDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// Session is one desk at work: one case after the other. It is driven by one goroutine, keeps no
// clock of its own and does the same for the same events.
//
// An event that cannot happen in the present state, or that speaks of an earlier case, changes
// nothing; a secret in it is wiped. A secret that is accepted belongs to the session until it leaves in
// a command, from then on to the runner.
type Session struct {
	settings Settings
	state    State
	commands []Command // what the event being handled asks for

	errand  Errand    // of the case at hand, or of the next
	cases   CaseID    // the last number given
	live    CaseID    // the case whose events count; 0 when none is or it is over
	touched time.Time // when hands or cards last did something

	problem *Problem    // what stands in the case's way; State.Problem may also show the desk's own
	note    ProblemCode // shown on the empty desk until the next case: why the last one ended by itself

	readers []reader // in the order of their numbers

	later  []Command       // what the case asks for behind the lock: it waits for who unlocks
	marked bool            // the clerk's quiet mark
	signed bool            // the person's part is signed; the staff card's is missing
	facts  TranscriptFacts // what was signed last, for the papers of the last page

	languageChosen bool // by the person or for them, since the desk was empty

	ofShift bool // the staff card in Shift.Reader is the one that the shift was signed in with

	swapping    bool        // the person is asked for another document: the one in the reader is no stranger's
	interrupted bool        // the reading stopped; a card in any reader starts it anew
	refused     bool        // a check failed; the remaining ones are still coming in
	carried     AccessState // what was typed, while its document is laid on a reader again
	kept        *kept       // what was entered, while the case begins anew with the same document
	retyping    bool        // the clerk went back to it: it is not tried by itself
	rules       Rules       // the centre's, as it last told; until then the usual ones
	recognising int         // the reader whose card is being compared with the case's, 0 when none
	stranger    int         // the reader that holds another card than the case's, 0 when none

	opened    bool      // the centre has, or may have, an open enrolment to abandon
	openedFor string    // the errand of it
	searched  uuid.UUID // the centre's record of the search whose keys are shown
	expiresAt time.Time // of the open enrolment, by the centre's clock
	phone     sending
	email     sending
	sends     int // the last number given to a SendCode of this case

	laterNumber int // of the SetActivation under way or last asked for
	again       stopped

	lookedOn Date        // when the day's needs were looked at
	looks    int         // the number of the last LookAtDesk
	found    []Readiness // by it

	strayUntil time.Time // what is typed until then was meant for a page that is gone

	firstPIN Secret // only between the first entry and the second
	away     away
}

// NewSession returns an empty desk.
func NewSession(settings Settings, now time.Time) *Session {
	s := &Session{
		settings: settings.withDefaults(),
		rules:    UsualRules(),
		touched:  now,
	}
	s.errand = Errands[0]
	s.state = State{Now: now, DeskName: s.settings.DeskName, ClerkLanguage: s.settings.ClerkLanguage}
	if s.settings.ShiftRequired {
		s.state.Shift = s.noShift("")
	}
	s.clear()
	s.settle()
	return s
}

// State returns what the screens draw now.
func (s *Session) State() State { return s.shown() }

// Handle takes one event and returns the state it leads to and the commands it asks for, in the order
// in which they are to be carried out. The runner sends a Tick before an event when time has passed
// since the last one, so that State.Now is the time of the event.
func (s *Session) Handle(e Event) (State, []Command) {
	s.commands = nil
	if answer, ok := e.(InCase); ok && (s.live == 0 || answer.Case != s.live) {
		return s.shown(), nil // of a case that is over
	}
	if s.shut() && needsShift(e) {
		if typed, ok := e.(interface{ secret() Secret }); ok {
			typed.secret().Wipe()
		}
		return s.shown(), nil
	}
	if touches(e) {
		s.touched = s.state.Now
	}
	if e != nil {
		e.apply(s)
	}
	s.settle()
	commands := s.commands
	s.commands = nil
	return s.shown(), commands
}

// settle computes what follows from the rest of the state, after every event.
func (s *Session) settle() {
	s.settleShift()
	s.settleContact()
	s.settleAway()
	if s.problem != nil && s.problem.Code == ProblemInternal {
		s.problem.Reference = s.state.Reference
	}
	s.state.Problem = s.currentProblem()
	s.settleHands()
	s.state.MinAge = s.rules.MinAge
	s.state.TypedMRZ = s.rules.TypedMRZ != TypedRefused
	s.state.LeftBehind = s.leftBehind()
	s.state.Errand = Errand{Name: s.errand.Name, Steps: s.path(), Channel: s.errand.Channel}
	s.state.Status.Readers = s.shownReaders()
	s.settlePreflight()
	s.state.IdleAt = s.idleAt()
	s.state.IdleSoon = s.idleSoon()
	s.state.Wake = s.wake()
}

// ask adds a command for the runner. Behind the lock a case asks for nothing.
func (s *Session) ask(c Command) {
	if s.shut() && servesCase(c) {
		s.later = append(s.later, c)
		return
	}
	s.commands = append(s.commands, c)
}

// over reports whether the case ended with a problem that is still on the screen.
func (s *Session) over() bool { return s.problem != nil && s.problem.Fatal }

// at reports whether the case is in that step and going on.
func (s *Session) at(step Step) bool {
	return s.state.Step == step && s.live != 0 && !s.over() && !s.interrupted
}
