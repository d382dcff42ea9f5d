package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/ui"
)

// TestDigitsByKey types digits with keys that do not make them.
func TestDigitsByKey(t *testing.T) {
	pt := kiosk.Portuguese
	row := map[rune]int{'1': 10, '2': 11, '3': 12, '4': 13, '5': 14, '6': 15, '7': 16, '8': 17, '9': 18, '0': 19}
	pad := map[rune]int{'7': 79, '8': 80, '9': 81, '4': 83, '5': 84, '6': 85, '1': 87, '2': 88, '3': 89, '0': 90}
	french := map[rune]rune{'1': '&', '2': 'é', '3': '"', '4': '\'', '5': '(', '6': '-', '7': 'è', '8': '_', '9': 'ç', '0': 'à'}
	cursor := map[rune]fyne.KeyName{
		'7': fyne.KeyHome, '8': fyne.KeyUp, '9': fyne.KeyPageUp, '4': fyne.KeyLeft, '6': fyne.KeyRight,
		'1': fyne.KeyEnd, '2': fyne.KeyDown, '3': fyne.KeyPageDown, '0': fyne.KeyInsert,
	}
	ways := map[string]func(digit rune) (fyne.KeyEvent, rune){
		"FrenchRow": func(digit rune) (fyne.KeyEvent, rune) {
			return fyne.KeyEvent{Name: fyne.KeyName(digit), Physical: fyne.HardwareKey{ScanCode: row[digit]}}, french[digit]
		},
		"NepaliRow": func(digit rune) (fyne.KeyEvent, rune) {
			return fyne.KeyEvent{Physical: fyne.HardwareKey{ScanCode: row[digit]}}, digit - '0' + '०'
		},
		"Row": func(digit rune) (fyne.KeyEvent, rune) {
			return fyne.KeyEvent{Name: fyne.KeyName(digit), Physical: fyne.HardwareKey{ScanCode: row[digit]}}, digit
		},
		"NumLock": func(digit rune) (fyne.KeyEvent, rune) {
			return fyne.KeyEvent{Name: fyne.KeyName(digit), Physical: fyne.HardwareKey{ScanCode: pad[digit]}}, digit
		},
		"NumLockOff": func(digit rune) (fyne.KeyEvent, rune) {
			return fyne.KeyEvent{Name: fyne.KeyName(digit), Physical: fyne.HardwareKey{ScanCode: pad[digit]}}, 0
		},
		"NumLockOffByName": func(digit rune) (fyne.KeyEvent, rune) {
			return fyne.KeyEvent{Name: cursor[digit], Physical: fyne.HardwareKey{ScanCode: pad[digit]}}, 0
		},
	}
	for name, way := range ways {
		for field, test := range map[string]struct {
			state   kiosk.State
			digits  string
			unfocus bool
			want    kiosk.Event
		}{
			"PIN":       {pin(kiosk.PINFirst)(pt), "73194628", false, kiosk.PINTyped{PIN: kiosk.Secret("73194628")}},
			"Code":      {contactSent(pt), "123450", false, kiosk.CodeTyped{Code: kiosk.Secret("123450")}},
			"CardPIN":   {review(kiosk.ReviewCardPIN)(pt), "9087", false, kiosk.CardPINTyped{PIN: kiosk.Secret("9087")}},
			"NoFocus":   {review(kiosk.ReviewCardPIN)(pt), "9087", true, kiosk.CardPINTyped{PIN: kiosk.Secret("9087")}},
			"WithoutIt": {pin(kiosk.PINFirst)(pt), "739182", false, kiosk.PINTyped{PIN: kiosk.Secret("739182")}},
		} {
			t.Run(name+field, func(t *testing.T) {
				d := newDesk(t, ui.Options{})
				d.Show(test.state)
				if test.unfocus {
					d.Citizen().Canvas().Unfocus()
				}
				for _, digit := range test.digits {
					ev, r := way(digit)
					strike(d.Citizen(), ev, r)
					d.pass(handPace)
				}
				press(d.Citizen(), fyne.KeyReturn)
				got := d.sent()
				if field == "Code" && len(got) == 2 {
					got = got[:1] // it went by itself at its last digit
				}
				if diff := cmp.Diff([]kiosk.Event{test.want}, got); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestCursorKeysAreNoDigits: the keys between letters and keypad have the same names as those of the keypad.
func TestCursorKeysAreNoDigits(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
	for _, ev := range []fyne.KeyEvent{
		{Name: fyne.KeyHome, Physical: fyne.HardwareKey{ScanCode: 110}}, {Name: fyne.KeyLeft, Physical: fyne.HardwareKey{ScanCode: 113}},
		{Name: fyne.KeyEnd, Physical: fyne.HardwareKey{ScanCode: 115}}, {Name: fyne.KeyDown},
	} {
		strike(d.Citizen(), ev, 0)
		d.settle()
	}
	if got := d.CitizenDigits(); string(got) != string(make([]byte, len(got))) {
		t.Error("cursor keys became digits")
	}
}
