package central

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// LogReceipt names the leaf of the log that says what a visit changed, so that its holder can ask for the proof.
type LogReceipt struct {
	Origin string `json:"origin,omitzero"` // of the log, as in its checkpoints
	Leaf   []byte `json:"leaf"`            // hash of the leaf, RFC 6962 §2.1
	Number *int64 `json:"number,omitzero"` // once it has one
}

// Refusals about keys.
const (
	NoKey        Refusal = "no_key"        // Open: nobody with this document has a living key
	WrongState   Refusal = "wrong_state"   // Open, SuspendByWord: the errand is not offered in the key's state
	NotConfirmed Refusal = "not_confirmed" // SuspendByWord: what was said is not what the centre knows
)

// ActivationRequest asks for an activation code, by a channel whose possession is not proven yet. Calls with the same ID
// (UUIDv7) are one request.
type ActivationRequest struct {
	ID       uuid.UUID           `json:"-"`                 // in the path
	Channel  kiosk.Channel       `json:"channel,omitzero"`  // sms, email or letter
	Value    string              `json:"value,omitzero"`    // E.164 or addr-spec; of a letter nothing
	Address  kiosk.PostalAddress `json:"address,omitzero"`  // of a letter
	Language kiosk.Language      `json:"language,omitzero"` // of the message
}

// ActivationSent says how long the code will live, or why none is sent.
type ActivationSent struct {
	Refusal   Refusal   `json:"refusal,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// ActivationAttempt is one typed activation code. Calls with the same ID (UUIDv7) count as one try.
type ActivationAttempt struct {
	ID   uuid.UUID `json:"-"`             // in the path
	Code []byte    `json:"code,omitzero"` // as typed; whoever holds it wipes it
}

// ActivationConfirmed is the answer to it. A code that came by SMS or e-mail proves that contact as well.
type ActivationConfirmed struct {
	Refusal   Refusal       `json:"refusal,omitzero"` // CodeWrong, CodeExpired or CodeLocked
	TriesLeft int           `json:"tries_left"`
	Channel   kiosk.Channel `json:"channel,omitzero"`
	Contact   string        `json:"contact,omitzero"` // E.164 or addr-spec, that the code proved
	Proof     uuid.UUID     `json:"proof,omitzero"`   // the centre's record of the confirmation
	At        time.Time     `json:"confirmed_at,omitzero"`
}

// SearchRequest asks for a key without its holder's document. It is logged.
type SearchRequest struct {
	ID      uuid.UUID `json:"-"`                // in the path
	Kind    string    `json:"kind,omitzero"`    // phone, email, nif, document or register
	Value   string    `json:"value,omitzero"`   // in the form in which the centre keeps it
	Country string    `json:"country,omitzero"` // of a document
	Reason  string    `json:"reason,omitzero"`  // holder_present, holder_phone, authority, supervisor_check or other
}

// Found are the keys that a search found; none is an answer too.
type Found struct {
	Keys []kiosk.Key `json:"keys"`
}

// WordSuspension suspends a key that a search found, at its holder's word.
type WordSuspension struct {
	Register  int64  `json:"register,omitzero"`
	BirthDate string `json:"birth_date,omitzero"` // as 1984-02-29
	Number    string `json:"number,omitzero"`     // of the document, or the NIF, where policy asks for it
	Reason    string `json:"reason,omitzero"`     // of the list of the cause
}

// NotMe is a "this was not me" code from a notice. Calls with the same ID (UUIDv7) count as one try.
type NotMe struct {
	ID   uuid.UUID `json:"-"`             // in the path
	Code []byte    `json:"code,omitzero"` // as typed; whoever holds it wipes it
}

// Frozen says which key is suspended now, or why none is.
type Frozen struct {
	Refusal  Refusal         `json:"refusal,omitzero"` // CodeWrong, NotConfirmed, WrongState or CodeLocked
	Register int64           `json:"register,omitzero"`
	State    kiosk.KeyStatus `json:"state,omitzero"`
}

// Stored is all that is stored about a person, in sections as the centre names them.
type Stored struct {
	Stored json.RawMessage `json:"stored,omitzero"`
}

// Times are how long a visit took, which is no part of what is signed.
type Times struct {
	Times map[string]int `json:"times,omitzero"` // seconds of each step
}

// ReportRequest asks for a day of this desk.
type ReportRequest struct {
	Day string `json:"day,omitzero"` // as 2026-11-30
}

// DayReport counts what a desk did in a day, without anything about a person.
type DayReport struct {
	Errands []ErrandCount `json:"errands"`
}

// ErrandCount is how often an errand ended in one way, and how long it took.
type ErrandCount struct {
	Errand  string             `json:"errand"`
	Outcome string             `json:"outcome"`
	N       int                `json:"n"`
	Median  float64            `json:"median_seconds,omitzero"`
	Steps   map[string]float64 `json:"steps,omitzero"` // median seconds of each step
}

// LogLeaf is a row of centre.log_leaf, between the database and the door.
type LogLeaf struct {
	Number  *int64    `json:"number"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Op      string    `json:"op"`
	Row     string    `json:"row"`
	Actor   string    `json:"actor"`
	Subject string    `json:"subject"`
	Hidden  string    `json:"hidden"`
	Sealed  string    `json:"sealed"` // as PostgreSQL writes bytes in JSON: \x and hexadecimal digits
	Columns string    `json:"columns"`
}
