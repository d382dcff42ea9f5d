package central

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

// BeginShift asks for the challenge that a staff card signs, for a shift under an identifier of the caller's (UUIDv7).
// Codes of *Refused: Conflict, Invalid. Here and below also Desk, Suspended, Nameless and Version.
func (c *Centre) BeginShift(ctx context.Context, shift uuid.UUID) (Shift, error) {
	var s Shift
	err := c.ask(ctx, put("begin a shift", PathShift, nil, &s, shift))
	return s, err
}

// SignIn hands over the signed statement (transcript.SignSignIn), with which the shift begins and the desk's last one
// ends. Codes of *Refused: Shift, Conflict, Invalid.
func (c *Centre) SignIn(ctx context.Context, shift uuid.UUID, jws []byte) (SignedIn, error) {
	var s SignedIn
	err := c.ask(ctx, put("sign in", PathSignIn, SignIn{JWS: jws}, &s, shift))
	return s, err
}

// SignInFailed tells of a sign-in that failed at the desk, under an identifier of the caller's (UUIDv7): the staff card
// whose certificate has this fingerprint (SHA-256 of its DER) refused a PIN. Codes of *Refused: Shift, Conflict, Invalid.
func (c *Centre) SignInFailed(ctx context.Context, shift, failure uuid.UUID, fingerprint []byte) (SignInFailed, error) {
	var f SignInFailed
	err := c.ask(ctx, put("count a failed sign-in", PathFailure, SignInFailure{Fingerprint: fingerprint}, &f, shift, failure))
	return f, err
}

// EndShift signs out. One that has ended stays as it is. Codes of *Refused: Shift, when it is not this desk's.
func (c *Centre) EndShift(ctx context.Context, shift uuid.UUID) error {
	return c.ask(ctx, put("end a shift", PathShiftEnd, nil, nil, shift))
}

// Cases lists the cases that the supervisor of the shift may decide. Codes of *Refused, here and below: Shift, Role.
func (c *Centre) Cases(ctx context.Context, shift uuid.UUID) ([]Case, error) {
	var all Cases
	err := c.ask(ctx, call{what: "list the cases that wait", method: http.MethodGet, path: fill(PathCases, shift), answer: &all})
	return all.Cases, err
}

// TakeCase takes a case for some minutes, or keeps it for some more. Its refusals are CaseGone, CaseLeased and OwnCase.
func (c *Centre) TakeCase(ctx context.Context, shift, enrolment uuid.UUID) (LeasedCase, error) {
	var l LeasedCase
	err := c.ask(ctx, put("take a case", PathLease, nil, &l, shift, enrolment))
	return l, err
}

// ReleaseCase gives a case back undecided.
func (c *Centre) ReleaseCase(ctx context.Context, shift, enrolment uuid.UUID) error {
	return c.ask(ctx, put("give a case back", PathRelease, nil, nil, shift, enrolment))
}

// Decide hands over the signed decision (transcript.SignApproval) on a case that the shift has taken. CaseStatus says
// what the registrar makes of it. Its refusals are those of TakeCase, and DecisionInvalid.
func (c *Centre) Decide(ctx context.Context, shift, enrolment uuid.UUID, jws []byte) (Decided, error) {
	var d Decided
	err := c.ask(ctx, put("decide a case", PathDecision, Decision{JWS: jws}, &d, shift, enrolment))
	return d, err
}

// CaseStatus asks how far a case is that the shift has decided. Codes of *Refused: also Unknown.
func (c *Centre) CaseStatus(ctx context.Context, shift, enrolment uuid.UUID) (CaseStatus, error) {
	var s CaseStatus
	err := c.ask(ctx, call{what: "tell how a case stands", method: http.MethodGet, path: fill(PathCase, shift, enrolment), answer: &s})
	return s, err
}
