package kiosk

import "time"

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
	Enrolments int
	Median     time.Duration
	Others     int
}

// ReadReport asks the centre for the figures of a day at this desk: ReportRead. Case 0 is nobody's: the list of errands.
type ReadReport struct {
	Case CaseID
	Day  Date
}

func (ReadReport) command() {}

// ReportRead brings the figures.
type ReportRead struct {
	Day     Date
	Errands []ReportErrand
	Problem ProblemCode
}

func (e ReportRead) apply(s *Session) {}
