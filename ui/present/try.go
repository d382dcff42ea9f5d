package present

import (
	"strings"

	"balcao/kiosk"
)

// TryModel is a sign-in that is tried at the desk: by what the key is named, then how far the person is.
type TryModel struct {
	Form    FormModel
	Phases  []CheckRow
	Line    Line
	Explain string
}

// Identifiers are by what a key is named, in the order offered.
var Identifiers = []kiosk.Identifier{kiosk.ByPhone, kiosk.ByEmail, kiosk.ByPassport}

// tryOrder is how a try goes.
var tryOrder = []kiosk.TryPhase{kiosk.TryNaming, kiosk.TryPIN, kiosk.TryChecking, kiosk.TryCode, kiosk.TrySignedIn}

// tryPhase is the phase that a phase shows as.
func tryPhase(phase kiosk.TryPhase) kiosk.TryPhase {
	switch phase {
	case kiosk.TrySending, kiosk.TryComparing, kiosk.TryOver:
		return kiosk.TryCode
	case "":
		return kiosk.TryNaming
	}
	return phase
}

func (p Presenter) try(m *ClerkModel, d Drafts) {
	state := p.State.Try
	m.Subtitle = p.ofErrand("try")
	phase, past := tryPhase(state.Phase), true
	for _, one := range tryOrder {
		row := CheckRow{Text: p.Text("try.phase_" + string(one))}
		if past = past && one != phase; past || state.Phase == kiosk.TrySignedIn {
			row.Result = kiosk.Passed
		} else if one == phase {
			row.Current = true
			if state.Phase == kiosk.TryOver {
				row.Result, row.Current = kiosk.Failed, false
			}
		}
		m.Try.Phases = append(m.Try.Phases, row)
	}
	if state.Problem != kiosk.TryOK && state.Problem != kiosk.TryUnspelled {
		m.Try.Line = Line{p.Format("try.problem_"+string(state.Problem), Values{"Count": state.TriesLeft}), ToneBad}
	}
	if state.Phase == kiosk.TryCode && state.Problem == kiosk.TryOK {
		parts := []string{p.Text("try.sent_" + string(state.Channel))}
		if state.Delivery != kiosk.DeliveryNone {
			parts = append(parts, p.Text("contact.delivery."+string(state.Delivery)))
		}
		m.Try.Line = Line{strings.Join(parts, " · "), ToneQuiet}
	}
	if state.Problem != kiosk.TryUnspelled {
		m.Try.Explain = p.Text("try.explain")
	}
	p.tryActions(m, d)
}

