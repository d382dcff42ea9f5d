package ui

import (
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Document readers type as a keyboard does: Enter, Tab and digits among the rest, into whatever has the keyboard.
// What is typed is therefore held until it shows who typed it. Keys with a pause behind them go where they were
// typed, unless among them is what no person types there. Such a burst presses nothing and fills nothing: it is put back together as a text, for
// the page that asks for a machine-readable zone.

const (
	// burstGap is the longest time between two keys of one run. Readers take 1 to 25 ms for a key; the toolkit
	// looks for keys every 17 ms, which adds as much. A person's fastest keys in a row are further apart.
	burstGap = 40 * time.Millisecond
	// burstEnds is the pause behind a whole burst; shorter ones are between its lines.
	burstEnds = 120 * time.Millisecond
	// burstTail is how long stray keys may follow: readers that pause before their last Enter.
	burstTail = 500 * time.Millisecond

	// A run is a burst when this many characters in it stand together and not all are digits. A desk that is busy
	// drawing sees the keys of a person as late as those of a reader, all at once: so speed alone decides nothing.
	burstWord = 8
	// In an entry that may be a word, or an address up to its @, and in boxes for letters a code; and digits alone may be
	// a number. The shortest line of a zone has 30 characters.
	burstLine = 28
	// maxBurst is more than any zone with its separators, and maxHeld more than the keys of a line do: each goes
	// down, is typed, makes a character and goes up, between those of a shift.
	maxBurst = 256
	maxHeld  = 256
)

// stroke is something that a key did, and what that does where it was typed.
type stroke struct {
	keys  *keyboard
	kind  strokeKind
	event fyne.KeyEvent
	char  rune
	at    fyne.Focusable          // where it was typed, nil for the window
	key   func(ev *fyne.KeyEvent) // of a key that goes down, goes up or is typed
	typed func(r rune)            // of a character
	other func()                  // of a shortcut

	position rune // the digit that is on the key, 0 for none
	digits   bool // only digits are meant, so that a key is as good as its character
	bare     bool // of a key that is typed: it made no character
}

type strokeKind int

const (
	strokeDown strokeKind = iota
	strokeUp
	strokeKey
	strokeRune
	strokeShortcut
)

// enters reports whether an Enter is typed.
func (s *stroke) enters() bool {
	return s.kind == strokeKey && (s.event.Name == fyne.KeyReturn || s.event.Name == fyne.KeyEnter)
}

// burstGuard stands between both windows' keys and what they do.
type burstGuard struct {
	now    func() time.Time
	after  func(time.Duration, func()) // calls back on the UI goroutine
	place  func() any                  // what the screens ask for, to be compared
	takes  func() bool                 // whether that is a zone
	typing func() bool                 // and whether there is a field for it
	swiped func(text string)

	held [maxHeld]stroke
	n    int

	last     time.Time // of the last key
	presses  int       // keys of this run
	word     int       // characters since a separator or another key
	mixed    bool      // not all of those are digits
	down     bool      // a key went down, and its typing is still to come
	typed    bool      // a key was typed, and its character is still to come
	repeated bool      // the key is held: the keyboard repeats it
	name     fyne.KeyName
	position rune // of the key that was last seen

	burst   bool
	text    [maxBurst]rune
	length  int
	where   any // what the screens asked for when the run began
	zone    bool
	focused fyne.Focusable
	keys    *keyboard
	quiet   time.Time // stray keys of a burst come before this
	waiting bool
	late    bool // it was looked too late, and is once more

	replaying bool
}

// take receives what a key did, in the order in which it happened.
func (g *burstGuard) take(s stroke) {
	if g.n == 0 && !g.burst && s.kind == strokeUp {
		s.act()
		return
	}
	s.at = s.keys.focused()
	if s.kind == strokeDown || s.kind == strokeKey {
		g.position = digitOn(s.event)
	}
	s.position = g.position
	if g.replaying {
		s.act()
		return
	}
	pressed := g.counts(s)
	switch {
	case g.burst:
	case g.repeated && g.presses <= 1: // a key that is held, by a person: readers let go of each
		g.release()
		s.act()
		return
	case pressed && g.presses == 0: // only look ends a run: it knows whether keys came late or were seen late
		g.begin(s)
	}
	if pressed {
		g.presses++
		g.last = g.now()
	}
	g.collect(s)
	if !g.burst {
		g.hold(s)
		if g.word >= g.limit(s) {
			g.burst = true
			clear(g.held[:])
			g.n = 0
		}
	}
	g.wait()
}

// counts reports whether the stroke is the first of a key: going down, or what is typed without that.
func (g *burstGuard) counts(s stroke) bool {
	if s.kind != strokeRune && modifier(s.event.Name) {
		return false
	}
	switch s.kind {
	case strokeDown:
		g.down, g.typed, g.repeated, g.name = true, true, false, s.event.Name
		return true
	case strokeKey:
		fresh := !g.down
		g.repeated = fresh && g.name == s.event.Name
		g.down, g.typed, g.name = false, true, s.event.Name
		return fresh
	case strokeRune:
		fresh := !g.typed
		g.typed = false
		return fresh
	}
	return false
}

func modifier(name fyne.KeyName) bool {
	switch name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
		desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight, desktop.KeyCapsLock:
		return true
	}
	return false
}

