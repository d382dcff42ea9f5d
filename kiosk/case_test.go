package kiosk_test

import (
	"testing"
	"time"

	"balcao/kiosk"
)

// TestCardLeftBehind: the card of a case that is over is not read again until it was out, and the desk says so.
func TestCardLeftBehind(t *testing.T) {
	remains := func(t *testing.T, d *desk, want int) {
		t.Helper()
		if got := d.state.LeftBehind; got != want || d.state.Case != 0 {
			t.Errorf("left behind: got reader %d, want %d, with case %d", got, want, d.state.Case)
		}
	}
	for name, ends := range map[string][]kiosk.Event{
		"NextPerson":  {kiosk.NextPerson{}},
		"WipedItself": {kiosk.Tick{Now: noon.Add(time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t).done().do(ends...)
			remains(t, d, 1)
			remains(t, d.do(kiosk.CardRemoved{Reader: 1}), 0)
			d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 2, Reader: 1})
		})
	}
	t.Run("Cancelled", func(t *testing.T) {
		remains(t, newDesk(t).opened().do(kiosk.Cancel{}, kiosk.CancelConfirmed{}), 1)
	})
	t.Run("AfterARefusal", func(t *testing.T) {
		remains(t, newDesk(t).identified().do(kiosk.PersonMismatch{}, kiosk.NextPerson{}), 1)
	})
	t.Run("NotWhenTheSamePersonHasAnother", func(t *testing.T) {
		remains(t, newDesk(t).identified().do(kiosk.OtherDocument{}), 0)
	})
	t.Run("NextInTheOtherReader", func(t *testing.T) {
		d := newDesk(t).done().do(kiosk.NextPerson{}).do(kiosk.CardInserted{Reader: 2})
		d.asked(kiosk.ReadDocument{Case: 2, Reader: 2})
		if d.state.LeftBehind != 0 {
			t.Error("said while a person's document is read")
		}
	})
}

func TestCancel(t *testing.T) {
	asks := func(t *testing.T, d *desk, want bool) {
		t.Helper()
		if got := d.state.ConfirmCancel; got != want {
			t.Errorf("asks before cancelling: got %v, want %v", got, want)
		}
	}
	t.Run("NothingToLose", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}).do(kiosk.Cancel{})
		asks(t, d, false)
		d.asked(kiosk.Forget{Case: 1}).at(kiosk.StepDocument)
		d.do(kiosk.Retry{}).asked(kiosk.ReadDocument{Case: 2, Reader: 1})
	})
	t.Run("Dismissed", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.Cancel{})
		asks(t, d, true)
		d.do(kiosk.CancelDismissed{}, kiosk.CancelConfirmed{}).asked().at(kiosk.StepContact)
		asks(t, d, false)
	})
	t.Run("AtEachStep", func(t *testing.T) {
		abandoned := []kiosk.Command{kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1}}
		for _, tt := range []struct {
			step string
			to   func(*desk) *desk
			want []kiosk.Command
		}{
			{"identity", (*desk).identified, []kiosk.Command{kiosk.Forget{Case: 1}}},
			{"opened", (*desk).opened, abandoned},
			{"settled", (*desk).settled, abandoned},
			{"reviewing", (*desk).reviewing, abandoned},
			{"signing", (*desk).signing, abandoned},
		} {
			d := tt.to(newDesk(t)).do(kiosk.LanguageChosen{Citizen: true, Language: kiosk.English}, kiosk.Cancel{}).asked()
			d.do(kiosk.CancelConfirmed{}).asked(tt.want...).at(kiosk.StepDocument).nobody().problem("", false)
			if got := d.state.CitizenLanguage; got != kiosk.Portuguese {
				t.Errorf("%s: the next person meets %q", tt.step, got)
			}
			d.do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 2, Reader: 1})
		}
	})
	t.Run("WhileOpening", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}, kiosk.Cancel{}).do(kiosk.CancelConfirmed{})
		d.asked(kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Opened{}}).asked().at(kiosk.StepDocument)
	})
	t.Run("EndedCaseNeedsNoQuestion", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonMismatch{}).do(kiosk.Cancel{}).at(kiosk.StepDocument).problem("", false).asked()
		asks(t, d, false)
	})
}