func (p Presenter) tryActions(m *ClerkModel, d Drafts) {
	state := p.State.Try
	waits := []Action{{Text: p.Text("action.waiting_person"), Main: true}}
	if hand := p.handOver(); len(hand) > 0 {
		waits = hand
	}
	switch state.Phase {
	case kiosk.TryNaming, "":
		main := p.tryForm(m, d)
		m.Actions = []Action{main, p.back()}
	case kiosk.TrySignedIn:
		m.Actions = []Action{{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
		if p.lastStep() {
			m.Title, m.Tick = p.Text("try.title_done"), kiosk.Passed
			m.Actions[0].Text = p.Text("action.next_person")
		}
	case kiosk.TryOver:
		m.Actions = []Action{{Text: p.Text("action.close"), Key: "Enter", Main: true, Event: kiosk.Cancel{}}, p.back()}
	case kiosk.TryChecking, kiosk.TrySending, kiosk.TryComparing:
		m.Actions = []Action{{Text: p.Text("action.waiting_centre"), Main: true}}
	case kiosk.TryCode:
		again := Action{Text: p.Text("action.resend"), Key: "F5"}
		if state.SendsLeft > 0 && !p.centreNow().Before(state.ResendAt) {
			again.Event = kiosk.TryResend{Channel: state.Channel}
		}
		other := otherChannel(state.Channel)
		actions := append(waits, again)
		if p.State.Key.Key == nil || p.hasContact(other) {
			actions = append(actions, Action{Text: p.Text("action.send_by_" + string(other)), Key: "F7", Event: kiosk.TryResend{Channel: other}})
		}
		m.Actions = append(actions, p.back())
	default:
		m.Actions = append(waits, p.back())
	}
}

// lastStep reports whether the step at hand ends the errand.
func (p Presenter) lastStep() bool {
	steps := p.State.Errand.Steps
	return len(steps) > 0 && steps[len(steps)-1] == p.State.Step
}

func (p Presenter) hasContact(channel kiosk.Channel) bool { return p.maskedContact(channel) != "" }

// maskedContact is the contact of the key at hand, "" for none.
func (p Presenter) maskedContact(channel kiosk.Channel) string {
	if p.State.Key.Key == nil {
		return ""
	}
	for _, contact := range p.State.Key.Key.Contacts {
		if contact.Channel == channel {
			return strings.ReplaceAll(contact.Value, " ", "\u00a0")
		}
	}
	return ""
}

// tryForm asks by what the key is named, and where the code goes.
func (p Presenter) tryForm(m *ClerkModel, d Drafts) Action {
	state := p.State.Try
	by := FormField{Name: FieldKind, Label: p.Text("try.by")}
	through := choiceField(p, FieldChannel, p.Text("try.channel"), "try.channel_", []kiosk.Channel{kiosk.SMS, kiosk.Email})
	through.Value, through.Tiles, by.Tiles = string(kiosk.SMS), 2, 1
	for _, identifier := range Identifiers {
		text := p.Text("try.by_" + string(identifier))
		if p.State.Key.Key != nil {
			switch identifier {
			case kiosk.ByPhone:
				text += ": " + p.maskedContact(kiosk.SMS)
			case kiosk.ByEmail:
				text += ": " + p.maskedContact(kiosk.Email)
			}
			if strings.HasSuffix(text, ": ") || identifier == kiosk.ByPassport && p.kind() != kiosk.Passport {
				continue
			}
		}
		by.Values, by.Options = append(by.Values, string(identifier)), append(by.Options, OptionModel{Text: text})
	}
	if p.State.Key.Key != nil && !p.hasContact(kiosk.SMS) {
		through.Values, through.Options, through.Value = through.Values[1:], through.Options[1:], string(kiosk.Email)
	} else if p.State.Key.Key != nil && !p.hasContact(kiosk.Email) {
		through.Values, through.Options = through.Values[:1], through.Options[:1]
	}
	main := Action{Text: p.Text("action.ask_pin"), Key: "F10", Main: true, Event: kiosk.TryNamed{}}
	if len(by.Values) == 0 {
		m.Try.Line, main.Event = Line{p.Text("try.no_contact"), ToneCare}, nil
		return main
	}
	by.Value = by.Values[0]
	m.Try.Form = FormModel{Asks: "try", Fields: []FormField{by}}
	if p.State.Key.Key == nil {
		m.Try.Form.Fields[0].Tiles = 3
		kind := d.drafted(FieldKind)
		if kind == "" {
			kind = by.Value
		}
		text := FormField{Name: FieldText, Label: p.Text("try.text_" + kind), Value: state.Text}
		if state.Problem == kiosk.TryUnspelled {
			text.Hint = Line{p.Text("try.unspelled_" + kind), ToneBad}
		}
		m.Try.Form.Fields = append(m.Try.Form.Fields, text)
		if d.drafted(FieldText) == "" {
			main.Event = nil
		}
	}
	m.Try.Form.Fields = append(m.Try.Form.Fields, through)
	return main
}

// citizenTry is the PIN and the code, on the pages on which they are chosen and proven.
func (p Presenter) citizenTry(m *CitizenModel) {
	state := p.State.Try
	switch state.Phase {
	case kiosk.TryPIN:
		m.Page, m.Key = CitizenTryPIN, "try/pin"
		m.Title, m.Text = p.Text("citizen.try.pin_title"), p.Text("citizen.try.pin_text")
		m.Input = InputModel{Min: 4, Max: 8, Masked: true, Label: "citizen.pin.field"}
		m.Notice = p.tryNotice()
	case kiosk.TryCode, kiosk.TryComparing:
		m.Page, m.Key = CitizenTryCode, "try/code/"+state.ExpiresAt.String()
		m.Title, m.Text = p.Text("citizen.code.title"), p.Text("citizen.try.code_"+string(state.Channel))
		m.Input = InputModel{Min: 6, Max: 6, Auto: true, Locked: state.Phase == kiosk.TryComparing || state.ExpiresAt.IsZero(), Label: "citizen.pin.field"}
		if left := state.ExpiresAt.Sub(p.centreNow()); !state.ExpiresAt.IsZero() {
			m.Points = append(m.Points, Line{p.Format("citizen.code.expires", Values{"Time": countdown(left)}), ToneQuiet})
		}
		m.Points = append(m.Points, Line{p.Text("citizen.code.missing"), ToneQuiet})
		m.Notice = p.tryNotice()
		if state.Phase == kiosk.TryComparing {
			m.Notice = Line{p.Text("citizen.code.checking"), ToneQuiet}
		}
	case kiosk.TryChecking, kiosk.TrySending:
		p.message(m, "try_checking", SignWait)
	case kiosk.TrySignedIn:
		p.message(m, "try_done", SignDone)
	case kiosk.TryOver:
		p.message(m, "try_over", SignWait)
		m.Text = p.Text("citizen.try.problem_" + string(state.Problem))
	default:
		p.tellsFirst(m)
	}
}

func (p Presenter) tryNotice() Line {
	if problem := p.State.Try.Problem; problem != kiosk.TryOK {
		return Line{p.Format("citizen.try.problem_"+string(problem), Values{"Count": p.State.Try.TriesLeft}), ToneBad}
	}
	return Line{}
}
