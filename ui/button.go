package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// button is a theme.Button that asks the window's keyboard first, so that F10 works while a button has
// the focus.
type button struct {
	theme.Button
	keys *keyboard
}

var _ fyne.Focusable = (*button)(nil)

func newButton(keys *keyboard) *button {
	b := &button{keys: keys}
	b.ExtendBaseWidget(b)
	return b
}

// show makes the button the action, pressed by do.
func (b *button) show(a present.Action, do func(present.Action)) {
	style := theme.Plain
	switch {
	case a.Grave:
		style = theme.Danger
	case a.Main && a.Live():
		style = theme.Primary
	}
	b.SetText(a.Text)
	b.SetKey(a.Key)
	b.SetStyle(style)
	b.SetEnabled(a.Live())
	b.SetOnPress(func() { do(a) })
	b.repaint()
}

// repaint tells the canvas about a change: what theme.Button refreshes is itself, which stands in no
// canvas when it is part of another widget.
func (b *button) repaint() { canvas.Refresh(b) }

// FocusGained implements fyne.Focusable.
func (b *button) FocusGained() { b.Button.FocusGained(); b.repaint() }

// FocusLost implements fyne.Focusable.
func (b *button) FocusLost() { b.Button.FocusLost(); b.repaint() }

// MouseIn implements desktop.Hoverable.
func (b *button) MouseIn(ev *desktop.MouseEvent) { b.Button.MouseIn(ev); b.repaint() }

// MouseOut implements desktop.Hoverable.
func (b *button) MouseOut() { b.Button.MouseOut(); b.repaint() }

// KeyDown implements desktop.Keyable.
func (b *button) KeyDown(ev *fyne.KeyEvent) { b.keys.down(ev, b.Button.KeyDown) }

// KeyUp implements desktop.Keyable.
func (b *button) KeyUp(ev *fyne.KeyEvent) { b.keys.up(ev, b.Button.KeyUp) }

// TypedRune implements fyne.Focusable: digits belong to the field of the page, wherever the focus is.
func (b *button) TypedRune(r rune) { b.keys.digitRune(r, b.keys.character) }

// TypedKey implements fyne.Focusable.
func (b *button) TypedKey(ev *fyne.KeyEvent) { b.keys.key(ev, b.key) }

func (b *button) key(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if ev.Name != b.keys.held {
			b.keys.spent()
			b.Button.TypedKey(ev)
		}
	default:
		b.keys.typed(ev)
	}
}
