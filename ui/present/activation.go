package present

import "balcao/kiosk"

// ActivationModel is the clerk's side of an activation code: how far it is, and another code where this one is lost.
type ActivationModel struct {
	Phases []CheckRow
	Line   Line
	Fields []Field
	Later  LaterModel
}

func (p Presenter) activation(m *ClerkModel, d Drafts) {
	state, key := p.State.Activation, p.State.Key.Key
	m.Subtitle = p.Text("activation.subtitle")
	model := &m.Activation
	for _, phase := range []struct {
		name        string
		done, going bool
	}{{"typed", state.Checking || state.Proven, !state.Checking && !state.Proven}, {"compared", state.Proven, state.Checking}} {
		row := CheckRow{Text: p.Text("activation.phase_" + phase.name), Current: phase.going}
		if phase.done {
			row.Result = kiosk.Passed
		}
		model.Phases = append(model.Phases, row)
	}
	if key != nil && key.Pending != nil {
		code := key.Pending
		value := p.Format("key.code_"+string(code.Channel), Values{"Value": code.Value, "Until": p.moment(code.ExpiresAt)})
		model.Fields = []Field{{p.Text("key.code"), value}}
	}
	switch {
	case state.Problem != kiosk.ContactOK:
		model.Line = Line{p.activationProblem(state, "activation."), ToneBad}
	case state.Later.Set:
		model.Line = Line{p.Text("activation.sent_" + string(state.Later.Channel)), ToneGood}
	default:
		model.Line = Line{p.Text("activation.waits"), ToneQuiet}
	}
	model.Later = p.later(state.Later, d)
	if model.Later.Shown && !state.Later.Set {
		back := Action{Text: p.Text("action.has_code"), Key: "F3", Event: kiosk.LaterChosen{}}
		m.Actions = p.laterActions(state.Later, d, back)
		return
	}
	m.Actions = p.handOver()
	switch {
	case len(m.Actions) > 0:
	case state.Proven:
		m.Actions = []Action{{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
	default:
		m.Actions = []Action{{Text: p.Text("action.waiting_person"), Main: true}}
	}
	channel := kiosk.Letter
	if state.Channel != "" {
		channel = state.Channel
	}
	m.Actions = append(m.Actions, Action{Text: p.Text("action.new_activation"), Key: "F5", Event: kiosk.LaterChosen{Channel: channel}}, p.back())
}

// activationProblem says why a code was not accepted, in the words of one of the two screens.
func (p Presenter) activationProblem(state kiosk.ActivationState, before string) string {
	return p.Format(before+string(state.Problem), Values{"Count": state.TriesLeft})
}

// citizenActivation has the person type the code that they received.
func (p Presenter) citizenActivation(m *CitizenModel) {
	state := p.State.Activation
	switch {
	case state.Proven:
		p.message(m, "activated", SignDone)
		return
	case state.Problem == kiosk.CodeLocked, state.Problem == kiosk.CodeExpired:
		p.message(m, "activation_"+string(state.Problem), SignWait)
		return
	case state.Later.Channel != "" && !state.Later.Set:
		p.message(m, "activation_again", SignWait)
		return
	}
	m.Page, m.Key = CitizenActivation, "activation"
	m.Title, m.Text = p.Text("citizen.activation.title"), p.Text("citizen.activation.text")
	m.Input = codeInput(state.Checking)
	m.Points = []Line{{p.Text("citizen.activation.missing"), ToneQuiet}}
	switch {
	case state.Checking:
		m.Notice = Line{p.Text("citizen.code.checking"), ToneQuiet}
	case state.Problem != kiosk.ContactOK:
		m.Notice = Line{p.activationProblem(state, "citizen.activation."), ToneBad}
	}
}
