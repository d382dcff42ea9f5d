package present

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"balcao/kiosk"
)

// Drafts is what the clerk has typed and not yet sent, and where the cursor is.
type Drafts struct {
	Phone, Email string
	Focus        kiosk.Channel
	Doubted      string // the address that the clerk was asked about, "" for none

	Form   map[string]string // what stands in the fields of a form
	Errand string            // what is chosen on the page of a key
	Wanted []string          // what was chosen in the list of errands, before: one of these
}

// likely is the address that was probably meant by the one that is asked about, "" when none is.
func (d Drafts) likely() string {
	if email := d.Of(kiosk.Email); email != "" && email == d.Doubted {
		return kiosk.LikelyEmail(email)
	}
	return ""
}

func (d Drafts) Of(channel kiosk.Channel) string {
	if channel == kiosk.SMS {
		return strings.TrimSpace(d.Phone)
	}
	return strings.TrimSpace(d.Email)
}

// ChannelModel is one contact and how far it is.
type ChannelModel struct {
	Asked  bool // by the errand
	Label  string
	Text   string // what to put into the entry when the page opens
	Meant  string // how that was understood, once it was: the number with its country
	Locked bool   // proven, or on its way: not to be changed now
	Status Line
	Tick   bool
}

// ContactModel is the page of the contacts.
type ContactModel struct {
	Phone, Email ChannelModel
	Begin        kiosk.Channel // where something failed and the clerk goes on: the cursor goes there, over what it holds
	Message      Line
	Fields       []Field
	Later        LaterModel // in place of both
}

func (p Presenter) channel(channel kiosk.Channel) kiosk.ChannelState {
	if channel == kiosk.SMS {
		return p.State.Contact.Phone
	}
	return p.State.Contact.Email
}

func (p Presenter) contact(m *ClerkModel, d Drafts) {
	m.Subtitle = p.Text("contact.subtitle")
	m.Contact = ContactModel{
		Phone: p.channelModel(kiosk.SMS, "contact.phone", d),
		Email: p.channelModel(kiosk.Email, "contact.email", d),
	}
	m.Contact.Begin = p.begin()
	p.contactMessage(m)
	m.Actions = p.contactActions(d)
	if m.Contact.Later = p.later(p.State.Contact.Later, d); m.Contact.Later.Shown {
		p.laterPage(m, d)
	} else if p.mayBeLater() {
		at := len(m.Actions) - 1
		m.Actions = slices.Insert(m.Actions, at, Action{Text: p.Text("action.not_now"), Key: "F6", Event: kiosk.LaterChosen{Channel: kiosk.SMS}})
	}
}

// mayBeLater reports whether the errand can go on without a contact that is proven now: a new key is activated by a code.
func (p Presenter) mayBeLater() bool {
	contact := p.State.Contact
	return p.State.Errand.Name == kiosk.Errands[0].Name && !contact.Settled && !contact.Opening && contact.Awaited == ""
}

// laterPage is the page while the activation code's way is asked for, or is known.
func (p Presenter) laterPage(m *ClerkModel, d Drafts) {
	state := p.State.Contact.Later
	m.Title, m.Subtitle, m.Contact.Fields = p.Text("later.title"), p.Text("later.subtitle"), nil
	m.Contact.Message = Line{p.Text("later.explain"), ToneQuiet}
	if state.Set && (state.Value != "" || state.Address != nil) {
		m.Contact.Message = Line{p.Format("later.set_"+string(state.Channel), Values{"Until": p.moment(state.ExpiresAt)}), ToneGood}
	}
	m.Actions = append(p.laterActions(state, d, Action{Text: p.Text("action.prove_now"), Key: "F6", Event: kiosk.LaterChosen{}}), p.back())
}

func (p Presenter) channelModel(channel kiosk.Channel, label string, d Drafts) ChannelModel {
	c := p.channel(channel)
	return ChannelModel{
		Asked:  p.State.Errand.Channel == "" || p.State.Errand.Channel == channel,
		Label:  p.Text(label),
		Text:   cmp.Or(c.Draft, c.Text),
		Meant:  contactTyped(c.Value),
		Locked: c.Confirmed() && !p.State.Contact.Correcting || c.Sending || c.Checking || c.Problem == kiosk.ChannelLocked || p.State.Contact.Opening,
		Status: p.channelStatus(channel, c, d),
		Tick:   c.Confirmed(),
	}
}

