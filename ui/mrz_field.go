package ui

import (
	"bytes"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/ui/present"
)

// mrzField is a machine-readable zone to type into. What is typed stands in one array of bytes inside the
// widget, without an undo history, and is overwritten when the page goes. What the session understood of it
// is drawn and becomes what is edited: the same characters, in the lines of the format.
//
// Nobody waits for an answer before the next character, so what is understood of an older text is passed over.
// What a document reader typed or what was pasted goes to the session as it came, because that can tell what was
// meant with characters that no zone has.
type mrzField struct {
	widget.BaseWidget

	keys    *keyboard
	changed func()             // told after each change
	name    func(n int) string // for a screen reader

	typed   [mrzRoom]byte // capitals, digits, '<' and '\n'; '?' for what no zone has
	n, at   int           // how many, and before which the cursor stands
	model   present.MRZModel
	locked  bool
	focused bool

	raw string // what was swiped or pasted, until it is understood or edited; "" for nothing
}

// mrzRoom is more than the longest zone and its line breaks.
const mrzRoom = 128

var (
	_ fyne.Focusable    = (*mrzField)(nil)
	_ fyne.Tappable     = (*mrzField)(nil)
	_ fyne.Shortcutable = (*mrzField)(nil)
	_ fyne.Accessible   = (*mrzField)(nil)
	_ desktop.Keyable   = (*mrzField)(nil)
)

func newMRZField(keys *keyboard, changed func()) *mrzField {
	f := &mrzField{keys: keys, changed: changed, name: func(int) string { return "" }}
	f.ExtendBaseWidget(f)
	return f
}

// text is what is typed so far.
func (f *mrzField) text() string {
	if f.raw != "" {
		return f.raw
	}
	return string(f.typed[:f.n])
}

// put replaces what was typed.
func (f *mrzField) put(text string) {
	f.wipe()
	f.add(text)
	f.Refresh()
}

// add puts in a text as it came.
func (f *mrzField) add(text string) {
	raw := f.text() + text
	if f.at < f.n {
		raw = string(f.typed[:f.at]) + text + string(f.typed[f.at:f.n])
	}
	for _, r := range strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text) {
		f.insert(mrzCharacter(r))
	}
	f.raw = raw
}

// wipe overwrites what was typed.
func (f *mrzField) wipe() {
	clear(f.typed[:])
	f.n, f.at, f.raw = 0, 0, ""
	f.Refresh()
}

// show takes what is understood. Its lines replace the typed ones when they belong to what stands here now:
// the cursor stays before the same character.
func (f *mrzField) show(m present.MRZModel, locked bool) {
	f.model, f.locked = m, locked
	if m.Text == f.text() && len(m.Lines) > 0 {
		f.adopt(m.Lines)
	}
	f.Refresh()
}

func (f *mrzField) adopt(lines []string) {
	f.raw = ""
	understood := strings.Join(lines, "\n")
	if f.n > 0 && f.typed[f.n-1] == '\n' && !f.filledShort(lines) {
		understood += "\n" // who ended a line goes on in the next
	}
	if understood == f.text() || len(understood) > len(f.typed) {
		return
	}
	line, column := f.place(f.at)
	end, before := f.at == f.n, f.counted(f.at)
	kept := f.keeps(lines)
	clear(f.typed[:])
	f.n = copy(f.typed[:], understood)
	switch {
	case end:
		f.at = f.n
	case kept:
		f.at = f.offset(line, column)
	default:
		f.at = f.after(before)
	}
}

// filledShort reports whether the line that was ended was filled up to a check digit, which is typed next.
func (f *mrzField) filledShort(lines []string) bool {
	last := lines[len(lines)-1]
	typed := f.n - 1 - f.lineStart(f.n-1)
	return len(last) > typed && len(last) < f.model.Shape.Width
}

// keeps reports whether the lines are those that are typed, at most filled up.
func (f *mrzField) keeps(lines []string) bool {
	typed := strings.Split(strings.TrimSuffix(f.text(), "\n"), "\n")
	if len(typed) != len(lines) {
		return false
	}
	for i := range typed {
		if !strings.HasPrefix(lines[i], typed[i]) {
			return false
		}
	}
	return true
}

