package desk

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// shift is who is signed in at the centre. It never changes: another sign-in is another shift.
type shift struct {
	id         uuid.UUID
	staff      string   // number of whoever works
	admittedBy string   // number of the supervisor who signed for them, "" when their own card did
	chain      [][]byte // of the card that signed
	statement  []byte   // what it signed
}

// admission is what stands in the evidence in place of a signature of the clerk's card; empty when there is a card.
func (s *shift) admission() []byte {
	if s.admittedBy == "" {
		return nil
	}
	return s.statement
}

// shiftID is nobody's where nobody is signed in.
func (r *Runner) shiftID() uuid.UUID {
	if s := r.shift.Load(); s != nil {
		return s.id
	}
	return uuid.Nil
}

// signIn signs the centre's challenge with a staff card. The PIN is presented once the centre has answered, so that one
// that is away costs no try.
func (r *Runner) signIn(c kiosk.SignIn) {
	name := r.readerName(c.Reader)
	tell := func(code kiosk.ProblemCode) { r.Send(kiosk.SignInFailed{Problem: code}) }
	r.staff.jobs.put(staffJob{pin: c.PIN, failed: tell, do: func(ctx context.Context, w *staffWork) {
		if err := w.open(ctx, c.Reader, name); err != nil {
			w.failed("sign in", err, tell)
			return
		}
		id, err := uuid.NewV7()
		if err != nil {
			tell(kiosk.ProblemInternal)
			return
		}
		begun, err := r.cfg.Centre.BeginShift(ctx, id)
		if err != nil {
			tell(r.centreProblem("begin a shift", err))
			return
		}
		next := &shift{id: id, chain: [][]byte{bytes.Clone(w.card.Chain()[0])}}
		if !w.verify(ctx, c.PIN, next, tell) {
			return
		}
		next.statement, err = transcript.SignSignIn(ctx, transcript.SignIn{
			Shift: id, Challenge: begun.Challenge, Desk: r.desk, At: r.cfg.Now(), Admits: c.Admits,
		}, w.card.Chain(), w.card)
		if err != nil {
			w.failed("sign in", err, tell)
			return
		}
		answer, err := r.cfg.Centre.SignIn(ctx, id, next.statement)
		switch {
		case err != nil:
			tell(r.centreProblem("sign in", err))
		case answer.Refusal != "":
			w.giveBack()
			r.Send(kiosk.SignInRefused{Code: kiosk.ProblemCode(answer.Refusal)})
		default:
			next.staff, next.admittedBy = answer.Staff, answer.AdmittedBy
			r.shift.Store(next)
			w.done()
			r.Send(kiosk.SignedIn{
				Staff:  kiosk.Staff{Number: answer.Staff, Name: answer.Name, Role: kiosk.Role(answer.Role)},
				EndsAt: answer.EndsAt, AdmittedBy: answer.AdmittedBy,
			})
		}
	}})
}

// countFailure tells the centre that a card refused a PIN, and reports whether it is locked at this desk now. It is not
// waited for long: the card counts as well.
func (r *Runner) countFailure(ctx context.Context, s *shift, fingerprint []byte) (locked bool) {
	id, err := uuid.NewV7()
	if err != nil || s == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Pace.Rules)
	defer cancel()
	counted, err := r.cfg.Centre.SignInFailed(ctx, s.id, id, fingerprint)
	return err == nil && counted.Refusal == central.StaffLocked
}

// centreProblem is what the screens say of an error of the centre's.
func (r *Runner) centreProblem(work string, err error) kiosk.ProblemCode {
	r.cfg.Log.Warn("centre", "work", work, "error", err.Error())
	var refused *central.Refused
	switch {
	case errors.Is(err, central.ErrUnavailable):
		return kiosk.ProblemCentreDown
	case !errors.As(err, &refused):
		return kiosk.ProblemInternal
	case refused.Code == central.RefusedShift:
		return kiosk.ProblemNoShift
	case refused.Code == central.RefusedRole:
		return kiosk.ProblemNotAllowed
	case refused.Code == central.RefusedVersion:
		return kiosk.ProblemVersion
	case r.barred(err):
		return kiosk.ProblemDeskSuspended
	}
	return kiosk.ProblemInternal
}

// endShift tells the centre that the shift is over, as tellAbandoned tells of a case, and forgets the card's PIN.
func (r *Runner) endShift(ctx context.Context) {
	s := r.shift.Swap(nil)
	if s == nil {
		return
	}
	r.staff.jobs.put(staffJob{failed: func(kiosk.ProblemCode) {}, do: func(_ context.Context, w *staffWork) { w.giveBack() }})
	r.work.Go(func() {
		tried, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Pace.Abandon)
		defer cancel()
		defer context.AfterFunc(ctx, func() { time.AfterFunc(r.cfg.Pace.Farewell, cancel) })()
		for wait := r.cfg.Pace.FirstRetry; ; wait = min(wait*2, r.cfg.Pace.LastRetry) {
			err := r.cfg.Centre.EndShift(tried, s.id)
			if !errors.Is(err, central.ErrUnavailable) || !pause(tried, wait) {
				return
			}
		}
	})
}

// checkShift finds out whether the centre still knows the shift. It tells so in answer to any question about cases,
// before it looks at who asks.
func (r *Runner) checkShift(ctx context.Context) {
	if s := r.shift.Load(); s != nil {
		r.work.Go(func() {
			if _, err := r.cfg.Centre.Cases(ctx, s.id); err != nil {
				r.barred(err)
			}
		})
	}
}
