package ui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/present"
)

// writtenLog is a log whose lines a test writes.
type writtenLog struct {
	lines    []present.LogLine
	followed bool
}

func (l *writtenLog) Lines() []present.LogLine { return slices.Clone(l.lines) }
func (l *writtenLog) Follow(on bool)           { l.followed = on }

func (l *writtenLog) write(level present.LogLevel, text, reference string) {
	at := today.Add(time.Duration(len(l.lines)) * 7 * time.Second)
	l.lines = append(l.lines, present.LogLine{At: at, Level: level, Text: text, Reference: reference})
}

// aDay is a log as a desk writes it.
func aDay() *writtenLog {
	l := &writtenLog{}
	l.write(present.LogInfo, "reader left aside · reader Yubico YubiKey OTP+FIDO+CCID 00 00 · why security_key", "")
	for i := range 16 {
		reference := fmt.Sprintf("BX%d-77Q", i)
		about := fmt.Sprintf(" · case %d · reference %s", i+1, reference)
		l.write(present.LogInfo, "state"+about+" · step document · card · opened · shift open", reference)
		l.write(present.LogInfo, "state"+about+" · step identity · identity · checked · photo · card · opened · shift open · holder", reference)
		if i%5 == 2 {
			l.write(present.LogWarning, "centre"+about+" · enrolment 0198f4a2-7d1c-7cc2-93a1-5a01cf3fd0a2 · error the centre is not available", reference)
		}
		if i == 11 {
			l.write(present.LogError, "card"+about+" · fault runtime.boundsError", reference)
		}
		l.write(present.LogInfo, "state"+about+" · step done · identity · checked · photo · opened · contact · pin sealed · review signed · shift open · holder · told", reference)
	}
	return l
}

// ctrlF12 is what the driver does with it.
func ctrlF12(w fyne.Window) {
	shortcut := &desktop.CustomShortcut{KeyName: fyne.KeyF12, Modifier: fyne.KeyModifierControl}
	if focused, ok := w.Canvas().Focused().(fyne.Shortcutable); ok {
		focused.TypedShortcut(shortcut)
	} else {
		desks[w].WindowShortcut(w, shortcut)
	}
	desks[w].settle()
}

// logOf is what the log page says, "" when it is not there.
func logOf(w fyne.Window) string {
	top := w.Canvas().Overlays().Top()
	if top == nil {
		return ""
	}
	return strings.Join(texts(top), "\n")
}

func TestLogPage(t *testing.T) {
	for _, test := range []struct {
		name     string
		language kiosk.Language
		size     fyne.Size
		scale    float32
		title    string
	}{
		{"pt", kiosk.Portuguese, fyne.NewSize(1280, 800), 1, "Registo deste balcão"},
		{"en", kiosk.English, fyne.NewSize(1280, 800), 1, "Log of this desk"},
		{"wide", kiosk.Portuguese, fyne.NewSize(1920, 1080), 1, "Registo deste balcão"},
		{"wide-en", kiosk.English, fyne.NewSize(1920, 1080), 1, "Log of this desk"},
		{"large", kiosk.Portuguese, fyne.NewSize(1280, 800), 1.5, "Registo deste balcão"},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := aDay()
			d := newDesk(t, ui.Options{TextScale: test.scale, Log: log})
			w := d.Clerk()
			w.Resize(test.size)
			state := contact(test.language) // where the cursor is in a field
			state.Status.Aside = []kiosk.AsideReader{{Name: "Yubico YubiKey OTP+FIDO+CCID 00 00", Why: "security_key"}, {Name: "ACS ACR1252 Dual Reader SAM 0", Why: "sam"}}
			d.Show(state)
			ctrlF12(w)
			save(t, w, "log-"+test.name)
			last := log.lines[len(log.lines)-1]
			said := logOf(w)
			for _, want := range []string{test.title, last.Text, last.At.Format("15:04:05"), log.lines[0].Text, "BX15-77Q", ": Yubico YubiKey OTP+FIDO+CCID 00 00 (", ": ACS ACR1252 Dual Reader SAM 0 ("} {
				if !strings.Contains(said, want) {
					t.Errorf("the page does not say %q:\n%s", want, said)
				}
			}
			if rawKey.MatchString(said) || !log.followed {
				t.Errorf("followed: %v; shows the key %q", log.followed, rawKey.FindString(said))
			}
			press(w, fyne.KeyF7)
			save(t, w, "log-warnings-"+test.name)
			if said = logOf(w); strings.Contains(said, "step done") || !strings.Contains(said, "boundsError") || !strings.Contains(said, "not available") {
				t.Errorf("warnings only:\n%s", said)
			}
			press(w, fyne.KeyF7)
			write(w, "bx7-")
			save(t, w, "log-search-"+test.name)
			if said = logOf(w); strings.Contains(said, "BX8-77Q") || strings.Count(said, "reference BX7-77Q") != 4 {
				t.Errorf("searched:\n%s", said)
			}
			press(w, fyne.KeyF4)
			if copied := fyne.CurrentApp().Clipboard().Content(); copied != "BX7-77Q" {
				t.Errorf("copied %q", copied)
			}
			write(w, "zz")
			if said = logOf(w); strings.Contains(said, "reference") {
				t.Errorf("nothing to be found:\n%s", said)
			}
			press(w, fyne.KeyBackspace, fyne.KeyBackspace)
			if said = logOf(w); strings.Count(said, "reference BX7-77Q") != 4 {
				t.Errorf("after Backspace:\n%s", said)
			}
			log.write(present.LogInfo, "state · reference BX7-77Q · later", "BX7-77Q")
			d.LogChanged()
			if said = logOf(w); !strings.Contains(said, "later") {
				t.Errorf("what came while it is open:\n%s", said)
			}
			press(w, fyne.KeyF10, fyne.KeyF1, fyne.KeyReturn, fyne.KeyF2, fyne.KeyEscape)
			if phone, email := d.ContactTexts(); logOf(w) != "" || log.followed || len(d.sent()) > 0 || strings.Contains(phone+email, "b") {
				t.Errorf("closed: %v, followed: %v, sent %v, typed %q and %q", logOf(w) == "", log.followed, d.sent(), phone, email)
			}
			ctrlF12(w)
			if said = logOf(w); !strings.Contains(said, "BX8-77Q") {
				t.Errorf("opened again it still searches:\n%s", said)
			}
			ctrlF12(w)
			if logOf(w) != "" {
				t.Error("Ctrl+F12 does not close it")
			}
		})
	}
}

