package pn532

import (
	"bufio"
	"errors"
	"io"
)

// Who a frame comes from (UM0701-02 §6.2.1.1).
const (
	fromHost   = 0xD4
	fromModule = 0xD5
)

// maxData is the most bytes of data in a frame, the identifier of its sender included (§6.2.1.2).
const maxData = 265

// Frames without data (§6.2.1.3, §6.2.1.5).
var (
	acknowledged = []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
	syntaxError  = []byte{0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00}
)

// errFrame says that what came is no command: a checksum is wrong, or the host acknowledges, or it has nothing to say.
var errFrame = errors.New("no command")

// readCommand reads the host's next frame and returns its data: the command's code and what belongs to it. What comes
// before a start code wakes the module up and means nothing else.
func readCommand(in *bufio.Reader) ([]byte, error) {
	if err := skipToStart(in); err != nil {
		return nil, err
	}
	length, err := readLength(in)
	if err != nil {
		return nil, err
	}
	data := make([]byte, length+1) // with its checksum
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, err
	}
	if sum(data) != 0 || data[0] != fromHost {
		return nil, errFrame
	}
	return data[1:length], nil
}

// skipToStart reads up to the end of a start code, 00 FF, that follows a preamble.
func skipToStart(in *bufio.Reader) error {
	zeros := 0
	for {
		b, err := in.ReadByte()
		switch {
		case err != nil:
			return err
		case b == 0:
			zeros++
		case b == 0xFF && zeros >= 2:
			return nil
		default:
			zeros = 0
		}
	}
}

// readLength reads the length of a frame's data, of either form.
func readLength(in *bufio.Reader) (int, error) {
	var short [2]byte
	if _, err := io.ReadFull(in, short[:]); err != nil {
		return 0, err
	}
	length, check := int(short[0]), sum(short[:])
	if short[0] == 0xFF && short[1] == 0xFF {
		var extended [3]byte
		if _, err := io.ReadFull(in, extended[:]); err != nil {
			return 0, err
		}
		length, check = int(extended[0])<<8|int(extended[1]), sum(extended[:])
	}
	if check != 0 || length == 0 || length > maxData {
		return 0, errFrame
	}
	return length, nil
}

// appendFrame appends a frame of data, of which there are fewer than maxData bytes.
func appendFrame(b []byte, from byte, data []byte) []byte {
	b = append(b, 0x00, 0x00, 0xFF)
	n := len(data) + 1
	if n <= 0xFF {
		b = append(b, byte(n), -byte(n))
	} else {
		b = append(b, 0xFF, 0xFF, byte(n>>8), byte(n), -(byte(n>>8) + byte(n)))
	}
	b = append(append(b, from), data...)
	return append(b, -(from + sum(data)), 0x00)
}

// sum is that of all bytes; with its checksum anything comes to 0.
func sum(data []byte) (s byte) {
	for _, b := range data {
		s += b
	}
	return s
}
