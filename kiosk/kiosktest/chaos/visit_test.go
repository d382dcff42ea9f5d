package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
	"balcao/kiosk/kiosktest"
	"balcao/mock-pcsc/fixtures"
	"balcao/ui/present"
)

// people are the cards and documents of those who come: of each generation and each way of proving itself.
var people = []string{
	"cc1-rsa2048", "cc2024", "cc1-no-photo", "cc2024-no-photo", "cc1-no-photo", "cc2024-no-photo", "cc1-rsa3072", "cc2024-contactless",
	"passport-bac", "passport-bac-aa-rsa", "passport-pace-gm", "passport-pace-cam", "passport-bac-ca", "residence-permit",
}

// wishes are what people come for who have a key, as far as it is offered.
var wishes = []string{"suspend", "reactivate", "pin", "email", "phone", "stored", "activate", "try", "cancel"}

// person is one of those who come, and what they remember.
type person struct {
	tax     string // number
	pin     string
	contact map[kiosk.Channel]string // of their key
	later   string                   // where the activation code went
}

// person returns whoever has a card.
func (h *house) person(card string) *person {
	if h.persons[card] == nil {
		h.persons[card] = &person{tax: taxNumber(len(h.persons) + 1), contact: map[kiosk.Channel]string{}}
	}
	return h.persons[card]
}

// visit is somebody who comes to the desk, as it was drawn.
type visit struct {
	seed    uint64
	card    string
	entry   fixtures.Entry
	channel kiosk.Channel
	who     *person
	check   bool // only the document is verified
	later   bool // no contact can be proven on the spot
	wish    int  // which of what is offered, once there is a key; 0: nothing
	doubt   bool
	wrong   int // codes that are typed wrong
	pin     string
	retries int // how often the clerk tries again what ended with a problem
	faults  []*fault

	contact  string
	actions  int            // of the clerk and the person so far
	begun    bool           // a case began
	leaving  bool           // they give up
	tried    bool           // what they came for is not to be had
	rounds   int            // without anything new
	commands map[int]*fault // by number of the card's command
	hit      atomic.Int32   // the last command that one of them struck at
}

// draw has the seed say who comes, for what, and what fails.
func (h *house) draw(seed uint64) *visit {
	h.seed, h.rand = seed, rand.New(rand.NewPCG(seed, 0))
	v := &visit{
		seed: seed, card: pick(h, h.cards), channel: pick(h, []kiosk.Channel{kiosk.SMS, kiosk.SMS, kiosk.Email}), check: h.one(16), later: h.one(8), wish: h.rand.IntN(3 * len(wishes)),
		doubt: h.one(24), pin: pick(h, []string{"482913", "739164", "850273"}), retries: h.rand.IntN(4), commands: map[int]*fault{},
	}
	if h.one(4) {
		v.wrong = 1 + h.rand.IntN(3)
	}
	v.entry, v.who = h.entry(v.card), h.person(v.card)
	h.drawFaults(v)
	return v
}

func (h *house) one(in int) bool { return h.rand.IntN(in) == 0 }

func pick[T any](h *house, list []T) T { return list[h.rand.IntN(len(list))] }

func (h *house) entry(card string) fixtures.Entry {
	all := h.fixtures.All()
	i := slices.IndexFunc(all, func(e fixtures.Entry) bool { return e.Name == card })
	return all[i]
}

