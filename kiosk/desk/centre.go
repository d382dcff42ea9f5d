package desk

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
)

// Centre is the centre as the runner needs it; *central.Centre is the real one.
type Centre interface {
	Hello(ctx context.Context) (central.Hello, error)
	Open(ctx context.Context, enrolment uuid.UUID, p central.Person) (central.Opened, error)
	SendCode(ctx context.Context, enrolment uuid.UUID, r central.CodeRequest) (central.CodeSent, error)
	ConfirmCode(ctx context.Context, enrolment uuid.UUID, a central.Attempt) (central.Confirmed, error)
	Bind(ctx context.Context, enrolment uuid.UUID, e transcript.Evidence, marked bool) (central.Status, error)
	ChipChallenge(ctx context.Context, enrolment uuid.UUID, dg14 []byte) (central.ChipChallenge, error)
	Status(ctx context.Context, enrolment uuid.UUID) (central.Status, error)
	Messages(ctx context.Context, enrolment uuid.UUID) ([]central.Message, error)
	Abandon(ctx context.Context, enrolment uuid.UUID, reason string) error
	Listen(ctx context.Context, line central.Line) error
	tryingCentre
	lifeCentre

	BeginShift(ctx context.Context, shift uuid.UUID) (central.Shift, error)
	SignIn(ctx context.Context, shift uuid.UUID, jws []byte) (central.SignedIn, error)
	SignInFailed(ctx context.Context, shift, failure uuid.UUID, fingerprint []byte) (central.SignInFailed, error)
	EndShift(ctx context.Context, shift uuid.UUID) error
	Cases(ctx context.Context, shift uuid.UUID) ([]central.Case, error)
	TakeCase(ctx context.Context, shift, enrolment uuid.UUID) (central.LeasedCase, error)
	ReleaseCase(ctx context.Context, shift, enrolment uuid.UUID) error
	Decide(ctx context.Context, shift, enrolment uuid.UUID, jws []byte) (central.Decided, error)
	CaseStatus(ctx context.Context, shift, enrolment uuid.UUID) (central.CaseStatus, error)
	Alerts(ctx context.Context, shift uuid.UUID) ([]central.Alert, error)
	Alert(ctx context.Context, shift, alert uuid.UUID) (central.OpenAlert, error)
	DecideAlert(ctx context.Context, shift, alert uuid.UUID, jws []byte) (central.Decided, error)
}

// ask makes a request of a visit to the centre on a goroutine of its own.
func (r *Runner) ask(id kiosk.CaseID, request func(v *visit)) bool {
	v := r.visit
	if v == nil || v.id != id {
		return false
	}
	v.work.Go(func() { request(v) })
	return true
}

// open asks for a challenge. The enrolment's identifier is made once, so that asking again after a
// lost answer opens the same one.
func (r *Runner) open(c kiosk.OpenEnrolment) {
	v := r.visit
	if v == nil || v.id != c.Case {
		return
	}
	if r.foreign.Load() {
		r.answer(v, kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemVersion, Fatal: true}})
		return
	}
	if v.enrolment() == uuid.Nil || v.errand != c.Errand {
		id, err := uuid.NewV7()
		if err != nil {
			r.failed(v, "", err)
			return
		}
		v.turn(id, c.Errand)
		r.watched.Store(v)
	}
	r.ask(c.Case, func(v *visit) {
		if before := v.leaving(false); before != uuid.Nil { // which stands in the way of another one
			if err := r.cfg.Centre.Abandon(v.ctx, before, "cancelled"); errors.Is(err, central.ErrUnavailable) {
				r.failed(v, "", err)
				return
			}
			v.leaving(true)
		}
		opened, err := r.cfg.Centre.Open(v.ctx, v.enrolment(), r.person(v, c.Errand, c.Identity, c.TaxNumber))
		switch {
		case err != nil:
			r.failed(v, "", err)
		case opened.Refusal != "":
			r.answer(v, kiosk.OpenRefused{Code: kiosk.ProblemCode(opened.Refusal)})
		default:
			v.opened(opened)
			r.answer(v, kiosk.Opened{ExpiresAt: opened.ExpiresAt})
			r.askChip(v)
		}
	})
}

