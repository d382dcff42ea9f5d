package door

import (
	"net/http"
	"strconv"

	"balcao/kiosk/central"
)

// endpoint is one call: what a desk sends, the one SQL statement that does it, and what the desk hears.
type endpoint struct {
	method, path string
	// body is the most bytes of a request's body: what the statement's function takes, in base64 where it is bytes.
	body int64
	// request and answer are values of the types in package central; nil where there is no body.
	request, answer any
	// sql answers one row, whose columns are named as the members of answer. $1 is the fingerprint of the desk's
	// certificate; then come the identifiers in the path, and then the members of request, both in their order.
	sql string
	// verify, where it is not nil, takes a request before the database hears of it. It is given the arguments of sql as far as
	// the path says them, and returns them all; or another statement, which says no.
	verify func(d *Door, c caller, e endpoint, args []any, request any) (sql string, all []any, err error)
}

// statementBody is of a body with what a staff card signed: its certificate, perhaps with others, twice in base64.
const statementBody = 64 << 10

const statusColumns = `state, refusal, register, active_at, valid_until::text, level, delivery_sms, delivery_email, record, key, leaf`

// endpoints are all calls. What an argument may be is judged by the functions, in schema/functions/desk.
var endpoints = []endpoint{
	{http.MethodPost, central.PathHello, 0, nil, central.Hello{},
		`select now, desk, ` + strconv.Itoa(central.Version) + ` as version, schema_version, rules, delivery from desk.hello($1)`, nil},
	{http.MethodPut, central.PathEnrolment, 1 << 10, central.Person{}, central.Opened{},
		`select refusal, challenge, opened_at, expires_at, key from desk.open_enrolment($1, $2, $3, $4, nullif($5, ''), nullif($6, ''),
			nullif($7, ''), $8, $9, coalesce(nullif($10, ''), 'enrol'))`, nil},
	{http.MethodGet, central.PathEnrolment, 0, nil, central.Status{},
		`select ` + statusColumns + ` from desk.enrolment_status($1, $2)`, nil},
	{http.MethodGet, central.PathMessages, 0, nil, central.Messages{},
		`select messages from desk.messages($1, $2)`, nil},
	{http.MethodPut, central.PathCode, 1 << 10, central.CodeRequest{}, central.CodeSent{},
		`select refusal, sent_at, expires_at, resend_at, sends_left, tries_left, tries
			from desk.send_code($1, $2, $3, $4, $5, $6)`, nil},
	{http.MethodPut, central.PathAttempt, 1 << 10, central.Attempt{}, central.Confirmed{},
		`select refusal, tries_left, proof, confirmed_at from desk.confirm_code($1, $2, $3, $4, $5)`, nil},
	{http.MethodPut, central.PathChipChallenge, 24 << 10, central.Chip{}, central.ChipChallenge{},
		`select state, challenge from desk.chip_challenge($1, $2, $3)`, nil},
	{http.MethodPut, central.PathEvidence, 528 << 10, central.Evidence{}, central.Status{},
		`select ` + statusColumns + ` from desk.bind($1, $2, $3, $4, $5, $6, $7, $8)`, nil},
	{http.MethodPut, central.PathAbandonment, 1 << 10, central.Abandonment{}, nil,
		`select desk.abandon($1, $2, $3)`, nil},
	{http.MethodPut, central.PathActivation, 4 << 10, central.ActivationRequest{}, central.ActivationSent{},
		`select refusal, expires_at from desk.set_activation($1, $2, $3, $4, $5, $6, $7)`, nil},
	{http.MethodPut, central.PathResend, 4 << 10, central.ActivationRequest{}, central.ActivationSent{},
		`select refusal, expires_at from desk.resend_activation($1, $2, $3, $4, $5, $6, $7)`, nil},
	{http.MethodPut, central.PathActivationTry, 1 << 10, central.ActivationAttempt{}, central.ActivationConfirmed{},
		`select refusal, tries_left, channel, contact, proof, confirmed_at from desk.confirm_activation($1, $2, $3, $4)`, nil},
	{http.MethodGet, central.PathStored, 0, nil, central.Stored{},
		`select stored from desk.stored($1, $2)`, nil},
	{http.MethodPut, central.PathTimes, 4 << 10, central.Times{}, nil,
		`select desk.took($1, $2, $3)`, nil},
	{http.MethodPut, central.PathTry, 8 << 10, central.Try{}, central.TryStatus{},
		`select state, delivery from desk.try($1, $2, $3, $4, $5, $6)`, nil},
	{http.MethodGet, central.PathTry, 0, nil, central.TryStatus{},
		`select state, delivery from desk.try_status($1, $2, $3)`, nil},
	{http.MethodPut, central.PathTryCode, 1 << 10, central.TryCodeRequest{}, central.TryCodeSent{},
		`select refusal, sent_at, expires_at, resend_at, sends_left, tries_left from desk.try_code($1, $2, $3, $4, $5, $6)`, nil},
	{http.MethodPut, central.PathTryAttempt, 1 << 10, central.TryAttempt{}, central.TrySignedIn{},
		`select refusal, tries_left, register, record from desk.try_attempt($1, $2, $3, $4, $5)`, nil},
	{http.MethodPut, central.PathShift, 0, nil, central.Shift{},
		`select challenge, expires_at from desk.begin_shift($1, $2)`, nil},
	{http.MethodPut, central.PathSignIn, statementBody, central.SignIn{}, central.SignedIn{},
		`select refusal, staff, name, role, ends_at, tries_left, admitted_by from desk.sign_in($1, $2, $3, $4, $5, $6)`, (*Door).signIn},
	{http.MethodPut, central.PathFailure, 1 << 10, central.SignInFailure{}, central.SignInFailed{},
		`select refusal, tries_left from desk.sign_in_failed($1, $2, $3, $4)`, nil},
	{http.MethodPut, central.PathShiftEnd, 0, nil, nil,
		`select desk.end_shift($1, $2)`, nil},
	{http.MethodGet, central.PathCases, 0, nil, central.Cases{},
		`select coalesce(jsonb_agg(c order by c.opened_at), '[]') as cases from desk.cases($1, $2) c`, nil},
	{http.MethodGet, central.PathCase, 0, nil, central.CaseStatus{},
		`select state, refusal, register, record from desk.case_status($1, $2, $3)`, nil},
	{http.MethodPut, central.PathLease, 0, nil, central.LeasedCase{},
		`select refusal, jws, level, checks, reasons, opened_at, desk, staff, name, leased_until from desk.take_case($1, $2, $3)`, nil},
	{http.MethodPut, central.PathRelease, 0, nil, nil,
		`select desk.release_case($1, $2, $3)`, nil},
	{http.MethodPut, central.PathDecision, statementBody, central.Decision{}, central.Decided{},
		`select refusal from desk.decide($1, $2, $3, $4, $5)`, (*Door).decision},
	{http.MethodGet, central.PathAlerts, 0, nil, central.Alerts{},
		`select coalesce(jsonb_agg(a order by a.opened_at), '[]') as alerts from desk.alerts($1, $2) a`, nil},
	{http.MethodGet, central.PathAlert, 0, nil, central.OpenAlert{},
		`select refusal, number, rule, rule_number, count, window_seconds, opened_at, desk, staff, did, held_seconds, seen, may
			from desk.alert($1, $2, $3)`, nil},
	{http.MethodPut, central.PathAlertDecision, statementBody, central.Decision{}, central.Decided{},
		`select refusal from desk.decide_alert($1, $2, $3, $4, $5, $6, $7)`, (*Door).alertDecision},
	{http.MethodPut, central.PathSearch, 1 << 10, central.SearchRequest{}, central.Found{},
		`select coalesce(jsonb_agg(s.key), '[]') as keys from desk.search($1, $2, $3, $4, $5, nullif($6, ''), $7) s`, nil},
	{http.MethodPut, central.PathWord, 1 << 10, central.WordSuspension{}, central.Frozen{},
		`select refusal, register, state from desk.suspend_by_word($1, $2, $3, $4, $5, nullif($6, ''), $7)`, nil},
	{http.MethodPut, central.PathNotMe, 1 << 10, central.NotMe{}, central.Frozen{},
		`select refusal, register, state from desk.not_me($1, $2, $3, $4)`, nil},
	{http.MethodPut, central.PathReport, 1 << 10, central.ReportRequest{}, central.DayReport{},
		`select errands from desk.report($1, $2, $3::text::date)`, (*Door).day},
}
