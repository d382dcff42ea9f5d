package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/kiosk"
	"balcao/ui/look"
)

// messageView is a page to read: a big sign and a few lines.
type messageView struct {
	card, wait fyne.CanvasObject
	tick       fyne.CanvasObject
	pictures   *pictures
	signs      fyne.CanvasObject
	points     *list[*look.Text, line]
	content    fyne.CanvasObject
}

func newMessageView() *messageView {
	v := &messageView{
		card:   newCardPicture(216, 136),
		wait:   newWaitSign(),
		tick:   look.BigTick(look.Passed),
		points: newLines(12, func() *look.Text { return citizenText(look.Ink) }),
		pictures: newPictures(1.5, pictureCard, pictureCover, pictureResidence,
			picturePassport, pictureCardBack, pictureCAN),
	}
	v.signs = look.Padded(0, 10, container.NewHBox(v.card, v.wait, v.tick, v.pictures.content))
	v.content = rows(30, v.signs, v.points.content)
	return v
}

func (v *messageView) show(m citizenModel) {
	message := m.Page == citizenMessage
	reveal(v.card, message && m.Sign == signCard)
	reveal(v.wait, message && m.Sign == signWait)
	reveal(v.tick, message && m.Sign == signDone)
	if message {
		v.points.show(m.Points)
		v.pictures.show(m.Pictures)
		reveal(v.signs, m.Sign != signNone || len(m.Pictures) > 0)
	} else {
		v.points.show(nil)
		v.pictures.show(nil)
	}
}

// newWaitSign draws three dots: somebody else is at work. They do not move: an animation would keep
// the processor busy for as long as anybody waits.
func newWaitSign() fyne.CanvasObject {
	dots := container.NewWithoutLayout()
	for i, colour := range []look.Colour{look.Blue, look.FieldEdge, look.Edge} {
		dot := canvas.NewCircle(colour)
		dot.Move(fyne.NewPos(float32(i)*34, 0))
		dot.Resize(fyne.NewSquareSize(20))
		dots.Add(dot)
	}
	return sized(90, 24, dots)
}

// inputView is the page of a code or a PIN: boxes, what to know, and the keypad.
type inputView struct {
	text    *look.Text
	notice  *look.Text
	field   *digitField
	rules   *list[ruleView, ruleState]
	points  *list[*look.Text, line]
	pad     *keypad
	model   inputModel
	content fyne.CanvasObject
}

type ruleState struct {
	Text   string
	Met    bool
	Broken bool // there are enough digits, and they do not meet it
}

type ruleView struct {
	icon *look.Circle
	text *look.Text
}

func newInputView(keys *keyboard, submit func(kiosk.Secret)) *inputView {
	v := &inputView{points: newLines(8, func() *look.Text { return citizenText(look.InkFaint).Sized(look.SizeHeading) })}
	v.field = newDigitField(keys, v.check, submit)
	v.field.allowed = func(digits []byte) bool { return len(v.model.Rules) == 0 || v.model.Policy.Valid(digits) }
	v.rules = newList(10,
		func() (ruleView, fyne.CanvasObject) {
			row := ruleView{look.TickIcon(look.Pending), citizenText(look.InkSoft).Sized(look.SizeHeading).Wrap()}
			return row, centred(12, []float32{0, 1}, row.icon, row.text)
		},
		func(row ruleView, rule ruleState) {
			row.text.SetText(rule.Text)
			row.icon.SetResult(look.Pending)
			switch {
			case rule.Met:
				row.icon.SetResult(look.Passed)
			case rule.Broken:
				row.icon.SetResult(look.Unknown)
			}
		})
	v.pad = newKeypad(
		func(r rune) { v.field.enter(r); v.refocus() },
		func() { v.field.delete(); v.refocus() },
		func() { v.refocus(); v.field.ok() })
	v.text, v.notice = citizenText(look.InkSoft).Wrap(), citizenText(look.Red).Bold().Wrap()
	left := rows(20, v.text, v.notice, look.Padded(0, 6, container.NewHBox(v.field)), v.rules.content, v.points.content)
	v.content = columns(40, []float32{1, 0}, left, v.pad.content)
	return v
}

// refocus gives the boxes the focus back, which Fyne takes from them at every tap beside them.
func (v *inputView) refocus() { v.field.Tapped(nil) }

func (v *inputView) wipe() { v.field.wipe(); v.check() }

func (v *inputView) show(m citizenModel) {
	v.model = m.Input
	v.field.configure(m.Input, func(n int) string {
		return words{m.Language}.format(m.Input.Label, values{"Count": n})
	})
	if pageFor(m.Page) == citizenCode {
		say(v.text, line{m.Text, toneQuiet})
		say(v.notice, m.Notice)
		v.points.show(m.Points)
	} else {
		say(v.text, line{})
		say(v.notice, line{})
		v.points.show(nil)
	}
	v.pad.show(m.Keypad)
	v.check()
}

