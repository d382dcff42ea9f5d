package ui_test

import (
	"bytes"
	"image"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/ui"
)

// ctrlL is what the driver does with Ctrl+L.
func ctrlL(w fyne.Window) {
	shortcut := &desktop.CustomShortcut{KeyName: fyne.KeyL, Modifier: fyne.KeyModifierControl}
	if focused, ok := w.Canvas().Focused().(fyne.Shortcutable); ok {
		focused.TypedShortcut(shortcut)
	} else {
		desks[w].WindowShortcut(w, shortcut)
	}
	desks[w].settle()
}

// TestStaffPIN: the boxes take six to eight printable characters, wherever they are, and keep none.
func TestStaffPIN(t *testing.T) {
	en := kiosk.English
	for _, test := range []struct {
		name  string
		state kiosk.State
	}{
		{"SignIn", signIn(cardOf(rita))(en)}, {"Locked", deskLocked(cardOf(rita))(en)}, {"Admits", signIn(cardOf(marta, admitting))(en)},
		{"Review", staffReview(kiosk.ReviewStaffPIN)(en)}, {"Decision", approve(kiosk.StepDecision, kiosk.ApprovalStaffPIN, approves)(en)},
	} {
		for _, typed := range []struct{ keys, want string }{{"123456", "123456"}, {"12345678", "12345678"}, {"Ab-1 23", "Ab-123"}, {"123456789", "12345678"}} {
			t.Run(test.name+"/"+typed.keys, func(t *testing.T) {
				d := newDesk(t, ui.Options{})
				d.Show(test.state)
				write(d.Clerk(), typed.keys)
				press(d.Clerk(), fyne.KeyReturn)
				if diff := cmp.Diff([]kiosk.Event{kiosk.StaffPINTyped{PIN: kiosk.Secret(typed.want)}}, d.sent()); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
				if left := bytes.Trim(d.StaffPINBytes(), "\x00"); len(left) > 0 {
					t.Errorf("%d characters are left", len(left))
				}
			})
		}
		t.Run(test.name+"/TooShort", func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state)
			write(d.Clerk(), "12345")
			press(d.Clerk(), fyne.KeyReturn)
			if sent := d.sent(); len(sent) > 0 || !strings.Contains(visibleText(d.Clerk()), "1 character is missing") {
				t.Errorf("sent %v, and the page says:\n%s", sent, visibleText(d.Clerk()))
			}
			for _, shown := range append(everyText(d.Clerk().Content()), everyText(d.Citizen().Content())...) {
				if strings.Contains(shown, "12345") {
					t.Error("it is written on a screen")
				}
			}
		})
	}
	for name, next := range map[string]kiosk.State{
		"Removed": signIn(nil)(en), "Another": signIn(cardOf(marta))(en), "Open": shift(rita, idle)(en), "Forgotten": signIn(typingNumber)(en),
	} {
		t.Run("WipedWhen"+name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(signIn(cardOf(rita))(en))
			write(d.Clerk(), "12345")
			d.Show(next)
			if left := bytes.Trim(d.StaffPINBytes(), "\x00"); len(left) > 0 {
				t.Errorf("%d characters are left", len(left))
			}
		})
	}
}

