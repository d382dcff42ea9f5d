package kiosk

import "time"

// Message is one that the centre sent in this visit.
type Message struct {
	Kind     string // MessageCode and its like
	Channel  Channel
	Delivery Delivery
	Reason   FailReason // why it failed; or why a queued one has not left
	At       time.Time  // when it came so far, by the centre's clock
}

// Kinds of messages.
const (
	MessageCode       = "send_code"
	MessageSignIn     = "sign_in_code"
	MessageWelcome    = "welcome"
	MessageActivation = "activation"
	MessageNotice     = "notify" // tells a holder of a change, on another channel than the one just proven
)

// MessagesChanged says how far all messages of the visit came.
type MessagesChanged struct{ Messages []Message }

func (e MessagesChanged) applyToCase(s *Session) { s.state.Messages = e.Messages }

// FailReason says why a message did not arrive, or does not leave; "" when nothing is wrong. Only the first ones are about the
// address: the others may pass.
type FailReason string

// Why a message did not arrive.
const (
	FailUnknownNumber  FailReason = "unknown_number"  // the operator knows no such subscriber
	FailMailboxUnknown FailReason = "mailbox_unknown" // the domain takes mail, and none for this name
	FailDomainUnknown  FailReason = "domain_unknown"  // there is no such domain, or it takes no mail
	FailMailboxFull    FailReason = "mailbox_full"
	FailSwitchedOff    FailReason = "switched_off" // the phone was off or out of reach for as long as the message was of use
	FailBarred         FailReason = "barred"       // the subscriber, or the operator for them, takes no messages
	FailSpam           FailReason = "spam"         // kept out as unwanted, or by policy
	FailRefused        FailReason = "refused"      // by the operator or relay, without saying more
	FailUnavailable    FailReason = "unavailable"  // the message centre or relay does not answer, or takes no more just now
	FailTooLate        FailReason = "too_late"     // of no use any more before it could leave
	FailOther          FailReason = "other"        // nobody says why
)

// FailReasons are all of them.
var FailReasons = []FailReason{
	FailUnknownNumber, FailMailboxUnknown, FailDomainUnknown, FailMailboxFull, FailSwitchedOff, FailBarred, FailSpam,
	FailRefused, FailUnavailable, FailTooLate, FailOther,
}
