package ui_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
	"balcao/ui"
)

// last returns what was entered last, and everything else that was sent.
func (d *desk) entered(t *testing.T) (kiosk.Eligibility, []kiosk.Event) {
	t.Helper()
	var last kiosk.Eligibility
	var others []kiosk.Event
	for _, e := range d.sent() {
		if e, ok := e.(kiosk.EligibilityEntered); ok {
			last = e.Eligibility
			continue
		}
		others = append(others, e)
	}
	return last, others
}

func TestEligibilityKeys(t *testing.T) {
	pt := kiosk.Portuguese
	onward := []kiosk.Event{kiosk.Continue{}}
	t.Run("FilledInByKeyboard", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(passport(pt))
		d.Show(bring(pt))
		w := d.Clerk()
		write(w, "123456789")
		press(w, fyne.KeyReturn, fyne.KeyDown, fyne.KeyReturn) // the declaration: the first answer
		press(w, fyne.KeyReturn, fyne.KeyReturn, fyne.KeyReturn)
		write(w, "c") // the address: Contrato de arrendamento, Certidão de domicílio fiscal
		press(w, fyne.KeyReturn)
		write(w, " Imobiliária do Rossio, Lda. ")
		press(w, fyne.KeyReturn)
		write(w, "01-03-2026")
		press(w, fyne.KeyReturn)
		got, others := d.entered(t)
		want := kiosk.Eligibility{TaxNumber: "123456789", Independence: kiosk.Independent, Address: lease}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("entered (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(onward, others); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
	t.Run("WholeNamesWhereTheyMayBeCutOff", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(bringSpelling(pt))
		press(d.Clerk(), fyne.KeyReturn, fyne.KeyReturn)
		write(d.Clerk(), "de Albuquerque")
		press(d.Clerk(), fyne.KeyReturn)
		write(d.Clerk(), "Ana")
		want := kiosk.Spelling{Surname: "de Albuquerque", GivenNames: "Ana"}
		if got, _ := d.entered(t); got.Spelling != want || got.Address != lease {
			t.Errorf("entered %+v, want %+v and the page as a whole", got, want)
		}
		press(d.Clerk(), fyne.KeyF10)
		d.Show(bringMisspelled(pt)) // of the same case: what was typed stays, and the focus goes to the surname
		write(d.Clerk(), "x")
		if got, _ := d.entered(t); got.Spelling.Surname != "de Albuquerquex" {
			t.Errorf("typing goes on in another field than the one that is wrong: %+v", got.Spelling)
		}
	})
	// The answer to F10 may come when the clerk has gone on already, by typing or by Tab: what they type stays where they are.
	for name, goOn := range map[string]func(w fyne.Window){
		"TypedOn": func(w fyne.Window) { write(w, "M") },
		"TabbedOn": func(w fyne.Window) {
			w.Canvas().FocusPrevious()
			w.Canvas().FocusPrevious()
			write(w, "M")
		},
	} {
		t.Run("LateAnswer"+name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(bringSpelling(pt))
			press(d.Clerk(), fyne.KeyReturn, fyne.KeyReturn, fyne.KeyReturn)
			if name == "TabbedOn" {
				d.Clerk().Canvas().FocusNext()
				d.Clerk().Canvas().FocusNext()
			}
			press(d.Clerk(), fyne.KeyF10)
			goOn(d.Clerk())
			d.Show(bringMisspelled(pt))
			write(d.Clerk(), "aria")
			if got, _ := d.entered(t); got.Spelling.GivenNames != "Maria" {
				t.Errorf("the cursor was taken from who typed: %+v", got.Spelling)
			}
		})
	}
	t.Run("ArrowsChoose", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(bring(pt))
		press(d.Clerk(), fyne.KeyReturn, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown)
		if got, _ := d.entered(t); got.Independence != kiosk.Accompanied {
			t.Errorf("chose %q, want the last answer", got.Independence)
		}
		press(d.Clerk(), fyne.KeyDelete)
		if got, _ := d.entered(t); got.Independence != kiosk.IndependenceUnasked {
			t.Errorf("%q is left after deleting", got.Independence)
		}
		press(d.Clerk(), fyne.KeyReturn, fyne.KeyRight, fyne.KeyRight, fyne.KeyLeft)
		if got, _ := d.entered(t); got.Residence.Kind != kiosk.ResidencePapers[0] {
			t.Errorf("chose %q, want the first paper", got.Residence.Kind)
		}
	})
	t.Run("KindsByNumber", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(bring(pt))
		second := "2   " + ui.PaperNames(pt, kiosk.ResidencePapers)[1]
		if strings.Contains(visibleText(d.Clerk()), second) {
			t.Error("the list is open before anybody is there")
		}
		press(d.Clerk(), fyne.KeyReturn, fyne.KeyReturn) // to the residence
		if !strings.Contains(visibleText(d.Clerk()), second) {
			t.Error("the kinds are not listed")
		}
		write(d.Clerk(), "2")
		if got, _ := d.entered(t); got.Residence.Kind != kiosk.ResidencePapers[1] {
			t.Errorf("chose %q, want the second", got.Residence.Kind)
		}
		write(d.Clerk(), "907")
		if got, _ := d.entered(t); got.Residence.Kind != "" {
			t.Errorf("a number of no kind chose %q", got.Residence.Kind)
		}
		save(t, d.Clerk(), "bring-open")
		press(d.Clerk(), fyne.KeyReturn)
		if strings.Contains(visibleText(d.Clerk()), second) {
			t.Error("the list stays open")
		}
	})
	t.Run("FromAnyField", func(t *testing.T) {
		for _, key := range []fyne.KeyName{fyne.KeyF10, fyne.KeyF3, fyne.KeyEscape} {
			d := newDesk(t, ui.Options{})
			d.Show(bringPermit(pt))
			for range 6 {
				press(d.Clerk(), key)
				d.Clerk().Canvas().FocusNext()
			}
			if _, others := d.entered(t); len(others) != 6 {
				t.Errorf("%s worked %d times of 6", key, len(others))
			}
		}
	})
	t.Run("RefusalLeadsToTheFirstFault", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(bringPermit(pt))
		press(d.Clerk(), fyne.KeyReturn, fyne.KeyReturn, fyne.KeyReturn) // on to the date
		press(d.Clerk(), fyne.KeyF10)
		d.entered(t)
		refused := bringPermit(pt)
		refused.Eligible.Refused = true
		refused.Eligible.Faults = []kiosk.Fault{{Requirement: kiosk.RequireIndependence, Missing: true}}
		d.Show(refused)
		press(d.Clerk(), fyne.KeyDown)
		if got, _ := d.entered(t); got.Independence != kiosk.Accompanied {
			t.Errorf("the focus is not on the declaration: entered %+v", got)
		}
	})
	t.Run("RefusedAgainLeadsThereAgain", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		refused := bringPermit(pt)
		refused.Eligible.Refused = true
		refused.Eligible.Faults = []kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: kiosk.PaperIssuer}}
		d.Show(refused)
		press(d.Clerk(), fyne.KeyF10) // from the tax number; the answer is the state that is shown
		write(d.Clerk(), "X")
		if got, _ := d.entered(t); got.Address.Issuer != lease.Issuer+"X" {
			t.Errorf("the focus is not on the issuer: entered %+v", got)
		}
	})
	t.Run("AnotherNumberBeginsAgain", func(t *testing.T) {
		s := bringPermit(pt)
		s.Eligible.Opened = "999999990"
		d := newDesk(t, ui.Options{})
		d.Show(s)
		if got, want := visibleText(d.Clerk()), "Com outro NIF a adesão recomeça"; !strings.Contains(got, want) {
			t.Errorf("does not say %q:\n%s", want, got)
		}
	})
	t.Run("BackToThePage", func(t *testing.T) {
		d := newDesk(t, ui.Options{})
		d.Show(bringPermit(pt))
		photo := bringPermit(pt)
		photo.Step = kiosk.StepIdentity
		d.Show(photo)
		d.Show(bringPermit(pt))
		write(d.Clerk(), "9") // too many digits
		press(d.Clerk(), fyne.KeyBackspace)
		got, _ := d.entered(t)
		want := kiosk.Eligibility{TaxNumber: "12345678", Independence: kiosk.Independent, Address: lease}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("entered (-want +got):\n%s", diff)
		}
	})
}

