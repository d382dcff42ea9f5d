// Package iso7816 has the commands, status words and BER-TLV of ISO/IEC 7816-4 that smart-card
// protocols are built from, and the Transmitter they are sent through.
package iso7816

import "context"

// Transmitter exchanges one command APDU for one response APDU (with its two status bytes).
//
// It returns an error only when there was no valid response: the card is gone, the reader failed,
// the context ended. A status word is not an error at this level. It is not safe for concurrent use
// unless an implementation says so.
type Transmitter interface {
	Transmit(ctx context.Context, command []byte) (response []byte, err error)
}

// Limited is a Transmitter that states how many bytes one READ BINARY can return through it: fewer
// than a short APDU holds where secure messaging uses some of them, more where extended APDUs work.
type Limited interface {
	Transmitter
	MaxRead() int
}

// ReadSize is the most bytes to ask for in one READ BINARY.
func ReadSize(t Transmitter) int {
	if l, ok := t.(Limited); ok {
		return l.MaxRead()
	}
	return MaxShortLe
}
