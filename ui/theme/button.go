package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Style says how much a button asks to be pressed.
type Style int

// Styles of a button. A page has at most one Primary.
const (
	Plain Style = iota
	Primary
	Danger
)

const (
	buttonHeight  = 52 // a finger's, on a touch screen (WCAG 2.1 §2.5.5 asks for 44)
	buttonPadding = 26
	buttonKeyGap  = 8
	ringGap       = 2
	ringWidth     = 3
)

// Button is a button for the keyboard first: Return, Enter and Space press it, it shows which key
// also does (the page must listen for that key), and it keeps the focus when pressed. Fyne's own
// is pressed by Space only and drops the focus.
type Button struct {
	widget.BaseWidget

	text, key                  string
	style                      Style
	onPress                    func()
	disabled, focused, hovered bool

	zoom  *Zoom
	large bool // written for people who stand further away
}

var (
	_ fyne.Focusable    = (*Button)(nil)
	_ fyne.Tappable     = (*Button)(nil)
	_ fyne.Disableable  = (*Button)(nil)
	_ fyne.Accessible   = (*Button)(nil)
	_ desktop.Keyable   = (*Button)(nil)
	_ desktop.Hoverable = (*Button)(nil)
)

// NewButton makes a button. Key is the name of the key that also presses it ("F10", "Esc"), shown
// beside the text; empty shows none. OnPress runs on the UI goroutine.
func NewButton(text, key string, style Style, onPress func()) *Button {
	b := &Button{text: text, key: key, style: style, onPress: onPress}
	b.ExtendBaseWidget(b)
	return b
}

// largeFactor is how much larger than a clerk's the citizen's buttons are written.
const largeFactor = 1.35

// Enlarge writes the button for people who stand further away, and lets zoom enlarge it; and returns it.
func (b *Button) Enlarge(zoom *Zoom) *Button {
	b.zoom, b.large = zoom, true
	return b
}

func (b *Button) textSize(name fyne.ThemeSizeName) float32 {
	size := b.zoom.Of(textSize(b.Theme(), name))
	if b.large {
		size *= largeFactor
	}
	return size
}

// SetText changes what the button says.
func (b *Button) SetText(text string) {
	if b.text != text {
		b.text = text
		b.Refresh()
	}
}

// SetKey changes which key the button says also presses it.
func (b *Button) SetKey(key string) {
	if b.key != key {
		b.key = key
		b.Refresh()
	}
}

// SetStyle changes how much the button asks to be pressed.
func (b *Button) SetStyle(style Style) {
	if b.style != style {
		b.style = style
		b.Refresh()
	}
}

// SetOnPress changes what pressing does.
func (b *Button) SetOnPress(onPress func()) { b.onPress = onPress }

// Text returns what the button says.
func (b *Button) Text() string { return b.text }

// Press does what the key, the mouse and the finger do; nothing while disabled.
func (b *Button) Press() {
	if !b.disabled && b.onPress != nil {
		b.onPress()
	}
}

// Enable implements fyne.Disableable.
func (b *Button) Enable() { b.setDisabled(false) }

// Disable implements fyne.Disableable. A disabled button is skipped by Tab.
func (b *Button) Disable() { b.setDisabled(true) }

// SetEnabled enables or disables.
func (b *Button) SetEnabled(enabled bool) { b.setDisabled(!enabled) }

// Disabled implements fyne.Disableable.
func (b *Button) Disabled() bool { return b.disabled }

func (b *Button) setDisabled(disabled bool) {
	if b.disabled != disabled {
		b.disabled = disabled
		b.Refresh()
	}
}

// Tapped implements fyne.Tappable. It takes the focus before it presses: what was pressed may open
// a page that then gives the focus to somebody else.
func (b *Button) Tapped(*fyne.PointEvent) {
	if b.disabled {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil {
		c.Focus(b)
	}
	b.Press()
}

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *Button) TypedRune(rune) {}

// A held Return repeats into whichever button the next page focuses, and would walk through the
// whole enrolment by itself. So a key that pressed a button must come up, or go down again, before
// it presses another. One keyboard and one UI goroutine, hence variables of the package.
var (
	freshKey fyne.KeyName // went down and was not typed yet
	heldKey  fyne.KeyName // pressed a button and was not seen to come up
)

// KeyDown implements desktop.Keyable. It comes for a real press, never for a repeat.
func (b *Button) KeyDown(ev *fyne.KeyEvent) { freshKey, heldKey = ev.Name, "" }

// KeyUp implements desktop.Keyable.
func (b *Button) KeyUp(*fyne.KeyEvent) { freshKey, heldKey = "", "" }