// TestPaperFaults: what is wrong with a paper is named with its field, which gets the focus.
func TestPaperFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault kiosk.PaperFault
		said  string
		want  kiosk.Seen // after an arrow, a letter and a digit: each field takes what it can
	}{
		{"Kind", kiosk.PaperKind, "Choose the kind", kiosk.Seen{Kind: kiosk.SeenParish, Issuer: lease.Issuer, Issued: lease.Issued}},
		{"Issuer", kiosk.PaperIssuer, "Who issued it is missing", kiosk.Seen{Kind: lease.Kind, Issuer: lease.Issuer + "Z", Issued: lease.Issued}},
		{"IssuerLong", kiosk.PaperIssuerLong, "at most 60 letters", kiosk.Seen{Kind: lease.Kind, Issuer: lease.Issuer + "Z", Issued: lease.Issued}},
		{"Date", kiosk.PaperDate, "The date is missing", kiosk.Seen{Kind: lease.Kind, Issuer: lease.Issuer}},
		{"NoSuchDay", kiosk.PaperNoSuchDay, "There is no 01-03-2026", kiosk.Seen{Kind: lease.Kind, Issuer: lease.Issuer}},
		{"Ancient", kiosk.PaperAncient, "01-03-2026 is too long ago", kiosk.Seen{Kind: lease.Kind, Issuer: lease.Issuer}},
		{"Future", kiosk.PaperFuture, "01-03-2026 is in the future", kiosk.Seen{Kind: lease.Kind, Issuer: lease.Issuer}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(bringPermit(kiosk.English))
			press(d.Clerk(), fyne.KeyF10)
			refused := bringPermit(kiosk.English)
			refused.Eligible.Refused = true
			refused.Eligible.Faults = []kiosk.Fault{{Requirement: kiosk.RequireAddress, Paper: test.fault}}
			d.Show(refused)
			if shown := visibleText(d.Clerk()); !strings.Contains(shown, test.said) {
				t.Errorf("does not say %q", test.said)
			}
			press(d.Clerk(), fyne.KeyDown)
			write(d.Clerk(), "Z")
			if got, _ := d.entered(t); got.Address != test.want {
				t.Errorf("entered %+v, want %+v", got.Address, test.want)
			}
		})
	}
}