// counted is how many characters stand before a place, line breaks not counted.
func (f *mrzField) counted(at int) int { return at - bytes.Count(f.typed[:at], []byte{'\n'}) }

// after is the place behind that many characters.
func (f *mrzField) after(count int) int {
	for i := range f.n {
		if count == 0 {
			return i
		}
		if f.typed[i] != '\n' {
			count--
		}
	}
	return f.n
}

// place is the line and the column of an offset, and offset the other way round.
func (f *mrzField) place(at int) (line, column int) {
	before := f.typed[:at]
	return bytes.Count(before, []byte{'\n'}), at - 1 - bytes.LastIndexByte(before, '\n')
}

func (f *mrzField) offset(line, column int) int {
	at := 0
	for ; line > 0; line-- {
		next := bytes.IndexByte(f.typed[at:f.n], '\n')
		if next < 0 {
			return f.n
		}
		at += next + 1
	}
	return min(at+column, f.lineEnd(at))
}

func (f *mrzField) lineEnd(at int) int {
	if end := bytes.IndexByte(f.typed[at:f.n], '\n'); end >= 0 {
		return at + end
	}
	return f.n
}

func (f *mrzField) lineStart(at int) int { return bytes.LastIndexByte(f.typed[:at], '\n') + 1 }

// seek moves the cursor to the group in which to look first.
func (f *mrzField) seek() {
	if first := f.model.First; first >= 0 && first < len(f.model.Groups) {
		group := f.model.Groups[first]
		f.at = f.offset(group.Line, group.From)
		f.Refresh()
	}
}

// FocusGained implements fyne.Focusable.
func (f *mrzField) FocusGained() { f.focused = true; f.Refresh() }

// FocusLost implements fyne.Focusable.
func (f *mrzField) FocusLost() { f.focused = false; f.Refresh() }

// KeyDown implements desktop.Keyable.
func (f *mrzField) KeyDown(ev *fyne.KeyEvent) { f.keys.down(ev, nil) }

// KeyUp implements desktop.Keyable.
func (f *mrzField) KeyUp(ev *fyne.KeyEvent) { f.keys.up(ev, nil) }

// TypedRune implements fyne.Focusable.
func (f *mrzField) TypedRune(r rune) { f.keys.rune(r, f.enter) }

// TypedKey implements fyne.Focusable.
func (f *mrzField) TypedKey(ev *fyne.KeyEvent) { f.keys.key(ev, f.keys.page) }

// TypedShortcut implements fyne.Shortcutable: a zone may be pasted, and nothing of it copied.
func (f *mrzField) TypedShortcut(shortcut fyne.Shortcut) {
	paste, ok := shortcut.(*fyne.ShortcutPaste)
	if f.keys.commands(shortcut) || !ok || f.locked || paste.Clipboard == nil {
		return
	}
	f.keys.shortcut(func() {
		f.keys.touched()
		f.paste(paste.Clipboard.Content())
	})
}

// paste puts in a text, which takes the place of a zone that is complete.
func (f *mrzField) paste(text string) {
	if f.model.Complete {
		f.wipe()
	}
	f.add(text)
	f.report()
}

// swipe puts in what a document reader typed. It takes the place of a zone that is complete, or in whose middle the
// cursor stands. Behind one that is not complete it goes on: readers may pause between lines.
func (f *mrzField) swipe(text string) {
	if f.locked {
		return
	}
	if f.at < f.n {
		f.wipe()
	}
	f.keys.touched()
	f.paste(text)
}

// Tapped implements fyne.Tappable.
func (f *mrzField) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(f); c != nil {
		c.Focus(f)
	}
}

// AccessibilityLabel implements fyne.Accessible. It says how much there is, never what.
func (f *mrzField) AccessibilityLabel() string { return f.name(f.counted(f.n)) }

// AccessibilityRole implements fyne.Accessible.
func (f *mrzField) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (f *mrzField) report() {
	f.Refresh()
	f.changed()
}
