package desk

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/cardreader/iso7816"
	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
	"balcao/kiosk/examine"
)

// LockedChip is a chip that opens with what is printed on its document.
type LockedChip struct {
	Chip    *travel.Chip
	Kind    kiosk.DocumentKind // "" for some travel document
	Accepts []kiosk.AccessKind

	citizen bool // it may be a Citizen Card: its applications are there, and locked
}

// recogniseChip finds out what kind of chip lies there. A chip whose Citizen Card applications are locked may be one,
// or one that locks whatever is asked for: that shows when it is open.
func recogniseChip(ctx context.Context, session CardSession, citizen bool) (*LockedChip, error) {
	chip, err := travel.Recognise(ctx, session, travel.Options{Extended: session.Extended(), ATR: session.ATR()})
	if err != nil {
		return nil, err
	}
	offers := chip.Offers()
	locked := &LockedChip{Chip: chip, citizen: citizen}
	if citizen && !offers.Application {
		locked.Kind = kiosk.CitizenCard
	}
	if offers.MRZ {
		locked.Accepts = append(locked.Accepts, kiosk.AccessMRZ)
	}
	if offers.CAN && (locked.Kind == kiosk.CitizenCard || !offers.MRZ) {
		locked.Accepts = append([]kiosk.AccessKind{kiosk.AccessCAN}, locked.Accepts...) // six digits are typed sooner than ninety characters
	} else if offers.CAN {
		locked.Accepts = append(locked.Accepts, kiosk.AccessCAN)
	}
	return locked, nil
}

// AccessSecret is what was typed to open a chip. It is personal: Wipe it.
type AccessSecret struct {
	Kind kiosk.AccessKind
	text []byte // the zone's lines joined by line feeds, or the card access number
}

// NewAccessSecret takes what a clerk typed.
func NewAccessSecret(kind kiosk.AccessKind, text string) AccessSecret {
	return AccessSecret{Kind: kind, text: []byte(text)}
}

// Wipe overwrites what was typed.
func (s *AccessSecret) Wipe() {
	clear(s.text)
	s.text = nil
}

// zone is the machine-readable zone as typed, "" when the chip is opened with its number.
func (s AccessSecret) zone() string {
	if s.Kind != kiosk.AccessMRZ {
		return ""
	}
	return string(s.text)
}

// password is what the chip is given. A zone that is no zone opens nothing.
func (s AccessSecret) password(now time.Time) (travel.Password, error) {
	if s.Kind == kiosk.AccessCAN {
		return travel.FromCAN(string(s.text)), nil
	}
	zone, err := mrz.Parse(string(s.text), now)
	if err != nil {
		return travel.Password{}, travel.ErrPasswordKind
	}
	return travel.FromMRZ(zone.Key()), nil
}

// channelled is a session whose commands go through the chip's open channel.
type channelled struct {
	CardSession
	channel iso7816.Transmitter
}

// Transmit implements iso7816.Transmitter.
func (c channelled) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	return c.channel.Transmit(ctx, command)
}

// MaxRead is how much one read brings, which package citizencard asks for.
func (c channelled) MaxRead() int { return iso7816.ReadSize(c.channel) }

// Channel is the session through the open channel of a chip.
func Channel(session CardSession, locked *LockedChip) CardSession {
	return channelled{session, locked.Chip.Transmitter()}
}

// Unlock opens a chip that Read recognised and reads it. An Outcome whose Err is travel.ErrWrongPassword says
// that the chip can be asked again.
func (r Reader) Unlock(ctx context.Context, session CardSession, locked *LockedChip, secret AccessSecret) (Reading, Outcome) {
	r.activity("activity.unlock")
	var card *citizencard.Card
	opened, err := r.open(ctx, session, locked, secret)
	if err != nil {
		return Reading{}, outcomeOf(err)
	}
	inner := channelled{session, locked.Chip.Transmitter()}
	if locked.citizen {
		err = session.Exclusive(ctx, func(ctx context.Context) (err error) {
			card, err = citizencard.Open(ctx, inner)
			return err
		})
		if err != nil && !errors.Is(err, citizencard.ErrUnknownCard) {
			return Reading{}, outcomeOf(err)
		}
	}
	var reading Reading
	var outcome Outcome
	if card != nil {
		reading, outcome = r.readCitizen(ctx, inner, card)
	} else {
		reading, outcome = r.readTravel(ctx, session, locked.Chip, opened, secret)
	}
	reading.Secret = NewAccessSecret(secret.Kind, string(secret.text))
	return reading, outcome
}

