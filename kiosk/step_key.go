package kiosk

// keyStep shows the person's key and what may be done with it. It is left when the errand, and its reason where one is
// asked for, are chosen.
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
	Phase    KeyPhase
	Key      *Key      // nil before it is known, and when there is none
	Offered  []string  // what may be done now, in the order of Errands
	Choosing string    // which of them is chosen; "" none yet
	Reason   KeyReason // chosen, of Reasons[Choosing]
	Problem  ProblemCode
}

// KeyChosen says what to do with the key: one of KeyState.Offered. Continue begins it.
type KeyChosen struct{ Errand string }

func (e KeyChosen) apply(s *Session) {}

// ReasonChosen says why: one of Reasons of what was chosen.
type ReasonChosen struct{ Reason KeyReason }

func (e ReasonChosen) apply(s *Session) {}

// ReadKey asks the centre for the key of the case's person: KeyRead.
type ReadKey struct {
	Case     CaseID
	Identity Identity
}

func (ReadKey) command() {}

// KeyRead brings the key, nil when the person has none.
type KeyRead struct{ Key *Key }

func (e KeyRead) applyToCase(s *Session) {}
