// Package emrtd emulates the contactless chips of travel documents at the level of their commands
// (ICAO 9303-10 and -11): access control by BAC and PACE, secure messaging, files, chip and active
// authentication. It was written from the standard and shares nothing with the programs that
// read such chips: a mistake made here and there alike would look like agreement.
//
// What a chip forgets when it loses the field (selection, session keys, access) is forgotten here too.
// Access control is enforced: a file that asks for it is neither selected nor read without.
//
// A chip holds keys and finished files. Package travel decides what is written in them.
package emrtd

import (
	"bytes"
	"crypto/rand"
	"io"

	"balcao/mock-pcsc/card"
)

// Contents are what personalisation puts into a chip.
type Contents struct {
	ATR    []byte  // as a contactless reader makes it up (PC/SC part 3 §3.1.3.2.3)
	Master []*File // of the master file: EF.CardAccess, EF.CardSecurity, EF.ATR/INFO, EF.DIR
	Files  []*File // of the eMRTD application; empty: there is none

	BAC      []byte          // MRZ information that the access key is made of; nil: the chip knows no BAC
	PACE     []PACE          // what MSE:Set AT may ask for
	Password map[byte][]byte // of PACE, by reference: PasswordMRZ (MRZ information), PasswordCAN (digits)
	Chip     []*ChipKey      // keys of chip authentication
	Active   *ActiveKey      // key of active authentication
	Inner    card.Card       // applications of the same chip beside the eMRTD one; reached after PACE only
	Extended bool            // takes extended lengths
	Longest  int             // response data that it can send at once; 0: 256, or LongestResponse with Extended
	Strict   bool            // refuses what the standard lets it refuse, where others are lenient; see Chip
	NoShort  bool            // knows no short file identifiers and answers 6985; a Strict one in clear, ending the session
	Fault    *Fault          // nil for a chip that works
	Rand     io.Reader       // nil: crypto/rand
}

// Fault is the deliberate fault of a chip.
type Fault struct {
	File     uint16        // file at whose offset At the chip does Response
	At       int           // bytes from the beginning of the file
	Response card.Response // Silent or Removed

	Endless     uint16 // file that goes on for ever
	Refused     uint16 // file that can be selected and is never read: 6985
	BadToken    bool   // PACE: the chip's token is wrong
	Unprotected bool   // what is read within secure messaging comes back in clear
	RefusesPACE bool   // as if EF.CardAccess had not promised it
}

// A Chip is the chip of one document. A strict one refuses a READ BINARY of more than fits into the
// response instead of sending what fits, and domain parameters in MSE:Set AT that leave no choice.
type Chip struct {
	Contents
	powered  bool
	failures int // wrong passwords in a row; outlives resets
	session  session
}

// session is what a chip forgets without the field.
type session struct {
	here      place
	file      *File
	channel   *channel
	next      *channel // replaces channel after the response to the command that made it
	granted   Access
	challenge []byte // of BAC, used up by the first attempt
	pace      *run
	chosen    *chosenKey
	dead      bool
}

// place is where the selection stands.
type place int

const (
	inMaster place = iota
	inApplication
	inInner
)

var _ card.Card = (*Chip)(nil)

// New puts a chip together. The contents belong to it from then on.
func New(c Contents) *Chip {
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Longest == 0 {
		c.Longest = shortest
		if c.Extended {
			c.Longest = LongestResponse
		}
	}
	return &Chip{Contents: c}
}

// ATR is the answer to reset.
func (c *Chip) ATR() []byte { return bytes.Clone(c.Contents.ATR) }

// PowerOn puts the chip into the field.
func (c *Chip) PowerOn() {
	c.powered, c.session = true, session{}
	if c.Inner != nil {
		c.Inner.PowerOn()
	}
}

// PowerOff takes it out.
func (c *Chip) PowerOff() {
	c.powered, c.session = false, session{}
	if c.Inner != nil {
		c.Inner.PowerOff()
	}
}

// Reset takes it out and puts it back.
func (c *Chip) Reset() {
	c.PowerOff()
	c.PowerOn()
}

// Transmit answers a command. A chip without a field is unresponsive.
func (c *Chip) Transmit(raw []byte) card.Response {
	if !c.powered || c.session.dead {
		return card.Response{Silent: true}
	}
	before := c.failures
	response := c.answer(raw)
	if response.Silent {
		c.session.dead = true // until the next reset
	}
	if c.failures > before {
		response.Delay = slowness(c.failures)
	}
	return response
}