func (r *Runner) sendCode(c kiosk.SendCode) {
	r.ask(c.Case, func(v *visit) {
		id, err := v.sendID(c.Number)
		if err != nil {
			r.failed(v, c.Channel, err)
			return
		}
		sent, err := r.cfg.Centre.SendCode(v.ctx, v.enrolment(),
			central.CodeRequest{ID: id, Channel: c.Channel, Value: c.Value, Language: c.Language})
		switch {
		case err != nil:
			r.failed(v, c.Channel, err)
		case sent.Refusal == central.EnrolmentExpired:
			r.answer(v, kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemExpired, Fatal: true}})
		case sent.Refusal != "":
			r.answer(v, kiosk.CodeRefused{Channel: c.Channel, Problem: kiosk.ContactProblem(sent.Refusal)})
		default:
			r.answer(v, kiosk.CodeQueued{Channel: c.Channel, SentAt: sent.SentAt, ExpiresAt: sent.ExpiresAt,
				ResendAt: sent.ResendAt, SendsLeft: sent.SendsLeft, TriesLeft: sent.TriesLeft, Tries: sent.Tries})
			r.tellDelivery(v) // the notice may have come before the session knew of the message
		}
	})
}

func (r *Runner) confirmCode(c kiosk.ConfirmCode) {
	asked := r.ask(c.Case, func(v *visit) {
		defer c.Code.Wipe()
		id, err := v.attemptID(c.Channel, c.Code)
		if err != nil {
			r.failed(v, c.Channel, err)
			return
		}
		answer, err := r.cfg.Centre.ConfirmCode(v.ctx, v.enrolment(), central.Attempt{ID: id, Channel: c.Channel, Code: c.Code})
		if err != nil {
			r.failed(v, c.Channel, err)
			return
		}
		v.answered(c.Channel)
		r.answer(v, kiosk.CodeAnswered{Channel: c.Channel, Problem: kiosk.ContactProblem(answer.Refusal),
			TriesLeft: answer.TriesLeft, Proof: answer.Proof, At: answer.At})
	})
	if !asked {
		c.Code.Wipe()
	}
}

// sealPIN encrypts the PIN to the centre's key. From here on nobody at the desk can read it.
func (r *Runner) sealPIN(c kiosk.SealPIN) {
	defer c.PIN.Wipe()
	v := r.visit
	if v == nil || v.id != c.Case {
		return
	}
	if v.enrolment() == uuid.Nil { // a sealed PIN names its enrolment
		r.failed(v, "", errIncomplete)
		return
	}
	sealed, err := seal.PIN(r.cfg.Recipient, v.enrolment(), c.PIN)
	if err != nil {
		r.failed(v, "", err)
		return
	}
	v.pinSealed(sealed)
	r.answer(v, kiosk.PINWasSealed{})
}

// bind hands over the evidence and tries until the centre has answered once; repeating it binds once. Asked
// for again meanwhile, it goes on.
func (r *Runner) bind(c kiosk.Bind) {
	v := r.visit
	if v == nil || v.id != c.Case || v.binding {
		return
	}
	v.binding = true
	r.ask(c.Case, func(v *visit) {
		sent, complete := v.complete()
		if !complete {
			r.failed(v, "", errIncomplete)
			return
		}
		enrolment := v.enrolment()
		for wait := r.cfg.Pace.FirstRetry; ; wait = min(wait*2, r.cfg.Pace.LastRetry) {
			status, err := r.cfg.Centre.Bind(v.ctx, enrolment, sent, c.Marked)
			if err == nil {
				r.awaitKey(v, enrolment, status)
				return
			}
			if !errors.Is(err, central.ErrUnavailable) {
				r.failed(v, "", err)
				return
			}
			r.answer(v, kiosk.BindWaiting{})
			if !pause(v.ctx, wait) {
				return
			}
		}
	})
}

// awaitKey waits for the registrar's decision, which the centre announces. The request is repeated
// only when the announcement is overdue.
func (r *Runner) awaitKey(v *visit, enrolment uuid.UUID, status central.Status) {
	for !r.decided(v, enrolment, status) {
		if !pause(v.ctx, r.cfg.Pace.Overdue) {
			return
		}
		answer, err := r.cfg.Centre.Status(v.ctx, enrolment)
		switch {
		case err == nil:
			status = answer
		case r.barred(err):
			return
		}
	}
}

// decided tells the session of a decision, if there is one. Told twice, the session hears it once.
func (r *Runner) decided(v *visit, enrolment uuid.UUID, s central.Status) bool {
	switch s.State {
	case central.StateActive:
		if about := v.keyOpened(); s.Register != 0 && about != 0 && s.Register != about { // nobody's answer
			r.answerAbout(v, enrolment, kiosk.KeyRefused{Code: kiosk.ProblemInternal})
			return true
		}
		active := kiosk.KeyActive{Register: s.Register, ActiveAt: s.ActiveAt, ValidUntil: s.ValidUntil, Level: s.Level}
		active.Key = s.Key
		if s.Receipt != nil {
			active.Leaf = kiosk.Leaf{Origin: s.Receipt.Origin, Hash: s.Receipt.Leaf}
		}
		r.answerAbout(v, enrolment, active)
	case central.StateWaiting:
		r.answerAbout(v, enrolment, kiosk.KeyPending{})
	case central.StateRefused, central.StateExpired, central.StateAbandoned:
		r.answerAbout(v, enrolment, kiosk.KeyRefused{Code: refusalCode(s)})
	default:
		return false
	}
	return true
}

