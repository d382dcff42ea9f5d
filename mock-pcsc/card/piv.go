package card

import (
	"bytes"
	"crypto"
	"encoding/binary"
)

// PIVContents are what is on a PIV card (NIST SP 800-73-4) that also knows what YubiKeys added: the version, the serial
// number and the metadata of keys.
type PIVContents struct {
	ATR     []byte
	Serial  uint32
	PIN     *PIN                   // reference 80
	Keys    map[byte]crypto.Signer // by reference: 9A, 9C, 9D, 9E
	Objects map[PIVObject][]byte   // what GET DATA returns within tag 53
}

// A PIVObject is the tag of a data object (SP 800-73-4 part 1 table 3).
type PIVObject uint32

// Data objects.
const (
	PIVDiscovery     PIVObject = 0x7e
	PIVCHUID         PIVObject = 0x5fc102
	PIVCertificate9A PIVObject = 0x5fc105
)

// References of keys and of the PIN (SP 800-73-4 part 1 table 4b).
const (
	PINPIV            byte = 0x80
	PIVAuthentication byte = 0x9a
	pivManagement     byte = 0x9b
	pivCardAuth       byte = 0x9e
)

// Instructions that the other cards do not have. The last three are YubiKeys' own.
const (
	insGenerate       = 0x47
	insPIVGeneralAuth = 0x87
	insPutData        = 0xdb
	insMetadata       = 0xf7
	insSerial         = 0xf8
	insVersion        = 0xfd
)

// aidPIV is the application's name with its version (SP 800-73-4 part 1 §2.2). The first five bytes will do.
var aidPIV = []byte{0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00}

// pivVersion is that of a YubiKey which tells the metadata of keys and has a 3DES management key.
var pivVersion = []byte{5, 4, 3}

// A PIV is a PIV card. Create it with NewPIV.
type PIV struct {
	PIVContents
	session pivSession
	powered bool
}

// pivSession is what a reset forgets.
type pivSession struct {
	selected bool
	verified bool    // the PIN
	managed  bool    // the management key
	witness  []byte  // that the management key must decipher
	chain    command // command whose data are still coming (CLA 10)
	pending  []byte  // for GET RESPONSE
}

var _ Card = (*PIV)(nil)

// NewPIV puts a card together. The contents belong to it from then on.
func NewPIV(c PIVContents) *PIV { return &PIV{PIVContents: c} }

// ATR is the answer to reset.
func (p *PIV) ATR() []byte { return bytes.Clone(p.PIVContents.ATR) }

// PowerOn starts a session.
func (p *PIV) PowerOn() { p.powered, p.session = true, pivSession{} }

// PowerOff ends it.
func (p *PIV) PowerOff() { p.powered, p.session = false, pivSession{} }

// Reset starts it anew.
func (p *PIV) Reset() { p.PowerOn() }

// Transmit answers a command.
func (p *PIV) Transmit(raw []byte) Response {
	if !p.powered {
		return Response{Silent: true}
	}
	return Response{Data: p.answer(raw)}
}

func (p *PIV) answer(raw []byte) []byte {
	if len(raw) > 0 && raw[0] != 0x00 && raw[0] != classChained {
		return classStatus(raw).alone()
	}
	cmd, ok := parse(raw)
	if !ok {
		return statusWrongLength.alone()
	}
	if cmd.le == 0 {
		cmd.le = 256 // as YubiKeys: without Le everything is asked for
	}
	if cmd.ins == insGetResponse {
		return p.reply(p.session.pending, cmd.le)
	}
	p.session.pending = nil
	cmd, status := p.gather(cmd)
	if status != statusMore {
		return status.alone()
	}
	if !p.session.selected && cmd.ins != insSelect {
		return statusUnknownINS.alone()
	}
	return p.dispatch(cmd)
}

// classChained is CLA of a command that is not the last of its chain (ISO/IEC 7816-4 §5.3.3).
const classChained = 0x10

// maxChained is more than any command to these cards has.
const maxChained = 4096

// gather joins the data of chained commands. The status is statusMore when the command is complete.
func (p *PIV) gather(cmd command) (command, Status) {
	before := p.session.chain
	p.session.chain = command{}
	if len(before.data) > 0 {
		if cmd.ins != before.ins || cmd.p1 != before.p1 || cmd.p2 != before.p2 {
			return cmd, statusNoChaining
		}
		cmd.data = append(before.data, cmd.data...)
	}
	switch {
	case len(cmd.data) > maxChained:
		return cmd, statusWrongLength
	case cmd.cla == classChained:
		p.session.chain = command{ins: cmd.ins, p1: cmd.p1, p2: cmd.p2, data: bytes.Clone(cmd.data)}
		return cmd, statusOK
	}
	return cmd, statusMore
}

