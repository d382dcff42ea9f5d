package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestWalkPapers types a paper with a day that there is not: the page names it and the cursor goes there (13).
func TestWalkPapers(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	e := c.entry(t, "passport-bac")
	c.mock(t, "insert", e.Name)
	d.awaits(t, "types=true")
	d.typePrinted(t, visitor{}, e)
	d.awaits(t, "step=identity", "checked=true")
	d.clerk(t, "F10")
	d.awaits(t, "step=eligibility")
	d.types(t, "400000016")
	d.keys(t, "Tab", "Down", "Tab", "Tab", "Tab", "Tab")
	d.types(t, "1")
	d.picture(t, "13-kinds")
	d.keys(t, "Tab")
	d.types(t, "Senhorio de ensaio")
	d.keys(t, "Tab")
	d.types(t, "31-11-2026")
	d.keys(t, "F10")
	d.picture(t, "13-no-such-day")
	d.keys(t, "shift+Tab", "F10") // from elsewhere the cursor comes to it
	d.picture(t, "13-cursor")
	for range len("31-11-2026") {
		d.keys(t, "BackSpace")
	}
	d.types(t, "30102026")
	d.keys(t, "Return") // behind the last field, on
	d.awaits(t, "step=contact", "opened=true")
}

// TestWalkCheck verifies documents without enrolling anybody, by the list of errands; the second time there is no centre.
func TestWalkCheck(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	e := c.entry(t, "passport-pace-gm")
	d.chooseCheck(t, "check")
	c.mock(t, "insert", e.Name)
	d.awaits(t, "types=true")
	d.typePrinted(t, visitor{}, e)
	d.awaits(t, "step=identity", "checked=true", "errand=check")
	d.picture(t, "check-passport")
	d.keys(t, "F10")
	d.awaits(t, "case=0", "errand=enrol")
	c.mock(t, "remove")
	d.awaits(t, "left=0")

	c.stopDatabase(t)
	d.awaits(t, "away=true")
	d.chooseCheck(t, "check-away")
	d.insert(t, c, "cc2024")
	d.picture(t, "check-away-card")
	d.keys(t, "Escape") // nothing can be lost: nobody is asked
	d.awaits(t, "case=0", "errand=enrol")
	c.mock(t, "remove")
	d.awaits(t, "left=0")
	d.picture(t, "check-away-empty")
}

// chooseCheck takes the errand of that name by its first letter.
func (d *kioskDesk) chooseCheck(t testing.TB, shots string) {
	t.Helper()
	d.has(t, clerkTitle)
	d.keys(t, "F1")
	d.awaits(t, "listed=true")
	d.keys(t, "v")
	d.picture(t, shots+"-list")
	d.keys(t, "Return")
	d.awaits(t, "listed=false", "errand=check", "case=0")
	d.picture(t, shots+"-chosen")
}

// stopDatabase ends the centre's server as its operator does.
func (c *centre) stopDatabase(t testing.TB) {
	t.Helper()
	var dir string
	c.ask(t, `show data_directory`, nil, &dir)
	raw, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(raw))[0])
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGINT) // fast shutdown
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestWalkOneScreen hands the only screen over: the clerk's keys act while the person holds it (5).
func TestWalkOneScreen(t *testing.T) {
	c := startDemo(t)
	c.run(t, "kioskctl", "db", "set", "code_resend_after_seconds", "0")
	c.configure(t, "single_screen = true")
	c.oneScreen = true
	d := startDesk(t, c, startScreen(t))
	v := person("cc1-rsa3072", "1234", 1)
	d.insert(t, c, v.card)
	d.confirmPerson(t)
	d.typeContact(t, v)
	c.receivedCode(t, v)
	d.picture(t, "one-waits")
	d.keys(t, "F2")
	d.awaits(t, "handed=true")
	d.picture(t, "one-code")
	d.keys(t, "F5")
	c.awaitCodes(t, v, 2)
	d.keys(t, "Escape")
	d.awaits(t, "asking=true", "handed=true")
	d.picture(t, "one-ending")
	d.keys(t, "Return")
	d.awaits(t, "asking=false", "handed=true")
	d.keys(t, "F3")
	d.awaits(t, "step=identity", "handed=false")
	d.clerk(t, "F10")
	d.awaits(t, "step=contact", "awaits=email")
	d.keys(t, "F2")
	d.awaits(t, "handed=true")
	d.types(t, c.receivedCode(t, v))
	d.awaits(t, "step=pin", "handed=true")
	d.screen.xdo(t, "sleep", "0.5")
	for _, then := range []string{"pin=repeat", "review=reading"} {
		d.types(t, v.pin)
		d.keys(t, "Return")
		d.awaits(t, then, "handed=true")
	}
	d.picture(t, "one-review")
	d.keysUntil(t, "Return", "review=card_pin")
	d.typeCardPIN(t, v)
	d.keys(t, "Return", "Return")
	d.awaits(t, "step=done", "handed=false")
	d.picture(t, "one-done")
	d.still(t, "step=done")
	c.mock(t, "remove")
	d.awaits(t, "case=0")
}

// TestWalkIdle leaves a visit while the PIN is being chosen: clerk and person are warned, and the desk is locked. Behind
// the lock the case is kept (12).
func TestWalkIdle(t *testing.T) {
	c := startDemo(t)
	c.configure(t, `idle_after = "18s"`)
	d := startDesk(t, c, startScreen(t))
	v := person("cc2024", "2580", 1)
	d.insert(t, c, v.card)
	d.confirmPerson(t)
	d.typeContact(t, v)
	d.typeCode(t, v, c.receivedCode(t, v))
	d.types(t, "407")
	d.awaits(t, "warned=true", "step=pin")
	d.keysUntil(t, "Return", "warned=false", "step=pin", "pin=first")
	d.types(t, "182") // the rest: what stood in the boxes is still there
	d.keysUntil(t, "Return", "pin=repeat")
	d.awaits(t, "warned=true", "pin=repeat")
	d.screen.xdo(t, "sleep", "1")                           // the state is said before the windows are painted
	d.screen.save(t, "walk-12-warned", d.screen.capture(t)) // one that waits for rest would wait for the seconds
	d.awaits(t, "shift=locked", "case=0", "photo=false")
	d.has(t, clerkTitle)
	d.screen.save(t, "walk-12-locked", d.screen.capture(t)) // the seconds of the kept case count down
	d.unlock(t, c)
	d.awaits(t, "step=pin", "pin=first")
}
