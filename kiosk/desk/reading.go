package desk

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/desk/photo"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// ActivityRecognise is the first activity of a reading: the card has not answered yet.
const ActivityRecognise = "activity.recognise"

// photoStep is the percentage in which the photograph's progress is told: every piece of 256 bytes
// would have the screens drawn fifty times in a second.
const photoStep = 10

// Reader reads and verifies a Citizen Card step by step and tells what it learns as it learns it.
type Reader struct {
	Examiner *examine.Examiner
	Emit     func(kiosk.CaseEvent)
	// SkipPhoto leaves the photograph on the card, for those who need only the identity.
	SkipPhoto bool
	// Alone says that there is no centre to convince: what a chip proves to this program counts.
	Alone bool
	// Printed is the machine-readable zone that is printed on a travel document, when it is known though the chip is
	// opened with its number.
	Printed string
}

// Outcome is what reading a card came to: a verdict, a problem that is not the document's, or a chip that
// has to be opened first.
type Outcome struct {
	Verdict examine.Verdict
	Problem *kiosk.Problem
	Err     error       // for the log; names nothing personal
	Locked  *LockedChip // waits for Unlock; nothing else is set then
}

// Read reads what lies on a reader. A Citizen Card gives its identity, SOD and certificate first, each shown
// and checked when it is there, then the photograph while the revocation request is under way. The card is
// held by one transaction until then, so that nobody selects another file in between. A chip that opens with
// what is printed on its document is only recognised, see Unlock.
func (r Reader) Read(ctx context.Context, session CardSession) (Reading, Outcome) {
	r.activity(ActivityRecognise)
	var card *citizencard.Card
	var locked *LockedChip
	err := session.Exclusive(ctx, func(ctx context.Context) (err error) {
		if card, err = citizencard.Open(ctx, session); err == nil && !card.Locked() {
			return nil
		}
		if err == nil || errors.Is(err, citizencard.ErrUnknownCard) {
			locked, err = recogniseChip(ctx, session, card != nil)
		}
		return err
	})
	switch {
	case err != nil:
		return Reading{}, outcomeOf(err)
	case locked != nil:
		r.Emit(kiosk.DocumentRecognised{Kind: locked.Kind, Accepts: locked.Accepts})
		return Reading{}, Outcome{Locked: locked}
	}
	return r.readCitizen(ctx, session, card)
}

// readCitizen reads a Citizen Card that was recognised.
func (r Reader) readCitizen(ctx context.Context, session CardSession, card *citizencard.Card) (Reading, Outcome) {
	var got Reading
	r.Emit(kiosk.DocumentRecognised{Kind: kiosk.CitizenCard})
	ex := r.Examiner.Examine(ctx, r.report)
	err := session.Exclusive(ctx, func(ctx context.Context) error { return r.files(ctx, session, card, ex, &got) })
	if err == nil && !r.SkipPhoto && len(ex.Verdict().Reasons) == 0 {
		err = r.portrait(ctx, got.Files, ex)
	}
	verdict := ex.Wait()
	for _, der := range ex.Chain() {
		// Copies: what is wiped with the visit must not be the trust store's own certificates.
		got.Chain = append(got.Chain, bytes.Clone(der))
	}
	return got, conclude(verdict, err)
}

func (r Reader) report(c kiosk.Check) {
	r.Emit(kiosk.CheckDone{Check: c})
}

// conclude puts verdict and error together: what speaks against the document comes before what kept it from
// being read.
func conclude(verdict examine.Verdict, err error) Outcome {
	outcome := outcomeOf(err)
	if len(verdict.Reasons) > 0 {
		outcome.Problem = nil
	} else {
		verdict.Reasons = outcome.Verdict.Reasons
	}
	outcome.Verdict = verdict
	return outcome
}

// outcomeOf is what an error alone comes to.
func outcomeOf(err error) Outcome {
	outcome := Outcome{Err: err}
	reason, problem := Judge(err)
	if reason != "" {
		outcome.Verdict.Reasons = []kiosk.Reason{reason}
	}
	outcome.Problem = problem
	return outcome
}

