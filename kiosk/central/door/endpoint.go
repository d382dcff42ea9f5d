package door

import (
	"net/http"
	"strconv"

	"balcao/kiosk/central"
)

// endpoint is one call: what a desk sends, the one statement that does it, and what the desk hears.
type endpoint struct {
	method, path string
	// body is the most bytes of a request's body: what the statement's function takes, in base64 where it is bytes.
	body int64
	// request and answer are values of the types in package central; nil where there is no body.
	request, answer any
	// sql answers one row, whose columns are named as the members of answer. $1 is the fingerprint of the desk's
	// certificate; then come the identifiers in the path, and then the members of request, both in their order.
	sql string
}

const statusColumns = `state, refusal, register, active_at, valid_until::text, level, delivery_sms, delivery_email`

// endpoints are all calls. What an argument may be is judged by the functions, in schema/functions/desk.
var endpoints = []endpoint{
	{http.MethodPost, central.PathHello, 0, nil, central.Hello{},
		`select now, desk, ` + strconv.Itoa(central.Version) + ` as version, schema_version, rules, delivery from desk.hello($1)`},
	{http.MethodPut, central.PathEnrolment, 1 << 10, central.Person{}, central.Opened{},
		`select refusal, challenge, opened_at, expires_at
			from desk.open_enrolment($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), nullif($7, ''), $8, $9)`},
	{http.MethodGet, central.PathEnrolment, 0, nil, central.Status{},
		`select ` + statusColumns + ` from desk.enrolment_status($1, $2)`},
	{http.MethodPut, central.PathCode, 1 << 10, central.CodeRequest{}, central.CodeSent{},
		`select refusal, sent_at, expires_at, resend_at, sends_left, tries_left, tries
			from desk.send_code($1, $2, $3, $4, $5, $6)`},
	{http.MethodPut, central.PathAttempt, 1 << 10, central.Attempt{}, central.Confirmed{},
		`select refusal, tries_left, proof, confirmed_at from desk.confirm_code($1, $2, $3, $4, $5)`},
	{http.MethodPut, central.PathChipChallenge, 24 << 10, central.Chip{}, central.ChipChallenge{},
		`select state, challenge from desk.chip_challenge($1, $2, $3)`},
	{http.MethodPut, central.PathEvidence, 528 << 10, central.Evidence{}, central.Status{},
		`select ` + statusColumns + ` from desk.bind($1, $2, $3, $4, $5, $6, $7, $8)`},
	{http.MethodPut, central.PathAbandonment, 1 << 10, central.Abandonment{}, nil,
		`select desk.abandon($1, $2, $3)`},
}
