package kiosk_test

import (
	"bytes"
	"testing"
	"time"

	"balcao/kiosk"
)

// away checks whether the screens say that the card is away, and nothing is asked for meanwhile.
func (d *desk) away(want bool) *desk {
	d.t.Helper()
	if d.state.Away != want {
		d.t.Fatalf("away: got %v, want %v", d.state.Away, want)
	}
	code := kiosk.ProblemCode("")
	if want {
		code = kiosk.ProblemCardAway
	}
	return d.problem(code, false)
}

func (d *desk) returned() *desk {
	d.t.Helper()
	d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.RecogniseAgain{Case: d.state.Case, Reader: 1})
	return d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.CardReturned{Reader: 1}})
}

func TestCardAway(t *testing.T) {
	choosing := func(t *testing.T) *desk { return newDesk(t).settled().at(kiosk.StepPIN) }
	wiped := func(t *testing.T, secret kiosk.Secret) {
		t.Helper()
		if !bytes.Equal(secret, make([]byte, len(secret))) {
			t.Error("a secret is left")
		}
	}
	t.Run("FirstPINGoesAfterAMinute", func(t *testing.T) {
		first := kiosk.Secret(goodPIN)
		d := choosing(t).do(kiosk.PINTyped{PIN: first}, kiosk.CardRemoved{Reader: 1}).later(59 * time.Second).away(false)
		if got, want := d.state.Wake, d.state.Now.Add(time.Second); !got.Equal(want) {
			t.Errorf("wake: got %v, want %v", got, want)
		}
		if d.state.PIN.Phase != kiosk.PINRepeat {
			t.Fatalf("phase: got %v", d.state.PIN.Phase)
		}
		d.later(time.Second).away(true).asked()
		wiped(t, first)
		second := kiosk.Secret(goodPIN)
		d.do(kiosk.PINTyped{PIN: second}).away(true).asked()
		wiped(t, second)
		d.returned().away(false)
		if d.state.PIN.Phase != kiosk.PINFirst || !d.state.PIN.Forgotten {
			t.Errorf("got %+v, want another choice that says why", d.state.PIN)
		}
		d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)})
		if d.state.PIN.Phase != kiosk.PINRepeat || d.state.PIN.Forgotten {
			t.Errorf("got %+v, want the repetition", d.state.PIN)
		}
	})
	t.Run("BackInTime", func(t *testing.T) {
		d := choosing(t).do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.CardRemoved{Reader: 1}).later(59 * time.Second)
		d.returned().later(time.Hour / 10).away(false)
		if d.state.PIN.Phase != kiosk.PINRepeat {
			t.Errorf("phase: got %v", d.state.PIN.Phase)
		}
	})
	t.Run("EventsDoNotKeepIt", func(t *testing.T) {
		d := choosing(t).do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.CardRemoved{Reader: 1})
		for range 5 {
			d.away(false).later(12*time.Second).do(kiosk.StillHere{}, kiosk.LanguageChosen{Citizen: true, Language: kiosk.English})
		}
		d.away(true)
	})
	t.Run("Code", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.CardRemoved{Reader: 1}).later(5 * time.Minute).away(false) // nobody is asked
		d.do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"})
		d.do(d.queued(kiosk.SMS)).away(false).later(59 * time.Second).away(false).later(time.Second).away(true)
		code := kiosk.Secret("246813")
		d.do(kiosk.CodeTyped{Code: code}).asked()
		wiped(t, code)
		d.returned().away(false)
		code = kiosk.Secret("246813")
		d.do(kiosk.CodeTyped{Code: code}).asked(kiosk.ConfirmCode{Case: d.state.Case, Channel: kiosk.SMS, Code: code})
	})
	t.Run("ACodeThatExpiresKeepsNoPIN", func(t *testing.T) {
		d := choosing(t).do(kiosk.Back{}).at(kiosk.StepContact).do(kiosk.ContactEntered{Channel: kiosk.Email, Text: "ana@exemplo.pt"})
		d.do(d.queued(kiosk.Email)).do(kiosk.Continue{}).at(kiosk.StepPIN)
		d.later(d.state.Contact.Email.ExpiresAt.Sub(d.state.Now)-30*time.Second).do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.CardRemoved{Reader: 1})
		d.later(45 * time.Second).away(false).later(15 * time.Second).away(true)
	})
	t.Run("SealedStays", func(t *testing.T) {
		newDesk(t).reviewing().do(kiosk.CardRemoved{Reader: 1}, kiosk.Back{}).at(kiosk.StepPIN).later(2 * time.Minute).away(false)
	})
	t.Run("AnotherCard", func(t *testing.T) {
		d := choosing(t).do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1},
			kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}}).later(time.Minute)
		d.problem(kiosk.ProblemCode(kiosk.ReasonCardChanged), false)
		d.do(kiosk.CardRemoved{Reader: 1}).away(true)
	})
	t.Run("NotWhereTheDeskSigns", func(t *testing.T) {
		d := newTravelDesk(t, rules(func(*kiosk.Rules) {})).travelled(kiosk.SigningDesk).reviewed()
		d.do(kiosk.CardRemoved{Reader: 1}, kiosk.Back{}, kiosk.NewPIN{}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}).later(2 * time.Minute).away(false)
	})
}
