package kiosk

import (
	"time"

	"github.com/google/uuid"
)

// Channel is a kind of contact.
type Channel string

// Kinds of contacts.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// Delivery says how far a message came.
type Delivery string

// How far a message came.
const (
	DeliveryNone      Delivery = ""
	DeliveryQueued    Delivery = "queued"
	DeliverySent      Delivery = "sent"
	DeliveryDelivered Delivery = "delivered"
	DeliveryFailed    Delivery = "failed"
)

// ContactState is both channels and which of them is waiting for a code.
type ContactState struct {
	Opening    bool // the enrolment is being opened at the centre
	Phone      ChannelState
	Email      ChannelState
	Awaited    Channel // the channel whose code the citizen's screen asks for; "" when none
	Failed     Channel // the one last asked for, when it stopped and none is asked for now: the clerk's turn; see ChannelState.Stopped
	Correcting bool    // what is proven may be changed, which ends its proof
	Settled    bool    // at least one channel is confirmed: the clerk may continue
	Later      LaterState
}

// ChannelState is one phone number or e-mail address on its way to being proven. Times are by the centre's
// clock, which CentreStatus.Skew compares with this computer's.
type ChannelState struct {
	Text        string // as typed
	Draft       string // typed since and not sent
	Value       string // normalised: E.164 or addr-spec; empty until valid
	Sending     bool   // on its way to the centre
	Checking    bool   // a code is being compared at the centre
	Delivery    Delivery
	Reason      FailReason // of a Delivery that failed; or why one that is queued has not left
	SentAt      time.Time
	ExpiresAt   time.Time
	ResendAt    time.Time // earliest next resend
	SendsLeft   int
	TriesLeft   int
	Tries       int // allowed in all
	ConfirmedAt time.Time
	Proof       uuid.UUID // the centre's record of the confirmation
	Problem     ContactProblem
}

// Confirmed reports whether possession of the contact was proven.
func (c ChannelState) Confirmed() bool { return !c.ConfirmedAt.IsZero() }

// Stopped says why a code that was sent can no longer confirm the contact: both screens tell it, and the clerk goes
// on. ContactOK while the code can, once it has, or when none was sent.
func (c ChannelState) Stopped() ContactProblem {
	switch {
	case c.Confirmed(), c.SentAt.IsZero():
	case c.Problem == CodeLocked, c.Problem == ChannelLocked, c.Problem == ContactTaken, c.Problem == CodeExpired:
		return c.Problem
	case c.Delivery == DeliveryFailed:
		return Undelivered
	}
	return ContactOK
}
