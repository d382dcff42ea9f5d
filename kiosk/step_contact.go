package kiosk

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// codeDigits is the length of a one-time code (NIST SP 800-63B-4 §3.1.3.3: at least six digits).
const codeDigits = 6

// contactStep proves that a telephone or an e-mail address is the person's.
type contactStep struct{ plainStep }

// sending is what the session knows of a channel's messages beyond what the screens draw.
type sending struct {
	waits  bool // the contact was entered before the enrolment was open
	number int  // of the SendCode under way or last asked for
	failed bool // that one failed for a technical cause: asking again keeps its number
	wrong  int  // codes in this case, whatever the contact: the centre counts them by enrolment and channel as well
}

// begin opens the enrolment, unless the clerk only went back and on.
func (contactStep) begin(s *Session) {
	if s.kept != nil {
		s.state.Contact.Phone.Text, s.state.Contact.Email.Text = s.kept.phone, s.kept.email
		s.kept = nil
	}
	if !s.opened || s.again.open {
		s.open()
	}
}

func (contactStep) proceed(s *Session) {
	contact := &s.state.Contact
	if contact.Settled && !contact.Phone.Checking && !contact.Email.Checking && s.at(StepContact) {
		contact.Correcting = false
		s.advance()
	}
}

func (contactStep) retreat(s *Session) bool {
	s.state.Contact.Correcting = false
	return true
}

func (contactStep) asksCitizen(s *Session) bool {
	contact := &s.state.Contact
	return contact.Awaited != "" || !contact.Settled && contact.Failed == ""
}

// open asks the centre for an enrolment of this person.
func (s *Session) open() {
	s.opened = true
	s.again.open = false
	s.dismiss("")
	s.state.Contact.Opening = true
	s.state.Eligible.Opened = s.state.Eligible.Entered.TaxNumber
	s.ask(OpenEnrolment{Case: s.live, Identity: *s.state.Document.Identity, TaxNumber: s.state.Eligible.Entered.TaxNumber})
}

// Opened brings the centre's challenge for this enrolment; it stays with the runner, the session
// needs to know only that it is there. ExpiresAt is by the centre's clock.
type Opened struct {
	ExpiresAt time.Time
}

// applyToCase: contacts entered meanwhile get their codes.
func (e Opened) applyToCase(s *Session) {
	if s.over() || !s.state.Contact.Opening {
		return
	}
	s.state.Contact.Opening = false
	s.expiresAt = e.ExpiresAt
	for _, channel := range []Channel{SMS, Email} {
		if s.sending(channel).waits {
			s.send(channel)
		}
	}
}

// OpenRefused: the centre opens no enrolment, for example because the person has a key.
type OpenRefused struct {
	Code ProblemCode
}

// applyToCase: the centre opens none, so there is none to abandon.
func (e OpenRefused) applyToCase(s *Session) {
	if s.over() || !s.state.Contact.Opening {
		return
	}
	s.opened = false
	s.end(Problem{Code: e.Code})
}

// channel returns the state of one channel, nil for an unknown one.
func (s *Session) channel(c Channel) *ChannelState {
	switch c {
	case SMS:
		return &s.state.Contact.Phone
	case Email:
		return &s.state.Contact.Email
	}
	return nil
}

func (s *Session) sending(c Channel) *sending {
	if c == Email {
		return &s.email
	}
	return &s.phone
}

// ContactEntered asks for a code to this phone number or e-mail address.
type ContactEntered struct {
	Channel Channel
	Text    string
}

// apply takes a phone number or an address. A proof belongs to the value it was given for, so
// another value starts from nothing; an empty text withdraws the contact.
func (e ContactEntered) apply(s *Session) {
	ch := s.channel(e.Channel)
	if ch == nil || !s.at(StepContact) || ch.Sending || ch.Checking || ch.Problem == ChannelLocked {
		return
	}
	value, problem := s.parseContact(e.Channel, e.Text)
	if value != "" && value == ch.Value {
		ch.Text, ch.Draft = e.Text, ""
		Resend{Channel: e.Channel}.apply(s)
		return
	}
	*ch = ChannelState{Text: e.Text, Value: value, Problem: problem}
	s.state.Contact.Correcting = false
	out := s.sending(e.Channel)
	*out = sending{wrong: out.wrong}
	if value != "" {
		s.send(e.Channel)
	}
}

// ContactDrafted is what stands in a channel's entry and was not sent. The page may go on by itself once the other
// channel is proven; going back finds it again.
type ContactDrafted struct {
	Channel Channel
	Text    string
}

