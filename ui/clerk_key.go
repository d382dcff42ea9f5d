package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// keyPage is a key: how it stands, what happened to it, and what may be done now.
type keyPage struct {
	names     []string
	values    []kiosk.KeyReason
	wanted    []string // what was chosen in the list of errands: one of these
	shown     string   // of which key; another begins anew
	problem   optional
	line      *theme.Text
	state     *theme.Text
	tag       *theme.Tag
	stateRow  fyne.CanvasObject
	fields    *list[fieldRow, present.Field]
	label     *theme.Text
	choice    *choice
	means     *theme.Text
	why       *theme.Text
	reasons   *choice
	history   *theme.Text
	timeline  *list[momentView, present.MomentModel]
	left      fyne.CanvasObject
	right     fyne.CanvasObject
	object    fyne.CanvasObject
	reasoning bool
}

func newKeyPage(keys *keyboard, seek func(fyne.CanvasObject, float32, float32), changed func()) *keyPage {
	p := &keyPage{
		problem: optional{newProblemView()}, line: theme.Body("").Wrap(), state: theme.Label("").Wrap(), tag: theme.NewTag(),
		fields: newFields(7, 118, nil), label: theme.Heading(""), means: theme.Small("").In(theme.InkFaint).Wrap(),
		why: theme.Heading("").Wrap(), history: theme.Heading(""), timeline: newTimeline(),
	}
	p.choice = newTiles(keys, &tiles{columns: 2, low: true}, func() { p.choice.seek(seek); changed() }, func() {})
	p.reasons = newListedChoice(keys, func() { p.reasons.seek(seek) }, func() {})
	p.stateRow = columns(16, []float32{-118, 1}, p.state, p.tag.Content)
	p.left = theme.PanelPadded(18, rows(8, p.line, p.stateRow, p.fields.content, rows(6, p.label, p.choice, p.means), rows(6, p.why, p.reasons)))
	p.right = theme.PanelPadded(18, rows(8, p.history, p.timeline.content))
	p.object = rows(16, p.problem.content, sideBySide(16, 860, []float32{1, 1}, p.left, p.right))
	return p
}

func (p *keyPage) content() fyne.CanvasObject { return p.object }

func (p *keyPage) show(m present.ClerkModel) {
	key := m.Key
	p.problem.show(key.Problem)
	say(p.line, key.Line)
	p.state.SetText(key.State)
	p.tag.Show(key.Tag.Text, theme.Result(key.Tag.Meant))
	reveal(p.stateRow, key.Tag.Text != "")
	p.fields.show(key.Fields)
	reveal(p.fields.content, len(key.Fields) > 0)
	again := !slices.Equal(p.names, key.Names)
	p.names, p.values = key.Names, key.Values
	p.choice.offer(key.Label, "", key.Options)
	if again {
		p.choice.put(key.Chosen)
	}
	choosing := len(key.Options) > 0
	p.label.SetText(key.Label)
	reveal(p.label, choosing)
	reveal(p.choice, choosing)
	say(p.means, present.Line{Text: key.Means, Tone: present.ToneQuiet})
	if len(key.Reasons) == 0 { // what nobody chose is not recorded as chosen
		p.reasons.put(-1)
	}
	p.why.SetText(key.Why)
	p.reasons.offer(key.Why, "", key.Reasons)
	p.reasoning = len(key.Reasons) > 0
	reveal(p.why, p.reasoning)
	reveal(p.reasons, p.reasoning)
	p.history.SetText(key.History)
	p.timeline.show(key.Timeline)
	reveal(p.right, len(key.Timeline) > 0)
}

func (p *keyPage) first() fyne.Focusable {
	switch {
	case p.reasoning:
		return p.reasons
	case len(p.names) > 0:
		return p.choice
	}
	return nil
}

// chosen is the errand that is chosen, "" for none.
func (p *keyPage) chosen() string {
	if i := p.choice.chosen; i >= 0 && i < len(p.names) {
		return p.names[i]
	}
	return ""
}

// reason is why it is done, "" while none is chosen.
func (p *keyPage) reason() kiosk.KeyReason {
	if i := p.reasons.chosen; i >= 0 && i < len(p.values) {
		return p.values[i]
	}
	return ""
}
