package central

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrUnavailable means that the centre did not answer or cannot now; the call may be repeated
// later.
var ErrUnavailable = errors.New("the centre is not available")

// Refused means that the centre refuses a call, and would refuse it again.
type Refused struct {
	// Code is a stable word: one of the Refused… constants, or the word of a rule that this version
	// does not know.
	Code string
}

func (e *Refused) Error() string { return "the centre refused: " + e.Code }

// classify turns an error of pgx into one that a desk can act on. Of a PgError only the code is
// kept and, in our own class BK, the message, which is a stable word.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		// No server answered: connection refused or lost, or the time limit of this try passed.
		return ErrUnavailable
	}
	switch {
	case strings.HasPrefix(pgErr.Code, "BK"):
		return &Refused{Code: pgErr.Message}
	case pgErr.Code == "42501" || strings.HasPrefix(pgErr.Code, "28"): // insufficient_privilege, invalid_authorization
		return &Refused{Code: RefusedDesk}
	case lostServer(err) || passing(pgErr.Code):
		return fmt.Errorf("%w (SQLSTATE %s)", ErrUnavailable, pgErr.Code)
	}
	return fmt.Errorf("the centre failed (SQLSTATE %s)", pgErr.Code)
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
		"0A000", // cached plan must not change result type: the schema was migrated under us
		"25P03", // idle_in_transaction_session_timeout
		"3D000": // the database is being restored
		return true
	}
	return strings.HasPrefix(code, "53") // insufficient_resources
}