// refusalCode is the problem to show for a refusal. Those about the evidence have no text of their
// own: the desk that made it is at fault, or somebody forged it.
func refusalCode(s central.Status) kiosk.ProblemCode {
	if s.State == central.StateExpired {
		return kiosk.ProblemExpired
	}
	code := kiosk.ProblemCode(s.Refusal)
	switch code {
	case "key_changed": // by somebody else, since the errand was opened
		return kiosk.ProblemWrongState
	case kiosk.ProblemAlreadyActive, kiosk.ProblemContactTaken, kiosk.ProblemExpired, kiosk.ProblemDeskSuspended,
		kiosk.ProblemStaffSuspended, kiosk.ProblemWaitingCase,
		kiosk.ProblemCode(kiosk.ReasonCertificateRevoked), kiosk.ProblemCode(kiosk.ReasonCertificateSuspended),
		kiosk.ProblemCode(kiosk.ReasonRevocationUnknown), kiosk.ProblemCode(kiosk.ReasonRevocationList), kiosk.ProblemCode(kiosk.ReasonDocumentExpired),
		kiosk.ProblemCode(kiosk.ReasonUnderAge):
		return code
	}
	return kiosk.ProblemNotProven
}

// abandon notes that the enrolment ends; forget, which the session asks for with it, tells the centre.
func (r *Runner) abandon(c kiosk.Abandon) {
	v := r.visit
	if v == nil || v.id != c.Case || v.enrolment() == uuid.Nil {
		return
	}
	if v.farewell = string(c.Reason); v.farewell == "" {
		v.farewell = "cancelled"
	}
}

// tellAbandoned tells the centre that an enrolment ends. Nobody waits for it, except a desk that shuts,
// and that not for long.
func (r *Runner) tellAbandoned(v *visit, enrolment uuid.UUID, why string) {
	ctx, cancel := context.WithTimeout(context.Background(), r.cfg.Pace.Abandon)
	defer cancel()
	defer context.AfterFunc(v.desk, func() { time.AfterFunc(r.cfg.Pace.Farewell, cancel) })()
	for wait := r.cfg.Pace.FirstRetry; ; wait = min(wait*2, r.cfg.Pace.LastRetry) {
		err := r.cfg.Centre.Abandon(ctx, enrolment, why)
		if !errors.Is(err, central.ErrUnavailable) || !pause(ctx, wait) {
			return
		}
	}
}

// failed tells the session that a request has no answer.
func (r *Runner) failed(v *visit, channel kiosk.Channel, err error) {
	if v.ctx.Err() != nil {
		return
	}
	r.cfg.Log.Warn("centre", "case", uint64(v.id), "reference", v.reference, "enrolment", v.enrolment().String(), "error", err.Error())
	if r.barred(err) {
		return
	}
	problem := kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: true}
	var refused *central.Refused
	switch {
	case errors.Is(err, central.ErrUnavailable):
		problem = kiosk.Problem{Code: kiosk.ProblemCentreDown}
	case errors.As(err, &refused) && refused.Code == central.RefusedExpired:
		problem = kiosk.Problem{Code: kiosk.ProblemExpired, Fatal: true}
	case errors.As(err, &refused) && refused.Code == central.RefusedTooMany:
		problem = kiosk.Problem{Code: kiosk.ProblemTooMany, Fatal: true}
	case errors.As(err, &refused) && refused.Code == central.RefusedVersion:
		problem = kiosk.Problem{Code: kiosk.ProblemVersion, Fatal: true}
	case errors.As(err, &refused) && refused.Code == central.RefusedRole:
		problem = kiosk.Problem{Code: kiosk.ProblemNotAllowed, Fatal: true}
	}
	r.answer(v, kiosk.CommandFailed{Channel: channel, Problem: problem})
}

// barred reports whether an error says that the centre deals with this desk, or with who works at it, no more or not now,
// and tells the session, which ends the case, whatever it is at.
func (r *Runner) barred(err error) bool {
	var refused *central.Refused
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code {
	case central.RefusedSuspended, central.RefusedDesk, central.RefusedNameless:
		r.Send(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown, Suspended: true}})
		return true
	case central.RefusedShift:
		if r.shift.Load() != nil {
			r.Send(kiosk.ShiftEnded{Problem: kiosk.ProblemNoShift})
			return true
		}
	}
	return false
}

// pause waits, and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
