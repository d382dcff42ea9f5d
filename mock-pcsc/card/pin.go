package card

import (
	"bytes"
	"crypto/subtle"
)

// References of PINs, the same on both generations.
const (
	PINAuthentication byte = 0x81
	PINSignature      byte = 0x82
	PINAddress        byte = 0x83
	PINActivation     byte = 0x87
)

const (
	pinStored = 8 // bytes, padded with FF
	pinMin    = 4
	maxTries  = 3
)

// A PIN with its counter and that of the code which unblocks it. Both outlive resets.
type PIN struct {
	Ref      byte // P2 of VERIFY
	value    [pinStored]byte
	puk      [pinStored]byte
	tries    int
	pukTries int
}

// NewPIN is a PIN with all its tries. An empty puk can never be given.
func NewPIN(ref byte, value, puk string) *PIN {
	return &PIN{Ref: ref, value: padded(value), puk: padded(puk), tries: maxTries, pukTries: maxTries}
}

// Block uses all tries up.
func (p *PIN) Block() { p.tries = 0 }

func padded(digits string) (block [pinStored]byte) {
	for i := range block {
		block[i] = 0xff
	}
	copy(block[:], digits)
	return block
}

// try compares and counts. The counter falls before the comparison, as on a card that fears
// losing power between the two.
func try(counter *int, stored [pinStored]byte, given []byte) Status {
	if *counter == 0 {
		return statusBlocked
	}
	*counter--
	if subtle.ConstantTimeCompare(stored[:], given) != 1 {
		return statusTries | Status(*counter)
	}
	*counter = maxTries
	return statusOK
}

// pin finds the PIN that P2 names, in the application that holds PINs.
func (c *Chip) pin(ref byte) *PIN {
	if c.session.app == nil || !c.session.app.Holds {
		return nil
	}
	for _, p := range c.PINs {
		if p.Ref == ref {
			return p
		}
	}
	return nil
}

// verify is VERIFY (ISO/IEC 7816-4 §11.6.6). Without data it tells the state, with four bytes as with five.
func (c *Chip) verify(cmd command) []byte {
	p := c.pin(cmd.p2)
	if p == nil {
		return statusNotFound.alone()
	}
	switch {
	case cmd.p1 == 0xff && c.Modern:
		if len(cmd.data) != 0 {
			return statusWrongLength.alone()
		}
		delete(c.session.verified, p.Ref)
		return statusOK.alone()
	case cmd.p1 != 0:
		return statusWrongP1P2.alone()
	case len(cmd.data) == 0:
		return c.pinStatus(p).alone()
	case len(cmd.data) != pinStored || cmd.le != 0:
		return statusWrongLength.alone()
	}
	delete(c.session.verified, p.Ref)
	status := try(&p.tries, p.value, cmd.data)
	if status == statusOK {
		c.session.verified[p.Ref] = true
	}
	return status.alone()
}

func (c *Chip) pinStatus(p *PIN) Status {
	switch {
	case p.tries == 0:
		return statusBlocked
	case c.session.verified[p.Ref]:
		return statusOK
	}
	return statusTries | Status(p.tries)
}

// changePIN is CHANGE REFERENCE DATA (ISO/IEC 7816-4 §11.6.7) with the old and the new PIN.
func (c *Chip) changePIN(cmd command) []byte {
	p := c.pin(cmd.p2)
	switch {
	case p == nil:
		return statusNotFound.alone()
	case cmd.p1 != 0:
		return statusWrongP1P2.alone()
	case len(cmd.data) != 2*pinStored || cmd.le != 0:
		return statusWrongLength.alone()
	case !wellFormed(cmd.data[pinStored:]):
		return statusWrongData.alone()
	}
	status := try(&p.tries, p.value, cmd.data[:pinStored])
	if status == statusOK {
		copy(p.value[:], cmd.data[pinStored:])
	} else {
		delete(c.session.verified, p.Ref)
	}
	return status.alone()
}

// resetCounter is RESET RETRY COUNTER (ISO/IEC 7816-4 §11.6.10): the unblocking code, with a new PIN
// (P1 00) or alone (P1 01).
func (c *Chip) resetCounter(cmd command) []byte {
	p := c.pin(cmd.p2)
	if p == nil {
		return statusNotFound.alone()
	}
	if cmd.p1 > 1 {
		return statusWrongP1P2.alone()
	}
	want := pinStored
	if cmd.p1 == 0 {
		want = 2 * pinStored
	}
	switch {
	case len(cmd.data) != want || cmd.le != 0:
		return statusWrongLength.alone()
	case cmd.p1 == 0 && !wellFormed(cmd.data[pinStored:]):
		return statusWrongData.alone()
	}
	delete(c.session.verified, p.Ref)
	status := try(&p.pukTries, p.puk, cmd.data[:pinStored])
	if status == statusOK {
		p.tries = maxTries
		copy(p.value[:], cmd.data[pinStored:])
	}
	return status.alone()
}

// wellFormed says whether a block is four to eight digits, padded with FF.
func wellFormed(block []byte) bool {
	digits := bytes.TrimRight(block, "\xff")
	if len(digits) < pinMin {
		return false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return false
		}
	}
	return true
}