// check shows which rules the digits meet. They are looked at where they are typed.
func (v *inputView) check() {
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

// citizenReviewView is what will be bound, and what is kept.
type citizenReviewView struct {
	fields  *list[fieldRow, field]
	kept    [2]fieldRow
	rights  *look.Text
	content fyne.CanvasObject
}

func newCitizenReviewView() *citizenReviewView {
	v := &citizenReviewView{rights: look.Body("").Wrap()}
	v.fields = newFields(10, 244, func(label, value *look.Text) {
		label.Sized(look.SizeCitizenText)
		value.Sized(look.SizeCitizenText).Bold()
	})
	var halves [2]fyne.CanvasObject
	for i := range v.kept {
		v.kept[i] = fieldRow{look.Heading("").Wrap(), look.Body("").Wrap()}
		halves[i] = rows(3, v.kept[i].label, v.kept[i].value)
	}
	note := look.Tinted(look.Page, rows(12, columns(28, []float32{1, 1}, halves[0], halves[1]), v.rights))
	v.content = rows(16, v.fields.content, note)
	return v
}

func (v *citizenReviewView) show(m citizenModel) {
	v.fields.show(m.Fields)
	for i := range v.kept {
		var f field
		if i < len(m.Kept) {
			f = m.Kept[i]
		}
		v.kept[i].label.SetText(f.Label)
		v.kept[i].value.SetText(f.Value)
	}
	v.rights.SetText(m.Rights)
}

// pill is a language to choose.
type pill struct {
	widget.BaseWidget
	keys    *keyboard
	text    string
	chosen  bool
	focused bool
	choose  func()
}

var (
	_ fyne.Focusable  = (*pill)(nil)
	_ fyne.Tappable   = (*pill)(nil)
	_ fyne.Accessible = (*pill)(nil)
)

func newPill(keys *keyboard, choose func()) *pill {
	p := &pill{keys: keys, choose: choose}
	p.ExtendBaseWidget(p)
	return p
}

func (p *pill) show(text string, chosen bool) {
	if p.text != text || p.chosen != chosen {
		p.text, p.chosen = text, chosen
		p.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (p *pill) Tapped(*fyne.PointEvent) { p.choose() }

// FocusGained implements fyne.Focusable.
func (p *pill) FocusGained() { p.focused = true; p.Refresh() }

// FocusLost implements fyne.Focusable.
func (p *pill) FocusLost() { p.focused = false; p.Refresh() }

// KeyDown implements desktop.Keyable.
func (p *pill) KeyDown(ev *fyne.KeyEvent) { p.keys.down(ev) }

// KeyUp implements desktop.Keyable.
func (p *pill) KeyUp(ev *fyne.KeyEvent) { p.keys.up(ev) }

// TypedRune implements fyne.Focusable: digits belong to the field of the page.
func (p *pill) TypedRune(r rune) { p.keys.digit(r) }

// TypedKey implements fyne.Focusable.
func (p *pill) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		p.keys.spent()
		p.choose()
	default:
		p.keys.typed(ev)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (p *pill) AccessibilityLabel() string { return p.text }

// AccessibilityRole implements fyne.Accessible.
func (p *pill) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

var _ desktop.Keyable = (*pill)(nil)

// CreateRenderer implements fyne.Widget.
func (p *pill) CreateRenderer() fyne.WidgetRenderer {
	p.ExtendBaseWidget(p)
	r := &pillRenderer{pill: p, face: canvas.NewRectangle(look.Surface), text: look.NewText("", look.SizeHeading, fyne.TextStyle{}, look.Ink)}
	r.update()
	return r
}

type pillRenderer struct {
	pill *pill
	face *canvas.Rectangle
	text *look.Text
}

func (r *pillRenderer) Destroy() {}

func (r *pillRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.face, r.text} }

func (r *pillRenderer) MinSize() fyne.Size { return r.text.MinSize().AddWidthHeight(38, 19) }

func (r *pillRenderer) Layout(size fyne.Size) {
	r.face.Resize(size)
	r.text.Move(fyne.NewPos(19, 9))
	r.text.Resize(r.text.MinSize())
}

func (r *pillRenderer) Refresh() {
	r.update()
	r.Layout(r.pill.Size())
	canvas.Refresh(r.pill)
}

func (r *pillRenderer) update() {
	r.face.CornerRadius, r.face.StrokeWidth = 21, 1
	r.face.FillColor, r.face.StrokeColor = look.Surface, look.Edge
	colour := look.Ink
	if r.pill.chosen {
		r.face.FillColor, r.face.StrokeColor, colour = look.Blue, look.Blue, look.White
	}
	if r.pill.focused {
		r.face.StrokeColor, r.face.StrokeWidth = look.Ring, 3
		if r.pill.chosen {
			r.face.StrokeColor = look.Ink
		}
	}
	r.text.SetText(r.pill.text)
	r.text.SetColour(colour)
}
