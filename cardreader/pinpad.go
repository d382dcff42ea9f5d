package cardreader

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"
)

// Errors of typing a PIN on the reader, from the status that the reader gives in the card's place
// (PC/SC part 10 §2.5.2). The card was not asked and no try was used.
var (
	ErrPINTimeout   = errors.New("no PIN was typed on the reader in time")                     // 6400
	ErrPINCancelled = errors.New("PIN entry was cancelled on the reader")                      // 6401
	ErrPINLength    = errors.New("PIN typed on the reader is too short or too long")           // 6402, 6403
	ErrPINRefused   = errors.New("reader does not pass on this command (6B80 or not allowed)") // 6B80
)

// Features of PC/SC part 10 §2.3 that are of use here.
const (
	featureVerifyStart  = 0x01
	featureVerifyFinish = 0x02
	featureVerifyDirect = 0x06
)

// getFeatures is the function code of CM_IOCTL_GET_FEATURE_REQUEST.
const getFeatures = 3400

const (
	typingTime = 30 * time.Second              // to type, and between two keys
	padLimit   = 2*typingTime + defaultTimeout // until the reader itself counts as silent
	padHeader  = 19                            // PIN_VERIFY structure without the command
	maxFeature = 64                            // features that a reader may list, generously
	padCommand = 5 + 8                         // the one form of VERIFY that is supported: an 8-byte block
	asciiLeft  = 0x82                          // offsets in bytes; PIN at 0, left justified, ASCII
	padBlock   = 0x08                          // PIN block of 8 bytes, no length in it
	byMaxOrKey = 0x02                          // the OK key ends the entry
	english    = 0x0409                        // what readers without a language of the citizen take
)

// Pinpad is a reader's own keys and display (PC/SC part 10): the PIN goes from the reader into the card
// and never into this computer.
type Pinpad struct {
	session  *Session
	features map[byte]uint32 // feature → control code
}

// Pinpad returns the reader's pinpad, nil when it has none that can verify a PIN. What counts is what
// the reader's driver says it can do, not its name.
func (s *Session) Pinpad() *Pinpad { return s.pinpad }

func newPinpad(s *Session, features map[byte]uint32) *Pinpad {
	p := &Pinpad{session: s, features: features}
	if !p.has(featureVerifyDirect) && !(p.has(featureVerifyStart) && p.has(featureVerifyFinish)) {
		return nil
	}
	return p
}

func (p *Pinpad) has(feature byte) bool {
	_, ok := p.features[feature]
	return ok
}

// parseFeatures reads the answer to GET_FEATURE_REQUEST: for each feature its tag, the length 4 and
// a control code, most significant byte first (part 10 §2.2).
func parseFeatures(b []byte) (map[byte]uint32, error) {
	if len(b)%6 != 0 || len(b) > 6*maxFeature {
		return nil, fmt.Errorf("cardreader: list of features of %d bytes", len(b))
	}
	features := make(map[byte]uint32, len(b)/6)
	for ; len(b) > 0; b = b[6:] {
		if b[1] != 4 {
			return nil, fmt.Errorf("cardreader: control code of %d bytes", b[1])
		}
		features[b[0]] = binary.BigEndian.Uint32(b[2:])
	}
	return features, nil
}

// VerifyPIN shows the reader's prompt and lets it send command, a VERIFY with an 8-byte block of FF,
// with the digits typed put into the block from the left. It returns the card's answer, or the reader's
// errors above. It implements citizencard.Pinpad.
func (p *Pinpad) VerifyPIN(ctx context.Context, command []byte, minDigits, maxDigits int) ([]byte, error) {
	structure, err := verifyStructure(command, minDigits, maxDigits)
	if err != nil {
		return nil, err
	}
	answer, err := p.session.call(ctx, &lateness{timeout: padLimit}, func(h handle, _ scard.Protocol) ([]byte, error) {
		return p.control(h, structure)
	})
	if err != nil {
		return nil, fmt.Errorf("verifying the PIN on the reader: %w", err)
	}
	return answer, padStatus(answer)
}

// control uses the one-part request where the reader has it; some readers have only the two-part
// form.
func (p *Pinpad) control(h handle, structure []byte) ([]byte, error) {
	var answer []byte
	var err error
	if code, direct := p.features[featureVerifyDirect]; direct {
		answer, err = h.Control(code, structure)
	} else if _, err = h.Control(p.features[featureVerifyStart], structure); err == nil {
		answer, err = h.Control(p.features[featureVerifyFinish], nil)
	}
	if err = classify(err); err != nil {
		return nil, err
	}
	if len(answer) < 2 {
		if vanished(h) {
			return nil, ErrRemoved
		}
		return nil, ErrTransport
	}
	return answer, nil
}

// verifyStructure is PIN_VERIFY of part 10 §2.5.2, little endian.
func verifyStructure(command []byte, minDigits, maxDigits int) ([]byte, error) {
	if len(command) != padCommand || command[1] != 0x20 || command[4] != 8 {
		return nil, fmt.Errorf("cardreader: only VERIFY with a block of 8 bytes can be typed on a reader")
	}
	if minDigits < 1 || maxDigits > 8 || minDigits > maxDigits {
		return nil, fmt.Errorf("cardreader: a PIN of %d to %d digits cannot be typed on a reader", minDigits, maxDigits)
	}
	b := make([]byte, 0, padHeader+len(command))
	b = append(b,
		byte(typingTime/time.Second), // bTimerOut
		byte(typingTime/time.Second), // bTimerOut2, after the first key
		asciiLeft,                    // bmFormatString
		padBlock,                     // bmPINBlockString
		0,                            // bmPINLengthFormat: no length in the command
		byte(maxDigits),              // wPINMaxExtraDigit: maximum,
		byte(minDigits),              // … minimum
		byMaxOrKey,                   // bEntryValidationCondition
		1,                            // bNumberMessage
	)
	b = binary.LittleEndian.AppendUint16(b, english)              // wLangId
	b = append(b, 0, 0, 0, 0)                                     // bMsgIndex, bTeoPrologue
	b = binary.LittleEndian.AppendUint32(b, uint32(len(command))) // ulDataLength
	return append(b, command...), nil
}

// padStatus finds the reader's own answers among the card's.
func padStatus(answer []byte) error {
	if len(answer) != 2 {
		return nil
	}
	switch binary.BigEndian.Uint16(answer) {
	case 0x6400:
		return ErrPINTimeout
	case 0x6401:
		return ErrPINCancelled
	case 0x6402, 0x6403:
		return ErrPINLength
	case 0x6B80:
		return ErrPINRefused
	}
	return nil
}