// files reads everything from the card.
func (r Reader) files(ctx context.Context, session CardSession, card *citizencard.Card, ex *examine.Examination, got *Reading) (err error) {
	files := &got.Files
	files.Generation = card.Generation()
	r.activity("activity.read_identity")
	if files.Identity, err = card.ReadIdentity(ctx); err != nil {
		return err
	}
	identity, err := examine.IdentityOf(*files)
	if err != nil {
		return err
	}
	r.Emit(kiosk.IdentityRead{Identity: identity, Pinpad: session.Keypad() != nil})
	ex.Update(*files)
	r.activity("activity.read_sod")
	if files.SOD, err = card.ReadSOD(ctx); err != nil {
		return err
	}
	ex.Update(*files)
	if err := r.certificate(ctx, card, files); err != nil {
		return err
	}
	ex.Update(*files)
	tries, err := card.PINTries(ctx)
	if err != nil {
		return err
	}
	ex.PIN(tries)
	r.Emit(kiosk.PINTriesRead{TriesLeft: tries})
	if r.SkipPhoto || len(ex.Verdict().Reasons) > 0 {
		return nil // a refused document's photograph is nobody's business
	}
	return r.rest(ctx, card, ex, got)
}

// certificate reads the authentication certificate and, where our trust folder lacks its issuers,
// those that the card carries. They are believed no more than the signatures on them.
func (r Reader) certificate(ctx context.Context, card *citizencard.Card, files *citizencard.Files) error {
	r.activity("activity.read_certificate")
	certificate, err := card.ReadCertificate(ctx)
	if err != nil {
		return err
	}
	if r.Examiner.NeedsIssuers(certificate) {
		if files.Issuers, err = card.ReadIssuers(ctx); err != nil {
			return err
		}
	}
	files.Certificate = certificate
	return nil
}

// rest reads the photograph, and what recognises the card when it comes back.
func (r Reader) rest(ctx context.Context, card *citizencard.Card, ex *examine.Examination, got *Reading) error {
	r.activity("activity.read_photo")
	portrait, err := card.ReadPhoto(ctx, r.progress())
	if err != nil {
		return err
	}
	files := &got.Files
	files.Photo, files.MRZ, files.CardKey = portrait.Photo, portrait.MRZ, portrait.CardKey
	ex.Update(*files)
	ex.Photo(files.Photo)
	got.Serial, err = card.Serial(ctx)
	return err
}

// progress tells how much of the photograph was read.
func (r Reader) progress() func(done, total int) {
	last := -1
	return func(done, total int) {
		if percent := done * 100 / max(total, 1) / photoStep * photoStep; percent != last {
			last = percent
			r.Emit(kiosk.PhotoProgress{Percent: percent})
		}
	}
}

// portrait makes the photograph fit for the screen.
func (r Reader) portrait(ctx context.Context, files citizencard.Files, ex examined) error {
	if len(files.Photo) == 0 {
		r.Emit(kiosk.PhotoRead{})
		return nil
	}
	raw, err := citizencard.ParsePhoto(files.Generation, files.Photo)
	return r.show(ctx, raw, err, ex)
}

// examined is an examination, as far as the photograph is concerned.
type examined interface{ PhotoUnshown() }

// unshown are the errors of a photograph that cannot be shown as it is: the State signed it, so it is no reason to
// refuse the document. Anything else, such as a decoder that is missing, is the desk's own trouble.
var unshown = []error{lds.ErrMalformed, citizencard.ErrMalformed, iso7816.ErrTLV, photo.ErrFormat, photo.ErrDamaged, photo.ErrTooLarge}

// show shows a photograph as the document has it, or says that it cannot be shown. Err is from looking for it in its
// file.
func (r Reader) show(ctx context.Context, raw []byte, err error, ex examined) error {
	var picture *kiosk.Photo
	if err == nil {
		picture, err = photo.ForScreen(ctx, raw)
	}
	if slices.ContainsFunc(unshown, func(known error) bool { return errors.Is(err, known) }) {
		ex.PhotoUnshown()
		picture, err = nil, nil
	}
	if err != nil {
		return err
	}
	r.Emit(kiosk.PhotoRead{Photo: picture})
	return nil
}

