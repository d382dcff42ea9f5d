package present

import (
	"strings"

	"balcao/kiosk"
)

// The errands that need no document: a key is found by what is known of its holder, is suspended at their word, or is
// frozen by the code of a notice.

// FormPage is a page with a form, and what it led to.
type FormPage struct {
	Intro   Line
	Form    FormModel
	Line    Line
	Found   string // heading of what was found
	Options []OptionModel
	Numbers []int64 // of Options
	Problem *ProblemModel
}

// Names of the fields of forms.
const (
	FieldKind    = "kind"
	FieldText    = "text"
	FieldCountry = "country"
	FieldReason  = "reason"
	FieldBirth   = "birth"
	FieldNumber  = "number"
	FieldCode    = "code"
)

func choiceField[T ~string](p Presenter, name, label, before string, values []T) FormField {
	field := FormField{Name: name, Label: label}
	for _, value := range values {
		field.Values = append(field.Values, string(value))
		field.Options = append(field.Options, OptionModel{Text: p.Text(before + string(value))})
	}
	return field
}

func (p Presenter) search(m *ClerkModel, d Drafts) {
	state := p.State.Search
	m.Subtitle = p.Text("search.subtitle")
	m.Form = FormPage{Problem: p.staffProblem(state.Problem)}
	kind := d.drafted(FieldKind)
	if kind == "" {
		kind = string(kiosk.SearchPhone)
	}
	text := FormField{Name: FieldText, Label: p.Text("search.text_" + kind), Value: state.Text}
	if state.Invalid {
		text.Hint = Line{p.Text("search.invalid_" + kind), ToneBad}
	}
	by := choiceField(p, FieldKind, p.Text("search.kind"), "search.kind_", kiosk.SearchKinds)
	by.Value, by.Tiles = string(kiosk.SearchPhone), 5
	m.Form.Form = FormModel{Asks: string(p.State.Step), Fields: []FormField{by, text}}
	if kind == string(kiosk.SearchDocument) {
		m.Form.Form.Fields = append(m.Form.Form.Fields, FormField{Name: FieldCountry, Label: p.Text("search.country"), Value: "PRT", Narrow: true})
	}
	why := choiceField(p, FieldReason, p.Text("search.reason"), "search.reason_", kiosk.SearchReasons)
	why.Tiles = 3
	m.Form.Form.Fields = append(m.Form.Form.Fields, why)
	main := Action{Text: p.Text("action.search"), Key: "F10", Main: true, Event: kiosk.SearchAsked{}}
	switch {
	case state.Searching:
		m.Form.Line, main = Line{p.Text("search.searching"), ToneQuiet}, Action{Text: p.Text("action.waiting_centre"), Main: true}
	case d.drafted(FieldReason) == "" || strings.TrimSpace(d.drafted(FieldText)) == "":
		m.Form.Line, main.Event = Line{p.Text("search.missing"), ToneQuiet}, nil
	case state.Searched && len(state.Found) == 0:
		m.Form.Line = Line{p.Text("search.none"), TonePlain}
	}
	m.Actions = []Action{main}
	if len(state.Found) > 0 {
		m.Form.Found = p.Format("search.found", Values{"Count": len(state.Found)})
		for _, key := range state.Found {
			means := []string{p.Text("key.state." + string(key.State))}
			for _, contact := range key.Contacts {
				means = append(means, strings.ReplaceAll(contact.Value, " ", "\u00a0"))
			}
			title := p.Format("search.found_one", Values{"Register": registerText(key.Register), "Initials": key.Initials})
			m.Form.Options = append(m.Form.Options, OptionModel{title, strings.Join(means, " · ")})
			m.Form.Numbers = append(m.Form.Numbers, key.Register)
		}
		m.Actions = []Action{{Text: p.Text("action.open_key"), Key: "Enter", Main: true, Event: kiosk.FoundChosen{}}, {Text: main.Text, Key: "F10", Event: main.Event}}
	}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}

// word is a suspension at the holder's word: what they say of themselves is compared at the centre.
func (p Presenter) word(m *ClerkModel, d Drafts) {
	state := p.State.Word
	m.Subtitle = p.Text("word.subtitle")
	birth := FormField{Name: FieldBirth, Label: p.Text("word.birth")}
	m.Form = FormPage{Intro: Line{p.Text("word.intro"), TonePlain}, Problem: p.staffProblem(state.Problem)}
	m.Form.Form = FormModel{Asks: string(p.State.Step), Fields: []FormField{birth}}
	if state.NumberAsked {
		m.Form.Form.Fields = append(m.Form.Form.Fields, FormField{Name: FieldNumber, Label: p.Text("word.number"), Narrow: true})
	}
	main := Action{Text: p.Text("errand.word.title"), Key: "F10", Main: true, Event: kiosk.WordGiven{}}
	switch {
	case state.Sending:
		m.Form.Line, main = Line{p.Text("word.sending"), ToneQuiet}, Action{Text: p.Text("action.waiting_centre"), Main: true}
	case state.Wrong:
		m.Form.Line = Line{p.Text("word.wrong"), ToneBad}
	case state.Incomplete:
		m.Form.Line = Line{p.Text("word.incomplete"), ToneBad}
	}
	if ParseDay(d.drafted(FieldBirth)).IsZero() || state.NumberAsked && d.drafted(FieldNumber) == "" {
		main.Event = nil
	}
	m.Actions = []Action{main, p.back()}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}

// codeInput is the boxes of a code that came by a message or a letter.
func codeInput(locked bool) InputModel {
	return InputModel{Min: kiosk.ActivationLength, Max: kiosk.ActivationLength, Alphabet: kiosk.ActivationAlphabet, Group: 5, Locked: locked, Label: "citizen.activation.field"}
}

func (p Presenter) notMe(m *ClerkModel) {
	state := p.State.NotMe
	m.Subtitle = p.Text("not_me.subtitle")
	field := FormField{Name: FieldCode, Label: p.Text("not_me.code"), Code: codeInput(state.Checking), Said: "citizen.activation.field", Hint: Line{p.Text("not_me.hint"), ToneQuiet}}
	m.Form = FormPage{Intro: Line{p.Text("not_me.intro"), TonePlain}, Form: FormModel{Asks: string(p.State.Step), Fields: []FormField{field}}, Problem: p.staffProblem(state.Problem)}
	main := Action{Text: p.Text("action.freeze"), Key: "Enter", Grave: true, Event: kiosk.NotMeTyped{}}
	switch {
	case state.Checking:
		m.Form.Line, main = Line{p.Text("not_me.checking"), ToneQuiet}, Action{Text: p.Text("action.waiting_centre"), Main: true}
	case state.Lost:
		m.Form.Form.Fields[0].Hint = Line{p.Text("activation.code_lost"), ToneBad}
	case state.Wrong:
		m.Form.Form.Fields[0].Hint = Line{p.Text("not_me.wrong"), ToneBad}
	}
	m.Actions = []Action{main}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}
