package central

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

// SetActivation says where the code goes that will activate the key of an open enrolment, in place of a contact proven on
// the spot. It leaves once the registrar has made the key. Its refusals are those of SendCode. Codes of
// *Refused, here and below: those of SendCode.
func (c *Centre) SetActivation(ctx context.Context, enrolment uuid.UUID, r ActivationRequest) (ActivationSent, error) {
	var s ActivationSent
	err := c.ask(ctx, put("note where an activation code goes", PathActivation, r, &s, enrolment, r.ID))
	return s, err
}

// ResendActivation ends the life of a key's activation code and sends another, within an open visit of the errand that
// activates. Refusals and codes are those of SetActivation.
func (c *Centre) ResendActivation(ctx context.Context, enrolment uuid.UUID, r ActivationRequest) (ActivationSent, error) {
	var s ActivationSent
	err := c.ask(ctx, put("send another activation code", PathResend, r, &s, enrolment, r.ID))
	return s, err
}

// ConfirmActivation has a typed activation code compared.
func (c *Centre) ConfirmActivation(ctx context.Context, enrolment uuid.UUID, a ActivationAttempt) (ActivationConfirmed, error) {
	var answer ActivationConfirmed
	err := c.ask(ctx, put("compare an activation code", PathActivationTry, a, &answer, enrolment, a.ID))
	return answer, err
}

// Stored asks for all that is stored about the person, within ten minutes of the visit whose evidence held.
func (c *Centre) Stored(ctx context.Context, enrolment uuid.UUID) (Stored, error) {
	var s Stored
	err := c.ask(ctx, call{what: "tell what is stored", method: http.MethodGet, path: fill(PathStored, enrolment), answer: &s})
	return s, err
}

// Times tells how many seconds each step of a visit took, once it has ended in whatever way. The first answer stays.
func (c *Centre) Times(ctx context.Context, enrolment uuid.UUID, seconds map[string]int) error {
	return c.ask(ctx, put("note how long a visit took", PathTimes, Times{Times: seconds}, nil, enrolment))
}

// Search looks for keys without a document. Codes of *Refused, here and below: Shift, Role, Invalid, Conflict, TooMany.
func (c *Centre) Search(ctx context.Context, shift uuid.UUID, r SearchRequest) (Found, error) {
	var f Found
	err := c.ask(ctx, put("search a key", PathSearch, r, &f, shift, r.ID))
	return f, err
}

// SuspendByWord suspends a key that a search of this shift has found.
func (c *Centre) SuspendByWord(ctx context.Context, shift, search uuid.UUID, w WordSuspension) (Frozen, error) {
	var f Frozen
	err := c.ask(ctx, put("suspend a key", PathWord, w, &f, shift, search))
	return f, err
}

// NotMe suspends the key whose holder was told of a change that they did not make, by the code from that notice.
func (c *Centre) NotMe(ctx context.Context, shift uuid.UUID, n NotMe) (Frozen, error) {
	var f Frozen
	err := c.ask(ctx, put("suspend a key by a notice", PathNotMe, n, &f, shift, n.ID))
	return f, err
}

// Report counts a day of this desk, given as 2026-11-30.
func (c *Centre) Report(ctx context.Context, shift uuid.UUID, day string) (DayReport, error) {
	var r DayReport
	err := c.ask(ctx, put("report a day", PathReport, ReportRequest{Day: day}, &r, shift))
	return r, err
}
