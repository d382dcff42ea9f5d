package emrtd

import (
	"bytes"
	"crypto/sha1" // what the standard derives access keys with
	"crypto/subtle"
)

// Lengths of basic access control (ICAO 9303-11 §4.3).
const (
	bacChallenge = 8
	bacSeed      = 16
	bacMessage   = 2*bacChallenge + bacSeed
)

// getChallenge is GET CHALLENGE.
func (c *Chip) getChallenge(cmd command) answer {
	switch {
	case c.BAC == nil:
		return refused(statusUnknownINS)
	case cmd.p1 != 0 || cmd.p2 != 0:
		return refused(statusWrongP1P2)
	case c.session.here != inApplication || c.session.channel != nil:
		return refused(statusConditions)
	case cmd.le != bacChallenge && cmd.le != shortest || len(cmd.data) != 0:
		return refused(statusWrongLength)
	}
	c.session.challenge = c.random(bacChallenge)
	return with(c.session.challenge)
}

// externalAuthenticate is EXTERNAL AUTHENTICATE as basic access control uses it: the reader proves that
// it read the MRZ, and both sides contribute to the session keys.
func (c *Chip) externalAuthenticate(cmd command) answer {
	challenge := c.session.challenge
	c.session.challenge = nil
	switch {
	case c.BAC == nil:
		return refused(statusUnknownINS)
	case cmd.p1 != 0 || cmd.p2 != 0:
		return refused(statusWrongP1P2)
	case challenge == nil || c.session.channel != nil:
		return refused(statusConditions)
	case len(cmd.data) != bacMessage+checksumLength:
		return refused(statusWrongLength)
	}
	seed := sha1.Sum(c.BAC)
	enc := TripleDES.derive(seed[:bacSeed], keyEncryption)
	mac := TripleDES.derive(seed[:bacSeed], keyChecksum)
	message, checksum := cmd.data[:bacMessage], cmd.data[bacMessage:]
	if subtle.ConstantTimeCompare(TripleDES.token(mac, message), checksum) != 1 {
		return c.wrongPassword()
	}
	plain := TripleDES.decrypt(enc, message)
	theirs, echoed, contribution := plain[:bacChallenge], plain[bacChallenge:2*bacChallenge], plain[2*bacChallenge:]
	if !bytes.Equal(echoed, challenge) {
		return c.wrongPassword()
	}
	own := c.random(bacSeed)
	shared := make([]byte, bacSeed)
	subtle.XORBytes(shared, own, contribution)
	channel := newChannel(TripleDES, shared)
	channel.counter = append(bytes.Clone(challenge[4:]), theirs[4:]...)
	c.grant(channel, Granted)
	reply := TripleDES.encrypt(enc, append(append(bytes.Clone(challenge), theirs...), own...))
	return with(append(reply, TripleDES.token(mac, reply)...))
}

// wrongPassword counts. The chip never blocks, it only slows down.
func (c *Chip) wrongPassword() answer {
	c.failures++
	return refused(statusWrongPassword)
}

// grant opens the files, for commands from the next one on.
func (c *Chip) grant(channel *channel, access Access) {
	c.failures = 0
	c.session.channel, c.session.granted = channel, access
}
