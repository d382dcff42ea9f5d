// Package seal carries a PIN from the desk to the centre so that nobody between them can read it:
// the desk encrypts it with age (age-encryption.org/v1) to the centre's X25519 recipient, and only
// the registrar, which holds the identity, opens it.
//
// The plaintext is the enrolment's UUID (16 bytes) followed by the PIN's digits, padded with zero
// bytes to a fixed length. The UUID binds the PIN to its enrolment, so that a sealed PIN copied into
// another enrolment is refused; the padding keeps the number of digits from showing in the length of
// the ciphertext, which the database stores for a while.
//
// The package does not judge a PIN; rules are the caller's.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/google/uuid"
)

// MaxDigits is the longest PIN that fits the fixed plaintext.
const MaxDigits = 12

const (
	idLength    = 16
	plainLength = idLength + MaxDigits

	// maxSealed bounds what Open accepts. An age file with one X25519 stanza and one chunk of
	// plainLength bytes is 228 bytes; the slack lets a later version add a stanza or two.
	maxSealed = 2048
)

var (
	// ErrUnreadable means that this identity cannot open the ciphertext.
	ErrUnreadable = errors.New("the sealed PIN cannot be opened")
	// ErrOtherEnrolment means that the PIN was sealed for another enrolment.
	ErrOtherEnrolment = errors.New("the PIN was sealed for another enrolment")
	// ErrMalformed means that the plaintext is not a PIN.
	ErrMalformed = errors.New("what was sealed is not a PIN")
)

// PIN seals the digits of a PIN for one enrolment. The caller keeps and wipes pin.
func PIN(to age.Recipient, enrolment uuid.UUID, pin []byte) ([]byte, error) {
	if !digits(pin) {
		return nil, ErrMalformed
	}
	plain := make([]byte, plainLength)
	defer clear(plain)
	copy(plain, enrolment[:])
	copy(plain[idLength:], pin)

	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return nil, fmt.Errorf("sealing the PIN: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("sealing the PIN: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing the PIN: %w", err)
	}
	return sealed.Bytes(), nil
}

// Open returns the digits that were sealed for the enrolment. The caller wipes them. The error is
// ErrUnreadable, ErrOtherEnrolment or ErrMalformed; it says nothing about the content.
func Open(with age.Identity, enrolment uuid.UUID, sealed []byte) ([]byte, error) {
	if len(sealed) > maxSealed {
		return nil, ErrUnreadable
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if err != nil {
		return nil, ErrUnreadable
	}
	// One byte more than there may be, so that a longer plaintext is seen without reading all of it.
	plain := make([]byte, plainLength+1)
	defer clear(plain)
	switch n, err := io.ReadFull(r, plain); {
	case err == nil: // longer than any PIN
		return nil, ErrMalformed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if n != plainLength {
			return nil, ErrMalformed
		}
	default:
		return nil, ErrUnreadable
	}
	if !bytes.Equal(plain[:idLength], enrolment[:]) {
		return nil, ErrOtherEnrolment
	}
	body := plain[idLength:plainLength]
	length := bytes.IndexByte(body, 0)
	if length < 0 {
		length = MaxDigits
	}
	for _, b := range body[length:] {
		if b != 0 {
			return nil, ErrMalformed
		}
	}
	if !digits(body[:length]) {
		return nil, ErrMalformed
	}
	return bytes.Clone(body[:length]), nil
}

// ParseRecipient reads the centre's recipient as `registrar keygen` prints it ("age1…").
func ParseRecipient(text string) (*age.X25519Recipient, error) {
	r, err := age.ParseX25519Recipient(text)
	if err != nil {
		return nil, fmt.Errorf("parsing the centre's recipient: %w", err)
	}
	return r, nil
}

// digits reports whether pin is one to MaxDigits ASCII digits.
func digits(pin []byte) bool {
	if len(pin) == 0 || len(pin) > MaxDigits {
		return false
	}
	for _, b := range pin {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}