func (e ContactDrafted) apply(s *Session) {
	if ch := s.channel(e.Channel); ch != nil && s.at(StepContact) {
		ch.Draft = e.Text
	}
}

func (s *Session) parseContact(c Channel, text string) (string, ContactProblem) {
	if text == "" {
		return "", ContactOK
	}
	if c == Email {
		return ParseEmail(text)
	}
	return ParsePhone(text, s.settings.DefaultRegion)
}

// Resend asks for a new code to the same contact.
type Resend struct{ Channel Channel }

// apply asks for a new code to the same contact, within the centre's limits; asking too often costs
// the person the channel, so the desk does not even try.
func (e Resend) apply(s *Session) {
	ch := s.channel(e.Channel)
	if ch == nil || !s.at(StepContact) || ch.Value == "" || ch.Confirmed() || ch.Sending || ch.Checking {
		return
	}
	sent := !ch.SentAt.IsZero()
	switch {
	case ch.Problem == CodeLocked || ch.Problem == ChannelLocked || ch.Problem == ContactTaken:
	case sent && ch.SendsLeft <= 0:
		ch.Problem = ResendsUsed
	case sent && s.centreNow().Before(ch.ResendAt):
		ch.Problem = TooSoon
	default:
		s.send(e.Channel)
	}
}

// SendCode asks the centre to send a one-time code: CodeQueued or CodeRefused. Number counts the
// messages of a case; one that is asked for again keeps its number, and is sent once.
type SendCode struct {
	Case     CaseID
	Number   int
	Channel  Channel
	Value    string // E.164 or addr-spec
	Language Language
}

func (SendCode) command() {}

// send asks the centre for a message once the enrolment is open.
func (s *Session) send(c Channel) {
	ch, out := s.channel(c), s.sending(c)
	if s.state.Contact.Opening || s.again.open {
		out.waits = true
		return
	}
	if !out.failed {
		s.sends++
		out.number = s.sends
	}
	out.waits, out.failed = false, false
	s.dismiss("")
	ch.Sending = true
	if ch.Stopped() == ContactOK { // what stopped stays so until the new code is out
		ch.Problem = ContactOK
	}
	s.ask(SendCode{
		Case: s.live, Number: out.number, Channel: c, Value: ch.Value, Language: s.state.CitizenLanguage,
	})
}

// CodeQueued: the centre took the message. Times are by the centre's clock.
type CodeQueued struct {
	Channel   Channel
	SentAt    time.Time
	ExpiresAt time.Time
	ResendAt  time.Time
	SendsLeft int
	TriesLeft int
	Tries     int
}

// applyToCase: the message is on its way, and the citizen's screen asks for its code.
func (e CodeQueued) applyToCase(s *Session) {
	ch := s.channel(e.Channel)
	if ch == nil || s.over() || !ch.Sending {
		return
	}
	ch.Sending = false
	ch.Delivery = DeliveryQueued
	ch.SentAt, ch.ExpiresAt, ch.ResendAt = e.SentAt, e.ExpiresAt, e.ResendAt
	ch.SendsLeft, ch.TriesLeft, ch.Tries = e.SendsLeft, e.TriesLeft, e.Tries
	ch.Problem = ContactOK
	s.state.Contact.Awaited = e.Channel
}

// CodeRefused: the centre sends none, for the reason given.
type CodeRefused struct {
	Channel Channel
	Problem ContactProblem
}

func (e CodeRefused) applyToCase(s *Session) {
	ch := s.channel(e.Channel)
	if ch == nil || s.over() || !ch.Sending {
		return
	}
	ch.Sending = false
	if ch.Stopped() == ContactOK || e.Problem == CodeLocked {
		ch.Problem = e.Problem
	}
	if e.Problem == ResendsUsed {
		ch.SendsLeft = 0
	}
}

// DeliveryChanged says how far the message came.
type DeliveryChanged struct {
	Channel  Channel
	Delivery Delivery
}

// applyToCase moves forwards only: receipts overtake each other on their way.
func (e DeliveryChanged) applyToCase(s *Session) {
	ch := s.channel(e.Channel)
	order := []Delivery{DeliveryNone, DeliveryQueued, DeliverySent, DeliveryFailed, DeliveryDelivered}
	if ch == nil || s.over() || ch.SentAt.IsZero() {
		return
	}
	if slices.Index(order, e.Delivery) > slices.Index(order, ch.Delivery) {
		ch.Delivery = e.Delivery
	}
}

