package desk_test

import (
	"bytes"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/kiosktest"
)

// stages are the places where a case can end, each with the way there from the one before.
var stages = []struct {
	name string
	walk func(d *running)
}{
	{"reading", func(d *running) {
		d.slots.Interfere(kiosktest.At(9, kiosktest.Hook{Wait: true}))
		d.insert("cc1-rsa2048")
		d.until("identity shown", func(s kiosk.State) bool { return s.Document.Identity != nil })
	}},
	{"read", func(d *running) { d.read("cc1-rsa2048") }},
	{"opening", func(d *running) {
		d.read("cc1-rsa2048")
		d.centre.fail("open", held)
		asked := d.centre.times("open")
		d.do(kiosk.PersonConfirmed{})
		d.centre.until(d.ctx, "open", asked+1)
	}},
	{"code awaited", func(d *running) {
		d.read("cc1-rsa2048")
		d.confirmPerson()
		d.askForCode(kiosk.SMS)
	}},
	{"code on its way", func(d *running) {
		d.read("cc1-rsa2048")
		d.confirmPerson()
		d.askForCode(kiosk.SMS)
		d.centre.fail("confirm", held)
		d.do(kiosk.CodeTyped{Code: kiosk.Secret(d.SMS.Code(d.ctx, d.t, d.contact))})
		d.until("comparing", func(s kiosk.State) bool { return s.Contact.Phone.Checking })
	}},
	{"choosing a PIN", func(d *running) {
		d.read("cc1-rsa2048")
		d.confirmPerson()
		d.askForCode(kiosk.SMS)
		d.typeCode()
		d.do(kiosk.Continue{}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)})
		d.until("PIN to repeat", func(s kiosk.State) bool { return s.PIN.Phase == kiosk.PINRepeat })
	}},
	{"card's PIN", func(d *running) { d.toSigning("cc1-rsa2048", kiosk.SMS) }},
	{"signing", func(d *running) {
		d.toSigning("cc1-rsa2048", kiosk.SMS)
		d.slots.Interfere(kiosktest.At(5, kiosktest.Hook{Wait: true}))
		d.typeCardPIN()
		d.until("signing", phase(kiosk.ReviewSigning))
	}},
}

// A case that is cancelled leaves nothing: not at the desk, and at the centre an enrolment that was
// abandoned.
func TestCancelled(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	for _, stage := range stages {
		b.renew()
		before := b.centre.times("abandon")
		stage.walk(d)
		s := d.fresh().latest()
		d.do(kiosk.Cancel{}, kiosk.CancelConfirmed{})
		d.until("empty desk after "+stage.name, empty)
		d.untilForgotten(s.Case)
		if s.Past(kiosk.StepIdentity) && !b.centre.until(b.ctx, "abandon", before+1) {
			t.Fatalf("%s: not abandoned", stage.name)
		}
		b.slots.Interfere(nil)
		b.slots.Remove(1)
	}
	b.noKey()
	if n := b.count(`select count(*) from centre.enrolment where state <> 'abandoned' or civil_number is not null`); n != 0 {
		t.Errorf("%d enrolments were not abandoned", n)
	}
	if n := b.count(`select count(*) from centre.enrolment where refusal = 'cancelled'`); n != len(stages)-2 {
		t.Errorf("got %d cancelled enrolments, want %d", n, len(stages)-2)
	}
}

func (d *running) latest() kiosk.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[len(d.seen)-1]
}

// A desk that is stopped at any step leaves nothing, and one that is started anew takes the same person
// from the beginning.
func TestRestarted(t *testing.T) {
	b := newBench(t)
	for _, stage := range stages {
		b.renew()
		d := b.start(nil)
		stage.walk(d)
		d.stop() // looks that everything was wiped
		b.slots.Interfere(nil)
		b.slots.Remove(1)
	}
	b.noKey()
	if n := b.count(`select count(*) from centre.enrolment where state <> 'abandoned'`); n != 0 {
		t.Errorf("%d enrolments were not abandoned", n)
	}
	d := b.start(nil)
	d.toSigning("cc1-rsa2048", kiosk.SMS)
	d.finish()
	b.oneKey()
}

// From the moment the evidence leaves, only the centre decides, whatever becomes of the desk.
func TestStoppedWhileBinding(t *testing.T) {
	t.Run("Decided", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		d.toSigning("cc1-rsa2048", kiosk.SMS)
		b.centre.fail("bind", held)
		d.typeCardPIN()
		b.centre.until(b.ctx, "bind", 1)
		d.stop()
		if n := b.centre.times("abandon"); n != 0 {
			t.Errorf("a bound enrolment was abandoned %d times", n)
		}
		again := b.start(nil)
		again.pin = d.pin
		again.untilRead()
		b.untilActive()
		again.do(kiosk.PersonConfirmed{})
		again.keyShown()
		b.oneKey()
	})
	t.Run("NotSent", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		d.toSigning("cc1-rsa2048", kiosk.SMS)
		b.centre.fail("bind", before, before, before, before, before, before, before, before)
		d.typeCardPIN()
		b.centre.until(b.ctx, "bind", 1)
		d.stop()
		b.centre.plan["bind"] = nil
		if b.centre.times("bind") > 8 {
			return // it went through just before the end, which is as good
		}
		b.noKey()
		again := b.start(nil)
		again.pin = d.pin
		again.untilRead()
		again.fromReadToSigning(kiosk.SMS)
		again.finish()
		b.oneKey()
	})
}

// untilActive waits for the registrar.
func (b *bench) untilActive() {
	b.t.Helper()
	c, err := b.Admin.Acquire(b.ctx)
	b.check(err)
	defer c.Release()
	_, err = c.Exec(b.ctx, `listen desk_events`)
	b.check(err)
	for b.count(`select count(*) from centre.key`) == 0 {
		_, err := c.Conn().WaitForNotification(b.ctx)
		b.check(err)
	}
}

// A desk that stops while the centre is away says so as long as it may, and ends.
func TestStoppedWhileAway(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.read("cc2024")
	d.confirmPerson()
	b.centre.fail("abandon", before, before, after)
	d.stop()
	if n := b.count(`select count(*) from centre.enrolment where state = 'abandoned'`); n != 1 {
		t.Error("the enrolment was not abandoned")
	}
}

// Secrets that came too late are wiped by whoever has them.
func TestLateSecrets(t *testing.T) {
	b := newCards(t)
	secrets := []kiosk.Secret{kiosk.Secret("111111"), kiosk.Secret("222222"), kiosk.Secret("3333")}
	cfg := b.DeskConfig()
	cfg.Centre, cfg.Readers, cfg.Examiner, cfg.Show = b.centre, b.slots, b.examiner, func(kiosk.State) {}
	runner, err := desk.New(cfg)
	b.check(err)
	runner.Send(kiosk.CodeTyped{Code: secrets[0]})
	runner.Send(kiosk.PINTyped{PIN: secrets[1]})
	runner.Send(kiosk.CardPINTyped{PIN: secrets[2]})
	if err := runner.Run(ended(t)); err != nil {
		t.Error(err)
	}
	for i, s := range secrets {
		if !bytes.Equal(s, make([]byte, len(s))) {
			t.Errorf("secret %d is still there", i)
		}
	}
}

func TestWipe(t *testing.T) {
	for i, held := range desk.WipedVisit(func() []byte { return []byte("personal") }) {
		if !bytes.Equal(held, make([]byte, len(held))) {
			t.Errorf("%d: still there", i)
		}
	}
	if kept := desk.QueueKeeps("personal"); kept[0] != "" {
		t.Error("the queue keeps what was taken from it")
	}
}
