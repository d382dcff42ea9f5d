package desk_test

import (
	"testing"

	"balcao/kiosk"
)

// One person after the other at the same desk, with a card of each generation and each kind of contact.
func TestEnrolment(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	for i, name := range []string{"cc1-rsa2048", "cc2024", "cc1-rsa3072", "cc2024-senior"} {
		channel := []kiosk.Channel{kiosk.SMS, kiosk.Email}[i%2]
		d.toSigning(name, channel)
		s := d.finish()
		if s.Receipt.Assurance.Level != kiosk.LevelHigh || s.Receipt.Login != d.contact || s.Receipt.Register == 0 {
			t.Errorf("%s: receipt without what was agreed: level %q", name, s.Receipt.Assurance.Level)
		}
		d.takeOut()
		d.untilForgotten(s.Case)
		if n := b.count(`select count(*) from centre.key where state = 'active'`); n != i+1 {
			t.Fatalf("%s: got %d keys, want %d", name, n, i+1)
		}
	}
	// Who has a key does not get another.
	d.read("cc2024")
	d.do(kiosk.PersonConfirmed{})
	s := d.keyShown()
	d.do(kiosk.Cancel{})
	d.untilForgotten(s.Case)
	if n := b.count(`select count(*) from centre.key`); n != 4 {
		t.Errorf("got %d keys, want 4", n)
	}
}
