package iso7816

import (
	"context"
	"errors"
	"fmt"
)

// MaxOffset is the highest offset READ BINARY with a short offset reaches (ISO/IEC 7816-4 §11.2.3: 15 bits).
const MaxOffset = 0x7FFF

// ReadBinary reads the bytes [from, to) of the current elementary file, and no others, in as few
// READ BINARY commands as ReadSize (usually 256 bytes) allows. If the file ends before to, it
// returns the bytes that exist and ErrEndOfFile. chunk, when not nil, is called with the size of
// each piece.
func ReadBinary(ctx context.Context, t Transmitter, from, to int, chunk func(n int)) ([]byte, error) {
	if from < 0 || to < from || to > MaxOffset+1 {
		return nil, fmt.Errorf("iso7816: cannot read bytes %d to %d of a file", from, to)
	}
	out := make([]byte, 0, to-from)
	for from < to {
		piece, err := readPiece(ctx, t, byte(from>>8), byte(from), min(to-from, ReadSize(t)))
		out = append(out, piece...)
		if err != nil {
			return out, err
		}
		if chunk != nil {
			chunk(len(piece))
		}
		from += len(piece)
	}
	return out, nil
}

// ReadBinarySFI reads up to n bytes, but not more than ReadSize, from the beginning of the file with this short identifier in
// the current directory, and makes it the current file (§11.2.3: P1 = 100 and the identifier's five bits).
// It saves the SELECT.
func ReadBinarySFI(ctx context.Context, t Transmitter, sfi byte, n int) ([]byte, error) {
	if sfi == 0 || sfi > 30 {
		return nil, fmt.Errorf("iso7816: %d is no short file identifier", sfi)
	}
	return readPiece(ctx, t, 0x80|sfi, 0, min(n, ReadSize(t)))
}

// ReadBinaryAt is one READ BINARY of up to n bytes of the current file from an offset. Beyond MaxOffset it is the
// command with the odd instruction, whose answer has a header of its own (§11.3.3: offset in 54, data in 53); n counts
// it, so that n stays the size of what comes back, and the data is up to four bytes less.
func ReadBinaryAt(ctx context.Context, t Transmitter, offset, n int) ([]byte, error) {
	switch {
	case offset < 0 || offset > 0xFFFFFF || n < 1 || offset > MaxOffset && n < 5:
		return nil, fmt.Errorf("iso7816: cannot read %d bytes at %d", n, offset)
	case offset <= MaxOffset:
		return readPiece(ctx, t, byte(offset>>8), byte(offset), n)
	}
	at := []byte{0x54, 2, byte(offset >> 8), byte(offset)}
	if offset > 0xFFFF {
		at = []byte{0x54, 3, byte(offset >> 16), byte(offset >> 8), byte(offset)}
	}
	answer, err := Send(ctx, t, Command{INS: 0xB1, Data: at, Le: n})
	if err != nil && (!errors.Is(err, ErrEndOfFile) || len(answer) == 0) {
		return nil, err
	}
	if len(answer) > n {
		return nil, fmt.Errorf("iso7816: the card returned %d bytes instead of %d", len(answer), n)
	}
	data, parseErr := Unwrap(answer, 0x53)
	if parseErr != nil {
		if data, parseErr = Unwrap(answer, 0x73); parseErr != nil {
			return nil, fmt.Errorf("iso7816: answer to READ BINARY: %w", parseErr)
		}
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("iso7816: empty answer to READ BINARY: %w", ErrEndOfFile)
	}
	return data, err
}

// readPiece sends one READ BINARY. Less data than asked for with 9000 is accepted: near the end of
// a file cards answer so, and return 6B00 or 6282 to the next read. No data with 9000 is an error,
// because reading would never end.
func readPiece(ctx context.Context, t Transmitter, p1, p2 byte, n int) ([]byte, error) {
	piece, err := Send(ctx, t, Command{INS: 0xB0, P1: p1, P2: p2, Le: n})
	switch {
	case len(piece) > n:
		return nil, fmt.Errorf("iso7816: the card returned %d bytes instead of %d", len(piece), n)
	case err == nil && len(piece) == 0:
		return nil, fmt.Errorf("iso7816: empty answer to READ BINARY: %w", ErrEndOfFile)
	case errors.Is(err, ErrEndOfFile) && len(piece) == n:
		return piece, nil // 6282 exactly at the end: nothing is missing
	}
	return piece, err
}
