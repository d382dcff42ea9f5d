package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/google/uuid"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// cardJob is one piece of work with a visit's card. Whoever takes it from the queue wipes its PIN.
type cardJob struct {
	do  func(ctx context.Context, w *cardWork)
	pin kiosk.Secret
}

// cardWork is the one goroutine of a visit that talks to its card. It keeps the connection between
// reading and signing, and makes a new one when the card was out in between.
type cardWork struct {
	runner  *Runner
	visit   *visit
	session CardSession
	locked  *LockedChip // on the session, opened or not; nil for a Citizen Card in its contact reader
	number  int         // of the reader
	reader  string      // its name
}

// readDocument starts a visit and reads its card, once the card of the visit before was given back:
// giving back resets it, and it may be the same card.
func (r *Runner) readDocument(ctx context.Context, c kiosk.ReadDocument) {
	r.forget()
	v, before := r.newVisit(ctx, c.Case, c.VerifyOnly, c.AnyAge), r.givenBack
	r.visit, r.givenBack = v, v.gone
	w := &cardWork{runner: r, visit: v, number: c.Reader, reader: r.readerName(c.Reader)}
	v.jobs.put(cardJob{do: func(ctx context.Context, w *cardWork) { w.read(ctx) }})
	r.work.Add(1)
	v.work.Go(func() {
		defer close(v.gone)
		if before != nil {
			<-before
		}
		w.run(v.ctx)
	})
}

// onCard queues work for the visit's card; without that visit its PIN is wiped.
func (r *Runner) onCard(id kiosk.CaseID, job cardJob) {
	if r.visit == nil || r.visit.id != id {
		job.pin.Wipe()
		return
	}
	r.visit.jobs.put(job)
}

// run works off jobs until the visit ends.
func (w *cardWork) run(ctx context.Context) {
	defer w.disconnect()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.visit.jobs.ready:
			if job, ok := w.visit.jobs.take(); ok {
				w.carryOut(ctx, job)
			}
		}
	}
}

// carryOut does one job. A fault in our own code ends the case, not the desk.
func (w *cardWork) carryOut(ctx context.Context, job cardJob) {
	defer job.pin.Wipe()
	defer func() {
		if fault := recover(); fault != nil {
			// What a panic says may quote a card, so only its kind and place are kept.
			w.runner.cfg.Log.Error("card", "case", uint64(w.visit.id), "reference", w.visit.reference, "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			w.disconnect()
			w.emit(kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: true}})
		}
	}()
	job.do(ctx, w)
}

// emit tells the session what happened in the visit's case.
func (w *cardWork) emit(e kiosk.CaseEvent) { w.runner.answer(w.visit, e) }

func (w *cardWork) connect(ctx context.Context) error {
	if w.session != nil {
		return nil
	}
	if w.reader == "" { // it was unplugged meanwhile
		return cardreader.ErrRemoved
	}
	s, err := w.runner.cfg.Readers.Connect(ctx, w.reader, w.held)
	if err != nil {
		return err
	}
	w.session = s
	return nil
}

// held tells the session that another program holds the card, or no more.
func (w *cardWork) held(held bool) { w.emit(kiosk.CardHeld{Held: held}) }

// disconnect resets the card and gives it back, so that a PIN verified on it is not left open.
func (w *cardWork) disconnect() {
	if w.locked != nil {
		w.locked.Chip.Close()
		w.locked = nil
	}
	if w.session != nil {
		w.logFailure("close", w.session.Close())
		w.session = nil
	}
}

// read reads and verifies the card, again when another program reset it.
func (w *cardWork) read(ctx context.Context) {
	var outcome Outcome
	_ = Anew(WasReset, func(func()) error { outcome = w.readOnce(ctx); return outcome.Err })
	w.tell(ctx, outcome)
}

// tell tells the session what reading came to. A chip that waits to be opened has said so itself.
func (w *cardWork) tell(ctx context.Context, outcome Outcome) {
	switch {
	case ctx.Err() != nil, outcome.Locked != nil:
		return
	case accessRefused(outcome.Err):
		w.emit(kiosk.AccessRefused{})
	case len(outcome.Verdict.Reasons) > 0:
		w.emit(kiosk.DocumentRefused{Reason: outcome.Verdict.Reasons[0]})
	case outcome.Problem != nil:
		outcome.Problem.Reader = w.number
		w.emit(kiosk.DocumentFailed{Problem: *outcome.Problem})
	default:
		w.emit(kiosk.DocumentComplete{Assurance: outcome.Verdict.Assurance, Signing: w.visit.read.Signing})
	}
	w.logFailure("read", outcome.Err)
}