func TestDone(t *testing.T) {
	t.Run("WipesItself", func(t *testing.T) {
		d := newDesk(t).done().later(44 * time.Second).at(kiosk.StepDone).asked()
		if got, want := d.state.Wake, d.state.Now.Add(time.Second); !got.Equal(want) {
			t.Errorf("wake: got %v, want %v", got, want)
		}
		d.later(time.Second).at(kiosk.StepDocument).nobody().asked(kiosk.Forget{Case: 1})
	})
	t.Run("OnlyTheReceiptIsLeft", func(t *testing.T) {
		d := newDesk(t).done()
		d.state.Receipt = nil
		d.nobody().do(kiosk.Cancel{}, kiosk.Continue{}).at(kiosk.StepDocument).asked(kiosk.Forget{Case: 1})
	})
	t.Run("NextCardWaitsForTheReceipt", func(t *testing.T) {
		d := newDesk(t).done().do(kiosk.CardInserted{Reader: 2}).at(kiosk.StepDone).asked()
		d.do(kiosk.NextPerson{}).asked(kiosk.Forget{Case: 1}, kiosk.ReadDocument{Case: 2, Reader: 2})
	})
	t.Run("TheCardOutBeginsTheNextPerson", func(t *testing.T) {
		newDesk(t).done().do(kiosk.CardRemoved{Reader: 1}).at(kiosk.StepDocument).nobody().asked(kiosk.Forget{Case: 1})
		newDesk(t).done().do(kiosk.CardRemoved{Reader: 2}).at(kiosk.StepDone).asked()
		newDesk(t).done().do(kiosk.CardInserted{Reader: 2}, kiosk.CardRemoved{Reader: 2}).at(kiosk.StepDone).asked()
		newDesk(t).done().do(kiosk.ServiceChanged{Problem: kiosk.ProblemServiceStopped}).at(kiosk.StepDone).asked() // nobody took it
	})
	t.Run("TheSameCardIsNotReadAgain", func(t *testing.T) {
		newDesk(t).done().do(kiosk.NextPerson{}).asked(kiosk.Forget{Case: 1}).at(kiosk.StepDocument)
	})
}

