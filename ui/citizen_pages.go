package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// messageView is a page to read: a big sign and a few lines.
type messageView struct {
	card, wait fyne.CanvasObject
	tick       fyne.CanvasObject
	pictures   *pictures
	signs      fyne.CanvasObject
	points     *list[*theme.Text, present.Line]
	content    fyne.CanvasObject
}

func newMessageView(zoom, small *theme.Zoom) *messageView {
	v := &messageView{
		card:   newPicture(present.PictureCard, 1.2, zoom),
		wait:   newWaitSign(zoom),
		tick:   theme.BigTick(theme.Passed).Zoomed(zoom),
		points: newLines(12, func() *theme.Text { return citizenText(theme.Ink, zoom) }),
		pictures: newPictures(1.5, small, present.PictureCard, present.PictureCover, present.PictureResidence,
			present.PicturePassport, present.PictureCardBack, present.PictureCAN),
	}
	v.pictures.content.Layout = &flowLayout{gap: 18, between: 9}
	v.signs = zoomedPadding(zoom, 0, 10, rows(0, left(v.card), left(v.wait), left(v.tick), v.pictures.content))
	v.content = zoomedRows(zoom, 30, v.signs, v.points.content)
	return v
}

// left keeps an object at its own width, at the left.
func left(object fyne.CanvasObject) fyne.CanvasObject { return container.NewHBox(object) }

func (v *messageView) show(m present.CitizenModel) {
	message := m.Page == present.CitizenMessage
	reveal(v.card, message && m.Sign == present.SignCard)
	reveal(v.wait, message && m.Sign == present.SignWait)
	reveal(v.tick, message && m.Sign == present.SignDone)
	if message {
		v.points.show(m.Points)
		v.pictures.show(m.Pictures)
		reveal(v.signs, m.Sign != present.SignNone || len(m.Pictures) > 0)
	} else {
		v.points.show(nil)
		v.pictures.show(nil)
	}
}

// newWaitSign draws three dots: somebody else is at work. They do not move: an animation would keep
// the processor busy for as long as anybody waits.
func newWaitSign(zoom *theme.Zoom) fyne.CanvasObject {
	dots := drawing{width: 90, height: 24, zoom: zoom}
	for i, colour := range []theme.Colour{theme.Blue, theme.FieldEdge, theme.Edge} {
		dot := canvas.NewCircle(colour)
		dot.Move(fyne.NewPos(float32(i)*34, 0))
		dot.Resize(fyne.NewSquareSize(20))
		dots.shapes = append(dots.shapes, dot)
	}
	return dots.done()
}

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
// upright the keypad under them. The notice keeps the room of two lines, so that nothing moves when it comes.
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
	put(objects[0], width)
	top := min(y, l.zoom.Of(110)) // large text must not push the keypad out of the window
	for _, object := range objects[1:4] {
		put(object, width)
	}
	if upright {
		pad.Move(fyne.NewPos(0, y))
		pad.Resize(fyne.NewSize(width, l.zoom.Of(4*lowKey+3*lowGap)))
		y += pad.Size().Height + gap
		put(objects[4], width)
		l.height = y
		return
	}
	put(objects[4], width)
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

// citizenReviewView is what will be bound, and what is kept.
type citizenReviewView struct {
	fields  *list[fieldRow, present.Field]
	kept    [2]fieldRow
	rights  *theme.Text
	content fyne.CanvasObject
}

func newCitizenReviewView(zoom *theme.Zoom) *citizenReviewView {
	v := &citizenReviewView{rights: theme.Body("").Zoomed(zoom).Wrap()}
	v.fields = newList(10,
		func() (fieldRow, fyne.CanvasObject) {
			row := fieldRow{citizenText(theme.InkFaint, zoom).Wrap(), citizenText(theme.Ink, zoom).Bold().Wrap()}
			return row, columns(16, []float32{27, 73}, row.label, row.value)
		},
		func(row fieldRow, f present.Field) {
			row.label.SetText(f.Label)
			row.value.SetText(f.Value)
		})
	var halves [2]fyne.CanvasObject
	for i := range v.kept {
		v.kept[i] = fieldRow{theme.Heading("").Zoomed(zoom).Wrap(), theme.Body("").Zoomed(zoom).Wrap()}
		halves[i] = rows(3, v.kept[i].label, v.kept[i].value)
	}
	note := theme.Tinted(theme.Page, rows(12, sideBySide(28, 640, []float32{1, 1}, halves[0], halves[1]), v.rights))
	v.content = zoomedRows(zoom, 16, v.fields.content, note)
	return v
}

