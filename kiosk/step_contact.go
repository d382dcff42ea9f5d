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
	if !s.opened || s.openedFor != s.errand.Name || s.again.open {
		s.open()
	}
}

// passed: the activation code came to the contact, and has proven it.
func (contactStep) passed(s *Session) bool { return s.state.Activation.Proven && len(s.proven()) > 0 }

func (contactStep) proceed(s *Session) {
	contact := &s.state.Contact
	settled := (contact.Settled || contact.Later.Set) && s.laterTold()
	if settled && !contact.Phone.Checking && !contact.Email.Checking && s.at(StepContact) {
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
	return contact.Awaited != "" || !contact.Settled && contact.Failed == "" && contact.Later.Channel == ""
}

func (contactStep) asksSecret(s *Session) bool { return s.state.Contact.Awaited != "" }

func (contactStep) stop(s *Session) bool {
	later := s.stopLater(&s.state.Contact.Later)
	return s.stopOpening() || later
}

func (contactStep) retry(s *Session) {
	if s.again.open {
		s.open()
	}
	if s.at(StepContact) && s.again.ask {
		s.setLater()
	}
	for _, c := range []Channel{SMS, Email} {
		if s.sending(c).failed {
			s.send(c)
		}
	}
}

// open asks the centre for an enrolment of this person.
func (s *Session) open() {
	s.opened, s.openedFor = true, s.errand.Name
	s.again.open = false
	s.dismiss("")
	s.state.Contact.Opening = true
	s.state.Eligible.Opened = s.state.Eligible.Entered.TaxNumber
	s.ask(OpenEnrolment{Case: s.live, Errand: s.errand.Name, Identity: *s.state.Document.Identity, TaxNumber: s.state.Eligible.Entered.TaxNumber})
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
	if s.state.Step == StepKey {
		s.state.Key.Phase = KeyShown
		s.advance()
		return
	}
	for _, channel := range []Channel{SMS, Email} {
		if s.sending(channel).waits {
			s.send(channel)
		}
	}
	if s.state.Contact.Later.Sending {
		s.setLater()
	}
}

// OpenRefused: the centre opens no enrolment, for example because the person has a key.
type OpenRefused struct {
	Code ProblemCode
}

// applyToCase: the centre opens none, so there is none to abandon. Whoever has a key is shown it, and what may be done with
// it; so is whoever has another one than the errand is for.
func (e OpenRefused) applyToCase(s *Session) {
	if s.over() || !s.state.Contact.Opening {
		return
	}
	s.opened, s.state.Contact.Opening = false, false
	key, _ := s.state.named("key")
	switch {
	case e.Code == ProblemAlreadyActive:
		s.turn(key)
		s.advance()
	case s.state.Step == StepKey && (e.Code == ProblemNoKey || e.Code == ProblemWrongState):
		s.readKey()
		s.state.Key.Problem = e.Code
	default:
		s.end(Problem{Code: e.Code})
	}
}

// stopOpening notes that the enrolment could not be asked for.
func (s *Session) stopOpening() bool {
	if !s.state.Contact.Opening {
		return false
	}
	s.state.Contact.Opening, s.again.open = false, true
	return true
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
	ch, only := s.channel(e.Channel), s.errand.Channel
	if ch == nil || !s.at(StepContact) || ch.Sending || ch.Checking || ch.Problem == ChannelLocked || only != "" && only != e.Channel ||
		s.state.Contact.Later.Channel != "" && s.state.Contact.Later.Sending {
		return
	}
	if e.Text != "" {
		LaterChosen{}.apply(s)
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
	if s.laterTold() {
		s.advance()
	}
}

// laterTold reports whether the centre knows how an activation code goes, or that none does. What failed is asked for again.
func (s *Session) laterTold() bool {
	if s.again.ask {
		s.setLater()
	}
	return !s.state.Contact.Later.Sending
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
