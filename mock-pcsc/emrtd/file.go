package emrtd

import (
	"bytes"
	"encoding/binary"
	"slices"

	"balcao/mock-pcsc/card"
)

// Access says what a file asks for.
type Access int

// Access conditions, each stronger than the one before.
const (
	Open    Access = iota // read by anybody
	Granted               // after BAC or PACE
	ByPACE                // after PACE only
	Never                 // biometrics that ask for a terminal's certificate
)

// A File is a transparent elementary file, read-only like all in a travel document.
type File struct {
	ID   uint16
	SFI  byte // short identifier, 0 for none
	Data []byte
	Read Access
}

// AID of the eMRTD application (ICAO 9303-10 §3.3).
var aidTravel = []byte{0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}

const masterFile = 0x3f00

// endless is what a file that never ends says of its size, and what it is filled with.
const (
	endlessSize   = 0x7fffffff
	endlessFiller = 0x5a
)

// selectFile is SELECT (ISO/IEC 7816-4 §11.2.2) by name, by identifier, and by path.
func (c *Chip) selectFile(cmd command) answer {
	if cmd.p2 != 0x00 && cmd.p2 != 0x04 && cmd.p2 != 0x0c {
		return refused(statusWrongP1P2)
	}
	if cmd.p1 == 0x04 {
		return c.selectApplication(cmd)
	}
	if c.session.here == inInner {
		return c.pass(cmd, cmd.le)
	}
	if len(cmd.data)%2 != 0 {
		return refused(statusWrongLength)
	}
	switch cmd.p1 {
	case 0x00, 0x02:
		return c.selectIdentifier(cmd)
	case 0x08:
		return c.selectPath(cmd)
	}
	return refused(statusWrongP1P2)
}

func (c *Chip) selectApplication(cmd command) answer {
	switch {
	case len(cmd.data) == 0:
		return refused(statusWrongData)
	case len(c.Files) > 0 && bytes.Equal(cmd.data, aidTravel):
		c.session.here, c.session.file = inApplication, nil
		return c.control(cmd, object(0x6f, object(0x84, aidTravel)))
	case c.Inner == nil:
		return refused(statusFileNotFound)
	case c.session.granted != ByPACE:
		// Which applications there are is nobody's business before PACE.
		return refused(statusSecurity)
	}
	out := c.pass(cmd, cmd.le)
	if out.status == statusOK {
		c.session.here, c.session.file = inInner, nil
	}
	return out
}

func (c *Chip) selectIdentifier(cmd command) answer {
	if len(cmd.data) == 0 && cmd.p1 == 0x00 {
		return c.selectMaster(cmd)
	}
	if len(cmd.data) != 2 {
		return refused(statusWrongLength)
	}
	id := binary.BigEndian.Uint16(cmd.data)
	if id == masterFile && cmd.p1 == 0x00 {
		return c.selectMaster(cmd)
	}
	return c.enter(cmd, c.find(func(f *File) bool { return f.ID == id }))
}

func (c *Chip) selectMaster(cmd command) answer {
	c.session.here, c.session.file = inMaster, nil
	return c.control(cmd, object(0x6f, object(0x83, []byte{0x3f, 0x00})))
}

// selectPath follows a path from the master file, which has files but no directories.
func (c *Chip) selectPath(cmd command) answer {
	path := bytes.TrimPrefix(cmd.data, []byte{0x3f, 0x00})
	switch {
	case len(path) == 0:
		return c.selectMaster(cmd)
	case len(path) != 2:
		return refused(statusFileNotFound)
	}
	i := slices.IndexFunc(c.Master, func(f *File) bool { return f.ID == binary.BigEndian.Uint16(path) })
	if i < 0 {
		return refused(statusFileNotFound)
	}
	c.session.here = inMaster
	return c.enter(cmd, c.Master[i])
}

// find looks in the selected application, or in the master file.
func (c *Chip) find(match func(*File) bool) *File {
	files := c.Master
	if c.session.here == inApplication {
		files = c.Files
	}
	i := slices.IndexFunc(files, match)
	if i < 0 {
		return nil
	}
	return files[i]
}

// enter makes a file the current one. Before access is granted the application does not say either
// which files it lacks.
func (c *Chip) enter(cmd command, f *File) answer {
	switch {
	case f == nil && c.session.here == inApplication && c.session.granted == Open:
		return refused(statusSecurity)
	case f == nil:
		return refused(statusFileNotFound)
	case f.Read > c.session.granted:
		return refused(statusSecurity)
	}
	c.session.file = f
	size := len(f.Data)
	if c.endless(f) {
		size = endlessSize
	}
	sizeField := binary.BigEndian.AppendUint32(nil, uint32(size))
	if size < 1<<16 {
		sizeField = sizeField[2:]
	}
	return c.control(cmd, object(0x6f, object(0x80, sizeField), object(0x82, []byte{0x01}),
		object(0x83, binary.BigEndian.AppendUint16(nil, f.ID)), object(0x88, shortIdentifier(f.SFI))))
}

func shortIdentifier(sfi byte) []byte {
	if sfi == 0 {
		return nil
	}
	return []byte{sfi << 3}
}

// control sends file control information to whoever asks for it and has room.
func (c *Chip) control(cmd command, information []byte) answer {
	if cmd.p2 == 0x0c || cmd.le == 0 {
		return with(nil)
	}
	if cmd.p2 == 0x04 {
		information[0] = 0x62
	}
	return with(information)
}

