package registrar

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"

	"balcao/kiosk/signin"
)

// PepperLength is the length of the registrar's secret in bytes.
const PepperLength = signin.PepperLength

// CodeDigits is the number of digits of a one-time code.
const CodeDigits = 6

// keys are what the pepper is stretched to: one key for each use, so that what one of them answers
// says nothing about the other (NIST SP 800-108 §4). That for PINs is package signin's.
type keys struct {
	code       []byte
	chip       []byte
	activation []byte
	notice     []byte
	name       []byte // of messages
}

func newKeys(pepper []byte) (keys, error) {
	var k keys
	if len(pepper) != PepperLength {
		return k, fmt.Errorf("the pepper has %d bytes, want %d", len(pepper), PepperLength)
	}
	for use, key := range map[string]*[]byte{
		"one-time code v1": &k.code, "chip challenge v1": &k.chip, "activation code v1": &k.activation, "notice code v1": &k.notice,
		"message key v1": &k.name,
	} {
		derived, err := hkdf.Key(sha256.New, pepper, nil, "balcao "+use, sha256.Size)
		if err != nil {
			return keys{}, fmt.Errorf("deriving the key of %s: %w", use, err)
		}
		*key = derived
	}
	return k, nil
}

func (k keys) wipe() {
	for _, key := range [][]byte{k.code, k.chip, k.activation, k.notice, k.name} {
		clear(key)
	}
}

// messageKey names the message of a job, the same whichever registrar sends it and however often; nobody else can tell from it
// how many there were.
func (k keys) messageKey(job int64) string {
	h := hmac.New(sha256.New, k.name)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(job))) //nolint:gosec // a serial number
	return hex.EncodeToString(h.Sum(nil))
}

// oneTimeCode derives the code of one send. It is HOTP (RFC 4226 §5.3) over SHA-256 with enrolment,
// channel and number of the send as its counter: a send that is repeated after a crash carries the
// code that the person may already have received, and no database ever holds it. Whoever has the
// database but not the pepper learns nothing from one code about another.
func (k keys) oneTimeCode(enrolment uuid.UUID, channel string, send uint32) []byte {
	h := hmac.New(sha256.New, k.code)
	h.Write(enrolment[:])
	h.Write([]byte(channel))
	h.Write([]byte{0}) // no channel's name has a zero byte
	h.Write(binary.BigEndian.AppendUint32(nil, send))
	sum := h.Sum(nil)
	defer clear(sum)
	return fmt.Appendf(nil, "%0*d", CodeDigits, truncate(sum, CodeDigits))
}

// truncate is the dynamic truncation of RFC 4226 §5.3 and its reduction to digits. The offset is the
// low half of the last byte, whatever the length of the hash (RFC 6238 §1.2 and appendix A).
func truncate(sum []byte, digits int) uint32 {
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:offset+4]) & 0x7fffffff
	limit := uint32(1)
	for range digits {
		limit *= 10
	}
	return number % limit
}

// codeMAC is what the database keeps of a code: enough to compare one that was typed, under a key of
// its own. Six digits are soon guessed by whoever reads the row; it protects for the minutes in which
// the code is worth something only against those who cannot (see desk.confirm_code).
func codeMAC(key, code []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(code)
	return h.Sum(nil)
}