// situation is what the screens show, without clocks: as long as it stays, nothing has happened.
func situation(s kiosk.State) string {
	problem := ""
	if s.Problem != nil {
		problem = fmt.Sprint(s.Problem.Code, s.Problem.Fatal)
	}
	channel := func(c kiosk.ChannelState) string {
		return fmt.Sprint(c.Value != "", c.Sending, c.Checking, c.SentAt.Unix(), c.TriesLeft, c.Confirmed(), c.Problem, c.Delivery)
	}
	doc, contact := s.Document, s.Contact
	return fmt.Sprint("case ", s.Case, " ", s.Errand.Name, "/", s.Step, " problem [", problem, "] shift [", s.Shift.Phase, s.Shift.Holder.Number, s.Shift.Problem, s.Shift.PINWrong,
		s.Shift.Reader, s.Shift.KeptCase, "] document [", doc.Reading, doc.Complete, doc.CardPresent, doc.Identity != nil, doc.Photo != nil, doc.PhotoAbsent, doc.Access.Asked, doc.Access.Opening, doc.Access.Wrong, doc.PINTries,
		"] contact [", contact.Opening, contact.Awaited, contact.Failed, contact.Settled, " ", channel(contact.Phone), " ", channel(contact.Email), "] eligible ", s.Eligible.Refused,
		" PIN ", s.PIN.Phase, s.PIN.Mismatch, s.PIN.Refused, " review [", s.Review.Phase, s.Review.Disputed, s.Review.PINWrong, s.Review.Waiting, "] key [", s.Key.Phase, s.Key.Choosing, s.Key.Reason, s.Key.Problem,
		"] stored ", s.Stored.At.IsZero(), " receipt ", s.Receipt != nil, " left ", s.LeftBehind, s.Away, s.ConfirmCancel, s.Choosing, " readers ", s.Status.Readers, s.Status.Service, s.Status.Centre.Health)
}

// patience is how long nothing may happen on a screen that is waited at, of real time, before time goes by; and how often that
// may come to nothing once nothing fails any more, until the desk hangs.
const (
	patience = 150 * time.Millisecond
	hangs    = 200
)

// serve has the desk serve a visit until it is over.
func (h *house) serve(v *visit) {
	h.t.Helper()
	h.at = v
	h.note("seed %d: %s, wish %d, channel %s, check %v", v.seed, v.card, v.wish, v.channel, v.check)
	h.arm(v)
	was, done := "", false
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		s, news := h.now()
		v.begun = v.begun || s.Case != 0
		if v.begun && s.Case == 0 && !shut(s) && s.Step == kiosk.StepDocument {
			break
		}
		if is := situation(s); is != was {
			was, done, v.rounds = is, false, 0
		}
		if !done {
			if done = h.act(v, s); done {
				v.actions++
				h.strike(v)
				continue // the screens may have changed at once
			}
		}
		timer.Reset(patience)
		select {
		case <-news:
		case <-h.ctx.Done():
			h.fail("the test is to end")
		case <-timer.C:
			v.rounds++
			h.waits(v, s)
			done = false
		}
	}
	h.mend(v)
	h.note("seed %d is over after %d actions", v.seed, v.actions)
	h.visits++
	h.afterVisit()
}

// waits is what happens while nothing does: time goes by, and what failed works again.
func (h *house) waits(v *visit, s kiosk.State) {
	h.t.Helper()
	if h.mendSome(v) {
		v.rounds = 0
	}
	if v.rounds > hangs/2 && !v.leaving {
		h.note("they give up")
		v.leaving = true
	}
	if v.rounds > hangs {
		h.fail("the desk hangs: %s", situation(s))
	}
	if v.rounds%2 == 1 {
		h.pass(5)
	}
}

func shut(s kiosk.State) bool { return s.Shift.Phase != kiosk.ShiftOpen }

func (h *house) send(what string, events ...kiosk.Event) bool {
	h.note("%s", what)
	for _, e := range events {
		h.runner.Send(e)
	}
	return true
}

// put puts a card into a reader, in place of whatever is there.
func (h *house) put(reader int, card string) bool {
	h.t.Helper()
	if h.gone[reader] || h.away["pcscd"] {
		return false
	}
	h.take(reader)
	c, err := h.fixtures.Card(card)
	h.check(err)
	h.note("%s into reader %d", card, reader)
	switch {
	case h.rig == nil:
		h.slots.Insert(reader, c)
	case reader == 1:
		h.rig.put(reader, failing{c, h})
	default:
		h.rig.put(reader, c)
	}
	h.reader[reader] = card
	return true
}

