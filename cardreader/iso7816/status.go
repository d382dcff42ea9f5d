package iso7816

import (
	"errors"
	"fmt"
)

// SW is the status word SW1-SW2 that ends every response (ISO/IEC 7816-4:2020 §5.6).
type SW uint16

const swOK SW = 0x9000

// Warning reports whether the command was carried out in spite of the status (62xx, 63xx).
func (sw SW) Warning() bool { return sw>>8 == 0x62 || sw>>8 == 0x63 }

// What a status word means, for errors.Is on the error that Send returns.
var (
	ErrNotFound       = errors.New("file or application not found")       // 6A82
	ErrSecurityStatus = errors.New("security status not satisfied")       // 6982
	ErrBlocked        = errors.New("authentication method blocked")       // 6983, 6984
	ErrConditions     = errors.New("conditions of use not satisfied")     // 6985
	ErrNoCurrentFile  = errors.New("no current elementary file")          // 6986
	ErrEndOfFile      = errors.New("end of file reached")                 // 6282, 6B00
	ErrWrongLength    = errors.New("wrong length")                        // 6700, 6Cxx
	ErrParameters     = errors.New("wrong parameters P1-P2 or data")      // 6A80, 6A86, 6A87
	ErrNotSupported   = errors.New("command not supported")               // 6A81, 6D00, 6E00, 6800 to 68FF
	ErrNoReference    = errors.New("referenced data or object not found") // 6A88
	ErrMemory         = errors.New("memory failure")                      // 6581
)

// ErrTries is what 63Cn means: a comparison failed and n tries are left.
type ErrTries struct{ Left int }

func (e ErrTries) Error() string { return fmt.Sprintf("comparison failed, %d tries left", e.Left) }

// StatusError is a status other than 9000. errors.Is finds its meaning (ErrNotFound and so on),
// errors.As an ErrTries.
type StatusError struct {
	INS byte // the command that was refused
	SW  SW   // as answered, SW1 in the high byte
}

func (e *StatusError) Error() string {
	if meaning := e.Unwrap(); meaning != nil {
		return fmt.Sprintf("card answered %04X to command %02X: %v", uint16(e.SW), e.INS, meaning)
	}
	return fmt.Sprintf("card answered %04X to command %02X", uint16(e.SW), e.INS)
}

// Unwrap returns what the status means, nil when it is none of the meanings above.
func (e *StatusError) Unwrap() error {
	if e.SW&0xFFF0 == 0x63C0 {
		return ErrTries{Left: int(e.SW & 0xF)}
	}
	if err, ok := meanings[e.SW]; ok {
		return err
	}
	switch e.SW >> 8 {
	case 0x68:
		return ErrNotSupported
	case 0x6C:
		return ErrWrongLength
	}
	return nil
}

var meanings = map[SW]error{
	0x6282: ErrEndOfFile,
	0x6581: ErrMemory,
	0x6700: ErrWrongLength,
	0x6982: ErrSecurityStatus,
	0x6983: ErrBlocked,
	0x6984: ErrBlocked, // "reference data not usable": how these cards also say blocked
	0x6985: ErrConditions,
	0x6986: ErrNoCurrentFile,
	0x6A80: ErrParameters,
	0x6A81: ErrNotSupported,
	0x6A82: ErrNotFound,
	0x6A86: ErrParameters,
	0x6A87: ErrParameters,
	0x6A88: ErrNoReference,
	0x6B00: ErrEndOfFile, // READ BINARY with an offset outside the file
	0x6D00: ErrNotSupported,
	0x6E00: ErrNotSupported,
}
