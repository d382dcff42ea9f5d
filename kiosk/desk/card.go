package desk

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
)

// PCSC is the real Readers.
type PCSC struct{ Dialer cardreader.Dialer }

// Watch implements Readers.
func (p PCSC) Watch(ctx context.Context, handle func(cardreader.Event)) error {
	return cardreader.Watch(ctx, cardreader.WatchOptions{}, handle)
}

// Connect implements Readers.
func (p PCSC) Connect(ctx context.Context, reader string) (CardSession, error) {
	s, err := p.Dialer.Connect(ctx, reader)
	if err != nil {
		return nil, err
	}
	return pcscSession{s}, nil
}

// pcscSession turns a missing pinpad into a nil interface.
type pcscSession struct{ *cardreader.Session }

// Keypad implements CardSession.
func (s pcscSession) Keypad() citizencard.Pinpad {
	if p := s.Pinpad(); p != nil {
		return p
	}
	return nil
}

// cardWork is the one goroutine of a visit that talks to its card. It keeps the connection between
// reading and signing, and makes a new one when the card was out in between.
type cardWork struct {
	runner  *Runner
	visit   *visit
	session CardSession
	reader  int
}

// readDocument starts a visit and reads its card.
func (r *Runner) readDocument(ctx context.Context, c kiosk.ReadDocument) {
	r.forget()
	v := newVisit(ctx, c.Case)
	r.visit = v
	w := &cardWork{runner: r, visit: v, reader: c.Reader}
	v.card.put(func(w *cardWork) { w.read(v.ctx) })
	r.work.Add(1)
	v.work.Add(1)
	go func() {
		defer r.work.Done()
		defer v.work.Done()
		w.run()
	}()
}

// onCard queues work for the visit's card.
func (r *Runner) onCard(id kiosk.CaseID, job func(*cardWork)) bool {
	if r.visit == nil || r.visit.id != id {
		return false
	}
	r.visit.card.put(job)
	return true
}

// run works off jobs until the visit ends.
func (w *cardWork) run() {
	defer w.disconnect()
	for {
		select {
		case <-w.visit.ctx.Done():
			return
		case <-w.visit.card.ready:
			if job, ok := w.visit.card.take(); ok {
				job(w)
			}
		}
	}
}

func (w *cardWork) emit(e kiosk.Event) { w.runner.Send(e) }

func (w *cardWork) connect(ctx context.Context) error {
	if w.session != nil {
		return nil
	}
	name := w.runner.readerName(w.reader)
	if name == "" {
		return cardreader.ErrRemoved
	}
	s, err := w.runner.cfg.Readers.Connect(ctx, name)
	if err != nil {
		return err
	}
	w.session = s
	return nil
}

// disconnect resets the card and gives it back, so that a PIN verified on it is not left open.
func (w *cardWork) disconnect() {
	if w.session != nil {
		logFailure(w.runner.cfg.Log, w.visit.id, "close", ignoreGone(w.session.Close()))
		w.session = nil
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, cardreader.ErrRemoved) || errors.Is(err, cardreader.ErrServiceGone) || errors.Is(err, cardreader.ErrReset) {
		return nil
	}
	return err
}

// read reads and verifies the card. Another program may reset it once at the start (desktop card
// services look at every new card); then it is read again.
func (w *cardWork) read(ctx context.Context) {
	outcome := w.readOnce(ctx)
	if errors.Is(outcome.Err, cardreader.ErrReset) {
		outcome = w.readOnce(ctx)
	}
	logFailure(w.runner.cfg.Log, w.visit.id, "read", outcome.Err)
	id := w.visit.id
	switch {
	case ctx.Err() != nil:
	case len(outcome.Verdict.Reasons) > 0:
		w.emit(kiosk.DocumentRefused{Case: id, Reason: outcome.Verdict.Reasons[0]})
	case outcome.Problem != nil:
		outcome.Problem.Reader = w.reader
		w.emit(kiosk.DocumentFailed{Case: id, Problem: *outcome.Problem})
	default:
		w.emit(kiosk.DocumentComplete{Case: id, Assurance: outcome.Verdict.Assurance})
	}
}

func (w *cardWork) readOnce(ctx context.Context) Outcome {
	w.disconnect()
	if err := w.connect(ctx); err != nil {
		reason, problem := Judge(err)
		outcome := Outcome{Problem: problem, Err: err}
		if reason != "" {
			outcome.Verdict.Reasons = []kiosk.Reason{reason}
		}
		return outcome
	}
	reading, outcome := Reader{Verifier: w.runner.cfg.Verifier, Case: w.visit.id, Emit: w.emit}.Read(ctx, w.session)
	w.visit.mu.Lock()
	w.visit.read = reading
	w.visit.mu.Unlock()
	if outcome.Err != nil {
		w.disconnect()
	}
	return outcome
}

// recogniseAgain finds out whether a card that was put in is the visit's.
func (r *Runner) recogniseAgain(c kiosk.RecogniseAgain) {
	r.onCard(c.Case, func(w *cardWork) {
		w.disconnect()
		w.reader = c.Reader
		err := w.onSameCard(w.visit.ctx, func(context.Context, *citizencard.Card) error { return nil })
		if err == nil {
			w.emit(kiosk.CardReturned{Case: c.Case, Reader: c.Reader})
			return
		}
		w.signFailed(err)
	})
}

// errOtherCard says that the card in the reader is not the one that was read.
var errOtherCard = errors.New("another card than the one that was read")

// onSameCard runs f on the card when it is the one that was read. The serial number only recognises;
// what proves the card is its signature, which verifies with the certificate read before or not at all.
func (w *cardWork) onSameCard(ctx context.Context, f func(context.Context, *citizencard.Card) error) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	err := w.session.Exclusive(ctx, func(ctx context.Context) error {
		card, err := citizencard.Open(ctx, w.session)
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
		if serial != w.visit.read.Serial {
			return errOtherCard
		}
		return f(ctx, card)
	})
	return err
}

