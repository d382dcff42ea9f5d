package ui_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/ui"
)

// TestLifeByKeyboard: what the clerk's keys send on the pages of a key's life.
func TestLifeByKeyboard(t *testing.T) {
	const pt = kiosk.Portuguese
	for _, test := range []struct {
		name  string
		state func(kiosk.Language) kiosk.State
		do    func(w fyne.Window)
		want  []kiosk.Event
	}{
		{"KeyWithoutReason", life("key", kiosk.StepKey, keyIs(activeKey, "")), func(w fyne.Window) { press(w, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn) },
			[]kiosk.Event{kiosk.KeyChosen{Errand: "pin"}, kiosk.Continue{}}},
		{"KeyWithReason", life("key", kiosk.StepKey, keyIs(activeKey, "")), func(w fyne.Window) { press(w, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn) },
			[]kiosk.Event{kiosk.KeyChosen{Errand: "suspend"}, kiosk.Continue{}}},
		{"KeyAcross", life("key", kiosk.StepKey, keyIs(activeKey, "")), func(w fyne.Window) { press(w, fyne.KeyRight, fyne.KeyReturn) },
			[]kiosk.Event{kiosk.KeyChosen{Errand: "cancel"}, kiosk.Continue{}}},
		{"Reason", life("key", kiosk.StepKey, keyIs(activeKey, "suspend")), func(w fyne.Window) { press(w, fyne.KeyReturn, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn) },
			[]kiosk.Event{kiosk.ReasonChosen{Reason: kiosk.ReasonPhoneLost}, kiosk.Continue{}}},
		{"ReasonsBack", life("key", kiosk.StepKey, keyIs(activeKey, "suspend")), func(w fyne.Window) { press(w, fyne.KeyF3) }, []kiosk.Event{kiosk.KeyChosen{Errand: "suspend"}}},
		{"OtherErrand", life("key", kiosk.StepKey, keyIs(activeKey, "")), func(w fyne.Window) { press(w, fyne.KeyF1) }, []kiosk.Event{kiosk.Cancel{}, kiosk.ErrandsAsked{}}},
		{"Search", life("search", kiosk.StepSearch), func(w fyne.Window) {
			press(w, fyne.KeyF10) // nothing is known yet
			press(w, fyne.KeyRight, fyne.KeyRight, fyne.KeyReturn)
			write(w, "123456789")
			press(w, fyne.KeyReturn, fyne.KeyDown, fyne.KeyReturn)
		}, []kiosk.Event{kiosk.SearchAsked{Kind: kiosk.SearchTax, Text: "123456789", Reason: kiosk.SearchHolderPresent}}},
		{"SearchWithoutReason", life("search", kiosk.StepSearch), func(w fyne.Window) {
			press(w, fyne.KeyReturn)
			write(w, "912345678")
			press(w, fyne.KeyReturn, fyne.KeyReturn, fyne.KeyF10)
		}, nil},
		{"Found", life("search", kiosk.StepSearch, searchFound), func(w fyne.Window) { press(w, fyne.KeyDown, fyne.KeyReturn) }, []kiosk.Event{kiosk.FoundChosen{Register: 31887}}},
		{"Word", life("word", kiosk.StepWord, func(s *kiosk.State) { s.Word.NumberAsked = true }), func(w fyne.Window) {
			write(w, "4/11/1988")
			press(w, fyne.KeyReturn)
			write(w, "123456789")
			press(w, fyne.KeyReturn)
		}, []kiosk.Event{kiosk.WordGiven{BirthDate: kiosk.Date{Year: 1988, Month: 11, Day: 4}, Number: "123456789"}}},
		{"WordWithoutNumber", life("word", kiosk.StepWord, func(s *kiosk.State) { s.Word.NumberAsked = true }), func(w fyne.Window) {
			write(w, "4/11/1988")
			press(w, fyne.KeyF10)
		}, nil},
		{"NotMe", life("not_me", kiosk.StepNotMe), func(w fyne.Window) {
			write(w, "ab2cd-")
			press(w, fyne.KeyReturn) // too short
			write(w, "3e f456")
			press(w, fyne.KeyReturn)
		}, []kiosk.Event{kiosk.NotMeTyped{Code: kiosk.Secret("AB2CD3EF45")}}},
		{"TryOfTheKeyAtHand", life("try", kiosk.StepTry, tries(kiosk.TryNaming, "")), func(w fyne.Window) { press(w, fyne.KeyDown, fyne.KeyReturn, fyne.KeyRight, fyne.KeyReturn) },
			[]kiosk.Event{kiosk.TryNamed{By: kiosk.ByEmail, Channel: kiosk.Email}}},
		{"TryOfAnotherKey", life("renew", kiosk.StepTry, noKeyAtHand), func(w fyne.Window) {
			press(w, fyne.KeyRight, fyne.KeyRight, fyne.KeyReturn)
			write(w, "UKR:AB123456")
			press(w, fyne.KeyF10)
		}, []kiosk.Event{kiosk.TryNamed{By: kiosk.ByPassport, Text: "UKR:AB123456", Channel: kiosk.SMS}}},
		{"Later", contact, func(w fyne.Window) { press(w, fyne.KeyF6) }, []kiosk.Event{kiosk.LaterChosen{Channel: kiosk.SMS}}},
		{"LaterByLetter", later(kiosk.SMS), func(w fyne.Window) { press(w, fyne.KeyRight, fyne.KeyRight) },
			[]kiosk.Event{kiosk.LaterChosen{Channel: kiosk.Email}, kiosk.LaterChosen{Channel: kiosk.Letter}}},
		{"LaterLetter", later(kiosk.Letter), func(w fyne.Window) {
			press(w, fyne.KeyReturn, fyne.KeyReturn, fyne.KeyReturn)
			write(w, "Rua do Ouro 1")
			press(w, fyne.KeyReturn, fyne.KeyReturn)
			write(w, "1100-001")
			press(w, fyne.KeyReturn)
			write(w, "Lisboa")
			press(w, fyne.KeyReturn)
		}, []kiosk.Event{kiosk.LaterEntered{Address: kiosk.PostalAddress{Name: "Anabela Exemplo Inventado", Lines: []string{"Rua do Ouro 1"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}}}},
		{"Print", done, func(w fyne.Window) { press(w, fyne.KeyF4, fyne.KeyF5) }, []kiosk.Event{kiosk.PrintAsked{What: kiosk.PrintOfReceipt}, kiosk.PrintAsked{What: kiosk.PrintForm}}},
		{"Paper", printed(kiosk.PrintOnPage), func(w fyne.Window) { press(w, fyne.KeyF7, fyne.KeyF8, fyne.KeyEscape) }, []kiosk.Event{kiosk.PrintTurned{By: 1}, kiosk.PrintClosed{}}},
		{"Alerts", alertsOf(kiosk.StepAlerts, kiosk.ApprovalList, waitingAlerts), func(w fyne.Window) { press(w, fyne.KeyDown, fyne.KeyReturn) }, []kiosk.Event{kiosk.AlertChosen{ID: uuid.UUID{2}}}},
		{"Alert", alertsOf(kiosk.StepAlert, kiosk.ApprovalCase), func(w fyne.Window) { press(w, fyne.KeyF10, fyne.KeyDown, fyne.KeyDown, fyne.KeyF10) }, []kiosk.Event{kiosk.AlertDecided{Decision: kiosk.AlertWatch}}},
		{"AlertReason", alertsOf(kiosk.StepAlert, kiosk.ApprovalWhy, watches), func(w fyne.Window) { press(w, fyne.KeyReturn, fyne.KeyDown, fyne.KeyReturn) },
			[]kiosk.Event{kiosk.AlertDecided{Decision: kiosk.AlertWatch, Reason: kiosk.AlertReasons[0]}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(test.state(pt))
			test.do(d.Clerk())
			var got []kiosk.Event
			for _, event := range d.sent() {
				if _, drafted := event.(kiosk.ContactDrafted); !drafted {
					got = append(got, event)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

// TestErrandTiles: a tile of several errands leads to the key, whose page begins with one of them.
func TestErrandTiles(t *testing.T) {
	d := newDesk(t, ui.Options{})
	s := busy(kiosk.Portuguese)
	d.Show(s)
	texts := visibleText(d.Clerk())
	for _, want := range []string{"Hoje neste balcão", "Adesões: 14 · mediana 2 min 40 s", "2 casos à espera de aprovação."} {
		if !strings.Contains(texts, want) {
			t.Errorf("the list does not say %q", want)
		}
	}
	write(d.Clerk(), "s") // Suspender · reativar · terminar
	press(d.Clerk(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.ErrandChosen{Name: "key"}}, d.sent()); diff != "" {
		t.Fatalf("sent (-want +got):\n%s", diff)
	}
	d.events = nil
	d.Show(life("key", kiosk.StepKey, keyIs(activeKey, ""))(kiosk.Portuguese))
	press(d.Clerk(), fyne.KeyReturn)
	if diff := cmp.Diff([]kiosk.Event{kiosk.KeyChosen{Errand: "suspend"}, kiosk.Continue{}}, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestActivationCodeIsTyped: on the person's screen, with a keyboard in either case, or with the keys shown, of which each
// has one sign.
func TestActivationCodeIsTyped(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(life("activate", kiosk.StepActivation, activating(func(*kiosk.ActivationState) {}))(kiosk.Portuguese))
	write(d.Citizen(), "k7-m2 l0x") // neither the hyphen, nor the space, nor what looks like another
	for _, name := range []string{"P", "9", "Q", "3", "H"} {
		d.TapKeypad(name)
	}
	press(d.Citizen(), fyne.KeyReturn)
	want := []kiosk.Event{kiosk.ActivationTyped{Code: kiosk.Secret("K7M2XP9Q3H")}}
	if diff := cmp.Diff(want, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if keys, signs := len(d.KeypadKeys()), len(kiosk.ActivationAlphabet)+2; keys != signs {
		t.Errorf("%d keys, want %d", keys, signs)
	}
	for _, b := range d.CitizenDigits() {
		if b != 0 {
			t.Fatal("the code stays in the boxes")
		}
	}
	d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
	if got := len(d.KeypadKeys()); got != 12 {
		t.Errorf("%d keys for a PIN, want 12", got)
	}
}

// TestTryIsTyped: PIN and code of a try leave as its own events, and no window shows a digit of the PIN.
func TestTryIsTyped(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(life("try", kiosk.StepTry, tries(kiosk.TryPIN, ""))(kiosk.Portuguese))
	write(d.Citizen(), "739146")
	for _, w := range []fyne.Window{d.Clerk(), d.Citizen()} {
		for _, text := range everyText(w.Content()) {
			if strings.Contains(text, "7391") {
				t.Error("the PIN is on a screen")
			}
		}
	}
	press(d.Citizen(), fyne.KeyReturn)
	d.Show(life("try", kiosk.StepTry, tries(kiosk.TryCode, ""))(kiosk.Portuguese))
	write(d.Citizen(), "445566")
	want := []kiosk.Event{kiosk.TryPINTyped{PIN: kiosk.Secret("739146")}, kiosk.TryCodeTyped{Code: kiosk.Secret("445566")}}
	if diff := cmp.Diff(want, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestNumbersAreEntered: F6 shows the numbers of other services, and where each is from goes along.
func TestNumbersAreEntered(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(bring(kiosk.Portuguese))
	press(d.Clerk(), fyne.KeyF6)
	write(d.Clerk(), "2")
	press(d.Clerk(), fyne.KeyReturn)
	write(d.Clerk(), "12345678902")
	press(d.Clerk(), fyne.KeyReturn)
	write(d.Clerk(), "2")
	press(d.Clerk(), fyne.KeyReturn)
	write(d.Clerk(), "123 456 789")
	save(t, d.Clerk(), "numbers")
	got, _ := d.entered(t)
	want := kiosk.NumberClaim{Value: "12345678902", Source: kiosk.NumberPaper, Paper: kiosk.NumberPapers[0]}
	if got.SocialSecurity != want {
		t.Errorf("NISS %+v, want %+v", got.SocialSecurity, want)
	}
	if want := (kiosk.NumberClaim{Value: "123456789", Source: kiosk.NumberSaid}); got.HealthNumber != want {
		t.Errorf("SNS %+v, want %+v", got.HealthNumber, want)
	}
	press(d.Clerk(), fyne.KeyReturn, fyne.KeyReturn) // behind the last the page is back
	write(d.Clerk(), "5")
	if got, _ := d.entered(t); got.TaxNumber != "5" {
		t.Errorf("NIF %q, want what is typed when the page is back", got.TaxNumber)
	}
}

// TestFocusFollowsWhatIsAsked: what a page asks for may come after the page, and the arrows are its at once.
func TestFocusFollowsWhatIsAsked(t *testing.T) {
	const pt = kiosk.Portuguese
	d := newDesk(t, ui.Options{})
	d.Show(life("key", kiosk.StepKey, keyPhase(kiosk.KeyReading))(pt))
	d.Show(life("key", kiosk.StepKey, keyIs(activeKey, ""))(pt))
	if title := ui.PresentCitizen(life("key", kiosk.StepKey, keyIs(activeKey, ""))(pt), false).Text; strings.Contains(title, "telemóvel") {
		t.Errorf("the person reads %q before anybody chose", title)
	}
	press(d.Clerk(), fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn)
	d.Show(life("key", kiosk.StepKey, keyIs(activeKey, "suspend"))(pt))
	press(d.Clerk(), fyne.KeyDown, fyne.KeyReturn)
	d.Show(life("search", kiosk.StepSearch)(pt))
	d.Show(life("search", kiosk.StepSearch, searchFound)(pt))
	press(d.Clerk(), fyne.KeyDown, fyne.KeyReturn)
	want := []kiosk.Event{
		kiosk.KeyChosen{Errand: "pin"}, kiosk.Continue{}, kiosk.ReasonChosen{Reason: kiosk.ReasonRequest}, kiosk.Continue{}, kiosk.FoundChosen{Register: 31887},
	}
	if diff := cmp.Diff(want, d.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}