func (c *Chip) endless(f *File) bool { return c.Fault != nil && c.Fault.Endless == f.ID }

// readBinary is READ BINARY (ISO/IEC 7816-4 §11.3.3) with an offset of 15 bits, or with a short file
// identifier and an offset of 8.
func (c *Chip) readBinary(cmd command, room int) answer {
	offset := int(cmd.p1)<<8 | int(cmd.p2)
	if cmd.p1&0x80 != 0 {
		offset = int(cmd.p2)
		if status := c.short(cmd.p1 & 0x7f); status != statusOK {
			return refused(status)
		}
	}
	if cmd.le == 0 || len(cmd.data) != 0 {
		return refused(statusWrongLength)
	}
	return c.read(span{offset, cmd.le, min(room, c.Longest), cmd.exact()})
}

// readBinaryOdd is READ BINARY with odd INS, for offsets that 15 bits cannot hold: the offset is in data
// object 54, and the data come back in 53.
func (c *Chip) readBinaryOdd(cmd command, room int) answer {
	if cmd.p1 != 0 {
		return refused(statusWrongP1P2)
	}
	if cmd.p2 != 0 {
		if status := c.short(cmd.p2); status != statusOK {
			return refused(status)
		}
	}
	list, ok := objects(cmd.data)
	switch {
	case !ok || len(list) != 1 || list[0].tag != 0x54 || len(list[0].value) == 0 || len(list[0].value) > 4:
		return refused(statusWrongData)
	case cmd.le == 0:
		return refused(statusWrongLength)
	}
	offset := 0
	for _, b := range list[0].value {
		offset = offset<<8 | int(b)
	}
	// Le counts the data object, whose head is as long as its length says.
	out := c.read(span{offset, inside(cmd.le), inside(min(room, c.Longest)), cmd.exact()})
	if len(out.data) > 0 {
		out.data = object(0x53, out.data)
	}
	return out
}

// inside is how many bytes fit into a data object with a tag of one byte that may take n in all.
func inside(n int) int {
	for _, head := range []int{2, 3, 4, 5} {
		if inner := n - head; inner >= 0 && len(object(0x53, make([]byte, inner))) <= n {
			return inner
		}
	}
	return 0
}

// short selects a file by its short identifier.
func (c *Chip) short(sfi byte) status {
	if c.NoShort {
		return statusConditions
	}
	if sfi == 0 || sfi > 30 {
		return statusWrongP1P2
	}
	f := c.find(func(f *File) bool { return f.SFI == sfi })
	switch {
	case f == nil && c.session.here == inApplication && c.session.granted == Open:
		return statusSecurity
	case f == nil:
		return statusFileNotFound
	case f.Read > c.session.granted:
		return statusSecurity
	}
	c.session.file = f
	return statusOK
}

// span is what a READ BINARY asks for: bytes from an offset on, of which room fit into the response.
type span struct {
	offset, le, room int
	exact            bool // Le is a number, not as much as there is
}

// read sends bytes of the current file. Where fewer are left than were asked for exactly, that is
// said; where fewer fit, a lenient chip sends those.
func (c *Chip) read(s span) answer {
	f := c.session.file
	fit := min(s.le, s.room)
	switch {
	case f == nil:
		return refused(statusNoCurrentEF)
	case c.endless(f):
		return with(append(bytes.Clone(f.Data[min(s.offset, len(f.Data)):]), bytes.Repeat([]byte{endlessFiller}, fit)...)[:fit])
	case s.offset >= len(f.Data):
		return refused(statusBeyondEnd)
	case c.Strict && s.le > s.room:
		return refused(statusWrongLength)
	case c.Fault != nil && c.Fault.Refused == f.ID:
		return refused(statusConditions)
	}
	end := min(s.offset+fit, len(f.Data))
	if event := c.stops(f, end); event != nil {
		return answer{event: event}
	}
	data := f.Data[s.offset:end]
	if s.exact && len(data) < fit {
		return answer{data: data, status: statusEndOfFile}
	}
	return with(data)
}

// stops is what a faulty chip does when a read reaches its weak spot.
func (c *Chip) stops(f *File, end int) *card.Response {
	if c.Fault == nil || c.Fault.File != f.ID || end <= c.Fault.At {
		return nil
	}
	return &c.Fault.Response
}

// pass hands a command in clear to the applications beside the eMRTD one.
func (c *Chip) pass(cmd command, room int) answer {
	if cmd.ins == insReadBinary && cmd.le > room {
		cmd.le = room
	}
	raw, ok := cmd.encode()
	if !ok {
		return refused(statusWrongLength)
	}
	response := c.Inner.Transmit(raw)
	if response.Silent || response.Removed || len(response.Data) < 2 {
		return answer{event: &response}
	}
	n := len(response.Data) - 2
	return answer{data: response.Data[:n], status: status(binary.BigEndian.Uint16(response.Data[n:]))}
}

// encode is the command with short lengths, in clear.
func (c command) encode() ([]byte, bool) {
	if len(c.data) > 255 || c.le > shortest {
		return nil, false
	}
	raw := []byte{0x00, c.ins, c.p1, c.p2}
	if len(c.data) > 0 {
		raw = append(append(raw, byte(len(c.data))), c.data...)
	}
	if c.le > 0 {
		raw = append(raw, byte(c.le))
	}
	return raw, true
}
