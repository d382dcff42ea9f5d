package e2e

import (
	"strings"
	"testing"
	"time"
)

// traveller is a person with a passport or a residence document.
type traveller struct {
	visitor
	taxNumber string // with a right check digit, of a range that nobody has
	papers    int    // that the page has room for: residence and address, or address alone
	typed     bool   // no chip: the zone is typed for it
	chip      bool   // that proves itself when the person has agreed
	ahead     bool   // swiped before it lies on a reader, through another keyboard layout
}

var (
	withPassport = traveller{
		visitor:   visitor{card: "passport-pace-gm", contact: "932345678", to: "+351932345678", pin: "407182", english: true, shots: "passport", few: true},
		taxNumber: "400000016", papers: 2, chip: true, ahead: true,
	}
	withPermit = traveller{
		visitor: visitor{card: "residence-permit", contact: "permit@correio.example", to: "permit@correio.example", email: true,
			pin: "839016", shots: "permit", few: true},
		taxNumber: "400000024", papers: 1, chip: true,
	}
	withoutChip = traveller{
		visitor: visitor{card: "passport-long-name", contact: "typed@correio.example", to: "typed@correio.example", email: true,
			pin: "407182", shots: "typed", few: true},
		taxNumber: "400000032", papers: 2, typed: true,
	}
)

func (c *centre) entry(t testing.TB, name string) fixture {
	t.Helper()
	for _, e := range c.fixtures(t) {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no %s in the fixtures", name)
	return fixture{}
}

// typePrinted types what the document shows, as a clerk or a document reader would.
func (d *kioskDesk) typePrinted(t testing.TB, v visitor, e fixture) {
	t.Helper()
	d.has(t, clerkTitle)
	if len(e.MRZ) > 0 {
		d.swipes(t, strings.Join(e.MRZ, ""))
	} else {
		d.types(t, e.CAN)
	}
	d.shot(t, v, "1-printed")
	d.keys(t, "Return")
}

// bring enters what else is needed, by keyboard from the first field to the last.
func (d *kioskDesk) bring(t testing.TB, v traveller) {
	t.Helper()
	d.clerk(t, "F10")
	d.awaits(t, "step=eligibility")
	d.keys(t, "F10") // too early: the page says what is missing, and leaves the cursor to who types on
	d.shot(t, v.visitor, "2-missing")
	d.types(t, v.taxNumber)
	d.keys(t, "Tab", "Down", "Tab")
	if v.typed {
		d.keys(t, "Tab", "Tab") // past the whole name: the zone cuts it off, and nobody has to type it
	}
	if v.papers == 2 {
		d.keys(t, "Tab", "Tab", "Tab") // past residence: the address is as good
	}
	d.keys(t, "Down", "Tab")
	d.types(t, "Senhorio de ensaio")
	d.keys(t, "Tab")
	d.types(t, "04112026")
	d.shot(t, v.visitor, "2-brought")
	d.keys(t, "F10")
	d.awaits(t, "step=contact", "opened=true")
}

func (d *kioskDesk) enrolTraveller(t testing.TB, c *centre, v traveller) (code string) {
	t.Helper()
	e := c.entry(t, v.card)
	switch {
	case v.ahead:
		d.has(t, clerkTitle)
		d.swipes(t, strings.ReplaceAll(strings.Join(e.MRZ, "\n")+"\n", "<", ";"))
		d.awaits(t, "types=true")
		d.screen.settled(t, 4*time.Second) // all of it is there: no event says so
		d.shot(t, v.visitor, "1-ahead")
		c.mock(t, "insert", v.card)
	case v.typed:
		d.has(t, clerkTitle)
		d.keys(t, "F6")
		d.awaits(t, "types=true")
		d.typePrinted(t, v.visitor, e)
	default:
		c.mock(t, "insert", v.card)
		d.awaits(t, "types=true")
		d.typePrinted(t, v.visitor, e)
	}
	d.awaits(t, "step=identity", "checked=true")
	d.shot(t, v.visitor, "2-identity")
	d.bring(t, v)
	d.typeContact(t, v.visitor)
	code = c.receivedCode(t, v.visitor)
	d.typeCode(t, v.visitor, code)
	d.choosePIN(t, v.visitor)
	d.has(t, citizenTitle)
	d.shot(t, v.visitor, "5-review")
	if v.chip { // laid down once more, to prove that it is there
		c.mock(t, "remove")
		d.awaits(t, "card=false")
		d.keysUntil(t, "Return", "review=card")
		d.shot(t, v.visitor, "5-lay")
		c.mock(t, "insert", v.card)
		d.awaits(t, "step=done")
	} else {
		d.keysUntil(t, "Return", "step=done")
	}
	d.shot(t, v.visitor, "6-done")
	d.has(t, clerkTitle)
	if v.typed { // there is no card to take out
		d.keys(t, "Return")
	} else {
		c.mock(t, "remove")
	}
	d.awaits(t, "step=document", "case=0")
	return code
}

// TestTravelEnrolment enrols a passport's holder by phone, a residence permit's by e-mail, and one whose document
// has no chip, at a centre that allows that.
func TestTravelEnrolment(t *testing.T) {
	c := startDemo(t)
	c.run(t, "kioskctl", "db", "set", "typed_mrz", "2")
	d := startDesk(t, c, startScreen(t))
	for _, v := range []traveller{withPassport, withPermit, withoutChip} {
		d.enrolTraveller(t, c, v)
	}
	var high, substantial int
	c.ask(t, `select count(*) filter (where level = 'high'), count(*) filter (where level = 'substantial')
		from centre.key where state = 'active'`, nil, &high, &substantial)
	if high != 2 || substantial != 1 {
		t.Errorf("got %d keys of level high and %d substantial, want 2 and 1", high, substantial)
	}
	var proofs, faces int
	c.ask(t, `select count(*) filter (where octet_length(proof) > 0), count(*) filter (where identity is not null) from centre.evidence`, nil, &proofs, &faces)
	if proofs != 2 || faces != 0 {
		t.Errorf("got %d proofs of chips kept and %d identity files not dropped, want 2 and 0", proofs, faces)
	}
}