func (p Presenter) channelStatus(channel kiosk.Channel, c kiosk.ChannelState, d Drafts) Line {
	name := "phone"
	if channel == kiosk.Email {
		name = "email"
	}
	switch {
	case c.Confirmed() && !p.edited(channel, d):
		return Line{p.Format("contact.confirmed", Values{"Ago": p.ago(c.ConfirmedAt)}), ToneGood}
	case c.Sending:
		return Line{p.Text("contact.sending"), ToneQuiet}
	case c.Checking:
		return Line{p.Text("contact.checking"), ToneQuiet}
	case channel == kiosk.Email && p.edited(channel, d) && d.likely() != "":
		return Line{p.Format("contact.likely", Values{"Address": d.likely()}), ToneCare}
	case p.edited(channel, d):
		return Line{p.Text("contact." + name + "_ready"), ToneQuiet}
	case c.Problem != kiosk.ContactOK && c.Problem != kiosk.CodeExpired:
		return Line{p.contactProblem(c), ToneBad}
	case !c.SentAt.IsZero():
		return p.sentLine(c)
	case p.unsent(channel, d):
		return Line{p.Text("contact." + name + "_ready"), ToneQuiet}
	default:
		return Line{p.Text("contact." + name + "_hint"), ToneQuiet}
	}
}

func (p Presenter) contactProblem(c kiosk.ChannelState) string {
	said := p.Format("contact.problem."+string(c.Problem), Values{"Count": c.TriesLeft})
	channel := kiosk.Email
	switch c.Problem {
	case kiosk.PhoneCharacters:
		channel = kiosk.SMS
	case kiosk.EmailCharacters, kiosk.EmailSpace, kiosk.ContactInvalid:
	default:
		return said
	}
	if channel == kiosk.Email && !strings.Contains(c.Text, "@") {
		return said
	}
	if strange := kiosk.StrangeCharacter(channel, c.Text); strange != 0 {
		said += " " + p.Format("contact.strange", Values{"Character": p.character(strange)})
	}
	return said
}

// character names a character that may look like another, or like none.
func (p Presenter) character(r rune) string {
	switch {
	case r == '\n' || r == '\r':
		return p.Text("contact.line_break")
	case unicode.IsSpace(r):
		return p.Text("contact.blank")
	case r <= unicode.MaxASCII && unicode.IsPrint(r):
		return "«" + string(r) + "»"
	case unicode.IsPrint(r):
		return fmt.Sprintf("«%c» (U+%04X)", r, r)
	}
	return fmt.Sprintf("U+%04X", r)
}

// ago counts in minutes after the first: a line that changes every second for a quarter of an hour
// draws the eye for nothing.
func (p Presenter) ago(t time.Time) string {
	d := p.centreNow().Sub(t)
	if d >= time.Minute {
		d = d.Truncate(time.Minute)
		return p.Format("format.minutes", Values{"Minutes": int(d.Minutes())})
	}
	return p.span(d)
}

func (p Presenter) sentLine(c kiosk.ChannelState) Line {
	parts := []string{p.Format("contact.sent", Values{"Ago": p.ago(c.SentAt)})}
	speaks := ToneQuiet
	switch stopped := c.Stopped(); {
	case stopped != kiosk.ContactOK:
		parts, speaks = append(parts, p.contactProblem(kiosk.ChannelState{Problem: stopped})+p.because(c)), ToneBad
	case c.Delivery != kiosk.DeliveryNone:
		parts = append(parts, p.Text("contact.delivery."+string(c.Delivery))+p.because(c))
	}
	switch wait := c.ResendAt.Sub(p.centreNow()); {
	case c.SendsLeft == 0:
		parts = append(parts, p.Text("contact.resend_used"))
	case wait > 0:
		parts = append(parts, p.Format("contact.resend_in", Values{"Time": countdown(wait)}))
	default:
		parts = append(parts, p.Text("contact.resend_now"))
	}
	return Line{strings.Join(parts, " · "), speaks}
}

