package ui

import (
	"fyne.io/fyne/v2"
)

// How a zone is edited. Places in it have meanings, so a line that is full is typed over, and one that is
// not is typed into.

// mrzCharacter is how a typed character stands in a zone. Keyboards and text recognition offer « and ‹ for
// the filler; a blank is how a filler looks.
func mrzCharacter(r rune) byte {
	switch {
	case r >= 'a' && r <= 'z':
		return byte(r - 'a' + 'A')
	case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '<', r == '\n', r == ' ':
		return byte(r)
	case r == '«', r == '‹':
		return '<'
	case r == '\t':
		return ' '
	case r < ' ', r == '\uFEFF':
		return 0 // document readers frame what they type with control characters
	}
	return '?'
}

// enter takes a typed character.
func (f *mrzField) enter(r rune) {
	c := mrzCharacter(r)
	if f.locked || c == 0 || c == '\n' {
		return
	}
	f.keys.touched()
	if c == ' ' {
		c = '<'
	}
	f.set(c)
	f.report()
}

// set types one character at the cursor.
func (f *mrzField) set(c byte) {
	width := f.model.Shape.Width
	if f.at < f.n && f.typed[f.at] == '\n' && f.full(f.at) {
		f.at++ // the line is full: the next one begins
	}
	switch {
	case f.at < f.n && f.typed[f.at] != '\n' && f.full(f.at):
		f.raw = ""
		f.typed[f.at] = c
		f.at++
		if f.at < f.n-1 && f.typed[f.at] == '\n' {
			f.at++
		}
	case f.at == f.n && f.model.Complete && f.model.Text == f.text() && width > 0:
		// There is no more room in a zone that is complete.
	default:
		f.insert(c)
	}
}

// full reports whether the line around a place has as many characters as the format has.
func (f *mrzField) full(at int) bool {
	return f.lineEnd(at)-f.lineStart(at) >= f.model.Shape.Width
}

// insert puts a character at the cursor, as long as there is room.
func (f *mrzField) insert(c byte) {
	if c == 0 || f.n == len(f.typed) {
		return
	}
	f.raw = ""
	copy(f.typed[f.at+1:], f.typed[f.at:f.n])
	f.typed[f.at] = c
	f.n++
	f.at++
}

// press acts on the keys of the field; the page offers it every key first. Enter is the page's.
func (f *mrzField) press(key fyne.KeyName) bool {
	if f.locked {
		return false
	}
	line, column := f.place(f.at)
	switch key {
	case fyne.KeyLeft:
		f.at = max(0, f.at-1)
	case fyne.KeyRight:
		f.at = min(f.n, f.at+1)
	case fyne.KeyUp:
		f.at = f.offset(max(0, line-1), column)
	case fyne.KeyDown:
		f.at = f.offset(line+1, column)
	case fyne.KeyHome:
		f.at = f.lineStart(f.at)
	case fyne.KeyEnd:
		f.at = f.lineEnd(f.at)
	case fyne.KeyBackspace:
		f.backspace()
		return true
	case fyne.KeyDelete:
		f.remove(f.at)
		return true
	default:
		return false
	}
	f.Refresh()
	return true
}

// backspace deletes what stands before the cursor. Between two lines that is the character, not the break:
// the break would come back by itself.
func (f *mrzField) backspace() {
	if f.at == 0 {
		return
	}
	f.at--
	if f.typed[f.at] == '\n' && f.at > 0 && f.at < f.n-1 {
		f.at--
	}
	f.remove(f.at)
}

func (f *mrzField) remove(at int) {
	if at >= f.n {
		return
	}
	f.raw = ""
	copy(f.typed[at:], f.typed[at+1:f.n])
	f.n--
	f.typed[f.n] = 0
	f.report()
}

// breakLine begins the next line, unless one was just begun.
func (f *mrzField) breakLine() {
	if f.locked || f.n == 0 || f.typed[f.n-1] == '\n' {
		return
	}
	f.keys.touched()
	f.at = f.lineEnd(f.at)
	if f.at < f.n {
		f.at++ // there is a next line already
		f.Refresh()
		return
	}
	f.insert('\n')
	f.report()
}
