package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"balcao/kiosk"
)

// drafts is what the clerk has typed and not yet sent, and where the cursor is.
type drafts struct {
	Phone, Email string
	Focus        kiosk.Channel
	Doubted      string // the address that the clerk was asked about, "" for none
}

// likely is the address that was probably meant by the one that is asked about, "" when none is.
func (d drafts) likely() string {
	if email := d.of(kiosk.Email); email != "" && email == d.Doubted {
		return kiosk.LikelyEmail(email)
	}
	return ""
}

func (d drafts) of(channel kiosk.Channel) string {
	if channel == kiosk.SMS {
		return strings.TrimSpace(d.Phone)
	}
	return strings.TrimSpace(d.Email)
}

type channelModel struct {
	Label  string
	Text   string // what to put into the entry when the page opens
	Meant  string // how that was understood, once it was: the number with its country
	Locked bool   // proven, or on its way: not to be changed now
	Status line
	Tick   bool
}

type contactModel struct {
	Phone, Email channelModel
	Begin        kiosk.Channel // where something failed and the clerk goes on: the cursor goes there, over what it holds
	Message      line
	Fields       []field
}

func (p present) channel(channel kiosk.Channel) kiosk.ChannelState {
	if channel == kiosk.SMS {
		return p.state.Contact.Phone
	}
	return p.state.Contact.Email
}

func (p present) contact(m *clerkModel, d drafts) {
	m.Subtitle = p.text("contact.subtitle")
	m.Contact = contactModel{
		Phone: p.channelModel(kiosk.SMS, "contact.phone", d),
		Email: p.channelModel(kiosk.Email, "contact.email", d),
	}
	m.Contact.Begin = p.begin()
	p.contactMessage(m)
	m.Actions = p.contactActions(d)
}

func (p present) channelModel(channel kiosk.Channel, label string, d drafts) channelModel {
	c := p.channel(channel)
	return channelModel{
		Label:  p.text(label),
		Text:   c.Text,
		Meant:  contactTyped(c.Value),
		Locked: c.Confirmed() && !p.state.Contact.Correcting || c.Sending || c.Checking || c.Problem == kiosk.ChannelLocked || p.state.Contact.Opening,
		Status: p.channelStatus(channel, c, d),
		Tick:   c.Confirmed(),
	}
}

func (p present) channelStatus(channel kiosk.Channel, c kiosk.ChannelState, d drafts) line {
	name := "phone"
	if channel == kiosk.Email {
		name = "email"
	}
	switch {
	case c.Confirmed() && !p.edited(channel, d):
		return line{p.format("contact.confirmed", values{"Ago": p.ago(c.ConfirmedAt)}), toneGood}
	case c.Sending:
		return line{p.text("contact.sending"), toneQuiet}
	case c.Checking:
		return line{p.text("contact.checking"), toneQuiet}
	case channel == kiosk.Email && p.edited(channel, d) && d.likely() != "":
		return line{p.format("contact.likely", values{"Address": d.likely()}), toneCare}
	case p.edited(channel, d):
		return line{p.text("contact." + name + "_ready"), toneQuiet}
	case c.Problem != kiosk.ContactOK && c.Problem != kiosk.CodeExpired:
		return line{p.contactProblem(c), toneBad}
	case !c.SentAt.IsZero():
		return p.sentLine(c)
	case p.unsent(channel, d):
		return line{p.text("contact." + name + "_ready"), toneQuiet}
	default:
		return line{p.text("contact." + name + "_hint"), toneQuiet}
	}
}

func (p present) contactProblem(c kiosk.ChannelState) string {
	said := p.format("contact.problem."+string(c.Problem), values{"Count": c.TriesLeft})
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
		said += " " + p.format("contact.strange", values{"Character": p.character(strange)})
	}
	return said
}

