package ui

import (
	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// formPage is a page with one form, and under it what it found.
type formPage struct {
	problem     optional
	intro, line *theme.Text
	form        *form
	found       *theme.Text
	choice      *choice
	numbers     []int64
	results     fyne.CanvasObject
	object      fyne.CanvasObject
}

func newFormPage(keys *keyboard, seek func(fyne.CanvasObject), seekPart func(fyne.CanvasObject, float32, float32), changed func(), submit func(string, kiosk.Secret)) *formPage {
	p := &formPage{problem: optional{newProblemView()}, intro: theme.Body("").Wrap(), line: theme.Body("").Wrap(), found: theme.Heading("")}
	p.form = newForm(keys, seek, changed, submit)
	p.choice = newTiles(keys, &tiles{columns: 1}, func() { p.choice.seek(seekPart) }, func() {})
	p.results = rows(8, p.found, p.choice)
	p.object = rows(16, p.problem.content, p.results, theme.Panel(rows(14, p.intro, p.form.content, p.line)))
	return p
}

func (p *formPage) content() fyne.CanvasObject { return p.object }

func (p *formPage) show(m present.ClerkModel) {
	p.problem.show(m.Form.Problem)
	say(p.intro, m.Form.Intro)
	p.form.show(m.Form.Form, m.Language)
	say(p.line, m.Form.Line)
	fresh := len(p.numbers) == 0
	p.numbers = m.Form.Numbers
	p.found.SetText(m.Form.Found)
	p.choice.offer(m.Form.Found, "", m.Form.Options)
	if fresh && len(p.numbers) > 0 {
		p.choice.put(0)
	}
	reveal(p.results, len(p.numbers) > 0)
}

func (p *formPage) first() fyne.Focusable {
	if len(p.numbers) > 0 {
		return p.choice
	}
	return p.form.first()
}

// number is the register of the key that is chosen among those that were found.
func (p *formPage) number() int64 {
	if i := p.choice.chosen; i >= 0 && i < len(p.numbers) {
		return p.numbers[i]
	}
	return 0
}

// activationPage shows how far the person is with their code, and sends another.
type activationPage struct {
	phases *checkList
	line   *theme.Text
	fields *list[fieldRow, present.Field]
	later  *laterView
	steps  fyne.CanvasObject // give way to the form
	object fyne.CanvasObject
}

func newActivationPage(keys *keyboard, send func(kiosk.Event), seek func(fyne.CanvasObject), changed func()) *activationPage {
	p := &activationPage{phases: newChecks(), line: theme.Body("").Wrap(), fields: newFields(10, 134, nil), later: newLaterView(keys, send, seek, changed)}
	p.steps = theme.Panel(p.phases.content)
	p.object = rows(16, p.steps, theme.Panel(rows(12, p.line, p.fields.content)), p.later.content)
	return p
}

func (p *activationPage) content() fyne.CanvasObject { return p.object }

func (p *activationPage) show(m present.ClerkModel) {
	p.phases.show(m.Activation.Phases)
	say(p.line, m.Activation.Line)
	p.fields.show(m.Activation.Fields)
	p.later.show(m.Activation.Later, m.Language)
	reveal(p.steps, !p.later.content.Visible())
}

func (p *activationPage) first() fyne.Focusable { return p.later.form.first() }

// laterView is the form of where an activation code goes.
type laterView struct {
	form    *form
	channel kiosk.Channel // that is chosen
	problem *theme.Text
	content *fyne.Container
}

func newLaterView(keys *keyboard, send func(kiosk.Event), seek func(fyne.CanvasObject), changed func()) *laterView {
	v := &laterView{problem: theme.Body("").Wrap()}
	v.form = newForm(keys, seek, func() {
		if channel := kiosk.Channel(v.form.values()[present.FieldChannel]); channel != v.channel && channel != "" {
			v.channel = channel
			send(kiosk.LaterChosen{Channel: channel})
		}
		changed()
	}, func(string, kiosk.Secret) {})
	v.content = theme.Panel(rows(12, v.form.content, v.problem))
	return v
}

func (v *laterView) show(m present.LaterModel, language kiosk.Language) {
	v.form.show(m.Channels, language)
	v.channel = kiosk.Channel(v.form.values()[present.FieldChannel])
	say(v.problem, m.Problem)
	reveal(v.content, len(m.Channels.Fields) > 0)
}

// tryPage is a sign-in that is tried: what names the key, and how far the person is.
type tryPage struct {
	form    *form
	panel   fyne.CanvasObject
	phases  *checkList
	line    *theme.Text
	explain *theme.Text
	said    fyne.CanvasObject
	object  fyne.CanvasObject
}

func newTryPage(keys *keyboard, seek func(fyne.CanvasObject), changed func()) *tryPage {
	p := &tryPage{phases: newChecks(), line: theme.Body("").Wrap(), explain: theme.Label("").Wrap()}
	p.form = newForm(keys, seek, changed, func(string, kiosk.Secret) {})
	p.panel, p.said = theme.Panel(p.form.content), theme.Panel(rows(8, p.line, p.explain))
	p.object = sideBySide(16, 860, []float32{1, 1}, rows(16, p.panel, p.said), theme.Panel(p.phases.content))
	return p
}

func (p *tryPage) content() fyne.CanvasObject { return p.object }

func (p *tryPage) show(m present.ClerkModel) {
	p.form.show(m.Try.Form, m.Language)
	reveal(p.panel, len(m.Try.Form.Fields) > 0)
	p.phases.show(m.Try.Phases)
	say(p.line, m.Try.Line)
	say(p.explain, present.Line{Text: m.Try.Explain, Tone: present.ToneQuiet})
	reveal(p.said, m.Try.Line.Text != "" || m.Try.Explain != "")
}

func (p *tryPage) first() fyne.Focusable { return p.form.first() }
