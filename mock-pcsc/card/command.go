package card

// A command is a parsed short command APDU (ISO/IEC 7816-3 §12.1). These cards know no extended
// lengths: the middleware for the real ones never sends any.
type command struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int  // 0 when absent, otherwise 1 to 256
	bare             bool // four bytes only
}

// parse tells the four cases apart. ok is false when the lengths contradict each other.
func parse(raw []byte) (c command, ok bool) {
	if len(raw) < 4 {
		return c, false
	}
	c = command{cla: raw[0], ins: raw[1], p1: raw[2], p2: raw[3]}
	body := raw[4:]
	switch {
	case len(body) == 0:
		c.bare = true
		return c, true
	case len(body) == 1:
		c.le = expected(body[0])
		return c, true
	}
	lc := int(body[0])
	switch {
	case lc == 0:
		return c, false
	case len(body) == 1+lc:
	case len(body) == 2+lc:
		c.le = expected(body[1+lc])
	default:
		return c, false
	}
	c.data = body[1 : 1+lc]
	return c, true
}

// expected decodes Le, in which zero stands for 256.
func expected(le byte) int {
	if le == 0 {
		return 256
	}
	return int(le)
}