// TestLogPage_NeverThePersons: it neither opens nor stays while the person has the keyboard, or something is asked over the
// clerk's page, or the screen is locked; and never in the citizen's window.
func TestLogPage_NeverThePersons(t *testing.T) {
	en := kiosk.English
	for _, test := range []struct {
		name      string
		oneScreen bool
		hides     kiosk.State
		opens     bool // by the key, all the same
	}{
		{"PIN", false, pin(kiosk.PINFirst)(en), false},
		{"Code", false, contactSent(en), false},
		{"Asked", false, cancelling(en), false},
		{"OneScreenPIN", true, handed(pin(kiosk.PINFirst)(en)), false},
		{"Locked", false, deskLocked(cardOf(rita))(en), true}, // opened by whoever is there now
	} {
		t.Run(test.name, func(t *testing.T) {
			log := aDay()
			d := newDesk(t, ui.Options{OneScreen: test.oneScreen, Log: log})
			d.Show(identity(en))
			ctrlF12(d.Clerk())
			if logOf(d.Clerk()) == "" {
				t.Fatal("it did not open")
			}
			d.Show(test.hides)
			if said := logOf(d.Clerk()); strings.Contains(said, "reference") || log.followed {
				t.Errorf("it stays:\n%s", said)
			}
			ctrlF12(d.Clerk())
			if said := logOf(d.Clerk()); strings.Contains(said, "reference") != test.opens {
				t.Errorf("it opens: %v, want %v", !test.opens, test.opens)
			}
			if test.oneScreen {
				return
			}
			ctrlF12(d.Citizen())
			if said := logOf(d.Citizen()); strings.Contains(said, "reference") {
				t.Errorf("it opens in the citizen's window:\n%s", said)
			}
		})
	}
	d := newDesk(t, ui.Options{}) // without a log the key does nothing
	d.Show(identity(en))
	ctrlF12(d.Clerk())
	if logOf(d.Clerk()) != "" {
		t.Error("a page without a log")
	}
}

// TestLogPage_Scrolls: it begins at the newest line and follows it; whoever reads older lines is left there.
func TestLogPage_Scrolls(t *testing.T) {
	log := aDay()
	d := newDesk(t, ui.Options{Log: log})
	w := d.Clerk()
	d.Show(identity(kiosk.English))
	ctrlF12(w)
	below := func() float32 { return d.LogBelow() }
	if below() > 1 {
		t.Errorf("it begins %.0f above the newest line", below())
	}
	log.write(present.LogInfo, "one more", "")
	d.LogChanged()
	if below() > 1 {
		t.Errorf("the newest line is %.0f below", below())
	}
	press(w, fyne.KeyPageUp)
	at := below()
	if at < 100 {
		t.Errorf("PageUp scrolled by %.0f", at)
	}
	log.write(present.LogInfo, "and another", "")
	d.LogChanged()
	if below() <= at {
		t.Error("it jumped to the newest line")
	}
	press(w, fyne.KeyHome, fyne.KeyEnd)
	if below() > 1 {
		t.Errorf("End is %.0f above the newest line", below())
	}
}

// handed is a state in which the person has the only screen.
func handed(s kiosk.State) kiosk.State {
	s.HandedOver = true
	return s
}
