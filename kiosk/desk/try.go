package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/seal"
)

// tryingCentre is what the centre does for a person who tries their key.
type tryingCentre interface {
	Try(ctx context.Context, enrolment, try uuid.UUID, t central.Try) (central.TryStatus, error)
	TryStatus(ctx context.Context, enrolment, try uuid.UUID) (central.TryStatus, error)
	SendTryCode(ctx context.Context, enrolment, try uuid.UUID, r central.TryCodeRequest) (central.TryCodeSent, error)
	ConfirmTryCode(ctx context.Context, enrolment, try uuid.UUID, a central.TryAttempt) (central.TrySignedIn, error)
}

// trying is the newest PIN of a visit that is tried.
type trying struct {
	id   uuid.UUID     // under the visit's mutex
	told chan struct{} // the centre says that there is news
}

// tell says that there is news. Said twice it is heard once.
func (t *trying) tell() {
	select {
	case t.told <- struct{}{}:
	default:
	}
}

func (v *visit) tryID() uuid.UUID {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.trying.id
}

// attempts at a try's code are told apart from those at the codes of contacts.
const tryAttempts kiosk.Channel = "try"

// checkPIN has the centre compare a PIN that was sealed here and now, and waits for a registrar to have done it.
func (r *Runner) checkPIN(c kiosk.CheckPIN) {
	asked := r.ask(c.Case, func(v *visit) {
		defer c.PIN.Wipe()
		if v.enrolment() == uuid.Nil {
			r.failed(v, "", errIncomplete)
			return
		}
		id, err := v.sendID(c.Number)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		sealed, err := seal.PIN(r.cfg.Recipient, v.enrolment(), c.PIN)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		v.mu.Lock()
		v.trying.id = id
		v.mu.Unlock()
		status, err := r.cfg.Centre.Try(v.ctx, v.enrolment(), id, central.Try{By: c.By, Value: c.Text, SealedPIN: sealed})
		if err != nil {
			r.failed(v, "", err)
			return
		}
		r.awaitTry(v, id, status)
	})
	if !asked {
		c.PIN.Wipe()
	}
}

// awaitTry waits until the PIN was compared, which the centre announces. It asks by itself only when that is overdue.
func (r *Runner) awaitTry(v *visit, id uuid.UUID, status central.TryStatus) {
	for {
		switch status.State {
		case central.TryQueued, "":
		case central.TryNo:
			r.answer(v, kiosk.TryAnswered{Problem: kiosk.TryNo})
			return
		case central.TryFailed:
			r.answer(v, kiosk.TryAnswered{Problem: kiosk.TryLost})
			return
		default:
			r.answer(v, kiosk.TryAnswered{})
			return
		}
		overdue := time.NewTimer(r.cfg.Pace.Overdue)
		select {
		case <-v.ctx.Done():
			overdue.Stop()
			return
		case <-v.trying.told:
		case <-overdue.C: // the notice was lost with the line
		}
		overdue.Stop()
		answer, err := r.cfg.Centre.TryStatus(v.ctx, v.enrolment(), id)
		switch {
		case err == nil:
			status = answer
		case r.barred(err):
			return
		}
	}
}

// tellTry hears that there is news of the visit's try: of its PIN, which somebody waits for, or of its code's message.
func (r *Runner) tellTry(v *visit) {
	v.trying.tell()
	id := v.tryID()
	if id == uuid.Nil {
		return
	}
	s, err := r.cfg.Centre.TryStatus(v.ctx, v.enrolment(), id)
	switch {
	case err != nil:
		r.barred(err)
	case s.Delivery != kiosk.DeliveryNone:
		r.answer(v, kiosk.TryDelivery{Delivery: s.Delivery})
	}
}

// sendTryCode asks for the code of the try whose PIN was right.
func (r *Runner) sendTryCode(c kiosk.SendTryCode) {
	r.ask(c.Case, func(v *visit) {
		id, err := v.sendID(c.Number)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		sent, err := r.cfg.Centre.SendTryCode(v.ctx, v.enrolment(), v.tryID(), central.TryCodeRequest{ID: id, Channel: c.Channel, Language: c.Language})
		if err != nil {
			r.failed(v, "", err)
			return
		}
		r.answer(v, kiosk.TryCodeSent{Problem: tryProblem(sent.Refusal), ExpiresAt: sent.ExpiresAt, ResendAt: sent.ResendAt,
			SendsLeft: sent.SendsLeft, TriesLeft: sent.TriesLeft})
	})
}

// checkTryCode has the centre compare a code to sign in with.
func (r *Runner) checkTryCode(c kiosk.CheckTryCode) {
	asked := r.ask(c.Case, func(v *visit) {
		defer c.Code.Wipe()
		id, err := v.attemptID(tryAttempts, c.Code)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		answer, err := r.cfg.Centre.ConfirmTryCode(v.ctx, v.enrolment(), v.tryID(), central.TryAttempt{ID: id, Code: c.Code})
		if err != nil {
			r.failed(v, "", err)
			return
		}
		v.answered(tryAttempts)
		r.answer(v, kiosk.TryCodeAnswered{Problem: tryProblem(answer.Refusal), TriesLeft: answer.TriesLeft, Register: answer.Register})
	})
	if !asked {
		c.Code.Wipe()
	}
}

// tryProblem is what a screen says of a refusal.
func tryProblem(refusal central.Refusal) kiosk.TryProblem {
	switch refusal {
	case "":
		return kiosk.TryOK
	case central.CodeWrong:
		return kiosk.TryCodeWrong
	case central.CodeExpired:
		return kiosk.TryCodeExpired
	case central.TooSoon:
		return kiosk.TryTooSoon
	case central.CodeOver:
		return kiosk.TryBlocked
	case central.TryEnded:
		return kiosk.TryEnded
	}
	return kiosk.TryNotSent
}