// character names a character that may look like another, or like none.
func (p present) character(r rune) string {
	switch {
	case r == '\n' || r == '\r':
		return p.text("contact.line_break")
	case unicode.IsSpace(r):
		return p.text("contact.blank")
	case r <= unicode.MaxASCII && unicode.IsPrint(r):
		return "«" + string(r) + "»"
	case unicode.IsPrint(r):
		return fmt.Sprintf("«%c» (U+%04X)", r, r)
	}
	return fmt.Sprintf("U+%04X", r)
}

// ago counts in minutes after the first: a line that changes every second for a quarter of an hour
// draws the eye for nothing.
func (p present) ago(t time.Time) string {
	d := p.centreNow().Sub(t)
	if d >= time.Minute {
		d = d.Truncate(time.Minute)
		return p.format("format.minutes", values{"Minutes": int(d.Minutes())})
	}
	return p.span(d)
}

func (p present) sentLine(c kiosk.ChannelState) line {
	parts := []string{p.format("contact.sent", values{"Ago": p.ago(c.SentAt)})}
	speaks := toneQuiet
	switch stopped := c.Stopped(); {
	case stopped != kiosk.ContactOK:
		parts, speaks = append(parts, p.contactProblem(kiosk.ChannelState{Problem: stopped})), toneBad
	case c.Delivery != kiosk.DeliveryNone:
		parts = append(parts, p.text("contact.delivery."+string(c.Delivery)))
	}
	switch wait := c.ResendAt.Sub(p.centreNow()); {
	case c.SendsLeft == 0:
		parts = append(parts, p.text("contact.resend_used"))
	case wait > 0:
		parts = append(parts, p.format("contact.resend_in", values{"Time": countdown(wait)}))
	default:
		parts = append(parts, p.text("contact.resend_now"))
	}
	return line{strings.Join(parts, " · "), speaks}
}

// contactMessage fills the panel under the entries: whom the desk waits for, and how the awaited
// code stands.
func (p present) contactMessage(m *clerkModel) {
	contact := p.state.Contact
	switch {
	case contact.Opening:
		m.Contact.Message = line{p.text("contact.opening"), toneQuiet}
	case contact.Failed != "":
		m.Contact.Message = line{p.failed(contact.Failed), toneBad}
	case contact.Correcting:
		m.Contact.Message = line{p.text("contact.correcting"), toneCare}
	case contact.Awaited != "":
		m.Contact.Message = line{p.text("contact.awaiting_" + string(contact.Awaited)), tonePlain}
		m.Contact.Fields = p.codeFields(p.channel(contact.Awaited))
	case contact.Settled:
		m.Contact.Message = line{p.text("contact.settled"), toneGood}
	default:
		m.Contact.Message = line{p.text("contact.none_yet"), toneQuiet}
	}
}

