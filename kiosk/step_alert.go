package kiosk

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// alertsStep lists the alerts that a supervisor may decide: where a rule against misuse was broken.
type alertsStep struct{ plainStep }

func (alertsStep) begin(s *Session) {
	s.state.Alerts = AlertsState{Phase: ApprovalList, Alerts: s.state.Alerts.Alerts, Problem: s.state.Alerts.Problem}
	s.listAlerts()
}

func (alertsStep) stop(s *Session) bool {
	if s.state.Alerts.Phase != ApprovalTaking {
		return false
	}
	s.state.Alerts.Phase = ApprovalList
	return true
}

func (alertsStep) retry(s *Session) { s.listAlerts() }

func (s *Session) listAlerts() {
	s.state.Alerts.Listing = true
	s.ask(ListAlerts{Case: s.live})
}

// alertStep shows one alert and what led to it; what the supervisor decides is signed by their card.
type alertStep struct{ plainStep }

func (alertStep) begin(s *Session) {
	alerts := &s.state.Alerts
	alerts.Phase, alerts.Decision, alerts.Reason = ApprovalCase, "", ""
}

func (alertStep) retreat(s *Session) bool {
	switch alerts := &s.state.Alerts; alerts.Phase {
	case ApprovalCase, ApprovalWhy, ApprovalStaffCard, ApprovalStaffPIN:
		alerts.Open, alerts.Problem = nil, ""
		return true
	}
	return false
}

func (alertStep) proceed(s *Session) {
	if s.state.Alerts.Phase == ApprovalDecided {
		s.reach(StepAlerts)
	}
}

func (alertStep) stop(s *Session) bool {
	if s.lastPhase() != lastSigning {
		return false
	}
	s.wantStaffCard()
	return true
}

// AlertDecision is what a supervisor decides about an alert.
type AlertDecision string

// What can be decided; the centre says which of them an alert allows.
const (
	AlertNoSuspicion  AlertDecision = "no_suspicion"
	AlertWatch        AlertDecision = "watch_7_days"
	AlertSuspendKey   AlertDecision = "suspend_key"
	AlertSuspendDesk  AlertDecision = "suspend_desk"
	AlertSuspendClerk AlertDecision = "suspend_clerk"
)

// AlertReason is why it is decided so.
type AlertReason string

// AlertReasons are all of them, in the order offered.
var AlertReasons = []AlertReason{"explained", "expected", "unclear", "misuse", "other"}

// AlertsState is a supervisor's errand: the alerts that wait, and the one that is being decided.
type AlertsState struct {
	Phase    ApprovalPhase // as of a case
	Listing  bool          // the centre is asked which there are
	Alerts   []AlertRow    // the oldest first
	Problem  ProblemCode   // why the last one was not decided, or which there are is not known
	Open     *Alert        // nil when none is
	Decision AlertDecision // once chosen
	Reason   AlertReason   // once chosen
	Waiting  bool          // the centre does not answer; the desk keeps trying
}

// AlertRow is an alert, without anything about a person.
type AlertRow struct {
	ID         uuid.UUID
	Number     int64
	Rule       string // of message keys
	RuleNumber int
	Count      int // what the rule measured; per cent where it is a share
	Window     time.Duration
	OpenedAt   time.Time
	Desk       string // this and Staff are empty where the rule is not about one
	Staff      string // number
}

// Alert is one that a supervisor looks at.
type Alert struct {
	AlertRow
	Did       string        // what policy did by itself: hold, or one of the AlertDecisions that suspend; else empty
	HeldFor   time.Duration // of hold
	Seen      []AlertSeen   // what led to it, the oldest first
	MayDecide []AlertDecision
}

// AlertSeen is a counter that led to an alert: how often what was seen, where, from a minute, hour or day on.
type AlertSeen struct {
	At          time.Time
	Desk, Staff string
	What        string // of message keys
	N           int
}

// ListAlerts asks which alerts wait: AlertsListed.
type ListAlerts struct{ Case CaseID }

func (ListAlerts) command() {}

// AlertsListed brings the alerts that wait, or why they are not known.
type AlertsListed struct {
	Alerts  []AlertRow
	Problem ProblemCode
}

