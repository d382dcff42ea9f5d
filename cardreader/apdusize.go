package cardreader

import (
	"encoding/binary"
	"errors"

	"github.com/ebfe/scard"

	"balcao/cardreader/iso7816"
)

const (
	featureTLVProperties = 0x12 // PC/SC part 10 §2.3
	propertyMaxAPDU      = 0x0A // §2.6.14: dwMaxAPDUDataSize
)

// shortAPDU is the most bytes that a command of short length has: header, Lc, 255 bytes, Le.
const shortAPDU = 4 + 1 + iso7816.MaxShortData + 1

// Extended reports whether the reader carries commands and answers of extended length. A reader
// that does not state it is assumed to, because most do, and a chip is asked for less after an
// answer that reports a wrong length.
func (s *Session) Extended() bool { return s.maxAPDU == 0 || s.maxAPDU > shortAPDU }

// maxAPDUOf asks the reader how long an APDU may be; 0 when it does not state it.
func maxAPDUOf(h handle, features map[byte]uint32) uint32 {
	code, ok := features[featureTLVProperties]
	if !ok {
		return 0
	}
	answer, err := h.Control(code, nil)
	if err != nil {
		return 0
	}
	size, err := parseMaxAPDU(answer)
	if err != nil {
		return 0
	}
	return size
}

var errProperties = errors.New("cardreader: malformed properties")

// parseMaxAPDU finds dwMaxAPDUDataSize among the properties, each a tag, a length and a value with the least
// significant byte first (part 10 §2.6). It is 0 where the list has none. A reader that says it takes no more than
// 256 bytes of data, or writes 0 for "short only", takes short commands.
func parseMaxAPDU(b []byte) (uint32, error) {
	for len(b) > 0 {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return 0, errProperties
		}
		value := b[2 : 2+int(b[1])]
		if b[0] == propertyMaxAPDU {
			if len(value) != 4 {
				return 0, errProperties
			}
			return max(binary.LittleEndian.Uint32(value), 1), nil
		}
		b = b[2+len(value):]
	}
	return 0, nil
}

// featuresOf lists what the reader's driver can do beyond passing commands on; nil when it says nothing.
func featuresOf(h handle) map[byte]uint32 {
	answer, err := h.Control(scard.CtlCode(getFeatures), nil)
	if err != nil {
		return nil // the driver has no such request
	}
	features, err := parseFeatures(answer)
	if err != nil {
		return nil
	}
	return features
}
