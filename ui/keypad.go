package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"balcao/ui/present"
	"balcao/ui/theme"
)

const (
	keyWidth, keyHeight = 104, 84
	keyGapX, keyGapY    = 14, 26
)

// padKey is one key of the on-screen keypad. It never takes the focus: who taps may go on typing. It does not
// change under a pointer either: on a touch screen the pointer stays where the finger was, and a key that stayed
// tinted would tell the next to look which digit came last.
type padKey struct {
	widget.BaseWidget
	text  string // a digit, a word, or "" for the deleting key's sign
	label string
	main  bool
	zoom  *theme.Zoom
	tap   func()
}

var (
	_ fyne.Tappable   = (*padKey)(nil)
	_ fyne.Accessible = (*padKey)(nil)
)

func newPadKey(text string, zoom *theme.Zoom, tap func()) *padKey {
	k := &padKey{text: text, label: text, zoom: zoom, tap: tap}
	k.ExtendBaseWidget(k)
	return k
}

// Tapped implements fyne.Tappable.
func (k *padKey) Tapped(*fyne.PointEvent) { k.tap() }

// AccessibilityLabel implements fyne.Accessible.
func (k *padKey) AccessibilityLabel() string { return k.label }

// AccessibilityRole implements fyne.Accessible.
func (k *padKey) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer implements fyne.Widget.
func (k *padKey) CreateRenderer() fyne.WidgetRenderer {
	k.ExtendBaseWidget(k)
	r := &padKeyRenderer{key: k, face: canvas.NewRectangle(theme.Page), text: canvas.NewText(k.text, theme.Ink)}
	r.face.CornerRadius, r.face.StrokeWidth = 10, 1
	r.text.Alignment = fyne.TextAlignCenter
	if k.text == "" {
		for range deleteSign {
			line := canvas.NewLine(theme.Ink)
			r.sign = append(r.sign, line)
		}
	}
	r.colour()
	return r
}

// deleteSign is the outline of a deleting key and its cross, in units of its height, from the middle.
// It is drawn because fonts do not agree on the character.
var deleteSign = [][4]float32{
	{-0.45, -0.5, 0.85, -0.5}, {0.85, -0.5, 0.85, 0.5}, {0.85, 0.5, -0.45, 0.5},
	{-0.45, 0.5, -0.95, 0}, {-0.95, 0, -0.45, -0.5},
	{-0.12, -0.22, 0.42, 0.22}, {0.42, -0.22, -0.12, 0.22},
}

type padKeyRenderer struct {
	key  *padKey
	face *canvas.Rectangle
	text *canvas.Text
	sign []*canvas.Line
}

func (r *padKeyRenderer) Destroy() {}

func (r *padKeyRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.face, r.text}
	for _, line := range r.sign {
		objects = append(objects, line)
	}
	return objects
}

func (r *padKeyRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.key.zoom.Of(keyWidth), r.key.zoom.Of(keyHeight))
}

func (r *padKeyRenderer) Layout(size fyne.Size) {
	r.face.Resize(size)
	r.text.Resize(size)
	unit := r.key.zoom.Of(26)
	for i, line := range r.sign {
		at := deleteSign[i]
		line.StrokeWidth = unit / 10
		line.Position1 = fyne.NewPos(size.Width/2+at[0]*unit, size.Height/2+at[1]*unit)
		line.Position2 = fyne.NewPos(size.Width/2+at[2]*unit, size.Height/2+at[3]*unit)
	}
}

func (r *padKeyRenderer) Refresh() {
	r.text.Text = r.key.text
	r.colour()
	r.Layout(r.key.Size())
	canvas.Refresh(r.key)
}

func (r *padKeyRenderer) colour() {
	fill, edge, ink := theme.Page, theme.Edge, theme.Ink
	if r.key.main {
		fill, edge, ink = theme.Blue, theme.Blue, theme.White
	}
	r.face.FillColor, r.face.StrokeColor, r.text.Color = fill, edge, ink
	r.text.TextSize = r.key.zoom.Of(34)
}

// keypad is the on-screen keypad of the citizen's screen, laid out as on a telephone and a terminal.
type keypad struct {
	ok, delete *padKey
	content    *fyne.Container
}

func newKeypad(zoom *theme.Zoom, digit func(rune), remove, ok func()) *keypad {
	k := &keypad{delete: newPadKey("", zoom, remove), ok: newPadKey("OK", zoom, ok)}
	k.ok.main = true
	grid := container.New(padLayout{zoom})
	for _, r := range "123456789" {
		grid.Add(newPadKey(string(r), zoom, func() { digit(r) }))
	}
	grid.Add(k.delete)
	grid.Add(newPadKey("0", zoom, func() { digit('0') }))
	grid.Add(k.ok)
	k.content = grid
	return k
}

func (k *keypad) show(m present.KeypadModel) {
	k.delete.label = m.Delete
	if k.ok.text != m.OK {
		k.ok.text, k.ok.label = m.OK, m.OK
		k.ok.Refresh()
	}
}

// padLayout is three columns of keys of one size: as wide as the design's beside the boxes, and as wide as there
// is room in a window that stands upright, where they are lower.
type padLayout struct{ zoom *theme.Zoom }

// Heights of a key and of the gap below it, where the keypad stands under the boxes.
const lowKey, lowGap = 52, 10

func (l padLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width, height := l.zoom.Of(keyWidth), l.zoom.Of(keyHeight)
	gapX, gapY := l.zoom.Of(keyGapX), l.zoom.Of(keyGapY)
	if size.Height < l.MinSize(nil).Height {
		width, height, gapY = (size.Width-2*gapX)/3, l.zoom.Of(lowKey), l.zoom.Of(lowGap)
	}
	for i, object := range objects {
		object.Move(fyne.NewPos(float32(i%3)*(width+gapX), float32(i/3)*(height+gapY)))
		object.Resize(fyne.NewSize(width, height))
	}
}

func (l padLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.zoom.Of(3*keyWidth+2*keyGapX), l.zoom.Of(4*keyHeight+3*keyGapY))
}
