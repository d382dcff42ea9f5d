package citizencard

import (
	"context"
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
)

// The authentication PIN, the same in both generations: 4 to 8 digits in an 8-byte block padded with FF.
const (
	pinReference = 0x81
	pinBlock     = 8
	pinMin       = 4
	pinMax       = 8
	pinTries     = 3
)

// PINError means that the PIN was wrong.
type PINError struct{ TriesLeft int }

func (e *PINError) Error() string {
	return fmt.Sprintf("wrong authentication PIN, %d tries left", e.TriesLeft)
}

// PINTries asks the card how many tries the authentication PIN has left; 0 when it is blocked.
// While the PIN is verified a card does not tell the number, and the highest is returned.
func (c *Card) PINTries(ctx context.Context) (int, error) {
	if err := c.in(ctx, c.profile.eid); err != nil {
		return 0, fmt.Errorf("asking for the PIN's state: %w", err)
	}
	// VERIFY without data asks for the state (ISO/IEC 7816-4 §11.6.6). The standard needs no Le;
	// the State's middleware sends one.
	_, err := iso7816.Send(ctx, c.t, iso7816.Command{INS: 0x20, P2: pinReference, Le: iso7816.MaxShortLe})
	var tries iso7816.ErrTries
	switch {
	case err == nil:
		return pinTries, nil
	case errors.As(err, &tries):
		return tries.Left, nil
	case errors.Is(err, iso7816.ErrBlocked):
		return 0, nil
	}
	return 0, fmt.Errorf("asking for the PIN's state: %w", err)
}

// VerifyPIN presents the authentication PIN, ASCII digits, which the caller wipes; no copy of it is left
// behind. A *PINError uses up a try, ErrPINBlocked says that none is left, and ErrPINFormat none was used.
func (c *Card) VerifyPIN(ctx context.Context, pin []byte) error {
	if len(pin) < pinMin || len(pin) > pinMax {
		return ErrPINFormat
	}
	block := emptyPINBlock()
	defer clear(block)
	for i, digit := range pin {
		if digit < '0' || digit > '9' {
			return ErrPINFormat
		}
		block[i] = digit
	}
	if err := c.in(ctx, c.profile.eid); err != nil {
		return fmt.Errorf("verifying the PIN: %w", err)
	}
	_, err := iso7816.Send(ctx, c.t, iso7816.Command{INS: 0x20, P2: pinReference, Data: block})
	return pinResult(err)
}

// Pinpad is a reader with its own keys, on which the holder types the PIN so that this computer never
// has it (PC/SC part 10). It puts the digits into the 8-byte block of the command and returns the
// card's answer.
type Pinpad interface {
	VerifyPIN(ctx context.Context, command []byte, minDigits, maxDigits int) (response []byte, err error)
}

// VerifyPINOn is VerifyPIN with the PIN typed on the reader. Errors of the pinpad, such as a time-out or
// the cancel key, are returned wrapped.
func (c *Card) VerifyPINOn(ctx context.Context, pad Pinpad) error {
	if err := c.in(ctx, c.profile.eid); err != nil {
		return fmt.Errorf("verifying the PIN: %w", err)
	}
	typed := transmitFunc(func(ctx context.Context, command []byte) ([]byte, error) {
		return pad.VerifyPIN(ctx, command, pinMin, pinMax)
	})
	_, err := iso7816.Send(ctx, typed, iso7816.Command{INS: 0x20, P2: pinReference, Data: emptyPINBlock()})
	return pinResult(err)
}

type transmitFunc func(ctx context.Context, command []byte) ([]byte, error)

func (f transmitFunc) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	return f(ctx, command)
}

func emptyPINBlock() []byte {
	block := make([]byte, pinBlock)
	for i := range block {
		block[i] = 0xFF
	}
	return block
}

func pinResult(err error) error {
	var tries iso7816.ErrTries
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tries) && tries.Left > 0:
		return &PINError{TriesLeft: tries.Left}
	case errors.As(err, &tries), errors.Is(err, iso7816.ErrBlocked):
		return ErrPINBlocked
	}
	return fmt.Errorf("verifying the PIN: %w", err)
}
