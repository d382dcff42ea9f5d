package model_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/seal"
)

// visit is somebody at a desk.
type visit struct {
	id       uuid.UUID
	desk     *desk
	of       *holder
	document string // that they show
	errand   string
	key      *key
	changes  int // of the key, when it was opened
	ends     time.Time
	until    time.Time // what they came for makes the key valid until then
	pin      string

	proven map[kiosk.Channel]string
	wrong  map[kiosk.Channel]int
	code   map[kiosk.Channel]*sent // the newest
	later  *activation             // in place of a contact
	given  *activation             // whose code was right
	try    *try
	tryID  uuid.UUID
	signed *key
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// populate makes people, some with a card and some with a passport; two cards say the same NIF.
func (r *run) populate() {
	nif := 200000000
	for i := range 10 {
		for nif++; !kiosk.CheckTaxNumber(fmt.Sprint(nif)); nif++ {
		}
		h := &holder{name: fmt.Sprintf("p%d", i), country: "PRT", civil: fmt.Sprintf("9900000%d", i), nif: fmt.Sprint(nif), birth: kiosk.Date{Year: 1960 + i, Month: 2, Day: 1 + i}}
		switch {
		case i == 5:
			h.nif = r.holders[4].nif
		case i > 6:
			h.country, h.civil, h.document = "BRA", "", fmt.Sprintf("FZ90%d", i)
		}
		r.holders = append(r.holders, h)
	}
	r.shared = map[kiosk.Channel][]string{kiosk.SMS: {"+351910000901", "+351910000902"}, kiosk.Email: {"casa@example.pt"}}
}

// contact is one that somebody says is theirs.
func (r *run) contact(h *holder, channel kiosk.Channel) string {
	if r.one(5) {
		return pick(r, r.shared[channel])
	}
	if n := r.rand.IntN(3); channel == kiosk.SMS {
		return fmt.Sprintf("+35191000%s%02d", h.name[1:], n) + "0"
	} else {
		return fmt.Sprintf("%s.%d@example.pt", h.name, n)
	}
}

// one happens once in so many times.
func (r *run) one(in int) bool { return r.rand.IntN(in) == 0 }

func pick[T any](r *run, list []T) T { return list[r.rand.IntN(len(list))] }

// is compares what the centre says with what the model does.
func is[T comparable](r *run, what string, got, want T) {
	r.t.Helper()
	if got != want {
		r.fail("%s: the centre says %v, the model %v", what, got, want)
	}
}

var pins = []string{"482913", "739164", "850273", "619305"}

// step does one thing at random.
func (r *run) step() {
	switch {
	case r.one(16):
		r.move(pick(r, []time.Duration{40, 40, 120, 120, 400, 400, 1000, 1000, 2000, 2000, 4000, 3 * 3600, 30 * 3600, 30 * 3600, 5 * 86400, 12 * 86400, 30 * 86400}) * time.Second)
	case r.closeEdge():
		r.move(45 * time.Second)
	case r.one(60):
		r.note("the door opens again")
		r.Door.Stop()
		r.Door.Start(r.ctx, r.t)
	case r.one(60):
		r.cost = 3 - r.cost
		r.note("a PIN's hash takes %d passes", r.cost)
		r.exec(`update centre.setting set value = to_jsonb($1::int) where name = 'pin_hash_passes'`, r.cost)
	case r.one(25):
		pick(r, r.machines).KillAfter(r.rand.IntN(30))
	}
	d := pick(r, r.desks)
	r.signIn(d)
	switch n := r.rand.IntN(20); {
	case d.visit != nil && n == 0:
		r.note("%s: %s leaves", d.name, d.visit.of.name)
		r.check(d.centre.Abandon(r.ctx, d.visit.id, "cancelled"))
		d.visit = nil
	case d.visit != nil:
		r.goOn(d.visit)
	case n < 2:
		r.sayNotMe(d)
	case n < 5:
		r.word(d)
	case n < 6:
		r.print()
	default:
		r.open(d)
	}
	r.settled()
	r.round()
	r.settled()
	r.compare()
}

// signIn has a clerk at a desk whose shift is over, or soon.
func (r *run) signIn(d *desk) {
	if now().Before(d.until.Add(-time.Minute)) {
		return
	}
	s, err := kiosktest.SignIn(r.ctx, d.centre, d.card)
	r.check(err)
	d.shift, d.until = s.ID, now().Add(shiftLife)
}

// open begins a visit: mostly for something that is offered.
func (r *run) open(d *desk) {
	h := pick(r, r.holders)
	k := r.find(h, h.document)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(errands)) {
		if r.refused(name, k) == "" || r.one(8) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	v := &visit{id: newID(), desk: d, of: h, document: h.document, errand: pick(r, names), ends: r.ends(visitLife), pin: pick(r, pins),
		proven: map[kiosk.Channel]string{}, wrong: map[kiosk.Channel]int{}, code: map[kiosk.Channel]*sent{},
		until: r.today().AddDate(0, 0, pick(r, []int{5, 20, 60, 200, 700}))}
	if h.travels() && (v.errand == "renew" && r.one(2) || k == nil && r.one(2)) {
		v.document = fmt.Sprintf("FZ%06d", r.rand.IntN(1e6))
		k = r.find(h, v.document)
	}
	want := r.refused(v.errand, k)
	if want == "no_key" && errands[v.errand].try && h.travels() {
		want = "" // whoever signs in says which key it is
	}
	r.note("%s: %s comes for %s (%s)", d.name, h.name, v.errand, want)
	p := central.Person{Shift: d.shift, Document: kiosk.CitizenCard, Country: h.country, CivilNumber: h.civil, Errand: v.errand}
	if h.travels() {
		p.Document, p.DocumentNumber = kiosk.Passport, v.document
		if v.errand == "enrol" {
			p.TaxNumber = h.nif
		}
	}
	opened, err := d.centre.Open(r.ctx, v.id, p)
	r.check(err)
	is(r, "opening", string(opened.Refusal), want)
	if want != "" {
		return
	}
	if k != nil && v.errand != "enrol" {
		v.key, v.changes = k, k.changes
		is(r, "the key that is shown", opened.Key.Register, k.register)
		is(r, "its state", string(opened.Key.State), k.state)
		is(r, "its events", len(opened.Key.Timeline), min(k.events, 50))
	}
	d.visit = v
}

// goOn does the next thing of a visit.
func (r *run) goOn(v *visit) {
	e := errands[v.errand]
	contact := e.contact
	if contact == anyContact {
		contact = pick(r, []kiosk.Channel{kiosk.SMS, kiosk.SMS, kiosk.Email})
	}
	proven := contact == "" || v.proven[contact] != "" || e.contact == anyContact && len(v.proven) > 0
	switch {
	case e.code && v.given == nil:
		r.giveActivation(v)
	case e.try && (v.signed == nil || v.errand == "try"):
		r.signInStep(v)
	case proven && !r.one(6), v.later != nil && !r.one(4):
		r.bind(v)
	case contact == "":
		r.bind(v)
	case v.errand == "enrol" && len(v.proven) == 0 && r.one(5):
		r.codeLater(v)
	case v.code[contact] == nil || v.code[contact].used || r.one(5):
		r.sendCode(v, contact)
	default:
		r.confirm(v, contact)
	}
}

// use is what was done with a contact within the window: here, and elsewhere.
func (r *run) use(d *desk, channel kiosk.Channel, value string) (sends, wrong, others int, last time.Time) {
	for _, s := range r.sent {
		switch {
		case s.channel != channel || s.value != value || !s.at.After(now().Add(-codeWindow)):
		case s.desk == d.name:
			sends, wrong, last = sends+1, wrong+s.wrong, later(last, s.at)
		default:
			others += 1 + s.wrong
		}
	}
	return sends, wrong, others, last
}

func (r *run) sendCode(v *visit, channel kiosk.Channel) {
	value := r.contact(v.of, channel)
	if c := v.code[channel]; c != nil && !r.one(3) {
		value = c.value
	}
	sends, wrong, others, last := r.use(v.desk, channel, value)
	mine := 0
	for _, s := range r.sent {
		if s.visit == v && s.channel == channel && s.at.After(now().Add(-codeWindow)) {
			mine++
		}
	}
	tries := max(codeTries-max(wrong, v.wrong[channel]), 0)
	left := max(codeSends-max(sends, mine), 0)
	pause := min(30*time.Second*time.Duration(1+others), 2*time.Minute)
	want := ""
	switch {
	case tries == 0:
		want = "code_locked"
	case left == 0:
		want = "resends_used"
	case now().Before(last.Add(pause)):
		want = "too_soon"
	default:
		left--
	}
	r.note("%s: a code to %s (%s)", v.desk.name, value, want)
	sent1, err := v.desk.centre.SendCode(r.ctx, v.id, central.CodeRequest{ID: newID(), Channel: channel, Value: value, Language: kiosk.Portuguese})
	r.check(err)
	is(r, "asking for a code", string(sent1.Refusal), want)
	is(r, "codes left", sent1.SendsLeft, left)
	is(r, "tries left", sent1.TriesLeft, tries)
	if want == "" {
		s := &sent{visit: v, desk: v.desk.name, channel: channel, value: value, at: now(), until: r.ends(codeLife[channel])}
		r.ends(codeWindow)
		for n := range 4 {
			r.ends(time.Duration(n+1) * 30 * time.Second)
		}
		r.sent, v.code[channel] = append(r.sent, s), s
		r.tell(channel, value, "code", 0)
		r.awaits = func(code string) { s.code = code }
	}
}

// typed is a code, right or wrong.
func (r *run) typed(code string) (string, bool) {
	if !r.one(4) {
		return code, true
	}
	other := byte('2')
	if code[0] == other {
		other = '3'
	}
	return string(other) + code[1:], false
}

func (r *run) confirm(v *visit, channel kiosk.Channel) {
	c := v.code[channel]
	code, right := r.typed(c.code)
	_, wrong, _, _ := r.use(v.desk, channel, c.value)
	left, want := max(codeTries-max(wrong, v.wrong[channel]), 0), ""
	switch {
	case left == 0:
		want = "code_locked"
	case c.used || !now().Before(c.until):
		want = "code_expired"
	case !right:
		c.wrong++
		v.wrong[channel]++
		if left--; left > 0 {
			want = "code_wrong"
		} else {
			want = "code_locked"
		}
	case r.taken(channel, c.value, v.key):
		c.used, want = true, "taken"
	default:
		c.used, v.proven[channel], v.later = true, c.value, nil
	}
	r.note("%s: the code of %s, right %v (%s)", v.desk.name, c.value, right, want)
	answer, err := v.desk.centre.ConfirmCode(r.ctx, v.id, central.Attempt{ID: newID(), Channel: channel, Code: []byte(code)})
	r.check(err)
	is(r, "a code", string(answer.Refusal), want)
	is(r, "tries left", answer.TriesLeft, left)
}

// newActivation is where a code may go.
func (r *run) newActivation(v *visit) (*activation, central.ActivationRequest) {
	a := &activation{channel: pick(r, []kiosk.Channel{kiosk.SMS, kiosk.Email, kiosk.Letter})}
	q := central.ActivationRequest{ID: newID(), Channel: a.channel, Language: kiosk.Portuguese}
	if a.channel == kiosk.Letter {
		q.Address = kiosk.PostalAddress{Name: v.of.name, Lines: []string{"Rua da Prata 1"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}
	} else {
		a.value = r.contact(v.of, a.channel)
		q.Value = a.value
	}
	return a, q
}

func (r *run) codeLater(v *visit) {
	a, q := r.newActivation(v)
	r.note("%s: activated later by %s", v.desk.name, a.channel)
	answer, err := v.desk.centre.SetActivation(r.ctx, v.id, q)
	r.check(err)
	is(r, "activating later", string(answer.Refusal), "")
	v.later = a
}

func (r *run) giveActivation(v *visit) {
	k := v.key
	a := k.activation
	if a == nil || a.code == "" || r.one(5) {
		b, q := r.newActivation(v)
		want := ""
		switch {
		case k.state != "pending":
			want = "wrong_state"
		case r.within(k.activated, 24*time.Hour) >= activationSends:
			want = "resends_used"
		}
		r.note("%s: another activation code of %d by %s (%s)", v.desk.name, k.register, b.channel, want)
		answer, err := v.desk.centre.ResendActivation(r.ctx, v.id, q)
		r.check(err)
		is(r, "another activation code", string(answer.Refusal), want)
		if want == "" {
			v.given = nil
			r.activate(k, b)
			r.awaits = func(code string) { b.code = code }
		}
		return
	}
	code, right := r.typed(a.code)
	left, want := activationTries-a.wrong, ""
	switch {
	case !a.until.IsZero() && !now().Before(a.until):
		want = "code_expired"
	case left == 0:
		want = "code_locked"
	case !right:
		a.wrong++
		if left--; left > 0 {
			want = "code_wrong"
		} else {
			want = "code_locked"
		}
	case a.channel != kiosk.Letter && r.taken(a.channel, a.value, k):
		want = "taken"
	default:
		v.given = a
		if a.channel != kiosk.Letter {
			v.proven[a.channel] = a.value
		}
	}
	r.note("%s: the activation code of %d, right %v (%s)", v.desk.name, k.register, right, want)
	answer, err := v.desk.centre.ConfirmActivation(r.ctx, v.id, central.ActivationAttempt{ID: newID(), Code: []byte(strings.ToLower(code))})
	r.check(err)
	is(r, "an activation code", string(answer.Refusal), want)
	is(r, "tries left", answer.TriesLeft, left)
}

// print prints the letters that wait.
func (r *run) print() {
	for _, k := range r.keys {
		a := k.activation
		if a == nil || k.state != "pending" || a.channel != kiosk.Letter || !a.until.IsZero() {
			continue
		}
		r.note("the letter of %d is printed", k.register)
		for i := range 2 {
			var printed bool
			r.check(r.Admin.QueryRow(r.ctx, `select count(registrar.letter_printed(letter)) = 1 from registrar.letters() where register = $1`, k.register).Scan(&printed))
			is(r, "a letter is printed", printed, i == 0)
		}
		a.until = r.ends(activationLife[kiosk.Letter])
		k.lastLife = later(k.lastLife, a.until)
		r.edges = append(r.edges, k.lastLife.Add(pendingLife))
	}
}

// bind hands a visit over to the registrars and waits for what they say.
func (r *run) bind(v *visit) {
	d := v.desk
	if v.key == nil && v.signed != nil {
		v.key, v.changes = v.signed, v.signed.changes
	}
	id := kiosk.Identity{
		Kind: kiosk.CitizenCard, Country: v.of.country, CivilNumber: v.of.civil, DocumentNumber: v.of.civil + " 7 ZZ1", Surname: "Inventado", GivenNames: v.of.name,
		Sex: "M", Nationality: v.of.country, TaxNumber: v.of.nif, BirthDate: v.of.birth,
	}
	if v.of.travels() {
		id.Kind, id.DocumentNumber = kiosk.Passport, v.document
	}
	last := v.until
	if v.of.country == "PRT" {
		last = last.AddDate(0, 0, -graceDays)
	}
	s := said{Identity: id, Until: kiosk.Date{Year: last.Year(), Month: last.Month(), Day: last.Day()}}
	if reasons := errands[v.errand].reasons; len(reasons) > 0 {
		s.Reason = pick(r, reasons)
	}
	var sealed []byte
	var err error
	if errands[v.errand].pin {
		sealed, err = seal.PIN(r.Identity.Recipient(), v.id, []byte(v.pin))
		r.check(err)
	}
	handed, err := evidenceOf(s, sealed)
	r.check(err)
	if errands[v.errand].code && v.given != v.key.activation {
		r.note("%s: %s is bound with a code that is worth nothing any more", d.name, v.of.name)
		_, err = d.centre.Bind(r.ctx, v.id, handed, false)
		refused, _ := errors.AsType[*central.Refused](err)
		is(r, "it is refused", refused != nil && refused.Code == central.RefusedUnproven, true)
		v.given = nil
		return
	}
	d.visit = nil
	want := r.outcome(v)
	r.note("%s: %s is bound for %s (%s)", d.name, v.of.name, v.errand, want)
	_, err = d.centre.Bind(r.ctx, v.id, handed, false)
	r.check(err)
	r.settled()
	status, err := d.centre.Status(r.ctx, v.id)
	r.check(err)
	is(r, "judging", status.Refusal, want)
	if want != "" {
		is(r, "its state", status.State, central.StateRefused)
		return
	}
	is(r, "its state", status.State, central.StateActive)
	if v.errand == "stored" {
		stored, err := d.centre.Stored(r.ctx, v.id)
		r.check(err)
		for _, value := range v.key.contacts {
			is(r, "what is stored names "+value, strings.Contains(string(stored.Stored), value), true)
		}
	}
	r.apply(v, status.Register)
	k := v.key
	if v.errand == "enrol" {
		k = r.keys[len(r.keys)-1]
		is(r, "a number of its own", slices.ContainsFunc(r.keys[:len(r.keys)-1], func(o *key) bool { return o.register == k.register }), false)
		if k.activation != nil {
			r.awaits = func(code string) { k.activation.code = code }
		}
	}
	v.of.document = k.document
}

// signInStep does the next thing of somebody who signs in at a desk.
func (r *run) signInStep(v *visit) {
	t := v.try
	switch {
	case t == nil || t.state != "code" || r.one(10):
		r.typePINAt(v)
	case t.code == nil || r.one(5):
		r.sendSignInCode(v)
	default:
		r.confirmSignIn(v)
	}
}

func (r *run) typePINAt(v *visit) {
	by, channel := kiosk.ByPhone, kiosk.SMS
	if v.key != nil && v.key.contacts[channel] == "" {
		by, channel = kiosk.ByEmail, kiosk.Email
	}
	said, value := "", ""
	if v.key == nil { // a new document: they say whose key it is
		said = r.contact(v.of, channel)
		value = said
	} else {
		value = v.key.contacts[channel]
	}
	var k *key // of whom that is: another's, or nobody's, since the visit began
	for _, o := range r.keys {
		if o.living() && o.contacts[channel] == value {
			k = o
		}
	}
	pin := pick(r, pins)
	if k != nil && !r.one(3) {
		pin = k.pin
	}
	sealed, err := seal.PIN(r.Identity.Recipient(), v.id, []byte(pin))
	r.check(err)
	v.tryID, v.try = newID(), r.typePIN(k, pin)
	r.note("%s: the PIN of %s, right %v (%s)", v.desk.name, v.of.name, k != nil && pin == k.pin, v.try.state)
	_, err = v.desk.centre.Try(r.ctx, v.id, v.tryID, central.Try{By: by, Value: said, SealedPIN: sealed})
	r.check(err)
	r.settled()
	status, err := v.desk.centre.TryStatus(r.ctx, v.id, v.tryID)
	r.check(err)
	is(r, "a PIN", string(status.State), v.try.state)
}

func (r *run) sendSignInCode(v *visit) {
	k, t := v.try.key, v.try
	channel := pick(r, []kiosk.Channel{kiosk.SMS, kiosk.SMS, kiosk.Email})
	sends := k.codes[channel]
	left, tries := max(codeSends-r.within(sends, codeWindow), 0), max(signInCodeTries-k.codeWrong, 0)
	want := ""
	switch {
	case tries == 0 || k.state == "blocked":
		want = "over"
	case !now().Before(t.made.Add(signInLife)) || !r.maySignIn(k):
		want = "ended"
	case k.contacts[channel] == "":
		want = "no_contact"
	case left == 0:
		want = "resends_used"
	case len(sends) > 0 && now().Before(sends[len(sends)-1].Add(30*time.Second)):
		want = "too_soon"
	default:
		left--
	}
	r.note("%s: a code to sign in to %d with by %s (%s)", v.desk.name, k.register, channel, want)
	answer, err := v.desk.centre.SendTryCode(r.ctx, v.id, v.tryID, central.TryCodeRequest{ID: newID(), Channel: channel, Language: kiosk.Portuguese})
	r.check(err)
	is(r, "asking for a code to sign in with", string(answer.Refusal), want)
	is(r, "tries left", answer.TriesLeft, tries)
	is(r, "codes left", answer.SendsLeft, left)
	if want != "" {
		if want == "over" || want == "ended" {
			v.desk.visit = nil // they give up
			r.check(v.desk.centre.Abandon(r.ctx, v.id, "cancelled"))
		}
		return
	}
	c := &sent{at: now(), until: r.ends(codeLife[channel]), channel: channel, value: k.contacts[channel]}
	if last := t.made.Add(signInLife); c.until.After(last) {
		c.until = last
	}
	r.ends(codeWindow)
	r.ends(30 * time.Second)
	t.code, k.codes[channel] = c, append(sends, c.at)
	r.tell(channel, c.value, "code", 0)
	r.awaits = func(code string) { c.code = code }
}

func (r *run) confirmSignIn(v *visit) {
	k, t := v.try.key, v.try
	code, right := r.typed(t.code.code)
	left, want := max(signInCodeTries-k.codeWrong, 0), ""
	switch {
	case left == 0 || k.state == "blocked":
		want = "over"
	case !now().Before(t.made.Add(signInLife)) || !r.maySignIn(k):
		want = "ended"
	case t.code.used || !now().Before(t.code.until):
		want = "code_expired"
	case !right:
		k.codeWrong++
		if left--; left > 0 {
			want = "code_wrong"
		} else {
			want, t.state = "over", "over"
			r.change(k, "block", nil)
		}
	default:
		t.code.used, t.state, k.codeWrong, k.locks = true, "signed_in", 0, 0
		v.signed = k
	}
	r.note("%s: the code to sign in to %d with, right %v (%s)", v.desk.name, k.register, right, want)
	answer, err := v.desk.centre.ConfirmTryCode(r.ctx, v.id, v.tryID, central.TryAttempt{ID: newID(), Code: []byte(code)})
	r.check(err)
	is(r, "a code to sign in with", string(answer.Refusal), want)
	is(r, "tries left", answer.TriesLeft, left)
	switch want {
	case "":
		is(r, "signed in", answer.Register, k.register)
		if v.errand == "try" {
			v.desk.visit = nil
			r.check(v.desk.centre.Abandon(r.ctx, v.id, ""))
		}
	case "code_expired":
		t.code = nil
	}
}

// sayNotMe gives a code from a notice, or one that nobody sent.
func (r *run) sayNotMe(d *desk) {
	code, want := "22222-22222", "code_wrong"
	var n *notMe
	if len(r.notMe) > 0 && !r.one(6) {
		n = r.notMe[len(r.notMe)-1-r.rand.IntN(min(len(r.notMe), 8))]
		code = n.code
		if !n.used && now().Before(n.made.Add(notMeLife)) {
			want, n.used = "", true
			r.change(n.key, "not_me", nil)
		}
	}
	r.note("%s: that was not me (%s)", d.name, want)
	got, err := d.centre.NotMe(r.ctx, d.shift, central.NotMe{ID: newID(), Code: []byte(code)})
	r.check(err)
	is(r, "not me", string(got.Refusal), want)
	if want == "" {
		is(r, "whose", got.Register, n.key.register)
		is(r, "its state", string(got.State), n.key.state)
	}
}

// word looks for a key without a document, and has it suspended at its holder's word.
func (r *run) word(d *desk) {
	if len(r.keys) == 0 {
		return
	}
	k := r.keys[len(r.keys)-1-r.rand.IntN(min(len(r.keys), 8))]
	id := newID()
	found, err := d.centre.Search(r.ctx, d.shift, central.SearchRequest{ID: id, Kind: "register", Value: fmt.Sprint(k.register), Reason: "holder_phone"})
	r.check(err)
	is(r, "keys found", len(found.Keys), 1)
	is(r, "the state that is found", string(found.Keys[0].State), k.state)
	w := central.WordSuspension{Register: k.register, BirthDate: k.of.birth.String(), Number: k.of.nif, Reason: pick(r, errands["suspend"].reasons)}
	right := !r.one(3)
	if !right {
		w.Number = "123456789"
	}
	want := ""
	switch {
	case !slices.Contains(words(causes["word"].from), k.state):
		want = "wrong_state"
	case r.within(k.guesses, time.Hour) >= wordTries:
		want = "code_locked"
	case !right:
		want = "not_confirmed"
		k.guesses = append(k.guesses, now())
		r.ends(time.Hour)
	default:
		r.change(k, "word", nil)
	}
	r.note("%s: %d is to be suspended at its holder's word (%s)", d.name, k.register, want)
	got, err := d.centre.SuspendByWord(r.ctx, d.shift, id, w)
	r.check(err)
	is(r, "at their word", string(got.Refusal), want)
	if want == "" {
		is(r, "its state", string(got.State), k.state)
	}
}

// activationCode is the code on a letter.
func activationCode(r *run, k *key) string {
	code, err := registrar.ActivationCode(bytes.Repeat([]byte{7}, registrar.PepperLength), k.register, len(k.activated))
	r.check(err)
	return string(code)
}
