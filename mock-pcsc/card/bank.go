package card

import "bytes"

// Names of the applications of a bank card (EMV book 1 §12.2.2).
var (
	aidPayment     = []byte("1PAY.SYS.DDF01")
	aidProximity   = []byte("2PAY.SYS.DDF01")
	aidDebitScheme = []byte{0xa0, 0x00, 0x00, 0x00, 0x04, 0x30, 0x60}
)

// A Bank is an EMV debit card, as people put one in by mistake. Its number fails the Luhn check and
// it holds no key, so it can pay for nothing.
type Bank struct {
	atr      []byte
	selected []byte
	tries    int
	powered  bool
}

var _ Card = (*Bank)(nil)

// NewBank returns a bank card with its three PIN tries.
func NewBank(atr []byte) *Bank { return &Bank{atr: atr, tries: maxTries} }

// ATR is the answer to reset.
func (b *Bank) ATR() []byte { return bytes.Clone(b.atr) }

// PowerOn starts a session.
func (b *Bank) PowerOn() { b.powered, b.selected = true, nil }

// PowerOff ends it.
func (b *Bank) PowerOff() { b.powered, b.selected = false, nil }

// Reset starts it anew.
func (b *Bank) Reset() { b.PowerOn() }

// Transmit answers the commands with which a terminal begins (EMV book 3 §6.5).
func (b *Bank) Transmit(raw []byte) Response {
	if !b.powered {
		return Response{Silent: true}
	}
	return Response{Data: b.answer(raw)}
}

func (b *Bank) answer(raw []byte) []byte {
	if status := classStatus(raw); status != statusOK {
		return status.alone()
	}
	cmd, ok := parse(raw)
	if !ok {
		return statusWrongLength.alone()
	}
	switch {
	case cmd.cla == 0x00 && cmd.ins == insSelect:
		return b.selectName(cmd)
	case cmd.cla == 0x00 && cmd.ins == 0xb2: // READ RECORD
		return b.readRecord(cmd)
	case cmd.cla == 0x00 && cmd.ins == insVerify:
		return b.verify(cmd)
	case cmd.cla == 0x80 && cmd.ins == 0xa8: // GET PROCESSING OPTIONS
		return b.processingOptions()
	case cmd.cla == 0x80 && cmd.ins == insGetData:
		return b.getData(cmd)
	}
	return statusUnknownINS.alone()
}

func (b *Bank) selectName(cmd command) []byte {
	if cmd.p1 != 0x04 {
		return statusFileNotFound.alone()
	}
	var proprietary []byte
	entry := tlv(0x61, tlv(0x4f, aidDebitScheme), tlv(0x50, []byte("DEBITO")), tlv(0x87, []byte{1}))
	switch {
	case bytes.Equal(cmd.data, aidPayment):
		proprietary = tlv(0x88, []byte{1})
	case bytes.Equal(cmd.data, aidProximity):
		proprietary = append([]byte{0xbf, 0x0c, byte(len(entry))}, entry...)
	case len(cmd.data) >= 5 && bytes.HasPrefix(aidDebitScheme, cmd.data): // partial names are allowed
		proprietary = tlv(0x50, []byte("DEBITO"))
	default:
		return statusFileNotFound.alone()
	}
	b.selected = bytes.Clone(cmd.data)
	return statusOK.after(tlv(0x6f, tlv(0x84, cmd.data), tlv(0xa5, proprietary)))
}

// readRecord serves the payment directory and the one record of the debit application.
func (b *Bank) readRecord(cmd command) []byte {
	switch {
	case b.selected == nil:
		return statusConditions.alone()
	case cmd.p1 != 1 || cmd.p2>>3 != 1:
		return Status(0x6a83).alone() // record not found
	case bytes.Equal(b.selected, aidPayment):
		return statusOK.after(tlv(0x70, tlv(0x61, tlv(0x4f, aidDebitScheme), tlv(0x50, []byte("DEBITO")))))
	}
	number := []byte{0x67, 0x99, 0x99, 0x00, 0x00, 0x00, 0x00, 0x01}
	expiry := []byte{0x5f, 0x24, 0x03, 0x30, 0x12, 0x31}
	return statusOK.after(tlv(0x70, tlv(0x5a, number), expiry))
}

func (b *Bank) processingOptions() []byte {
	if b.selected == nil {
		return statusConditions.alone()
	}
	return statusOK.after(tlv(0x77, tlv(0x82, []byte{0x18, 0x00}), tlv(0x94, []byte{0x08, 0x01, 0x01, 0x00})))
}

// verify counts every PIN as wrong: this card has an owner, and it is nobody at the desk.
func (b *Bank) verify(cmd command) []byte {
	switch {
	case cmd.p2 != 0x80:
		return statusWrongP1P2.alone()
	case len(cmd.data) != 8:
		return statusWrongLength.alone()
	case b.tries == 0:
		return statusBlocked.alone()
	}
	b.tries--
	return (statusTries | Status(b.tries)).alone()
}

func (b *Bank) getData(cmd command) []byte {
	if cmd.p1 != 0x9f || cmd.p2 != 0x17 { // PIN try counter
		return statusNotFound.alone()
	}
	return statusOK.after([]byte{0x9f, 0x17, 0x01, byte(b.tries)})
}
