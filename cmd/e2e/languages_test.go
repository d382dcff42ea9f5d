package e2e

import (
	"fmt"
	"strconv"
	"testing"

	"balcao/kiosk"
)

// TestLanguages walks a visit in each language up to the person's agreement, with a message in it on the way: the clerk
// chooses the language for the person, who goes on reading it. Pictures of each page are for eyes.
func TestLanguages(t *testing.T) {
	c := startDemo(t)
	s := startScreen(t)
	d := startDesk(t, c, s)
	for i, language := range kiosk.Languages {
		if i < len(kiosk.ClerkLanguages) {
			continue // TestEnrolment
		}
		phone := fmt.Sprintf("9123456%02d", 10+i)
		v := visitor{card: ines.card, contact: phone, to: "+351" + phone, pin: ines.pin, shots: "language-" + string(language)}
		d.insert(t, c, v.card)
		d.keys(t, "F12")
		d.types(t, strconv.Itoa((i+1)%10))
		d.screen.xdo(t, "sleep", "0.5")
		d.confirmPerson(t)
		d.typeContact(t, v)
		var asked string
		c.ask(t, `select language from centre.one_time_code where value = $1`, []any{v.to}, &asked)
		if asked != string(language) {
			t.Errorf("the code was asked for in %q, want %q", asked, language)
		}
		d.typeCode(t, v, c.receivedCode(t, v))
		d.choosePIN(t, v)
		d.has(t, citizenTitle)
		d.shot(t, v, "5-review")
		d.leave(t)
		c.mock(t, "remove")
		d.awaits(t, "step=document", "case=0")
	}
}
