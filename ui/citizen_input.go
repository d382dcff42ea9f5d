package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// inputView is the page of a code or a PIN: boxes, what to know, and the keypad.
type inputView struct {
	text    *theme.Text
	notice  *theme.Text
	field   *digitField
	rules   *list[ruleView, ruleState]
	points  *list[*theme.Text, present.Line]
	pad     *keypad
	model   present.InputModel
	said    present.Line // what the model says went wrong
	lang    kiosk.Language
	refused bool // OK was pressed on what is typed now, and it cannot be sent
	content fyne.CanvasObject
}

type ruleState struct {
	Text   string
	Met    bool
	Broken bool // there are enough digits, and they do not meet it
}

type ruleView struct {
	icon *theme.Circle
	text *theme.Text
}

func newInputView(keys *keyboard, zoom *theme.Zoom, submit func(kiosk.Secret)) *inputView {
	v := &inputView{points: newLines(8, func() *theme.Text { return citizenText(theme.InkFaint, zoom).Sized(theme.SizeHeading) })}
	v.field = newDigitField(keys, func() { v.refused = false; v.check() }, submit)
	v.field.refused = func() { v.refused = true; v.check() }
	v.field.zoom = zoom
	v.field.allowed = func(digits []byte) bool { return len(v.model.Rules) == 0 || v.model.Policy.Valid(digits) }
	v.rules = newList(10,
		func() (ruleView, fyne.CanvasObject) {
			row := ruleView{theme.TickIcon(theme.Pending).Zoomed(zoom), citizenText(theme.InkSoft, zoom).Sized(theme.SizeHeading).Wrap()}
			return row, centred(12, []float32{0, 1}, row.icon, row.text)
		},
		func(row ruleView, rule ruleState) {
			row.text.SetText(rule.Text)
			row.icon.SetResult(theme.Pending)
			switch {
			case rule.Met:
				row.icon.SetResult(theme.Passed)
			case rule.Broken:
				row.icon.SetResult(theme.Unknown)
			}
		})
	v.pad = newKeypad(zoom,
		func(r rune) { v.field.enter(r); v.refocus() },
		func() { v.field.delete(); v.refocus() },
		func() { v.refocus(); v.field.ok() })
	v.text, v.notice = citizenText(theme.InkSoft, zoom).Wrap(), citizenText(theme.Red, zoom).Bold().Wrap()
	v.content = container.New(&inputLayout{zoom: zoom},
		v.text, left(v.field), container.New(noticeRoom{2, theme.SizeCitizenText, zoom}, v.notice), v.rules.content, v.points.content, v.pad.content)
	return v
}

// inputLayout sets the boxes and what is said of them beside the keypad, at its left, or in a window that stands
// upright the keypad under the boxes and the rest under it. Text and notice keep the room of some lines, so that boxes
// and keys stand where they stood on the page before, and nothing moves when a notice comes.
type inputLayout struct {
	zoom   *theme.Zoom
	height float32 // at the width given last
}

func (l *inputLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	pad := objects[5]
	gap, beside := l.zoom.Of(20), l.zoom.Of(40)
	width := size.Width - pad.MinSize().Width - beside
	upright := width < objects[1].MinSize().Width
	if upright {
		width, gap = size.Width, l.zoom.Of(12)
	}
	var y float32
	put := func(object fyne.CanvasObject, width float32) {
		if object.Visible() && object.MinSize().Height > 0 {
			object.Move(fyne.NewPos(0, y))
			height := theme.HeightAt(object, width)
			object.Resize(fyne.NewSize(width, height))
			y += height + gap
		}
	}
	lines := func(n float32) float32 { return l.zoom.Of(n * lineHeight * current().Size(theme.SizeCitizenText)) }
	room := lines(2.1)
	switch {
	case upright:
		room = lines(3.05)
		put(objects[0], width)
	case theme.HeightAt(objects[0], size.Width) < lines(2.5): // above the keypad too
		put(objects[0], size.Width)
	default:
		put(objects[0], width)
	}
	top := room + gap
	y = fyne.Max(y, top)
	put(objects[1], width)
	put(objects[2], width)
	if upright {
		pad.Move(fyne.NewPos(0, y))
		pad.Resize(fyne.NewSize(width, pad.(*fyne.Container).Layout.(*padLayout).low()))
		y += pad.Size().Height + gap
	}
	put(objects[3], width)
	put(objects[4], width)
	if upright {
		l.height = y
		return
	}
	pad.Move(fyne.NewPos(width+beside, top))
	pad.Resize(pad.MinSize())
	l.height = fyne.Max(y, top+pad.Size().Height)
}

func (l *inputLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.zoom.Of(320), fyne.Max(l.height, objects[1].MinSize().Height))
}

// refocus gives the boxes the focus back, which Fyne takes from them at every tap beside them.
func (v *inputView) refocus() { v.field.Tapped(nil) }

func (v *inputView) wipe() { v.field.wipe(); v.refused = false; v.check() }

func (v *inputView) show(m present.CitizenModel) {
	v.model, v.said, v.lang = m.Input, present.Line{}, m.Language
	v.field.configure(m.Input, func(n int) string {
		return present.Words{Language: m.Language}.Format(m.Input.Label, present.Values{"Count": n})
	})
	if pageFor(m.Page) == present.CitizenCode {
		say(v.text, present.Line{Text: m.Text, Tone: present.ToneQuiet})
		v.said = m.Notice
		v.points.show(m.Points)
	} else {
		say(v.text, present.Line{})
		v.points.show(nil)
	}
	v.pad.show(m.Keypad)
	v.check()
}

// check shows which rules the digits meet, and why they were refused. They are looked at where they are typed.
func (v *inputView) check() {
	said := v.said
	if v.refused {
		v.field.look(func(digits []byte) { said = v.refusal(digits) })
	}
	say(v.notice, said)
	states := make([]ruleState, len(v.model.Rules))
	for i, rule := range v.model.Rules {
		states[i].Text = rule.Text
	}
	if len(states) > 0 {
		v.field.look(func(digits []byte) {
			for _, result := range v.model.Policy.Check(digits) {
				for i, rule := range v.model.Rules {
					if rule.Rule == result.Rule {
						states[i].Met = result.Met
						states[i].Broken = !result.Met && len(digits) >= v.model.Min
					}
				}
			}
		})
	}
	v.rules.show(states)
}

// refusal says how many digits are missing, or which rule they break.
func (v *inputView) refusal(digits []byte) present.Line {
	if missing := v.model.Min - len(digits); missing > 0 {
		return present.Line{Text: present.Words{Language: v.lang}.Format("citizen.missing_digits", present.Values{"Count": missing}), Tone: present.ToneBad}
	}
	for _, result := range v.model.Policy.Check(digits) {
		if !result.Met {
			return present.Line{Text: present.Words{Language: v.lang}.Text("citizen.pin.breaks_" + string(result.Rule)), Tone: present.ToneBad}
		}
	}
	return present.Line{}
}
