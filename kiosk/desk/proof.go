package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// unlock opens the chip that waits and goes on reading. A chip that was reset meanwhile, or whose connection was
// lost, is recognised anew.
func (r *Runner) unlock(c kiosk.Unlock) {
	r.onCard(c.Case, cardJob{do: func(ctx context.Context, w *cardWork) {
		secret := NewAccessSecret(c.Kind, c.Text)
		defer secret.Wipe()
		var outcome Outcome
		_ = Anew(WasReset, func(func()) error { outcome = w.unlockOnce(ctx, secret); return outcome.Err })
		w.tell(ctx, outcome)
		w.logFailure("unlock", outcome.Err)
	}})
}

// accessRefused reports whether the chip said no to what was typed, and may be asked again.
func accessRefused(err error) bool {
	return errors.Is(err, travel.ErrWrongPassword) || errors.Is(err, travel.ErrPasswordKind)
}

// unlockOnce opens the chip on the connection there is, or on a new one. A second try must meet the document that
// the screens show from the first.
func (w *cardWork) unlockOnce(ctx context.Context, secret AccessSecret) Outcome {
	if err := w.connectChip(ctx); err != nil {
		return outcomeOf(err)
	}
	reading, outcome := w.reading().Unlock(ctx, w.session, w.locked, secret)
	before := w.visit.evidence.Identity
	now, _ := reading.signed()
	if outcome.Err == nil && len(before) > 0 && !bytes.HasPrefix(now, before) {
		outcome = outcomeOf(cardreader.ErrRemoved)
	}
	if outcome.Err != nil && !accessRefused(outcome.Err) {
		w.disconnect()
	}
	w.visit.replaceReading(reading)
	return outcome
}

// connectChip connects to a chip that opens with what is printed, unless it is connected.
func (w *cardWork) connectChip(ctx context.Context) error {
	if w.session != nil && w.locked != nil {
		return nil
	}
	w.disconnect()
	if err := w.connect(ctx); err != nil {
		return err
	}
	err := w.session.Exclusive(ctx, func(ctx context.Context) error {
		card, err := citizencard.Open(ctx, w.session)
		if err == nil && !card.Locked() {
			return errOtherCard
		}
		if err != nil && !errors.Is(err, citizencard.ErrUnknownCard) {
			return err
		}
		w.locked, err = recogniseChip(ctx, w.session, card != nil)
		if errors.Is(err, travel.ErrNotTravelDocument) {
			return errOtherCard
		}
		return err
	})
	if err != nil {
		w.disconnect()
	}
	return err
}

// openAgain opens the visit's chip with what opened it before. A chip that does not open with it is another.
func (w *cardWork) openAgain(ctx context.Context) error {
	password, err := w.visit.read.Secret.password(w.runner.cfg.Now())
	if err != nil {
		return err
	}
	defer password.Wipe()
	_, err = w.locked.Chip.Unlock(ctx, password)
	if accessRefused(err) {
		return fmt.Errorf("%w: %w", errOtherCard, err)
	}
	return err
}

// channel is how a Citizen Card's commands reach it: the session itself, or the channel of its contactless side.
func (w *cardWork) channel(ctx context.Context) (iso7816.Transmitter, error) {
	if w.visit.read.Secret.Kind == "" {
		return w.session, nil
	}
	if w.locked == nil {
		var err error
		if w.locked, err = OpenAgain(ctx, w.session, w.visit.read.Secret, w.runner.cfg.Now()); err != nil {
			return nil, err
		}
	}
	return channelled{w.session, w.locked.Chip.Transmitter()}, nil
}

// meetAgain finds out whether the card or chip now on the reader is the visit's.
func (w *cardWork) meetAgain(ctx context.Context) error {
	if w.visit.read.travels() {
		return w.onSameChip(ctx, func(context.Context, *travel.Chip) error { return nil })
	}
	return w.onSameCard(ctx, func(context.Context, *citizencard.Card) error { return nil })
}