// take empties a reader, and reports whether there was anything in it.
func (h *house) take(reader int) bool {
	if h.reader[reader] == "" {
		return false
	}
	h.note("%s out of reader %d", h.reader[reader], reader)
	if h.rig != nil {
		h.rig.take(reader)
	} else {
		h.slots.Remove(reader)
	}
	h.reader[reader] = ""
	return true
}

// has reports whether a reader holds a card, which a fault may have taken out.
func (h *house) has(reader int, card string) bool {
	h.slots.Lock()
	defer h.slots.Unlock()
	if h.rig == nil && h.slots.Cards[reader] == nil || h.rig != nil && !h.rig.holds(reader) {
		h.reader[reader] = ""
	}
	return h.reader[reader] == card
}

// act does what the clerk or the person would do now, and reports whether there is anything to do.
func (h *house) act(v *visit, s kiosk.State) bool {
	h.t.Helper()
	h.has(1, "")
	switch {
	case shut(s):
		return h.signIn(s)
	case s.ConfirmCancel:
		return h.send("yes, it ends", kiosk.CancelConfirmed{})
	case s.Problem != nil:
		return h.overcome(v, s)
	case v.leaving && s.Case != 0 && s.MayCancel():
		return h.send("they leave", kiosk.Cancel{})
	}
	switch s.Step {
	case kiosk.StepDocument:
		return h.document(v, s)
	case kiosk.StepIdentity:
		switch {
		case mrz.Transliterate(s.Document.Identity.FullName()) != mrz.Transliterate(v.entry.Holder):
			h.take(1)
			return h.send("not theirs", kiosk.OtherDocument{})
		case !s.Document.Complete:
			return false
		case s.Errand.Name == "check":
			return h.send("seen", kiosk.PersonConfirmed{}, kiosk.Cancel{}) // it ends there
		}
		return h.send("it is them", kiosk.PersonConfirmed{})
	case kiosk.StepEligibility:
		return h.send("what they bring", kiosk.EligibilityEntered{Eligibility: kiosk.Eligibility{
			TaxNumber: v.who.tax, Independence: kiosk.Independent,
			Address: kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhorio de ensaio", Issued: kiosk.Date{Year: 2026, Month: 1, Day: 9}},
		}}, kiosk.Continue{})
	case kiosk.StepContact:
		return h.proves(v, s)
	case kiosk.StepPIN:
		if s.PIN.Phase == kiosk.PINFirst || s.PIN.Phase == kiosk.PINRepeat {
			return h.send("a PIN", kiosk.PINTyped{PIN: kiosk.Secret(v.pin)})
		}
		return s.PIN.Phase == kiosk.PINSealed && h.send("go on", kiosk.Continue{})
	case kiosk.StepReview:
		return h.review(v, s)
	case kiosk.StepKey:
		return h.chooses(v, s)
	case kiosk.StepActivation:
		return h.activates(v, s)
	case kiosk.StepTry:
		return h.tries(v, s)
	case kiosk.StepStored:
		return !s.Stored.At.IsZero() && h.send("read", kiosk.Continue{})
	case kiosk.StepDone:
		v.remember(s)
		if h.take(1) {
			return true
		}
		return h.send("next", kiosk.NextPerson{})
	}
	return h.send("not this", kiosk.Cancel{})
}

// document has the desk read a document.
func (h *house) document(v *visit, s kiosk.State) bool {
	access := s.Document.Access
	switch {
	case s.Case == 0 && s.LeftBehind != 0:
		return h.take(s.LeftBehind)
	case s.Case == 0 && v.check && s.Errand.Name != "check":
		return h.send("only to check it", kiosk.ErrandChosen{Name: "check"})
	case access.Asked && !s.Document.Reading && !access.Opening:
		typed := kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: v.entry.CAN}
		if len(v.entry.MRZ) > 0 {
			typed = kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: strings.Join(v.entry.MRZ, "\n")}
		}
		return h.send("what is printed on it", typed, kiosk.Continue{})
	case s.Document.Reading:
		return false
	case h.has(1, v.card):
		return s.Case == 0 && h.unseen(v) && h.take(1) // nobody looks at it
	}
	return h.put(1, v.card)
}

