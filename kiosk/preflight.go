package kiosk

import (
	"slices"
	"time"
)

// Before the first case of a day, and whenever the clerk asks on an empty desk, the desk looks at what the day needs and
// says what is missing. Nothing of it bars a case: what cannot be done, the errand itself refuses.

// Need is one thing that a day's work needs.
type Need string

// Needs, in the order in which they are listed.
const (
	NeedReaders      Need = "readers"
	NeedCentre       Need = "centre"
	NeedClock        Need = "clock"
	NeedDelivery     Need = "delivery"
	NeedCertificates Need = "certificates"
	NeedTrust        Need = "trust"
	NeedScreen       Need = "screen"
	NeedPrinter      Need = "printer"
)

// Lack is what is wrong with a need, where no ProblemCode says it.
type Lack string

// What may be lacking.
const (
	LackDocumentReader Lack = "document_reader"          // there are readers, none of them for citizens' documents
	LackSpeed          Lack = "speed"                    // the centre answers slowly
	LackTime           Lack = "time"                     // the clock drifts, and is not off yet
	LackSomeMessages   Lack = "some_messages"            // late, or by one channel only
	LackMessages       Lack = "messages"                 // none goes out
	LackDeskSoon       Lack = "desk_certificate_soon"    // it ends soon
	LackDeskExpired    Lack = "desk_certificate_expired" // or is not valid yet
	LackCentreSoon     Lack = "centre_certificate_soon"
	LackTrustFiles     Lack = "trust_files"     // some cannot be used
	LackLists          Lack = "lists"           // some State's newest revocation list has ended
	LackAnchors        Lack = "anchors"         // every anchor of the Citizen Card has ended
	LackSecondScreen   Lack = "second_screen"   // the configured one
	LackPrinter        Lack = "printer"         // the configured one
	LackRunningPrinter Lack = "running_printer" // it is stopped
	LackAnswer         Lack = "answer"          // something that was asked hangs
)

// Readiness is how one need stands: Passed; Unknown, which wants care; Failed, with which nobody can be enrolled; or
// Pending. Of the last but one and the one before it says why, by Problem or by Lack.
type Readiness struct {
	Need    Need
	Result  Result
	Problem ProblemCode
	Lack    Lack
	Reader  int       // of a Problem
	Names   []string  // of files, States, a printer: as they are called outside
	Count   int       // of readers
	Until   time.Time // when it ends that ends first; zero when that is not known
	Off     time.Duration
}

// PreflightState is the list. It is shown on an empty desk only.
type PreflightState struct {
	Shown    bool
	Asked    bool // the clerk wanted it: it stays
	Looking  bool // at what takes a while
	Needs    []Readiness
	ClosesAt time.Time // when all is well and nobody asked; else zero
}

// Lacks reports whether something is not as it should be, and whether that keeps people from being enrolled.
func (p PreflightState) Lacks() (anything, enrolling bool) {
	for _, n := range p.Needs {
		anything = anything || n.Result == Unknown
		enrolling = enrolling || n.Result == Failed
	}
	return anything || enrolling, enrolling
}

// readFor is how long a list on which all is well is shown.
const readFor = 2 * time.Second

// driftFrom is where a clock is said to drift. Far from Settings.MaxSkew: by then no case begins.
const driftFrom = time.Minute

// PreflightAsked (F4) has the desk look again.
type PreflightAsked struct{}

func (PreflightAsked) apply(s *Session) {
	if s.state.Case == 0 {
		s.lookAtDesk(true)
	}
}

// PreflightClosed puts the list away, whatever it says and whether or not it is complete.
type PreflightClosed struct{}

func (PreflightClosed) apply(s *Session) { s.state.Preflight = PreflightState{} }

// lookFirst looks once a day, before the first case of whoever opens the desk then.
func (s *Session) lookFirst() {
	if today := DateOf(s.state.Now); s.lookedOn != today && s.state.Shift.Staff.Role != RoleAuditor {
		s.lookedOn = today
		s.lookAtDesk(false)
	}
}