func TestDay(t *testing.T) {
	day := kiosk.Date{Year: 2026, Month: 3, Day: 1}
	for text, want := range map[string]kiosk.Date{
		"01-03-2026": day, "01/03/2026": day, "01.03.2026": day, "01032026": day, " 01 03 2026 ": day,
		"1-3-2026": day, "2026-03-01": day, "31-02-2026": {Year: 2026, Month: 2, Day: 31}, "15132026": {Year: 2026, Month: 13, Day: 15}, "01-03-26": {}, "": {}, "ontem": {}, "01-03-20266": {}, "001-3-2026": {}, "0103": {}, "01-03-2026-": day,
	} {
		if got := ui.Day(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func FuzzDay(f *testing.F) {
	for _, text := range []string{"01-03-2026", "29022024", "00-03-2026", "1.1.0000", "31.02.2026", "００-00-0000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if day := ui.Day(text); !day.IsZero() && (day.Partial() || day.Year > 9999) {
			t.Errorf("%q: got %v", text, day)
		}
	})
}

func TestCountry(t *testing.T) {
	for _, test := range []struct{ code, pt, en string }{
		{"PRT", "Portugal (PRT)", "Portugal (PRT)"}, {"BRA", "Brasil (BRA)", "Brazil (BRA)"}, {"VNM", "Vietname (VNM)", "Vietnam (VNM)"},
		{"D", "Alemanha (D)", "Germany (D)"}, {"UTO", "Utopia (UTO)", "Utopia (UTO)"}, {"XXA", "Apátrida (XXA)", "Stateless person (XXA)"},
		{"GBD", "Territórios britânicos ultramarinos (GBD)", "British overseas territories citizen (GBD)"},
		{"QQQ", "QQQ", "QQQ"}, {"PT", "PT", "PT"}, {"419", "419", "419"}, {"", "", ""},
	} {
		if got := ui.Country(kiosk.Portuguese, test.code); got != test.pt {
			t.Errorf("%s: got %q, want %q", test.code, got, test.pt)
		}
		if got := ui.Country(kiosk.English, test.code); got != test.en {
			t.Errorf("%s: got %q, want %q", test.code, got, test.en)
		}
	}
}

// deskOnly is a passport of which nothing but the signature at the end is missing, which will not come.
func deskOnly(l kiosk.Language) kiosk.State {
	s := passport(l)
	s.Document.Signing = kiosk.SigningDesk
	return s
}

// TestWhatADocumentProves: the level and why it is not higher, in words.
func TestWhatADocumentProves(t *testing.T) {
	for _, test := range []struct {
		name             string
		state            kiosk.State
		level, why, born string
	}{
		{"Chip", passport(kiosk.English), "Assurance level: high, once the chip answers",
			"Everything is verified. Only the chip's answer to the centre is still to come, at the end.", "12-08-1974 · aged 52"},
		{"WeakChip", passportWeak(kiosk.English), "Assurance level: substantial",
			"For the high level this is missing: Opened over a protected channel; Signer not revoked; Original chip, not a copy.", "1985 · aged 40"},
		{"DeskOnly", deskOnly(kiosk.English), "Assurance level: substantial",
			"The chip does not answer the centre: the desk alone declares what it saw.", "12-08-1974 · aged 52"},
		{"Typed", typedIdentity(kiosk.English), "Assurance level: substantial",
			"Without a chip, the document proves only what can be seen: the level cannot be high.", "12-08-1974 · aged 52"},
		{"Reading", passportLoading(kiosk.English), "Assurance level: not yet known", "The checks are still running.", "12-08-1974 · aged 52"},
	} {
		t.Run(test.name, func(t *testing.T) {
			shown := ui.PresentClerk(test.state, false, "", "", "").Identity
			if shown.Level.Text != test.level || shown.Why != test.why {
				t.Errorf("got %q: %q, want %q: %q", shown.Level.Text, shown.Why, test.level, test.why)
			}
			for _, f := range shown.Fields {
				if f.Label == "Born" && f.Value != test.born {
					t.Errorf("born %q, want %q", f.Value, test.born)
				}
			}
		})
	}
}

// TestEligibilityErrorsMoveNothing: the fields stay where they are when what is missing is named.
func TestEligibilityErrorsMoveNothing(t *testing.T) {
	for _, l := range []kiosk.Language{kiosk.Portuguese, kiosk.English} {
		d := newDesk(t, ui.Options{})
		d.Clerk().Resize(fyne.NewSize(1280, 800-30))
		for _, fault := range []kiosk.PaperFault{"", kiosk.PaperKind, kiosk.PaperIssuer, kiosk.PaperIssuerLong, kiosk.PaperDate, kiosk.PaperNoSuchDay, kiosk.PaperAncient, kiosk.PaperFuture} {
			d.Show(bring(l))
			before := d.EligibilityFields()
			s := bring(l)
			s.Eligible.Refused = true
			s.Eligible.Faults = []kiosk.Fault{
				{Requirement: kiosk.RequireTaxNumber, Missing: true}, {Requirement: kiosk.RequireIndependence, Missing: true},
				{Requirement: kiosk.RequireResidence, Missing: fault == "", Paper: fault},
			}
			d.Show(s)
			if diff := cmp.Diff(before, d.EligibilityFields()); diff != "" {
				t.Errorf("%s, %q: fields moved (-before +after):\n%s", l, fault, diff)
			}
			for _, state := range []kiosk.State{bring(l), s, bringSpelling(l), bringMisspelled(l), bringTyped(l)} {
				d.Show(state)
				if by := d.ClerkScrolls(); by > 0 && fault == "" {
					t.Errorf("%s: the page is %.0f too high", l, by)
				}
			}
		}
	}
}
