package registrar

import (
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

// HashesAtOnce is how many PINs were hashed at once, at most.
func (w *Worker) HashesAtOnce() int { return w.pins.Most() }

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
