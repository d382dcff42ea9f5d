package central

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// What a desk and the centre's door (kiosk/central/door) say to each other, as both of them hold it: JSON, whose times
// are UTC to the microsecond (RFC 3339), bytes base64 (RFC 4648 §4), identifiers UUIDs in text, and whose members are
// absent where the value is zero. The first and the last byte of a body belong to one JSON object; a member that is
// not known here is refused by the door and ignored by a desk.

// Version is the version of this interface: of the paths below and of what is said there.
const Version = 1

// Paths, as net/http.ServeMux takes them. What stands in braces are UUIDv7 of the desk's making: the same call again
// has the same answer and does nothing twice.
const (
	PathHello         = "/v1/hello"                                                // POST; Hello
	PathEnrolment     = "/v1/enrolments/{enrolment}"                               // PUT Person, Opened; GET, Status
	PathCode          = "/v1/enrolments/{enrolment}/codes/{send}"                  // PUT CodeRequest; CodeSent
	PathAttempt       = "/v1/enrolments/{enrolment}/attempts/{attempt}"            // PUT Attempt; Confirmed
	PathChipChallenge = "/v1/enrolments/{enrolment}/chip-challenge"                // PUT Chip; ChipChallenge
	PathEvidence      = "/v1/enrolments/{enrolment}/evidence"                      // PUT Evidence; Status
	PathAbandonment   = "/v1/enrolments/{enrolment}/abandonment"                   // PUT Abandonment; 204
	PathActivation    = "/v1/enrolments/{enrolment}/activations/{send}"            // PUT ActivationRequest; ActivationSent
	PathResend        = "/v1/enrolments/{enrolment}/resends/{send}"                // PUT ActivationRequest; ActivationSent
	PathActivationTry = "/v1/enrolments/{enrolment}/activation-attempts/{attempt}" // PUT ActivationAttempt; ActivationConfirmed
	PathStored        = "/v1/enrolments/{enrolment}/stored"                        // GET; Stored
	PathTimes         = "/v1/enrolments/{enrolment}/times"                         // PUT Times; 204
	PathMessages      = "/v1/enrolments/{enrolment}/messages"                      // GET; Messages
	PathEvents        = "/v1/events"                                               // GET; text/event-stream

	PathShift    = "/v1/shifts/{shift}"                            // PUT; Shift
	PathSignIn   = "/v1/shifts/{shift}/sign-in"                    // PUT SignIn; SignedIn
	PathFailure  = "/v1/shifts/{shift}/failures/{failure}"         // PUT SignInFailure; SignInFailed
	PathShiftEnd = "/v1/shifts/{shift}/end"                        // PUT; 204
	PathCases    = "/v1/shifts/{shift}/cases"                      // GET; Cases
	PathCase     = "/v1/shifts/{shift}/cases/{enrolment}"          // GET; CaseStatus
	PathLease    = "/v1/shifts/{shift}/cases/{enrolment}/lease"    // PUT; LeasedCase
	PathRelease  = "/v1/shifts/{shift}/cases/{enrolment}/release"  // PUT; 204
	PathDecision = "/v1/shifts/{shift}/cases/{enrolment}/decision" // PUT Decision; Decided

	PathSearch = "/v1/shifts/{shift}/searches/{search}"            // PUT SearchRequest; Found
	PathWord   = "/v1/shifts/{shift}/searches/{search}/suspension" // PUT WordSuspension; Frozen
	PathNotMe  = "/v1/shifts/{shift}/not-me/{attempt}"             // PUT NotMe; Frozen
	PathReport = "/v1/shifts/{shift}/report"                       // PUT ReportRequest; DayReport
)

// Media types of bodies. A body of another type is refused with 415, and ignored in an answer.
const (
	MediaJSON    = "application/json"
	MediaProblem = "application/problem+json"
	MediaEvents  = "text/event-stream"
)

// Events of PathEvents. A comment line comes at once, and at least every EventPause, so that a desk notices a dead line.
const (
	EventNotice = "notice" // data: Notice
	EventMissed = "missed" // no data: the centre may have missed notices, ask for the status
	EventEnd    = "end"    // data: the code of a Problem, a JSON string; nothing comes after it
	EventPause  = 10 * time.Second
)

