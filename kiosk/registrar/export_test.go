package registrar

import "github.com/google/uuid"

// For the external tests: the crash points, and what is derived from the pepper.

// CrashAt has f called at each point where a crash would matter.
func (w *Worker) CrashAt(f func(point string)) { w.testOnlyAt = f }

// HashCheaply has the worker's hashes take next to nothing, for tests of anything but hashes.
func (w *Worker) HashCheaply() { w.cost = cost{memory: 64, time: 1, threads: 1} }

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

// HashPIN is keys.hashPIN.
func HashPIN(pepper []byte, person string, pin []byte) (PINHash, error) {
	k, err := newKeys(pepper)
	if err != nil {
		return PINHash{}, err
	}
	return k.hashPIN(recommended, person, pin)
}

// VerifyPIN is keys.verifyPIN.
func VerifyPIN(pepper []byte, h PINHash, person string, pin []byte) bool {
	k, err := newKeys(pepper)
	return err == nil && k.verifyPIN(h, person, pin)
}

// ValidUntil is validUntil.
var ValidUntil = validUntil