func (c *Chip) answer(raw []byte) card.Response {
	cmd, ok := parse(raw)
	switch status := c.classStatus(raw); {
	case status != statusOK:
		return c.broken(status)
	case !ok, cmd.extended && !c.Extended:
		return c.broken(statusWrongLength)
	case cmd.cla&secured == secured:
		return c.answerSecured(cmd)
	case c.session.channel != nil:
		// A command in clear ends the session (ICAO 9303-11 §9.8). Selecting anew in clear is how
		// readers begin again, so that is done; all else is told what was missing.
		c.endSession()
		if cmd.ins != insSelect {
			return c.alone(statusNoDataObjects)
		}
	}
	out := c.do(cmd, cmd.le)
	return out.response()
}

// answerSecured takes the command out of secure messaging and puts the answer back in.
func (c *Chip) answerSecured(outer command) card.Response {
	channel := c.session.channel
	if channel == nil {
		return c.alone(statusWrongDataObjects)
	}
	cmd, status := channel.open(outer)
	if status != statusOK {
		return c.broken(status)
	}
	room := channel.room(min(outer.room(), c.Longest), cmd.ins&1 == 1)
	out := c.do(cmd, min(cmd.le, room))
	switch {
	case out.event != nil:
		return *out.event
	case out.status == statusWrongLength, c.Strict && c.NoShort && out.status == statusConditions:
		// Real chips do not recover from a length that they cannot serve: the reader must begin anew.
		return c.broken(out.status)
	case c.Fault != nil && c.Fault.Unprotected && (cmd.ins|1) == insReadBinaryOdd:
		return out.response()
	}
	sealed := channel.seal(out, cmd.ins&1 == 1)
	if c.session.next != nil {
		c.session.channel, c.session.next = c.session.next, nil
	}
	return card.Response{Data: sealed}
}

// classStatus looks at CLA (ISO/IEC 7816-4 §5.4.1): the basic channel, in clear or with secure messaging
// whose checksum covers the header. Chaining is for GENERAL AUTHENTICATE only (ICAO 9303-11 §4.4.4).
func (c *Chip) classStatus(raw []byte) status {
	if len(raw) < 2 {
		return statusWrongLength
	}
	switch cla := raw[0]; {
	case cla&0xe0 != 0:
		return statusUnknownCLA
	case cla&0x03 != 0:
		return statusNoChannel
	case cla&secured != 0 && cla&secured != secured:
		return statusNoSecureChannel
	case cla&chained != 0 && raw[1] != insGeneralAuth:
		return statusNoChaining
	}
	return statusOK
}

// endSession forgets keys and access, and selects the master file.
func (c *Chip) endSession() {
	c.session = session{}
	if c.Inner != nil {
		c.Inner.Reset() // verified PINs must not outlive the channel that they came through
	}
}

// broken answers in clear and ends the session, if there was one.
func (c *Chip) broken(s status) card.Response {
	if c.session.channel != nil {
		c.endSession()
	}
	return c.alone(s)
}

func (c *Chip) alone(s status) card.Response { return answer{status: s}.response() }

// answer is what a command leads to before it is protected.
type answer struct {
	data   []byte
	status status
	event  *card.Response // instead of an answer
}

func (a answer) response() card.Response {
	if a.event != nil {
		return *a.event
	}
	return card.Response{Data: append(bytes.Clone(a.data), byte(a.status>>8), byte(a.status))}
}

func refused(s status) answer { return answer{status: s} }

func with(data []byte) answer { return answer{data: data, status: statusOK} }

// do carries out a command in clear. Room is the length of data that fit into the response.
func (c *Chip) do(cmd command, room int) answer {
	if cmd.ins != insGeneralAuth {
		c.session.pace = nil
	}
	switch {
	case cmd.ins == insSelect:
		return c.selectFile(cmd)
	case cmd.ins == insManageSecurity && (cmd.p2 == 0xa4 || cmd.p2 == 0xa6):
		return c.manageSecurity(cmd)
	case cmd.ins == insGeneralAuth:
		return c.generalAuthenticate(cmd)
	case cmd.ins == insInternalAuth && c.Active != nil:
		return c.internalAuthenticate(cmd, room)
	case c.session.here == inInner:
		return c.pass(cmd, room)
	case cmd.ins == insReadBinary:
		return c.readBinary(cmd, room)
	case cmd.ins == insReadBinaryOdd:
		return c.readBinaryOdd(cmd, room)
	case cmd.ins == insGetChallenge:
		return c.getChallenge(cmd)
	case cmd.ins == insExternalAuth:
		return c.externalAuthenticate(cmd)
	}
	return refused(statusUnknownINS)
}

// random draws n bytes. A source that ends is a test's mistake.
func (c *Chip) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.Rand, b); err != nil {
		panic("emrtd: source of randomness: " + err.Error())
	}
	return b
}
