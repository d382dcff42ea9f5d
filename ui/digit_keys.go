package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Where only digits are meant, the key counts and not the character: the row above the letters makes other ones on a
// French keyboard, and the keypad none while Num Lock is off.

// rowKeys and padKeys are the keys' numbers in X11, which are those of the kernel and 8 (linux/input-event-codes.h:
// KEY_1 is 2, KEY_KP7 is 71).
const firstRowKey, rowKeys = 10, "1234567890"

var padKeys = map[int]rune{79: '7', 80: '8', 81: '9', 83: '4', 84: '5', 85: '6', 87: '1', 88: '2', 89: '3', 90: '0'}

// digitOn returns the digit that is printed on a key, 0 for none and while a modifier is held, which means another
// character.
func digitOn(ev fyne.KeyEvent) rune {
	if driver, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok && driver.CurrentKeyModifiers() != 0 {
		return 0
	}
	if at := ev.Physical.ScanCode - firstRowKey; at >= 0 && at < len(rowKeys) {
		return rune(rowKeys[at])
	}
	return padKeys[ev.Physical.ScanCode]
}
