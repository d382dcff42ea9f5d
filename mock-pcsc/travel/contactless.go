package travel

import (
	"cmp"
	"encoding/binary"

	"balcao/mock-pcsc/emrtd"
)

// Card capabilities (ISO/IEC 7816-4 table 117 and following): selection by name, identifier and short
// identifier; one byte as data unit; and in the third byte whether lengths are extended.
const (
	selectionMethods = 0x80 | 0x10 | 0x04
	dataCoding       = 0x01
	extendedLengths  = 0x40
)

// ContactlessATR is what a reader makes of a chip's historical bytes (PC/SC part 3 §3.1.3.2.3.1): these hold the card
// capabilities.
func ContactlessATR(extended bool) []byte {
	capabilities := []byte{selectionMethods, dataCoding, 0}
	if extended {
		capabilities[2] = extendedLengths
	}
	historical := append([]byte{0x80, 0x73}, capabilities...)
	atr := append([]byte{0x3b, 0x80 | byte(len(historical)), 0x80, 0x01}, historical...)
	check := byte(0)
	for _, b := range atr[1:] {
		check ^= b
	}
	return append(atr, check)
}

// Attributes is EF.ATR/INFO (ICAO 9303-10 §3.11.3): capabilities, and the lengths that the chip takes and gives:
// most bytes in a response, without the status word; 0 for what chips do unless told otherwise.
func Attributes(longest int) []byte {
	longest = cmp.Or(longest, emrtd.LongestResponse)
	number := func(n int) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(n))[1:]
		if b[0] == 0 && b[1] < 0x80 {
			b = b[1:] // no longer than an INTEGER needs
		}
		return object(0x02, b)
	}
	return append(object(0x47, []byte{selectionMethods, dataCoding, extendedLengths}),
		object(0x7f66, number(longest), number(longest))...)
}