// readOnce reads the card over a new connection. A second try must meet the person that the screens
// show from the first.
func (w *cardWork) readOnce(ctx context.Context) Outcome {
	w.disconnect()
	if err := w.connect(ctx); err != nil {
		return outcomeOf(err)
	}
	reading, outcome := w.reading().Read(ctx, w.session)
	w.locked = outcome.Locked
	shown := w.visit.read.Files.Identity
	if len(shown) > 0 && !bytes.Equal(shown, reading.Files.Identity) && outcome.Err == nil {
		outcome = outcomeOf(cardreader.ErrRemoved)
	}
	w.visit.replaceReading(reading)
	if outcome.Err != nil {
		w.disconnect()
	}
	return outcome
}

func (w *cardWork) reading() Reader {
	return Reader{Examiner: w.runner.examiner(w.visit), Emit: w.emit}
}

// recogniseAgain finds out whether a card that was put in is the visit's.
func (r *Runner) recogniseAgain(c kiosk.RecogniseAgain) {
	name := r.readerName(c.Reader)
	r.onCard(c.Case, cardJob{do: func(ctx context.Context, w *cardWork) {
		w.disconnect()
		w.number, w.reader = c.Reader, name
		err := w.meetAgain(ctx)
		if err != nil {
			w.failed(ctx, "recognise", err)
			return
		}
		w.emit(kiosk.CardReturned{Reader: c.Reader, Pinpad: w.session.Keypad() != nil})
	}})
}

// Why a card was not asked to sign.
var (
	errOtherCard  = errors.New("another card than the one that was read")
	errIncomplete = errors.New("something is missing that the evidence speaks of")
)

// onSameCard runs f on the card when it is the one that was read. A connection that turns out to be dead
// before f begins is made anew: the card was out and in again, or another program reset it. F itself
// is not repeated, because a card counts the PINs it is given. After an error the connection is given up
// too, unless the card only said no to a PIN.
func (w *cardWork) onSameCard(ctx context.Context, f func(context.Context, *citizencard.Card) error) error {
	return Anew(connectionDead, func(begun func()) error {
		err := w.onceOnSameCard(ctx, func(ctx context.Context, card *citizencard.Card) error {
			begun()
			return f(ctx, card)
		})
		if err != nil && !refusedPIN(err) {
			w.disconnect()
		}
		return err
	})
}

// onceOnSameCard recognises the card by its serial number. What proves it is the signature, which
// verifies with the certificate read before or not at all.
func (w *cardWork) onceOnSameCard(ctx context.Context, f func(context.Context, *citizencard.Card) error) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	return w.session.Exclusive(ctx, func(ctx context.Context) error {
		channel, err := w.channel(ctx)
		if err != nil {
			return err
		}
		card, err := citizencard.Open(ctx, channel)
		if errors.Is(err, citizencard.ErrUnknownCard) {
			return errOtherCard
		}
		if err != nil {
			return err
		}
		serial, err := card.Serial(ctx)
		if err != nil {
			return err
		}
		if serial == "" || serial != w.visit.read.Serial {
			return errOtherCard
		}
		return f(ctx, card)
	})
}

func connectionDead(err error) bool {
	return slices.ContainsFunc([]error{cardreader.ErrReset, cardreader.ErrRemoved, cardreader.ErrClosed, cardreader.ErrServiceGone},
		func(dead error) bool { return errors.Is(err, dead) })
}

// refusedPIN reports whether a PIN was wrong or was not typed: the card is as it was, and the person may
// try again.
func refusedPIN(err error) bool {
	var wrong *citizencard.PINError
	return errors.As(err, &wrong) || keypadGaveUp(err)
}

func keypadGaveUp(err error) bool {
	return errors.Is(err, cardreader.ErrPINTimeout) || errors.Is(err, cardreader.ErrPINCancelled) || errors.Is(err, cardreader.ErrPINLength)
}

