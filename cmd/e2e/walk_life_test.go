package e2e

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The walks of a key's life: each errand once by keyboard alone, with the messages that its holder gets.

var longCode = regexp.MustCompile(`\b[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}\b`)

// mailbox is a telephone or an address whose messages are read in their order.
type mailbox struct {
	to   string
	read int64 // the last one
}

// next is the next code of a form that comes in; messages without one are passed over.
func (m *mailbox) next(t testing.TB, c *centre, form *regexp.Regexp) string {
	t.Helper()
	for {
		var messages []struct {
			ID   int64
			Text string
		}
		said := c.mock(t, "inbox", "--json", "--wait", "20s", "--to", m.to, "--after", strconv.FormatInt(m.read, 10))
		if err := json.Unmarshal([]byte(said), &messages); err != nil || len(messages) == 0 {
			t.Fatalf("no further message came: %v", err)
		}
		for _, message := range messages {
			m.read = message.ID
			if code := form.FindString(message.Text); code != "" {
				return code
			}
		}
	}
}

// toKey lays the document of a person who has a key, and goes to the page of the key.
func (d *kioskDesk) toKey(t testing.TB, c *centre, v visitor) {
	t.Helper()
	d.insert(t, c, v.card)
	d.clerk(t, "F10")
	d.awaits(t, "step=key", "key=shown")
}

// list chooses a tile of the list of errands, which begins at a step.
func (d *kioskDesk) list(t testing.TB, step string, keys ...string) {
	t.Helper()
	d.clerk(t, "F1")
	d.awaits(t, "listed=true")
	d.keys(t, keys...)
	d.keys(t, "Return")
	d.awaits(t, "listed=false", "step="+step)
}

// begin chooses an errand on the page of the key, by its first letter, and its reason where one is asked for.
func (d *kioskDesk) begin(t testing.TB, shot string, keys []string, reason ...string) {
	t.Helper()
	d.has(t, clerkTitle)
	d.screen.xdo(t, "sleep", "0.5")
	if len(keys) > 0 {
		d.keys(t, keys...)
	}
	d.picture(t, "life-"+shot+"-key")
	d.keys(t, "Return")
	if len(reason) > 0 {
		d.awaits(t, "step=key", "reasons=true")
		d.clerk(t, reason...)
		d.picture(t, "life-"+shot+"-reason")
		d.keys(t, "Return")
	}
}

// conclude agrees to what the errand does, types the PIN of the card, and comes to the last page.
func (d *kioskDesk) conclude(t testing.TB, v visitor, shot string, last ...string) {
	t.Helper()
	d.awaits(t, "step=review", "review=reading")
	d.has(t, citizenTitle)
	d.picture(t, "life-"+shot+"-review")
	d.agree(t, v)
	d.typeCardPIN(t, v)
	d.awaits(t, last...)
	d.moment(t, "life-"+shot+"-done")
}

// leaves takes the card out: the visit is over.
func (d *kioskDesk) leaves(t testing.TB, c *centre) {
	t.Helper()
	d.has(t, clerkTitle)
	c.mock(t, "remove")
	d.awaits(t, "step=document", "case=0")
}

// proves has a code sent to a contact and types it.
func (d *kioskDesk) proves(t testing.TB, c *centre, m *mailbox, typed, channel string) {
	t.Helper()
	d.awaits(t, "step=contact", "opened=true")
	d.has(t, clerkTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, typed)
	d.picture(t, "life-contact-"+channel)
	d.keys(t, "Return")
	d.awaits(t, "awaits="+channel)
	d.has(t, citizenTitle)
	d.types(t, m.next(t, c, sixDigits))
}

// fields goes so many fields on in a form.
func (d *kioskDesk) fields(t testing.TB, n int) {
	t.Helper()
	for range n {
		d.screen.xdo(t, "sleep", "0.3")
		d.keys(t, "Return")
	}
}

// choosesPIN chooses and repeats a PIN.
func (d *kioskDesk) choosesPIN(t testing.TB, pin string) {
	t.Helper()
	for _, phase := range []string{"first", "repeat"} {
		d.awaits(t, "step=pin", "pin="+phase)
		d.has(t, citizenTitle)
		d.screen.xdo(t, "sleep", "0.5")
		d.types(t, pin)
		d.keys(t, "Return")
	}
}