func (r Reader) activity(key string) {
	r.Emit(kiosk.Activity{Key: key})
}

// Judge sorts an error of reading or signing: it speaks against the document (a reason), or it is a
// problem of the reader or the desk. Both are empty only when there was no error: whatever is not known
// here, and work that was broken off, is a problem and never a yes.
func Judge(err error) (kiosk.Reason, *kiosk.Problem) {
	if err == nil {
		return "", nil
	}
	for _, v := range verdicts {
		if errors.Is(err, v.err) {
			if v.problem != "" {
				return "", &kiosk.Problem{Code: v.problem}
			}
			return v.reason, nil
		}
	}
	var status *iso7816.StatusError
	if errors.As(err, &status) { // the chip's word alone, of which nobody knows whether the document is damaged
		return kiosk.ReasonRefused, nil
	}
	return "", &kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: true}
}

var verdicts = []struct {
	err     error
	reason  kiosk.Reason
	problem kiosk.ProblemCode
}{
	{err: citizencard.ErrUnknownCard, reason: kiosk.ReasonUnknownCard},
	{err: citizencard.ErrMalformed, reason: kiosk.ReasonMalformed},
	{err: lds.ErrMalformed, reason: kiosk.ReasonMalformed},
	{err: travel.ErrClone, reason: kiosk.ReasonKeyMismatch}, // before the channel's errors, which it may come of
	{err: travel.ErrUnproven, reason: kiosk.ReasonKeyMismatch},
	{err: travel.ErrNotTravelDocument, reason: kiosk.ReasonUnknownCard},
	{err: travel.ErrUnsupported, reason: kiosk.ReasonUnknownCard},
	{err: travel.ErrWrongPassword, reason: kiosk.ReasonAccessDenied},
	{err: travel.ErrPasswordKind, reason: kiosk.ReasonAccessDenied},
	{err: travel.ErrDowngrade, reason: kiosk.ReasonAccessDowngraded},
	{err: travel.ErrNoAccessControl, reason: kiosk.ReasonAccessFailed},
	{err: travel.ErrAccessControl, reason: kiosk.ReasonAccessFailed},
	{err: travel.ErrSecureMessaging, reason: kiosk.ReasonAccessFailed},
	{err: travel.ErrMalformed, reason: kiosk.ReasonMalformed},
	{err: iso7816.ErrTLV, reason: kiosk.ReasonMalformed}, // after the channel's errors, which it may be the cause of
	{err: travel.ErrLocked, reason: kiosk.ReasonAccessFailed},
	{err: travel.ErrNoFile, reason: kiosk.ReasonRefused},
	{err: cardreader.ErrSilent, reason: kiosk.ReasonSilent},
	{err: cardreader.ErrRemoved, reason: kiosk.ReasonRemoved},
	{err: cardreader.ErrTransport, reason: kiosk.ReasonRemoved}, // a card that slips out of its contacts
	{err: citizencard.ErrPINBlocked, reason: kiosk.ReasonPINBlocked},
	{err: transcript.ErrKeyMismatch, reason: kiosk.ReasonKeyMismatch},
	{err: transcript.ErrKeyKind, reason: kiosk.ReasonCertificatePurpose},
	{err: cardreader.ErrReset, problem: kiosk.ProblemReaderBusy},
	{err: cardreader.ErrBusy, problem: kiosk.ProblemReaderBusy},
	{err: cardreader.ErrUnresponsive, problem: kiosk.ProblemCardUnresponsive},
	{err: citizencard.ErrPINRequired, problem: kiosk.ProblemReaderBusy}, // somebody reset the card after the PIN
	{err: cardreader.ErrServiceGone, problem: kiosk.ProblemServiceStopped},
	{err: cardreader.ErrNotAuthorised, problem: kiosk.ProblemNotAuthorised},
	{err: cardreader.ErrStuck, problem: kiosk.ProblemServiceStuck},
	{err: central.ErrUnavailable, problem: kiosk.ProblemCentreDown},
	{err: context.DeadlineExceeded, reason: kiosk.ReasonSilent},
	{err: iso7816.ErrEndOfFile, reason: kiosk.ReasonRefused}, // of a file of which nothing was read
}