// Problem is an error's body (RFC 9457). It says nothing about anybody: Code is a stable word.
type Problem struct {
	Type   string `json:"type"` // "about:blank": Title is that of the HTTP status
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"` // one of the Refused… or Failed… constants
}

// Codes of problems by which the desk is refused: asking again is of no use. With their HTTP status.
const (
	RefusedUnknown   = "unknown_enrolment" // 404: no such enrolment, or not this desk's
	RefusedEnded     = "enrolment_ended"   // 409: bound, refused or abandoned before
	RefusedExpired   = "enrolment_expired" // 410: open for too long
	RefusedConflict  = "conflict"          // 409: the identifier was used with another content
	RefusedInvalid   = "invalid"           // 422, or 400 and 413 and 415: an argument outside its domain, or no such body
	RefusedNoCode    = "no_code"           // 422: no code was asked for on this channel
	RefusedNoContact = "no_contact"        // 422: nothing is proven yet
	RefusedUnproven  = "not_proven"        // 422: no activation code was given, or nobody signed in, as the errand needs it
	RefusedTooMany   = "too_many"          // 429: this desk opened too many enrolments that became no key
	RefusedDesk      = "not_a_desk"        // 403: the certificate is not, or no longer, a desk's
	RefusedSuspended = "desk_suspended"    // 403: the desk is suspended
	RefusedShift     = "no_shift"          // 403: no shift of this desk's, or it is over, or its staff or their card is suspended
	RefusedRole      = "not_allowed"       // 403: not for the role of whoever is signed in
	RefusedNameless  = "no_certificate"    // 401: no client certificate of the desks' authority
)

// Codes of problems that pass: the desk asks again, after Retry-After.
const (
	FailedBusy        = "busy"           // 429: this desk has too many calls under way
	FailedUnavailable = "unavailable"    // 503: the database is away, busy or a standby, or the door is closing
	FailedInternal    = "internal"       // 500
	FailedRecord      = "record_invalid" // 500: what the centre has of a key is not what its registrar signed
)

// CertificateSoon is how long before its end a certificate of a desk or a door is warned of.
const CertificateSoon = 30 * 24 * time.Hour

// Hello is what the centre says of itself.
type Hello struct {
	Now           time.Time       `json:"now,omitzero"`   // the centre's clock
	Desk          string          `json:"desk,omitzero"`  // whom the certificate names
	Version       int             `json:"version"`        // compare with the constant Version
	SchemaVersion int             `json:"schema_version"` // of the centre's database; for the support
	Settings      json.RawMessage `json:"rules,omitzero"` // as the database has them: Rules, and what later versions add
	Delivery      kiosk.Health    `json:"delivery,omitzero"`

	// Found out by the desk.
	Rules     kiosk.Rules   `json:"-"` // in Settings
	RoundTrip time.Duration `json:"-"` // of this call
	Skew      time.Duration `json:"-"` // this computer's clock minus the centre's, to half a round trip
	DoorEnds  time.Time     `json:"-"` // when the certificate ends of the door that answered
}

// Refusal is an expected negative answer; "" means that the call succeeded.
type Refusal string

// Refusals of Open, SendCode and ConfirmCode. Those about codes read like kiosk.ContactProblem.
const (
	AlreadyActive    Refusal = "already_active"    // Open: the person has a living key
	WaitingCase      Refusal = "waiting_case"      // Open: a case of the person's waits for a supervisor
	NoChip           Refusal = "no_chip"           // Open: the document was typed, and that is not enrolled
	EnrolmentExpired Refusal = "enrolment_expired" // SendCode
	ResendsUsed      Refusal = "resends_used"      // SendCode
	TooSoon          Refusal = "too_soon"          // SendCode: before ResendAt
	DestinationOff   Refusal = "destination_off"   // SendCode: the centre sends nothing to such numbers
	CentreBusy       Refusal = "centre_busy"       // SendCode: as many codes as the centre, or the country, has an hour were sent
	CodeLocked       Refusal = "code_locked"       // SendCode, ConfirmCode: no tries left
	CodeWrong        Refusal = "code_wrong"        // ConfirmCode
	CodeExpired      Refusal = "code_expired"      // ConfirmCode: too late, or used before
	Taken            Refusal = "taken"             // ConfirmCode: right, but another person's contact

	StaffUnknown    Refusal = "staff_unknown"    // SignIn, SignInFailed: no card of the staff's
	StaffSuspended  Refusal = "staff_suspended"  // SignIn
	StaffRevoked    Refusal = "staff_revoked"    // SignIn: the card, not the person
	StaffLocked     Refusal = "staff_locked"     // SignIn, SignInFailed: no tries left at this desk until a supervisor signs in there
	SignInInvalid   Refusal = "sign_in_invalid"  // SignIn: not a statement of that card's, for this shift, at this desk, now
	NotSupervisor   Refusal = "not_supervisor"   // SignIn: only a supervisor admits
	ClerkUnknown    Refusal = "clerk_unknown"    // SignIn: whoever is to be admitted is none of the clerks
	CaseGone        Refusal = "gone"             // TakeCase, Decide: decided, expired, or none
	CaseLeased      Refusal = "leased"           // TakeCase, Decide: another supervisor has it
	OwnCase         Refusal = "own_case"         // TakeCase, Decide: of the clerk's own, or whom they admitted
	DecisionInvalid Refusal = "decision_invalid" // Decide: not a statement of a staff card's, about this case, at this desk, now
)