func TestIdle(t *testing.T) {
	t.Run("EndsAForgottenCase", func(t *testing.T) {
		d := newDesk(t).settled().later(9 * time.Minute).at(kiosk.StepPIN)
		if got, want := d.state.IdleAt, noon.Add(10*time.Minute); !got.Equal(want) {
			t.Errorf("idle at: got %v, want %v", got, want)
		}
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DeliveryChanged{Channel: kiosk.SMS, Delivery: kiosk.DeliveryDelivered}}).later(time.Minute)
		d.at(kiosk.StepDocument).nobody().problem(kiosk.ProblemIdle, false).asked(kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1})
		d.do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1}).problem("", false).asked(kiosk.ReadDocument{Case: 2, Reader: 1})
	})
	t.Run("HandsKeepItOpen", func(t *testing.T) {
		d := newDesk(t).settled()
		for range 5 {
			d.later(9 * time.Minute).do(kiosk.HandOver{ToCitizen: false}).at(kiosk.StepPIN)
		}
	})
	t.Run("WarnsAMinuteBefore", func(t *testing.T) {
		warned := func(d *desk, want bool) *desk {
			t.Helper()
			if d.state.IdleSoon != want {
				t.Fatalf("%v before the end: warned %v, want %v", d.state.IdleAt.Sub(d.state.Now), d.state.IdleSoon, want)
			}
			return d
		}
		d := warned(newDesk(t).settled().later(8*time.Minute+30*time.Second), false)
		d = warned(d.later(30*time.Second), true)
		if got, want := d.state.Wake, d.state.Now.Add(time.Second); !got.Equal(want) {
			t.Errorf("wake: got %v, want every second: %v", got, want)
		}
		warned(d.later(30*time.Second).do(kiosk.StillHere{}), false).later(9 * time.Minute).at(kiosk.StepPIN)
		warned(newDesk(t).later(time.Hour), false)
		warned(newDesk(t).identified().do(kiosk.PersonMismatch{}).later(9*time.Minute), false)
	})
	t.Run("WakesForTheWarning", func(t *testing.T) {
		d := newDesk(t).later(20 * time.Second).identified().later(8*time.Minute + 50*time.Second)
		if got, want := d.state.Wake, noon.Add(9*time.Minute+20*time.Second); !got.Equal(want) {
			t.Errorf("wake: got %v, want %v", got, want)
		}
	})
	t.Run("NextPersonReadsNothingLeftBehind", func(t *testing.T) {
		newDesk(t).identified().later(10 * time.Minute).do(kiosk.NextPerson{}).at(kiosk.StepDocument).nobody().asked()
	})
	t.Run("NoteCanBeDismissed", func(t *testing.T) {
		d := newDesk(t).identified().later(10*time.Minute).problem(kiosk.ProblemIdle, false)
		d.do(kiosk.Retry{}).problem("", false).asked(kiosk.ReadDocument{Case: 2, Reader: 1})
	})
	t.Run("EmptyDeskKeepsTheMinute", func(t *testing.T) {
		d := newDesk(t).later(70 * time.Second)
		if got, want := d.state.Wake, noon.Add(2*time.Minute); !got.Equal(want) {
			t.Errorf("wake: got %v, want %v", got, want)
		}
		if !d.state.IdleAt.IsZero() {
			t.Error("an empty desk can be idle")
		}
	})
}

func TestHandOver(t *testing.T) {
	handed := func(t *testing.T, d *desk, want bool) *desk {
		t.Helper()
		if got := d.state.HandedOver; got != want {
			t.Fatalf("%v: handed over %v, want %v", d.state.Step, got, want)
		}
		return d
	}
	over := kiosk.HandOver{ToCitizen: true}
	handed(t, newDesk(t).do(over), false)
	handed(t, newDesk(t).identified().do(over), false)
	d := handed(t, newDesk(t).opened().do(enterPhone, phoneQueued(3), over), true)
	handed(t, d.do(typedCode()), true)
	handed(t, d.do(confirmed(kiosk.SMS)), true) // on to the PIN
	handed(t, d.do(kiosk.Back{}), false)        // the clerk's turn
	handed(t, d.do(kiosk.Continue{}, over), true)
	handed(t, d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}), true)
	handed(t, d.do(kiosk.InCase{Case: 1, Event: kiosk.PINWasSealed{}}, kiosk.Agreed{}, cardPIN()), true)
	handed(t, d.do(kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}), false)

	handed(t, newDesk(t).opened().do(over, over, kiosk.HandOver{}), false)
	handed(t, newDesk(t).opened().do(enterPhone, over, centreDown), false) // a problem is the clerk's to cure
}

func TestLanguages(t *testing.T) {
	d := newDesk(t).do(
		kiosk.LanguageChosen{Citizen: true, Language: kiosk.English}, kiosk.LanguageChosen{Language: kiosk.English},
		kiosk.LanguageChosen{Citizen: true, Language: "xx"}, kiosk.CardInserted{Reader: 1},
	)
	if d.state.CitizenLanguage != kiosk.English || d.state.ClerkLanguage != kiosk.English {
		t.Errorf("got %q and %q", d.state.CitizenLanguage, d.state.ClerkLanguage)
	}
	d.do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1})
	if d.state.CitizenLanguage != kiosk.English {
		t.Error("the person who puts the card back loses their language")
	}
	d.do(kiosk.Cancel{})
	if d.state.CitizenLanguage != kiosk.Portuguese || d.state.ClerkLanguage != kiosk.English {
		t.Errorf("next person: got %q and %q", d.state.CitizenLanguage, d.state.ClerkLanguage)
	}
}
