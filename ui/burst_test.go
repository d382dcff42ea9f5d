package ui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/ui"
)

// strike lets one key do what the driver makes of it: it goes down, is typed, makes a character, goes up. Tab moves
// the focus instead.
func strike(w fyne.Window, ev fyne.KeyEvent, r rune) {
	keyDown(w, &ev)
	if ev.Name == fyne.KeyTab {
		w.Canvas().FocusNext()
	} else {
		typeKey(w, ev)
	}
	if r != 0 {
		typeRune(w, r)
	}
	keyUp(w, &ev)
}

// burst types a text as a document reader does, a key each pace.
func burst(d *desk, w fyne.Window, text string, pace time.Duration) {
	for _, r := range text {
		d.pass(pace)
		switch r {
		case '\n':
			strike(w, fyne.KeyEvent{Name: fyne.KeyReturn}, 0)
		case '\t':
			strike(w, fyne.KeyEvent{Name: fyne.KeyTab}, 0)
		case '\x1b':
			strike(w, fyne.KeyEvent{Name: fyne.KeyEscape}, 0)
		default:
			shifted := r == '<' || r >= 'A' && r <= 'Z'
			shift := fyne.KeyEvent{Name: desktop.KeyShiftLeft}
			if shifted {
				keyDown(w, &shift)
				typeKey(w, shift) // the driver types this too
			}
			strike(w, fyne.KeyEvent{Name: fyne.KeyName(strings.ToUpper(string(r)))}, r)
			if shifted {
				keyUp(w, &shift)
			}
		}
	}
}

func keyDown(w fyne.Window, ev *fyne.KeyEvent) {
	if keyable, ok := w.Canvas().Focused().(desktop.Keyable); ok {
		keyable.KeyDown(ev)
		return
	}
	desks[w].WindowKeyDown(w, ev)
}

func keyUp(w fyne.Window, ev *fyne.KeyEvent) {
	if keyable, ok := w.Canvas().Focused().(desktop.Keyable); ok {
		keyable.KeyUp(ev)
		return
	}
	desks[w].WindowKeyUp(w, ev)
}

// pass lets that much time pass, and what waited for it happen.
func (d *desk) pass(wait time.Duration) {
	until := d.now.Add(wait)
	for len(d.timers) > 0 && !d.timers[0].at.After(until) {
		first := d.timers[0]
		d.timers = d.timers[1:]
		if first.at.After(d.now) {
			d.now = first.at
		}
		first.call()
	}
	d.now = until
}

// swipes are what readers type: with Enter, Tab, both or neither around the lines, and keys before the first.
var swipes = map[string]string{
	"Lines":    specimenTD3 + "\n",
	"Tabs":     strings.ReplaceAll(specimenTD3, "\n", "\t") + "\t",
	"Run":      strings.ReplaceAll(specimenTD3, "\n", ""),
	"Card":     specimenTD1 + "\n",
	"Framed":   "\n\t" + strings.ReplaceAll(specimenTD3, "\n", "\n\n") + "\n\t\n",
	"Escaped":  "\x1b" + specimenTD3 + "\x1b\n",
	"Foreign":  strings.ReplaceAll(specimenTD1, "<", ";") + "\n",
	"TwoTimes": specimenTD3 + "\n" + specimenTD3 + "\n",
}

// TestSwipeAtEveryPage: a document that is swiped at any page of either window sends nothing but the zone, where one
// is asked for, and changes nothing.
func TestSwipeAtEveryPage(t *testing.T) {
	paces := []time.Duration{time.Millisecond, 15 * time.Millisecond, 25 * time.Millisecond}
	for i, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(screen.state(kiosk.Portuguese))
			for how, text := range swipes {
				for j, window := range []string{"Clerk", "Citizen"} {
					t.Run(how+window, func(t *testing.T) {
						swipeAt(t, d, screen.state(kiosk.Portuguese), text, paces[(i+len(how))%len(paces)], j == 1)
					})
				}
			}
		})
	}
}

