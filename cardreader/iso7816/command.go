package iso7816

import (
	"context"
	"fmt"
)

// Sizes of short APDUs (ISO/IEC 7816-4:2020 §5.2).
const (
	MaxShortData     = 255   // Lc in one byte
	MaxShortLe       = 256   // Le 00
	maxExtendedData  = 65535 // Lc in 00 + two bytes
	MaxExtendedLe    = 65536 // Le 0000
	maxResponseChain = 64    // GET RESPONSE rounds: 16 KiB, more than any answer of a card we read
)

// Command is a command APDU. Whether it is of case 1, 2, 3 or 4 (ISO/IEC 7816-4 §5.2) follows from
// Data and Le; it is encoded short where it fits and extended where it must be.
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte // empty for none; at most 65535 bytes
	Le               int    // most bytes expected back, 0 for none, MaxShortLe for "all there is" in a short APDU
}

// Encode returns the bytes for the card. It is an error when Data or Le fits no APDU.
func (c Command) Encode() ([]byte, error) {
	if len(c.Data) > maxExtendedData || c.Le < 0 || c.Le > MaxExtendedLe {
		return nil, fmt.Errorf("iso7816: %d bytes of data or Le %d do not fit an APDU", len(c.Data), c.Le)
	}
	extended := len(c.Data) > MaxShortData || c.Le > MaxShortLe
	out := make([]byte, 0, 4+3+len(c.Data)+2)
	out = append(out, c.CLA, c.INS, c.P1, c.P2)
	if extended {
		out = append(out, 0)
	}
	if n := len(c.Data); n > 0 {
		if extended {
			out = append(out, byte(n>>8))
		}
		out = append(out, byte(n))
		out = append(out, c.Data...)
	}
	if c.Le > 0 {
		// The largest Le of each form is written as zero, which the conversion to bytes does by itself.
		if extended {
			out = append(out, byte(c.Le>>8))
		}
		out = append(out, byte(c.Le))
	}
	return out, nil
}

// ParseCommand decodes a command APDU in its short or extended form. An APDU that fits none of
// cases 1 to 4 (ISO/IEC 7816-4 §5.2) is an error. Data shares the memory of apdu.
func ParseCommand(apdu []byte) (Command, error) {
	malformed := fmt.Errorf("iso7816: %d bytes are not a command APDU", len(apdu))
	if len(apdu) < 4 {
		return Command{}, malformed
	}
	c := Command{CLA: apdu[0], INS: apdu[1], P1: apdu[2], P2: apdu[3]}
	body := apdu[4:]
	size := 1 // of Lc and Le
	most := MaxShortLe
	switch {
	case len(body) == 0:
		return c, nil
	case body[0] == 0 && len(body) >= 3:
		body, size, most = body[1:], 2, MaxExtendedLe
	}
	if len(body) > size {
		n := number(body[:size])
		body = body[size:]
		if n == 0 || n > len(body) {
			return Command{}, malformed
		}
		c.Data, body = body[:n:n], body[n:]
	}
	switch len(body) {
	case 0:
		return c, nil
	case size:
		c.Le = number(body)
		if c.Le == 0 {
			c.Le = most
		}
		return c, nil
	}
	return Command{}, malformed
}

// number reads one or two bytes.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

// Send sends a command and returns the response data without the status bytes.
//
// A card's "61xx: xx more bytes" is followed by GET RESPONSE until everything is there, and its
// "6Cxx: wrong Le, take xx" by the same command with that Le, once (ISO/IEC 7816-4 §5.6, §7.6.1; both
// are how T=0 carries what T=1 carries at once). Every status other than 9000 is a *StatusError; with
// a warning (62xx, 63xx) the data that came is returned beside it. The encoded command is wiped
// before Send returns, because it may hold a PIN.
func Send(ctx context.Context, t Transmitter, c Command) ([]byte, error) {
	data, sw, err := Exchange(ctx, t, c)
	if err != nil {
		return nil, err
	}
	if sw>>8 == 0x6C {
		c.Le = shortLength(sw)
		if data, sw, err = Exchange(ctx, t, c); err != nil {
			return nil, err
		}
	}
	return Result(c.INS, data, sw)
}

// Result is what Send makes of an answer: data with 9000, data and a *StatusError with a warning, and a
// *StatusError alone with anything else.
func Result(ins byte, data []byte, sw SW) ([]byte, error) {
	switch {
	case sw == swOK:
		return data, nil
	case sw.Warning():
		return data, &StatusError{INS: ins, SW: sw}
	}
	return nil, &StatusError{INS: ins, SW: sw}
}

// Exchange sends a command once and returns the data with whatever status it has, collecting the parts
// of a "61xx". Secure messaging needs it: there a refusal has data too, and a command that is protected
// must not be sent again. The encoded command is wiped as by Send.
func Exchange(ctx context.Context, t Transmitter, c Command) ([]byte, SW, error) {
	data, sw, err := exchange(ctx, t, c)
	if err != nil {
		return nil, 0, err
	}
	for round := 0; sw>>8 == 0x61; round++ {
		if round == maxResponseChain {
			return nil, 0, fmt.Errorf("iso7816: response chain longer than %d parts", maxResponseChain)
		}
		var more []byte
		// The class of GET RESPONSE is the command's without chaining and secure messaging (ISO/IEC 7816-4 §5.4.1).
		next := Command{CLA: c.CLA &^ 0x1C, INS: insGetResponse, Le: shortLength(sw)}
		if more, sw, err = exchange(ctx, t, next); err != nil {
			return nil, 0, err
		}
		data = append(data, more...)
	}
	return data, sw, nil
}

const insGetResponse = 0xC0

// shortLength reads the length in a 61xx or 6Cxx status: 00 means 256.
func shortLength(sw SW) int {
	if n := int(sw & 0xFF); n != 0 {
		return n
	}
	return MaxShortLe
}

func exchange(ctx context.Context, t Transmitter, c Command) ([]byte, SW, error) {
	apdu, err := c.Encode()
	if err != nil {
		return nil, 0, err
	}
	defer clear(apdu)
	response, err := t.Transmit(ctx, apdu)
	if err != nil {
		return nil, 0, err
	}
	n := len(response) - 2
	if n < 0 {
		return nil, 0, fmt.Errorf("iso7816: response of %d bytes has no status", len(response))
	}
	return response[:n:n], SW(response[n])<<8 | SW(response[n+1]), nil
}
