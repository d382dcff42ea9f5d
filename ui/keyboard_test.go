package ui_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"balcao/kiosk"
	"balcao/ui"
)

// typeKey types a special key as the driver does: to the focused widget, or to the canvas.
func typeKey(w fyne.Window, ev fyne.KeyEvent) {
	if focused := w.Canvas().Focused(); focused != nil {
		focused.TypedKey(&ev)
	} else if typed := w.Canvas().OnTypedKey(); typed != nil {
		typed(&ev)
	}
}

// typeRune types a character as the driver does.
func typeRune(w fyne.Window, r rune) {
	if focused := w.Canvas().Focused(); focused != nil {
		focused.TypedRune(r)
	} else if typed := w.Canvas().OnTypedRune(); typed != nil {
		typed(r)
	}
}

// handPace is how long a person takes for a key.
const handPace = 100 * time.Millisecond

// press types special keys as a person does.
func press(w fyne.Window, names ...fyne.KeyName) {
	for _, name := range names {
		typeKey(w, fyne.KeyEvent{Name: name})
		desks[w].settle()
		desks[w].now = desks[w].now.Add(handPace)
	}
}

// write types characters as a person does.
func write(w fyne.Window, text string) {
	for _, r := range text {
		typeRune(w, r)
		desks[w].settle()
		desks[w].now = desks[w].now.Add(handPace)
	}
}

// down lets a key go down on the focused widget, as the driver does before it is typed.
func down(w fyne.Window, name fyne.KeyName) {
	w.Canvas().Focused().(desktop.Keyable).KeyDown(&fyne.KeyEvent{Name: name})
}

// sent returns what was sent since the last call, but for what only stands in entries.
func (d *desk) sent() []kiosk.Event {
	events := slices.DeleteFunc(d.events, func(e kiosk.Event) bool { _, draft := e.(kiosk.ContactDrafted); return draft })
	d.events = nil
	return events
}

