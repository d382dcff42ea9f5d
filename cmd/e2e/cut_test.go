package e2e

import (
	"syscall"
	"testing"
)

// cut kills the centre's door as a power cut would and, when asked, PostgreSQL with it, which recovers from its log as
// soon as one of its processes was killed.
func (c *centre) cut(t testing.TB, door *program, database bool) {
	t.Helper()
	door.kill()
	if !database {
		return
	}
	var backend int
	c.ask(t, `select pid from pg_stat_activity where backend_type = 'walwriter'`, nil, &backend)
	if err := syscall.Kill(backend, syscall.SIGKILL); err != nil {
		t.Fatalf("killing PostgreSQL: %v", err)
	}
}

// TestCentreKilledAtEachStep kills the centre's door at each step of a visit, and every other time the database with it.
// The clerk sees that the centre does not answer; started anew it goes on where the visit was, and there is one key.
func TestCentreKilledAtEachStep(t *testing.T) {
	c := startDemo(t)
	door := c.adopt(t, "centre")
	d := startDesk(t, c, startScreen(t))
	v := person("cc2024", "2580", 1)
	var code string
	steps := []struct {
		name string
		// without is done while there is no centre, and afterwards once there is one again.
		without, afterwards func()
	}{
		{"document", func() {
			d.insert(t, c, v.card)
		}, func() {}},
		{"identity", func() {
			d.has(t, clerkTitle)
			d.keys(t, "F10")
			d.awaits(t, "problem=centre_down")
		}, func() { d.awaits(t, "step=contact", "opened=true", "problem=") }},
		{"contact", func() {
			d.keys(t, "Tab")
			d.types(t, v.contact)
			d.keys(t, "Return")
			d.awaits(t, "problem=centre_down")
		}, func() {
			d.awaits(t, "awaits=email", "problem=")
			code = c.receivedCode(t, v)
		}},
		{"code", func() {
			d.has(t, citizenTitle)
			d.types(t, code)
			d.awaits(t, "problem=centre_down")
		}, func() { d.typeCode(t, v, code) }}, // once more: it was wiped
		{"pin", func() { d.choosePIN(t, v) }, func() {}},
		{"review", func() {
			d.agree(t, v)
			d.typeCardPIN(t, v)
			d.awaits(t, "review=binding")
		}, func() { d.awaits(t, "step=done") }},
	}
	for i, step := range steps {
		c.cut(t, door, i%2 == 1)
		d.awaits(t, "away=true")
		step.without()
		d.screen.picture(t, "cut-"+step.name)
		door = c.start(t, "centre")
		d.awaits(t, "away=false")
		step.afterwards()
	}
	c.one(t, "active")
}

// TestCentreKilledDuringBinding kills door and database once the evidence is at the centre, before and after it is
// decided: the desk hears of the key once both are back.
func TestCentreKilledDuringBinding(t *testing.T) {
	c := startDemo(t)
	whole := t
	door, registrar := c.adopt(t, "centre"), c.adopt(t, "registrar")
	s := startScreen(t)
	for i, row := range []struct {
		name    string
		decided bool // while the door is away
	}{{"undecided", false}, {"decided", true}} {
		t.Run(row.name, func(t *testing.T) {
			d := startDesk(t, c, s)
			v := person([]string{"cc2024", "cc1-rsa2048"}[i], []string{"2580", "1234"}[i], i)
			d.insert(t, c, v.card)
			d.walk(t, c, v)
			registrar.kill()
			d.typeCardPIN(t, v)
			d.awaits(t, "review=binding")
			c.awaitCount(t, "pending", 1)
			c.cut(t, door, true)
			d.awaits(t, "away=true")
			d.screen.picture(t, "cut-binding-"+row.name)
			if row.decided {
				registrar = c.start(whole, "registrar")
				c.awaitCount(t, "active", i+1)
			}
			door = c.start(whole, "centre")
			if !row.decided {
				registrar = c.start(whole, "registrar")
			}
			d.awaits(t, "step=done")
			c.count(t, "active", i+1)
			c.mock(t, "remove")
			d.stop(t)
		})
	}
}
