package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// keyboard brings every key of a window to one place. Fyne gives a key to the focused widget only,
// or to the canvas when nothing is focused, and it never rises: so each of our widgets asks here
// before it acts itself, and the canvas asks here too.
type keyboard struct {
	press func(fyne.KeyName) bool // returns whether the key meant something to the page
	digit func(rune)              // a character typed while nothing has the focus
	touch func()                  // told that hands are at work, whatever they do

	fresh, held fyne.KeyName
}

// down and up watch for keys that are held: a held Return repeats, and would walk through one page
// after the other.
func (k *keyboard) down(ev *fyne.KeyEvent) { k.fresh, k.held = ev.Name, "" }

func (k *keyboard) up(*fyne.KeyEvent) { k.fresh, k.held = "", "" }

// typed offers a key to the page and reports whether it took it.
func (k *keyboard) typed(ev *fyne.KeyEvent) bool {
	k.touched()
	if ev.Name == k.held {
		return true
	}
	fresh := ev.Name == k.fresh
	if !k.press(ev.Name) {
		return false
	}
	if fresh && keyNames[ev.Name] != "" { // others may repeat: deleting, scrolling
		k.fresh, k.held = "", ev.Name
	}
	return true
}

func (k *keyboard) touched() {
	if k.touch != nil {
		k.touch()
	}
}

// spent says that the key that is down did its work in a widget, and may not do more elsewhere.
func (k *keyboard) spent() { k.fresh, k.held = "", k.fresh }

// listen attaches the keyboard to a window.
func (k *keyboard) listen(w fyne.Window) {
	c := w.Canvas()
	c.SetOnTypedKey(func(ev *fyne.KeyEvent) { k.typed(ev) })
	c.SetOnTypedRune(func(r rune) {
		if k.digit != nil {
			k.digit(r)
		}
	})
	if c, ok := c.(desktop.Canvas); ok {
		c.SetOnKeyDown(k.down)
		c.SetOnKeyUp(k.up)
	}
}

// keyNames are the names that buttons show, as Fyne calls them.
var keyNames = map[fyne.KeyName]string{
	fyne.KeyReturn: "Enter", fyne.KeyEnter: "Enter", fyne.KeyEscape: "Esc",
	fyne.KeyF1: "F1", fyne.KeyF2: "F2", fyne.KeyF3: "F3", fyne.KeyF4: "F4", fyne.KeyF5: "F5", fyne.KeyF6: "F6",
	fyne.KeyF7: "F7", fyne.KeyF8: "F8", fyne.KeyF9: "F9", fyne.KeyF10: "F10", fyne.KeyF11: "F11", fyne.KeyF12: "F12",
}