// sign lets the card sign the transcript.
func (r *Runner) sign(c kiosk.Sign) {
	if v := r.visit; v != nil && v.id == c.Case && v.read.Signing == kiosk.SigningDesk {
		r.signAsDesk(c)
		return
	}
	r.onCard(c.Case, cardJob{pin: c.PIN, do: func(ctx context.Context, w *cardWork) {
		if !r.rulesHold(ctx, c.Case) {
			return
		}
		jws, proof, err := w.signTranscript(ctx, c)
		if err != nil {
			w.failed(ctx, "sign", err)
			return
		}
		w.visit.signed(jws, proof)
		w.disconnect()
		w.emit(kiosk.Signed{Check: kiosk.Check{
			Name: kiosk.CheckKey, Result: kiosk.Passed, Source: examine.SourceChip, At: r.cfg.Now(),
		}})
	}})
}

func (w *cardWork) signTranscript(ctx context.Context, c kiosk.Sign) (jws, proof []byte, err error) {
	v := w.visit
	agreed, complete := v.transcript(w.runner.desk, w.runner.shift.Load(), c.Transcript)
	if !complete {
		return nil, nil, errIncomplete
	}
	if v.read.Signing == kiosk.SigningChip {
		if proof, err = w.proveChip(ctx, agreed); err != nil {
			return nil, nil, err
		}
		jws, err = w.runner.declare(agreed)
		return jws, proof, err
	}
	err = w.onSameCard(ctx, func(ctx context.Context, card *citizencard.Card) error {
		if err := w.presentPIN(ctx, card, c.PIN); err != nil {
			return err
		}
		jws, err = transcript.Sign(ctx, agreed, v.read.Chain, cardSigner{card})
		return err
	})
	if err == nil {
		jws, err = transcript.Countersign(jws, w.runner.key, w.runner.cfg.Own.Certificate)
	}
	return jws, nil, err
}

func (w *cardWork) presentPIN(ctx context.Context, card *citizencard.Card, pin kiosk.Secret) error {
	if pad := w.session.Keypad(); pad != nil && pin == nil {
		return card.VerifyPINOn(ctx, pad)
	}
	return card.VerifyPIN(ctx, pin)
}

// failed tells the session why there is no signature, or no card that could make one.
func (w *cardWork) failed(ctx context.Context, work string, err error) {
	if ctx.Err() != nil {
		return
	}
	w.logFailure(work, err)
	var wrong *citizencard.PINError
	switch reason, problem := Judge(err); {
	case errors.As(err, &wrong):
		w.emit(kiosk.CardPINRefused{TriesLeft: wrong.TriesLeft})
	case errors.Is(err, errOtherCard):
		w.emit(kiosk.SignFailed{Reason: kiosk.ReasonCardChanged})
	case keypadGaveUp(err):
		w.emit(kiosk.SignFailed{Reason: kiosk.ReasonRemoved}) // which asks for the card again
	case reason == kiosk.ReasonPINBlocked:
		w.emit(kiosk.CardPINRefused{TriesLeft: 0})
	case reason != "":
		w.emit(kiosk.SignFailed{Reason: reason})
	default:
		problem.Reader = w.number
		w.emit(kiosk.CommandFailed{Problem: *problem})
	}
}

// logFailure writes why card work ended, for the support: kinds of errors, never what a card said.
func (w *cardWork) logFailure(work string, err error) {
	closing := work == "close" && connectionDead(err) // the card left first
	if err != nil && !closing && !errors.Is(err, context.Canceled) {
		w.runner.cfg.Log.Warn("card", "case", uint64(w.visit.id), "reference", w.visit.reference, "work", work, "error", err.Error())
	}
}

// cardSigner is a Citizen Card as package transcript wants it.
type cardSigner struct{ card *citizencard.Card }

// SignDigest implements transcript.Signer.
func (s cardSigner) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.card.Sign(ctx, digest)
}

// forget ends the visit. Once its last work has returned, what it knew is wiped, and an enrolment that is
// abandoned is abandoned: not earlier, because a request that is still on its way could overtake that.
func (r *Runner) forget() {
	v := r.visit
	if v == nil {
		return
	}
	r.visit = nil
	r.watched.Store(nil)
	v.end()
	go func() {
		defer r.work.Done()
		v.work.Wait()
		v.wipe()
		if r.cfg.Forgotten != nil {
			r.cfg.Forgotten(v.id, v.left)
		}
		if before := v.leaving(true); before != uuid.Nil {
			r.tellAbandoned(v, before, "cancelled")
		}
		if v.farewell != "" {
			r.tellAbandoned(v, v.enrolment(), v.farewell)
		}
		r.tellTimes(v)
	}()
}