// TestForgottenCard: F8, the number, and back.
func TestForgottenCard(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(signIn(nil)(kiosk.English))
	press(d.Clerk(), fyne.KeyF8)
	d.Show(signIn(typingNumber)(kiosk.English))
	press(d.Clerk(), fyne.KeyReturn) // nothing is typed yet
	write(d.Clerk(), " F0417 ")
	press(d.Clerk(), fyne.KeyReturn)
	d.Show(signIn(admitting)(kiosk.English))
	press(d.Clerk(), fyne.KeyEscape)
	want := []kiosk.Event{kiosk.CardForgotten{}, kiosk.ForgottenNumberTyped{Number: "F0417"}, kiosk.Cancel{}}
	if diff := cmp.Diff(want, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestLockHidesThePerson: whatever else the state says, both screens show nothing of a case, and what was typed is gone.
func TestLockHidesThePerson(t *testing.T) {
	d := newDesk(t, ui.Options{})
	for _, screen := range cardScreens {
		before := screen.state(kiosk.Portuguese)
		for name, lock := range map[string]kiosk.ShiftState{"Locked": deskLocked()(kiosk.Portuguese).Shift, "None": signIn(nil)(kiosk.Portuguese).Shift} {
			d.Show(before)
			closed := before
			closed.Shift = lock
			d.Show(closed)
			for _, window := range []fyne.Window{d.Clerk(), d.Citizen()} {
				shown := strings.Join(everyText(window.Content()), "\n")
				for _, private := range []string{"Anabela", "Vasconcelos", "Maria da", "99000588", "912", "exemplo.pt", "1204118", "1\u00a0204"} {
					if strings.Contains(shown, private) {
						t.Errorf("%s, %s: %q is in a window", screen.name, name, private)
					}
				}
			}
			if d.Clerk().Canvas().Overlays().Top() != nil || d.Citizen().Canvas().Overlays().Top() != nil {
				t.Errorf("%s, %s: something stands over the page", screen.name, name)
			}
			if d.PhotoPixels() != nil {
				t.Errorf("%s, %s: the photograph is still there", screen.name, name)
			}
		}
	}
}

// TestLockTakesTheOnlyScreen: the person whose turn it was does not see the clerk's page for long, nor type on it.
func TestLockTakesTheOnlyScreen(t *testing.T) {
	d := newDesk(t, ui.Options{OneScreen: true})
	s := shift(rita, pin(kiosk.PINFirst))(kiosk.English)
	s.HandedOver = true
	d.Show(s)
	write(d.Clerk(), "7391")
	s.Shift = deskLocked(cardOf(rita))(kiosk.English).Shift
	d.Show(s)
	if shown := visibleText(d.Clerk()); !strings.Contains(shown, "Screen locked") {
		t.Errorf("the screen shows\n%s", shown)
	}
	if left := bytes.Trim(d.CitizenDigits(), "\x00"); len(left) > 0 {
		t.Errorf("%d digits of the person's are left", len(left))
	}
	d.now = d.now.Add(time.Second)
	write(d.Clerk(), "123456")
	press(d.Clerk(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.StaffPINTyped{PIN: kiosk.Secret("123456")}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestLockedDeskTakesNoDocument: a document that is swiped at a desk nobody opened begins nothing.
func TestLockedDeskTakesNoDocument(t *testing.T) {
	for name, state := range map[string]func(kiosk.Language) kiosk.State{"None": signIn(nil), "Locked": deskLocked(nothingKept)} {
		d := newDesk(t, ui.Options{})
		d.Show(state(kiosk.Portuguese))
		for _, r := range specimenTD3 { // without a pause
			typeRune(d.Clerk(), r)
		}
		d.settle()
		if sent := d.sent(); len(sent) > 0 {
			t.Errorf("%s: sent %v", name, sent)
		}
	}
}

// TestLockKey: Ctrl+L locks wherever the keyboard is.
func TestLockKey(t *testing.T) {
	for _, test := range []struct {
		name    string
		state   func(kiosk.Language) kiosk.State
		citizen bool
	}{
		{"NothingFocused", idle, false}, {"Entry", contact, false}, {"Zone", whole, false}, {"Asked", cancelling, false}, {"Person", contactSent, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(shift(rita, test.state)(kiosk.Portuguese))
			w := d.Clerk()
			if test.citizen {
				w = d.Citizen()
			}
			ctrlL(w)
			if diff := cmp.Diff([]kiosk.Event{kiosk.LockScreen{}}, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSignOut: whoever's shift it is can end it on an empty desk, also a role that opens nothing there.
func TestSignOut(t *testing.T) {
	auditor := shift(kiosk.Staff{Number: "F0031", Name: "Joel Antunes", Role: kiosk.RoleAuditor}, problem(kiosk.ProblemNotAllowed, false))
	for name, state := range map[string]func(kiosk.Language) kiosk.State{"clerk": shift(rita, idle), "auditor": auditor} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(state(kiosk.Portuguese))
			press(d.Clerk(), fyne.KeyF11)
			if diff := cmp.Diff([]kiosk.Event{kiosk.SignOut{}}, d.sent()); diff != "" {
				t.Errorf("F11 sent (-want +got):\n%s", diff)
			}
		})
	}
}

// TestQuietMark: F9 marks the case, and no pixel of either screen changes.
func TestQuietMark(t *testing.T) {
	for _, test := range []struct {
		name  string
		state func(kiosk.Language) kiosk.State
	}{
		{"Identity", identity}, {"Contact", contact}, {"Code", contactSent}, {"Zone", whole}, {"PIN", pin(kiosk.PINFirst)}, {"Review", review(kiosk.ReviewReading)},
		{"NobodyThere", forgotten}, {"Cancelling", cancelling}, {"StaffPIN", staffReview(kiosk.ReviewStaffPIN)},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			s := shift(rita, test.state)(kiosk.Portuguese)
			if test.name == "StaffPIN" {
				s = test.state(kiosk.Portuguese)
			}
			d.Show(s)
			d.now = d.now.Add(time.Minute) // any other key would say that somebody is there
			for name, w := range map[string]fyne.Window{"clerk": d.Clerk(), "citizen": d.Citizen()} {
				before := [2]image.Image{d.Clerk().Canvas().Capture(), d.Citizen().Canvas().Capture()}
				press(w, fyne.KeyF9)
				if diff := cmp.Diff([]kiosk.Event{kiosk.Doubt{}}, d.sent()); diff != "" {
					t.Errorf("%s sent (-want +got):\n%s", name, diff)
				}
				d.Show(s)
				after := [2]image.Image{d.Clerk().Canvas().Capture(), d.Citizen().Canvas().Capture()}
				if !bytes.Equal(pixels(before[0]), pixels(after[0])) || !bytes.Equal(pixels(before[1]), pixels(after[1])) {
					t.Errorf("pressed in the %s's window, it shows", name)
				}
			}
		})
	}
}

func pixels(picture image.Image) []byte { return picture.(*image.NRGBA).Pix }

// TestCasesByKeyboard: the case that is chosen stays so while others come and go, and no reason is recorded that nobody chose.
func TestCasesByKeyboard(t *testing.T) {
	en := kiosk.English
	list := approve(kiosk.StepCases, kiosk.ApprovalList, waitingCases)(en)
	fewer := list
	fewer.Approval.Cases = list.Approval.Cases[1:]
	for _, test := range []struct {
		name   string
		states []kiosk.State
		keys   []fyne.KeyName // the last one after the last state
		want   []kiosk.Event
	}{
		{"First", []kiosk.State{list}, []fyne.KeyName{fyne.KeyReturn}, []kiosk.Event{kiosk.CaseChosen{ID: uuid.UUID{1}}}},
		{"StaysChosen", []kiosk.State{list, fewer}, []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn}, []kiosk.Event{kiosk.CaseChosen{ID: uuid.UUID{3}}}},
		{"None", []kiosk.State{approve(kiosk.StepCases, kiosk.ApprovalList)(en)}, []fyne.KeyName{fyne.KeyReturn}, nil},
		{"Again", []kiosk.State{list}, []fyne.KeyName{fyne.KeyF5}, []kiosk.Event{kiosk.Retry{}}},
		{"Approve", []kiosk.State{approve(kiosk.StepCase, kiosk.ApprovalCase)(en)}, []fyne.KeyName{fyne.KeyF10}, []kiosk.Event{kiosk.DecisionChosen{Decision: kiosk.DecisionApproved}}},
		{"Refuse", []kiosk.State{approve(kiosk.StepCase, kiosk.ApprovalCase)(en)}, []fyne.KeyName{fyne.KeyF8}, []kiosk.Event{kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}}},
		{"GiveBack", []kiosk.State{approve(kiosk.StepCase, kiosk.ApprovalCase)(en)}, []fyne.KeyName{fyne.KeyEscape}, []kiosk.Event{kiosk.Cancel{}}},
		{"NoReason", []kiosk.State{approve(kiosk.StepDecision, kiosk.ApprovalWhy)(en)}, []fyne.KeyName{fyne.KeyReturn}, nil},
		{"Reason", []kiosk.State{approve(kiosk.StepDecision, kiosk.ApprovalWhy)(en)}, []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn},
			[]kiosk.Event{kiosk.DecisionChosen{Decision: kiosk.DecisionRefused, Reason: kiosk.RefuseDocument}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.states[0])
			press(d.Clerk(), test.keys[:len(test.keys)-1]...)
			d.Show(test.states[len(test.states)-1])
			press(d.Clerk(), test.keys[len(test.keys)-1])
			if diff := cmp.Diff(test.want, d.sent()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
	if offered := errandNames(shift(rita, errands)(en)); strings.Contains(offered, "approval") {
		t.Errorf("a clerk is offered %s", offered)
	}
	if offered := errandNames(shift(marta, errands)(en)); !strings.Contains(offered, "2 cases waiting for approval") {
		t.Errorf("a supervisor is offered %s", offered)
	}
}

func errandNames(s kiosk.State) string {
	var names []string
	for _, option := range ui.PresentClerk(s, false, "", "", "").Errands.Options {
		names = append(names, option.Text, option.Means)
	}
	return strings.Join(names, "; ")
}
