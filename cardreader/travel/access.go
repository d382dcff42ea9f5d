package travel

import (
	"context"
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
)

const (
	sfiCardAccess = 0x1C
	tagSet        = iso7816.Tag(0x31)

	// maxCardAccess bounds EF.CardAccess; with every mechanism there is and explicit parameters it has less.
	maxCardAccess = 8 << 10
)

// readCardAccess reads EF.CardAccess (Doc 9303-11 §4.2) in clear; nil when the chip has none. The short identifier
// finds it where the master file is current, as it is after a reset; else the master file is selected. Chips
// without it answer whatever they like (6982, 6985, 6283, 6986, 6A82 have been seen), and every answer
// that is not the file means that it is not there.
func (c *Chip) readCardAccess(ctx context.Context) ([]byte, error) {
	head, err := iso7816.ReadBinarySFI(ctx, c.t, sfiCardAccess, iso7816.MaxShortLe)
	if err != nil && !isStatus(err) && len(head) == 0 && !errors.Is(err, iso7816.ErrEndOfFile) {
		return nil, err
	}
	c.inMaster = beginsSet(head)
	if !c.inMaster {
		// Another application's file may have the same short identifier: in the eMRTD application it is EF.CVCA.
		if head, err = c.selectCardAccess(ctx); err != nil || !beginsSet(head) {
			if err != nil && !isStatus(err) && !errors.Is(err, iso7816.ErrEndOfFile) {
				return nil, err
			}
			return nil, nil
		}
	}
	h, err := iso7816.ReadHeader(head)
	if err != nil || h.Total() > maxCardAccess {
		return nil, fmt.Errorf("%w: EF.CardAccess", ErrMalformed)
	}
	if h.Total() <= len(head) {
		return head[:h.Total()], nil
	}
	rest, err := iso7816.ReadBinary(ctx, c.t, len(head), h.Total(), nil)
	if err != nil {
		if isStatus(err) || errors.Is(err, iso7816.ErrEndOfFile) {
			return nil, fmt.Errorf("%w: EF.CardAccess ends early", ErrMalformed)
		}
		return nil, err
	}
	return append(head, rest...), nil
}

func beginsSet(head []byte) bool { return len(head) > 0 && head[0] == byte(tagSet) }

// selectCardAccess finds the file without its short identifier.
func (c *Chip) selectCardAccess(ctx context.Context) ([]byte, error) {
	if err := selectMaster(ctx, c.t); err != nil {
		return nil, err
	}
	c.inMaster = true
	if err := selectFile(ctx, c.t, 0x011C); err != nil {
		return nil, err
	}
	return iso7816.ReadBinary(ctx, c.t, 0, iso7816.MaxShortLe, nil)
}

// selectMaster selects the master file. There is no Le: German chips refuse one.
func selectMaster(ctx context.Context, t iso7816.Transmitter) error {
	_, err := iso7816.Send(ctx, t, iso7816.Command{INS: 0xA4, P2: 0x0C, Data: []byte{0x3F, 0x00}})
	return err
}

// selectFile selects an elementary file of the current directory.
func selectFile(ctx context.Context, t iso7816.Transmitter, id uint16) error {
	_, err := iso7816.Send(ctx, t, iso7816.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{byte(id >> 8), byte(id)}})
	return err
}

// selectApplication selects the eMRTD application, in clear or inside the session, whichever is on.
func (c *Chip) selectApplication(ctx context.Context) error {
	c.inApplication, c.inMaster = false, false
	command := iso7816.Command{INS: 0xA4, P1: 0x04, P2: 0x0C, Data: applicationID}
	send := func() error {
		var err error
		if c.session != nil {
			_, err = c.send(ctx, command)
		} else {
			_, err = iso7816.Send(ctx, c.t, command)
		}
		return err
	}
	err := send()
	if c.session == nil && (errors.Is(err, iso7816.ErrParameters) || errors.Is(err, iso7816.ErrWrongLength)) {
		// A chip that does not know how to keep its file control information to itself gets to tell it.
		command.P2, command.Le = 0, iso7816.MaxShortLe
		err = send()
	}
	if err == nil {
		c.inApplication = true
	}
	return err
}

// probe asks for four bytes of EF.COM in clear. A chip that gives them enforces no access control: everything else on
// it can be read by anybody too, and the holder should know. It is also how one learns that a chip knows no short
// identifiers, before there is a session that the answer could end.
func (c *Chip) probe(ctx context.Context) error {
	com := files[COM]
	data, err := iso7816.ReadBinarySFI(ctx, c.t, com.sfi, 4)
	if len(data) == 0 && (errors.Is(err, iso7816.ErrNotFound) || errors.Is(err, iso7816.ErrParameters) || errors.Is(err, iso7816.ErrNotSupported)) {
		c.noSFI = true
		if err = selectFile(ctx, c.t, com.id); err == nil {
			data, err = iso7816.ReadBinary(ctx, c.t, 0, 4, nil)
		}
	}
	if err != nil && !isStatus(err) && !errors.Is(err, iso7816.ErrEndOfFile) {
		return err
	}
	c.unenforced = len(data) > 0
	return nil
}