// swipeAt swipes a document at a desk that shows a state.
func swipeAt(t *testing.T, d *desk, state kiosk.State, text string, pace time.Duration, citizen bool) {
	if takesMRZ(state) {
		d.Show(idle(kiosk.Portuguese))
		d.Show(state)
	}
	d.pass(time.Second)
	d.sent()
	w := d.Clerk()
	if citizen {
		w = d.Citizen()
	}
	focused := w.Canvas().Focused()
	phone, email := d.ContactTexts()
	brought := d.BroughtTexts()
	burst(d, w, text, pace)
	d.pass(200 * time.Millisecond)
	strike(w, fyne.KeyEvent{Name: fyne.KeyReturn}, 0) // after a pause, as some readers do
	d.settle()
	for _, e := range d.sent() {
		if typed, ok := e.(kiosk.AccessTyped); ok && typed.Kind == kiosk.AccessMRZ && takesMRZ(state) {
			continue
		}
		if _, ok := e.(kiosk.Continue); ok && state.Document.Access.MRZ.Valid && takesMRZ(state) {
			continue // the Enter behind a zone that stood there already
		}
		t.Fatalf("sent %#v", e)
	}
	if got := w.Canvas().Focused(); got != focused {
		t.Errorf("the focus went from %T to %T", focused, got)
	}
	if slices.ContainsFunc(d.CitizenDigits(), func(b byte) bool { return b != 0 }) {
		t.Error("digits of the document are in the citizen's boxes")
	}
	nowPhone, nowEmail := d.ContactTexts()
	if diff := cmp.Diff(append([]string{phone, email}, brought...), append([]string{nowPhone, nowEmail}, d.BroughtTexts()...)); diff != "" {
		t.Errorf("fields changed (-was +is):\n%s", diff)
	}
	if d.HeldKeys() {
		t.Error("what was typed is kept")
	}
}

// takesMRZ reports whether a state asks for a zone, or for nothing yet.
func takesMRZ(s kiosk.State) bool {
	return s.Step == kiosk.StepDocument && !s.ConfirmCancel && !s.IdleSoon &&
		(s.Case == 0 || s.Document.Access.Asked && !s.Document.Reading && s.Problem == nil)
}

