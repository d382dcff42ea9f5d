package ui

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// entry is a line to type into that leaves the page its keys: Enter, Esc and the F-keys are the
// page's, the others the entry's.
type entry struct {
	widget.Entry
	keys    *keyboard
	focused func() // told when the cursor comes
	cursor  bool   // it is here
}

func newEntry(keys *keyboard, changed func()) *entry {
	e := &entry{keys: keys, focused: changed}
	e.ExtendBaseWidget(e)
	e.OnChanged = func(string) { changed() }
	return e
}

// put shows another text without the old one in the undo history, and the cursor behind it.
func (e *entry) put(text string) {
	if e.Text != text {
		e.CursorColumn = utf8.RuneCountInString(text)
		e.SetText(text)
	}
}

// setLocked keeps or lets people type.
func (e *entry) setLocked(locked bool) {
	switch {
	case locked && !e.Disabled():
		e.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd}) // nothing stays selected in what cannot be changed
		e.Disable()
	case !locked && e.Disabled():
		e.Enable()
	}
}

// FocusGained implements fyne.Focusable.
func (e *entry) FocusGained() { e.Entry.FocusGained(); e.cursor = true; e.focused() }

// FocusLost implements fyne.Focusable.
func (e *entry) FocusLost() { e.Entry.FocusLost(); e.cursor = false }

// KeyDown implements desktop.Keyable.
func (e *entry) KeyDown(ev *fyne.KeyEvent) { e.keys.down(ev, e.Entry.KeyDown) }

// KeyUp implements desktop.Keyable.
func (e *entry) KeyUp(ev *fyne.KeyEvent) { e.keys.up(ev, e.Entry.KeyUp) }

// TypedKey implements fyne.Focusable. The cursor keys stay with the entry, though pages scroll with
// them elsewhere.
func (e *entry) TypedKey(ev *fyne.KeyEvent) { e.keys.key(ev, e.key) }

// TypedRune implements fyne.Focusable.
func (e *entry) TypedRune(r rune) { e.keys.rune(r, e.Entry.TypedRune) }

func (e *entry) key(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown, fyne.KeyHome, fyne.KeyEnd:
		e.Entry.TypedKey(ev)
	default:
		if !e.keys.typed(ev) {
			e.Entry.TypedKey(ev)
		}
	}
}

// TypedShortcut implements fyne.Shortcutable. What is locked can be copied: Fyne would also cut it, or paste over it.
func (e *entry) TypedShortcut(shortcut fyne.Shortcut) {
	if e.keys.commands(shortcut) {
		return
	}
	if _, copies := shortcut.(*fyne.ShortcutCopy); copies || !e.Disabled() {
		e.keys.shortcut(func() { e.Entry.TypedShortcut(shortcut) })
	}
}
