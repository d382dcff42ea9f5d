package registrar_test

import (
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
