package card

import "slices"

// Access is the PIN that must have been verified, by reference.
type Access byte

// Access conditions that are no PIN.
const (
	Always Access = 0
	Never  Access = 0xff
)

// A File is a transparent elementary file.
type File struct {
	ID          uint16 // file identifier
	SFI         byte   // short identifier, 0 for none
	Data        []byte
	Declared    int    // size that the FCI tells when it lies; 0 tells the truth
	Read, Write Access // Always, Never, or the reference of a PIN
}

// A Dir is a dedicated file, or the master file.
type Dir struct {
	ID    uint16 // file identifier
	Name  string // DF name, tag 84 of its FCI
	Files []*File
	Dirs  []*Dir
}

// masterFile is the identifier of a tree's root.
const masterFile = 0x3f00

func (d *Dir) file(id uint16) *File {
	i := slices.IndexFunc(d.Files, func(f *File) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return d.Files[i]
}

func (d *Dir) short(sfi byte) *File {
	i := slices.IndexFunc(d.Files, func(f *File) bool { return f.SFI == sfi })
	if i < 0 {
		return nil
	}
	return d.Files[i]
}

func (d *Dir) dir(id uint16) *Dir {
	i := slices.IndexFunc(d.Dirs, func(sub *Dir) bool { return sub.ID == id })
	if i < 0 {
		return nil
	}
	return d.Dirs[i]
}

// parentOf finds the directory that holds child, below d.
func (d *Dir) parentOf(child *Dir) *Dir {
	for _, sub := range d.Dirs {
		if sub == child {
			return d
		}
		if found := sub.parentOf(child); found != nil {
			return found
		}
	}
	return nil
}

// control builds the file control information of a file, as the generation has it. The size comes
// first: the State's middleware cuts the last two bytes of the template before it looks.
func (f *File) control(template byte, modern bool) []byte {
	size := len(f.Data)
	if f.Declared != 0 {
		size = f.Declared
	}
	id := []byte{byte(f.ID >> 8), byte(f.ID)}
	if modern {
		return tlv(template, tlv(0x80, sizeBytes(size, 3)), tlv(0x82, []byte{0x01}), tlv(0x83, id),
			tlv(0x86, []byte{0x40, 0x01, 0xff}))
	}
	return tlv(template, tlv(0x81, sizeBytes(size, 2)), tlv(0x82, []byte{0x01}), tlv(0x83, id),
		tlv(0x8a, []byte{0x05}), tlv(0x8c, []byte{0x1b, 0xff, 0xff, 0xff, 0x00}))
}

// control of a directory has no tag 82, which is how OpenSC tells it from a file.
func (d *Dir) control(template byte, aid []byte) []byte {
	name := []byte(d.Name)
	if d.ID == masterFile && len(aid) > 0 {
		name = aid
	}
	return tlv(template, tlv(0x83, []byte{byte(d.ID >> 8), byte(d.ID)}),
		tlv(0x8c, []byte{0x06, 0x00, 0x00}), tlv(0x84, name))
}

// sizeBytes writes n big-endian in at least width bytes and at most four.
func sizeBytes(n, width int) []byte {
	all := []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	for len(all) > width && all[0] == 0 {
		all = all[1:]
	}
	return all
}

// tlv encodes one data object with a single-byte tag and the shortest length.
func tlv(tag byte, parts ...[]byte) []byte {
	value := slices.Concat(parts...)
	out := []byte{tag}
	switch n := len(value); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	return append(out, value...)
}
