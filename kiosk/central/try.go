package central

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

// Try has a PIN compared, sealed to the centre's key for this enrolment, as one try under an identifier of the caller's
// (UUIDv7). Codes of *Refused, here and below: Unknown, Ended, Expired, Conflict, Invalid, TooMany, Shift.
func (c *Centre) Try(ctx context.Context, enrolment, try uuid.UUID, t Try) (TryStatus, error) {
	var s TryStatus
	err := c.ask(ctx, put("try a key", PathTry, t, &s, enrolment, try))
	return s, err
}

// TryStatus asks how far a try is.
func (c *Centre) TryStatus(ctx context.Context, enrolment, try uuid.UUID) (TryStatus, error) {
	var s TryStatus
	err := c.ask(ctx, call{what: "tell how a try stands", method: http.MethodGet, path: fill(PathTry, enrolment, try), answer: &s})
	return s, err
}

// SendTryCode asks for the code of a try whose PIN was right.
func (c *Centre) SendTryCode(ctx context.Context, enrolment, try uuid.UUID, r TryCodeRequest) (TryCodeSent, error) {
	var s TryCodeSent
	err := c.ask(ctx, put("send a code to sign in with", PathTryCode, r, &s, enrolment, try, r.ID))
	return s, err
}

// ConfirmTryCode has a typed code compared: without a refusal the person is signed in.
func (c *Centre) ConfirmTryCode(ctx context.Context, enrolment, try uuid.UUID, a TryAttempt) (TrySignedIn, error) {
	var s TrySignedIn
	err := c.ask(ctx, put("compare a code to sign in with", PathTryAttempt, a, &s, enrolment, try, a.ID))
	return s, err
}
