package e2e

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// visitor is one person at the desk and what they choose.
type visitor struct {
	card    string // of the fixtures
	cardPIN string
	contact string // as typed by the clerk
	to      string // where the bench receives it
	email   bool
	pin     string // of the new key
	english bool   // the citizen's screen
	shots   string // prefix of pictures; none when empty
	few     bool   // of steps that look alike for everybody there are pictures enough
}

var (
	ines  = visitor{card: "cc1-rsa2048", cardPIN: "1234", contact: "912345678", to: "+351912345678", pin: "407182", shots: "phone"}
	other = visitor{card: "cc2024", cardPIN: "2580", contact: "pessoa@correio.example", to: "pessoa@correio.example", email: true,
		pin: "839016", english: true, shots: "email"}
)

// shot takes a picture when the visitor's are wanted.
func (d *kioskDesk) shot(t testing.TB, v visitor, name string) {
	t.Helper()
	if alike := strings.HasPrefix(name, "3-") || strings.HasPrefix(name, "4-"); v.shots != "" && !(v.few && alike) {
		d.screen.picture(t, v.shots+"-"+name)
	}
}

// The six steps, each from the state that the one before left.

func (d *kioskDesk) insertAndIdentify(t testing.TB, c *centre, v visitor) {
	t.Helper()
	d.shot(t, v, "1-document")
	c.mock(t, "insert", v.card)
	d.awaits(t, "step=identity", "checked=true")
	d.shot(t, v, "2-identity")
}

func (d *kioskDesk) confirmPerson(t testing.TB) {
	t.Helper()
	d.has(t, clerkTitle)
	d.keys(t, "F10")
	d.awaits(t, "step=contact", "opened=true")
}

// typeContact enters the phone number or the address and has the code sent.
func (d *kioskDesk) typeContact(t testing.TB, v visitor) {
	t.Helper()
	if v.email {
		d.keys(t, "Tab")
	}
	d.types(t, v.contact)
	d.shot(t, v, "3-contact")
	d.keys(t, "Return")
	channel := "sms"
	if v.email {
		channel = "email"
	}
	d.awaits(t, "step=contact", "awaits="+channel)
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// receivedCode is what the visitor's phone or mailbox got last.
func (c *centre) receivedCode(t testing.TB, v visitor) string {
	t.Helper()
	var messages []struct{ Subject, Text string }
	if err := json.Unmarshal([]byte(c.mock(t, "inbox", "--json", "--wait", "20s", "--to", v.to)), &messages); err != nil {
		t.Fatalf("reading the inbox: %v", err)
	}
	code := sixDigits.FindString(messages[len(messages)-1].Text)
	if code == "" {
		t.Fatal("the message has no code of six digits")
	}
	return code
}

func (d *kioskDesk) typeCode(t testing.TB, v visitor, code string) {
	t.Helper()
	d.has(t, citizenTitle)
	if v.english {
		d.keys(t, "F12")
		d.types(t, "2") // the second of the languages
	}
	d.shot(t, v, "3-code")
	d.types(t, code) // the sixth digit sends it, and a contact that is proven leads on
	d.awaits(t, "step=pin", "contact=true", "pin=first")
	d.screen.xdo(t, "sleep", "0.5") // a person reads first: what follows the code at once is taken for part of it
}

// strayZone is a document that is swiped where nobody asked for it, with the keys that readers send behind lines.
const strayZone = "P<UTOHVERGISSON<<BJARKI<<<<<<<<<<<<<<<<<<<<<\nUT99007662UTO8108223M3403048<<<<<<<<<<<<<<04\n"

func (d *kioskDesk) choosePIN(t testing.TB, v visitor) {
	t.Helper()
	d.has(t, citizenTitle)
	d.swipes(t, strayZone+strayZone) // which would choose and repeat the PIN
	d.screen.xdo(t, "sleep", "1")
	d.types(t, v.pin)
	d.shot(t, v, "4-pin")
	d.keys(t, "Return")
	d.awaits(t, "pin=repeat")
	d.types(t, v.pin)
	d.shot(t, v, "4-repeat")
	d.keys(t, "Return")
	d.awaits(t, "step=review", "review=reading")
}

func (d *kioskDesk) agree(t testing.TB, v visitor) {
	t.Helper()
	d.has(t, citizenTitle)
	d.shot(t, v, "5-review")
	d.keysUntil(t, "Return", "review=card_pin") // the page must have stood for a moment before it takes a yes
}

func (d *kioskDesk) typeCardPIN(t testing.TB, v visitor) {
	t.Helper()
	d.types(t, v.cardPIN)
	d.shot(t, v, "5-card-pin")
	d.keys(t, "Return")
}

// enrol walks the whole way and returns the one-time code that was sent.
func (d *kioskDesk) enrol(t testing.TB, c *centre, v visitor) (code string) {
	t.Helper()
	d.insertAndIdentify(t, c, v)
	d.confirmPerson(t)
	d.typeContact(t, v)
	code = c.receivedCode(t, v)
	d.typeCode(t, v, code)
	d.choosePIN(t, v)
	d.agree(t, v)
	d.typeCardPIN(t, v)
	d.awaits(t, "step=done")
	d.shot(t, v, "6-done")
	d.has(t, clerkTitle)
	c.mock(t, "remove") // the card taken out is the leave taken
	d.awaits(t, "step=document", "case=0")
	return code
}

func TestEnrolment(t *testing.T) {
	c := startDemo(t)
	s := startScreen(t)
	d := startDesk(t, c, s)
	for _, v := range []visitor{ines, other} {
		d.enrol(t, c, v)
	}
	var keys, people int
	c.ask(t, `select count(*), count(distinct person) from centre.key where state = 'active' and level = 'high'`, nil, &keys, &people)
	if keys != 2 || people != 2 {
		t.Errorf("got %d active keys of %d people, want 2 of 2", keys, people)
	}
	var evidence, personal int
	c.ask(t, `select count(*) filter (where jws is not null or payload is not null), count(*) filter (where identity is not null or sealed_pin is not null)
		from centre.evidence`, nil, &evidence, &personal)
	if evidence != 2 || personal != 0 {
		t.Errorf("got %d evidences kept and %d identity files or PINs not dropped, want 2 and 0", evidence, personal)
	}
	var hash string
	c.ask(t, `select pin_hash from centre.key limit 1`, nil, &hash)
	if want := regexp.MustCompile(`^\$argon2id-sha256\$v=19\$m=19456,t=2,p=1\$`); !want.MatchString(hash) {
		t.Error("the PIN is not stored as Argon2id with 19 MiB, t=2, p=1")
	}

	// A third person's code is right, and the number is the first one's: the clerk is told, and has the keyboard.
	third := visitor{card: "cc1-rsa3072", contact: ines.contact, to: ines.to}
	c.run(t, "kioskctl", "db", "set", "code_resend_after_seconds", "0") // a fast machine comes within the wait
	d.insert(t, c, third.card)
	d.confirmPerson(t)
	d.typeContact(t, third)
	d.has(t, citizenTitle)
	c.awaitCodes(t, third, 3) // behind the first one's code and welcome
	d.types(t, c.receivedCode(t, third))
	d.awaits(t, "failed=sms", "sms=taken")
	d.has(t, clerkTitle)
	d.screen.picture(t, "taken")
}
