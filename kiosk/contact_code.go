package kiosk

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// codeDigits is the length of a one-time code (NIST SP 800-63B-4 §3.1.3.3: at least six digits).
const codeDigits = 6

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
	ch.Delivery, ch.Reason = DeliveryQueued, ""
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
	Reason   FailReason
}

// applyToCase moves forwards only: receipts overtake each other on their way.
func (e DeliveryChanged) applyToCase(s *Session) {
	ch := s.channel(e.Channel)
	order := []Delivery{DeliveryNone, DeliveryQueued, DeliverySent, DeliveryFailed, DeliveryDelivered}
	if ch == nil || s.over() || ch.SentAt.IsZero() {
		return
	}
	if slices.Index(order, e.Delivery) > slices.Index(order, ch.Delivery) || e.Delivery == ch.Delivery {
		ch.Delivery, ch.Reason = e.Delivery, e.Reason
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

func (e CodeTyped) secret() Secret { return e.Code }

// apply passes the code on; only the centre can compare it.
func (e CodeTyped) apply(s *Session) {
	ch := s.channel(s.state.Contact.Awaited)
	if ch == nil || !s.at(StepContact) || s.state.Away || ch.Sending || ch.Checking || !s.awaits(ch) || !digits(e.Code, codeDigits, codeDigits) {
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

// expireCodes marks codes whose time is over, by the centre's clock.
func (s *Session) expireCodes() {
	for _, ch := range []*ChannelState{&s.state.Contact.Phone, &s.state.Contact.Email} {
		if s.awaits(ch) && !ch.Checking && !ch.ExpiresAt.IsZero() && !s.centreNow().Before(ch.ExpiresAt) {
			ch.Problem = CodeExpired
		}
	}
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
