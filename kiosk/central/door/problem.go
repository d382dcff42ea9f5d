package door

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"balcao/kiosk/central"
)

// problem is an answer that is no answer (RFC 9457). It says nothing about anybody.
type problem struct {
	status int
	code   string        // of package central
	retry  time.Duration // when to ask again, in whole seconds; 0: of no use
	state  string        // SQLSTATE, for the log
}

func (p *problem) Error() string { return p.code }

// Problems that the door finds by itself.
var (
	errNameless    = &problem{status: http.StatusUnauthorized, code: central.RefusedNameless}
	errNoPath      = &problem{status: http.StatusNotFound, code: central.RefusedInvalid}
	errMethod      = &problem{status: http.StatusMethodNotAllowed, code: central.RefusedInvalid}
	errMalformed   = &problem{status: http.StatusBadRequest, code: central.RefusedInvalid}
	errNoLength    = &problem{status: http.StatusLengthRequired, code: central.RefusedInvalid}
	errTooLarge    = &problem{status: http.StatusRequestEntityTooLarge, code: central.RefusedInvalid}
	errMedia       = &problem{status: http.StatusUnsupportedMediaType, code: central.RefusedInvalid}
	errSlow        = &problem{status: http.StatusRequestTimeout, code: central.FailedUnavailable, retry: time.Second}
	errBusy        = &problem{status: http.StatusTooManyRequests, code: central.FailedBusy, retry: time.Second}
	errUnavailable = &problem{status: http.StatusServiceUnavailable, code: central.FailedUnavailable, retry: time.Second}
	errInternal    = &problem{status: http.StatusInternalServerError, code: central.FailedInternal}
)

// refusals are the words with which the database refuses (class BK), and the status of each.
var refusals = map[string]int{
	central.RefusedUnknown:   http.StatusNotFound,
	central.RefusedEnded:     http.StatusConflict,
	central.RefusedExpired:   http.StatusGone,
	central.RefusedConflict:  http.StatusConflict,
	central.RefusedInvalid:   http.StatusUnprocessableEntity,
	central.RefusedNoCode:    http.StatusUnprocessableEntity,
	central.RefusedNoContact: http.StatusUnprocessableEntity,
	central.RefusedUnproven:  http.StatusUnprocessableEntity,
	central.RefusedTooMany:   http.StatusTooManyRequests,
	central.RefusedDesk:      http.StatusForbidden,
	central.RefusedSuspended: http.StatusForbidden,
	central.RefusedShift:     http.StatusForbidden,
	central.RefusedRole:      http.StatusForbidden,
}

// tooManyAgain is when a desk that used up its hour may ask again; the hour slides.
const tooManyAgain = time.Minute

// problemOf is what a desk hears of an error. Of an error of PostgreSQL only the code is kept and, in our own class
// BK, the message, which is one of our words.
func problemOf(err error) *problem {
	var p *problem
	var pgErr *pgconn.PgError
	var unconnected *pgconn.ConnectError
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, pgx.ErrTooManyRows):
		return errInternal
	case !errors.As(err, &pgErr):
		return errUnavailable // no server answered: the connection was refused or lost, or the time of the call passed
	case errors.As(err, &unconnected): // whatever kept the door from logging in
		return &problem{errUnavailable.status, errUnavailable.code, errUnavailable.retry, pgErr.Code}
	case strings.HasPrefix(pgErr.Code, "BK"):
		status, known := refusals[pgErr.Message]
		if !known {
			break
		}
		p := &problem{status: status, code: pgErr.Message, state: pgErr.Code}
		if status == http.StatusTooManyRequests {
			p.retry = tooManyAgain
		}
		return p
	case lostServer(err) || passing(pgErr.Code):
		return &problem{errUnavailable.status, errUnavailable.code, errUnavailable.retry, pgErr.Code}
	}
	return &problem{status: errInternal.status, code: errInternal.code, state: pgErr.Code}
}

// lostServer reports whether the server behind the pool is shutting down, gone or a standby.
func lostServer(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false // one broken connection closes itself
	}
	switch pgErr.Code {
	case "25006", // read_only_sql_transaction: it was demoted
		"57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
		return true
	}
	return strings.HasPrefix(pgErr.Code, "08") // connection_exception
}

// passing reports whether a failure may be gone at the next try.
func passing(code string) bool {
	switch code {
	case "40001", "40P01", // serialization_failure, deadlock_detected
		"55P03", "57014", // lock_not_available, query_canceled: it was too busy
		"0A000": // cached plan must not change result type: the schema was migrated under us
		return true
	}
	return strings.HasPrefix(code, "53") // insufficient_resources
}

// write answers with the problem.
func (p *problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(central.Problem{Type: "about:blank", Title: http.StatusText(p.status), Status: p.status, Code: p.code})
	if err != nil {
		panic("door: a problem does not marshal: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", central.MediaProblem)
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retry/time.Second)))
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // whoever asked may be gone
}
