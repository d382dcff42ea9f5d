package ui_test

import (
	"bytes"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui"
)

func TestDigitsAreWiped(t *testing.T) {
	pt := kiosk.Portuguese
	blank := make([]byte, 12)
	for _, test := range []struct {
		name  string
		leave func(*desk)
	}{
		{"OnSubmit", func(d *desk) { press(d.Citizen(), fyne.KeyReturn) }},
		{"OnOtherPage", func(d *desk) { d.Show(review(kiosk.ReviewReading)(pt)) }},
		{"OnCardAway", func(d *desk) { d.Show(cardAway(pin(kiosk.PINFirst))(pt)) }},
		{"OnCancel", func(d *desk) { d.Show(cancelling(pt)) }},
		{"OnEmptyDesk", func(d *desk) { d.Show(idle(pt)) }},
		{"OnRepeat", func(d *desk) { d.Show(pin(kiosk.PINRepeat)(pt)) }},
		{"OnDelete", func(d *desk) {
			for range 6 {
				press(d.Citizen(), fyne.KeyBackspace)
			}
		}},
		{"OnStop", func(d *desk) { d.Wipe() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(pin(kiosk.PINFirst)(pt))
			write(d.Citizen(), "731946")
			if got := string(d.CitizenDigits()[:6]); got != "731946" {
				t.Fatalf("typed %q, want the digits", got)
			}
			test.leave(d)
			if !bytes.Equal(d.CitizenDigits(), blank) {
				t.Error("digits are left in the field")
			}
		})
	}
	t.Run("NotByAnUnrelatedState", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		state := pin(kiosk.PINFirst)(pt)
		d.Show(state)
		write(d.Citizen(), "731")
		state.Status.Delivery = kiosk.HealthPoor
		state.CitizenLanguage = kiosk.English
		d.Show(state)
		if got := string(d.CitizenDigits()[:3]); got != "731" {
			t.Errorf("typed digits became %q", got)
		}
	})
}

func TestPhotographIsWiped(t *testing.T) {
	pt := kiosk.Portuguese
	for name, leave := range map[string]func(*desk){
		"OnEmptyDesk": func(d *desk) { d.Show(idle(pt)) },
		"OnStop":      func(d *desk) { d.Wipe() },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			state := identity(pt)
			face := state.Document.Photo
			d.Show(state)
			state.Step = kiosk.StepContact // the page is another; "back" wants the photograph again
			d.Show(state)
			if bytes.Count(face.Data, []byte{0}) == len(face.Data) {
				t.Fatal("wiped while the case goes on")
			}
			leave(d)
			if bytes.Count(face.Data, []byte{0}) != len(face.Data) {
				t.Error("the photograph is left in memory")
			}
		})
	}
}

// TestWhatOpensAChipIsWiped leaves the page that it was typed on, in each way there is.
func TestWhatOpensAChipIsWiped(t *testing.T) {
	pt := kiosk.Portuguese
	for name, typed := range map[string]func(kiosk.Language) kiosk.State{"Zone": whole, "Number": canRefused, "NoChip": noChip} {
		for way, leave := range map[string]func(*desk){
			"OnEmptyDesk": func(d *desk) { d.Show(idle(pt)) },
			"OnIdentity":  func(d *desk) { d.Show(passport(pt)) },
			"OnProblem":   func(d *desk) { d.Show(travelProblem(kiosk.ProblemCode(kiosk.ReasonAccessDenied), true)(pt)) },
			"OnReading":   func(d *desk) { d.Show(readingPassport(pt)) },
			"OnStop":      func(d *desk) { d.Wipe() },
		} {
			t.Run(name+way, func(t *testing.T) {
				d := newDesk(t, ui.Options{})
				d.Show(typed(pt))
				write(d.Clerk(), "P<UTO31")
				press(d.Clerk(), fyne.KeyBackspace)
				write(d.Clerk(), "5")
				blank := make([]byte, len(d.AccessBytes()))
				if bytes.Equal(d.AccessBytes(), blank) {
					t.Fatal("nothing was typed")
				}
				leave(d)
				if !bytes.Equal(d.AccessBytes(), blank) {
					t.Error("characters are left in the fields")
				}
			})
		}
	}
}

// TestPINIsNeverText types a PIN and looks for its digits in what either window draws.
func TestPINIsNeverText(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
	before := visibleText(d.Citizen())
	write(d.Citizen(), "999")
	if after := visibleText(d.Citizen()); after != before {
		t.Errorf("the texts changed with the digits:\n%s", after)
	}
}

// TestNobodyStays goes through a whole visit and looks, hidden pages included, for what is left.
func TestNobodyStays(t *testing.T) {
	pt := kiosk.Portuguese
	d := newDesk(t, ui.Options{})
	for _, screen := range screens {
		d.Show(screen.state(pt))
	}
	d.Show(contact(pt))
	write(d.Clerk(), "912345678")
	d.Show(identity(pt))
	pixels := d.PhotoPixels()
	if len(pixels) == 0 {
		t.Fatal("no photograph on the page")
	}
	d.Show(idle(pt))
	if d.PhotoPixels() != nil || !bytes.Equal(pixels, make([]byte, len(pixels))) {
		t.Error("the photograph's pixels are left")
	}
	if !bytes.Equal(d.AccessBytes(), make([]byte, len(d.AccessBytes()))) {
		t.Error("what opens a chip is left in a field")
	}
	if left := strings.Join(d.BroughtTexts(), ""); left != "" {
		t.Errorf("%q is left in what was brought", left)
	}
	if phone, email := d.ContactTexts(); phone != "" || email != "" {
		t.Error("a contact is left in an entry")
	}
	for _, window := range []fyne.Window{d.Clerk(), d.Citizen()} {
		all := strings.Join(everyText(window.Content()), "\n")
		for _, personal := range []string{"Anabela", "Figueiredo", "99000588", "403", "345", "exemplo.pt", "1974", "ERIKSSON", "L8989", "D2314", "Rossio", "314159"} {
			if strings.Contains(all, personal) {
				t.Errorf("%q is left in %s", personal, window.Title())
			}
		}
	}
}
