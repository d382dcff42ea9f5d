package e2e

import "testing"

// staffIn puts a staff card into the reader that staff sign in at.
func (c *centre) staffIn(t testing.TB, card string) {
	t.Helper()
	c.mock(t, "insert", card, c.env["BALCAO_STAFF_SLOT"])
}

// staffOut takes the staff card out.
func (c *centre) staffOut(t testing.TB) {
	t.Helper()
	c.mock(t, "remove", c.env["BALCAO_STAFF_SLOT"])
}

// signIn types the PIN of the staff card that is in its reader at a desk where nobody is signed in. Where there is one
// reader the card is out again.
func (d *kioskDesk) signIn(t testing.TB, c *centre) {
	t.Helper()
	d.awaits(t, "shift=card", "holder=true")
	d.typeStaffPIN(t, c)
	d.awaits(t, "shift=open")
	if c.env["BALCAO_STAFF_READER"] == "" {
		c.staffOut(t)
		d.screen.xdo(t, "sleep", "1") // longer than the reader's driver looks away
	}
	d.at-- // what else is so by then, the test may wait for
}

// unlock types the PIN of the staff card that is in its reader at a locked desk.
func (d *kioskDesk) unlock(t testing.TB, c *centre) {
	t.Helper()
	d.awaits(t, "shift=locked", "holder=true")
	d.typeStaffPIN(t, c)
	d.awaits(t, "shift=open")
	d.at--
}

func (d *kioskDesk) typeStaffPIN(t testing.TB, c *centre) {
	t.Helper()
	d.has(t, clerkTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, c.env["BALCAO_STAFF_PIN"])
	d.keys(t, "Return")
}