// act does what the key does.
func (s *stroke) act() {
	switch s.kind {
	case strokeDown:
		s.keys.fresh, s.keys.held = s.event.Name, ""
	case strokeUp:
		s.keys.fresh, s.keys.held = "", ""
	}
	switch {
	case s.kind == strokeRune && s.digits && s.position != 0:
		s.typed(s.position)
	case s.kind == strokeRune:
		s.typed(s.char)
	case s.kind == strokeKey && s.digits && s.bare && s.position != 0:
		s.typed(s.position)
	case s.kind == strokeShortcut:
		s.other()
	case s.key != nil:
		s.key(&s.event)
	}
}

// begin starts a run and notes where it does.
func (g *burstGuard) begin(s stroke) {
	g.word, g.mixed, g.late = 0, false, false
	g.where, g.zone = g.place(), g.takes()
	g.keys, g.focused = s.keys, s.at
}

// collect keeps the text of the run.
func (g *burstGuard) collect(s stroke) {
	r := rune(0)
	switch {
	case s.kind == strokeRune:
		r = s.char
	case s.kind == strokeDown && s.event.Name == fyne.KeyTab:
		r = '\t' // the toolkit moves the focus with it and tells nobody else
	case s.enters():
		r = '\n'
	}
	switch {
	case unicode.IsSpace(r) || r == '@' || r == 0 && s.kind == strokeKey && len(s.event.Name) > 1 && !modifier(s.event.Name):
		g.word, g.mixed = 0, false
	case r != 0:
		g.word++
		g.mixed = g.mixed || (r < '0' || r > '9') && (!s.digits || s.position == 0)
	}
	if r != 0 && g.length < len(g.text) {
		g.text[g.length] = r
		g.length++
	}
}

// limit is how many characters together make a burst of the run.
func (g *burstGuard) limit(s stroke) int {
	if _, text := s.at.(*entry); text || !g.mixed {
		return burstLine
	}
	if boxes, _ := s.at.(*digitField); boxes != nil && boxes.alphabet != "" {
		return burstLine
	}
	return burstWord
}

func (g *burstGuard) hold(s stroke) {
	if g.n == len(g.held) {
		g.release() // a person's, of a long while in which nobody looked
	}
	g.held[g.n] = s
	g.n++
}

// release lets a person's keys do what they do.
func (g *burstGuard) release() {
	if late := g.last.Before(g.quiet); !late || g.zone && g.typing() {
		g.replay()
	}
	g.forget()
}

// replay lets the keys act in their order. What was typed where a key before it took the focus from goes along.
func (g *burstGuard) replay() {
	g.replaying = true
	var from, to fyne.Focusable
	for i := range g.n {
		s := &g.held[i]
		s.bare = i+1 == g.n || g.held[i+1].kind != strokeRune
		before := s.keys.focused()
		if to != nil && s.at == from {
			s.retype(to)
		} else {
			s.act()
		}
		if now := s.keys.focused(); now != before {
			from, to = s.at, now
		}
	}
	g.replaying = false
}

// retype types the key elsewhere.
func (s *stroke) retype(to fyne.Focusable) {
	keyable, _ := to.(desktop.Keyable)
	switch {
	case s.kind == strokeRune:
		to.TypedRune(s.char)
	case s.kind == strokeKey:
		to.TypedKey(&s.event)
	case s.kind == strokeDown && keyable != nil:
		keyable.KeyDown(&s.event)
	case s.kind == strokeUp && keyable != nil:
		keyable.KeyUp(&s.event)
	}
}

// forget wipes what was typed.
func (g *burstGuard) forget() {
	clear(g.held[:])
	clear(g.text[:])
	g.n, g.length, g.presses, g.position = 0, 0, 0, 0
}

// wait asks to be called when the run may be over.
func (g *burstGuard) wait() {
	if g.waiting {
		return
	}
	g.waiting = true
	g.after(g.pause(), g.look)
}

func (g *burstGuard) pause() time.Duration {
	if g.burst {
		return burstEnds
	}
	return burstGap
}

// look decides once there was a pause. When it comes late the desk was busy drawing, and keys may wait to be
// seen: then it looks once more.
func (g *burstGuard) look() {
	g.waiting = false
	since := g.now().Sub(g.last)
	switch {
	case since < g.pause():
		g.waiting = true
		g.after(g.pause()-since, g.look)
		return
	case since > 2*g.pause() && !g.late:
		g.late = true
		g.wait()
		return
	}
	if g.burst {
		g.end()
	} else {
		g.release()
	}
}

// end delivers a burst to the page in which it began, if that wants a zone.
func (g *burstGuard) end() {
	g.burst = false
	g.quiet = g.last.Add(burstTail)
	if g.keys.focused() != g.focused && g.where == g.place() {
		if g.focused == nil {
			g.keys.canvas.Unfocus()
		} else {
			g.keys.canvas.Focus(g.focused)
		}
	}
	text := string(g.text[:g.length])
	g.forget()
	if g.zone && g.takes() {
		g.swiped(text)
	}
}
