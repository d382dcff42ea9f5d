package desk

import (
	"log/slog"

	"balcao/kiosk"
)

// Journal logs where the desk is whenever that changes, and never who is there: a support log tells
// how a visit went, and nothing of the visitor. Note it after a state was drawn.
type Journal struct {
	Log  *slog.Logger
	last place
}

// place is what the journal says of a state.
type place struct {
	step    kiosk.Step
	visit   kiosk.CaseID
	pin     kiosk.PINPhase
	review  kiosk.ReviewPhase
	awaited kiosk.Channel
	read    bool
	checked bool
	photo   bool
	settled bool
	present bool
	held    bool // by another program
	open    bool
	asking  bool
	types   bool // what is printed on the document is typed
	wrong   int  // how often a chip refused it
	problem kiosk.ProblemCode
	service kiosk.ProblemCode
}

// Note logs the state's place if it differs from the last one noted.
func (j *Journal) Note(s kiosk.State) {
	now := place{
		step: s.Step, visit: s.Case, pin: s.PIN.Phase, review: s.Review.Phase, awaited: s.Contact.Awaited,
		read: s.Document.Identity != nil, checked: s.Document.Complete, photo: s.Document.Photo != nil,
		settled: s.Contact.Settled, present: s.Document.CardPresent, held: s.Document.Held, open: !s.Contact.Opening,
		asking: s.ConfirmCancel, types: s.Document.Access.Asked && s.Step == kiosk.StepDocument && !s.Document.Access.Opening,
		wrong: s.Document.Access.Wrong, service: s.Status.Service,
	}
	if s.Problem != nil {
		now.problem = s.Problem.Code
	}
	if now == j.last {
		return
	}
	j.last = now
	j.Log.Info("state", "case", uint64(s.Case), "reference", s.Reference, "step", string(s.Step), "identity", now.read, "checked", now.checked,
		"photo", now.photo, "card", now.present, "held", now.held, "opened", now.open, "awaits", string(now.awaited),
		"contact", now.settled, "pin", string(now.pin), "review", string(now.review), "asking", now.asking,
		"types", now.types, "wrong", now.wrong, "problem", string(now.problem), "service", string(now.service))
}
