package kiosk

import (
	"slices"
)

// Step is one page of an errand, named as in message keys and logs.
type Step string

// The steps there are. Each has a file of its own, step_….go.
const (
	StepDocument    Step = "document"
	StepIdentity    Step = "identity"
	StepEligibility Step = "eligibility"
	StepContact     Step = "contact"
	StepPIN         Step = "pin"
	StepReview      Step = "review"
	StepDone        Step = "done"
	StepCases       Step = "cases"
	StepCase        Step = "case"
	StepDecision    Step = "decision"
	StepKey         Step = "key"
	StepActivation  Step = "activation"
	StepTry         Step = "try"
	StepStored      Step = "stored"
	StepSearch      Step = "search"
	StepWord        Step = "word"
	StepNotMe       Step = "not_me"
	StepReport      Step = "report"
	StepAlerts      Step = "alerts"
	StepAlert       Step = "alert"
)

// Errand is what a person came for: the steps to it, in their order. A step knows nothing of the errand
// that it is in.
type Errand struct {
	Name    string // of message keys: "errand.<name>.…", the texts that differ from errand to errand
	Steps   []Step
	Channel Channel // of the one contact that it proves; "": any
}

// Errands are what the list of errands offers. The first is what a document laid on an empty desk begins.
var Errands = []Errand{
	{Name: "enrol", Steps: []Step{StepDocument, StepIdentity, StepEligibility, StepContact, StepPIN, StepReview, StepDone}},
	{Name: "check", Steps: []Step{StepDocument, StepIdentity}}, // verifies a document and stops; needs no centre
}

// Life are the errands of a key that there is. What may be done with a key is offered in this order.
var Life = []Errand{
	{Name: "key", Steps: []Step{StepDocument, StepIdentity, StepKey}}, // shows the person's key, and what may be done with it
	{Name: "activate", Steps: []Step{StepDocument, StepIdentity, StepKey, StepActivation, StepContact, StepReview, StepDone}},
	{Name: "unblock", Steps: []Step{StepDocument, StepIdentity, StepKey, StepReview, StepDone}},
	{Name: "reactivate", Steps: []Step{StepDocument, StepIdentity, StepKey, StepReview, StepDone}},
	{Name: "renew", Steps: []Step{StepDocument, StepIdentity, StepKey, StepTry, StepReview, StepDone}},
	{Name: "pin", Steps: []Step{StepDocument, StepIdentity, StepKey, StepPIN, StepReview, StepDone}},
	{Name: "phone", Steps: []Step{StepDocument, StepIdentity, StepKey, StepContact, StepReview, StepDone}, Channel: SMS},
	{Name: "email", Steps: []Step{StepDocument, StepIdentity, StepKey, StepContact, StepReview, StepDone}, Channel: Email},
	{Name: "suspend", Steps: []Step{StepDocument, StepIdentity, StepKey, StepReview, StepDone}},
	{Name: "cancel", Steps: []Step{StepDocument, StepIdentity, StepKey, StepReview, StepDone}},
	{Name: "stored", Steps: []Step{StepDocument, StepIdentity, StepKey, StepReview, StepStored}},
	{Name: "try", Steps: []Step{StepDocument, StepIdentity, StepKey, StepTry}},
	{Name: "search", Steps: []Step{StepSearch, StepKey}}, // finds a key without its holder's document
	{Name: "not_me", Steps: []Step{StepNotMe, StepDone}}, // freezes a key by the code of a notice
	{Name: "report", Steps: []Step{StepReport}},          // the day's figures
}

// Word suspends a key that was found, at its holder's word. It begins on the page of the key.
var Word = Errand{Name: "word", Steps: []Step{StepSearch, StepKey, StepWord, StepDone}}

// Errands of supervisors: to decide about enrolments that wait, and about what the centre noticed.
var (
	Approve = Errand{Name: "approve", Steps: []Step{StepCases, StepCase, StepDecision}}
	Alerts  = Errand{Name: "alerts", Steps: []Step{StepAlerts, StepAlert}}
)

// undoes names the errand that takes another one back, where that does no harm.
var undoes = map[string]string{"suspend": "reactivate", "word": "reactivate", "reactivate": "suspend"}

// named returns the errand of a name that whoever works at the desk may begin.
func (s State) named(name string) (Errand, bool) {
	offered := append(slices.Clone(s.Offered()), Life...)
	i := slices.IndexFunc(offered, func(errand Errand) bool { return errand.Name == name })
	if i < 0 {
		return Errand{}, false
	}
	return offered[i], true
}

// Offered are the errands of whoever works at the desk. A decision is signed by one's own card.
func (s State) Offered() []Errand {
	if s.Shift.Staff.Role == RoleSupervisor && s.Shift.AdmittedBy == "" {
		return append(slices.Clone(Errands), Approve, Alerts)
	}
	return Errands
}

// step is what the session asks of a step; the rest of it are its events.
type step interface {
	begin(s *Session)            // the case arrives at it, from either side
	skips(s *Session) bool       // it asks nothing of this person, and is passed over
	passed(s *Session) bool      // it has its answer from before: going on leads past it
	proceed(s *Session)          // the clerk's main button
	retreat(s *Session) bool     // undoes what may not stay when the clerk goes back; false: they cannot now
	asksCitizen(s *Session) bool // the person has something to do on their screen
	asksSecret(s *Session) bool  // they are asked for a code or a PIN
	stop(s *Session) bool        // a technical failure: ends what is under way; false: nothing was
	retry(s *Session)            // asks again for what stop ended
}

