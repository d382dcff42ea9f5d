package citizencard

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
)

// application is one of the card's applications, named by the last byte of its AID.
type application byte

const (
	noApplication application = 0
	firstPKI      application = 0x02 // first generation: everything
	secondEID     application = 0x04 // 2024: certificates, keys, PINs
	secondData    application = 0x05 // 2024: identity, photograph, SOD
)

func (a application) aid() []byte { return []byte{0x60, 0x46, 0x32, 0xFF, 0x00, 0x00, byte(a)} }

// Card is an open Citizen Card. It is not safe for concurrent use.
type Card struct {
	t       iso7816.Transmitter
	profile profile
	current application // selected now
	locked  bool        // the chip requires PACE before it returns anything
	inData  bool        // the current directory is the application's data directory, so that SFIs work
}

// profile is what differs between the generations.
type profile struct {
	generation  string
	data, eid   application // where identity and SOD are, and where certificate and PIN are
	identity    path
	sod         path
	sodSFI      byte
	certificate path
	issuers     []path
	algorithm   byte // SHA-256 in MSE SET, ISO/IEC 7816-4 tag 80
	key         byte // of the authentication certificate, tag 84
}

// path is a file within the application: identifiers of a directory and a file, or of a file.
type path []byte

var (
	first = profile{
		generation: Generation1, data: firstPKI, eid: firstPKI,
		identity:    path{0x5F, 0x00, 0xEF, 0x02},
		sod:         path{0x5F, 0x00, 0xEF, 0x06},
		sodSFI:      0x06,
		certificate: path{0x5F, 0x00, 0xEF, 0x09},
		issuers:     []path{{0x5F, 0x00, 0xEF, 0x10}, {0x5F, 0x00, 0xEF, 0x11}},
		algorithm:   0x42, key: 2,
	}
	second = profile{
		generation: Generation2024, data: secondData, eid: secondEID,
		identity:    path{0x01, 0x0D},
		sod:         path{0x01, 0x1D},
		sodSFI:      0x1D,
		certificate: path{0x5F, 0x00, 0xEF, 0x02},
		issuers:     []path{{0x5F, 0x00, 0xEF, 0x06}, {0x5F, 0x00, 0xEF, 0x0A}},
		algorithm:   0x44, key: 6,
	}
)

// photo2024 is data group 2, ICAO 9303-10's EF 0102.
var photo2024 = path{0x01, 0x02}

// Open finds out which generation the card is of, by selecting the applications: the ATR says nothing
// reliable, and new ATRs appear with every batch of chips. An application that is locked behind PACE
// (6982, contactless) counts as there; reading it then says so. ErrUnknownCard when neither is there.
func Open(ctx context.Context, t iso7816.Transmitter) (*Card, error) {
	for _, p := range []profile{first, second} {
		c := &Card{t: t, profile: p}
		err := c.selectApplication(ctx, p.data)
		var status *iso7816.StatusError
		switch {
		case err == nil, errors.Is(err, iso7816.ErrSecurityStatus):
			c.locked = err != nil
			return c, nil
		case errors.As(err, &status):
			continue
		}
		return nil, fmt.Errorf("selecting the application: %w", err)
	}
	return nil, ErrUnknownCard
}

// Locked reports whether the card requires PACE first, as it does on its contactless side: then
// package travel opens it, and Open is called again with the channel. Other chips lock their
// applications too, so what the card is can be told only after that.
func (c *Card) Locked() bool { return c.locked }

// Generation returns Generation1 or Generation2024.
func (c *Card) Generation() string { return c.profile.generation }

// Serial returns what tells this chip from every other: fabrication date, serial and batch number from
// the card production life cycle data, in hexadecimal. It recognises a card that comes back. It proves
// nothing, because it is free to choose when a card is made, and it identifies a person: never log
// it.
func (c *Card) Serial(ctx context.Context) (string, error) {
	if err := c.in(ctx, c.profile.eid); err != nil {
		return "", fmt.Errorf("reading the serial number: %w", err)
	}
	const size = 3 + 42 // 9F7F 2A, then the data
	data, err := iso7816.Send(ctx, c.t, iso7816.Command{INS: 0xCA, P1: 0x9F, P2: 0x7F, Le: size})
	if err != nil {
		return "", fmt.Errorf("reading the serial number: %w", err)
	}
	if len(data) != size || data[0] != 0x9F || data[1] != 0x7F || data[2] != 42 {
		return "", fmt.Errorf("%w: production life cycle data", ErrMalformed)
	}
	return hex.EncodeToString(data[13:21]), nil
}

// in makes an application the current one, when it is not already.
func (c *Card) in(ctx context.Context, a application) error {
	if c.current == a {
		return nil
	}
	return c.selectApplication(ctx, a)
}

func (c *Card) selectApplication(ctx context.Context, a application) error {
	c.current, c.inData = noApplication, false
	// P1 04 by name, P2 0C without file control information (ISO/IEC 7816-4 §11.2.2).
	_, err := iso7816.Send(ctx, c.t, iso7816.Command{INS: 0xA4, P1: 0x04, P2: 0x0C, Data: a.aid()})
	if err != nil {
		return err
	}
	c.current = a
	return nil
}

// selectFile makes a file of the current application the current one. File control information is not
// asked for: files tell their length themselves, more exactly than the size of their space.
func (c *Card) selectFile(ctx context.Context, p path) error {
	p1 := byte(0x08) // by path from the master file, whose identifier is left out
	if len(p) == 2 {
		p1 = 0x02 // an elementary file under the current directory
	}
	_, err := iso7816.Send(ctx, c.t, iso7816.Command{INS: 0xA4, P1: p1, P2: 0x0C, Data: p})
	if errors.Is(err, iso7816.ErrParameters) || errors.Is(err, iso7816.ErrWrongLength) {
		// The State's middleware always asks for this information, so a card that refuses a SELECT
		// without it is asked once more with it.
		_, err = iso7816.Send(ctx, c.t, iso7816.Command{INS: 0xA4, P1: p1, Data: p, Le: iso7816.MaxShortLe})
	}
	if err != nil {
		return err
	}
	c.inData = true
	return nil
}