// Person is the person that an enrolment is opened for. A Citizen Card identifies its holder by the
// civil number, a travel document by its own number and the NIF; the other number of the two is not
// sent.
type Person struct {
	Document       kiosk.DocumentKind `json:"document_kind,omitzero"`
	Country        string             `json:"country,omitzero"`         // of issue: three letters, or as a machine-readable zone has it ("D")
	CivilNumber    string             `json:"civil_number,omitzero"`    // digits and capital letters, without spaces
	DocumentNumber string             `json:"document_number,omitzero"` // digits and capital letters, without fillers
	TaxNumber      string             `json:"tax_number,omitzero"`      // NIF, nine digits; may be "" with a Citizen Card
	Typed          bool               `json:"typed,omitzero"`           // the machine-readable zone of a travel document was typed: there is no chip
	Shift          uuid.UUID          `json:"shift,omitzero"`           // of whoever serves
	Errand         string             `json:"errand,omitzero"`          // name of what the person came for; an enrolment when absent
}

// Opened is an enrolment that the centre has opened, or a refusal and nothing else. Times, here and
// below, are by the centre's clock and in UTC.
type Opened struct {
	Refusal   Refusal    `json:"refusal,omitzero"`
	Challenge []byte     `json:"challenge,omitzero"` // 32 bytes, for the card to sign
	OpenedAt  time.Time  `json:"opened_at,omitzero"`
	ExpiresAt time.Time  `json:"expires_at,omitzero"`
	Key       *kiosk.Key `json:"key,omitzero"` // that the errand is about; none of an enrolment. Errand "key" opens nothing and has only this.
}

// CodeRequest asks for a one-time code. Calls with the same ID (UUIDv7) are one request.
type CodeRequest struct {
	ID       uuid.UUID      `json:"-"` // in the path
	Channel  kiosk.Channel  `json:"channel,omitzero"`
	Value    string         `json:"value,omitzero"` // E.164 or addr-spec
	Language kiosk.Language `json:"language,omitzero"`
}

