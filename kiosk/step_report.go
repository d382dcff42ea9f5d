package kiosk

import (
	"slices"
	"time"
)

// reportStep shows the day's figures of this desk.
type reportStep struct{ plainStep }

// ReportState is the day's figures of this desk: counts and times, no people.
type ReportState struct {
	Reading bool
	Day     Date
	Errands []ReportErrand
	Problem ProblemCode
}

// ReportErrand is how often an errand came to an outcome, and how long it took.
type ReportErrand struct {
	Errand, Outcome string
	Count           int
	Median          time.Duration
	Steps           []ReportStepTime // in the order of the errand
}

// ReportStepTime is the median time in a step.
type ReportStepTime struct {
	Step   Step
	Median time.Duration
}

// DayFigures are what the list of errands says of the day. Zero while nothing is known.
type DayFigures struct {
	Known      bool
	Enrolments int           // keys that were made
	Median     time.Duration // of those
	Others     int           // other errands that came to their end
}

func (reportStep) begin(s *Session) {
	s.state.Report = ReportState{Reading: true, Day: DateOf(s.state.Now)}
	s.readReport()
}

func (reportStep) proceed(s *Session) { s.next() }

func (st reportStep) retry(s *Session) {
	if s.at(StepReport) {
		st.begin(s)
	}
}

// readReport asks for the day's figures.
func (s *Session) readReport() { s.ask(ReadReport{Day: DateOf(s.state.Now)}) }

// ReadReport asks the centre for the figures of a day at this desk: ReportRead.
type ReadReport struct{ Day Date }

func (ReadReport) command() {}

// ReportRead brings the figures, or why they are not known. They are about no person.
type ReportRead struct {
	Day     Date
	Errands []ReportErrand
	Problem ProblemCode
}

// Outcome of an errand that did what it is for.
const reportDone = "active"

func (e ReportRead) apply(s *Session) {
	if s.at(StepReport) && s.state.Report.Day == e.Day {
		s.state.Report = ReportState{Day: e.Day, Errands: slices.Clone(e.Errands), Problem: e.Problem}
	}
	if e.Day != DateOf(s.state.Now) || e.Problem != "" {
		return
	}
	today := DayFigures{Known: true}
	for _, errand := range e.Errands {
		switch {
		case errand.Outcome != reportDone:
		case errand.Errand == Errands[0].Name:
			today.Enrolments += errand.Count
			today.Median = errand.Median
		default:
			today.Others += errand.Count
		}
	}
	s.state.Today = today
}
