package central

import (
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// Paths of "try your key". A try is one PIN; codes and attempts belong to it.
const (
	PathTry        = "/v1/enrolments/{enrolment}/tries/{try}"                    // PUT Try; GET; TryStatus
	PathTryCode    = "/v1/enrolments/{enrolment}/tries/{try}/codes/{send}"       // PUT TryCodeRequest; TryCodeSent
	PathTryAttempt = "/v1/enrolments/{enrolment}/tries/{try}/attempts/{attempt}" // PUT TryAttempt; TrySignedIn
)

// NoticeTry is a notice about a try: its PIN was compared, or its code left, arrived or failed.
const NoticeTry NoticeKind = "try"

// Try is a PIN that is to be compared with a key's.
type Try struct {
	By        kiosk.Identifier `json:"by,omitzero"`
	Value     string           `json:"value,omitzero"` // E.164, addr-spec, or country and number with a colon between; "" for the enrolment's key
	SealedPIN []byte           `json:"sealed_pin,omitzero"`
}

// TryState is how far a try is.
type TryState string

// States of a try.
const (
	TryQueued TryState = "queued" // a registrar compares it; a notice says when it has
	TryNo     TryState = "no"     // wrong, or a key that is locked, blocked, suspended, or none: the centre does not say which
	TryFailed TryState = "failed" // nobody could compare it: it is typed again, as another try
	TryCode   TryState = "code"   // the PIN was right; a code is asked for
	TryDone   TryState = "signed_in"
	TryOver   TryState = "over" // too many wrong codes, or too late
)

// TryStatus is a try as the centre has it.
type TryStatus struct {
	State    TryState       `json:"state,omitzero"`
	Delivery kiosk.Delivery `json:"delivery,omitzero"` // of the newest code
}

// TryCodeRequest asks for a code in a try whose PIN was right. Calls with the same ID (UUIDv7) are one request.
type TryCodeRequest struct {
	ID       uuid.UUID      `json:"-"` // in the path
	Channel  kiosk.Channel  `json:"channel,omitzero"`
	Language kiosk.Language `json:"language,omitzero"`
}

// Refusals of a code in a try, beside ResendsUsed, TooSoon, DestinationOff, CodeWrong and CodeExpired.
const (
	NoChannel Refusal = "no_contact" // the key has no contact on this channel
	CodeOver  Refusal = "over"       // the key is blocked by wrong codes until a desk unblocks it
	TryEnded  Refusal = "ended"      // the try took too long, or the key was changed meanwhile
)

// TryCodeSent says that a code is on its way, or why not.
type TryCodeSent struct {
	Refusal   Refusal   `json:"refusal,omitzero"`
	SentAt    time.Time `json:"sent_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	ResendAt  time.Time `json:"resend_at,omitzero"`
	SendsLeft int       `json:"sends_left"`
	TriesLeft int       `json:"tries_left"` // wrong codes that the key still has, whatever is sent
}

// TryAttempt is one typed code. Calls with the same ID (UUIDv7) count as one try.
type TryAttempt struct {
	ID   uuid.UUID `json:"-"`             // in the path
	Code []byte    `json:"code,omitzero"` // ASCII digits, base64 as all bytes are; whoever holds it wipes it
}

// TrySignedIn is the answer to a typed code.
type TrySignedIn struct {
	Refusal   Refusal `json:"refusal,omitzero"`
	TriesLeft int     `json:"tries_left"`
	Register  int64   `json:"register,omitzero"` // of the key
	Record    []byte  `json:"-" column:"record"` // of the key that was signed in with, for the door: kiosk/record
}