func (e AlertsListed) applyToCase(s *Session) {
	if alerts := &s.state.Alerts; s.at(StepAlerts) {
		alerts.Listing, alerts.Alerts = false, slices.Clone(e.Alerts)
		if e.Problem != "" {
			alerts.Problem = e.Problem
		}
	}
}

// AlertChosen asks for one of the alerts.
type AlertChosen struct{ ID uuid.UUID }

func (e AlertChosen) apply(s *Session) {
	alerts := &s.state.Alerts
	listed := slices.ContainsFunc(alerts.Alerts, func(a AlertRow) bool { return a.ID == e.ID })
	if s.at(StepAlerts) && alerts.Phase == ApprovalList && listed {
		alerts.Phase, alerts.Problem = ApprovalTaking, ""
		s.dismiss("")
		s.ask(OpenAlert{Case: s.live, ID: e.ID})
	}
}

// OpenAlert asks the centre for an alert: AlertOpened or AlertRefused.
type OpenAlert struct {
	Case CaseID
	ID   uuid.UUID
}

func (OpenAlert) command() {}

// AlertOpened brings it.
type AlertOpened struct{ Alert Alert }

func (e AlertOpened) applyToCase(s *Session) {
	if s.at(StepAlerts) && s.state.Alerts.Phase == ApprovalTaking {
		s.state.Alerts.Open = &e.Alert
		s.reach(StepAlert)
	}
}

// AlertRefused: the centre does not show it, or takes no decision about it.
type AlertRefused struct{ Code ProblemCode }

// applyToCase returns to the list, which is asked for again.
func (e AlertRefused) applyToCase(s *Session) {
	if alerts := &s.state.Alerts; alerts.Phase == ApprovalTaking || alerts.Phase == ApprovalSigning || alerts.Phase == ApprovalDeciding {
		s.dismiss("")
		alerts.Problem = e.Code
		s.reach(StepAlerts)
	}
}

// AlertDecided is what the supervisor says of the alert. Without a reason it asks for one.
type AlertDecided struct {
	Decision AlertDecision
	Reason   AlertReason
}

func (e AlertDecided) apply(s *Session) {
	alerts := &s.state.Alerts
	if !s.at(StepAlert) || alerts.Phase != ApprovalCase && alerts.Phase != ApprovalWhy || !slices.Contains(alerts.Open.MayDecide, e.Decision) ||
		e.Reason != "" && !slices.Contains(AlertReasons, e.Reason) {
		return
	}
	alerts.Decision, alerts.Reason, alerts.Phase = e.Decision, e.Reason, ApprovalWhy
	if e.Reason != "" {
		s.staffSigns()
	}
}

// DecideAlert has the staff card sign the decision and hands it to the centre until that has answered: AlertClosed,
// AlertRefused, StaffSignFailed or StaffPINRefused, and AlertSigned and AlertWaiting meanwhile. PIN is as of StaffSign.
type DecideAlert struct {
	Case     CaseID
	ID       uuid.UUID
	Decision AlertDecision
	Reason   AlertReason
	Reader   int
	PIN      Secret
}

func (DecideAlert) command() {}

// AlertSigned: the card signed; the decision is on its way.
type AlertSigned struct{}

func (AlertSigned) applyToCase(s *Session) {
	if s.at(StepAlert) && s.lastPhase() == lastSigning {
		s.state.Alerts.Phase = ApprovalDeciding
	}
}

// AlertWaiting: the centre does not answer; the runner keeps trying.
type AlertWaiting struct{}

func (AlertWaiting) applyToCase(s *Session) {
	if s.state.Alerts.Phase == ApprovalDeciding {
		s.state.Alerts.Waiting = true
	}
}

// AlertClosed: the centre has the decision, and a registrar does what it says.
type AlertClosed struct{}

func (AlertClosed) applyToCase(s *Session) {
	if alerts := &s.state.Alerts; alerts.Phase == ApprovalDeciding {
		*alerts = AlertsState{Phase: ApprovalDecided, Open: alerts.Open, Decision: alerts.Decision, Reason: alerts.Reason}
	}
}