// proves has a contact proven.
func (h *house) proves(v *visit, s kiosk.State) bool {
	if s.Errand.Channel != "" {
		v.channel = s.Errand.Channel
	}
	c := s.Contact.Phone
	if v.channel == kiosk.Email {
		c = s.Contact.Email
	}
	later := s.Contact.Later
	switch {
	case s.Contact.Opening || c.Sending || c.Checking || later.Sending:
		return false
	case later.Set:
		v.who.later = later.Value
		return h.send("go on", kiosk.Continue{})
	case v.later && s.Errand.Name == "enrol" && c.Value == "" && !s.Contact.Settled:
		return h.send("later, to "+h.newContact(v), kiosk.LaterChosen{Channel: v.channel}, kiosk.LaterEntered{Text: v.contact})
	case s.Contact.Settled && s.Errand.Channel == "" || c.Confirmed():
		return h.send("go on", kiosk.Continue{})
	case s.Errand.Channel != "" && c.Stopped() == kiosk.ChannelLocked:
		v.leaving = true
		return false
	case c.Value == "" || c.Stopped() != kiosk.ContactOK && c.Stopped() != kiosk.CodeExpired || c.Problem == kiosk.ResendsUsed || s.Document.CardPresent && v.rounds > 40:
		if c.Stopped() == kiosk.ChannelLocked || v.rounds > 40 {
			v.channel = map[kiosk.Channel]kiosk.Channel{kiosk.SMS: kiosk.Email, kiosk.Email: kiosk.SMS}[v.channel]
		}
		return h.send("contact "+h.newContact(v), kiosk.ContactEntered{Channel: v.channel, Text: v.contact})
	case c.Stopped() == kiosk.CodeExpired, v.rounds > 8 && !s.Now.Before(c.ResendAt):
		return h.send("another code", kiosk.Resend{Channel: v.channel})
	case s.Contact.Awaited != v.channel:
		return false
	}
	code := h.codeTo(v, v.channel, c.Value)
	return len(code) > 0 && h.send("the code", kiosk.CodeTyped{Code: code})
}

// newContact is one that nobody used yet.
func (h *house) newContact(v *visit) string {
	h.phones++
	v.contact = fmt.Sprintf("+3519123%05d", h.phones)
	if v.channel == kiosk.Email {
		v.contact = fmt.Sprintf("pessoa%d@casa.example", h.phones)
	}
	return v.contact
}

// codeTo is the newest code that came to a contact, or what somebody mistypes; nil before one came.
func (h *house) codeTo(v *visit, channel kiosk.Channel, contact string) []byte {
	code := []byte(h.code(channel, contact, kiosktest.CodeIn))
	if len(code) > 0 && v.wrong > 0 {
		v.wrong--
		code[0] = '0' + (code[0]-'0'+1)%10
	}
	return code
}

// activates types the code that came by message.
func (h *house) activates(v *visit, s kiosk.State) bool {
	channel := kiosk.SMS
	if strings.Contains(v.who.later, "@") {
		channel = kiosk.Email
	}
	code := h.code(channel, v.who.later, kiosktest.LongCodeIn)
	switch {
	case s.Activation.Checking:
		return false
	case s.Activation.Proven:
		return h.send("go on", kiosk.Continue{})
	case code == "" || s.Activation.Problem != kiosk.ContactOK:
		return h.send("no code", kiosk.Cancel{})
	}
	return h.send("the activation code", kiosk.ActivationTyped{Code: kiosk.Secret(code)})
}

