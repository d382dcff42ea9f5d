package desk_test

import (
	"testing"

	"balcao/kiosk"
)

// The desk holds a PIN to the rules that the centre has when the card is about to sign, so that no card signs what the
// centre then refuses.
func TestRulesOfCentre(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	set := func(digits string) {
		_, err := b.Admin.Exec(b.ctx, `update centre.setting set value = to_jsonb($1::integer) where name = 'pin_min'`, digits)
		b.check(err)
	}
	for i, document := range []struct {
		name string
		sign func()
	}{
		{"cc2024", func() { d.agree(); d.typeCardPIN() }},
		{"passport-no-originality", func() { d.do(kiosk.Agreed{}) }}, // the desk signs
	} {
		set("6")
		if document.name == "cc2024" {
			d.read(document.name)
			d.confirmPerson()
		} else {
			d.readTravel(document.name)
			d.bring(nil)
		}
		d.toReview(kiosk.SMS)
		set("8")
		// The desk may hear of it before the person agrees, or only when the card is to sign.
		another := func(s kiosk.State) bool { return s.Step == kiosk.StepPIN && s.PIN.Changed }
		asked := phase(kiosk.ReviewCardPIN)
		d.do(kiosk.Agreed{})
		if asked(d.until("card's PIN or another", func(s kiosk.State) bool { return asked(s) || another(s) })) {
			d.typeCardPIN()
		}
		s := d.until("another PIN is wanted", another)
		if s.PIN.Policy.MinDigits != 8 {
			t.Errorf("%s: the rules are still %+v", document.name, s.PIN.Policy)
		}
		if n := b.count(`select count(*) from centre.evidence`); n != i {
			t.Errorf("%s: evidence was bound", document.name)
		}
		d.do(kiosk.PINTyped{PIN: kiosk.Secret("48291375")}, kiosk.PINTyped{PIN: kiosk.Secret("48291375")})
		d.until("PIN sealed", phase(kiosk.ReviewReading))
		document.sign()
		d.until("key active", done)
		d.takeOut()
		d.untilForgotten(s.Case)
	}
}

// A desk that has not heard the centre yet works by the usual rules. A centre that has the same is no change of them:
// the person signs once.
func TestSignedBeforeTheCentreIsHeard(t *testing.T) {
	b := newBench(t)
	b.centre.deaf = true // no heartbeat
	b.centre.fail("hello", before)
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.Email)
	if n := b.centre.left(); n != 0 {
		t.Fatal("the desk has heard the centre")
	}
	d.typeCardPIN()
	d.until("signing", phase(kiosk.ReviewSigning))
	s := d.until("key active, or the PIN asked for again", func(s kiosk.State) bool { return done(s) || phase(kiosk.ReviewCardPIN)(s) })
	if !done(s) {
		t.Error("the desk took rules that it had not heard for other rules: the person has to sign again")
	}
}
