package present

import "balcao/kiosk"

type pinModel struct {
	Phases  []CheckRow
	Notice  Line
	Explain string
}

func (p Presenter) pin(m *ClerkModel) {
	m.Subtitle = p.Text("pin.subtitle")
	if p.OneScreen {
		m.Subtitle = p.Text("pin.subtitle_one_screen")
	}
	if p.State.PIN.Phase == kiosk.PINSealed {
		m.Title, m.Subtitle = p.Text("pin.title_sealed"), p.Text("pin.subtitle_sealed")
	}
	phases := []kiosk.PINPhase{kiosk.PINFirst, kiosk.PINRepeat, kiosk.PINSealing, kiosk.PINSealed}
	reached := 0
	for i, phase := range phases {
		if phase == p.State.PIN.Phase {
			reached = i
		}
	}
	for _, channel := range []kiosk.ChannelState{p.State.Contact.Phone, p.State.Contact.Email} {
		if channel.Confirmed() { // the page went on by itself: what it went on with is said here
			text := p.Format("pin.contact", Values{"Contact": contactText(channel.Value)})
			m.PIN.Phases = append(m.PIN.Phases, CheckRow{Text: text, Result: kiosk.Passed})
		}
	}
	for i, phase := range phases {
		row := CheckRow{Text: p.Text("pin.phase." + string(phase))}
		if i < reached || p.State.PIN.Phase == kiosk.PINSealed {
			row.Result = kiosk.Passed
		}
		row.Current = i == reached && row.Result == kiosk.Pending
		m.PIN.Phases = append(m.PIN.Phases, row)
	}
	switch {
	case p.State.PIN.Changed:
		m.PIN.Notice = Line{p.Text("pin.changed"), ToneCare}
	case p.State.PIN.Mismatch:
		m.PIN.Notice = Line{p.Text("pin.mismatch"), ToneCare}
	case p.State.PIN.Refused:
		m.PIN.Notice = Line{p.Text("pin.refused"), ToneCare}
	case p.State.PIN.Forgotten:
		m.PIN.Notice = Line{p.Text("pin.forgotten"), ToneCare}
	case p.State.PIN.Outdated:
		m.PIN.Notice = Line{p.Text("pin.outdated"), ToneCare}
	}
	m.PIN.Explain = p.Text("pin.explain")
	m.Actions = p.handOver()
	if p.State.PIN.Phase == kiosk.PINSealed {
		m.Actions = []Action{
			{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.Continue{}},
			{Text: p.Text("action.new_pin"), Key: "F4", Event: kiosk.NewPIN{}},
		}
	} else if len(m.Actions) == 0 {
		m.Actions = []Action{{Text: p.Text("action.waiting_person"), Main: true}}
	}
	m.Actions = append(append(m.Actions, p.addContact()...), p.back())
}
