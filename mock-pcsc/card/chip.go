package card

import "bytes"

// An Application is an applet with its own file tree, selected by name.
type Application struct {
	AID     []byte // ISO/IEC 7816-5, 5 to 16 bytes
	Root    *Dir
	Objects map[uint16][]byte // what GET DATA returns, by tag
	Holds   bool              // PINs and keys answer here
}

// Contents are what personalisation puts on a Citizen Card, and what distinguishes its generation.
type Contents struct {
	ATR          []byte            // ISO/IEC 7816-3 §8
	Objects      map[uint16][]byte // GET DATA before any application is selected
	Applications []*Application
	PINs         []*PIN
	Keys         []*Key
	Algorithms   map[byte]Algorithm // by reference
	Modern       bool               // 2024 generation: other FCIs, and VERIFY with P1 FF forgets a PIN
	Trouble      *Trouble           // nil for a card that works
}

// Trouble is the deliberate fault of a card: at the nth command with an instruction since it was
// powered, the card responds with something else, each time.
type Trouble struct {
	INS      byte
	Nth      int // from 1
	Response Response
	seen     int
}

func (t *Trouble) meets(raw []byte) bool {
	if t == nil || len(raw) < 2 || raw[1] != t.INS {
		return false
	}
	t.seen++
	return t.seen >= t.Nth
}

// A Chip is a Citizen Card. Create it with New.
type Chip struct {
	Contents
	session session
	powered bool
}

// session is what a reset forgets.
type session struct {
	app      *Application
	dir      *Dir
	file     *File
	verified map[byte]bool
	env      environment
	pending  []byte // for GET RESPONSE
}

var _ Card = (*Chip)(nil)

// New puts a card together. The contents belong to it from then on.
func New(c Contents) *Chip { return &Chip{Contents: c} }

// ATR is the answer to reset.
func (c *Chip) ATR() []byte { return bytes.Clone(c.Contents.ATR) }

// PowerOn starts a session in which nothing is selected or verified.
func (c *Chip) PowerOn() { c.powered = true; c.forget() }

// PowerOff ends the session.
func (c *Chip) PowerOff() { c.powered = false; c.forget() }

// Reset ends the session and starts another.
func (c *Chip) Reset() { c.PowerOn() }

func (c *Chip) forget() {
	c.session = session{verified: map[byte]bool{}}
	if c.Trouble != nil {
		c.Trouble.seen = 0
	}
}

// Transmit answers a command. A card without power is unresponsive.
func (c *Chip) Transmit(raw []byte) Response {
	if !c.powered {
		return Response{Silent: true}
	}
	if c.Trouble.meets(raw) {
		return c.Trouble.Response
	}
	return Response{Data: c.answer(raw)}
}

func (c *Chip) answer(raw []byte) []byte {
	cmd, ok := parse(raw)
	if status := classStatus(raw); status != statusOK {
		return status.alone()
	}
	if !ok {
		return statusWrongLength.alone()
	}
	if cmd.ins != insGetResponse {
		c.session.pending = nil
	}
	handler, known := instructions[cmd.ins]
	if !known || cmd.cla == 0x80 && cmd.ins != insGetChallenge {
		return statusUnknownINS.alone()
	}
	return handler(c, cmd)
}

// classStatus looks at CLA alone (ISO/IEC 7816-4 §5.4.1): the basic channel without secure messaging
// or chaining, and the proprietary class in which the middleware asks for challenges.
func classStatus(raw []byte) Status {
	if len(raw) == 0 {
		return statusWrongLength
	}
	switch cla := raw[0]; {
	case cla == 0x00, cla == 0x80:
		return statusOK
	case cla&0xe0 != 0:
		return statusUnknownCLA
	case cla&0x10 != 0:
		return statusNoChaining
	case cla&0x0c != 0:
		return statusNoSecureChannel
	}
	return statusNoChannel
}

// Instructions (ISO/IEC 7816-4 §5.4.2).
const (
	insVerify         = 0x20
	insManageSecurity = 0x22
	insChangePIN      = 0x24
	insPerform        = 0x2a
	insResetCounter   = 0x2c
	insExternalAuth   = 0x82
	insGetChallenge   = 0x84
	insGeneralAuth    = 0x86
	insInternalAuth   = 0x88
	insSelect         = 0xa4
	insReadBinary     = 0xb0
	insGetResponse    = 0xc0
	insGetData        = 0xca
	insGetDataObject  = 0xcb
	insUpdateBinary   = 0xd6
)

var instructions map[byte]func(*Chip, command) []byte

func init() { // a literal would refer to itself through the handlers
	instructions = map[byte]func(*Chip, command) []byte{
		insVerify: (*Chip).verify, insManageSecurity: (*Chip).manageSecurity, insChangePIN: (*Chip).changePIN,
		insPerform: (*Chip).perform, insResetCounter: (*Chip).resetCounter,
		insExternalAuth: (*Chip).authenticate, insGeneralAuth: (*Chip).authenticate,
		insInternalAuth: (*Chip).authenticate,
		insGetChallenge: (*Chip).getChallenge, insSelect: (*Chip).selectFile, insReadBinary: (*Chip).readBinary,
		insGetResponse: (*Chip).getResponse, insGetData: (*Chip).getData, insGetDataObject: (*Chip).getDataObject,
		insUpdateBinary: (*Chip).updateBinary,
	}
}

// allowed says whether an access condition is met in this session.
func (c *Chip) allowed(a Access) bool {
	return a == Always || a != Never && c.session.verified[byte(a)]
}

// reply sends up to le bytes and keeps the rest for GET RESPONSE.
func (c *Chip) reply(data []byte, le int) []byte {
	n := min(len(data), le)
	rest := data[n:]
	if len(rest) == 0 {
		return statusOK.after(data)
	}
	c.session.pending = bytes.Clone(rest)
	return moreAfter(data[:n], len(rest))
}

// moreAfter is a response with the announcement that rest bytes follow, 00 standing for 256 or more.
func moreAfter(data []byte, rest int) []byte {
	left := byte(rest)
	if rest >= 256 {
		left = 0
	}
	return (statusMore | Status(left)).after(data)
}
