package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// person returns a visitor with a contact of their own, so that tests on one centre do not meet.
func person(card, pin string, n int) visitor {
	address := fmt.Sprintf("pessoa%d@correio.example", n)
	return visitor{card: card, cardPIN: pin, contact: address, to: address, email: true, pin: "407182"}
}

// TestCardPulledAtEachStep takes the card out at every step and puts it back: the visit goes on where
// it can, starts anew where it must, and ends with one key.
func TestCardPulledAtEachStep(t *testing.T) {
	c := startDemo(t)
	d := startDesk(t, c, startScreen(t))
	v := person("cc1-rsa3072", "1234", 1)
	v.shots = "pulled"

	c.mock(t, "line", "250k") // slow enough to be pulled in the middle of the photograph
	c.mock(t, "insert", v.card)
	d.awaits(t, "step=identity", "identity=true", "checked=false")
	c.mock(t, "remove")
	d.awaits(t, "problem=card_removed", "identity=false")
	d.shot(t, v, "2-reading")
	c.mock(t, "line", "full")
	d.insertAgain(t, c, v, "step=identity", "checked=true")

	pullAndReturn := func(step string) {
		t.Helper()
		c.mock(t, "remove")
		d.awaits(t, "step="+step, "card=false", "identity=true")
		d.insertAgain(t, c, v, "step="+step, "card=true")
	}
	pullAndReturn("identity")
	d.confirmPerson(t)
	pullAndReturn("contact")
	d.typeContact(t, v)
	code := c.receivedCode(t, v)
	d.typeCode(t, v, code)
	pullAndReturn("pin")
	d.choosePIN(t, v)
	pullAndReturn("review")

	// Out when it is to sign: the desk asks for it, refuses another, and goes on with the right one.
	c.mock(t, "remove")
	d.awaits(t, "card=false")
	d.has(t, citizenTitle)
	d.keysUntil(t, "Return", "review=card")
	d.shot(t, v, "5-insert")
	c.mock(t, "insert", "cc2024")
	d.awaits(t, "problem=card_changed")
	d.shot(t, v, "5-other-card")
	c.mock(t, "remove")
	d.awaits(t, "problem=")
	d.insertAgain(t, c, v, "review=card_pin")
	d.has(t, citizenTitle)
	d.typeCardPIN(t, v)
	d.awaits(t, "step=done")
	c.one(t, "active")
}

// insertAgain puts the visitor's card back. The reader's driver looks for cards every 400 ms, so a
// card that comes back is always seen as having been away: the bench sees to that.
func (d *kioskDesk) insertAgain(t testing.TB, c *centre, v visitor, wants ...string) {
	t.Helper()
	c.mock(t, "insert", v.card)
	d.awaits(t, wants...)
}

// one sees that the centre has one enrolment that ended in this state, and keys to match.
func (c *centre) one(t testing.TB, want string) {
	t.Helper()
	var keys, active, pending, people int
	c.ask(t, `select (select count(*) from centre.key), (select count(*) from centre.enrolment where state = 'active'),
		(select count(*) from centre.enrolment where state = 'pending'), (select count(distinct person) from centre.key)`,
		nil, &keys, &active, &pending, &people)
	wantKeys := 0
	if want == "active" {
		wantKeys = 1
	}
	if keys != wantKeys || active != wantKeys || pending != 0 || people != wantKeys {
		t.Errorf("got %d keys of %d people, %d active and %d pending enrolments; want %d active and none pending",
			keys, people, active, pending, wantKeys)
	}
}

// TestServiceRestart stops and starts pcscd while the desk waits and in the middle of a visit.
func TestServiceRestart(t *testing.T) {
	c := startDemo(t)
	service := c.service(t)
	d := startDesk(t, c, startScreen(t))
	v := person("cc2024", "2580", 1)
	v.shots = "service"

	service.stop(t)
	d.awaits(t, "service=pcscd_stopped")
	d.shot(t, v, "1-stopped")
	service.start(t)
	d.awaits(t, "service=")
	d.unlock(t, c) // with its reader, the staff card was gone

	d.insert(t, c, v.card)
	d.confirmPerson(t)
	service.kill(t)
	d.awaits(t, "service=pcscd_stopped", "shift=locked", "card=false")
	service.start(t)
	d.awaits(t, "service=")
	d.unlock(t, c)
	d.awaits(t, "step=contact", "card=true")
	d.typeContact(t, v)
	d.typeCode(t, v, c.receivedCode(t, v))
	d.choosePIN(t, v)
	d.agree(t, v)
	d.typeCardPIN(t, v)
	d.awaits(t, "step=done")
	c.one(t, "active")
}