// TestSwipe reads what is swiped where a zone can be.
func TestSwipe(t *testing.T) {
	pt := kiosk.Portuguese
	want := func(text string) []kiosk.Event {
		return []kiosk.Event{kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: text}}
	}
	for _, test := range []struct {
		name  string
		state kiosk.State
	}{
		{"EmptyDesk", idle(pt)}, {"TypedDesk", typedDesk(pt)}, {"Locked", locked(pt)}, {"Number", permitCAN(pt)}, {"NoChip", noChip(pt)},
	} {
		for how, text := range swipes {
			t.Run(test.name+how, func(t *testing.T) {
				if how == "Escaped" {
					t.Skip("Escape is no part of a text")
				}
				d := newDesk(t, ui.Options{})
				if test.state.Document.Access.MRZ.Text != "" {
					test.state.Document.Access.MRZ = kiosk.MRZEntry{}
				}
				d.Show(test.state)
				burst(d, d.Clerk(), text, 10*time.Millisecond)
				d.settle()
				if diff := cmp.Diff(want(text), d.sent()); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestPeopleAreNoReaders: what people and scripts type quickly goes where it was typed, in its order.
func TestPeopleAreNoReaders(t *testing.T) {
	pt := kiosk.Portuguese
	for _, pace := range []time.Duration{0, 12 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond, time.Second} {
		for _, test := range []struct {
			name, text string
			state      kiosk.State
			citizen    bool
			want       kiosk.Event
		}{
			{"PIN6", "731946\n", pin(kiosk.PINFirst)(pt), true, kiosk.PINTyped{PIN: kiosk.Secret("731946")}},
			{"PIN8", "73194628\n", pin(kiosk.PINFirst)(pt), true, kiosk.PINTyped{PIN: kiosk.Secret("73194628")}},
			{"CardPIN", "1234\n", review(kiosk.ReviewCardPIN)(pt), true, kiosk.CardPINTyped{PIN: kiosk.Secret("1234")}},
			{"Code", "123456\n", contactSent(pt), true, kiosk.CodeTyped{Code: kiosk.Secret("123456")}},
			{"Phone", "912345678\n", contact(pt), false, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912345678"}},
			{"Address", "\tanabela.ferreira.da.silva@correio.example\n", contact(pt), false,
				kiosk.ContactEntered{Channel: kiosk.Email, Text: "anabela.ferreira.da.silva@correio.example"}},
			{"Activation", "k7m2x-p9q3h\n", life("activate", kiosk.StepActivation, activating(func(*kiosk.ActivationState) {}))(pt), true,
				kiosk.ActivationTyped{Code: kiosk.Secret("K7M2XP9Q3H")}},
			{"NotMe", "k7m2x-p9q3h\n", life("not_me", kiosk.StepNotMe)(pt), false, kiosk.NotMeTyped{Code: kiosk.Secret("K7M2XP9Q3H")}},
		} {
			t.Run(fmt.Sprint(test.name, pace), func(t *testing.T) {
				d := newDesk(t, ui.Options{})
				d.Show(test.state)
				w := d.Clerk()
				if test.citizen {
					w = d.Citizen()
				}
				burst(d, w, test.text, pace)
				d.settle()
				if diff := cmp.Diff([]kiosk.Event{test.want}, d.sent()); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
				if d.HeldKeys() {
					t.Error("what was typed is kept")
				}
			})
		}
	}
}

// TestHeldKeysRepeat: the keyboard repeats a key that is held, faster than anybody types, and it still deletes.
func TestHeldKeysRepeat(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(contact(kiosk.Portuguese))
	write(d.Clerk(), "912345678 and more than fits")
	down(d.Clerk(), fyne.KeyBackspace)
	for range 40 {
		typeKey(d.Clerk(), fyne.KeyEvent{Name: fyne.KeyBackspace})
		d.pass(33 * time.Millisecond)
	}
	d.settle()
	if phone, _ := d.ContactTexts(); phone != "" {
		t.Errorf("%q is left", phone)
	}
}

// TestBusyDesk: while the desk draws, keys pile up, of a person as of a document reader.
func TestBusyDesk(t *testing.T) {
	t.Run("Person", busyPerson)
	t.Run("Reader", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(proven(contact(kiosk.Portuguese)))
		burst(d, d.Clerk(), "\nP<", time.Millisecond)
		d.now = d.now.Add(300 * time.Millisecond)
		burst(d, d.Clerk(), specimenTD3[2:]+"\n", 0)
		d.settle()
		if got := d.sent(); got != nil {
			t.Errorf("sent %v, want nothing", got)
		}
	})
}

// TestEnterMovesOn: what is typed behind an Enter that goes to the next field goes there too, however late it is seen.
func TestEnterMovesOn(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(bringTyped(kiosk.Portuguese))
	d.Clerk().Canvas().Focus(d.Declaration())
	was := d.BroughtTexts()
	burst(d, d.Clerk(), "\n\nCasa da Rua Longa", 0)
	d.settle()
	if diff := cmp.Diff(was, d.BroughtTexts()); !strings.Contains(diff, "Casa da Rua Longa") {
		t.Errorf("the fields (-was +is):\n%s", diff)
	}
}

func busyPerson(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
	burst(d, d.Citizen(), "7", time.Millisecond)
	d.now = d.now.Add(300 * time.Millisecond) // nobody looked at the clock
	burst(d, d.Citizen(), "31946\n", 0)
	d.settle()
	if diff := cmp.Diff([]kiosk.Event{kiosk.PINTyped{PIN: kiosk.Secret("731946")}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}
