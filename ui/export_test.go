package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
)

// SettleTime is how long a page that asks for agreement must stand.
const SettleTime = settleTime

// PresentClerk computes the clerk's window for tests.
func PresentClerk(s kiosk.State, oneScreen bool, phone, email string, focus kiosk.Channel) present.ClerkModel {
	return present.Clerk(present.Presenter{State: s, OneScreen: oneScreen}, present.Drafts{Phone: phone, Email: email, Focus: focus})
}

// PresentCitizen computes the citizen's screen for tests.
func PresentCitizen(s kiosk.State, oneScreen bool) present.CitizenModel {
	return present.Citizen(present.Presenter{State: s, OneScreen: oneScreen})
}

// ClerkPage returns what stands between header, steps and status bar.
func (u *UI) ClerkPage() fyne.CanvasObject { return u.clerk.frame }

// ClerkScrolls reports by how much the clerk's page is higher than there is room for.
func (u *UI) ClerkScrolls() float32 {
	return max(0, u.clerk.scroll.Content.MinSize().Height-u.clerk.scroll.Size().Height)
}

// CitizenScrolls reports by how much the citizen's page is higher than there is room for.
func (u *UI) CitizenScrolls() float32 {
	return max(0, u.citizen.scroll.Content.MinSize().Height-u.citizen.scroll.Size().Height)
}

// CitizenEnded reports whether the end of the citizen's page is in the window.
func (u *UI) CitizenEnded() bool { return u.citizen.ended() }

// CitizenBoxes is where the boxes for digits stand.
func (u *UI) CitizenBoxes() fyne.Position {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(u.citizen.input.field)
}

// Declaration is the field of what the person declares.
func (u *UI) Declaration() fyne.Focusable { return u.clerk.eligibility.answer }

// KeypadKeys are the keys of the on-screen keypad.
func (u *UI) KeypadKeys() []fyne.CanvasObject { return u.citizen.input.pad.content.Objects }

// CitizenDigits returns the bytes inside the citizen's boxes.
func (u *UI) CitizenDigits() []byte { return u.citizen.input.field.typed[:] }

// ContactTexts returns what stands in the entries of the contact page.
func (u *UI) ContactTexts() (phone, email string) {
	return u.clerk.contact.phone.entry.Text, u.clerk.contact.email.entry.Text
}

// WatchKeyboard tells from now on which window is given the keyboard: "clerk" or "citizen".
func (u *UI) WatchKeyboard(told func(window string)) {
	u.clerkWindow = watchedWindow{u.clerkWindow, func() { told("clerk") }}
	u.citizenWindow = watchedWindow{u.citizenWindow, func() { told("citizen") }}
}

type watchedWindow struct {
	fyne.Window
	asked func()
}

func (w watchedWindow) RequestFocus() { w.asked(); w.Window.RequestFocus() }

// PhoneEntry returns the entry of the telephone number.
func (u *UI) PhoneEntry() fyne.Focusable { return u.clerk.contact.phone.entry }

// PhotoPixels returns the pixels on the identity page, nil when there are none.
func (u *UI) PhotoPixels() []byte {
	photo := u.clerk.pages[present.PageIdentity].(*identityPage).photo
	if photo.pixels == nil {
		return nil
	}
	return photo.pixels.Pix
}

// TapKeypad taps a key of the on-screen keypad: a digit, "delete" or "ok".
func (u *UI) TapKeypad(name string) {
	pad := u.citizen.input.pad
	switch name {
	case "delete":
		pad.delete.Tapped(nil)
	case "ok":
		pad.ok.Tapped(nil)
	default:
		for _, object := range pad.content.Objects {
			if key := object.(*padKey); key.text == name {
				key.Tapped(&fyne.PointEvent{})
			}
		}
	}
}

// AccessText returns what stands in the page that opens chips: the zone's text, its cursor and the number.
func (u *UI) AccessText() (zone string, cursor int, can string) {
	access := u.clerk.access
	return access.mrz.text(), access.mrz.at, access.can.text()
}

// AccessBytes returns the bytes inside the zone's field and the number's.
func (u *UI) AccessBytes() []byte {
	access := u.clerk.access
	return append(access.mrz.typed[:len(access.mrz.typed):len(access.mrz.typed)], access.can.typed[:]...)
}

