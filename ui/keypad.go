package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// padShape is how the keys of a keypad are set: the design's lengths.
type padShape struct {
	columns, rows       int
	lowColumns, lowRows int     // where the keypad stands under the boxes
	width, height       float32 // of a key
	gapX, gapY          float32
	low, lowGap         float32 // height and gap under the boxes
	text                float32 // size
}

// digitPad is laid out as on a telephone and a terminal; letterPad has the signs of an activation code, in as much room.
var (
	digitPad  = padShape{columns: 3, rows: 4, lowColumns: 3, lowRows: 4, width: 104, height: 84, gapX: 14, gapY: 26, low: 52, lowGap: 10, text: 34}
	letterPad = padShape{columns: 6, rows: 6, lowColumns: 11, lowRows: 3, width: 50, height: 60, gapX: 8, gapY: 10.8, low: 56, lowGap: 10, text: 26}
)

// padKey is one key of the on-screen keypad. It never takes the focus: who taps may go on typing. It does not
// change under a pointer either: on a touch screen the pointer stays where the finger was, and a key that stayed
// tinted would tell the next to look which digit came last.
type padKey struct {
	widget.BaseWidget
	text  string // a digit, a word, or "" for the deleting key's sign
	label string
	main  bool
	shape *padShape
	zoom  *theme.Zoom
	tap   func()
}

var (
	_ fyne.Tappable   = (*padKey)(nil)
	_ fyne.Accessible = (*padKey)(nil)
)

func newPadKey(text string, shape *padShape, zoom *theme.Zoom, tap func()) *padKey {
	k := &padKey{text: text, label: text, shape: shape, zoom: zoom, tap: tap}
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
	r := &padKeyRenderer{key: k, face: canvas.NewRectangle(theme.Page), text: canvas.NewText(k.text, nil)}
	r.face.CornerRadius = 10
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
	return fyne.NewSize(r.key.zoom.Of(r.key.shape.width), r.key.zoom.Of(r.key.shape.height))
}

func (r *padKeyRenderer) Layout(size fyne.Size) {
	r.colour()
	r.face.Resize(size)
	r.text.Resize(size)
	unit := r.key.zoom.Of(r.key.shape.text * 26 / digitPad.text)
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
	r.face.FillColor, r.face.StrokeColor, r.text.Color = fill, edge, ink.Now()
	r.face.StrokeWidth = theme.Stroke(1)
	r.text.TextSize = r.key.zoom.Of(r.key.shape.text)
	if len(r.key.text) > 1 { // a word has to fit as well
		r.text.TextSize = min(r.text.TextSize, max(r.key.zoom.Of(r.key.shape.width), r.key.Size().Width)*0.33)
	}
}

// keypad is the on-screen keypad of the citizen's screen: of digits, or of the signs of a code that has letters.
type keypad struct {
	ok, delete *padKey // of the keys that are shown
	pads       map[string]*pad
	layout     *padLayout
	content    *fyne.Container
	make       func(letters string) *pad
}

// pad is the keys for what is asked for, the deleting one and the one that ends it.
type pad struct {
	shape      *padShape
	keys       []fyne.CanvasObject
	ok, delete *padKey
}

func newKeypad(zoom *theme.Zoom, enter func(rune), remove, ok func()) *keypad {
	k := &keypad{pads: map[string]*pad{}, layout: &padLayout{zoom: zoom}}
	k.make = func(letters string) *pad {
		p := &pad{shape: &digitPad}
		signs := "1234567890"
		if letters != "" {
			p.shape, signs = &letterPad, letters
		}
		for _, r := range signs {
			p.keys = append(p.keys, newPadKey(string(r), p.shape, zoom, func() { enter(r) }))
		}
		p.delete, p.ok = newPadKey("", p.shape, zoom, remove), newPadKey("OK", p.shape, zoom, ok)
		p.ok.main = true
		if letters == "" { // on either side of the nought
			nought := p.keys[9]
			p.keys = append(p.keys[:9], p.delete, nought)
		} else {
			p.keys = append(p.keys, p.delete)
		}
		p.keys = append(p.keys, p.ok)
		return p
	}
	k.content = container.New(k.layout)
	k.show(present.KeypadModel{OK: "OK"})
	return k
}

func (k *keypad) show(m present.KeypadModel) {
	p := k.pads[m.Letters]
	if p == nil {
		p = k.make(m.Letters)
		k.pads[m.Letters] = p
	}
	if p.ok != k.ok {
		k.ok, k.delete, k.layout.shape = p.ok, p.delete, p.shape
		k.content.Objects = p.keys
		k.content.Refresh()
	}
	k.delete.label = m.Delete
	if k.ok.text != m.OK {
		k.ok.text, k.ok.label = m.OK, m.OK
		k.ok.Refresh()
	}
}

// padLayout is columns of keys of one size: as wide as the design's beside the boxes, and as wide as there is room in a
// window that stands upright, where they are lower.
type padLayout struct {
	zoom  *theme.Zoom
	shape *padShape
}

// low is the height of the keypad under the boxes.
func (l *padLayout) low() float32 {
	return l.zoom.Of(float32(l.shape.lowRows)*l.shape.low + float32(l.shape.lowRows-1)*l.shape.lowGap)
}

// Layout implements fyne.Layout.
func (l *padLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	shape := l.shape
	width, height := l.zoom.Of(shape.width), l.zoom.Of(shape.height)
	gapX, gapY := l.zoom.Of(shape.gapX), l.zoom.Of(shape.gapY)
	columns := shape.columns
	if size.Height < l.MinSize(nil).Height-1 {
		columns = shape.lowColumns
		width = (size.Width - float32(columns-1)*gapX) / float32(columns)
		height, gapY = l.zoom.Of(shape.low), l.zoom.Of(shape.lowGap)
	}
	last := len(objects) - 1
	for i, object := range objects {
		column, row := i%columns, i/columns
		wide := width
		if i == last { // what is left of its row
			wide = float32(columns-column)*(width+gapX) - gapX
		}
		object.Move(fyne.NewPos(float32(column)*(width+gapX), float32(row)*(height+gapY)))
		object.Resize(fyne.NewSize(wide, height))
	}
}

// MinSize implements fyne.Layout.
func (l *padLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	shape := l.shape
	columns, rows := float32(shape.columns), float32(shape.rows)
	return fyne.NewSize(l.zoom.Of(columns*shape.width+(columns-1)*shape.gapX), l.zoom.Of(rows*shape.height+(rows-1)*shape.gapY))
}
