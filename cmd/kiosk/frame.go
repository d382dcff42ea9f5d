package main

import (
	"sync"

	"balcao/kiosk"
)

// frames is what waits to be drawn. A document reader types ninety characters in the time in which the windows draw
// twice, and each character is a state: those that the next one overtakes while somebody types are not drawn.
type frames struct {
	mu      sync.Mutex
	pending []kiosk.State
}

// add appends a state and reports whether somebody has to be told to draw.
func (f *frames) add(s kiosk.State) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = append(f.pending, s)
	return len(f.pending) == 1
}

// take returns the states to draw, in their order.
func (f *frames) take() []kiosk.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	var drawn []kiosk.State
	for i, s := range f.pending {
		if i+1 == len(f.pending) || !overtakes(f.pending[i+1], s) {
			drawn = append(drawn, s)
		}
	}
	f.pending = nil
	return drawn
}

// overtakes reports whether a state differs from the one before only in what is being typed: the same page of the
// same case, nobody's photograph come or gone, nothing to say.
func overtakes(next, s kiosk.State) bool {
	typing := s.Document.Access.Asked && s.Step == kiosk.StepDocument || s.Step == kiosk.StepEligibility
	return typing && next.Case == s.Case && next.Step == s.Step && next.Problem == s.Problem &&
		next.Document.Photo == s.Document.Photo && next.Document.Reading == s.Document.Reading &&
		next.Document.Access.Asked == s.Document.Access.Asked && next.Document.Access.Wrong == s.Document.Access.Wrong &&
		next.Document.CardPresent == s.Document.CardPresent &&
		next.ConfirmCancel == s.ConfirmCancel && next.IdleSoon == s.IdleSoon
}
