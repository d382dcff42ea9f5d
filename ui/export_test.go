package ui

import (
	"fyne.io/fyne/v2"

	"balcao/kiosk"
)

// SettleTime is how long a page that asks for agreement must stand.
const SettleTime = settleTime

// PresentClerk computes the clerk's window for tests.
func PresentClerk(s kiosk.State, oneScreen bool, phone, email string, focus kiosk.Channel) clerkModel {
	return presentClerk(present{state: s, oneScreen: oneScreen}, drafts{phone, email, focus})
}

// PresentCitizen computes the citizen's screen for tests.
func PresentCitizen(s kiosk.State, oneScreen bool) citizenModel {
	return presentCitizen(present{state: s, oneScreen: oneScreen})
}

// ClerkPage returns what stands between header, steps and status bar.
func (u *UI) ClerkPage() fyne.CanvasObject { return u.clerk.frame }

// ClerkScrolls reports by how much the clerk's page is higher than there is room for.
func (u *UI) ClerkScrolls() float32 {
	return max(0, u.clerk.scroll.Content.MinSize().Height-u.clerk.scroll.Size().Height)
}

// CitizenDigits returns the bytes inside the citizen's boxes.
func (u *UI) CitizenDigits() []byte { return u.citizen.input.field.typed[:] }

// ContactTexts returns what stands in the entries of the contact page.
func (u *UI) ContactTexts() (phone, email string) {
	return u.clerk.contact.phone.entry.Text, u.clerk.contact.email.entry.Text
}

// PhotoPixels returns the pixels on the identity page, nil when there are none.
func (u *UI) PhotoPixels() []byte {
	photo := u.clerk.pages[pageIdentity].(*identityPage).photo
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
