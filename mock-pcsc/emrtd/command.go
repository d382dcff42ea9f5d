package emrtd

import "time"

// A command is a parsed command APDU (ISO/IEC 7816-3 §12.1), with short or extended lengths.
type command struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int // 0 when absent
	extended         bool
}

// Bits of CLA.
const (
	secured = 0x0c // secure messaging, checksum over the header
	chained = 0x10 // not the last command of a chain
)

// LongestResponse is how much response data chips with extended lengths send at once unless told otherwise.
const LongestResponse = 0x7fff

// What Le of zeros stands for.
const (
	shortest = 256
	longest  = 65536
)

// parse tells the seven cases apart. ok is false when the lengths contradict each other.
func parse(raw []byte) (c command, ok bool) {
	if len(raw) < 4 {
		return c, false
	}
	c = command{cla: raw[0], ins: raw[1], p1: raw[2], p2: raw[3]}
	body := raw[4:]
	switch {
	case len(body) == 0:
		return c, true
	case len(body) == 1:
		c.le = expected(body, shortest)
		return c, true
	case body[0] != 0:
		return c.take(body[1:], int(body[0]), 1, shortest)
	case len(body) < 3:
		return c, false
	}
	c.extended = true
	if len(body) == 3 {
		c.le = expected(body[1:], longest)
		return c, true
	}
	return c.take(body[3:], int(body[1])<<8|int(body[2]), 2, longest)
}

// take splits what is behind Lc into data and Le, which has width bytes.
func (c command) take(rest []byte, lc, width, most int) (command, bool) {
	if lc == 0 || len(rest) != lc && len(rest) != lc+width {
		return c, false
	}
	c.data = rest[:lc]
	if len(rest) > lc {
		c.le = expected(rest[lc:], most)
	}
	return c, true
}

// expected decodes Le, in which zero stands for the most.
func expected(le []byte, most int) int {
	n := 0
	for _, b := range le {
		n = n<<8 | int(b)
	}
	if n == 0 {
		return most
	}
	return n
}

// room is how much response data the command has room for. With secure messaging Le should be zeros; a
// reader that leaves it out means the same.
func (c command) room() int {
	switch {
	case c.le != 0:
		return c.le
	case c.extended:
		return longest
	}
	return shortest
}

// exact says whether Le is a number of bytes, and not as many as there are.
func (c command) exact() bool { return c.le != shortest && c.le != longest }

// Instructions (ISO/IEC 7816-4 §5.4.2).
const (
	insManageSecurity = 0x22
	insExternalAuth   = 0x82
	insGetChallenge   = 0x84
	insGeneralAuth    = 0x86
	insInternalAuth   = 0x88
	insSelect         = 0xa4
	insReadBinary     = 0xb0
	insReadBinaryOdd  = 0xb1
)

// status is the status word at the end of a response (ISO/IEC 7816-4 §5.6).
type status uint16

const (
	statusOK               status = 0x9000
	statusEndOfFile        status = 0x6282
	statusWrongPassword    status = 0x6300
	statusWrongLength      status = 0x6700
	statusNoChannel        status = 0x6881
	statusNoSecureChannel  status = 0x6882
	statusNoChaining       status = 0x6884
	statusSecurity         status = 0x6982
	statusConditions       status = 0x6985
	statusNoCurrentEF      status = 0x6986
	statusNoDataObjects    status = 0x6987 // expected secure messaging data objects missing
	statusWrongDataObjects status = 0x6988 // secure messaging data objects incorrect
	statusWrongData        status = 0x6a80
	statusFileNotFound     status = 0x6a82
	statusWrongP1P2        status = 0x6a86
	statusSurplusData      status = 0x6a87 // Lc inconsistent with P1-P2
	statusNotFound         status = 0x6a88
	statusBeyondEnd        status = 0x6b00
	statusUnknownINS       status = 0x6d00
	statusUnknownCLA       status = 0x6e00
)

// free is how many wrong passwords in a row a chip forgives before it slows down, as chips with a CAN
// of six digits must. slowest is where the doubling ends.
const (
	free    = 3
	slowest = 10 * time.Second
)

// slowness is how long the answer to a wrong password takes after that many failures.
func slowness(failures int) time.Duration {
	if failures <= free {
		return 0
	}
	return min(slowest, time.Second<<min(failures-free-1, 8))
}
