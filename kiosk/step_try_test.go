package kiosk_test

import (
	"testing"
	"time"

	"balcao/kiosk"
)

// trying brings the desk to the page on which a person tries their key.
func trying(t *testing.T) *desk {
	t.Helper()
	d := keyShown(t, "try", key(kiosk.StatusActive, "try")).do(kiosk.Continue{})
	return d.in(kiosk.Opened{}).at(kiosk.StepTry).tries(kiosk.TryNaming, kiosk.TryOK)
}

func (d *desk) tries(phase kiosk.TryPhase, problem kiosk.TryProblem) *desk {
	d.t.Helper()
	if got := d.state.Try; got.Phase != phase || got.Problem != problem {
		d.t.Fatalf("got %+v, want %q with %q", got, phase, problem)
	}
	return d
}

func TestTry(t *testing.T) {
	pin := func() kiosk.TryPINTyped { return kiosk.TryPINTyped{PIN: kiosk.Secret(goodPIN)} }
	code := func() kiosk.TryCodeTyped { return kiosk.TryCodeTyped{Code: kiosk.Secret("246813")} }
	phone := kiosk.TryNamed{By: kiosk.ByPhone, Channel: kiosk.SMS}
	sent := kiosk.TryCodeSent{ExpiresAt: noon.Add(time.Hour), SendsLeft: 3, TriesLeft: 3}
	t.Run("Named", func(t *testing.T) {
		d := trying(t)
		for text, want := range map[string]kiosk.TryProblem{"912": kiosk.TryUnspelled, "912 345 678": kiosk.TryOK} {
			d.do(kiosk.TryNamed{By: kiosk.ByPhone, Text: text, Channel: kiosk.SMS})
			if d.state.Try.Problem != want {
				t.Errorf("%s: got %+v", text, d.state.Try)
			}
		}
		d.do(kiosk.TryNamed{By: kiosk.ByPassport, Text: "ukr: fe123456", Channel: kiosk.Email}, pin())
		d.asked(kiosk.CheckPIN{Case: 1, Number: 1, By: kiosk.ByPassport, Text: "UKR:FE123456", PIN: kiosk.Secret(goodPIN)})
	})
	t.Run("Wrong", func(t *testing.T) {
		d := trying(t).do(phone, pin()).tries(kiosk.TryChecking, kiosk.TryOK).in(kiosk.TryAnswered{Problem: kiosk.TryNo}).tries(kiosk.TryPIN, kiosk.TryNo)
		d.do(pin()).asked(kiosk.CheckPIN{Case: 1, Number: 2, By: kiosk.ByPhone, PIN: kiosk.Secret(goodPIN)}) // each PIN is a try of its own
		d.in(kiosk.TryAnswered{}).tries(kiosk.TrySending, kiosk.TryOK).in(sent).do(code()).tries(kiosk.TryComparing, kiosk.TryOK)
		d.in(kiosk.TryCodeAnswered{Problem: kiosk.TryCodeWrong, TriesLeft: 2}).tries(kiosk.TryCode, kiosk.TryCodeWrong)
		d.do(kiosk.TryResend{Channel: kiosk.Email}).in(kiosk.TryCodeSent{Problem: kiosk.TryNotSent}).tries(kiosk.TryCode, kiosk.TryNotSent)
		d.do(code()).in(kiosk.TryCodeAnswered{Problem: kiosk.TryBlocked}).tries(kiosk.TryOver, kiosk.TryBlocked).do(code(), pin()).asked()
	})
	t.Run("SignedIn", func(t *testing.T) {
		d := trying(t).do(phone, pin()).in(kiosk.TryAnswered{}, sent).do(code()).in(kiosk.TryCodeAnswered{Register: 20418})
		if d.tries(kiosk.TrySignedIn, kiosk.TryOK); d.state.Try.Register != 20418 {
			t.Errorf("got %+v", d.state.Try)
		}
	})
	t.Run("CentreDown", func(t *testing.T) {
		down := kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}
		typed := pin()
		d := trying(t).do(phone, typed).in(down).tries(kiosk.TryPIN, kiosk.TryLost) // it is gone, and typed again
		d.do(pin()).in(kiosk.TryAnswered{}, down).tries(kiosk.TryCode, kiosk.TryNotSent)
		d.do(kiosk.Retry{}).tries(kiosk.TrySending, kiosk.TryOK)
	})
	t.Run("Secrets", func(t *testing.T) {
		early := kiosk.TryCodeTyped{Code: kiosk.Secret("246813")} // before any code was sent
		trying(t).do(phone, early).asked()
		for _, c := range early.Code {
			if c != 0 {
				t.Fatal("a code that nobody takes is not wiped")
			}
		}
	})
}