// tries signs in with the key, at the desk.
func (h *house) tries(v *visit, s kiosk.State) bool {
	channel, by := kiosk.Channel(""), kiosk.ByPhone
	if s.Key.Key != nil {
		for _, c := range s.Key.Key.Contacts { // in their order
			if v.who.contact[c.Channel] != "" {
				channel = c.Channel
			}
		}
	}
	if channel == kiosk.Email {
		by = kiosk.ByEmail
	}
	switch s.Try.Phase {
	case kiosk.TryNaming:
		if channel == "" {
			return h.send("nobody knows", kiosk.Cancel{})
		}
		return h.send("their own", kiosk.TryNamed{By: by, Channel: channel})
	case kiosk.TryPIN:
		if s.Try.Problem == kiosk.TryNo {
			return h.send("it is not known", kiosk.Cancel{})
		}
		return h.send("the key's PIN", kiosk.TryPINTyped{PIN: kiosk.Secret(v.who.pin)})
	case kiosk.TryCode:
		if s.Try.Problem == kiosk.TryCodeExpired {
			return h.send("another code", kiosk.TryResend{})
		}
		code := h.codeTo(v, channel, v.who.contact[channel])
		return len(code) > 0 && h.send("the code", kiosk.TryCodeTyped{Code: code})
	case kiosk.TrySignedIn, kiosk.TryOver:
		return h.send("tried", kiosk.Continue{}, kiosk.Cancel{})
	}
	return false
}

// remember is what somebody knows who saw the last page.
func (v *visit) remember(s kiosk.State) {
	switch r := s.Receipt; {
	case r == nil || r.Pending:
		return
	case r.Errand == "enrol":
		v.who.contact = map[kiosk.Channel]string{v.channel: v.contact}
	case r.Errand == "phone", r.Errand == "email":
		v.who.contact[v.channel] = v.contact
	}
	if s.Errand.Has(kiosk.StepPIN) {
		v.who.pin = v.pin
	}
}

func (h *house) review(v *visit, s kiosk.State) bool {
	switch s.Review.Phase {
	case kiosk.ReviewReading:
		if v.doubt {
			h.send("something is odd", kiosk.Doubt{})
			v.doubt = false
		}
		return h.send("agreed", kiosk.Agreed{})
	case kiosk.ReviewCard:
		return h.returns(v)
	case kiosk.ReviewCardPIN:
		return h.send("the card's PIN", kiosk.CardPINTyped{PIN: kiosk.Secret(v.entry.PIN)})
	case kiosk.ReviewStaffCard:
		return h.staffCard(s)
	case kiosk.ReviewStaffPIN:
		return h.send("the staff card's PIN", staffPIN())
	}
	return false
}

// unseen reports whether a card ought to have been seen by now. pcscd takes its time.
func (h *house) unseen(v *visit) bool { return v.rounds > 4 && (h.rig == nil || v.rounds > 20) }

// returns lays the person's card again.
func (h *house) returns(v *visit) bool {
	if h.has(1, v.card) {
		return h.unseen(v) && h.take(1) // out, and in again
	}
	return h.put(1, v.card)
}

// chooses does with a key what they came for.
func (h *house) chooses(v *visit, s kiosk.State) bool {
	switch {
	case s.Key.Phase == kiosk.KeyReading || s.Key.Phase == kiosk.KeyOpening:
		return false
	case v.tried:
		return h.send("that is all", kiosk.Cancel{})
	}
	offered := slices.DeleteFunc(slices.Clone(wishes), func(wish string) bool {
		return !slices.Contains(s.Key.Offered, wish) || wish == "try" && v.who.pin == ""
	})
	if len(offered) == 0 || v.wish == 0 {
		return h.send("that is all", kiosk.Cancel{})
	}
	wish := offered[v.wish%len(offered)]
	v.tried = v.rounds > 20
	events := []kiosk.Event{kiosk.KeyChosen{Errand: wish}}
	if reasons := kiosk.Reasons[wish]; len(reasons) > 0 {
		events = append(events, kiosk.ReasonChosen{Reason: reasons[v.seed%uint64(len(reasons))]})
	}
	return h.send("to "+wish, append(events, kiosk.Continue{})...)
}

