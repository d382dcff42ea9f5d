package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
)

// examination is one card, over a new connection wherever another program reset it.
type examination struct {
	flags   cardFlags
	reader  desk.Reader
	report  *cardReport
	session desk.CardSession
	channel desk.CardSession // to the card's applications: the session, or the protected channel of a chip
	locked  *desk.LockedChip // nil for a card that is open

	secret desk.AccessSecret // that opened it
}

// examineCard connects, reads and, with a PIN, lets the card sign.
func examineCard(ctx context.Context, f cardFlags, verifier *examine.Examiner, pin kiosk.Secret) (*cardReport, error) {
	x := &examination{flags: f, report: &cardReport{}}
	x.reader = desk.Reader{
		Examiner: verifier, Emit: x.report.note, SkipPhoto: f.noPhoto, Printed: f.mrz.String(), Alone: true,
	}
	defer x.close()
	reading, outcome, err := x.read(ctx)
	if err != nil {
		return nil, err
	}
	defer reading.Wipe()
	report := x.report
	report.access(reading)
	if errors.Is(outcome.Err, cardreader.ErrRemoved) && !report.began {
		return nil, errNoCard // it went as we came: pcscd notices a removal a moment late
	}
	report.take(outcome.Verdict)
	if errors.Is(outcome.Err, travel.ErrPasswordKind) && f.can != "" {
		report.Hint = hintMRZ
	}
	if outcome.Problem != nil {
		return nil, fmt.Errorf("reading the card: %w", outcome.Err)
	}
	if len(report.Reasons) == 0 && f.pinStdin && len(reading.Files.Certificate) > 0 { // only Citizen Cards have one
		if len(pin) == 0 {
			return nil, errNoPIN
		}
		ex := verifier.Examine(ctx, nil)
		ex.Update(reading.Files)
		if !f.noPhoto {
			ex.Photo(reading.Files.Photo)
		}
		x.secret = reading.Secret
		err = x.prove(ctx, ex, pin)
	}
	return report, err
}

// read connects, opens a chip that is locked, and reads.
func (x *examination) read(ctx context.Context) (reading desk.Reading, outcome desk.Outcome, err error) {
	_ = desk.Anew(desk.WasReset, func(func()) error {
		reading.Wipe()
		reading, outcome, err = x.readOnce(ctx)
		return errors.Join(err, outcome.Err)
	})
	return reading, outcome, err
}

func (x *examination) readOnce(ctx context.Context) (reading desk.Reading, outcome desk.Outcome, err error) {
	x.close()
	x.session, x.report.Reader, err = connect(ctx, x.flags)
	if err != nil {
		return reading, outcome, err
	}
	x.report.started, x.channel = time.Now(), x.session
	reading, outcome = x.reader.Read(ctx, x.session)
	x.locked = outcome.Locked
	if x.locked == nil {
		return reading, outcome, nil
	}
	secret, err := x.flags.secret(x.locked)
	if errors.Is(err, travel.ErrPasswordKind) {
		outcome.Locked, outcome.Err = nil, err
		outcome.Verdict.Reasons = []kiosk.Reason{kiosk.ReasonAccessDenied}
		return reading, outcome, nil
	}
	if err != nil {
		return reading, outcome, err
	}
	defer secret.Wipe()
	reading, outcome = x.reader.Unlock(ctx, x.session, x.locked, secret)
	x.channel = desk.Channel(x.session, x.locked)
	return reading, outcome, nil
}

func (x *examination) close() {
	if x.locked != nil {
		x.locked.Chip.Close()
		x.locked = nil
	}
	if x.session != nil {
		_ = x.session.Close()
		x.session = nil
	}
}

// open connects to the card anew where another program reset it.
func (x *examination) open(ctx context.Context) (err error) {
	if x.session == nil {
		x.session, _, err = connect(ctx, x.flags)
		x.channel = x.session
	}
	return err
}

// reopen opens a chip that is to be opened before its applications can be reached, within the caller's transaction.
func (x *examination) reopen(ctx context.Context) (err error) {
	if x.secret.Kind == "" || x.locked != nil {
		return nil
	}
	if x.locked, err = desk.OpenAgain(ctx, x.session, x.secret, time.Now()); err != nil {
		return err
	}
	x.channel = desk.Channel(x.session, x.locked)
	return nil
}

// prove lets the card of an examination sign a random challenge with its authentication key. A copy of somebody's
// certificate on another card passes every other check and fails this one.
func (x *examination) prove(ctx context.Context, ex *examine.Examination, pin kiosk.Secret) error {
	challenge := make([]byte, sha256.Size)
	_, _ = rand.Read(challenge) // never fails (Go 1.24)
	digest := sha256.Sum256(challenge)
	var signature []byte
	started := time.Now()
	err := desk.Anew(desk.WasReset, func(begun func()) (err error) {
		if signature, err = x.sign(ctx, digest[:], pin, begun); err != nil {
			x.close()
		}
		return err
	})
	var wrong *citizencard.PINError
	if errors.As(err, &wrong) {
		return fmt.Errorf("the card did not accept the PIN: %d tries left", wrong.TriesLeft)
	}
	if err != nil {
		reason, _ := desk.Judge(err)
		if reason == "" {
			return fmt.Errorf("signing: %w", err)
		}
		x.report.refuse(reason)
		return nil
	}
	ex.PIN(x.report.PINTries)
	ex.Key(digest[:], signature)
	verdict := ex.Wait()
	x.report.take(verdict)
	x.report.took(kiosk.CheckKey, time.Since(started))
	return nil
}

// sign presents the PIN and signs, over the connection there is or a new one.
func (x *examination) sign(ctx context.Context, digest []byte, pin kiosk.Secret, begun func()) (signature []byte, err error) {
	if err := x.open(ctx); err != nil {
		return nil, err
	}
	err = x.session.Exclusive(ctx, func(ctx context.Context) error {
		if err := x.reopen(ctx); err != nil {
			return err
		}
		card, err := citizencard.Open(ctx, x.channel)
		if err != nil {
			return err
		}
		begun()
		if err := card.VerifyPIN(ctx, pin); err != nil {
			return err
		}
		signature, err = card.Sign(ctx, digest)
		return err
	})
	return signature, err
}
