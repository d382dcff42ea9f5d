package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/ui/theme"
)

// pill is a language to choose.
type pill struct {
	widget.BaseWidget
	keys    *keyboard
	text    string
	chosen  bool
	focused bool
	zoom    *theme.Zoom
	choose  func()
	sign    *canvas.Image // the globe before the text; nil for none
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
	if r.pill.sign != nil {
		return []fyne.CanvasObject{r.ring, r.face, r.pill.sign, r.text}
	}
	return []fyne.CanvasObject{r.ring, r.face, r.text}
}

func (r *pillRenderer) MinSize() fyne.Size {
	zoom := r.pill.zoom
	return r.text.MinSize().AddWidthHeight(zoom.Of(38)+r.indent(), zoom.Of(19))
}

// indent is the room of the sign.
func (r *pillRenderer) indent() float32 {
	if r.pill.sign == nil {
		return 0
	}
	return r.pill.zoom.Of(32)
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
	x := (size.Width - least.Width - r.indent()) / 2
	if sign := r.pill.sign; sign != nil {
		edge := r.pill.zoom.Of(22)
		sign.Move(fyne.NewPos(x, (size.Height-edge)/2))
		sign.Resize(fyne.NewSquareSize(edge))
	}
	r.text.Move(fyne.NewPos(x+r.indent(), (size.Height-least.Height)/2))
	r.text.Resize(least)
}

func (r *pillRenderer) Refresh() {
	r.update()
	r.text.Refresh()
	r.Layout(r.pill.Size())
	canvas.Refresh(r.pill)
}

func (r *pillRenderer) update() {
	r.face.StrokeWidth, r.ring.StrokeWidth = theme.Stroke(1), theme.Stroke(3)
	r.face.FillColor, r.face.StrokeColor = theme.Surface, theme.FieldEdge
	colour := theme.Ink
	if r.pill.chosen {
		r.face.FillColor, r.face.StrokeColor, colour = theme.Blue, theme.Blue, theme.White
	}
	if sign := r.pill.sign; sign != nil {
		if drawn := globe(colour); sign.Resource == nil || sign.Resource.Name() != drawn.Name() {
			sign.Resource = drawn
			sign.Refresh()
		}
	}
	r.ring.StrokeColor = theme.Clear
	if r.pill.focused {
		r.ring.StrokeColor = theme.Ring
	}
	r.text.SetText(r.pill.text)
	r.text.SetColour(colour)
}