// keyIs sees how the only key stands at the centre.
func (c *centre) keyIs(t testing.TB, want string) {
	t.Helper()
	var states string
	if c.ask(t, `select string_agg(state, ' ') from centre.key`, nil, &states); states != want {
		t.Errorf("keys are %q, want %q", states, want)
	}
}

// TestWalkKeyChanges suspends a key and takes that back, changes its telephone, of which the old one hears, freezes it by
// the code of that notice, reactivates it, and adds an address.
func TestWalkKeyChanges(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	v := visitor{card: "cc2024", cardPIN: "2580", contact: "912345678", to: "+351912345678", pin: "407182"}
	old, other, mail := &mailbox{to: v.to}, &mailbox{to: "+351932345678"}, &mailbox{to: "pessoa@correio.example"}
	d.enrol(t, c, v)
	c.run(t, "kioskctl", "db", "set", "code_resend_after_seconds", "0")

	d.toKey(t, c, v)
	d.begin(t, "suspend", []string{"s"}, "Down", "Down")
	d.conclude(t, v, "suspend", "step=done")
	c.keyIs(t, "suspended")
	d.clerk(t, "F4")
	d.awaits(t, "paper=shown")
	d.picture(t, "life-receipt")
	d.keys(t, "Return")
	d.awaits(t, "paper=")
	d.clerk(t, "F8")
	d.awaits(t, "step=identity", "checked=true", "errand=reactivate")
	d.clerk(t, "F10")
	d.awaits(t, "step=key", "key=shown")
	d.begin(t, "reactivate", nil, "Down")
	d.conclude(t, v, "reactivate", "step=done")
	old.next(t, c, longCode)
	d.leaves(t, c)

	d.list(t, "document", "n")
	d.toKey(t, c, v)
	d.begin(t, "phone", nil)
	d.proves(t, c, other, "932345678", "sms")
	d.conclude(t, v, "phone", "step=done")
	d.leaves(t, c)
	notice := old.next(t, c, longCode)
	d.list(t, "not_me", "r", "Down")
	d.clerk(t, strings.Split("2222222222", "")...)
	d.keys(t, "Return")
	d.awaits(t, "unknown=true")
	d.picture(t, "life-not-me-wrong")
	d.types(t, notice)
	d.picture(t, "life-not-me")
	d.keys(t, "Return")
	d.awaits(t, "step=done")
	d.moment(t, "life-not-me-done")
	c.keyIs(t, "suspended")
	d.clerk(t, "Return")
	d.awaits(t, "step=document", "case=0")

	d.list(t, "document", "s")
	d.toKey(t, c, v)
	d.begin(t, "thawed", nil, "Down")
	d.conclude(t, v, "thawed", "step=done")
	d.leaves(t, c)

	d.list(t, "document", "n")
	d.toKey(t, c, v)
	d.begin(t, "email", []string{"t", "n", "n", "n"})
	d.proves(t, c, mail, mail.to, "email")
	d.conclude(t, v, "email", "step=done")
	d.leaves(t, c)
	c.keyIs(t, "active")
}

