package present

import (
	"strings"
	"time"

	"balcao/kiosk"
)

// AlertModel is one alert: what was counted, what policy did already, and what a supervisor may decide.
type AlertModel struct {
	Heads     []string
	Lines     [][]string
	DidLabel  string
	Did       string
	Label     string // heading of what may be decided
	Decisions []kiosk.AlertDecision
	Options   []OptionModel
	Fields    []Field // what is being signed
	Why       string
	Reasons   []OptionModel
	Line      Line
	Problem   *ProblemModel
}

// alerts is the list of what the centre noticed.
func (p Presenter) alerts(m *ClerkModel) {
	state := p.State.Alerts
	m.Subtitle = p.Text("alerts.subtitle")
	m.Cases = CasesModel{Label: p.Text("alerts.title"), Problem: p.staffProblem(state.Problem)}
	for _, row := range state.Alerts {
		where := []string{p.Format("alerts.opened", Values{"Number": row.Number, "Age": p.age(row.OpenedAt)})}
		for _, part := range []string{row.Desk, row.Staff} {
			if part != "" {
				where = append(where, part)
			}
		}
		m.Cases.IDs = append(m.Cases.IDs, row.ID)
		m.Cases.Options = append(m.Cases.Options, OptionModel{p.rule(row), strings.Join(where, " · ")})
	}
	main := Action{Text: p.Text("action.open_alert"), Key: "Enter", Main: true, Event: kiosk.AlertChosen{}}
	switch {
	case state.Phase == kiosk.ApprovalTaking:
		main = Action{Text: p.Text("action.waiting_centre"), Main: true}
	case len(state.Alerts) > 0:
	case state.Listing:
		m.Cases.Line, main = Line{p.Text("cases.listing"), ToneQuiet}, Action{Text: p.Text("action.waiting_centre"), Main: true}
	case state.Problem == "":
		m.Cases.Line, main.Event = Line{p.Text("alerts.none"), TonePlain}, nil
	default:
		main.Event = nil
	}
	m.Actions = []Action{main, {Text: p.Text("action.refresh"), Key: "F5", Event: kiosk.Retry{}}}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}

// rule says what a rule found, with what it counted.
func (p Presenter) rule(row kiosk.AlertRow) string {
	v := Values{"Count": row.Count, "Window": p.window(row.Window)}
	if text := p.Format("alert.rule_"+row.Rule, v); text != "alert.rule_"+row.Rule {
		return text
	}
	return row.Rule
}

// window writes how long a rule looks back: 15 min, 24 h, 7 days.
func (p Presenter) window(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return p.Format("format.days", Values{"Days": int(d.Hours()) / 24})
	case d >= time.Hour:
		return p.Format("format.hours", Values{"Hours": int(d.Hours())})
	}
	return p.Format("format.minutes", Values{"Minutes": int(d.Minutes())})
}

func (p Presenter) alert(m *ClerkModel) {
	state := p.State.Alerts
	open := kiosk.Alert{}
	if state.Open != nil {
		open = *state.Open
	}
	m.Title = p.rule(open.AlertRow)
	m.Subtitle = p.Format("alert.subtitle", Values{"Number": open.Number, "Rule": open.RuleNumber, "Time": p.moment(open.OpenedAt)})
	m.Alert.Problem = p.staffProblem(state.Problem)
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
	chosen := string(state.Decision)
	if state.Phase == kiosk.ApprovalCase {
		p.alertSeen(&m.Alert, open)
		m.Alert.Label = p.Text("alert.may_decide")
		for _, decision := range open.MayDecide {
			key := "alert.decide_" + string(decision)
			m.Alert.Decisions = append(m.Alert.Decisions, decision)
			m.Alert.Options = append(m.Alert.Options, OptionModel{p.Text(key), p.Text(key + "_means")})
		}
		m.Actions = []Action{{Text: p.Text("action.decide"), Key: "F10", Main: true, Event: kiosk.AlertDecided{}}, p.back()}
		return
	}
	m.Alert.Fields = []Field{{p.Text("decision.decision"), p.Text("alert.decide_" + chosen)}}
	if state.Reason != "" {
		m.Alert.Fields = append(m.Alert.Fields, Field{p.Text("decision.reason"), p.Text("alert.reason_" + string(state.Reason))})
	}
	switch state.Phase {
	case kiosk.ApprovalWhy:
		m.Alert.Why = p.Text("alert.why")
		for _, reason := range kiosk.AlertReasons {
			m.Alert.Reasons = append(m.Alert.Reasons, OptionModel{Text: p.Text("alert.reason_" + string(reason))})
		}
		m.Actions = []Action{{Text: p.Text("action.decide"), Key: "Enter", Main: true, Event: kiosk.AlertDecided{Decision: state.Decision}}, p.back()}
	case kiosk.ApprovalStaffCard:
		m.Alert.Line = Line{p.Text("decision.card"), TonePlain}
		m.Actions = []Action{{Text: p.Text("action.waiting_staff_card"), Main: true}, p.back()}
	case kiosk.ApprovalStaffPIN:
		m.StaffPIN = p.staffPIN("sign_in.pin")
		m.Actions = []Action{{Text: p.Text("action.sign"), Key: "Enter", Main: true, Event: kiosk.StaffPINTyped{}}, p.back()}
	case kiosk.ApprovalDecided:
		m.Title, m.Subtitle, m.Tick = p.Text("alert.decided"), p.Text("alert.decided_then_"+chosen), kiosk.Passed
		m.Actions = []Action{{Text: p.Text("action.next_alert"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
	default:
		m.Alert.Line = Line{p.Text("decision.signing"), TonePlain}
		if state.Phase == kiosk.ApprovalDeciding {
			m.Alert.Line = Line{p.Text("alert.deciding"), TonePlain}
		}
		if state.Waiting {
			m.Alert.Line = Line{p.Text("review.waiting"), ToneCare}
		}
		m.Actions, m.Cancel = []Action{{Text: p.Text("action.waiting_centre"), Main: true}}, nil
	}
}

// alertSeen is what was counted, and what policy did by itself.
func (p Presenter) alertSeen(m *AlertModel, open kiosk.Alert) {
	m.Heads = []string{p.Text("alert.when"), p.Text("alert.desk"), p.Text("alert.staff"), p.Text("alert.what")}
	for _, seen := range open.Seen {
		what := p.orName("alert.seen_", seen.What)
		if seen.N > 1 {
			what = p.Format("alert.times", Values{"What": what, "Count": seen.N})
		}
		m.Lines = append(m.Lines, []string{p.shortMoment(seen.At), orDash(seen.Desk), orDash(seen.Staff), what})
	}
	m.DidLabel, m.Did = p.Text("alert.did_label"), p.Text("alert.did_none")
	if open.Did != "" {
		m.Did = p.Format("alert.did_"+open.Did, Values{"Window": p.window(open.HeldFor)})
	}
}

// shortMoment writes 28-11 15:20: an alert is never older than its counters.
func (p Presenter) shortMoment(t time.Time) string {
	return t.Add(p.State.Status.Centre.Skew).In(p.State.Now.Location()).Format("02-01 15:04")
}

func orDash(text string) string {
	if text == "" {
		return "—"
	}
	return text
}
