package kiosk

import "time"

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
		contact.Correcting, contact.Failed = false, "" // the clerk goes on without what failed
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

func (contactStep) stop(s *Session) bool {
	if !s.state.Contact.Opening {
		return false
	}
	s.state.Contact.Opening, s.again.open = false, true
	return true
}

func (contactStep) retry(s *Session) {
	if s.again.open {
		s.open()
	}
	for _, c := range []Channel{SMS, Email} {
		if s.sending(c).failed {
			s.send(c)
		}
	}
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