func TestClerkKeys(t *testing.T) {
	pt := kiosk.Portuguese
	for _, test := range []struct {
		name  string
		state kiosk.State
		key   fyne.KeyName
		want  []kiosk.Event
	}{
		{"ConfirmPerson", identity(pt), fyne.KeyF10, []kiosk.Event{kiosk.PersonConfirmed{}}},
		{"ReturnConfirmsNobody", identity(pt), fyne.KeyReturn, nil},
		{"NotBeforeComplete", identityLoading(pt), fyne.KeyF10, nil},
		{"Mismatch", identity(pt), fyne.KeyF8, []kiosk.Event{kiosk.PersonMismatch{}}},
		{"Cancel", identity(pt), fyne.KeyEscape, []kiosk.Event{kiosk.Cancel{}}},
		{"NothingToCancel", idle(pt), fyne.KeyEscape, nil},
		{"Errands", idle(pt), fyne.KeyF1, []kiosk.Event{kiosk.ErrandsAsked{}}},
		{"ErrandChosen", errands(pt), fyne.KeyReturn, []kiosk.Event{kiosk.ErrandChosen{Name: "enrol"}}},
		{"ErrandsClosed", errands(pt), fyne.KeyEscape, []kiosk.Event{kiosk.Cancel{}}},
		{"BackToEnrolling", checkDesk(pt), fyne.KeyEscape, []kiosk.Event{kiosk.Cancel{}}},
		{"ContinueContact", proven(contact(pt)), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"ContinueContactNumpad", proven(contact(pt)), fyne.KeyEnter, []kiosk.Event{kiosk.Continue{}}},
		{"NotWithoutContact", contact(pt), fyne.KeyReturn, nil},
		{"Back", proven(contact(pt)), fyne.KeyF3, []kiosk.Event{kiosk.Back{}}},
		{"AddEmail", phoneProven(pt), fyne.KeyF7, []kiosk.Event{kiosk.Back{}}},
		{"BothAreThere", pin(kiosk.PINFirst)(pt), fyne.KeyF7, nil},
		{"NothingAddedWhileSealing", sealing(phoneProven(pt)), fyne.KeyF7, nil},
		{"ContinuePIN", pin(kiosk.PINSealed)(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"CorrectAProvenContact", proven(contact(pt)), fyne.KeyF4, []kiosk.Event{kiosk.Correct{Step: kiosk.StepContact}}},
		{"DisputedContact", reviewDisputed(pt), fyne.KeyF3, []kiosk.Event{kiosk.Correct{Step: kiosk.StepContact}}},
		{"DisputedShowAgain", reviewDisputed(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"DisputedEnd", reviewDisputed(pt), fyne.KeyEscape, []kiosk.Event{kiosk.Cancel{}}},
		{"DisputedPapersOfACitizenCard", reviewDisputed(pt), fyne.KeyF4, nil},
		{"DisputedPapers", travelDisputed(pt), fyne.KeyF4, []kiosk.Event{kiosk.Correct{Step: kiosk.StepEligibility}}},
		{"AnotherPIN", pin(kiosk.PINSealed)(pt), fyne.KeyF4, []kiosk.Event{kiosk.NewPIN{}}},
		{"NotBeforeSealed", pin(kiosk.PINFirst)(pt), fyne.KeyReturn, nil},
		{"NextPerson", done(pt), fyne.KeyReturn, []kiosk.Event{kiosk.NextPerson{}}},
		{"NoCancelWhileBinding", review(kiosk.ReviewBinding)(pt), fyne.KeyEscape, nil},
		{"CancelNo", cancelling(pt), fyne.KeyReturn, []kiosk.Event{kiosk.CancelDismissed{}}},
		{"CancelNoNumpad", cancelling(pt), fyne.KeyEnter, []kiosk.Event{kiosk.CancelDismissed{}}},
		{"CancelNoEscape", cancelling(pt), fyne.KeyEscape, []kiosk.Event{kiosk.CancelDismissed{}}},
		{"CancelYes", cancelling(pt), fyne.KeyF8, []kiosk.Event{kiosk.CancelConfirmed{}}},
		{"CancelAsksFirst", cancelling(pt), fyne.KeyF3, nil},
		{"Retry", problem(kiosk.ProblemCentreDown, false)(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Retry{}}},
		{"WaitsForCard", problem(kiosk.ProblemCode(kiosk.ReasonRemoved), false)(pt), fyne.KeyReturn, nil},
		{"OtherDocument", problem(kiosk.ProblemCode(kiosk.ReasonRemoved), false)(pt), fyne.KeyF5, []kiosk.Event{kiosk.OtherDocument{}}},
		{"AfterRefusal", revoked(pt), fyne.KeyReturn, []kiosk.Event{kiosk.NextPerson{}}},
		{"EscapeAfterRefusal", revoked(pt), fyne.KeyEscape, []kiosk.Event{kiosk.NextPerson{}}},
		{"AfterACopy", problem(kiosk.ProblemCode(kiosk.ReasonKeyMismatch), true)(pt), fyne.KeyF10, []kiosk.Event{kiosk.NextPerson{}}},
		{"ReturnLeavesNoCopy", problem(kiosk.ProblemCode(kiosk.ReasonKeyMismatch), true)(pt), fyne.KeyReturn, nil},
		{"EscapeLeavesNoCopy", problem(kiosk.ProblemCode(kiosk.ReasonKeyMismatch), true)(pt), fyne.KeyEscape, nil},
		{"RefusedForNow", unsure(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Retry{}}},
		{"RefusedForNowNextPerson", unsure(pt), fyne.KeyEscape, []kiosk.Event{kiosk.NextPerson{}}},
		{"KeypadAgain", reviewPinpad(pt), fyne.KeyReturn, []kiosk.Event{kiosk.Continue{}}},
		{"AfterAnIdleEnd", ended(kiosk.ProblemIdle)(pt), fyne.KeyReturn, []kiosk.Event{kiosk.NextPerson{}}},
		{"EscapeAfterAnIdleEnd", ended(kiosk.ProblemIdle)(pt), fyne.KeyEscape, []kiosk.Event{kiosk.NextPerson{}}},
		{"AfterARemark", ended(kiosk.ProblemNoChip)(pt), fyne.KeyReturn, []kiosk.Event{kiosk.NextPerson{}}},
		{"StillHere", forgotten(pt), fyne.KeyReturn, []kiosk.Event{kiosk.StillHere{}}},
		{"WarningTakesTheKeys", forgotten(pt), fyne.KeyF3, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state)
			press(d.Clerk(), test.key)
			if diff := cmp.Diff(test.want, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeyboardGoesToWhoIsAsked: each time something else is asked for, the window that it is asked in gets the keyboard,
// wherever it was; while the same is asked for, nobody takes it away.
func TestKeyboardGoesToWhoIsAsked(t *testing.T) {
	pt := kiosk.Portuguese
	mailFirst := contactBoth(pt)
	mailFirst.Contact.Phone, mailFirst.Contact.Settled = kiosk.ChannelState{}, false
	onlyPhone := contactSent(pt)
	onlyPhone.Contact.Email, onlyPhone.Contact.Email.Delivery = mailFirst.Contact.Email, kiosk.DeliveryFailed
	again := contactSent(pt)
	again.Contact.Phone.SentAt = today
	later := contactSent(pt)
	later.Now = today.Add(time.Second)
	for _, test := range []struct {
		name          string
		before, after kiosk.State
		want          string
	}{
		{"CodeOut", contact(pt), contactSent(pt), "citizen"},
		{"OnlyTheChannelChanges", mailFirst, onlyPhone, "citizen"},
		{"SentAgain", contactSent(pt), again, "citizen"},
		{"ClockMoves", contactSent(pt), later, ""},
		{"WrongCode", contactSent(pt), contactWrong(pt), ""},
		{"Undelivered", contactSent(pt), contactFailed(undelivered)(pt), "clerk"},
		{"SentAfterAFailure", contactFailed(undelivered)(pt), again, "citizen"},
		{"Confirmed", contactSent(pt), proven(contact(pt)), "clerk"},
		{"PIN", proven(contact(pt)), pin(kiosk.PINFirst)(pt), "citizen"},
		{"Ending", contactSent(pt), cancelling(pt), "clerk"},
		{"EndingDismissed", cancelling(pt), contactSent(pt), "citizen"},
		{"SealedAgain", reviewDisputed(pt), pin(kiosk.PINSealed)(pt), ""},
		{"SealedAndOn", pin(kiosk.PINSealed)(pt), review(kiosk.ReviewReading)(pt), "citizen"},
		{"Disputed", review(kiosk.ReviewReading)(pt), reviewDisputed(pt), "clerk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.before)
			got := ""
			d.WatchKeyboard(func(window string) { got += window })
			d.Show(test.after)
			if got != test.want {
				t.Errorf("the keyboard goes to %q, want %q", got, test.want)
			}
		})
	}
}

// TestOKSaysWhatIsWrong: digits that cannot be sent stay, and the page says how many are missing or which rule they
// break, until they change; in words that hold none of them.
func TestOKSaysWhatIsWrong(t *testing.T) {
	en := kiosk.English
	for _, test := range []struct {
		name  string
		state kiosk.State
		typed string
		want  string
	}{
		{"CodeTooShort", contactSent(en), "1234", "2 digits are missing."},
		{"NothingTyped", contactSent(en), "", "6 digits are missing."},
		{"PINTooShort", pin(kiosk.PINFirst)(en), "73194", "1 digit is missing."},
		{"RepeatTooShort", pin(kiosk.PINRepeat)(en), "73194", "1 digit is missing."},
		{"CardPINTooShort", review(kiosk.ReviewCardPIN)(en), "1", "3 digits are missing."},
		{"Personal", pin(kiosk.PINFirst)(en), "912345", "This PIN comes from your birth date, phone, document or tax number. Please choose another."},
		{"Pattern", pin(kiosk.PINFirst)(en), "131313", "This PIN is a sequence or repeats digits. Please choose another."},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state)
			write(d.Citizen(), test.typed)
			if strings.Contains(visibleText(d.Citizen()), test.want) {
				t.Error("said before OK was pressed")
			}
			d.TapKeypad("ok")
			test.state.Now = test.state.Now.Add(time.Second)
			d.Show(test.state) // the clock on the page moves
			if got := visibleText(d.Citizen()); !strings.Contains(got, test.want) {
				t.Errorf("does not say %q:\n%s", test.want, got)
			}
			if got := d.sent(); got != nil {
				t.Errorf("sent %v", got)
			}
			write(d.Citizen(), "7")
			if strings.Contains(visibleText(d.Citizen()), test.want) {
				t.Error("still said of other digits")
			}
		})
	}
}

// TestClerksKeysInTheCitizensWindow: while the person has the keyboard, the keys on the clerk's buttons work, and Enter
// stays the person's. In the clerk's turn nothing is done from the person's window.
func TestClerksKeysInTheCitizensWindow(t *testing.T) {
	pt := kiosk.Portuguese
	resend := contactSent(pt)
	resend.Now = resend.Contact.Phone.ResendAt
	for _, test := range []struct {
		name  string
		state kiosk.State
		keys  []fyne.KeyName
		want  []kiosk.Event
	}{
		{"BackFromCode", contactSent(pt), []fyne.KeyName{fyne.KeyF3}, []kiosk.Event{kiosk.Back{}}},
		{"SendAgain", resend, []fyne.KeyName{fyne.KeyF5}, []kiosk.Event{kiosk.Resend{Channel: kiosk.SMS}}},
		{"EndFromPIN", pin(kiosk.PINRepeat)(pt), []fyne.KeyName{fyne.KeyEscape}, []kiosk.Event{kiosk.Cancel{}}},
		{"BackFromCardPIN", review(kiosk.ReviewCardPIN)(pt), []fyne.KeyName{fyne.KeyF3}, []kiosk.Event{kiosk.Back{}}},
		{"ThePersonsOwnKeyFirst", review(kiosk.ReviewReading)(pt), []fyne.KeyName{fyne.KeyF8}, []kiosk.Event{kiosk.SomethingWrong{}}},
		{"EnterIsNotTheClerks", proven(contact(pt)), []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter}, nil},
		{"ClerksTurn", identity(pt), []fyne.KeyName{fyne.KeyF10, fyne.KeyF8, fyne.KeyEscape}, nil},
	} {
		for name, one := range map[string]bool{"": false, "OnTheOnlyScreen": true} {
			if one && test.want == nil {
				continue // it is not the person's turn: the window is the clerk's
			}
			t.Run(test.name+name, func(t *testing.T) {
				d := newDesk(t, ui.Options{OneScreen: one})
				test.state.HandedOver = one
				d.Show(test.state)
				press(d.Citizen(), test.keys...)
				if diff := cmp.Diff(test.want, d.sent()); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestEndingAskedOnTheOnlyScreen: Esc asks over the person's page; going on, they are where they were.
func TestEndingAskedOnTheOnlyScreen(t *testing.T) {
	d := newDesk(t, ui.Options{OneScreen: true})
	state := pin(kiosk.PINFirst)(kiosk.Portuguese)
	state.HandedOver = true
	d.Show(state)
	press(d.Citizen(), fyne.KeyEscape)
	state.ConfirmCancel = true
	d.Show(state)
	if d.Citizen().Canvas().Overlays().Top() == nil {
		t.Error("the question does not stand over the person's page")
	}
	press(d.Citizen(), fyne.KeyReturn)
	state.ConfirmCancel = false
	d.Show(state)
	write(d.Citizen(), "739")
	if diff := cmp.Diff([]kiosk.Event{kiosk.Cancel{}, kiosk.CancelDismissed{}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if got := string(d.CitizenDigits()[:3]); got != "739" {
		t.Error("the person cannot type on")
	}
}

// TestKeysBehindThePersonsTurn: a person presses Enter twice, or a digit too many. When the keyboard has gone to the clerk
// meanwhile, or the last page has come, that does nothing there; nor does the clerk's second Enter at the person's.
func TestKeysBehindThePersonsTurn(t *testing.T) {
	pt := kiosk.Portuguese
	locked := contactFailed(lockedChannel)(pt)
	for _, test := range []struct {
		name          string
		before, after kiosk.State
		text          string
		late          []kiosk.Event // what the same keys send once that page stood for a moment
	}{
		{"BehindConsent", review(kiosk.ReviewReading)(pt), done(pt), "", []kiosk.Event{kiosk.NextPerson{}}},
		{"BehindBinding", review(kiosk.ReviewBinding)(pt), done(pt), "", []kiosk.Event{kiosk.NextPerson{}}},
		{"BehindTheLastCode", contactSent(pt), locked, "7", nil},
		{"BehindACode", contactSent(pt), proven(contact(pt)), "", []kiosk.Event{kiosk.Continue{}}},
	} {
		for name, one := range map[string]bool{"": false, "OnTheOnlyScreen": true} {
			t.Run(test.name+name, func(t *testing.T) {
				d := newDesk(t, ui.Options{OneScreen: one})
				test.before.HandedOver = one
				d.Show(test.before)
				d.Show(test.after)
				_, before := d.ContactTexts()
				write(d.Clerk(), test.text)
				press(d.Clerk(), fyne.KeyReturn)
				if got := d.sent(); got != nil {
					t.Errorf("sent %v", got)
				}
				if _, email := d.ContactTexts(); email != before {
					t.Errorf("%q stands in the clerk's field", email)
				}
				d.now = d.now.Add(ui.SettleTime)
				press(d.Clerk(), fyne.KeyReturn)
				if diff := cmp.Diff(test.late, d.sent()); diff != "" {
					t.Errorf("later sent (-want +got):\n%s", diff)
				}
			})
		}
	}
	t.Run("BehindSendingACode", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(contact(pt))
		d.Show(contactSent(pt))
		press(d.Citizen(), fyne.KeyReturn)
		if text := visibleText(d.Citizen()); strings.Contains(text, "Faltam") {
			t.Errorf("the person is told of digits that they had no time to type:\n%s", text)
		}
		typeRune(d.Citizen(), '4')
		typeKey(d.Citizen(), fyne.KeyEvent{Name: fyne.KeyReturn})
		d.settle()
		if text := visibleText(d.Citizen()); !strings.Contains(text, "Faltam") {
			t.Errorf("Enter behind a digit says nothing:\n%s", text)
		}
	})
}

// TestTypingKeepsTheCase: what is typed is sent when it is complete, which may take a slow writer long.
func TestTypingKeepsTheCase(t *testing.T) {
	for _, test := range []struct {
		name   string
		state  kiosk.State
		window func(*desk) fyne.Window
	}{
		{"Citizen", pin(kiosk.PINFirst)(kiosk.Portuguese), func(d *desk) fyne.Window { return d.Citizen() }},
		{"Clerk", contact(kiosk.Portuguese), func(d *desk) fyne.Window { return d.Clerk() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			test.state.IdleAt = today.Add(10 * time.Minute)
			d.Show(test.state)
			write(test.window(d), "1")
			d.now = d.now.Add(45 * time.Second)
			write(test.window(d), "37")
			if diff := cmp.Diff([]kiosk.Event{kiosk.StillHere{}}, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWarningOnTheOnlyScreen: it stands over the citizen's page, in their language, and what they typed
// is still there afterwards.
func TestWarningOnTheOnlyScreen(t *testing.T) {
	d := newDesk(t, ui.Options{OneScreen: true})
	state := pin(kiosk.PINFirst)(kiosk.Portuguese)
	state.CitizenLanguage, state.HandedOver = kiosk.English, true
	d.Show(state)
	write(d.Citizen(), "739")
	state.IdleSoon, state.IdleAt = true, today.Add(time.Minute)
	d.Show(state)
	over := d.Citizen().Canvas().Overlays().Top()
	if over == nil || !strings.Contains(strings.Join(texts(over), "\n"), "Is anybody still there?") {
		t.Fatal("no warning over the citizen's page, or not in their language")
	}
	press(d.Citizen(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.StillHere{}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	state.IdleSoon, state.IdleAt = false, today.Add(10*time.Minute)
	d.Show(state)
	if got := string(d.CitizenDigits()[:3]); d.Citizen().Canvas().Overlays().Top() != nil || got != "739" {
		t.Error("the warning stays, or what was typed is gone")
	}
}

// TestWarningInMidPIN: where the person is asked, the warning stands before them too and their keys answer it;
// they go on where they were.
func TestWarningInMidPIN(t *testing.T) {
	d := newDesk(t, ui.Options{})
	state := pin(kiosk.PINFirst)(kiosk.Portuguese)
	state.CitizenLanguage = kiosk.English
	d.Show(state)
	write(d.Citizen(), "739")
	state.IdleSoon, state.IdleAt = true, today.Add(time.Minute)
	d.Show(state)
	for name, w := range map[string]fyne.Window{"Is anybody still there?": d.Citizen(), "Ainda está aí alguém?": d.Clerk()} {
		if over := w.Canvas().Overlays().Top(); over == nil || !strings.Contains(strings.Join(texts(over), "\n"), name) {
			t.Errorf("%q is not over its window", name)
		}
	}
	press(d.Citizen(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.StillHere{}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	state.IdleSoon, state.IdleAt = false, today.Add(10*time.Minute)
	d.Show(state)
	write(d.Citizen(), "150")
	if got := string(d.CitizenDigits()[:6]); d.Citizen().Canvas().Overlays().Top() != nil || got != "739150" {
		t.Error("the warning stays, or what was typed is gone")
	}
	state.IdleSoon = true
	state.Step, state.Contact.Awaited = kiosk.StepContact, ""
	d.Show(state)
	if d.Citizen().Canvas().Overlays().Top() != nil {
		t.Error("the person is warned of what only the clerk can go on with")
	}
}

func TestContactEntry(t *testing.T) {
	t.Run("ReturnSendsWhatWasTyped", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(identity(kiosk.Portuguese))
		d.Show(contact(kiosk.Portuguese))
		write(d.Clerk(), "912 345 678")
		press(d.Clerk(), fyne.KeyReturn)
		want := []kiosk.Event{kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	t.Run("ReturnDoesNotSendTwice", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(contactSent(kiosk.Portuguese))
		press(d.Clerk(), fyne.KeyReturn)
		if got := d.sent(); got != nil {
			t.Errorf("sent %v, want nothing", got)
		}
	})
	t.Run("ReturnAsksAgainWhenItWasTooSoon", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		state := contact(kiosk.Portuguese)
		state.Contact.Phone = kiosk.ChannelState{Text: "912345678", Value: "+351912345678", Problem: kiosk.TooSoon}
		d.Show(state)
		press(d.Clerk(), fyne.KeyReturn)
		want := []kiosk.Event{kiosk.ContactEntered{Channel: kiosk.SMS, Text: "+351 912 345 678"}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		state.Contact.Phone.Problem = kiosk.ContactTaken
		d.Show(state)
		press(d.Clerk(), fyne.KeyReturn)
		if got := d.sent(); got != nil {
			t.Errorf("a contact of somebody else's: sent %v, want nothing", got)
		}
	})
	// A contact that is proven, or on its way, is shown as the centre has it: nothing typed or pasted stays in its field.
	for name, held := range map[string]func(*kiosk.State){
		"Confirmed": func(s *kiosk.State) { *s = proven(*s) },
		"Sending":   func(s *kiosk.State) { s.Contact.Phone.Sending = true },
		"Checking":  func(s *kiosk.State) { s.Contact.Phone.Checking = true },
	} {
		t.Run(name+"ShowsWhatIsStored", func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			state := contactSent(kiosk.Portuguese)
			d.Show(state)
			write(d.Clerk(), "690515530")
			held(&state)
			d.Show(state)
			d.Clerk().Canvas().Focus(d.PhoneEntry())
			write(d.Clerk(), "7")
			press(d.Clerk(), fyne.KeyBackspace)
			clipboard := fyne.CurrentApp().Clipboard()
			clipboard.SetContent("690")
			d.PhoneEntry().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipboard})
			if got, _ := d.ContactTexts(); got != "+351 912 345 678" {
				t.Errorf("the field shows %q", got)
			}
		})
	}
	t.Run("KeysWorkInEntry", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(contact(kiosk.Portuguese))
		write(d.Clerk(), "9")
		press(d.Clerk(), fyne.KeyF3, fyne.KeyEscape)
		want := []kiosk.Event{kiosk.Back{}, kiosk.Cancel{}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	// What failed is selected: the next number typed stands in its place. Of a channel that is locked, the other is where to go on.
	for _, test := range []struct {
		name         string
		how          func(*kiosk.ChannelState)
		phone, email string
	}{
		{"Undelivered", undelivered, "9", ""}, {"Taken", taken, "9", ""}, {"Expired", expired, "9", ""},
		{"ChannelLocked", lockedChannel, "+351 912 345 678", "9"},
	} {
		t.Run(test.name+"IsSelected", func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(contactSent(kiosk.Portuguese))
			d.Clerk().Canvas().Unfocus()
			d.Show(contactFailed(test.how)(kiosk.Portuguese))
			d.now = d.now.Add(ui.SettleTime)
			write(d.Clerk(), "9")
			if phone, email := d.ContactTexts(); phone != test.phone || email != test.email {
				t.Errorf("the fields hold %q and %q, want %q and %q", phone, email, test.phone, test.email)
			}
		})
	}
	t.Run("ExpiredIsSentAgain", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(contactFailed(expired)(kiosk.Portuguese))
		press(d.Clerk(), fyne.KeyF5)
		if diff := cmp.Diff([]kiosk.Event{kiosk.Resend{Channel: kiosk.SMS}}, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	t.Run("AProvenContactIsCorrected", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(reviewDisputed(kiosk.Portuguese))
		d.Show(contactCorrecting(kiosk.Portuguese))
		write(d.Clerk(), "912345679") // over the old one
		press(d.Clerk(), fyne.KeyReturn)
		want := []kiosk.Event{kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912345679"}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	t.Run("ResendWhenItIsTime", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		state := contactSent(kiosk.Portuguese)
		d.Show(state)
		press(d.Clerk(), fyne.KeyF5)
		if got := d.sent(); got != nil {
			t.Errorf("too early: sent %v, want nothing", got)
		}
		state.Now = state.Contact.Phone.ResendAt
		d.Show(state)
		press(d.Clerk(), fyne.KeyF5)
		if diff := cmp.Diff([]kiosk.Event{kiosk.Resend{Channel: kiosk.SMS}}, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	t.Run("EmailAfterTab", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(contact(kiosk.Portuguese))
		d.Clerk().Canvas().FocusNext()
		write(d.Clerk(), "anabela@exemplo.pt")
		press(d.Clerk(), fyne.KeyEnter)
		want := []kiosk.Event{kiosk.ContactEntered{Channel: kiosk.Email, Text: "anabela@exemplo.pt"}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

// TestTabReachesEveryButton walks with Tab and presses F10 from wherever it stands.
func TestTabReachesEveryButton(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(identity(kiosk.Portuguese))
	seen := map[fyne.Focusable]bool{}
	for range 10 {
		d.Clerk().Canvas().FocusNext()
		seen[d.Clerk().Canvas().Focused()] = true
		press(d.Clerk(), fyne.KeyF10)
	}
	if got, want := len(seen), 3; got != want {
		t.Errorf("Tab reaches %d buttons, want %d", got, want)
	}
	if got, want := len(d.sent()), 10; got != want {
		t.Errorf("F10 worked %d times, want %d", got, want)
	}
}

// TestHeldReturn holds Return on a button: the driver repeats the typing, not the going down, and by
// then another page is there.
func TestHeldReturn(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(proven(contact(kiosk.Portuguese)))
	d.Clerk().Canvas().FocusNext()
	down(d.Clerk(), fyne.KeyReturn)
	press(d.Clerk(), fyne.KeyReturn)
	d.Show(pin(kiosk.PINSealed)(kiosk.Portuguese))
	press(d.Clerk(), fyne.KeyReturn, fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.Continue{}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	d.Clerk().Canvas().FocusNext()
	down(d.Clerk(), fyne.KeyReturn)
	press(d.Clerk(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.Continue{}}, d.sent()); diff != "" {
		t.Errorf("pressed again, sent (-want +got):\n%s", diff)
	}
}

func TestCitizenKeys(t *testing.T) {
	pt := kiosk.Portuguese
	for _, test := range []struct {
		name  string
		state kiosk.State
		text  string
		keys  []fyne.KeyName
		want  []kiosk.Event
	}{
		{"Code", contactSent(pt), "123456", []fyne.KeyName{fyne.KeyReturn}, []kiosk.Event{kiosk.CodeTyped{Code: kiosk.Secret("123456")}}},
		{"CodeTooShort", contactSent(pt), "12345", []fyne.KeyName{fyne.KeyReturn}, nil},
		{"CodeTooLong", contactSent(pt), "1234567", []fyne.KeyName{fyne.KeyEnter}, []kiosk.Event{kiosk.CodeTyped{Code: kiosk.Secret("123456")}}},
		{"Letters", contactSent(pt), "1a2b3c456", []fyne.KeyName{fyne.KeyEnter}, []kiosk.Event{kiosk.CodeTyped{Code: kiosk.Secret("123456")}}},
		{"Backspace", pin(kiosk.PINFirst)(pt), "731946", []fyne.KeyName{fyne.KeyBackspace, fyne.KeyReturn}, nil},
		{"PIN", pin(kiosk.PINFirst)(pt), "731946", []fyne.KeyName{fyne.KeyReturn}, []kiosk.Event{kiosk.PINTyped{PIN: kiosk.Secret("731946")}}},
		{"PINBreaksRule", pin(kiosk.PINFirst)(pt), "123456", []fyne.KeyName{fyne.KeyReturn}, nil},
		{"PINRepeat", pin(kiosk.PINRepeat)(pt), "731946", []fyne.KeyName{fyne.KeyReturn}, []kiosk.Event{kiosk.PINTyped{PIN: kiosk.Secret("731946")}}},
		{"CardPIN", review(kiosk.ReviewCardPIN)(pt), "1234", []fyne.KeyName{fyne.KeyReturn}, []kiosk.Event{kiosk.CardPINTyped{PIN: kiosk.Secret("1234")}}},
		{"Agree", review(kiosk.ReviewReading)(pt), "", []fyne.KeyName{fyne.KeyReturn}, []kiosk.Event{kiosk.Agreed{}}},
		{"SomethingWrong", review(kiosk.ReviewReading)(pt), "", []fyne.KeyName{fyne.KeyF8}, []kiosk.Event{kiosk.SomethingWrong{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state)
			d.now = d.now.Add(ui.SettleTime)
			write(d.Citizen(), test.text)
			press(d.Citizen(), test.keys...)
			if diff := cmp.Diff(test.want, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("AgreementNeedsAMoment", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(review(kiosk.ReviewReading)(pt))
		press(d.Citizen(), fyne.KeyReturn)
		if got := d.sent(); got != nil {
			t.Errorf("sent %v, want nothing", got)
		}
	})
	t.Run("NobodyAgreesToWhatIsDisputed", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(reviewDisputed(pt))
		d.now = d.now.Add(ui.SettleTime)
		press(d.Citizen(), fyne.KeyReturn)
		if got, shown := d.sent(), visibleText(d.Citizen()); got != nil || strings.Contains(shown, "Concordo") {
			t.Errorf("sent %v, shown:\n%s", got, shown)
		}
	})
	t.Run("Keypad", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(review(kiosk.ReviewCardPIN)(pt))
		for _, key := range []string{"9", "delete", "1", "2", "3", "0", "ok"} {
			d.TapKeypad(key)
		}
		want := []kiosk.Event{kiosk.CardPINTyped{PIN: kiosk.Secret("1230")}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	t.Run("DigitsWithFocusElsewhere", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(review(kiosk.ReviewCardPIN)(pt))
		d.Citizen().Canvas().Unfocus()
		write(d.Citizen(), "1234")
		press(d.Citizen(), fyne.KeyEnter)
		want := []kiosk.Event{kiosk.CardPINTyped{PIN: kiosk.Secret("1234")}}
		if diff := cmp.Diff(want, d.sent()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

// TestSixthDigitSubmits: the code leaves with its last digit, and what follows at once is taken for part of it, not
// for an answer to what the page asks next.
func TestSixthDigitSubmits(t *testing.T) {
	pt := kiosk.Portuguese
	code := []kiosk.Event{kiosk.CodeTyped{Code: kiosk.Secret("123456")}}
	for _, test := range []struct {
		name string
		next func(kiosk.Language) kiosk.State
	}{{"BeforeTheAnswer", contactSent}, {"WrongCode", contactWrong}, {"ThePINIsAsked", pin(kiosk.PINFirst)}, {"TheReview", review(kiosk.ReviewReading)}} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(contactSent(pt))
			write(d.Citizen(), "12345")
			if got := d.sent(); got != nil {
				t.Fatalf("five digits: sent %v", got)
			}
			write(d.Citizen(), "6")
			if diff := cmp.Diff(code, d.sent()); diff != "" {
				t.Fatalf("six digits: sent (-want +got):\n%s", diff)
			}
			d.Show(test.next(pt))
			d.now = d.now.Add(ui.SettleTime - 3*handPace)
			before := visibleText(d.Citizen())
			write(d.Citizen(), "6")
			press(d.Citizen(), fyne.KeyReturn)
			if got := d.sent(); got != nil || d.CitizenDigits()[0] != 0 || visibleText(d.Citizen()) != before {
				t.Errorf("a key too many: sent %v, or it is shown", got)
			}
			d.now = d.now.Add(time.Second)
			write(d.Citizen(), "7")
			if boxes := test.name != "TheReview"; (d.CitizenDigits()[0] == '7') != boxes {
				t.Errorf("a key of the new page: taken %v, want %v", !boxes, boxes)
			}
		})
	}
}

// TestLikelyAddress: a domain that is probably a slip is asked about once, and never refused.
func TestLikelyAddress(t *testing.T) {
	sent := func(text string) []kiosk.Event {
		return []kiosk.Event{kiosk.ContactEntered{Channel: kiosk.Email, Text: text}}
	}
	for _, test := range []struct {
		name, text string
		keys       []fyne.KeyName
		want       []kiosk.Event
	}{
		{"Asked", "ana@gmail.con", []fyne.KeyName{fyne.KeyReturn}, nil},
		{"Kept", "ana@gmail.con", []fyne.KeyName{fyne.KeyReturn, fyne.KeyReturn}, sent("ana@gmail.con")},
		{"Corrected", "ana@gmail.con", []fyne.KeyName{fyne.KeyReturn, fyne.KeyF7, fyne.KeyReturn}, sent("ana@gmail.com")},
		{"NothingToCorrect", "ana@exemplo.pt", []fyne.KeyName{fyne.KeyF7, fyne.KeyReturn}, sent("ana@exemplo.pt")},
		{"NotBeforeItIsAsked", "ana@gmail.con", []fyne.KeyName{fyne.KeyF7, fyne.KeyReturn}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(contact(kiosk.Portuguese))
			d.Clerk().Canvas().FocusNext()
			write(d.Clerk(), test.text)
			press(d.Clerk(), test.keys...)
			if diff := cmp.Diff(test.want, d.sent(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			asks := strings.Contains(visibleText(d.Clerk()), "ana@gmail.com?")
			if asks != (test.want == nil || test.name == "Kept") {
				t.Errorf("asks %v", asks)
			}
		})
	}
}

// TestErrandsByArrow: the arrows go through the list, Enter takes what they stand on. The clock goes on meanwhile.
func TestErrandsByArrow(t *testing.T) {
	d := newDesk(t, ui.Options{})
	state := errands(kiosk.Portuguese)
	d.Show(state)
	press(d.Clerk(), fyne.KeyDown)
	state.Now = state.Now.Add(time.Minute)
	d.Show(state)
	press(d.Clerk(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.ErrandChosen{Name: "activate"}}, d.sent()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
