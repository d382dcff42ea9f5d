package model_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"balcao/kiosk"
)

// What the rules of a new centre are (kioskctl db settings), as far as the model needs them.
const (
	codeTries, codeSends = 3, 4
	codeWindow           = 15 * time.Minute
	visitLife            = 2 * time.Hour
	shiftLife            = 8 * time.Hour

	activationTries, activationSends = 5, 3
	pendingLife                      = 90 * 24 * time.Hour

	pinTries, signInCodeTries = 3, 3
	signInLife                = 15 * time.Minute
	notMeLife                 = 72 * time.Hour
	wordTries                 = 3
	storedLife                = 10 * time.Minute
	graceDays                 = 30
)

var (
	codeLife       = map[kiosk.Channel]time.Duration{kiosk.SMS: 5 * time.Minute, kiosk.Email: 15 * time.Minute}
	activationLife = map[kiosk.Channel]time.Duration{kiosk.SMS: 10 * time.Minute, kiosk.Email: 24 * time.Hour, kiosk.Letter: 21 * 24 * time.Hour}
	lockLife       = []time.Duration{5 * time.Minute, 30 * time.Minute, 24 * time.Hour}
	expiryDays     = []int{1, 7, 30}
)

// cause is why a key changes: from which states, to which ("" for the same), what the holder is told, whether a registrar signs
// a new record, and whether visits under way stay good.
type cause struct {
	from, to, told  string
	records, passes bool
}

var causes = map[string]cause{
	"activate":   {"pending", "active", "notice_activated", true, false},
	"phone":      {"active locked blocked", "", "notice_phone", true, false},
	"email":      {"active locked blocked", "", "notice_email", true, false},
	"renew":      {"active locked blocked", "", "notice_renewed", true, false},
	"pin":        {"active locked blocked", "active", "notice_pin", true, false},
	"unblock":    {"locked blocked", "active", "notice_unblocked", true, false},
	"reactivate": {"suspended", "active", "notice_reactivated", true, false},
	"suspend":    {"active locked blocked", "suspended", "notice_suspended", false, false},
	"word":       {"active locked blocked", "suspended", "notice_suspended", false, false},
	"not_me":     {"active locked blocked", "suspended", "notice_suspended", false, false},
	"cancel":     {"pending active suspended locked blocked", "cancelled", "notice_cancelled", false, false},
	"expire":     {"pending active suspended locked blocked", "expired", "", false, false},
	"lock":       {"active locked", "locked", "locked", false, true},
	"lock_ended": {"locked", "active", "", false, true},
	"block":      {"active locked", "blocked", "blocked", false, true},
	"rehash":     {"active", "active", "", true, true},
}

// errand is what a visit is for: in which states of a key, and what it needs.
type errand struct {
	from                 string
	contact              kiosk.Channel // that is proven; any
	pin, code, try, none bool          // none: it changes nothing
	reasons              []string
}

const anyContact kiosk.Channel = "any"

var errands = map[string]errand{
	"enrol":      {contact: anyContact, pin: true},
	"activate":   {from: "pending", contact: anyContact, code: true},
	"phone":      {from: "active locked blocked", contact: kiosk.SMS},
	"email":      {from: "active locked blocked", contact: kiosk.Email},
	"pin":        {from: "active locked blocked", pin: true},
	"unblock":    {from: "locked blocked"},
	"reactivate": {from: "suspended", reasons: []string{"request", "recovered"}},
	"suspend":    {from: "active locked blocked", reasons: []string{"request", "phone_lost", "pin_known", "document_lost", "misuse"}},
	"cancel":     {from: "pending active suspended locked blocked", reasons: []string{"request", "unused", "misuse"}},
	"renew":      {from: "active locked blocked", try: true},
	"try":        {from: "active locked blocked", try: true, none: true},
	"stored":     {from: "pending active suspended locked blocked", none: true},
}

// holder is somebody who comes to desks.
type holder struct {
	name, country, civil, document, nif string // civil is empty of whoever has a travel document
	birth                               kiosk.Date
}

func (h *holder) travels() bool { return h.civil == "" }

// activation is a code that activates a key.
type activation struct {
	channel kiosk.Channel
	value   string
	code    string
	made    time.Time
	until   time.Time // zero of a letter that was not printed
	wrong   int
}

// contact is where a message goes.
type contact struct {
	channel kiosk.Channel
	value   string
}

// key is a key as it ought to be.
type key struct {
	register         int64
	of               *holder
	document         string // the number of a travel document, by which it is found
	state, pin       string
	version, changes int // changes: that end visits under way
	events, notices  int
	contacts         map[kiosk.Channel]string
	replaced         map[contact]time.Time // contacts that others took the place of, and when it was told there
	until            time.Time             // last day, UTC
	nif              string                // that a card proved
	cost             int                   // passes of the PIN's hash

	pinWrong, locks, codeWrong int
	lockedUntil                time.Time
	codes                      map[kiosk.Channel][]time.Time // to sign in with, sent
	activation                 *activation
	activated                  []time.Time // codes made
	lastLife                   time.Time   // of activation codes
	guesses                    []time.Time // wrong answers at somebody's word
	told                       map[time.Time]int
}

