package card

import "crypto/rand"

// Tags that GET DATA is asked for.
const (
	TagCPLC    uint16 = 0x9f7f // card production life cycle
	TagVersion uint16 = 0xdf30 // applet version, first generation
)

// getData is GET DATA (ISO/IEC 7816-4 §11.5.3) for the objects of the selected application, or of the
// card manager before one is.
func (c *Chip) getData(cmd command) []byte {
	objects := c.Objects
	if c.session.app != nil {
		objects = c.session.app.Objects
	}
	data, ok := objects[uint16(cmd.p1)<<8|uint16(cmd.p2)]
	switch {
	case !ok:
		return statusNotFound.alone()
	case cmd.le == 0 || len(cmd.data) != 0:
		return statusWrongLength.alone()
	case cmd.le < len(data):
		return (statusRightLength | Status(len(data)&0xff)).alone()
	}
	return statusOK.after(data)
}

// getDataObject is GET DATA with odd INS. It serves the mutual authentication of the remote address
// service, which this card does not take part in.
func (c *Chip) getDataObject(command) []byte { return statusNotFound.alone() }

// authenticate stands for the commands of mutual and chip authentication. The first belong to the
// remote address service, the second to the contactless interface; over contacts no key for
// either can be chosen, so their conditions are never satisfied.
func (c *Chip) authenticate(command) []byte { return statusConditions.alone() }

// getChallenge is GET CHALLENGE (ISO/IEC 7816-4 §11.5.4).
func (c *Chip) getChallenge(cmd command) []byte {
	switch {
	case cmd.p1 != 0 || cmd.p2 != 0:
		return statusWrongP1P2.alone()
	case cmd.le == 0 || len(cmd.data) != 0:
		return statusWrongLength.alone()
	}
	challenge := make([]byte, cmd.le)
	_, _ = rand.Read(challenge) // never fails, see crypto/rand
	return statusOK.after(challenge)
}

// getResponse is GET RESPONSE (ISO/IEC 7816-4 §11.7.1).
func (c *Chip) getResponse(cmd command) []byte {
	pending := c.session.pending
	switch {
	case cmd.p1 != 0 || cmd.p2 != 0:
		return statusWrongP1P2.alone()
	case cmd.le == 0 || len(cmd.data) != 0:
		return statusWrongLength.alone()
	case len(pending) == 0:
		return statusConditions.alone()
	case cmd.le > len(pending) && cmd.le != 256:
		return (statusRightLength | Status(len(pending))).alone()
	}
	c.session.pending = nil
	return c.reply(pending, cmd.le)
}