// ConfirmCode asks the centre to compare: CodeAnswered. The runner wipes Code.
type ConfirmCode struct {
	Case    CaseID
	Channel Channel
	Code    Secret
}

func (ConfirmCode) command() {}

// CodeTyped is the one-time code for the awaited channel.
type CodeTyped struct{ Code Secret }

// apply passes the code on; only the centre can compare it.
func (e CodeTyped) apply(s *Session) {
	ch := s.channel(s.state.Contact.Awaited)
	if ch == nil || !s.at(StepContact) || ch.Sending || ch.Checking || !s.awaits(ch) || !digits(e.Code, codeDigits, codeDigits) {
		e.Code.Wipe()
		return
	}
	s.dismiss("")
	ch.Checking = true
	ch.Problem = ContactOK
	s.ask(ConfirmCode{Case: s.live, Channel: s.state.Contact.Awaited, Code: e.Code})
}

// CodeAnswered: the centre compared the code, At by its own clock.
type CodeAnswered struct {
	Channel   Channel
	Problem   ContactProblem // ContactOK when confirmed
	TriesLeft int
	Proof     uuid.UUID
	At        time.Time
}

func (e CodeAnswered) applyToCase(s *Session) {
	ch := s.channel(e.Channel)
	if ch == nil || s.over() || !ch.Checking {
		return
	}
	ch.Checking = false
	ch.Problem = e.Problem
	ch.TriesLeft = e.TriesLeft
	if e.Problem == CodeWrong || e.Problem == CodeLocked {
		s.sending(e.Channel).wrong++
	}
	if e.Problem == CodeLocked && s.sending(e.Channel).wrong >= ch.Tries {
		ch.Problem = ChannelLocked
	}
	if e.Problem != ContactOK {
		return
	}
	ch.ConfirmedAt, ch.Proof = e.At, e.Proof
	if ch.ConfirmedAt.IsZero() {
		ch.ConfirmedAt = s.state.Now
	}
	s.contactProven()
}

// contactProven goes on by itself: one contact is enough. It waits while the other is on its way to being proven
// too, and the clerk may come back for it.
func (s *Session) contactProven() {
	if !s.at(StepContact) || s.problem != nil {
		return
	}
	for _, c := range []Channel{SMS, Email} {
		if ch := s.channel(c); ch.Sending || ch.Checking || s.awaits(ch) {
			return
		}
	}
	s.advance()
}

// awaits reports whether a code sent to the channel can still confirm it.
func (s *Session) awaits(ch *ChannelState) bool {
	return ch.Value != "" && !ch.SentAt.IsZero() && !ch.Confirmed() && ch.Stopped() == ContactOK
}

// settleContact decides which code the citizen's screen asks for: the one last sent, then the other
// that can still confirm its contact. When the one that was asked for stopped and there is no other, that is the
// channel that failed, until something else is sent or entered.
func (s *Session) settleContact() {
	contact := &s.state.Contact
	contact.Settled = contact.Phone.Confirmed() || contact.Email.Confirmed()
	if last := s.channel(contact.Awaited); last == nil || !s.awaits(last) {
		if last != nil && last.Stopped() != ContactOK {
			contact.Failed = contact.Awaited
		}
		contact.Awaited = ""
		for _, c := range []Channel{SMS, Email} {
			if contact.Awaited == "" && s.awaits(s.channel(c)) {
				contact.Awaited = c
			}
		}
	}
	if failed := s.channel(contact.Failed); failed != nil && (contact.Awaited != "" || failed.Stopped() == ContactOK) {
		contact.Failed = ""
	}
}

// expireCodes marks codes whose time is over, by the centre's clock.
func (s *Session) expireCodes() {
	for _, ch := range []*ChannelState{&s.state.Contact.Phone, &s.state.Contact.Email} {
		if s.awaits(ch) && !ch.Checking && !ch.ExpiresAt.IsZero() && !s.centreNow().Before(ch.ExpiresAt) {
			ch.Problem = CodeExpired
		}
	}
}

// proven lists the contacts whose possession the centre confirmed, the phone first.
func (s *Session) proven() []ProvenContact {
	var list []ProvenContact
	for _, c := range []Channel{SMS, Email} {
		if ch := s.channel(c); ch.Confirmed() {
			list = append(list, ProvenContact{Channel: c, Value: ch.Value, Proof: ch.Proof, At: ch.ConfirmedAt})
		}
	}
	return list
}

// digits reports whether b is between least and most ASCII digits.
func digits(b []byte, least, most int) bool {
	if len(b) < least || len(b) > most {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
