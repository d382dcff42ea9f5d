package cardreader_test

import (
	"encoding/binary"
	"testing"

	"github.com/ebfe/scard"
)

// properties is the answer to GET_TLV_PROPERTIES of a reader that takes so many bytes.
func properties(most uint32) []byte {
	answer := []byte{0x0B, 2, 0x34, 0x12, 0x0A, 4}
	return binary.LittleEndian.AppendUint32(answer, most)
}

func TestExtended(t *testing.T) {
	const code = 0x42000DB2
	tests := []struct {
		name   string
		answer []byte
		want   bool
	}{
		{"SaysNothing", nil, true},
		{"Extended", properties(65536), true},
		{"ShortOnly", properties(256), false},
		{"CommandOf261", properties(261), false},
		{"Zero", properties(0), false},
		{"NotAmongThem", []byte{0x0B, 2, 0x34, 0x12}, true},
		{"CutOff", properties(256)[:8], true},
		{"WrongLength", []byte{0x0A, 2, 1, 0}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &fakeHandle{control: func(c uint32, _ []byte) ([]byte, error) {
				switch {
				case c == scard.CtlCode(3400) && tt.answer != nil:
					return binary.BigEndian.AppendUint32([]byte{0x12, 4}, code), nil
				case c == code:
					return tt.answer, nil
				}
				return nil, scard.ErrUnsupportedFeature
			}}
			if got := fakeSession(t, h, scard.ProtocolT1).Extended(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