func (k *key) living() bool { return k.state != "cancelled" && k.state != "expired" }

// try is somebody who signs in.
type try struct {
	key   *key
	state string // no, code, signed_in, over
	made  time.Time
	code  *sent
}

// sent is a one-time code that was sent.
type sent struct {
	visit   *visit
	desk    string
	channel kiosk.Channel
	value   string
	code    string
	at      time.Time
	until   time.Time
	wrong   int
	used    bool
}

// notMe is a code by which a holder freezes their key.
type notMe struct {
	key  *key
	code string
	made time.Time
	used bool
}

// model is the centre as it ought to be.
type model struct {
	now      func() time.Time
	keys     []*key
	sent     []*sent
	tries    []*try
	notMe    []*notMe
	cost     int         // passes of a new hash
	expected []string    // messages of this step
	edges    []time.Time // at which something ends
}

func words(s string) []string { return strings.Fields(s) }

// ends notes a moment at which something ends, and returns it.
func (m *model) ends(after time.Duration) time.Time {
	t := m.now().Add(after)
	m.edges = append(m.edges, t)
	return t
}

func (m *model) today() time.Time { return m.now().UTC().Truncate(24 * time.Hour) }

// tell expects a message.
func (m *model) tell(channel kiosk.Channel, to, occasion string, register int64) {
	m.expected = append(m.expected, fmt.Sprintf("%s %s %s %d", channel, to, occasion, register))
}

// tellAll expects a message about a key on each of its contacts but those that were just proven; of what somebody did, also
// on those that were replaced a short time ago.
func (m *model) tellAll(k *key, why, occasion string, proven map[kiosk.Channel]string) {
	to := map[contact]bool{}
	for channel, value := range k.contacts {
		to[contact{channel, value}] = true
	}
	for c, at := range k.replaced {
		if why != "" && !causes[why].passes && at.After(m.now().Add(-notMeLife)) {
			to[c] = true
		}
	}
	for c := range to {
		if proven[c.channel] == c.value {
			continue
		}
		m.tell(c.channel, c.value, occasion, k.register)
		k.notices++
		if c.channel == errands[why].contact {
			k.replaced[c] = m.now()
			m.ends(notMeLife)
		}
	}
}

// change changes a key and tells its holder, if its state allows that.
func (m *model) change(k *key, why string, proven map[kiosk.Channel]string) bool {
	c := causes[why]
	if !slices.Contains(words(c.from), k.state) {
		return false
	}
	if c.to != "" {
		k.state = c.to
	}
	k.events++
	if c.records {
		k.version++
	}
	if !c.passes {
		k.changes++
	}
	if c.told != "" {
		m.tellAll(k, why, c.told, proven)
	}
	if !k.living() {
		k.activation = nil
	}
	switch why {
	case "activate", "pin", "unblock", "reactivate": // the desk proved the holder: all tries are back
		k.pinWrong, k.locks, k.codeWrong, k.lockedUntil = 0, 0, 0, time.Time{}
		m.endTries(k)
	case "phone", "email": // a code may be on its way to a contact that is another's by now
		m.endTries(k)
	}
	return true
}

// endTries ends the sign-ins to a key that wait for a code.
func (m *model) endTries(k *key) {
	for _, t := range m.tries {
		if t.key == k && t.state == "code" {
			t.state = "over"
		}
	}
}

// find is the living key of a document's holder.
func (m *model) find(h *holder, document string) *key {
	for _, k := range m.keys {
		if k.living() && !k.until.Before(m.today()) && (h.travels() && k.document == document || !h.travels() && k.of == h) {
			return k
		}
	}
	return nil
}

// taken reports whether a contact is a living key's other than this.
func (m *model) taken(channel kiosk.Channel, value string, but *key) bool {
	return slices.ContainsFunc(m.keys, func(k *key) bool { return k != but && k.living() && k.contacts[channel] == value })
}

// refused is why an errand does not begin with a key.
func (m *model) refused(name string, k *key) string {
	switch e := errands[name]; {
	case name == "enrol" && k != nil:
		return "already_active"
	case name == "enrol":
	case k == nil:
		return "no_key"
	case !slices.Contains(words(e.from), k.state):
		return "wrong_state"
	}
	return ""
}