// open gives the chip what was typed.
func (r Reader) open(ctx context.Context, session CardSession, locked *LockedChip, secret AccessSecret) (opened travel.Protection, err error) {
	password, err := secret.password(r.now())
	if err != nil {
		return travel.Protection{}, err
	}
	defer password.Wipe()
	err = session.Exclusive(ctx, func(ctx context.Context) (err error) {
		opened, err = locked.Chip.Unlock(ctx, password)
		return err
	})
	return opened, err
}

func (r Reader) now() time.Time {
	if r.Examiner.Now != nil {
		return r.Examiner.Now()
	}
	return time.Now()
}

// OpenAgain opens, within the caller's transaction, a Citizen Card's contactless side with what opened it before. A chip
// that does not open with it is another card: the error says so beside travel.ErrWrongPassword or travel.ErrPasswordKind.
func OpenAgain(ctx context.Context, session CardSession, secret AccessSecret, now time.Time) (*LockedChip, error) {
	password, err := secret.password(now)
	if err != nil {
		return nil, err
	}
	defer password.Wipe()
	locked, err := recogniseChip(ctx, session, true)
	if err != nil {
		return nil, err
	}
	if _, err = locked.Chip.Unlock(ctx, password); err != nil {
		locked.Chip.Close()
		if accessRefused(err) {
			err = fmt.Errorf("%w: %w", errOtherCard, err)
		}
		return nil, err
	}
	return locked, nil
}

// readTravel reads the files of an open chip: the person first, then what proves them, then whether the chip is a
// copy, and the photograph last.
func (r Reader) readTravel(ctx context.Context, session CardSession, chip *travel.Chip, opened travel.Protection, secret AccessSecret) (Reading, Outcome) {
	got := Reading{Travel: examine.TravelFiles{
		Groups: map[int][]byte{}, Typed: cmp.Or(secret.zone(), r.Printed),
		Access: opened,
	}}
	ex := r.Examiner.ExamineTravel(ctx, r.report)
	err := session.Exclusive(ctx, func(ctx context.Context) error { return r.travelFiles(ctx, chip, opened, ex, &got) })
	if err == nil && !r.SkipPhoto && len(ex.Verdict().Reasons) == 0 {
		err = r.travelPortrait(ctx, got.Travel.Groups[2], ex)
	}
	if r.Alone {
		ex.Convinced()
	}
	verdict := ex.Wait()
	got.Signing = kiosk.SigningDesk
	if examine.ProofOf(got.Travel.Groups) != examine.ProofNone {
		got.Signing = kiosk.SigningChip
	}
	return got, conclude(verdict, err)
}

// ReadFiles examines the files of a travel document that somebody read from its chip before, as Unlock examines a chip's.
// Files.Dumped is set: what only the chip can prove stays unproven.
func (r Reader) ReadFiles(ctx context.Context, files examine.TravelFiles) Outcome {
	files.Dumped = true
	ex := r.Examiner.ExamineTravel(ctx, r.report)
	err := r.dumpedFiles(ctx, files, ex)
	return conclude(ex.Wait(), err)
}

func (r Reader) dumpedFiles(ctx context.Context, files examine.TravelFiles, ex *examine.TravelExamination) error {
	if _, given := files.Groups[1]; given {
		identity, err := examine.TravelIdentity(files, r.now())
		if err != nil {
			return err
		}
		r.Emit(kiosk.IdentityRead{Identity: identity})
	}
	ex.Update(files)
	if face, given := files.Groups[2]; given && !r.SkipPhoto && len(ex.Verdict().Reasons) == 0 {
		return r.travelPortrait(ctx, face, ex)
	}
	return nil
}

