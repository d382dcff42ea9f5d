package e2e

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The walks meet on the running desk, by keyboard alone, what people met at its screens: see ../shared/cases/screens.md,
// whose lines the comments number. Each leaves pictures walk-….

// clerk presses keys in the clerk's window once it has the keyboard and its page has stood for a moment: what comes
// sooner counts as the person's.
func (d *kioskDesk) clerk(t testing.TB, keys ...string) {
	t.Helper()
	d.has(t, clerkTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.keys(t, keys...)
}

// person is clerk for the citizen's window.
func (d *kioskDesk) person(t testing.TB, keys ...string) {
	t.Helper()
	d.has(t, citizenTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.keys(t, keys...)
}

// still sees that the desk has not left a state with these values.
func (d *kioskDesk) still(t testing.TB, wants ...string) {
	t.Helper()
	var last state
	for line := range strings.Lines(d.output()) {
		var s state
		if json.Unmarshal([]byte(line), &s) == nil && s["msg"] == "state" {
			last = s
		}
	}
	if !last.is(wants...) {
		t.Fatalf("the desk is at %v, want %v", last, wants)
	}
}

// picture takes a picture of a walk.
func (d *kioskDesk) picture(t testing.TB, name string) {
	t.Helper()
	d.screen.picture(t, "walk-"+name)
}

// configure appends lines to the desk's configuration.
func (c *centre) configure(t testing.TB, lines string) {
	t.Helper()
	f, err := os.OpenFile(c.env["BALCAO_KIOSK_CONFIG"], os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(lines + "\n")
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (d *kioskDesk) insert(t testing.TB, c *centre, card string) {
	t.Helper()
	c.mock(t, "insert", card)
	d.awaits(t, "step=identity", "checked=true")
}

// TestWalkSlips is a visit in which everything that can be mistyped is, and ends in a key all the same.
func TestWalkSlips(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	v := ines
	v.shots = ""
	d.insert(t, c, v.card)
	d.confirmPerson(t)

	// 15: what is wrong with a number is named; 13: the cursor stays where it is mended.
	d.types(t, "91234567")
	d.keys(t, "Return")
	d.awaits(t, "sms=digit_missing")
	d.picture(t, "15-digit-missing")
	d.types(t, "8")
	d.keys(t, "Return")
	d.awaits(t, "awaits=sms")

	// 1: what was typed into the field while a code is out is gone once it is confirmed.
	d.has(t, citizenTitle)
	d.screen.xdo(t, "windowactivate", "--sync", d.windows[clerkTitle])
	d.types(t, "690")
	d.screen.xdo(t, "windowactivate", "--sync", d.windows[citizenTitle])
	d.typeCode(t, v, c.receivedCode(t, v))
	d.person(t, "F7") // the clerk's key: add an e-mail
	d.awaits(t, "step=contact")
	d.has(t, clerkTitle)
	d.picture(t, "1-stored")

	// 3: an address that does not exist; the phone is enough.
	d.types(t, "nobody@correio.example")
	d.keys(t, "Return")
	d.awaits(t, "failed=email", "email=undelivered")
	d.has(t, clerkTitle)
	d.picture(t, "3-undelivered")
	d.keys(t, "Return")
	d.awaits(t, "step=pin", "pin=first")

	// 8: OK says what is wrong with a PIN.
	d.has(t, citizenTitle)
	d.types(t, "123456")
	d.keys(t, "Return")
	d.picture(t, "8-refused")
	d.keys(t, "BackSpace", "BackSpace", "BackSpace", "BackSpace", "BackSpace", "BackSpace")
	d.types(t, "4071")
	d.keys(t, "Return")
	d.picture(t, "8-short")
	d.types(t, "82")
	d.keys(t, "Return")
	d.awaits(t, "pin=repeat")
	d.types(t, "407183")
	d.keys(t, "Return")
	d.awaits(t, "pin=first")
	d.picture(t, "8-differs")
	d.types(t, v.pin)
	d.keys(t, "Return")
	d.awaits(t, "pin=repeat")
	d.types(t, v.pin)
	d.keys(t, "Return")
	d.awaits(t, "review=reading")

	// 6 and 5: "Há um erro", then back to the contact and on, costs neither PIN nor contact.
	d.has(t, citizenTitle)
	d.keys(t, "F8")
	d.awaits(t, "disputed=true")
	d.picture(t, "6-disputed")
	d.clerk(t, "F3")
	d.awaits(t, "step=contact", "contact=true", "pin=sealed")
	d.picture(t, "6-correcting")
	d.clerk(t, "Return")
	d.awaits(t, "step=review", "pin=sealed", "disputed=false")

	// 11: clerk and person are warned of the last try. A second Enter leaves the last page to be read.
	d.agree(t, v)
	for range 2 {
		d.types(t, "9999")
		d.keys(t, "Return")
		d.awaits(t, "review=signing")
		d.awaits(t, "review=card_pin")
	}
	d.picture(t, "11-last-try")
	d.typeCardPIN(t, v)
	d.keys(t, "Return", "Return")
	d.awaits(t, "step=done")
	d.picture(t, "done")
	d.still(t, "step=done")

	// 7: the card stays in the reader.
	d.clerk(t, "Return")
	d.awaits(t, "case=0", "left=1")
	d.picture(t, "7-left")
	c.mock(t, "remove")
	d.awaits(t, "left=0")
}

// awaitCodes waits until that many messages arrived for the visitor.
func (c *centre) awaitCodes(t testing.TB, v visitor, n int) {
	t.Helper()
	for after := int64(0); n > 0; {
		var messages []struct{ ID int64 }
		said := c.mock(t, "inbox", "--json", "--wait", "20s", "--to", v.to, "--after", strconv.FormatInt(after, 10))
		if err := json.Unmarshal([]byte(said), &messages); err != nil || len(messages) == 0 {
			t.Fatalf("reading the inbox: %v", err)
		}
		n -= len(messages)
		after = messages[len(messages)-1].ID
	}
}
