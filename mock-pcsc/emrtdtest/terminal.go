// Package emrtdtest is a plain terminal for tests of emulated travel documents: it opens a chip by BAC or by
// PACE with generic mapping, and reads through secure messaging. It computes in its own way, apart
// from the curves. What it cannot do, other people's programs do in the tests of package mock-pcsc.
//
// It is no reader to build on: it trusts nothing and reports whatever the chip says as an error.
package emrtdtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"balcao/mock-pcsc/card"
)

// A Terminal talks to one chip, in clear until BAC or PACE succeeded.
type Terminal struct {
	Chip     card.Card
	Extended bool // sends extended lengths
	Messages *Messages
	Sent     int // commands so far
}

// New powers a chip.
func New(c card.Card) *Terminal {
	c.PowerOn()
	return &Terminal{Chip: c}
}

// A StatusError is a status word other than 9000.
type StatusError uint16

func (e StatusError) Error() string { return fmt.Sprintf("status %04X", uint16(e)) }

// Errors of chips that say nothing.
var (
	ErrSilent  = errors.New("no answer")
	ErrRemoved = errors.New("card removed")
)

// Raw sends a whole command as it is.
func (t *Terminal) Raw(command []byte) ([]byte, error) {
	t.Sent++
	response := t.Chip.Transmit(command)
	switch {
	case response.Silent:
		return nil, ErrSilent
	case response.Removed:
		return nil, ErrRemoved
	case len(response.Data) < 2:
		return nil, errors.New("no status word")
	}
	n := len(response.Data) - 2
	if sw := binary.BigEndian.Uint16(response.Data[n:]); sw != 0x9000 {
		return response.Data[:n], StatusError(sw)
	}
	return response.Data[:n], nil
}

// Send sends a command with a header of four bytes, protected if there are keys. Le is 0 when absent.
func (t *Terminal) Send(header [4]byte, data []byte, le int) ([]byte, error) {
	if t.Messages == nil {
		return t.Raw(encode(header, data, le, t.Extended))
	}
	outer, field := t.Messages.protect(header, data, le)
	all := 256
	if t.Extended {
		all = 65536
	}
	response, err := t.Raw(encode(outer, field, all, t.Extended))
	var status StatusError
	if err != nil && !errors.As(err, &status) {
		return nil, err
	}
	if len(response) == 0 {
		return nil, err // in clear: the session is over
	}
	return t.Messages.unprotect(response, uint16(status))
}

func encode(header [4]byte, data []byte, le int, extended bool) []byte {
	raw := bytes.Clone(header[:])
	if extended {
		raw = append(raw, 0)
		if len(data) > 0 {
			raw = append(binary.BigEndian.AppendUint16(raw, uint16(len(data))), data...)
		}
		if le > 0 {
			raw = binary.BigEndian.AppendUint16(raw, uint16(le))
		}
		return raw
	}
	if len(data) > 0 {
		raw = append(append(raw, byte(len(data))), data...)
	}
	if le > 0 {
		raw = append(raw, byte(le))
	}
	return raw
}

// SelectTravel selects the eMRTD application.
func (t *Terminal) SelectTravel() error {
	return t.Select(0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01)
}

// Select selects an application by its name.
func (t *Terminal) Select(aid ...byte) error {
	_, err := t.Send([4]byte{0x00, 0xa4, 0x04, 0x0c}, aid, 0)
	return err
}

// File selects a file by its identifier and reads it to the end, by at most le bytes at a time.
func (t *Terminal) File(id uint16, le int) ([]byte, error) {
	if _, err := t.Send([4]byte{0x00, 0xa4, 0x02, 0x0c}, binary.BigEndian.AppendUint16(nil, id), 0); err != nil {
		return nil, fmt.Errorf("selecting %04X: %w", id, err)
	}
	var file []byte
	for {
		part, err := t.read(len(file), le)
		var status StatusError
		file = append(file, part...)
		switch {
		case errors.As(err, &status) && (status == 0x6b00 || status == 0x6282):
			return file, nil
		case err != nil:
			return file, fmt.Errorf("reading %04X at %d: %w", id, len(file), err)
		case len(file) > 1<<20:
			return nil, fmt.Errorf("reading %04X: no end", id)
		}
	}
}

// read reads from an offset on: with odd INS where 15 bits cannot hold it.
func (t *Terminal) read(offset, le int) ([]byte, error) {
	if offset < 0x8000 {
		return t.Send([4]byte{0x00, 0xb0, byte(offset >> 8), byte(offset)}, nil, le)
	}
	data, err := t.Send([4]byte{0x00, 0xb1, 0, 0}, []byte{0x54, 3, byte(offset >> 16), byte(offset >> 8), byte(offset)}, le)
	if len(data) == 0 {
		return nil, err
	}
	tag, value, _, ok := next(data)
	if !ok || tag != 0x53 {
		return nil, errors.New("no data object 53")
	}
	return value, err
}

// next takes the first data object with a tag of one byte off a field.
func next(field []byte) (tag byte, value, rest []byte, ok bool) {
	if len(field) < 2 {
		return 0, nil, nil, false
	}
	tag, n, at := field[0], int(field[1]), 2
	if n > 0x80 {
		width := n & 0x7f
		if width > 3 || len(field) < 2+width {
			return 0, nil, nil, false
		}
		n = 0
		for _, b := range field[2 : 2+width] {
			n = n<<8 | int(b)
		}
		at += width
	}
	if len(field) < at+n {
		return 0, nil, nil, false
	}
	return tag, field[at : at+n], field[at+n:], true
}

// wrap encodes a data object, also without a value.
func wrap(tag byte, value []byte) []byte {
	switch n := len(value); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, value...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, value...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, value...)
	}
}