// travelFiles reads what the SOD says there is, in the order in which somebody waits for it.
func (r Reader) travelFiles(ctx context.Context, chip *travel.Chip, opened travel.Protection, ex *examine.TravelExamination, got *Reading) (err error) {
	files := &got.Travel
	group := func(number int, file travel.File, progress func(done, total int)) error {
		content, err := chip.Read(ctx, file, progress)
		files.Groups[number] = content
		return err
	}
	r.activity("activity.read_identity")
	if err = group(1, travel.DG1, nil); err != nil {
		return err
	}
	identity, err := examine.TravelIdentity(*files, r.now())
	if err != nil {
		return err
	}
	r.Emit(kiosk.IdentityRead{Identity: identity})
	r.activity("activity.read_sod")
	if files.SOD, err = chip.Read(ctx, travel.SOD, nil); err != nil {
		return err
	}
	ex.Update(*files)
	for _, optional := range []travel.File{travel.DG11, travel.DG14, travel.DG15} {
		number, _ := optional.DataGroup()
		if !ex.Lists(number) {
			continue
		}
		if err = group(number, optional, nil); err != nil && !errors.Is(err, travel.ErrNoFile) {
			return err
		}
	}
	if spelt, err := examine.TravelIdentity(*files, r.now()); err == nil && spelt != identity {
		r.Emit(kiosk.IdentityRead{Identity: spelt})
	}
	r.activity("activity.prove_chip")
	ex.Update(*files)
	if len(ex.Verdict().Reasons) > 0 {
		return nil // a refused document's photograph is nobody's business
	}
	if dg14 := files.Groups[14]; len(dg14) > 0 {
		// What the chip offers before it is opened is not signed, and DG14 says what it should have been.
		if err = chip.ConfirmOffers(dg14); err != nil {
			return err
		}
	}
	if err = r.chipAuthenticity(ctx, chip, opened, *files, ex); err != nil || len(ex.Verdict().Reasons) > 0 || r.SkipPhoto {
		return err
	}
	r.activity("activity.read_photo")
	if err = group(2, travel.DG2, r.progress()); err != nil {
		return err
	}
	ex.Update(*files)
	return nil
}

// chipAuthenticity has the chip prove that it is no copy, in the strongest way it knows: by a signature that others can
// verify, by a key agreement, or by the key agreement that opened it.
func (r Reader) chipAuthenticity(ctx context.Context, chip *travel.Chip, opened travel.Protection, files examine.TravelFiles, ex *examine.TravelExamination) error {
	var err error
	source := ""
	switch examine.ProofOf(files.Groups) {
	case examine.ProofActive:
		source = "AA"
		challenge := make([]byte, travel.ActiveChallengeSize)
		_, _ = rand.Read(challenge) // never fails (Go 1.24)
		var signature []byte
		if signature, err = chip.ActiveAuthenticate(ctx, challenge); err == nil {
			err = travel.VerifyActiveAuthentication(files.Groups[15], files.Groups[14], challenge, signature)
		}
	case examine.ProofChip:
		var agreed travel.ChipAuthentication
		agreed, err = chip.AuthenticateChip(ctx, files.Groups[14])
		source = "CA " + agreed.Curve
	default:
		source = opened.Mechanism // PACE-CAM has shown it; whether a State signed the key is for the examination
	}
	if reason, _ := Judge(err); err != nil && reason != kiosk.ReasonKeyMismatch {
		return err
	}
	ex.ChipAuthenticity(examine.ChipAuthenticity{Source: source, Proven: err == nil})
	return nil
}

// travelPortrait makes the photograph fit for the screen.
func (r Reader) travelPortrait(ctx context.Context, dg2 []byte, ex examined) error {
	if len(dg2) == 0 {
		r.Emit(kiosk.PhotoRead{})
		return nil
	}
	face, err := lds.ParseDG2(dg2)
	return r.show(ctx, face.Data, err, ex)
}