// sign lets the card sign the transcript.
func (r *Runner) sign(c kiosk.Sign) {
	queued := r.onCard(c.Case, func(w *cardWork) {
		defer c.PIN.Wipe()
		err := w.signTranscript(w.visit.ctx, c)
		if errors.Is(err, cardreader.ErrReset) || errors.Is(err, cardreader.ErrRemoved) {
			// The card was out and in again since it was read: the old connection is dead, not the card.
			w.disconnect()
			err = w.signTranscript(w.visit.ctx, c)
		}
		if err != nil {
			w.signFailed(err)
			return
		}
		w.disconnect()
		w.emit(kiosk.Signed{Case: c.Case, Check: kiosk.Check{
			Name: kiosk.CheckKey, Result: kiosk.Passed, Source: evidence.SourceChip, At: r.cfg.Now(),
		}})
	})
	if !queued {
		c.PIN.Wipe()
	}
}

func (w *cardWork) signTranscript(ctx context.Context, c kiosk.Sign) error {
	v := w.visit
	t := v.transcript(w.runner.cfg.Desk, c.Transcript)
	return w.onSameCard(ctx, func(ctx context.Context, card *citizencard.Card) error {
		if err := w.presentPIN(ctx, card, c.PIN); err != nil {
			return err
		}
		jws, err := evidence.Sign(ctx, t, v.read.Chain, cardSigner{card})
		if err != nil {
			return err
		}
		v.mu.Lock()
		v.jws = jws
		v.mu.Unlock()
		return nil
	})
}

func (w *cardWork) presentPIN(ctx context.Context, card *citizencard.Card, pin kiosk.Secret) error {
	if pad := w.session.Keypad(); pad != nil && pin == nil {
		return card.VerifyPINOn(ctx, pad)
	}
	return card.VerifyPIN(ctx, pin)
}

// signFailed tells the session why there is no signature.
func (w *cardWork) signFailed(err error) {
	logFailure(w.runner.cfg.Log, w.visit.id, "sign", err)
	id := w.visit.id
	var wrong *citizencard.PINError
	switch reason, problem := Judge(err); {
	case w.visit.ctx.Err() != nil:
	case errors.As(err, &wrong):
		w.emit(kiosk.CardPINRefused{Case: id, TriesLeft: wrong.TriesLeft})
	case errors.Is(err, errOtherCard):
		w.disconnect()
		w.emit(kiosk.SignFailed{Case: id, Reason: kiosk.ReasonCardChanged})
	case reason == kiosk.ReasonPINBlocked:
		w.emit(kiosk.CardPINRefused{Case: id, TriesLeft: 0})
	case reason != "":
		w.disconnect()
		w.emit(kiosk.SignFailed{Case: id, Reason: reason})
	case keypadGaveUp(err):
		// Nothing was typed: the card is as it was, and the person may start again.
		w.emit(kiosk.SignFailed{Case: id, Reason: kiosk.ReasonRemoved})
	default:
		w.disconnect()
		w.emit(kiosk.CommandFailed{Case: id, Problem: *problem})
	}
}

func keypadGaveUp(err error) bool {
	return errors.Is(err, cardreader.ErrPINTimeout) || errors.Is(err, cardreader.ErrPINCancelled) || errors.Is(err, cardreader.ErrPINLength)
}

// cardSigner is a Citizen Card as package evidence wants it.
type cardSigner struct{ card *citizencard.Card }

// SignDigest implements evidence.Signer.
func (s cardSigner) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.card.Sign(ctx, digest)
}

// transcript is what the card signs: what the person agreed to, over the centre's challenge.
func (v *visit) transcript(desk string, facts kiosk.TranscriptFacts) evidence.Transcript {
	v.mu.Lock()
	defer v.mu.Unlock()
	identity, sod, sealed := sha256.Sum256(v.read.Files.Identity), sha256.Sum256(v.read.Files.SOD), sha256.Sum256(v.sealed)
	p := facts.Identity
	t := evidence.Transcript{
		Version:   evidence.TranscriptVersion,
		Enrolment: v.enrolment,
		Challenge: v.challenge,
		Desk:      desk,
		OpenedAt:  v.openedAt,
		SignedAt:  facts.At,
		Document: evidence.TranscriptDocument{
			Kind: p.Kind, Generation: p.Generation, Country: p.Country, Number: p.DocumentNumber,
			CivilNumber: p.CivilNumber, ValidUntil: p.ValidUntil, Identity: identity[:], SOD: sod[:],
		},
		Person: evidence.TranscriptPerson{
			Surname: p.Surname, GivenNames: p.GivenNames, BirthDate: p.BirthDate, Nationality: p.Nationality, TaxNumber: p.TaxNumber,
		},
		SealedPIN:     sealed[:],
		PhotoCompared: facts.PhotoCompared,
		Language:      facts.Language,
		Level:         facts.Assurance.Level,
	}
	for _, c := range facts.Contacts {
		t.Contacts = append(t.Contacts, evidence.TranscriptProof{Channel: c.Channel, Value: c.Value, Proof: uuid.UUID(c.Proof), ConfirmedAt: c.At})
	}
	return t
}

// forget ends the visit; what it knew is wiped once its last work has returned.
func (r *Runner) forget() {
	v := r.visit
	if v == nil {
		return
	}
	r.visit = nil
	r.watchEnrolment(nil)
	v.end()
	r.work.Add(1)
	go func() {
		defer r.work.Done()
		v.work.Wait()
		v.wipe()
	}()
}