// TypedKey implements fyne.Focusable. The press happens here and not in KeyDown: the driver looks
// again who has the focus after KeyDown, and would type the same Return into the next page.
func (b *Button) TypedKey(ev *fyne.KeyEvent) {
	if !presses(ev.Name) || ev.Name == heldKey {
		return
	}
	if ev.Name == freshKey {
		freshKey, heldKey = "", ev.Name
	}
	b.Press()
}

// presses holds for both Return keys: the numeric keypad's is a key of its own in Fyne.
func presses(key fyne.KeyName) bool {
	return key == fyne.KeyReturn || key == fyne.KeyEnter || key == fyne.KeySpace
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() { b.hovered = false; b.Refresh() }

// AccessibilityLabel implements fyne.Accessible.
func (b *Button) AccessibilityLabel() string { return b.text }

// AccessibilityRole implements fyne.Accessible.
func (b *Button) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	b.ExtendBaseWidget(b)
	r := &buttonRenderer{
		button: b,
		ring:   canvas.NewRectangle(color.Transparent),
		face:   canvas.NewRectangle(Surface),
		key:    canvas.NewText("", nil),
	}
	r.ring.CornerRadius, r.face.CornerRadius = radius+ringGap+ringWidth, radius
	r.text = NewText("", SizeButton, bold, Ink).Zoomed(&r.zoom)
	r.update()
	return r
}

type buttonRenderer struct {
	button *Button
	ring   *canvas.Rectangle
	face   *canvas.Rectangle
	text   *Text
	zoom   Zoom // of the text
	key    *canvas.Text
}

func (r *buttonRenderer) Destroy() {}

func (r *buttonRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ring, r.face, r.text, r.key}
}

func (r *buttonRenderer) MinSize() fyne.Size {
	size := r.text.MinSize()
	if r.key.Text != "" {
		size.Width += buttonKeyGap + r.key.MinSize().Width
	}
	zoom := r.button.zoom
	return fyne.NewSize(size.Width+zoom.Of(2*buttonPadding), fyne.Max(zoom.Of(buttonHeight), size.Height+zoom.Of(20)))
}

// Layout puts the ring outside the button's bounds: the ring must not change the button's size when
// the focus comes, and pages leave more than its width between buttons.
func (r *buttonRenderer) Layout(size fyne.Size) {
	const out = ringGap + ringWidth
	r.face.Resize(size)
	r.ring.Move(fyne.NewPos(-out, -out))
	r.ring.Resize(size.AddWidthHeight(2*out, 2*out))

	text, key := r.text.MinSize(), r.key.MinSize()
	width := text.Width
	if r.key.Text != "" {
		width += buttonKeyGap + key.Width
	}
	x, y := (size.Width-width)/2, (size.Height-text.Height)/2
	r.text.Move(fyne.NewPos(x, y))
	r.text.Resize(text)
	// On one base line: both fonts have the same proportions, so the key's is that much higher.
	const ascent = 0.78
	r.key.Move(fyne.NewPos(x+text.Width+buttonKeyGap, y+ascent*(text.Height-key.Height)))
	r.key.Resize(key)
}

func (r *buttonRenderer) Refresh() {
	r.update()
	r.Layout(r.button.Size())
	canvas.Refresh(r.button)
}

func (r *buttonRenderer) update() {
	b := r.button
	if r.zoom.Set(b.textSize(SizeButton) / textSize(b.Theme(), SizeButton)) {
		r.text.Refresh()
	}
	r.text.SetText(b.text)
	r.key.Text, r.key.TextSize = b.key, b.textSize(SizeKey)

	face, edge, ink, key := b.colours()
	r.face.FillColor, r.face.StrokeColor, r.key.Color = face, edge, key.Now()
	r.face.StrokeWidth, r.ring.StrokeWidth = Stroke(1), Stroke(ringWidth)
	if b.disabled {
		r.face.StrokeWidth = 1
	}
	r.text.SetColour(ink)
	r.ring.StrokeColor = Clear
	if b.focused {
		r.ring.StrokeColor = Ring
	}
}

func (b *Button) colours() (face, edge, ink, key Colour) {
	switch {
	case b.disabled:
		return Page, Border, Off, Off
	case b.style == Primary && b.hovered:
		return BlueDeep, BlueDeep, White, White
	case b.style == Primary:
		return Blue, Blue, White, White
	case b.style == Danger && b.hovered:
		return RedOn, RedOn, White, White
	case b.style == Danger:
		return Red, Red, White, White
	case b.hovered:
		return Selected, Edge, Ink, InkSoft
	default:
		return Surface, Edge, Ink, InkSoft
	}
}
