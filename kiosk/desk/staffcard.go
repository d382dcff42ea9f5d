package desk

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"balcao/cardreader"
	"balcao/cardreader/staffcard"
	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

// StaffCard is a staff card that this program has for itself alone, from OpenStaff to Close; *staffcard.Card is the real
// one, and says what the errors are.
type StaffCard interface {
	transcript.Signer
	Certificate() *x509.Certificate
	Chain() [][]byte
	Holder() (number, name string)
	TriesLeft(ctx context.Context) (int, error)
	Verify(ctx context.Context, pin []byte) error
	Close() error
}

// OpenStaff implements Readers.
func (p PCSC) OpenStaff(ctx context.Context, reader string) (StaffCard, error) {
	card, err := staffcard.Open(ctx, reader)
	if err != nil {
		return nil, err
	}
	return card, nil
}

// staffWork is the one goroutine that talks to staff cards.
type staffWork struct {
	runner *Runner
	jobs   *queue[staffJob]

	card   StaffCard // nil when none is open
	number int       // of its reader
}

// staffJob is one piece of work with a staff card. Whoever takes it from the queue wipes its PIN.
type staffJob struct {
	do     func(ctx context.Context, w *staffWork)
	failed func(kiosk.ProblemCode) // tells the session when it came to nothing
	pin    kiosk.Secret
}

// run works off jobs until the desk shuts.
func (w *staffWork) run(ctx context.Context) error {
	defer w.giveBack()
	for {
		select {
		case <-ctx.Done():
			for job, ok := w.jobs.take(); ok; job, ok = w.jobs.take() {
				job.pin.Wipe()
			}
			return ctx.Err()
		case <-w.jobs.ready:
			if job, ok := w.jobs.take(); ok {
				w.carryOut(ctx, job)
			}
		}
	}
}