// onSameChip runs f on the travel document's chip that was read, over the session that reading left open, or over
// a new one in which the chip has shown the same first data group.
func (w *cardWork) onSameChip(ctx context.Context, f func(context.Context, *travel.Chip) error) error {
	// Asking a chip again does no harm, other than asking for a PIN; a session that another program broke is made anew.
	cures := func(err error) bool { return connectionDead(err) || errors.Is(err, travel.ErrLocked) }
	return Anew(cures, func(func()) error {
		err := w.onceOnSameChip(ctx, f)
		if err != nil {
			w.disconnect()
		}
		return err
	})
}

func (w *cardWork) onceOnSameChip(ctx context.Context, f func(context.Context, *travel.Chip) error) error {
	known := w.session != nil && w.locked != nil
	if err := w.connectChip(ctx); err != nil {
		return err
	}
	return w.session.Exclusive(ctx, func(ctx context.Context) error {
		chip := w.locked.Chip
		if !known {
			if err := w.openAgain(ctx); err != nil {
				return err
			}
			dg1, err := chip.Read(ctx, travel.DG1, nil)
			if err != nil {
				return err
			}
			same := bytes.Equal(dg1, w.visit.read.Travel.Groups[1])
			clear(dg1)
			if !same {
				return errOtherCard
			}
		}
		return f(ctx, chip)
	})
}

// proveChip has the chip prove itself to the centre: by a signature over a challenge made from the transcript, or by
// answering the challenge that only the centre can judge.
func (w *cardWork) proveChip(ctx context.Context, t transcript.Transcript) (proof []byte, err error) {
	files := w.visit.read.Travel
	if examine.ProofOf(files.Groups) == examine.ProofActive {
		encoded, err := t.Encode()
		if err != nil {
			return nil, err
		}
		challenge := examine.AAChallenge(encoded)
		err = w.onSameChip(ctx, func(ctx context.Context, chip *travel.Chip) error {
			signature, err := chip.ActiveAuthenticate(ctx, challenge[:])
			if err != nil {
				return err
			}
			proof = examine.ProofAA(signature)
			return travel.VerifyActiveAuthentication(files.Groups[15], files.Groups[14], challenge[:], signature)
		})
		return proof, err
	}
	challenge, err := w.visit.awaitChallenge(ctx, w.runner.cfg.Pace.ChipChallenge)
	if err != nil {
		return nil, err
	}
	err = w.onSameChip(ctx, func(ctx context.Context, chip *travel.Chip) error {
		answer, err := chip.AnswerChallenge(ctx, challenge)
		proof = examine.ProofCA(answer)
		return err
	})
	return proof, err
}

// declare signs a transcript for the desk, because no card can.
func (r *Runner) declare(t transcript.Transcript) ([]byte, error) {
	return transcript.SignAsDesk(t, r.key, r.cfg.Own.Certificate)
}

// signAsDesk signs for a document that proves nothing by itself.
func (r *Runner) signAsDesk(c kiosk.Sign) {
	c.PIN.Wipe()
	r.ask(c.Case, func(v *visit) {
		if !r.rulesHold(v.ctx, c.Case) {
			return
		}
		t, complete := v.transcript(r.desk, r.shift.Load(), c.Transcript)
		if !complete {
			r.failed(v, "", errIncomplete)
			return
		}
		jws, err := r.declare(t)
		if err != nil {
			r.failed(v, "", err)
			return
		}
		v.signed(jws, nil)
		r.answer(v, kiosk.Signed{Check: kiosk.Check{
			Name: kiosk.CheckKey, Result: kiosk.Absent, Source: examine.SourceDesk, At: r.cfg.Now(),
		}})
	})
}

