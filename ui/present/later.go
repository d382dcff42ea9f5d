package present

import (
	"strings"

	"balcao/kiosk"
)

// LaterModel is the part of the page of the contacts where none can be proven now: an activation code goes by SMS, by
// e-mail or by letter.
type LaterModel struct {
	Shown    bool
	Channels FormModel
	Problem  Line
}

// Fields of an address.
const (
	FieldChannel  = "channel"
	FieldName     = "name"
	FieldStreet   = "lines"
	FieldMore     = "more"
	FieldPostcode = "postcode"
	FieldTown     = "town"
)

// laterChannels are how an activation code may go.
var laterChannels = []kiosk.Channel{kiosk.SMS, kiosk.Email, kiosk.Letter}

// later is the form of where an activation code goes.
func (p Presenter) later(state kiosk.LaterState, d Drafts) LaterModel {
	if state.Channel == "" {
		return LaterModel{}
	}
	locked := state.Sending
	model := LaterModel{Shown: true}
	by := choiceField(p, FieldChannel, p.Text("later.how"), "later.channel_", laterChannels)
	for i, channel := range laterChannels {
		by.Options[i].Means = p.Text("later.means_" + string(channel))
	}
	by.Value, by.Tiles = string(state.Channel), 3
	model.Channels = FormModel{Asks: "later/" + string(state.Channel), Fields: []FormField{by}}
	add := func(fields ...FormField) { model.Channels.Fields = append(model.Channels.Fields, fields...) }
	channel := state.Channel
	if channel != kiosk.Letter {
		field := FormField{Name: FieldText + string(channel), Label: p.Text("later.to_" + string(channel)), Value: state.Text, Locked: locked}
		if state.Problem != kiosk.ContactOK {
			field.Hint = Line{p.contactProblem(kiosk.ChannelState{Problem: state.Problem, Text: state.Text}), ToneBad}
		}
		add(field)
	} else {
		var address kiosk.PostalAddress
		if state.Address != nil {
			address = *state.Address
		}
		line := func(i int) string {
			if i < len(address.Lines) {
				return address.Lines[i]
			}
			return ""
		}
		name := address.Name
		if name == "" {
			name = p.State.Person().FullName()
		}
		country := address.Country
		if country == "" {
			country = "PRT"
		}
		for _, field := range []FormField{
			{Name: FieldName, Value: name}, {Name: FieldCountry, Value: country, Narrow: true},
			{Name: FieldStreet, Value: line(0)}, {Name: FieldMore, Value: line(1), Narrow: true},
			{Name: FieldPostcode, Value: address.Postcode}, {Name: FieldTown, Value: address.Town, Narrow: true},
		} {
			field.Label, field.Locked = p.Text("later.address_"+field.Name), locked
			field.Hint = p.addressFault(state, field.Name)
			add(field)
		}
		if state.Problem != kiosk.ContactOK {
			model.Problem = Line{p.contactProblem(kiosk.ChannelState{Problem: state.Problem}), ToneBad}
		}
	}
	return model
}

// addressFault says what cannot be of a part of an address.
func (p Presenter) addressFault(state kiosk.LaterState, name string) Line {
	if state.Fault != "" && state.Fault == kiosk.AddressFault(name) {
		return Line{p.Text("later.fault_" + name), ToneBad}
	}
	return Line{}
}

// Later is where the activation code goes, as it stands in the form.
func Later(channel kiosk.Channel, form map[string]string) kiosk.LaterEntered {
	if channel != kiosk.Letter {
		return kiosk.LaterEntered{Text: form[FieldText+string(channel)]}
	}
	address := kiosk.PostalAddress{
		Name: form[FieldName], Postcode: form[FieldPostcode], Town: form[FieldTown], Country: strings.ToUpper(form[FieldCountry]),
	}
	for _, name := range []string{FieldStreet, FieldMore} {
		if line := form[name]; line != "" {
			address.Lines = append(address.Lines, line)
		}
	}
	return kiosk.LaterEntered{Address: address}
}

// laterActions are those of the form: the code is asked for, or a contact is proven after all.
func (p Presenter) laterActions(state kiosk.LaterState, d Drafts, proven Action) []Action {
	main := Action{Text: p.Text("action.send_activation"), Key: "F10", Main: true, Event: kiosk.LaterEntered{}}
	switch channel := state.Channel; {
	case state.Sending:
		main = Action{Text: p.Text("action.waiting_centre"), Main: true}
	case state.Set && (state.Value != "" || state.Address != nil):
		main.Main = false
		return []Action{{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.Continue{}}, main, proven}
	case channel == kiosk.Letter && (d.drafted(FieldStreet) == "" || d.drafted(FieldPostcode) == "" || d.drafted(FieldTown) == ""),
		channel != kiosk.Letter && d.drafted(FieldText+string(channel)) == "":
		main.Event = nil
	}
	return []Action{main, proven}
}
