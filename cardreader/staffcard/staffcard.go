// Package staffcard signs with the cards of staff: PIV (NIST SP 800-73-4), slot 9A, through piv-go. Is tells
// whether the card of a session is one; then that session is closed, because piv-go wants the reader for
// itself, and Open takes the card for as long as it is needed:
//
//	yes, err := staffcard.Is(ctx, session)
//	session.Close()
//	card, err := staffcard.Open(ctx, reader)
//	defer card.Close()
//	err = card.Verify(ctx, pin)
//	jws, err := transcript.SignSignIn(ctx, statement, card.Chain(), card)
//
// What a card says of its holder proves nothing: the centre decides who signed.
package staffcard

import (
	"errors"
	"fmt"
)

var (
	// ErrNotStaffCard means that the card has no PIV application.
	ErrNotStaffCard = errors.New("not a staff card")
	// ErrNoCertificate means that the card has no certificate in slot 9A: it was not issued yet.
	ErrNoCertificate = errors.New("no certificate on the staff card")
	// ErrUnsupported means a PIV card that piv-go cannot use, or with a key that is not RSA-2048, P-256 or P-384.
	ErrUnsupported = errors.New("staff card of an unsupported kind")
	// ErrMalformed means that the card answered with what the standard does not allow.
	ErrMalformed = errors.New("malformed answer of the staff card")
	// ErrPINBlocked means that the PIN has no tries left.
	ErrPINBlocked = errors.New("PIN of the staff card is blocked")
	// ErrPINFormat means that a PIN is not 6 to 8 characters (SP 800-73-4 part 2 §2.4.3); no try was used.
	ErrPINFormat = errors.New("PIN of a staff card is not 6 to 8 characters")
	// ErrPINRequired means that the card does not sign because the PIN was not verified, or no longer is.
	ErrPINRequired = errors.New("PIN of the staff card not verified")
)

// WrongPIN means that the PIN was wrong. It used up a try.
type WrongPIN struct{ TriesLeft int }

func (e *WrongPIN) Error() string {
	return fmt.Sprintf("wrong PIN of the staff card, %d tries left", e.TriesLeft)
}
