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
	lock  func()                  // lockKey was pressed
	quiet func()                  // quietKey was
	logs  func()                  // logKey was; nil where there is no log page
	early func(stroke) bool       // whether a key was meant for what was there before; nil for never

	guard  *burstGuard // holds keys until it shows that a person typed them; nil for none
	canvas fyne.Canvas

	fresh, held fyne.KeyName
}

// focused is where keys go, nil for the window itself.
func (k *keyboard) focused() fyne.Focusable {
	if k.canvas == nil {
		return nil
	}
	return k.canvas.Focused()
}

// take brings what a key did to the guard, or where there is none to its place at once.
func (k *keyboard) take(s stroke) {
	s.keys = k
	if k.early != nil && k.early(s) {
		return
	}
	if k.guard == nil {
		s.act()
		return
	}
	k.guard.take(s)
}

// down and up watch for keys that are held: a held Return repeats, and would walk through one page
// after the other. What the widget does with them follows, nil for nothing.
func (k *keyboard) down(ev *fyne.KeyEvent, then func(*fyne.KeyEvent)) {
	k.take(stroke{kind: strokeDown, event: *ev, key: then})
}

func (k *keyboard) up(ev *fyne.KeyEvent, then func(*fyne.KeyEvent)) {
	k.take(stroke{kind: strokeUp, event: *ev, key: then})
}

// key, rune and shortcut are for widgets: what they do with what is typed into them.
func (k *keyboard) key(ev *fyne.KeyEvent, do func(*fyne.KeyEvent)) {
	k.take(stroke{kind: strokeKey, event: *ev, key: do})
}

func (k *keyboard) rune(r rune, do func(rune)) {
	k.take(stroke{kind: strokeRune, char: r, typed: do})
}

// digitKey and digitRune are key and rune for what takes nothing but digits.
func (k *keyboard) digitKey(ev *fyne.KeyEvent, enter func(rune)) {
	k.take(stroke{kind: strokeKey, event: *ev, key: k.page, typed: enter, digits: true})
}

func (k *keyboard) digitRune(r rune, enter func(rune)) {
	k.take(stroke{kind: strokeRune, char: r, typed: enter, digits: true})
}

func (k *keyboard) shortcut(do func()) { k.take(stroke{kind: strokeShortcut, other: do}) }

// lockKey locks the screen, wherever the focus is.
var lockKey = &desktop.CustomShortcut{KeyName: fyne.KeyL, Modifier: fyne.KeyModifierControl}

// commands does what lockKey and logKey do, and reports whether the shortcut is one of them. Fyne gives shortcuts to a
// widget that takes any, and only else to the canvas.
func (k *keyboard) commands(shortcut fyne.Shortcut) bool {
	switch shortcut.ShortcutName() {
	case lockKey.ShortcutName():
		k.shortcut(k.lock)
	case logKey.ShortcutName():
		if k.logs != nil {
			k.shortcut(k.logs)
		}
	default:
		return false
	}
	return true
}

// page is what a widget does with keys that are the page's.
func (k *keyboard) page(ev *fyne.KeyEvent) { k.typed(ev) }

// character is what a widget without characters of its own does with one.
func (k *keyboard) character(r rune) {
	if k.digit != nil {
		k.digit(r)
	}
}

// typed offers a key to the page and reports whether it took it.
func (k *keyboard) typed(ev *fyne.KeyEvent) bool {
	if ev.Name == quietKey { // changes nothing on a screen, not even a warning that nobody is there
		k.quiet()
		return true
	}
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
	k.canvas = w.Canvas()
	k.canvas.SetOnTypedKey(func(ev *fyne.KeyEvent) { k.digitKey(ev, k.character) })
	k.canvas.SetOnTypedRune(func(r rune) { k.digitRune(r, k.character) })
	for _, key := range []fyne.Shortcut{lockKey, logKey} {
		k.canvas.AddShortcut(key, func(shortcut fyne.Shortcut) { k.commands(shortcut) })
	}
	if c, ok := k.canvas.(desktop.Canvas); ok {
		c.SetOnKeyDown(func(ev *fyne.KeyEvent) { k.down(ev, nil) })
		c.SetOnKeyUp(func(ev *fyne.KeyEvent) { k.up(ev, nil) })
	}
}

// quietKey marks the case at hand for a supervisor, and shows nothing.
const quietKey = fyne.KeyF9

// keyNames are the names that buttons show, as Fyne calls them.
var keyNames = map[fyne.KeyName]string{
	fyne.KeyReturn: "Enter", fyne.KeyEnter: "Enter", fyne.KeyEscape: "Esc",
	fyne.KeyF1: "F1", fyne.KeyF2: "F2", fyne.KeyF3: "F3", fyne.KeyF4: "F4", fyne.KeyF5: "F5", fyne.KeyF6: "F6",
	fyne.KeyF7: "F7", fyne.KeyF8: "F8", fyne.KeyF10: "F10", fyne.KeyF11: "F11", fyne.KeyF12: "F12",
}