func (v *citizenReviewView) show(m present.CitizenModel) {
	v.fields.show(m.Fields)
	for i := range v.kept {
		var f present.Field
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
	zoom    *theme.Zoom
	choose  func()
}

var (
	_ fyne.Focusable  = (*pill)(nil)
	_ fyne.Tappable   = (*pill)(nil)
	_ fyne.Accessible = (*pill)(nil)
)

func newPill(keys *keyboard, zoom *theme.Zoom, choose func()) *pill {
	p := &pill{keys: keys, zoom: zoom, choose: choose}
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
func (p *pill) KeyDown(ev *fyne.KeyEvent) { p.keys.down(ev, nil) }

// KeyUp implements desktop.Keyable.
func (p *pill) KeyUp(ev *fyne.KeyEvent) { p.keys.up(ev, nil) }

// TypedRune implements fyne.Focusable: digits belong to the field of the page.
func (p *pill) TypedRune(r rune) { p.keys.digitRune(r, p.keys.character) }

// TypedKey implements fyne.Focusable.
func (p *pill) TypedKey(ev *fyne.KeyEvent) { p.keys.key(ev, p.key) }

func (p *pill) key(ev *fyne.KeyEvent) {
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
	r := &pillRenderer{
		pill: p, ring: canvas.NewRectangle(theme.Clear), face: canvas.NewRectangle(theme.Surface),
		text: theme.NewText("", theme.SizeHeading, fyne.TextStyle{}, theme.Ink).Zoomed(p.zoom),
	}
	r.update()
	return r
}

type pillRenderer struct {
	pill       *pill
	ring, face *canvas.Rectangle
	text       *theme.Text
}

func (r *pillRenderer) Destroy() {}

func (r *pillRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ring, r.face, r.text}
}

func (r *pillRenderer) MinSize() fyne.Size {
	zoom := r.pill.zoom
	return r.text.MinSize().AddWidthHeight(zoom.Of(38), zoom.Of(19))
}

// Layout puts the ring around the pill, with a gap: on the chosen one, which is blue, a ring at its edge would
// not be seen (WCAG 2.1 §1.4.11).
func (r *pillRenderer) Layout(size fyne.Size) {
	const out = 5
	r.face.Resize(size)
	r.ring.Move(fyne.NewPos(-out, -out))
	r.ring.Resize(size.AddWidthHeight(2*out, 2*out))
	r.face.CornerRadius, r.ring.CornerRadius = size.Height/2, size.Height/2+out
	least := r.text.MinSize()
	r.text.Move(fyne.NewPos((size.Width-least.Width)/2, (size.Height-least.Height)/2))
	r.text.Resize(least)
}

func (r *pillRenderer) Refresh() {
	r.update()
	r.text.Refresh()
	r.Layout(r.pill.Size())
	canvas.Refresh(r.pill)
}

func (r *pillRenderer) update() {
	r.face.StrokeWidth, r.ring.StrokeWidth = 1, 3
	r.face.FillColor, r.face.StrokeColor = theme.Surface, theme.FieldEdge
	colour := theme.Ink
	if r.pill.chosen {
		r.face.FillColor, r.face.StrokeColor, colour = theme.Blue, theme.Blue, theme.White
	}
	r.ring.StrokeColor = theme.Clear
	if r.pill.focused {
		r.ring.StrokeColor = theme.Ring
	}
	r.text.SetText(r.pill.text)
	r.text.SetColour(colour)
}