// steps is what each Step is.
var steps = map[Step]step{
	StepDocument:    documentStep{},
	StepIdentity:    identityStep{},
	StepEligibility: eligibilityStep{},
	StepContact:     contactStep{},
	StepPIN:         pinStep{},
	StepReview:      reviewStep{},
	StepDone:        doneStep{},
	StepCases:       casesStep{},
	StepCase:        caseStep{},
	StepDecision:    decisionStep{},
	StepKey:         keyStep{},
	StepActivation:  activationStep{},
	StepTry:         tryStep{},
	StepStored:      storedStep{},
	StepSearch:      searchStep{},
	StepWord:        wordStep{},
	StepNotMe:       notMeStep{},
	StepReport:      reportStep{},
	StepAlerts:      alertsStep{},
	StepAlert:       alertStep{},
}

// plainStep is a step that asks everybody, and does nothing but by its own events.
type plainStep struct{}

func (plainStep) begin(*Session) {}

func (plainStep) skips(*Session) bool { return false }

func (plainStep) passed(*Session) bool { return false }

func (plainStep) proceed(*Session) {}

func (plainStep) retreat(*Session) bool { return false }

func (plainStep) asksCitizen(*Session) bool { return false }

func (plainStep) asksSecret(*Session) bool { return false }

func (plainStep) stop(*Session) bool { return false }

func (plainStep) retry(*Session) {}

// path returns the errand's steps without those that ask nothing of this person.
func (s *Session) path() []Step {
	return slices.DeleteFunc(slices.Clone(s.errand.Steps), func(step Step) bool { return steps[step].skips(s) })
}

// advance goes on to the errand's next step that has no answer yet. After the last the desk is empty for the
// next person.
func (s *Session) advance() {
	path := s.path()
	for _, next := range path[slices.Index(path, s.state.Step)+1:] {
		if s.reach(next); !steps[next].passed(s) {
			return
		}
	}
	s.next()
}

// lastStep reports whether going on ends the case.
func (s *Session) lastStep() bool {
	path := s.path()
	return path[len(path)-1] == s.state.Step
}

// reach begins a step.
func (s *Session) reach(step Step) {
	s.state.Step = step
	steps[step].begin(s)
}

// Back returns to the step before, keeping what was proven.
type Back struct{}

// apply returns to the step before. What was proven stays proven.
func (Back) apply(s *Session) {
	path := s.path()
	before := slices.Index(path, s.state.Step) - 1
	if before < 0 || !s.at(s.state.Step) || !steps[s.state.Step].retreat(s) {
		return
	}
	s.reach(path[before])
	s.state.HandedOver = false
	s.dismiss("")
}

// Continue is the step's main button.
type Continue struct{}

// apply is the main button of the step.
func (Continue) apply(s *Session) {
	switch {
	case s.over():
		s.nextPerson()
	case s.state.Case == 0 || s.interrupted:
		s.retry()
	default:
		steps[s.state.Step].proceed(s)
	}
}

// ErrandsAsked opens the list of errands, on an empty desk. Cancel closes it.
type ErrandsAsked struct{}

// apply asks for the day's figures too, which stand beside the list.
func (ErrandsAsked) apply(s *Session) {
	s.state.Preflight = PreflightState{}
	if s.state.Choosing = s.state.Case == 0; s.state.Choosing && s.settings.ShiftRequired {
		s.readReport()
	}
}

// ErrandChosen says what the next person came for. It changes nothing while somebody is served.
type ErrandChosen struct{ Name string }

func (e ErrandChosen) apply(s *Session) {
	if errand, known := s.state.named(e.Name); known && s.state.Case == 0 {
		s.start(errand)
	}
}

// start begins an errand on an empty desk: at once, or with the document that it wants.
func (s *Session) start(errand Errand) {
	s.errand, s.note, s.state.Choosing = errand, "", false
	switch first := errand.Steps[0]; {
	case first == StepDocument:
	case s.begin(0):
		s.reach(first)
	default:
		s.errand = Errands[0]
	}
}

// turn makes another errand of the case at hand, which goes on from the last step that both have. What was proven and
// entered in steps behind that one is forgotten.
func (s *Session) turn(errand Errand) {
	path := s.errand.Steps
	at := slices.Index(path, s.state.Step)
	for at > 0 && !errand.Has(path[at]) {
		at--
	}
	s.errand, s.state.Step = errand, path[at]
	s.wipeProofs()
	if !errand.Has(StepEligibility) { // the centre believes nothing in an errand that it does not ask for
		s.state.Eligible = EligibleState{}
	}
	s.reconsider()
}

// Has reports whether the errand goes through a step.
func (e Errand) Has(step Step) bool { return slices.Contains(e.Steps, step) }

// NeedsCentre reports whether the errand is more than to look at a document.
func (e Errand) NeedsCentre() bool {
	return slices.ContainsFunc(e.Steps, func(step Step) bool { return step != StepDocument && step != StepIdentity })
}

// MakesKey reports whether the errand is for people who have no key: they prove a contact and choose a PIN.
func (e Errand) MakesKey() bool { return e.Has(StepContact) && e.Has(StepPIN) }

// WithDocument reports whether the errand begins with the person's document.
func (e Errand) WithDocument() bool { return e.Steps[0] == StepDocument }

// Past reports whether the case has gone beyond a step of its errand.
func (s State) Past(step Step) bool {
	at := slices.Index(s.Errand.Steps, step)
	return at >= 0 && slices.Index(s.Errand.Steps, s.Step) > at
}

// Examining reports whether the document, and what belongs to it, is still being looked at: nobody was
// asked to prove a contact or to choose a PIN, so there is nothing to lose.
func (s State) Examining() bool {
	return s.Step == StepDocument || s.Step == StepIdentity || s.Step == StepEligibility
}
