package delivery

import (
	"fmt"

	"github.com/linxGnu/gosmpp/data"
)

// Room in one short message: 140 octets hold 160 septets or 70 UTF-16 units; the header that joins
// the parts of a longer text takes 7 septets or 3 units (3GPP TS 23.040 §9.2.3.24.1).
const (
	septetsAlone, septetsJoined = 160, 153
	octetsAlone, octetsJoined   = 140, 134 // UCS-2, two octets a unit

	gsmEscape = 0x1b
)

// shortMessages encodes a text in the smallest alphabet that has all its letters and cuts it into as
// many parts as it needs. Septets travel unpacked, one in an octet, as SMPP 3.4 §2.2.2 has it for the
// default alphabet; the message centre packs them. The library's own splitting counts octets where
// the network counts septets and cuts escape pairs, so it is not used.
func shortMessages(text string) (parts [][]byte, alphabet data.Encoding, err error) {
	if len(data.ValidateGSM7String(text)) == 0 {
		septets, err := data.GSM7BIT.Encode(text)
		if err != nil {
			return nil, nil, fmt.Errorf("encoding a text in the GSM alphabet: %w", err)
		}
		return cut(septets, septetsAlone, septetsJoined, splitsEscape), data.GSM7BIT, nil
	}
	units, err := data.UCS2.Encode(text)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding a text in UCS-2: %w", err)
	}
	return cut(units, octetsAlone, octetsJoined, splitsSurrogates), data.UCS2, nil
}

// cut divides encoded text into parts of at most joined octets, or leaves it whole when it fits
// alone. The function splits reports how many octets to leave to the next part at a cut.
func cut(text []byte, alone, joined int, splits func(text []byte, at int) int) [][]byte {
	if len(text) <= alone {
		return [][]byte{text}
	}
	var parts [][]byte
	for len(text) > joined {
		at := joined - splits(text, joined)
		parts = append(parts, text[:at])
		text = text[at:]
	}
	return append(parts, text)
}

// splitsEscape keeps a character that takes an escape and a septet in one part.
func splitsEscape(text []byte, at int) int {
	if text[at-1] == gsmEscape {
		return 1
	}
	return 0
}

// splitsSurrogates keeps a surrogate pair in one part.
func splitsSurrogates(text []byte, at int) int {
	if text[at-2]&0xfc == 0xd8 {
		return 2
	}
	return 0
}