// outcome is what a visit that was bound comes to: "" when it is done.
func (m *model) outcome(v *visit) string {
	switch {
	case v.key != nil && v.key.of != v.of:
		return "key_mismatch"
	case v.errand == "enrol" && m.find(v.of, v.document) != nil:
		return "already_active"
	case v.errand != "enrol" && (m.refused(v.errand, v.key) != "" || v.key.changes != v.changes):
		return "key_changed"
	}
	for channel, value := range v.proven {
		if m.taken(channel, value, v.key) {
			return "contact_taken"
		}
	}
	if v.errand == "enrol" && !v.of.travels() && slices.ContainsFunc(m.keys, func(k *key) bool { return k.living() && k.nif == v.of.nif }) {
		return "already_active"
	}
	return ""
}

// apply does what a visit is for.
func (m *model) apply(v *visit, register int64) {
	k := v.key
	switch v.errand {
	case "enrol":
		k = &key{register: register, of: v.of, document: v.document, state: "active", version: 1, events: 1, until: v.until, cost: m.cost,
			contacts: map[kiosk.Channel]string{}, replaced: map[contact]time.Time{}, codes: map[kiosk.Channel][]time.Time{}, told: map[time.Time]int{}}
		if !v.of.travels() {
			k.nif = v.of.nif
		}
		if v.later != nil && len(v.proven) == 0 {
			k.state = "pending"
			m.activate(k, v.later)
		}
		m.keys = append(m.keys, k)
	case "stored":
		return
	default:
		m.change(k, v.errand, v.proven)
	}
	if errands[v.errand].pin {
		k.pin, k.cost = v.pin, m.cost
	}
	if v.errand == "renew" {
		k.until, k.document = v.until, v.document
	}
	if v.errand == "activate" {
		k.activation = nil
	}
	if e := errands[v.errand]; e.contact != "" {
		maps.Copy(k.contacts, v.proven)
	}
	if v.errand == "enrol" || v.errand == "activate" {
		for channel, value := range k.contacts {
			m.tell(channel, value, "welcome", k.register)
		}
	}
}

// activate has a new activation code of a key in place of the one before.
func (m *model) activate(k *key, a *activation) {
	a.made = m.now()
	k.activation, k.activated = a, append(k.activated, a.made)
	m.ends(24 * time.Hour)
	k.lastLife = later(k.lastLife, a.made)
	if a.channel != kiosk.Letter {
		a.until = m.ends(activationLife[a.channel])
		k.lastLife = later(k.lastLife, a.until)
		m.tell(a.channel, a.value, "activation", k.register)
	}
	m.edges = append(m.edges, k.lastLife.Add(pendingLife))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// within counts the moments that are not longer ago than that.
func (m *model) within(list []time.Time, d time.Duration) (n int) {
	for _, t := range list {
		if t.After(m.now().Add(-d)) {
			n++
		}
	}
	return n
}

// maySignIn reports whether a key opens anything for who proves the rest.
func (m *model) maySignIn(k *key) bool {
	return (k.state == "active" || k.state == "locked") && k.lockedUntil.IsZero() && !k.until.Before(m.today())
}

// typePIN is what becomes of a PIN that is typed, for a key or for nobody's.
func (m *model) typePIN(k *key, pin string) *try {
	t := &try{key: k, state: "no", made: m.now()}
	m.ends(signInLife)
	m.tries = append(m.tries, t)
	if k == nil || !k.lockedUntil.IsZero() {
		return t
	}
	k.pinWrong++
	switch {
	case pin == k.pin && m.maySignIn(k):
		t.state, k.pinWrong = "code", 0
		if k.cost != m.cost && m.change(k, "rehash", nil) {
			k.cost = m.cost
		}
	case k.pinWrong >= pinTries:
		k.locks++
		k.lockedUntil = m.ends(lockLife[min(k.locks, len(lockLife))-1])
		m.change(k, "lock", nil)
	}
	return t
}

// pass is what time does by itself, once a registrar has looked.
func (m *model) pass(lisbon *time.Location) {
	local := m.now().In(lisbon)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	for _, k := range m.keys {
		if k.living() && k.until.Before(m.today()) || k.state == "pending" && m.now().After(k.lastLife.Add(pendingLife)) {
			m.change(k, "expire", nil)
		}
		if !k.lockedUntil.IsZero() && !m.now().Before(k.lockedUntil) {
			k.lockedUntil, k.pinWrong = time.Time{}, 0
			m.change(k, "lock_ended", nil)
		}
		left := int(k.until.Sub(day).Hours() / 24)
		for _, days := range expiryDays {
			if k.living() && k.state != "pending" && 0 <= left && left <= days {
				if told, ok := k.told[k.until]; !ok || told > days {
					k.told[k.until] = days
					m.tellAll(k, "", "expiry", nil)
				}
				break
			}
		}
	}
	m.edges = slices.DeleteFunc(m.edges, func(t time.Time) bool { return t.Before(m.now().Add(-time.Minute)) })
}