// because says why a message did not arrive, or has not left.
func (p Presenter) because(c kiosk.ChannelState) string {
	if c.Reason == "" {
		return ""
	}
	return " (" + p.Text("contact.fail_"+string(c.Reason)) + ")"
}

// contactMessage fills the panel under the entries: whom the desk waits for, and how the awaited
// code stands.
func (p Presenter) contactMessage(m *ClerkModel) {
	contact := p.State.Contact
	switch {
	case contact.Opening:
		m.Contact.Message = Line{p.Text("contact.opening"), ToneQuiet}
	case contact.Failed != "":
		m.Contact.Message = Line{p.failed(contact.Failed), ToneBad}
	case contact.Correcting:
		m.Contact.Message = Line{p.Text("contact.correcting"), ToneCare}
	case contact.Awaited != "":
		m.Contact.Message = Line{p.Text("contact.awaiting_" + string(contact.Awaited)), TonePlain}
		m.Contact.Fields = p.codeFields(p.channel(contact.Awaited))
	case contact.Settled:
		m.Contact.Message = Line{p.Text("contact.settled"), ToneGood}
	default:
		m.Contact.Message = Line{p.Text("contact.none_yet"), ToneQuiet}
	}
}

// failed says what happened to the channel's code, and what is left to do.
func (p Presenter) failed(channel kiosk.Channel) string {
	c, other := p.channel(channel), p.channel(otherChannel(channel))
	stopped := c.Stopped()
	left := "correct_" + string(channel)
	switch {
	case p.State.Contact.Settled:
		left = "settled"
	case stopped == kiosk.ChannelLocked && other.Problem == kiosk.ChannelLocked:
		left = "none"
	case stopped == kiosk.ChannelLocked:
		left = "only_" + string(otherChannel(channel))
	case stopped == kiosk.CodeExpired && c.SendsLeft > 0:
		left = "again"
	case other.Problem == kiosk.ChannelLocked:
		left += "_only"
	}
	v := Values{"Contact": contactText(c.Value), "Tries": c.Tries}
	what := p.Format("contact.failed."+string(stopped)+"_"+string(channel), v)
	if stopped == kiosk.Undelivered && c.Reason != "" {
		what += " " + p.Format("contact.failed_because", Values{"Reason": p.Text("contact.fail_" + string(c.Reason))})
	}
	return what + " " + p.Text("contact.left."+left)
}

// begin is the channel in which the clerk goes on after one failed: the same, unless nothing of it can be proven.
// What is to be corrected is the first that is proven.
func (p Presenter) begin() kiosk.Channel {
	failed := p.State.Contact.Failed
	if p.State.Contact.Correcting {
		if p.State.Contact.Phone.Confirmed() {
			return kiosk.SMS
		}
		return kiosk.Email
	}
	if failed != "" && p.channel(failed).Problem == kiosk.ChannelLocked {
		return otherChannel(failed)
	}
	return failed
}

func otherChannel(c kiosk.Channel) kiosk.Channel {
	if c == kiosk.SMS {
		return kiosk.Email
	}
	return kiosk.SMS
}

func (p Presenter) codeFields(c kiosk.ChannelState) []Field {
	expires := p.Text("contact.expired")
	if left := c.ExpiresAt.Sub(p.centreNow()); left > 0 {
		expires = p.Format("contact.expires_in", Values{"Time": countdown(left)})
	}
	missing := "contact.if_missing_text"
	if other := p.channel(otherChannel(p.State.Contact.Awaited)); other.Confirmed() || other.Problem == kiosk.ChannelLocked {
		missing = "contact.if_missing_only" // the other is proven, or cannot be any more
	}
	return []Field{
		{p.Text("contact.tries"), p.Format("contact.tries_used", Values{"Used": c.Tries - c.TriesLeft, "Tries": c.Tries})},
		{p.Text("contact.expires"), expires},
		{p.Text("contact.if_missing"), p.Text(missing)},
	}
}

