package registrar_test

import (
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
)

// A registrar deletes what is due when it begins, and says so without saying what it was.
func TestKeep(t *testing.T) {
	b := newBench(t)
	v := b.visit()
	v.askForCode(kiosk.SMS, v.phone)
	b.check(v.Centre.Abandon(b.ctx, v.id, "cancelled"))
	kept := b.visit()
	b.check(v.Centre.Abandon(b.ctx, kept.id, "cancelled"))
	b.exec(`update centre.enrolment set ended_at = ended_at - interval '91 days' where id = $1`, v.id)
	b.start(1, nil)
	b.until("it is gone", func() bool {
		return scalar[int](b, `select count(*) from centre.enrolment where id = $1`, v.id) == 0
	})
	if n := scalar[int](b, `select count(*) from centre.enrolment where id = $1`, kept.id); n != 1 {
		t.Error("a visit whose time has not come is gone as well")
	}
	if n := scalar[int](b, `select count(*) from centre.deletion where rule = 'visit' and n = 1 and at > $1`, time.Now().Add(-time.Hour)); n != 1 {
		t.Errorf("%d deletions are logged, want 1", n)
	}
}

// Whoever has a key hears of its end, with the document's own end beside it, from a registrar that begins.
func TestExpiryIsTold(t *testing.T) {
	b := newBench(t)
	before := b.start(1, nil)
	v := b.visit()
	v.prove()
	v.bind(goodPIN)
	v.judged()
	b.until("it is welcomed", func() bool { return len(b.SMS.To(v.phone, "welcome")) == 1 })
	before.Stop()
	b.exec(`alter table centre.key disable trigger user`)
	b.exec(`update centre.key set valid_until = (clock_timestamp() at time zone 'Europe/Lisbon')::date + 7`)
	b.exec(`alter table centre.key enable trigger user`)
	b.start(1, nil)
	b.until("it is told", func() bool { return len(b.SMS.To(v.phone, "welcome")) == 2 })
	until := scalar[string](b, `select to_char(valid_until, 'DD-MM-YYYY') from centre.key`)
	if m := b.SMS.To(v.phone, "welcome")[1]; !strings.Contains(m.Body, until) || strings.Contains(m.Body, surname) {
		t.Errorf("told %q, want the day %s and no name", m.Body, until)
	}
	b.until("it is written down", func() bool {
		return scalar[int](b, `select count(*) from centre.message where kind = 'notify' and state = 'sent'`) == 1
	})
}
