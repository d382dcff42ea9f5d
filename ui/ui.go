// Package ui draws the desk: the clerk's window and the citizen's.
//
// It is given a kiosk.State and draws it; what people press and type leaves as kiosk events. It decides
// nothing: which page is shown, which button is live and what a line says is computed from the State
// by the presenters (present_*.go), plain functions that know no widget; the views copy the result
// into widgets that are made once. Drawing an unchanged State costs a comparison. The session sends a State
// whenever a clock on the screen has to move; the only timer here tells a pause in what is typed.
//
//	screens := ui.New(app, ui.Options{Send: runner.Send, TextScale: 1})
//	screens.Show(state) // on the UI goroutine, after each change
//	screens.ShowWindows()
//
// Keys. Fyne gives a key to the focused widget only. All our widgets ask the window's keyboard first,
// so Enter, Esc and the F-keys on the buttons work wherever the focus is; Tab moves the focus. Keys wait in
// the burstGuard for some hundredths of a second, until it shows that it is no document reader that types.
//
// Secrets. Digits of a PIN or a code stand in a byte array inside digitField, are looked at in place
// and leave once as a kiosk.Secret, which the receiver wipes. The State has none.
package ui

import (
	"cmp"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// Options are what the screens need to know of the place.
type Options struct {
	Send         func(kiosk.Event) // takes what people do; called on the UI goroutine and must not block
	TextScale    float32           // 1 to 1.5; 0 is 1
	Look         theme.Look        // of both windows, until the clerk chooses another
	SecondScreen *image.Point      // where the second monitor begins, which the citizen's window then fills
	Pixels       float32           // of the monitors for each unit of the toolkit, where the system scales; 0 is 1
	OneScreen    bool              // no citizen's window: the clerk hands the only screen over
	Screen       image.Rectangle   // of the one monitor, for both windows (theme.PlacesOn); empty leaves it to the window manager
	Closed       func()            // the clerk closed the window; nil lets the window close
	Log          Log               // for the log page; nil for none
	Now          func() time.Time  // for tests; time.Now by default
	// After calls back on the UI goroutine after a while, once; for tests. By default it is a timer's work.
	After func(time.Duration, func())
}

// UI is both windows of a desk.
type UI struct {
	options Options
	clerk   *clerkView
	citizen *citizenView
	state   kiosk.State
	drawn   bool
	asked   string    // what the person is asked for: the key of their page; "" while it is the clerk's turn
	passed  time.Time // when the keyboard last went to the other side, or the last page came
	touched time.Time // when the session was last told that hands are at work
	guard   *burstGuard

	clerkWindow, citizenWindow fyne.Window // the same one with OneScreen
}

// New makes the windows without showing them, and sets the application's theme.
func New(app fyne.App, options Options) *UI {
	if options.Send == nil {
		panic("ui: Options.Send is nil")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.After == nil {
		options.After = func(d time.Duration, f func()) { time.AfterFunc(d, func() { fyne.Do(f) }) }
	}
	looks := &lookSwitch{now: options.Look}
	looks.set = func(look theme.Look) {
		looks.now = look
		app.Settings().SetTheme(theme.DeskTheme(options.TextScale, look))
	}
	looks.set(options.Look)
	u := &UI{options: options}
	u.clerkWindow = app.NewWindow("")
	u.citizenWindow = u.clerkWindow
	if !options.OneScreen {
		u.citizenWindow = app.NewWindow("")
	}
	u.name(kiosk.Portuguese, kiosk.Portuguese)
	u.clerk = newClerkView(u.clerkWindow, options.Send, u.draw, options.Log, looks)
	u.citizen = newCitizenView(func() fyne.Window { return u.citizenWindow }, options.Send, options.Now)
	u.clerk.keys.touch, u.citizen.keys.touch = u.touch, u.touch
	u.citizen.clerk = u.clerksKey
	u.clerk.keys.early, u.citizen.keys.early = u.earlyForClerk, u.earlyForCitizen
	u.guard = &burstGuard{now: options.Now, after: options.After, place: u.place, takes: u.takesMRZ, swiped: u.swiped}
	u.guard.typing = func() bool { return u.takesMRZ() && u.clerk.shown.Page == present.PageAccess }
	u.clerk.keys.guard, u.clerk.overlay.keys.guard = u.guard, u.guard
	u.citizen.keys.guard, u.citizen.warning.keys.guard = u.guard, u.guard
	for _, keys := range []*keyboard{&u.clerk.keys, &u.clerk.overlay.keys, &u.citizen.keys, &u.citizen.warning.keys} {
		keys.lock, keys.quiet = func() { options.Send(kiosk.LockScreen{}) }, func() { options.Send(kiosk.Doubt{}) }
	}
	u.clerk.keys.logs = u.toggleLog
	u.clerk.log.aside = func() []kiosk.AsideReader { return u.state.Status.Aside }
	u.clerk.overlay.keys.canvas = u.clerkWindow.Canvas()
	u.arrange()
	return u
}

func (u *UI) arrange() {
	u.clerkWindow.SetPadded(false)
	u.clerkWindow.SetMaster()
	u.clerkWindow.SetContent(u.clerk.content)
	u.clerkWindow.Resize(fyne.NewSize(1280, 800))
	u.clerk.keys.listen(u.clerkWindow)
	if u.options.Closed != nil {
		u.clerkWindow.SetCloseIntercept(u.options.Closed)
	}
	if u.options.OneScreen {
		return
	}
	u.citizenWindow.SetPadded(false)
	u.citizenWindow.SetContent(u.citizen.content)
	u.citizenWindow.Resize(fyne.NewSize(1024, 768))
	u.citizenWindow.SetCloseIntercept(func() {}) // the clerk's to close
	u.citizen.keys.listen(u.citizenWindow)
	if second := u.options.SecondScreen; second != nil {
		// Openbox, for one, fills the monitor that the window is on, whichever was asked for.
		theme.PlaceAt(u.clerkWindow, theme.FirstPlace(image.Point{}))
		theme.PlaceAt(u.citizenWindow, theme.FirstPlace(*second))
		if window, ok := u.citizenWindow.(desktop.Window); ok {
			window.RequestFullScreenSecondary()
		}
	} else if !u.options.Screen.Empty() {
		pixels := cmp.Or(u.options.Pixels, 1)
		places := theme.PlacesOn(theme.Scaled(u.options.Screen, pixels))
		theme.PlaceScaled(u.clerkWindow, places.Clerk, pixels)
		theme.PlaceScaled(u.citizenWindow, places.Citizen, pixels)
	}
}

// Clerk returns the clerk's window.
func (u *UI) Clerk() fyne.Window { return u.clerkWindow }

// Citizen returns the citizen's window; with OneScreen it is the clerk's.
func (u *UI) Citizen() fyne.Window { return u.citizenWindow }

// ShowWindows shows the clerk's window, which has the keyboard. The citizen's follows the first state: people wait
// for the first screen, and a second window on software rendering costs a quarter of that time.
func (u *UI) ShowWindows() {
	u.clerkWindow.Show()
	u.clerkWindow.RequestFocus()
}

func (u *UI) showCitizen() {
	u.citizenWindow.Show()
	u.clerkWindow.RequestFocus()
}

// Show draws a state. It must be called on the UI goroutine.
func (u *UI) Show(state kiosk.State) {
	before, asked, held, first := u.state, u.asked, u.personHolds(), !u.drawn
	if state.Case != before.Case {
		u.touched = u.options.Now()
	}
	u.state, u.drawn, u.asked = state, true, ""
	if present.CitizensTurn(state) {
		u.asked = present.Citizen(u.present()).Key
	}
	if present.Closed(state) && !present.Closed(before) { // whoever looked at it has left
		u.clerk.log.close()
	}
	u.draw()
	if !first { // what was pressed while it was drawn comes behind it
		u.passes(held, before)
	}
	if before.Document.Photo != state.Document.Photo {
		wipePhoto(before.Document.Photo)
	}
	if u.options.OneScreen {
		return
	}
	if first {
		fyne.Do(u.showCitizen)
		return
	}
	switch {
	case u.asked == asked:
	case u.asked != "":
		u.citizenWindow.RequestFocus()
	default:
		u.clerkWindow.RequestFocus()
	}
}

// personHolds reports whether the keyboard is the person's.
func (u *UI) personHolds() bool {
	if u.options.OneScreen {
		return u.handedOver()
	}
	return u.asked != ""
}

// handedOver reports whether the only screen is the person's.
func (u *UI) handedOver() bool { return u.state.HandedOver && !present.Closed(u.state) }

// clerksKey does what a key on the clerk's buttons does, while the person has the keyboard. Enter is the person's, whatever
// it would do on the clerk's page, unless something is asked over their own.
func (u *UI) clerksKey(key fyne.KeyName) bool {
	if !u.personHolds() || keyNames[key] == "Enter" && u.clerk.shown.Overlay == nil {
		return false
	}
	return u.clerk.press(key)
}

// passes notes when the keyboard passes between clerk and person, and when the last page comes, which no key brings.
func (u *UI) passes(held bool, before kiosk.State) {
	if held != u.personHolds() || before.Step != kiosk.StepDone && u.state.Step == kiosk.StepDone {
		u.passed = u.options.Now()
	}
}

// earlyForClerk reports whether a key comes so soon after the keyboard that the person pressed it, for their page: Enter
// once more, or another digit. It would begin the next person, or stand in the clerk's field.
func (u *UI) earlyForClerk(s stroke) bool {
	return (s.kind == strokeRune || s.enters()) && u.options.Now().Sub(u.passed) < settleTime
}

// earlyForCitizen reports the same of an Enter that was the clerk's. Behind digits it is the person's, however fast they are.
func (u *UI) earlyForCitizen(s stroke) bool {
	if s.kind == strokeRune {
		u.passed = time.Time{}
	}
	return s.enters() && u.options.Now().Sub(u.passed) < settleTime
}

func (u *UI) present() present.Presenter {
	return present.Presenter{State: u.state, OneScreen: u.options.OneScreen}
}

// touchEvery is how often typing is worth an event of its own.
const touchEvery = 30 * time.Second

// touch keeps a case open whose only sign of life is that somebody types: what they type is sent when
// it is complete, which may take a slow writer long.
func (u *UI) touch() {
	now := u.options.Now()
	if u.state.Case == 0 || u.state.IdleAt.IsZero() || now.Sub(u.touched) < touchEvery {
		return
	}
	u.touched = now
	u.options.Send(kiosk.StillHere{})
}

// place is what the screens ask for: what was typed at one is not meant for another.
func (u *UI) place() any {
	type place struct {
		number  kiosk.CaseID
		asks    string
		kind    kiosk.AccessKind
		citizen string
		warned  bool
		log     bool
	}
	return place{u.state.Case, u.clerk.shown.Asks, u.clerk.shown.Access.Kind, u.citizen.shown.Key, u.clerk.shown.Overlay != nil, u.clerk.log.up}
}

// takesMRZ reports whether a document may be swiped now: where a zone is typed, and at the empty desk, where it
// begins the case.
func (u *UI) takesMRZ() bool {
	if !u.drawn || present.Closed(u.state) || u.state.Step != kiosk.StepDocument || u.clerk.shown.Overlay != nil {
		return false
	}
	return u.state.Case == 0 || u.clerk.shown.Page == present.PageAccess && !u.clerk.shown.Access.Locked
}

// swiped takes what a document reader typed.
func (u *UI) swiped(text string) {
	if u.clerk.shown.Page == present.PageAccess {
		u.clerk.access.swipe(text)
		return
	}
	u.options.Send(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: text})
}

// Wipe empties what people typed and was not sent, and the photograph, for a desk that stops.
func (u *UI) Wipe() {
	u.guard.forget()
	u.citizen.wipe()
	u.clerk.wipe()
	wipePhoto(u.state.Document.Photo)
}

// wipePhoto overwrites a photograph that the session has let go of: the screens have it last.
func wipePhoto(photo *kiosk.Photo) {
	if photo != nil {
		clear(photo.Data)
	}
}

func (u *UI) draw() {
	if !u.drawn {
		return
	}
	u.name(u.state.ClerkLanguage, u.state.CitizenLanguage)
	p := u.present()
	u.clerk.show(present.Clerk(p, u.clerk.drafts())) // with the overlay, also over a citizen's page
	u.hideLog()
	u.citizen.show(present.Citizen(p))
	if u.options.OneScreen {
		u.turn(u.handedOver())
	}
}

// name titles each window in the language that it is shown in.
func (u *UI) name(clerk, citizen kiosk.Language) {
	retitle(u.clerkWindow, present.Words{Language: clerk}.Text("app.name"))
	if !u.options.OneScreen {
		retitle(u.citizenWindow, present.Words{Language: citizen}.Text("app.citizen_window"))
	}
}

func retitle(w fyne.Window, title string) {
	if w.Title() != title {
		w.SetTitle(title)
	}
}

// turn gives the only window to one of the two. What the other shows is not in the window meanwhile.
func (u *UI) turn(toCitizen bool) {
	content, keys, focus := u.clerk.content, &u.clerk.keys, u.clerk.focus
	if toCitizen {
		content, keys, focus = u.citizen.content, &u.citizen.keys, u.citizen.focus
	}
	if u.clerkWindow.Content() == content {
		return
	}
	u.citizen.wipe()
	u.clerkWindow.SetContent(content)
	keys.listen(u.clerkWindow)
	focus()
}