// edited reports whether the entry holds something else than what was last sent from it.
func (p Presenter) edited(channel kiosk.Channel, d Drafts) bool {
	c, draft := p.channel(channel), d.Of(channel)
	return p.sendable(channel, d) && draft != strings.TrimSpace(c.Text) && draft != contactTyped(c.Value)
}

func (p Presenter) sendable(channel kiosk.Channel, d Drafts) bool {
	c := p.channel(channel)
	return d.Of(channel) != "" && (!c.Confirmed() || p.State.Contact.Correcting) && !c.Sending && !c.Checking && c.Problem != kiosk.ChannelLocked && !p.State.Contact.Opening
}

// unsent reports whether the entry holds a contact that a code can be asked for: a new one, or one for
// which the centre only said "not yet".
func (p Presenter) unsent(channel kiosk.Channel, d Drafts) bool {
	c := p.channel(channel)
	if !p.sendable(channel, d) || p.edited(channel, d) || !c.SentAt.IsZero() {
		return p.edited(channel, d)
	}
	return c.Problem == kiosk.ContactOK || c.Problem == kiosk.TooSoon || c.Problem == kiosk.ResendsUsed || c.Problem == kiosk.CentreBusy
}

func (p Presenter) contactActions(d Drafts) []Action {
	actions := p.handOver()
	handingOver := len(actions) > 0
	main := p.contactMain(d)
	main.Main = !handingOver
	if !handingOver || main.Live() { // beside "hand over" there is no need to say for whom the desk waits
		actions = append(actions, main)
	}
	if likely := d.likely(); likely != "" && p.edited(kiosk.Email, d) {
		actions = append(actions, Action{Text: p.Text("action.correct_email"), Key: "F7", Put: likely})
	}
	if again, shown := p.resend(d); shown {
		if p.State.Contact.Failed != "" && !main.Live() && again.Live() {
			actions, again.Main = actions[:len(actions)-1], true
		}
		actions = append(actions, again)
	}
	if p.State.Contact.Settled && !p.State.Contact.Correcting {
		actions = append(actions, p.correct(kiosk.StepContact, "F4"))
	}
	return append(actions, p.back())
}

// contactMain is what Enter does: send what was typed where the cursor is; else go on when a contact
// is proven; else send what was typed in the other entry.
func (p Presenter) contactMain(d Drafts) Action {
	other := kiosk.Email
	if d.Focus == kiosk.Email {
		other = kiosk.SMS
	}
	send := func(channel kiosk.Channel) Action {
		return Action{Text: p.Text("action.send_code"), Key: "Enter", Send: channel}
	}
	switch {
	case d.Focus != "" && p.unsent(d.Focus, d):
		return send(d.Focus)
	case p.State.Contact.Settled:
		return Action{Text: p.Text("action.continue"), Key: "Enter", Event: kiosk.Continue{}}
	case p.unsent(other, d):
		return send(other)
	case p.unsent(kiosk.SMS, d):
		return send(kiosk.SMS)
	case p.State.Contact.Awaited != "":
		return Action{Text: p.Text("action.waiting_person")}
	default:
		return Action{Text: p.Text("action.send_code"), Key: "Enter"}
	}
}

// resend offers F5 for the channel that is awaited or failed, else for the one under the cursor, once a code was sent.
func (p Presenter) resend(d Drafts) (Action, bool) {
	for _, channel := range []kiosk.Channel{p.State.Contact.Awaited, p.State.Contact.Failed, d.Focus, kiosk.SMS, kiosk.Email} {
		if channel == "" {
			continue
		}
		c := p.channel(channel)
		if c.SentAt.IsZero() || c.Confirmed() || p.unsent(channel, d) {
			continue
		}
		switch c.Problem {
		case kiosk.CodeLocked, kiosk.ChannelLocked, kiosk.ContactTaken:
			continue
		}
		again := Action{Text: p.Text("action.resend"), Key: "F5"}
		if c.SendsLeft > 0 && !p.centreNow().Before(c.ResendAt) && !c.Sending && !c.Checking {
			again.Event = kiosk.Resend{Channel: channel}
		}
		return again, true
	}
	return Action{}, false
}
