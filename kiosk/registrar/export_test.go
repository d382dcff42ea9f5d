package registrar

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// For the external tests: the crash points, and what is derived from the pepper.

// CrashAt has f called at each point where a crash would matter.
func (w *Worker) CrashAt(f func(point string)) { w.testOnlyAt = f }

// OneTimeCode is keys.oneTimeCode.
func OneTimeCode(pepper []byte, enrolment uuid.UUID, channel string, send uint32) (string, error) {
	k, err := newKeys(pepper)
	if err != nil {
		return "", err
	}
	return string(k.oneTimeCode(enrolment, channel, send)), nil
}

// Truncate is truncate.
var Truncate = truncate

// HashPIN is keys.hashPIN at the cost that settings state.
func HashPIN(settings string, pepper []byte, person string, pin []byte) (PINHash, error) {
	k, err := newKeys(pepper)
	if err != nil {
		return PINHash{}, err
	}
	var c cost
	if err := json.Unmarshal([]byte(settings), &c); err != nil {
		return PINHash{}, err
	}
	return k.hashPIN(c, person, pin)
}

// VerifyPIN reports whether a PHC string is the hash of the person's PIN.
func VerifyPIN(pepper []byte, stored, person string, pin []byte) bool {
	var h PINHash
	var rest string
	if _, err := fmt.Sscanf(stored, "$argon2id$v=19$m=%d,t=%d,p=%d$%s", &h.Memory, &h.Time, &h.Threads, &rest); err != nil {
		return false
	}
	salt, _, _ := strings.Cut(rest, "$")
	var err error
	if h.Salt, err = phcBase64.DecodeString(salt); err != nil {
		return false
	}
	k, err := newKeys(pepper)
	h.Sum = k.pinSum(h, person, pin)
	return err == nil && h.String() == stored
}

// ValidUntil is validUntil.
var ValidUntil = validUntil

// SealChip is keys.sealChip.
func SealChip(pepper []byte, enrolment uuid.UUID, state []byte) ([]byte, error) {
	k, err := newKeys(pepper)
	if err != nil {
		return nil, err
	}
	return k.sealChip(enrolment, state)
}