// TestKilledDuringBinding kills the desk or the registrar as a power cut would, at each moment of a
// binding that can be told from outside. Afterwards the key is there once or not at all, and never
// half; and whoever comes back can be served.
func TestKilledDuringBinding(t *testing.T) {
	c := startDemo(t)
	s := startScreen(t)
	registrar := c.adopt(t, "registrar") // belongs to the whole test, not to a part of it
	whole := t

	t.Run("registrar before the evidence, then started again", func(t *testing.T) {
		d := startDesk(t, c, s)
		v := person("cc1-rsa2048", "1234", 1)
		d.insert(t, c, v.card)
		d.walk(t, c, v)
		registrar.kill()
		d.typeCardPIN(t, v)
		d.awaits(t, "review=binding")
		c.awaitCount(t, "pending", 1)
		d.screen.picture(t, "binding-waits")
		registrar = c.start(whole, "registrar")
		d.awaits(t, "step=done")
		c.count(t, "active", 1)
		c.mock(t, "remove")
		d.stop(t)
	})
	t.Run("desk once the evidence is at the centre", func(t *testing.T) {
		d := startDesk(t, c, s)
		v := person("cc2024", "2580", 2)
		d.insert(t, c, v.card)
		d.walk(t, c, v)
		registrar.kill()
		d.typeCardPIN(t, v)
		d.awaits(t, "review=binding")
		c.awaitCount(t, "pending", 1)
		d.kill()
		registrar = c.start(whole, "registrar")
		c.awaitCount(t, "active", 2)
		c.mock(t, "remove")
	})
	for i, moment := range []string{"review=card_pin", "review=signing"} {
		t.Run("desk at "+moment, func(t *testing.T) {
			d := startDesk(t, c, s)
			v := person("cc2024-senior", "86420975", 3+i)
			d.insert(t, c, v.card)
			d.walk(t, c, v)
			if moment == "review=signing" {
				d.typeCardPIN(t, v)
				d.awaits(t, moment)
			}
			d.kill()
			c.mock(t, "remove")
			var keys, half int
			c.ask(t, `select count(*), count(*) filter (where e.state <> 'active') from centre.key k join centre.enrolment e on e.id = k.enrolment`,
				nil, &keys, &half)
			if half != 0 {
				t.Errorf("got %d keys whose enrolment is not active", half)
			}
		})
	}
	t.Run("afterwards the same person is served", func(t *testing.T) {
		d := startDesk(t, c, s)
		v := person("cc2024-no-photo", "1234", 9)
		d.enrol(t, c, v)
	})
}

// adopt stops the demo's registrar or centre and starts one that the test may kill.
func (c *centre) adopt(t testing.TB, name string) *program {
	t.Helper()
	pid, err := strconv.Atoi(c.env["BALCAO_"+strings.ToUpper(name)+"_PID"])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("stopping the demo's %s: %v", name, err)
	}
	return c.start(t, name)
}

func (c *centre) start(t testing.TB, name string) *program {
	t.Helper()
	p := start(t, nil, bin(t, name), "-config", c.env["BALCAO_"+strings.ToUpper(name)+"_CONFIG"])
	p.await(t, "ready", 0, func(line string) bool { return strings.HasPrefix(line, "ready") })
	return p
}

// count sees how many enrolments are in a state.
func (c *centre) count(t testing.TB, state string, want int) {
	t.Helper()
	var got int
	c.ask(t, `select count(*) from centre.enrolment where state = $1`, []any{state}, &got)
	if got != want {
		t.Errorf("got %d enrolments %s, want %d", got, state, want)
	}
}

// TestNothingPersonalStays enrols two people and searches everything that the desk wrote, the bundle for the support and
// the registrar's log for what must not be there; and the desk's memory, for the PINs at once, for names once it says so.
func TestNothingPersonalStays(t *testing.T) {
	c := startDemo(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home+"/config")
	t.Setenv("XDG_CACHE_HOME", home+"/cache")
	t.Setenv("TMPDIR", mustTemporary(t, home+"/tmp"))
	personal := c.personal(t)
	d := startDesk(t, c, startScreen(t))
	ines, other := ines, other
	ines.shots, other.shots = "", ""
	code1 := d.enrol(t, c, ines)
	code2 := d.enrol(t, c, other)
	foreign := withPermit
	foreign.shots, foreign.pin = "", "615283"
	code3 := d.enrolTraveller(t, c, foreign)
	for _, pin := range []string{ines.pin, other.pin, foreign.pin} {
		if times := d.remembers(t, pin); times != 0 {
			t.Errorf("a PIN stands %d times in the desk's memory after the visit", times)
		}
	}
	for visit := range 3 { // that long after each
		gone := regexp.MustCompile(fmt.Sprintf(`"memory given back","case":%d\b`, visit+1))
		d.await(t, "the memory of a visit given back", 0, gone.MatchString)
	}
	for _, word := range personal {
		if times := d.remembers(t, word); times != 0 {
			t.Errorf("%d characters of a card stand %d times in the desk's memory more than a minute after the visits", len(word), times)
		}
	}
	bundle := d.supportBundle(t, c, home)
	d.stop(t)
	registrarLog, err := os.ReadFile(c.env["BALCAO_LOGS"] + "/registrar.log")
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(personal, ines.pin, other.pin, ines.contact, other.contact, ines.to, code1, code2)
	secrets = append(secrets, c.entry(t, foreign.card).MRZ...)
	secrets = append(secrets, foreign.pin, foreign.contact, foreign.taxNumber, "Senhorio de ensaio", code3)
	for _, secret := range secrets {
		search(t, "the desk's log", []byte(d.output()), secret)
		search(t, "the registrar's log", registrarLog, secret)
		search(t, "the bundle for the support", bundle, secret)
		searchFolder(t, home, secret)
	}
}