func staffPIN() kiosk.Event { return kiosk.StaffPINTyped{PIN: kiosk.Secret("123456")} }

// signIn opens the desk.
func (h *house) signIn(s kiosk.State) bool {
	switch {
	case s.Shift.Phase == kiosk.ShiftSigning:
		return false
	case s.Shift.Holder.Number != "" && s.Shift.Problem == "" && s.Shift.TriesLeft != 0:
		return h.send("the staff card's PIN", staffPIN())
	}
	return h.staffCard(s)
}

// staffCard puts the staff card in, again when the desk has something against it.
func (h *house) staffCard(s kiosk.State) bool {
	reader := 1
	if h.own {
		reader = h.service
	}
	if h.has(reader, "clerk") {
		seen := slices.ContainsFunc(s.Status.Readers, func(r kiosk.ReaderStatus) bool { return r.Number == reader && r.Slot != kiosk.SlotEmpty })
		if !(seen && s.Shift.Problem != "") && !h.unseen(h.at) {
			return false // it is being read, or not seen yet
		}
		return h.take(reader)
	}
	return h.put(reader, "clerk")
}

// overcome does what a page with a problem says: its main button, or the card or the service that it waits for.
func (h *house) overcome(v *visit, s kiosk.State) bool {
	h.t.Helper()
	code := s.Problem.Code
	if !fair[code] && !v.swapped() {
		h.fail("somebody honest is refused: %s", code)
	}
	page := present.Clerk(present.Presenter{State: s}, present.Drafts{})
	var live []present.Action
	for _, a := range page.Actions {
		if a.Live() {
			live = append(live, a)
		}
	}
	if page.Cancel != nil {
		live = append(live, *page.Cancel)
	}
	switch {
	case code == kiosk.ProblemCode(kiosk.ReasonCardChanged), code == kiosk.ProblemCardUnresponsive, code == kiosk.ProblemCode(kiosk.ReasonUnknownCard):
		if h.take(1) {
			return true
		}
		return h.put(1, v.card)
	case code == kiosk.ProblemCode(kiosk.ReasonRemoved), code == kiosk.ProblemCardAway:
		return h.returns(v)
	case code.OfService():
		return false // it comes back by itself
	case s.Problem.Fatal && v.retries > 0 && len(live) > 0:
		v.retries--
		return h.send("again: "+string(code), live[0].Event)
	case s.Problem.Fatal:
		h.take(1)
		return h.send("it ends: "+string(code), kiosk.NextPerson{})
	case len(live) == 0:
		return false
	}
	return h.send("on: "+string(code), live[0].Event)
}

// fair are the problems that somebody with good papers may meet when something fails.
var fair = map[kiosk.ProblemCode]bool{
	kiosk.ProblemCode(kiosk.ReasonSilent): true, kiosk.ProblemCode(kiosk.ReasonRemoved): true, kiosk.ProblemCode(kiosk.ReasonCardChanged): true,
	kiosk.ProblemReaderBusy: true, kiosk.ProblemCardUnresponsive: true, kiosk.ProblemCardAway: true, kiosk.ProblemIdle: true,
	kiosk.ProblemServiceStopped: true, kiosk.ProblemServiceStuck: true, kiosk.ProblemNoReader: true,
	kiosk.ProblemCentreDown: true, kiosk.ProblemWaitingCase: true, kiosk.ProblemExpired: true,
}

// swapped reports whether somebody else's card was in the reader: what is said then may be said of that.
func (v *visit) swapped() bool {
	return slices.ContainsFunc(v.faults, func(f *fault) bool { return f.struck && f.name == "card swapped" })
}

// taxNumber returns a number with a right check digit that nobody can have.
func taxNumber(n int) string {
	for check := range 10 {
		if nif := fmt.Sprintf("4000%04d%d", n, check); kiosk.CheckTaxNumber(nif) {
			return nif
		}
	}
	panic("every number has a check digit")
}