// failed says what happened to the channel's code, and what is left to do.
func (p present) failed(channel kiosk.Channel) string {
	c, other := p.channel(channel), p.channel(otherChannel(channel))
	stopped := c.Stopped()
	left := "correct_" + string(channel)
	switch {
	case p.state.Contact.Settled:
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
	v := values{"Contact": contactText(c.Value), "Tries": c.Tries}
	return p.format("contact.failed."+string(stopped)+"_"+string(channel), v) + " " + p.text("contact.left."+left)
}

// begin is the channel in which the clerk goes on after one failed: the same, unless nothing of it can be proven.
// What is to be corrected is the first that is proven.
func (p present) begin() kiosk.Channel {
	failed := p.state.Contact.Failed
	if p.state.Contact.Correcting {
		if p.state.Contact.Phone.Confirmed() {
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

func (p present) codeFields(c kiosk.ChannelState) []field {
	expires := p.text("contact.expired")
	if left := c.ExpiresAt.Sub(p.centreNow()); left > 0 {
		expires = p.format("contact.expires_in", values{"Time": countdown(left)})
	}
	return []field{
		{p.text("contact.tries"), p.format("contact.tries_used", values{"Used": c.Tries - c.TriesLeft, "Tries": c.Tries})},
		{p.text("contact.expires"), expires},
		{p.text("contact.if_missing"), p.text("contact.if_missing_text")},
	}
}

// edited reports whether the entry holds something else than what was last sent from it.
func (p present) edited(channel kiosk.Channel, d drafts) bool {
	c, draft := p.channel(channel), d.of(channel)
	return p.sendable(channel, d) && draft != strings.TrimSpace(c.Text) && draft != contactTyped(c.Value)
}

func (p present) sendable(channel kiosk.Channel, d drafts) bool {
	c := p.channel(channel)
	return d.of(channel) != "" && (!c.Confirmed() || p.state.Contact.Correcting) && !c.Sending && !c.Checking && c.Problem != kiosk.ChannelLocked && !p.state.Contact.Opening
}

// unsent reports whether the entry holds a contact that a code can be asked for: a new one, or one for
// which the centre only said "not yet".
func (p present) unsent(channel kiosk.Channel, d drafts) bool {
	c := p.channel(channel)
	if !p.sendable(channel, d) || p.edited(channel, d) || !c.SentAt.IsZero() {
		return p.edited(channel, d)
	}
	return c.Problem == kiosk.ContactOK || c.Problem == kiosk.TooSoon || c.Problem == kiosk.ResendsUsed
}

func (p present) contactActions(d drafts) []action {
	actions := p.handOver()
	handingOver := len(actions) > 0
	main := p.contactMain(d)
	main.Main = !handingOver
	if !handingOver || main.live() { // beside "hand over" there is no need to say for whom the desk waits
		actions = append(actions, main)
	}
	if likely := d.likely(); likely != "" && p.edited(kiosk.Email, d) {
		actions = append(actions, action{Text: p.text("action.correct_email"), Key: "F7", Put: likely})
	}
	if again, shown := p.resend(d); shown {
		if p.state.Contact.Failed != "" && !main.live() && again.live() {
			actions, again.Main = actions[:len(actions)-1], true
		}
		actions = append(actions, again)
	}
	if p.state.Contact.Settled && !p.state.Contact.Correcting {
		actions = append(actions, p.correct(kiosk.StepContact, "F4"))
	}
	return append(actions, p.back())
}

// contactMain is what Enter does: send what was typed where the cursor is; else go on when a contact
// is proven; else send what was typed in the other entry.
func (p present) contactMain(d drafts) action {
	other := kiosk.Email
	if d.Focus == kiosk.Email {
		other = kiosk.SMS
	}
	send := func(channel kiosk.Channel) action {
		return action{Text: p.text("action.send_code"), Key: "Enter", Send: channel}
	}
	switch {
	case d.Focus != "" && p.unsent(d.Focus, d):
		return send(d.Focus)
	case p.state.Contact.Settled:
		return action{Text: p.text("action.continue"), Key: "Enter", Event: kiosk.Continue{}}
	case p.unsent(other, d):
		return send(other)
	case p.unsent(kiosk.SMS, d):
		return send(kiosk.SMS)
	case p.state.Contact.Awaited != "":
		return action{Text: p.text("action.waiting_person")}
	default:
		return action{Text: p.text("action.send_code"), Key: "Enter"}
	}
}

// resend offers F5 for the channel that is awaited or failed, else for the one under the cursor, once a code was sent.
func (p present) resend(d drafts) (action, bool) {
	for _, channel := range []kiosk.Channel{p.state.Contact.Awaited, p.state.Contact.Failed, d.Focus, kiosk.SMS, kiosk.Email} {
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
		again := action{Text: p.text("action.resend"), Key: "F5"}
		if c.SendsLeft > 0 && !p.centreNow().Before(c.ResendAt) && !c.Sending && !c.Checking {
			again.Event = kiosk.Resend{Channel: channel}
		}
		return again, true
	}
	return action{}, false
}
