package desk_test

import (
	"crypto/tls"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/desk"
	"balcao/kiosk/kiosktest"
)

// A desk that is suspended, whatever its case is at, says so, ends the case and binds nothing; resumed, it works.
func TestSuspended(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	for _, stage := range stages {
		b.renew()
		stage.walk(d)
		s := d.fresh().latest()
		from := d.from
		b.check(schema.SuspendDesk(b.ctx, b.DB.Admin(), kiosktest.DeskName))
		ended := d.until(stage.name+" suspended", problem(kiosk.ProblemDeskSuspended))
		if !ended.Problem.Fatal || ended.Document.Identity != nil || !ended.Status.Centre.Suspended {
			t.Errorf("%s: got %+v", stage.name, ended.Problem)
		}
		d.untilForgotten(s.Case)
		b.slots.Interfere(nil)
		b.slots.Remove(1)
		d.do(kiosk.NextPerson{}).until("empty desk", func(s kiosk.State) bool { return s.Case == 0 })
		c, _ := b.card("cc2024")
		b.slots.Insert(1, c)
		d.until("card that is not read", func(s kiosk.State) bool { return s.Status.Readers[0].Slot == kiosk.SlotCard && s.Case == 0 })
		b.slots.Remove(1)
		b.check(schema.ResumeDesk(b.ctx, b.DB.Admin(), kiosktest.DeskName))
		d.until("resumed", func(s kiosk.State) bool { return s.Problem == nil && s.Case == 0 && !s.Status.Centre.Suspended })
		d.from = from // since when its shift is over
		d.returns("clerk")
		d.until("shift open", shiftIs(kiosk.ShiftOpen))
	}
	b.noKey()
	if n := b.count(`select count(*) from centre.enrolment where state = 'open'`); n != 0 {
		t.Errorf("%d enrolments are open", n)
	}
	if n := b.count(`select count(*) from centre.evidence`); n != 0 {
		t.Errorf("%d bindings", n)
	}
	d.toSigning("cc2024", kiosk.Email)
	d.finish()
	b.oneKey()
}

// A desk that could sign nothing does not start.
func TestNew_NoKey(t *testing.T) {
	own, other := kiosktest.NewDesk(t, "loja_1"), kiosktest.NewDesk(t, "loja_1")
	for name, pair := range map[string]tls.Certificate{
		"nothing": {}, "no key": {Certificate: own.Certificate}, "no certificate": {PrivateKey: own.PrivateKey},
		"another's key": {Certificate: own.Certificate, PrivateKey: other.PrivateKey},
	} {
		if _, err := desk.New(desk.Config{Own: pair}); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	if _, err := desk.New(desk.Config{Own: own}); err != nil {
		t.Errorf("its own: got %v", err)
	}
}
