package kiosk

import (
	"slices"
	"time"
)

// KeyStatus is the state of a key, as the centre names it.
type KeyStatus string

// States of a key.
const (
	StatusPending   KeyStatus = "pending" // an activation code is out
	StatusActive    KeyStatus = "active"
	StatusLocked    KeyStatus = "locked"  // for a while, after wrong PINs
	StatusBlocked   KeyStatus = "blocked" // until a desk unblocks it
	StatusSuspended KeyStatus = "suspended"
	StatusExpired   KeyStatus = "expired"
	StatusCancelled KeyStatus = "cancelled"
)

// Key is a key as a desk may see it: contacts are masked by the centre, and there is no name. It is what the centre says,
// as JSON.
type Key struct {
	Register    int64           `json:"register"` // number in the centre's register
	State       KeyStatus       `json:"state"`
	Since       time.Time       `json:"since,omitzero"`
	Reason      KeyReason       `json:"reason,omitzero"` // of the latest change
	Level       Level           `json:"level,omitzero"`
	ValidUntil  Date            `json:"valid_until,omitzero"`  // the last day
	LockedUntil time.Time       `json:"locked_until,omitzero"` // of a locked key
	Pending     *PendingCode    `json:"pending,omitzero"`      // of a pending key
	Initials    string          `json:"initials,omitzero"`     // of the holder; in the answer to a search only
	Contacts    []MaskedContact `json:"contacts,omitzero"`
	Numbers     []NumberOf      `json:"numbers,omitzero"`
	Offered     []string        `json:"offered,omitzero"`  // names of errands that its state allows
	Timeline    []KeyEvent      `json:"timeline,omitzero"` // the newest first, at most 50
}

// MaskedContact is a proven contact of which no more is shown than its holder needs to know it again.
type MaskedContact struct {
	Channel  Channel   `json:"channel"`
	Value    string    `json:"value"` // "+351 912 ••• 678", "i•••@exemplo.pt"
	ProvenAt time.Time `json:"proven_at,omitzero"`
}

// PendingCode is an activation code that was sent and not given yet.
type PendingCode struct {
	Channel   Channel   `json:"channel"`
	Value     string    `json:"value,omitzero"` // masked; of a letter nothing
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// NumberOf says that a number of another service is known of a person, and where it is from; not the number.
type NumberOf struct {
	Kind   NumberKind   `json:"kind"`
	Source NumberSource `json:"source"`
}

// KeyEvent is one change of a key.
type KeyEvent struct {
	At     time.Time `json:"at"`
	Cause  string    `json:"cause"` // as in the table of transitions
	From   KeyStatus `json:"from,omitzero"`
	To     KeyStatus `json:"to"`
	Reason KeyReason `json:"reason,omitzero"`
	Desk   string    `json:"desk,omitzero"`   // empty: the centre itself
	Staff  string    `json:"staff,omitzero"`  // number; empty: nobody's
	Leaf   *int64    `json:"leaf,omitzero"`   // number in the transparency log; nil while it has none
	Notice Delivery  `json:"notice,omitzero"` // how far the holder's notice came; "none" where nobody had to be told
}

// KeyReason is why a key changes, from the list of its cause.
type KeyReason string

// Why keys change.
const (
	ReasonRequest      KeyReason = "request" // the holder wants it
	ReasonPhoneLost    KeyReason = "phone_lost"
	ReasonPINKnown     KeyReason = "pin_known" // somebody else knows the PIN
	ReasonDocumentLost KeyReason = "document_lost"
	ReasonMisuse       KeyReason = "misuse" // somebody used the key
	ReasonRecovered    KeyReason = "recovered"
	ReasonUnused       KeyReason = "unused" // the holder needs none any more
)

// Reasons are those of which one is chosen in an errand, in the order offered. Other errands change a key because its
// holder asks for it.
var Reasons = map[string][]KeyReason{
	"suspend":    {ReasonRequest, ReasonPhoneLost, ReasonPINKnown, ReasonDocumentLost, ReasonMisuse},
	"word":       {ReasonRequest, ReasonPhoneLost, ReasonPINKnown, ReasonDocumentLost, ReasonMisuse},
	"reactivate": {ReasonRequest, ReasonRecovered},
	"cancel":     {ReasonRequest, ReasonUnused, ReasonMisuse},
}

// Leaf is where a change stands in the transparency log: what a receipt's code says.
type Leaf struct {
	Origin string `json:"origin"` // of the log
	Hash   []byte `json:"hash"`   // of the leaf, SHA-256 (RFC 6962 §2.1)
}

// NumberKind is a service whose number people have.
type NumberKind string

// Kinds of numbers.
const (
	NumberTax            NumberKind = "nif"
	NumberSocialSecurity NumberKind = "niss"
	NumberHealth         NumberKind = "nsns"
)

// NumberSource is where a number is from.
type NumberSource string

// Sources of numbers.
const (
	NumberChip  NumberSource = "chip"  // the document's chip states it
	NumberPaper NumberSource = "paper" // the clerk saw it on a paper
	NumberSaid  NumberSource = "said"  // the person says so
)

// NumberPapers are the papers on which a number may be shown, in the order offered.
var NumberPapers = []SeenKind{SeenServiceCard, SeenServiceLetter, SeenTaxRecord, SeenOldCard}

// NumberClaim is a number of another service that a person has.
type NumberClaim struct {
	Value  string       // digits; empty: none
	Source NumberSource // NumberPaper or NumberSaid
	Paper  SeenKind     // with NumberPaper: one of NumberPapers
}

// ActivationSent says where an activation code went, and until when it counts.
type ActivationSent struct {
	Channel   Channel
	Value     string // as entered; of a letter empty
	ExpiresAt time.Time
}

// offers reports whether the key's state allows an errand.
func (k *Key) offers(errand string) bool { return k != nil && slices.Contains(k.Offered, errand) }