func (p *PIV) dispatch(cmd command) []byte {
	switch cmd.ins {
	case insSelect:
		return p.selectName(cmd)
	case insVerify:
		return p.verify(cmd).alone()
	case insGetDataObject:
		return p.getData(cmd)
	case insPIVGeneralAuth:
		return p.authenticate(cmd)
	case insVersion:
		return statusOK.after(pivVersion)
	case insSerial:
		return statusOK.after(binary.BigEndian.AppendUint32(nil, p.Serial))
	case insMetadata:
		return p.metadata(cmd)
	case insGenerate:
		return p.generate(cmd)
	case insPutData:
		return p.putData(cmd).alone()
	}
	return statusUnknownINS.alone()
}

// selectName is SELECT (SP 800-73-4 part 2 §3.1.1) with the name or the beginning of it.
func (p *PIV) selectName(cmd command) []byte {
	if cmd.p1 != 0x04 || len(cmd.data) < 5 || !bytes.HasPrefix(aidPIV, cmd.data) {
		return statusFileNotFound.alone()
	}
	p.session = pivSession{selected: true}
	return statusOK.after(tlv(0x61, tlv(0x4f, aidPIV[5:]), tlv(0x79, tlv(0x4f, aidPIV[:5]))))
}

// verify is VERIFY (SP 800-73-4 part 2 §3.2.1).
func (p *PIV) verify(cmd command) Status {
	switch {
	case cmd.p2 != PINPIV:
		return statusNotFound
	case cmd.p1 == 0xff && len(cmd.data) == 0:
		p.session.verified = false
		return statusOK
	case cmd.p1 != 0:
		return statusWrongP1P2
	case len(cmd.data) == 0 && p.session.verified:
		return statusOK
	case len(cmd.data) == 0 && p.PIN.tries == 0:
		return statusBlocked
	case len(cmd.data) == 0:
		return statusTries | Status(p.PIN.tries)
	case len(cmd.data) != pinStored || len(bytes.TrimRight(cmd.data, "\xff")) < 6:
		return statusWrongData
	}
	status := try(&p.PIN.tries, p.PIN.value, cmd.data)
	p.session.verified = status == statusOK
	return status
}

// getData is GET DATA (SP 800-73-4 part 2 §3.1.2). The discovery object comes as it is, the others within tag 53.
func (p *PIV) getData(cmd command) []byte {
	tag, rest, ok := pivTag(cmd.data)
	switch {
	case cmd.p1 != 0x3f || cmd.p2 != 0xff:
		return statusWrongP1P2.alone()
	case !ok || len(rest) > 0:
		return statusWrongData.alone()
	case tag == PIVDiscovery:
		// The PIN of the application and no other (SP 800-73-4 part 1 §3.3.2).
		return p.reply(tlv(0x7e, tlv(0x4f, aidPIV), []byte{0x5f, 0x2f, 0x02, 0x40, 0x00}), cmd.le)
	}
	object, ok := p.Objects[tag]
	if !ok {
		return statusFileNotFound.alone()
	}
	return p.reply(tlv(0x53, object), cmd.le)
}

// pivTag reads the tag list that begins the data of GET DATA and PUT DATA.
func pivTag(data []byte) (tag PIVObject, rest []byte, ok bool) {
	list, rest, ok := cutTLV(0x5c, data)
	if !ok || len(list) == 0 || len(list) > 3 {
		return 0, nil, false
	}
	for _, b := range list {
		tag = tag<<8 | PIVObject(b)
	}
	return tag, rest, true
}

// cutTLV takes a data object with a single-byte tag from the front.
func cutTLV(tag byte, data []byte) (value, rest []byte, ok bool) {
	if len(data) < 2 || data[0] != tag {
		return nil, nil, false
	}
	size, data := int(data[1]), data[2:]
	if size > 0x80 {
		more := size - 0x80
		if more > 2 || len(data) < more {
			return nil, nil, false
		}
		size = 0
		for _, b := range data[:more] {
			size = size<<8 | int(b)
		}
		data = data[more:]
	}
	if size > len(data) {
		return nil, nil, false
	}
	return data[:size], data[size:], true
}

// reply sends up to le bytes and keeps the rest for GET RESPONSE.
func (p *PIV) reply(data []byte, le int) []byte {
	n := min(len(data), le)
	p.session.pending = bytes.Clone(data[n:])
	if n == len(data) {
		return statusOK.after(data)
	}
	return moreAfter(data[:n], len(data)-n)
}