// carryOut does one job. A fault in our own code ends the job, not the desk.
func (w *staffWork) carryOut(ctx context.Context, job staffJob) {
	defer job.pin.Wipe()
	defer func() {
		if fault := recover(); fault != nil {
			w.runner.cfg.Log.Error("staff card", "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			w.giveBack()
			job.failed(kiosk.ProblemInternal)
		}
	}()
	job.do(ctx, w)
}

// open takes the card in a reader, unless it has it.
func (w *staffWork) open(ctx context.Context, number int, reader string) error {
	if w.card != nil && w.number == number {
		return nil
	}
	w.giveBack()
	if reader == "" { // it was unplugged meanwhile
		return cardreader.ErrRemoved
	}
	card, err := w.runner.cfg.Readers.OpenStaff(ctx, reader)
	if err != nil {
		return err
	}
	w.card, w.number = card, number
	return nil
}

// giveBack gives the card back, reset: a PIN verified on it is not left open.
func (w *staffWork) giveBack() {
	if w.card != nil {
		if err := w.card.Close(); err != nil && !connectionDead(err) {
			w.runner.cfg.Log.Warn("staff card", "work", "close", "error", err.Error())
		}
		w.card = nil
	}
}

// done gives the card back where it does not stay in its reader for as long as the shift is open.
func (w *staffWork) done() {
	if shift := w.runner.shift.Load(); !w.runner.cfg.Settings.StaffReader || shift == nil || shift.admittedBy != "" {
		w.giveBack()
	}
}

// verify presents a PIN. The centre is told of a wrong one, for the shift: it locks who tries too often.
func (w *staffWork) verify(ctx context.Context, pin kiosk.Secret, shift *shift, tell func(kiosk.ProblemCode)) (good bool) {
	err := w.card.Verify(ctx, pin)
	var wrong *staffcard.WrongPIN
	switch {
	case err == nil:
		return true
	case errors.As(err, &wrong), errors.Is(err, staffcard.ErrPINBlocked):
		refused := kiosk.StaffPINRefused{}
		if wrong != nil {
			refused.TriesLeft = wrong.TriesLeft
		}
		switch locked := w.runner.countFailure(ctx, shift, fingerprint(w.card)); {
		case locked && shift == w.runner.shift.Load():
			w.runner.Send(kiosk.ShiftEnded{Problem: kiosk.ProblemStaffLocked})
		case locked:
			w.runner.Send(kiosk.SignInRefused{Code: kiosk.ProblemStaffLocked})
		default:
			w.runner.Send(refused)
		}
	default:
		w.failed("verify", err, tell)
	}
	return false
}

// failed tells the session that work came to nothing, and gives up the connection.
func (w *staffWork) failed(work string, err error, tell func(kiosk.ProblemCode)) {
	w.runner.cfg.Log.Warn("staff card", "work", work, "error", err.Error())
	w.giveBack()
	tell(staffProblem(err))
}

// staffProblem is what the screens say of an error of a staff card.
func staffProblem(err error) kiosk.ProblemCode {
	switch {
	case errors.Is(err, staffcard.ErrNotStaffCard):
		return kiosk.ProblemNotStaffCard
	case errors.Is(err, staffcard.ErrNoCertificate):
		return kiosk.ProblemStaffCertificate
	case errors.Is(err, staffcard.ErrPINBlocked):
		return kiosk.ProblemStaffPINBlocked
	case errors.Is(err, cardreader.ErrBusy):
		return kiosk.ProblemReaderBusy
	case errors.Is(err, errOtherCard):
		return kiosk.ProblemOtherStaffCard
	}
	return kiosk.ProblemStaffCardFailed
}

// readStaffCard finds out whose staff card is in a reader. It is connected anew: whoever locked the desk is to type the PIN
// again.
func (r *Runner) readStaffCard(c kiosk.ReadStaffCard) {
	name := r.readerName(c.Reader)
	tell := func(code kiosk.ProblemCode) { r.Send(kiosk.StaffCardFailed{Reader: c.Reader, Problem: code}) }
	r.staff.jobs.put(staffJob{failed: tell, do: func(ctx context.Context, w *staffWork) {
		w.giveBack()
		err := w.open(ctx, c.Reader, name)
		var tries int
		if err == nil {
			tries, err = w.card.TriesLeft(ctx)
		}
		if err != nil {
			w.failed("read", err, tell)
			return
		}
		now, of := r.cfg.Now(), w.card.Certificate()
		if now.Before(of.NotBefore) || now.After(of.NotAfter) {
			w.giveBack()
			tell(kiosk.ProblemStaffCardExpired)
			return
		}
		number, name := w.card.Holder()
		r.Send(kiosk.StaffCardRead{
			Reader: c.Reader, Holder: kiosk.Staff{Number: cmp.Or(number, name, "?"), Name: name}, TriesLeft: tries,
			OfShift: r.shift.Load().signedBy(w.card),
		})
	}})
}

// unlockShift proves that the card of the shift is there: it signs what nobody could know before.
func (r *Runner) unlockShift(c kiosk.UnlockShift) {
	name := r.readerName(c.Reader)
	tell := func(code kiosk.ProblemCode) { r.Send(kiosk.SignInFailed{Problem: code}) }
	r.staff.jobs.put(staffJob{pin: c.PIN, failed: tell, do: func(ctx context.Context, w *staffWork) {
		shift := r.shift.Load()
		err := w.open(ctx, c.Reader, name)
		if err == nil && !shift.signedBy(w.card) {
			err = errOtherCard
		}
		if err != nil {
			w.failed("unlock", err, tell)
			return
		}
		if !w.verify(ctx, c.PIN, shift, tell) {
			return
		}
		if err := r.prove(ctx, w.card, shift); err != nil {
			w.failed("unlock", err, tell)
			return
		}
		w.done()
		r.Send(kiosk.Unlocked{})
	}})
}

// prove has the card of the shift sign random bytes, in a statement that says nothing and goes nowhere.
func (r *Runner) prove(ctx context.Context, card StaffCard, shift *shift) error {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	_, err := transcript.SignSignIn(ctx, transcript.SignIn{Challenge: random, Desk: r.desk, At: r.cfg.Now()}, shift.chain, card)
	return err
}

// staffSign has the staff card sign the evidence, behind the person and the desk.
func (r *Runner) staffSign(c kiosk.StaffSign) {
	v, name, shift := r.visit, r.readerName(c.Reader), r.shift.Load()
	if v == nil || v.id != c.Case {
		c.PIN.Wipe()
		return
	}
	tell := func(code kiosk.ProblemCode) { r.answer(v, kiosk.StaffSignFailed{Problem: code}) }
	r.staff.jobs.put(staffJob{pin: c.PIN, failed: tell, do: func(ctx context.Context, w *staffWork) {
		if v.ctx.Err() != nil || !w.ready(ctx, c.Reader, name, c.PIN, shift, tell) {
			return
		}
		before := v.countersigned()
		defer clear(before)
		signed, err := transcript.AddStaff(ctx, before, w.card.Chain(), w.card)
		if err != nil {
			w.failed("sign", err, tell)
			return
		}
		v.staffSigned(signed)
		w.done()
		r.answer(v, kiosk.StaffSigned{})
	}})
}

// ready makes the shift's card ready to sign: with its PIN, where the card does not remember that of the sign-in.
func (w *staffWork) ready(ctx context.Context, number int, reader string, pin kiosk.Secret, shift *shift, tell func(kiosk.ProblemCode)) bool {
	err := error(nil)
	switch {
	case pin != nil:
		err = w.open(ctx, number, reader)
	case w.card == nil:
		err = cardreader.ErrRemoved
	}
	if err == nil && !shift.signedBy(w.card) {
		err = errOtherCard
	}
	if err != nil {
		w.failed("sign", err, tell)
		return false
	}
	return pin == nil || w.verify(ctx, pin, shift, tell)
}

// fingerprint names a staff card's certificate to the centre.
func fingerprint(card StaffCard) []byte {
	sum := sha256.Sum256(card.Chain()[0])
	return sum[:]
}

// signedBy reports whether a card has the certificate with which the shift was signed in; no shift has any.
func (s *shift) signedBy(card StaffCard) bool {
	return s != nil && bytes.Equal(s.chain[0], card.Chain()[0])
}

// isStaffReader reports whether a reader is the staff card's alone.
func (r *Runner) isStaffReader(name string) bool {
	return r.cfg.StaffReader != "" && strings.Contains(name, r.cfg.StaffReader)
}