func (s *Session) lookAtDesk(asked bool) {
	s.looks++
	s.found = nil
	s.state.Preflight = PreflightState{Shown: true, Asked: asked, Looking: true}
	s.ask(LookAtDesk{Number: s.looks})
}

// LookAtDesk finds out how the needs stand that no event tells of: DeskLooked.
type LookAtDesk struct{ Number int }

func (LookAtDesk) command() {}

// DeskLooked brings what was found, of the LookAtDesk of that number.
type DeskLooked struct {
	Number int
	Needs  []Readiness
}

func (e DeskLooked) apply(s *Session) {
	if p := &s.state.Preflight; p.Looking && e.Number == s.looks {
		p.Looking, s.found = false, slices.Clone(e.Needs)
	}
}

// settlePreflight keeps the list as the desk is now: a reader that is plugged in while it is read turns good.
func (s *Session) settlePreflight() {
	p := &s.state.Preflight
	if !p.Shown {
		return
	}
	p.Needs = append(s.knownNeeds(), slices.DeleteFunc(slices.Clone(s.found), isCentre)...)
	switch lacks, _ := p.Lacks(); {
	case p.Asked || p.Looking || lacks:
		p.ClosesAt = time.Time{}
	case p.ClosesAt.IsZero():
		p.ClosesAt = s.state.Now.Add(readFor)
	}
}

// knownNeeds are those that events tell of.
func (s *Session) knownNeeds() []Readiness {
	status := s.state.Status
	needs := []Readiness{s.readersReady(), centreReady(status.Centre)}
	if i := slices.IndexFunc(s.found, isCentre); i >= 0 && needs[1].Result != Failed {
		needs[1] = s.found[i]
	}
	if status.Centre.Health == HealthDown || status.Centre.Health == HealthUnknown {
		return needs // who does not answer says nothing of clock and messages
	}
	clock := Readiness{Need: NeedClock, Result: Passed, Off: status.Centre.Skew}
	switch {
	case s.skewed():
		clock.Result, clock.Problem = Failed, ProblemClockSkew
	case clock.Off.Abs() > driftFrom:
		clock.Result, clock.Lack = Unknown, LackTime
	}
	needs = append(needs, clock)
	switch status.Delivery {
	case HealthGood:
		needs = append(needs, Readiness{Need: NeedDelivery, Result: Passed})
	case HealthPoor:
		needs = append(needs, Readiness{Need: NeedDelivery, Result: Unknown, Lack: LackSomeMessages})
	case HealthDown:
		needs = append(needs, Readiness{Need: NeedDelivery, Result: Failed, Lack: LackMessages})
	}
	return needs
}

func isCentre(r Readiness) bool { return r.Need == NeedCentre }

func (s *Session) readersReady() Readiness {
	r := Readiness{Need: NeedReaders, Result: Passed, Count: len(s.readers)}
	switch {
	case s.state.Status.Service != "":
		r.Result, r.Problem = Failed, s.state.Status.Service
	case len(s.readers) == 0:
		r.Result, r.Problem = Failed, ProblemNoReader
	case !slices.ContainsFunc(s.readers, func(r reader) bool { return !r.staff }):
		r.Result, r.Lack = Failed, LackDocumentReader
	case s.holding(SlotUnresponsive, false) != 0:
		r.Result, r.Problem, r.Reader = Unknown, ProblemCardUnresponsive, s.holding(SlotUnresponsive, false)
	}
	return r
}

func centreReady(centre CentreStatus) Readiness {
	r := Readiness{Need: NeedCentre, Result: Passed, Off: centre.RoundTrip}
	switch {
	case centre.Suspended:
		r.Result, r.Problem = Failed, ProblemDeskSuspended
	case centre.Health == HealthPoor:
		r.Result, r.Lack = Unknown, LackSpeed
	case centre.Health != HealthGood:
		r.Result, r.Problem = Failed, ProblemCentreDown
	}
	return r
}
