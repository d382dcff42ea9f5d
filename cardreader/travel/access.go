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
// finds it where the master file is current, as it is after a reset; else the master file is
// selected. Chips without the file return various statuses (6982, 6985, 6283, 6986, 6A82 have been
// seen), so any answer but the file means that it is absent. Only "wrong length" is asked again:
// otherwise a chip that cannot return 256 bytes at once would be taken for one without PACE.
func (c *Chip) readCardAccess(ctx context.Context) ([]byte, error) {
	size := iso7816.MaxShortLe
	head, err := iso7816.ReadBinarySFI(ctx, c.t, sfiCardAccess, size)
	if errors.Is(err, iso7816.ErrWrongLength) {
		size = leastRead
		head, err = iso7816.ReadBinarySFI(ctx, c.t, sfiCardAccess, size)
	}
	if len(head) == 0 && !isAnswer(err) {
		return nil, err
	}
	c.inMaster = beginsSet(head)
	if !c.inMaster {
		// Another application's file may have the same short identifier: in the eMRTD application it is EF.CVCA.
		head, err = c.selectCardAccess(ctx, size)
		if !isAnswer(err) {
			return nil, err
		}
		if err != nil || !beginsSet(head) {
			return nil, nil
		}
	}
	h, err := iso7816.ReadHeader(head)
	if err != nil || h.Total() > maxCardAccess {
		return nil, fmt.Errorf("%w: EF.CardAccess", ErrMalformed)
	}
	for len(head) < h.Total() {
		piece, err := iso7816.ReadBinaryAt(ctx, c.t, len(head), min(size, h.Total()-len(head)))
		if len(piece) == 0 {
			if isAnswer(err) {
				return nil, fmt.Errorf("%w: EF.CardAccess ends early", ErrMalformed)
			}
			return nil, err
		}
		head = append(head, piece...)
	}
	return head[:h.Total()], nil
}

// isAnswer reports whether a read ended with an answer of the chip, which may be that there is no
// file.
func isAnswer(err error) bool {
	return err == nil || isStatus(err) || errors.Is(err, iso7816.ErrEndOfFile)
}

func beginsSet(head []byte) bool { return len(head) > 0 && head[0] == byte(tagSet) }

// selectCardAccess finds the file without its short identifier.
func (c *Chip) selectCardAccess(ctx context.Context, size int) ([]byte, error) {
	if err := selectMaster(ctx, c.t); err != nil {
		return nil, err
	}
	c.inMaster = true
	if err := selectFile(ctx, c.t, 0x011C); err != nil {
		return nil, err
	}
	head, err := iso7816.ReadBinaryAt(ctx, c.t, 0, size)
	if errors.Is(err, iso7816.ErrWrongLength) {
		head, err = iso7816.ReadBinaryAt(ctx, c.t, 0, leastRead)
	}
	if len(head) > 0 && isAnswer(err) {
		err = nil // 6282: it is shorter than what was asked
	}
	return head, err
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
		// A chip that refuses SELECT without file control information is asked with it.
		command.P2, command.Le = 0, iso7816.MaxShortLe
		err = send()
	}
	if err == nil {
		c.inApplication = true
	}
	return err
}

// probe asks for four bytes of EF.COM in clear. If the chip returns them it enforces no access
// control (Protection.Unenforced): everything on it can be read by anybody. It also shows that a
// chip knows no short identifiers, before there is a session which that answer would end.
func (c *Chip) probe(ctx context.Context) error {
	com := files[COM]
	data, err := iso7816.ReadBinarySFI(ctx, c.t, com.sfi, 4)
	if len(data) == 0 && (errors.Is(err, iso7816.ErrNotFound) || errors.Is(err, iso7816.ErrParameters) || errors.Is(err, iso7816.ErrNotSupported)) {
		c.noSFI = true
		if err = selectFile(ctx, c.t, com.id); err == nil {
			data, err = iso7816.ReadBinary(ctx, c.t, 0, 4, nil)
		}
	}
	if !isAnswer(err) {
		return err
	}
	c.unenforced = len(data) > 0
	return nil
}