// WindowKeyDown is a key that goes down while nothing has the focus; the test's canvas has no such call.
func (u *UI) WindowKeyDown(w fyne.Window, ev *fyne.KeyEvent) { u.keysOf(w).down(ev, nil) }

// WindowKeyUp is the same key going up.
func (u *UI) WindowKeyUp(w fyne.Window, ev *fyne.KeyEvent) { u.keysOf(w).up(ev, nil) }

// WindowShortcut is a shortcut while nothing has the focus that takes any.
func (u *UI) WindowShortcut(w fyne.Window, shortcut fyne.Shortcut) { u.keysOf(w).commands(shortcut) }

func (u *UI) keysOf(w fyne.Window) *keyboard {
	if w == u.clerkWindow {
		return &u.clerk.keys
	}
	return &u.citizen.keys
}

// HeldKeys reports whether anything that was typed still waits in the guard.
func (u *UI) HeldKeys() bool {
	return u.guard.n > 0 || u.guard.length > 0 || slices.ContainsFunc(u.guard.text[:], func(r rune) bool { return r != 0 })
}

// BroughtTexts returns what stands in the page of what else is needed.
func (u *UI) BroughtTexts() []string {
	bring := u.clerk.eligibility
	texts := []string{bring.number.text()}
	for _, paper := range bring.papers {
		texts = append(texts, paper.issuer.Text, paper.issued.Text)
	}
	return texts
}

// PaperNames names kinds of papers.
func PaperNames(language kiosk.Language, kinds []kiosk.SeenKind) []string {
	var names []string
	for _, kind := range kinds {
		names = append(names, present.Words{Language: language}.Text("seen."+string(kind)))
	}
	return names
}

// Day reads a date as clerks type it.
func Day(text string) kiosk.Date { return present.ParseDay(text) }

// Country names a State.
func Country(language kiosk.Language, code string) string {
	return present.Words{Language: language}.Country(code)
}

// MRZField is the field alone, without a window.
type MRZField struct{ *mrzField }

// NewMRZField makes one.
func NewMRZField() MRZField { return MRZField{newMRZField(&keyboard{}, func() {})} }

// Text returns what is typed, and Cursor where the cursor stands.
func (f MRZField) Text() string { return f.text() }

// Cursor returns where the cursor stands.
func (f MRZField) Cursor() int { return f.at }

// Put replaces what is typed.
func (f MRZField) Put(text string) { f.put(text) }

// Paste pastes.
func (f MRZField) Paste(text string) { f.paste(text) }

// Swipe takes what a document reader typed.
func (f MRZField) Swipe(text string) { f.swipe(text) }

// Answer shows what was understood.
func (f MRZField) Answer(entry kiosk.MRZEntry) { f.show(present.MRZ(entry, kiosk.Passport), false) }

// Press presses a key of the field's.
func (f MRZField) Press(key fyne.KeyName) {
	if key == fyne.KeyReturn {
		f.breakLine()
		return
	}
	f.press(key)
}

// EligibilityFields are where the fields of the page of what else is needed stand.
func (u *UI) EligibilityFields() []fyne.Position {
	var all []fyne.Position
	for _, field := range u.clerk.eligibility.fields() {
		all = append(all, fyne.CurrentApp().Driver().AbsolutePositionForObject(field.(fyne.CanvasObject)))
	}
	return all
}

// StaffPINBytes returns the bytes inside all boxes for the PIN of a staff card.
func (u *UI) StaffPINBytes() []byte {
	var all []byte
	for _, page := range []*staffPINView{u.clerk.signIn.pin, u.clerk.decision.pin, u.clerk.pages[present.PageReview].(*reviewPage).pin} {
		all = append(all, page.field.typed[:]...)
	}
	return all
}

// Ringed reports whether a language shows that it has the focus.
func Ringed(o fyne.Focusable) bool { return o.(*pill).focused }

// LogBelow is how much of the log page is below what is seen.
func (u *UI) LogBelow() float32 {
	scroll := u.clerk.log.scroll
	return scroll.Content.MinSize().Height - scroll.Size().Height - scroll.Offset.Y
}
