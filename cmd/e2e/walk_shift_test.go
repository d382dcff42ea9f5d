package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// moment saves what the monitors show while seconds count down on them, and a picture would wait for rest.
func (d *kioskDesk) moment(t testing.TB, name string) {
	t.Helper()
	d.screen.xdo(t, "sleep", "1") // the state is said before the windows are painted
	d.screen.save(t, "walk-"+name, d.screen.capture(t))
}

// TestWalkShift signs in with a wrong PIN and the right one. In the middle of a case the clerk takes the staff card along:
// both windows are locked. Back within two minutes, the clerk goes on where the case was.
func TestWalkShift(t *testing.T) {
	c := startDemo(t)
	d := openDesk(t, c, startScreen(t))
	d.picture(t, "shift-none")
	c.staffIn(t, "clerk")
	d.awaits(t, "shift=card", "holder=true")
	d.clerk(t, "6", "5", "4", "3", "2", "1", "Return")
	d.awaits(t, "shift=signing")
	d.awaits(t, "shift=card", "holder=true")
	d.picture(t, "shift-wrong")
	d.typeStaffPIN(t, c)
	d.awaits(t, "shift=open")

	v := person("cc2024", "2580", 1)
	d.insert(t, c, v.card)
	d.confirmPerson(t)
	d.typeContact(t, v)
	d.typeCode(t, v, c.receivedCode(t, v))
	c.staffOut(t)
	d.awaits(t, "shift=locked", "step=document", "identity=false")
	d.has(t, clerkTitle)
	d.moment(t, "shift-locked")
	c.staffIn(t, "clerk")
	d.unlock(t, c)
	d.awaits(t, "step=pin", "pin=first")
	d.choosePIN(t, v)
	d.agree(t, v)
	d.typeCardPIN(t, v)
	d.awaits(t, "step=done")
	d.moment(t, "shift-done")
	c.one(t, "active")
}

// TestWalkApprove marks a case quietly. It ends as one that waits, and a supervisor who signs in afterwards approves it.
func TestWalkApprove(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	v := person("cc1-rsa2048", "1234", 1)
	d.insert(t, c, v.card)
	d.confirmPerson(t)
	d.clerk(t, "F9")
	d.typeContact(t, v)
	d.typeCode(t, v, c.receivedCode(t, v))
	d.choosePIN(t, v)
	d.agree(t, v)
	d.typeCardPIN(t, v)
	d.awaits(t, "step=done")
	d.moment(t, "approve-pending")
	c.count(t, "waiting", 1)
	c.mock(t, "remove")
	d.awaits(t, "case=0")
	d.clerk(t, "F11")
	d.awaits(t, "shift=card")
	c.staffOut(t)
	d.awaits(t, "shift=none")

	c.staffIn(t, "supervisor")
	d.signIn(t, c)
	d.clerk(t, "F1")
	d.awaits(t, "listed=true")
	d.keys(t, "c")
	d.picture(t, "approve-errands")
	d.keys(t, "Return")
	d.awaits(t, "step=cases", "decides=list")
	d.picture(t, "approve-list")
	d.clerk(t, "Return")
	d.awaits(t, "step=case", "decides=case")
	d.picture(t, "approve-case")
	d.clerk(t, "F10")
	d.awaits(t, "decides=decided")
	d.picture(t, "approve-decided")
	c.one(t, "active")
}

// TestWalkForgotten: a supervisor admits a clerk whose card is at home, and the evidence of what the clerk enrols says so
// to whoever verifies it.
func TestWalkForgotten(t *testing.T) {
	c := startDemo(t)
	d := openDesk(t, c, startScreen(t))
	d.clerk(t, "F8")
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, "F0417")
	d.picture(t, "forgotten-number")
	d.keys(t, "Return")
	d.screen.xdo(t, "sleep", "0.5")
	c.staffIn(t, "supervisor")
	d.awaits(t, "shift=card", "holder=true")
	d.picture(t, "forgotten-supervisor")
	d.typeStaffPIN(t, c)
	d.awaits(t, "shift=open")
	c.staffOut(t)
	v := person("cc1-rsa3072", "1234", 1)
	d.insert(t, c, v.card)
	d.walk(t, c, v)
	d.typeCardPIN(t, v)
	d.awaits(t, "step=done")
	d.moment(t, "forgotten-done")
	c.one(t, "active")

	var enrolment, admitted string
	c.ask(t, `select e.id::text, s.admitted_by from centre.enrolment e join centre.shift s on s.id = e.shift where s.staff = 'F0417'`, nil, &enrolment, &admitted)
	file := filepath.Join(t.TempDir(), "evidence.json")
	c.run(t, "kioskctl", "evidence", "export", enrolment, "-o", file)
	said := c.run(t, "kioskctl", "evidence", "verify", file, "--trust", c.env["BALCAO_TRUST"], "--desk-authority",
		filepath.Join(c.env["BALCAO_LOGS"], "desk-ca", "ca.crt"), "--staff-authority", c.env["BALCAO_STAFF_AUTHORITY"],
		"--record-key", c.env["BALCAO_RECORD_KEY"])
	if admitted != "F0102" || !strings.Contains(said, "admitted by F0102") {
		t.Errorf("admitted by %s; the evidence says:\n%s", admitted, said)
	}
}

// TestWalkOneReader shares one reader: the staff card signs in and goes out, and signs last, when the person's is out.
func TestWalkOneReader(t *testing.T) {
	c := startDemo(t, "--one-reader")
	d := startDesk(t, c, startScreen(t))
	v := person("cc2024", "2580", 1)
	d.insert(t, c, v.card)
	d.walk(t, c, v)
	d.typeCardPIN(t, v)
	d.awaits(t, "review=staff_card")
	d.moment(t, "one-reader-swap")
	c.mock(t, "remove")
	d.awaits(t, "card=false")
	c.staffIn(t, "clerk")
	d.awaits(t, "review=staff_pin")
	d.moment(t, "one-reader-pin")
	d.typeStaffPIN(t, c)
	d.awaits(t, "step=done")
	d.moment(t, "one-reader-done")
	c.one(t, "active")
}
