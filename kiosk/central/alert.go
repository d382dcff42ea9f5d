package central

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// Paths of alerts, which the centre opens where a rule against misuse is broken. {alert} is the centre's, a UUIDv7.
const (
	PathAlerts        = "/v1/shifts/{shift}/alerts"                  // GET; Alerts
	PathAlert         = "/v1/shifts/{shift}/alerts/{alert}"          // GET; OpenAlert
	PathAlertDecision = "/v1/shifts/{shift}/alerts/{alert}/decision" // PUT Decision; Decided
)

// Alerts are those that a supervisor may decide, oldest first; at most a hundred.
type Alerts struct {
	Alerts []Alert `json:"alerts"`
}

// Alert is a rule that was broken, without anything about a person.
type Alert struct {
	ID            uuid.UUID `json:"id"`
	Number        int64     `json:"number"`
	Rule          string    `json:"rule"`
	RuleNumber    int       `json:"rule_number"`
	Count         int       `json:"count"` // what the rule measured; per cent of a share
	WindowSeconds int       `json:"window_seconds"`
	OpenedAt      time.Time `json:"opened_at"`
	Desk          string    `json:"desk,omitzero"`
	Staff         string    `json:"staff,omitzero"` // number
}

// OpenAlert is an alert and what led to it, or a refusal and nothing else.
type OpenAlert struct {
	Refusal       Refusal     `json:"refusal,omitzero"`
	Number        int64       `json:"number,omitzero"`
	Rule          string      `json:"rule,omitzero"`
	RuleNumber    int         `json:"rule_number,omitzero"`
	Count         int         `json:"count,omitzero"`
	WindowSeconds int         `json:"window_seconds,omitzero"`
	OpenedAt      time.Time   `json:"opened_at,omitzero"`
	Desk          string      `json:"desk,omitzero"`
	Staff         string      `json:"staff,omitzero"`
	Did           string      `json:"did,omitzero"`          // what policy did by itself: hold, suspend_key, suspend_desk, suspend_clerk
	HeldSeconds   int         `json:"held_seconds,omitzero"` // of hold
	Seen          []AlertSeen `json:"seen,omitzero"`         // the newest 50, oldest first
	May           []string    `json:"may,omitzero"`          // of transcript.AlertDecisions
}

// AlertSeen is a counter that led to an alert.
type AlertSeen struct {
	At    time.Time `json:"at"` // when its slot of time begins
	Desk  string    `json:"desk,omitzero"`
	Staff string    `json:"staff,omitzero"`
	What  string    `json:"what"`
	N     int       `json:"n"`
}

// Alerts lists what the supervisor of the shift may decide. Codes of *Refused, here and below: Shift, Role.
func (c *Centre) Alerts(ctx context.Context, shift uuid.UUID) ([]Alert, error) {
	var all Alerts
	err := c.ask(ctx, call{what: "list the alerts", method: http.MethodGet, path: fill(PathAlerts, shift), answer: &all})
	return all.Alerts, err
}

// Alert asks for an alert. Its refusals are CaseGone and OwnCase.
func (c *Centre) Alert(ctx context.Context, shift, alert uuid.UUID) (OpenAlert, error) {
	var a OpenAlert
	err := c.ask(ctx, call{what: "tell of an alert", method: http.MethodGet, path: fill(PathAlert, shift, alert), answer: &a})
	return a, err
}

// DecideAlert hands over the signed decision (transcript.SignAlertDecision), which a registrar verifies and does. Its
// refusals are those of Alert, and DecisionInvalid.
func (c *Centre) DecideAlert(ctx context.Context, shift, alert uuid.UUID, jws []byte) (Decided, error) {
	var d Decided
	err := c.ask(ctx, put("decide about an alert", PathAlertDecision, Decision{JWS: jws}, &d, shift, alert))
	return d, err
}
