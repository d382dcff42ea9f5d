package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWalkLetter: a supervisor opens an alert, then serves somebody whose telephone cannot be proven: a letter
// brings the code with which the person comes again. At the end there are the day's figures.
func TestWalkLetter(t *testing.T) {
	c := startDemo(t)
	c.staffIn(t, "supervisor")
	d := openDesk(t, c, startScreen(t))
	d.signIn(t, c)
	var planted int
	c.ask(t, `select count(internal.seen('code_sent', $1, 'F0417', null, '\x0102', null)::text) from generate_series(1, 6)`, []any{c.env["BALCAO_DESK"]}, &planted)
	d.list(t, "alerts", "a", "a")
	d.picture(t, "life-alerts")
	d.clerk(t, "Return")
	d.awaits(t, "step=alert", "decides=case")
	d.picture(t, "life-alert")
	d.keys(t, "Down") // nothing is chosen before: no suspicion
	d.clerk(t, "F10")
	d.awaits(t, "decides=reason")
	d.keys(t, "Down") // explained
	d.picture(t, "life-alert-decision")
	d.keys(t, "Return")
	d.awaits(t, "decides=decided")
	d.picture(t, "life-alert-decided")
	var decided bool
	if c.ask(t, `select decision = 'no_suspicion' and jws is not null from centre.watch_alert`, nil, &decided); !decided {
		t.Error("the alert is not decided, or not signed")
	}
	d.keys(t, "Return")
	d.awaits(t, "step=alerts", "decides=list")
	d.clerk(t, "Escape")
	d.awaits(t, "case=0")

	v := visitor{card: "cc2024", cardPIN: "2580", contact: "912345678", to: "+351912345678", pin: "407182"}
	d.insert(t, c, v.card)
	d.confirmPerson(t)
	d.clerk(t, "F6")
	d.awaits(t, "later=sms")
	d.clerk(t, "Right", "Right")
	d.awaits(t, "later=letter")
	d.fields(t, 3)
	d.types(t, "Rua da Utopia 16")
	d.fields(t, 2)
	d.types(t, "1000-016")
	d.keys(t, "Return")
	d.types(t, "Amaurota")
	d.picture(t, "life-later-letter")
	d.keys(t, "Return")
	d.choosesPIN(t, v.pin)
	d.conclude(t, v, "later", "step=done")
	c.keyIs(t, "pending")
	d.leaves(t, c)

	code := c.letterCode(t, d.screen)
	d.list(t, "document", "a")
	d.toKey(t, c, v)
	d.begin(t, "activate", nil)
	d.awaits(t, "step=activation")
	d.has(t, citizenTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, strings.ToLower(code))
	d.picture(t, "life-activation")
	d.keys(t, "Return")
	d.proves(t, c, &mailbox{to: v.to}, v.contact, "sms")
	d.conclude(t, v, "activate", "step=done")
	c.keyIs(t, "active")
	d.leaves(t, c)

	d.list(t, "report", "f", "h")
	d.picture(t, "life-report")
	d.clerk(t, "F4")
	d.awaits(t, "paper=shown")
	d.picture(t, "life-report-paper")
}

// letterCode prints the one letter that waits, and reads the code on it.
func (c *centre) letterCode(t testing.TB, s *screen) string {
	t.Helper()
	dir := t.TempDir()
	c.run(t, "registrar", "letters", "-config", c.env["BALCAO_REGISTRAR_CONFIG"], "print", "-to", dir)
	made, _ := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if len(made) != 1 {
		t.Fatalf("%d letters, want 1", len(made))
	}
	if err := exec.Command("pdftoppm", "-r", "70", "-png", "-singlefile", made[0], filepath.Join(s.dir, "walk-life-letter")).Run(); err != nil {
		t.Errorf("the letter cannot be shown: %v", err)
	}
	text, err := exec.Command("pdftotext", "-layout", made[0], "-").Output()
	code := longCode.FindString(string(text))
	if err != nil || code == "" {
		t.Fatalf("the letter has no code (%v):\n%s", err, text)
	}
	return code
}

// TestWalkRenew: who comes with a new passport signs in with the key that there is, which then goes on under the new
// document.
func TestWalkRenew(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	v := traveller{visitor: visitor{card: "passport-no-short-ids", contact: "932345678", to: "+351932345678", pin: "407182"},
		taxNumber: "400000016", papers: 2, chip: true}
	d.enrolTraveller(t, c, v)
	phone := &mailbox{to: v.to}
	phone.next(t, c, sixDigits)

	e := c.entry(t, "passport-photo-length-plus1")
	d.list(t, "document", "r")
	c.mock(t, "insert", e.Name)
	d.awaits(t, "types=true")
	d.typePrinted(t, visitor{}, e)
	d.awaits(t, "step=identity", "checked=true")
	d.clerk(t, "F10")
	d.awaits(t, "step=key", "key=none")
	d.begin(t, "renew", nil)
	d.awaits(t, "step=try", "tries=naming")
	d.clerk(t, "Return")
	d.types(t, v.contact)
	d.picture(t, "life-renew-naming")
	d.keys(t, "F10")
	d.awaits(t, "tries=pin")
	d.has(t, citizenTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, v.pin)
	d.keys(t, "Return")
	d.awaits(t, "tries=code")
	d.has(t, citizenTitle)
	d.types(t, phone.next(t, c, sixDigits))
	d.awaits(t, "step=try", "tries=signed_in")
	d.clerk(t, "Return")
	d.awaits(t, "step=review", "review=reading")
	d.has(t, citizenTitle)
	d.picture(t, "life-renew-review")
	c.mock(t, "remove")
	d.awaits(t, "card=false")
	d.keysUntil(t, "Return", "review=card")
	c.mock(t, "insert", e.Name)
	d.awaits(t, "step=done")
	d.moment(t, "life-renew-done")
	c.keyIs(t, "active")
	var number string
	if c.ask(t, `select document_number from centre.person`, nil, &number); !strings.HasPrefix(e.MRZ[1], number) {
		t.Error("the key is not that of the new document")
	}
	d.leaves(t, c)
}