// CodeSent says that a code is on its way, or why not. TriesLeft, SendsLeft and ResendAt are told in both
// cases.
type CodeSent struct {
	Refusal   Refusal   `json:"refusal,omitzero"`
	SentAt    time.Time `json:"sent_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	ResendAt  time.Time `json:"resend_at,omitzero"`
	SendsLeft int       `json:"sends_left"`
	TriesLeft int       `json:"tries_left"`
	Tries     int       `json:"tries"` // allowed in all
}

// Attempt is one typed code. Calls with the same ID (UUIDv7) count as one try.
type Attempt struct {
	ID      uuid.UUID     `json:"-"` // in the path
	Channel kiosk.Channel `json:"channel,omitzero"`
	Code    []byte        `json:"code,omitzero"` // ASCII digits, base64 as all bytes are; whoever holds it wipes it
}

// Confirmed is the answer to a typed code.
type Confirmed struct {
	Refusal   Refusal   `json:"refusal,omitzero"`
	TriesLeft int       `json:"tries_left"`
	Proof     uuid.UUID `json:"proof,omitzero"` // the centre's record of the confirmation
	At        time.Time `json:"confirmed_at,omitzero"`
}

// Chip is the chip of a travel document that is to be challenged.
type Chip struct {
	DG14 []byte `json:"dg14,omitzero"` // EF.DG14 as read
}

// ChipState is how far the centre is with the challenge to a chip.
type ChipState string

// States of a challenge to a chip.
const (
	ChipQueued      ChipState = "queued"      // a registrar makes it; a notice of kind NoticeChip says when it has
	ChipReady       ChipState = "ready"       // Challenge is there
	ChipUnsupported ChipState = "unsupported" // the chip has no key for it
)

// ChipChallenge is the centre's challenge to the chip of a travel document. Its private half stays
// at the centre, so that a desk cannot forge the answer.
type ChipChallenge struct {
	State     ChipState `json:"state,omitzero"`
	Challenge []byte    `json:"challenge,omitzero"` // what the desk sends to the chip, once ready
}

// Evidence is transcript.Evidence on the wire, and what is no part of what is signed.
type Evidence struct {
	JWS       []byte `json:"jws,omitzero"`
	Identity  []byte `json:"identity,omitzero"`
	SOD       []byte `json:"sod,omitzero"`
	SealedPIN []byte `json:"sealed_pin,omitzero"`
	Proof     []byte `json:"proof,omitzero"`
	Marked    bool   `json:"marked,omitzero"` // the clerk has a doubt: a supervisor decides
}

// State is where an enrolment stands at the centre.
type State string

// States of an enrolment.
const (
	StateOpen      State = "open"
	StatePending   State = "pending" // bound; the registrar has not decided yet
	StateWaiting   State = "waiting" // for a supervisor
	StateActive    State = "active"
	StateRefused   State = "refused"
	StateAbandoned State = "abandoned"
	StateExpired   State = "expired"
)

// Status is an enrolment as the centre has it.
type Status struct {
	State      State          `json:"state,omitzero"`
	Refusal    string         `json:"refusal,omitzero"`  // why it was refused or abandoned: a kiosk.Reason or kiosk.ProblemCode
	Register   int64          `json:"register,omitzero"` // number of the key, once active
	ActiveAt   time.Time      `json:"active_at,omitzero"`
	ValidUntil kiosk.Date     `json:"valid_until,omitzero"` // the last day
	Level      kiosk.Level    `json:"level,omitzero"`
	SMS        kiosk.Delivery `json:"delivery_sms,omitzero"` // of the newest code on each channel
	Email      kiosk.Delivery `json:"delivery_email,omitzero"`
	Key        *kiosk.Key     `json:"key,omitzero"`      // as it is once the errand is done
	Receipt    *LogReceipt    `json:"receipt,omitzero"`  // of the change, where one was made
	Record     []byte         `json:"-" column:"record"` // of a key that is active, for the door: kiosk/record
	Leaf       *LogLeaf       `json:"-" column:"leaf"`   // of the change, for the door: kiosk/ledger
}

// Messages is how far the messages of a visit came.
type Messages struct {
	Messages []Message `json:"messages"` // the oldest first
}

// Message is one of them.
type Message struct {
	Kind    string           `json:"kind"` // one of kiosk.MessageCode and its like
	Channel kiosk.Channel    `json:"channel"`
	State   kiosk.Delivery   `json:"state"`
	Reason  kiosk.FailReason `json:"reason,omitzero"` // why it failed; or why a queued one has not left
	At      time.Time        `json:"at"`
}

// Abandonment says why an enrolment ends without a key.
type Abandonment struct {
	Reason string `json:"reason,omitzero"` // a word: a kiosk.ProblemCode, or "cancelled"
}

// NoticeKind is what changed.
type NoticeKind string

// What a notice is about.
const (
	NoticeDelivery NoticeKind = "delivery" // a message left, arrived or failed
	NoticeKey      NoticeKind = "key"      // the enrolment ended: active, refused, …
	NoticeChip     NoticeKind = "chip"     // the challenge to the chip is ready, or cannot be made
	NoticeCase     NoticeKind = "case"     // a case waits for a supervisor, or does not any more: of no one enrolment
	NoticeShift    NoticeKind = "shift"    // the shift ended: of no enrolment
)

// Notice reports that something changed, about an enrolment or at the desk, so that the centre should be asked. It
// decides nothing, and one that was sent while the line was down is lost.
type Notice struct {
	Enrolment uuid.UUID  `json:"enrolment,omitzero"`
	Kind      NoticeKind `json:"kind"`
}
