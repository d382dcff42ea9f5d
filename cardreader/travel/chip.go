package travel

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

// Options says how a chip may be opened and read. The zero value is strict: short commands, no
// downgrade.
type Options struct {
	// Extended says that the reader carries extended-length APDUs. They are used where the chip says that it does too.
	Extended bool
	// ATR is the chip's answer to reset as the reader gives it; nil when it is not known.
	ATR []byte
	// MaxRead bounds the bytes asked for in one read; 0 for no bound but the reader's and the chip's. A chip that was
	// found to take less (Chip.ReadSize) can be told so from the beginning.
	MaxRead int
	// MaxFile is the most that the face image's file may be long; 0 for 1 MiB.
	MaxFile int
	// AllowDowngrade opens with BAC a chip that offers PACE but refuses it.
	AllowDowngrade bool
	// Rand is where keys and challenges come from; nil for crypto/rand.
	Rand io.Reader
}

const defaultMaxFile = 1 << 20

// Chip is a travel document's chip, or a card that opens like one. It is not safe for concurrent use.
type Chip struct {
	t          iso7816.Transmitter
	o          Options
	infos      securityInfos
	suites     []suite // of PACE, best first
	offersPACE bool    // whether or not one of them can be done here
	seen       bool    // the application answered to SELECT, or was locked

	inMaster      bool // the master file is current, as far as we know
	inApplication bool // the application is
	noSFI         bool // this chip knows no short file identifiers
	unenforced    bool

	limit   int   // most bytes of an answer
	ladder  []int // the sizes that reading still can fall back to; the first is the one in use
	proven  int   // most bytes that one read brought so far
	session *secure.Session

	password       Password
	protection     Protection
	chipKey        *chipKey // that the present session was restarted with, nil when it was not
	signatureBytes int      // of active authentication, once DG15 was read; 0 when not known
}

var applicationID = []byte{0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}

// Recognise finds out what lies on the reader: whether it offers PACE (EF.CardAccess) and whether the eMRTD
// application is there. It needs no secret and reads nothing personal. ErrNotTravelDocument when neither is there;
// ErrMalformed when EF.CardAccess is not what it should be.
//
// Cards of the European kind have EF.CardAccess without that application: a Citizen Card of 2024 on its
// contactless side. They are opened in the same way and read through Transmitter.
func Recognise(ctx context.Context, t iso7816.Transmitter, o Options) (*Chip, error) {
	if o.MaxFile == 0 {
		o.MaxFile = defaultMaxFile
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	c := &Chip{t: t, o: o}
	access, err := c.readCardAccess(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading EF.CardAccess: %w", err)
	}
	if access != nil {
		if c.infos, err = parseSecurityInfos(access); err != nil {
			return nil, fmt.Errorf("EF.CardAccess: %w", err)
		}
		c.offersPACE = len(c.infos.pace) > 0
		c.suites = c.infos.paceSuites(o.Extended)
	}
	if c.limit, err = c.answerLimit(ctx); err != nil {
		return nil, fmt.Errorf("reading EF.ATR/INFO: %w", err)
	}
	c.ladder = sizes(c.limit, o.MaxRead)
	if err := c.selectApplication(ctx); err != nil {
		if !isStatus(err) {
			return nil, fmt.Errorf("selecting the application: %w", err)
		}
		// Chips that require PACE first lock the application; a locked one counts as there.
		c.seen = isLocked(err)
	} else {
		c.seen = true
		if err := c.probe(ctx); err != nil {
			return nil, fmt.Errorf("asking whether access is controlled: %w", err)
		}
	}
	if !c.seen && !c.offersPACE {
		return nil, ErrNotTravelDocument
	}
	return c, nil
}

// Offers is what a chip says of itself before it is opened.
type Offers struct {
	PACE        bool   // EF.CardAccess lists PACE
	Mechanism   string // that would be used: "PACE-GM", "PACE-IM", "PACE-CAM" or "BAC"; empty for none that can be done here
	MRZ, CAN    bool   // which passwords it may be opened with
	Application bool   // the eMRTD application was seen; without it, the card is of another kind
}

// Offers returns what the chip offers.
func (c *Chip) Offers() Offers {
	o := Offers{PACE: c.offersPACE, Application: c.seen, MRZ: true, CAN: len(c.suites) > 0}
	switch {
	case len(c.suites) > 0:
		o.Mechanism = c.suites[0].mechanism()
	case c.seen && !c.offersPACE:
		o.Mechanism = mechanismBAC
	}
	return o
}

// ReadSize is the most bytes that one read brings. After a chip refused a size it is a smaller one, which the
// same chip can be given as Options.MaxRead next time.
func (c *Chip) ReadSize() int { return c.readSize() }

// Close ends the session and overwrites its keys and the password. The chip can be unlocked anew.
func (c *Chip) Close() {
	c.endSession()
	c.password.Wipe()
}

func (c *Chip) endSession() {
	if c.session == nil {
		return
	}
	c.session.Wipe()
	c.session, c.chipKey, c.inMaster, c.inApplication = nil, nil, false, false
}

// send is one command inside the session. Every status other than 9000 is an *iso7816.StatusError, with the data that
// came beside a warning.
func (c *Chip) send(ctx context.Context, command iso7816.Command) ([]byte, error) {
	if c.session == nil || c.session.Ended() {
		return nil, ErrLocked
	}
	data, sw, err := c.session.Exchange(ctx, c.t, command)
	if err != nil {
		return nil, err
	}
	return iso7816.Result(command.INS, data, sw)
}

// Transmitter returns the open session as a channel, so that another package reads a card through it. It carries
// any command that has no secure messaging of its own. An error ends the session; nothing is opened anew.
func (c *Chip) Transmitter() iso7816.Transmitter { return channel{c} }

// channel implements iso7816.Limited.
type channel struct{ chip *Chip }

var _ iso7816.Limited = channel{}

// MaxRead is what fits a short answer at most: a caller cannot unlock the chip again if a read is
// refused.
func (ch channel) MaxRead() int { return min(ch.chip.readSize(), shortRead) }

func (ch channel) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	ch.chip.inApplication = false // the caller may select anything
	return inside(ch).Transmit(ctx, apdu)
}

// inside is the same for this package's own commands, which leave the application selected.
type inside struct{ chip *Chip }

func (i inside) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	command, err := iso7816.ParseCommand(apdu)
	if err != nil {
		return nil, err
	}
	if i.chip.session == nil || i.chip.session.Ended() {
		return nil, ErrLocked
	}
	data, sw, err := i.chip.session.Exchange(ctx, i.chip.t, command)
	if err != nil {
		return nil, err
	}
	return append(data, byte(sw>>8), byte(sw)), nil
}

// isStatus tells a status of the chip from an error of the transmitter.
func isStatus(err error) bool {
	var status *iso7816.StatusError
	return errors.As(err, &status)
}

// isLocked reports whether a status means that a file exists and needs an authentication first.
func isLocked(err error) bool {
	return errors.Is(err, iso7816.ErrSecurityStatus) || errors.Is(err, iso7816.ErrConditions)
}