// TestWalkKeyBlocked tries a key with three wrong codes, which block it, and unblocks it; then its PIN is changed and tried.
// It is found by its telephone and suspended at its holder's word, its holder sees what is stored, and ends it.
func TestWalkKeyBlocked(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	v := visitor{card: "cc2024", cardPIN: "2580", contact: "912345678", to: "+351912345678", pin: "407182"}
	phone := &mailbox{to: v.to}
	d.enrol(t, c, v)
	c.run(t, "kioskctl", "db", "set", "code_resend_after_seconds", "0")
	phone.next(t, c, sixDigits)

	d.tries(t, c, v, phone, v.pin, "999999", "tried=code_wrong")
	for _, then := range []string{"tried=code_wrong", "tried=blocked"} {
		d.has(t, citizenTitle)
		d.screen.xdo(t, "sleep", "1")
		d.types(t, "999999")
		d.awaits(t, "tries=comparing")
		d.awaits(t, then)
	}
	d.picture(t, "life-try-blocked")
	c.keyIs(t, "blocked")
	d.clerk(t, "Return")
	d.awaits(t, "case=0")
	c.mock(t, "remove")
	d.awaits(t, "left=0")

	d.toKey(t, c, v)
	d.begin(t, "unblock", nil)
	d.conclude(t, v, "unblock", "step=done")
	c.keyIs(t, "active")
	d.leaves(t, c)

	const pin = "839016"
	d.list(t, "document", "n", "n")
	d.toKey(t, c, v)
	d.begin(t, "pin", nil)
	d.choosesPIN(t, pin)
	d.conclude(t, v, "pin", "step=done")
	d.leaves(t, c)
	d.tries(t, c, v, phone, pin, "", "tries=signed_in")
	d.picture(t, "life-try-done")
	d.clerk(t, "Return")
	d.awaits(t, "case=0")
	c.mock(t, "remove")
	d.awaits(t, "left=0")

	var born, number string
	c.ask(t, `select to_char(p.birth_date, 'DDMMYYYY'), k.tax_number from centre.key k join centre.person p on p.id = k.person`, nil, &born, &number)
	d.list(t, "search", "p")
	d.clerk(t, "Return")
	d.types(t, v.contact)
	d.keys(t, "Return", "Down")
	d.picture(t, "life-search")
	d.keys(t, "Return")
	d.awaits(t, "found=true")
	d.picture(t, "life-search-found")
	d.clerk(t, "Return")
	d.awaits(t, "step=key", "key=shown")
	d.begin(t, "word", nil, "Down", "Down")
	d.awaits(t, "step=word")
	d.has(t, clerkTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, born)
	d.fields(t, 1)
	d.types(t, "123456789")
	d.picture(t, "life-word")
	d.keys(t, "Return")
	d.awaits(t, "unbelieved=true")
	d.picture(t, "life-word-wrong")
	for range "123456789" {
		d.keys(t, "BackSpace")
	}
	d.types(t, number)
	d.keys(t, "Return")
	d.awaits(t, "step=done")
	d.moment(t, "life-word-done")
	c.keyIs(t, "suspended")
	d.clerk(t, "Return")
	d.awaits(t, "case=0")

	d.list(t, "document", "o")
	d.toKey(t, c, v)
	d.begin(t, "stored", nil)
	d.conclude(t, v, "stored", "step=stored", "stored=true")
	d.clerk(t, "F4")
	d.awaits(t, "paper=shown")
	d.picture(t, "life-stored-paper")
	d.keys(t, "Return")
	d.awaits(t, "paper=")
	d.clerk(t, "Return")
	d.awaits(t, "case=0")
	c.mock(t, "remove")
	d.awaits(t, "left=0")

	d.toKey(t, c, v)
	d.begin(t, "cancel", []string{"t"}, "Down", "Down")
	d.conclude(t, v, "cancel", "step=done")
	c.keyIs(t, "cancelled")
	d.leaves(t, c)
}

// tries lays the document, names the key by its telephone, types PIN and code, and comes to a state. Without a code it is
// the one that comes.
func (d *kioskDesk) tries(t testing.TB, c *centre, v visitor, m *mailbox, pin, code string, then string) {
	t.Helper()
	d.toKey(t, c, v)
	d.begin(t, "try", []string{"e"})
	d.awaits(t, "step=try", "tries=naming")
	d.has(t, clerkTitle)
	d.picture(t, "life-try-naming")
	d.keys(t, "F10")
	d.awaits(t, "tries=pin")
	d.has(t, citizenTitle)
	d.screen.xdo(t, "sleep", "0.5")
	d.types(t, pin)
	d.picture(t, "life-try-pin")
	d.keys(t, "Return")
	d.awaits(t, "tries=code")
	came := m.next(t, c, sixDigits)
	if code == "" {
		code = came
	}
	d.has(t, citizenTitle)
	d.picture(t, "life-try-code")
	d.types(t, code)
	d.awaits(t, "tries=comparing")
	d.awaits(t, then)
}
