package e2e

import "testing"

// TestWalkContacts meets contacts that are not proven, and who has the keyboard then.
func TestWalkContacts(t *testing.T) {
	c := startDemo(t)
	c.run(t, "kioskctl", "db", "set", "code_resend_after_seconds", "0")
	d := startDesk(t, c, startScreen(t))
	d.insert(t, c, other.card)
	d.confirmPerson(t)

	// 3: a message that does not arrive.
	d.types(t, "912340000")
	d.keys(t, "Return")
	d.awaits(t, "awaits=sms")
	d.awaits(t, "failed=sms", "sms=undelivered")
	d.has(t, clerkTitle)
	d.picture(t, "3-undelivered-sms")

	// 3 and 4: three wrong codes lock the channel of this enrolment.
	d.types(t, "913333333") // in place of the number that failed
	d.keys(t, "Return")
	d.awaits(t, "awaits=sms")
	d.has(t, citizenTitle)
	for i, after := range []string{"code_wrong", "code_wrong", "channel_locked"} {
		d.screen.xdo(t, "sleep", "0.5") // digits that come sooner are taken for more of the code before
		d.types(t, "000000")
		if i > 0 {
			d.awaits(t, "sms=") // while it is compared
		}
		d.awaits(t, "sms="+after)
	}
	d.has(t, clerkTitle)
	d.picture(t, "4-locked")

	// 2: the e-mail takes over, and with it the keyboard goes to the person.
	v := person(other.card, other.cardPIN, 2)
	d.types(t, v.contact)
	d.keys(t, "Return")
	d.awaits(t, "awaits=email")
	c.receivedCode(t, v)

	// 5: the clerk's F5, F3 and Esc from the person's window; 9: Enter goes on, F8 ends.
	d.person(t, "F5")
	c.awaitCodes(t, v, 2)
	d.picture(t, "5-sent-again")
	d.person(t, "F3")
	d.awaits(t, "step=identity")
	d.clerk(t, "F10")
	d.awaits(t, "step=contact", "awaits=email")
	d.person(t, "Escape")
	d.awaits(t, "asking=true")
	d.picture(t, "9-ending")
	d.clerk(t, "Return")
	d.awaits(t, "asking=false", "step=contact")
	d.person(t, "Escape")
	d.awaits(t, "asking=true")
	d.clerk(t, "F8")
	d.awaits(t, "case=0", "left=1")
	c.mock(t, "remove")

	// 10: a card without a photograph.
	d.insert(t, c, "cc2024-no-photo")
	d.picture(t, "10-no-photograph")
	c.mock(t, "remove")
}