// readTyped takes a zone that was typed for the document. No reader is needed.
func (r *Runner) readTyped(ctx context.Context, c kiosk.ReadTyped) {
	r.forget()
	v := r.newVisit(ctx, c.Case, c.VerifyOnly, c.AnyAge)
	close(v.gone)
	r.visit, r.givenBack = v, v.gone
	r.work.Add(1)
	reader := Reader{Examiner: r.examiner(v), Emit: func(e kiosk.CaseEvent) { r.answer(v, e) }}
	v.work.Go(func() {
		verdict := reader.Typed(v.ctx, c.MRZ)
		if v.ctx.Err() != nil {
			return
		}
		if len(verdict.Reasons) > 0 {
			r.answer(v, kiosk.DocumentRefused{Reason: verdict.Reasons[0]})
			return
		}
		v.replaceReading(Reading{Zone: []byte(c.MRZ), Signing: kiosk.SigningDesk})
		r.answer(v, kiosk.DocumentComplete{Assurance: verdict.Assurance, Signing: kiosk.SigningDesk})
	})
}

// Typed examines a machine-readable zone in place of a chip.
func (r Reader) Typed(ctx context.Context, zone string) examine.Verdict {
	if file, err := examine.TypedFiles(zone); err == nil {
		files := examine.TravelFiles{Groups: map[int][]byte{1: file}}
		if identity, err := examine.TravelIdentity(files, r.now()); err == nil {
			r.Emit(kiosk.IdentityRead{Identity: identity})
		}
	}
	r.Emit(kiosk.PhotoRead{})
	return r.Examiner.ExamineTyped(ctx, zone, r.report)
}

// askChip orders the centre's challenge to a chip that can answer one, so that it is there when the person has agreed.
func (r *Runner) askChip(v *visit) {
	v.mu.Lock()
	q, enrolment := v.chipChallenge, v.enrolmentID
	wanted := examine.ProofOf(v.read.Travel.Groups) == examine.ProofChip && q.ready == nil
	dg14 := v.read.Travel.Groups[14]
	if wanted {
		q.ready = make(chan struct{})
	}
	v.mu.Unlock()
	if wanted {
		v.work.Go(func() { r.fetchChallenge(v, q, enrolment, dg14) })
	}
}

// fetchChallenge asks until the challenge is made, when the centre says that there is news.
func (r *Runner) fetchChallenge(v *visit, q *chipChallenge, enrolment uuid.UUID, dg14 []byte) {
	defer close(q.ready)
	for {
		answer, err := r.cfg.Centre.ChipChallenge(v.ctx, enrolment, dg14)
		switch {
		case err != nil && !errors.Is(err, central.ErrUnavailable):
			r.barred(err)
			q.err = err
			return
		case err == nil && answer.State == central.ChipReady:
			q.send = answer.Challenge
			return
		case err == nil && answer.State == central.ChipUnsupported:
			q.err = travel.ErrUnsupported
			return
		}
		overdue := time.NewTimer(r.cfg.Pace.Overdue)
		select {
		case <-v.ctx.Done():
			overdue.Stop()
			q.err = v.ctx.Err()
			return
		case <-q.told:
		case <-overdue.C: // the notice was lost with the line
		}
		overdue.Stop()
	}
}

// ordered is the visit's challenge to its chip, which may not have come.
func (v *visit) ordered() *chipChallenge {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.chipChallenge
}

// tell says that there is news. Said twice it is heard once.
func (q *chipChallenge) tell() {
	select {
	case q.told <- struct{}{}:
	default:
	}
}

// awaitChallenge returns the centre's challenge, which was ordered long before.
func (v *visit) awaitChallenge(ctx context.Context, patience time.Duration) (travel.ChallengeToSend, error) {
	q := v.ordered()
	v.mu.Lock()
	ready := q.ready
	v.mu.Unlock()
	if ready == nil {
		return travel.ChallengeToSend{}, errIncomplete
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-ctx.Done():
		return travel.ChallengeToSend{}, ctx.Err()
	case <-late.C:
		return travel.ChallengeToSend{}, central.ErrUnavailable
	case <-ready:
	}
	if q.err != nil {
		return travel.ChallengeToSend{}, q.err
	}
	var challenge travel.ChallengeToSend
	if err := json.Unmarshal(q.send, &challenge); err != nil {
		return travel.ChallengeToSend{}, errors.New("the centre's challenge to the chip is in no known form")
	}
	return challenge, nil
}
