package examine

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
)

// Data groups that are looked at here (Doc 9303-10 §4.7).
const (
	groupMRZ     = 1
	groupFace    = 2
	groupDetails = 11
	groupChip    = 14 // keys of chip authentication
	groupActive  = 15 // key of active authentication
)

// evidenceGroups travel to the centre, in this order.
var evidenceGroups = []int{groupMRZ, groupDetails, groupChip, groupActive}

// keptGroups stay at the centre: who it was, and what the chip's proof is verified with.
var keptGroups = []int{groupMRZ, groupChip, groupActive}

// groupTags are the tags that evidence groups begin with, by which they are told apart.
var groupTags = map[int]byte{groupMRZ: 0x61, groupDetails: 0x6B, groupChip: 0x6E, groupActive: 0x6F}

// maxEvidence bounds the evidence files together. They have some hundred bytes; a chip with many keys has a few thousand.
const maxEvidence = 128 << 10

// TravelFiles is what was read from the chip of a travel document so far. It is personal: Wipe it.
type TravelFiles struct {
	SOD []byte // EF.SOD

	// Groups are data groups as they were read, tag and length included. A group that is there and empty was looked for
	// and not found on the chip.
	Groups map[int][]byte

	Access travel.Protection // how the chip was opened
	Typed  string            // the MRZ that it was opened with; empty when it was the access number

	// Dumped says that the files came without their chip: groups that are not there may be on it, and what only the chip
	// can prove stays unproven.
	Dumped bool
}

// Wipe overwrites the files.
func (f *TravelFiles) Wipe() {
	clear(f.SOD)
	for _, content := range f.Groups {
		clear(content)
	}
	*f = TravelFiles{}
}

// read returns the groups that were found.
func (f TravelFiles) read() map[int][]byte {
	found := make(map[int][]byte, len(f.Groups))
	for number, content := range f.Groups {
		if len(content) > 0 {
			found[number] = content
		}
	}
	return found
}

// TravelBytes returns the identity bytes of a travel document that go to the centre: DG1, DG11, DG14 and DG15 as
// they were read, those that the chip has, one behind the other. The photograph is not among them.
func TravelBytes(files TravelFiles) []byte { return joinGroups(files.Groups, evidenceGroups) }

// KeptBytes returns what may stay at the centre of the groups that TravelBytes had: DG1, and DG14 and DG15 with the chip's
// keys.
func KeptBytes(groups map[int][]byte) []byte { return joinGroups(groups, keptGroups) }

func joinGroups(groups map[int][]byte, numbers []int) []byte {
	var out []byte
	for _, number := range numbers {
		out = append(out, groups[number]...)
	}
	return out
}

// TypedFiles returns the identity bytes of a document whose MRZ was typed: a DG1 of it, as
// the document's chip would have it. The error is *mrz.Error.
func TypedFiles(typed string) ([]byte, error) {
	text, err := joined(typed)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(groupTags[groupMRZ]), func(b *cryptobyte.Builder) {
		b.AddUint16(tagMRZ)
		b.AddUint8(byte(len(text))) // at most 90
		b.AddBytes([]byte(text))
	})
	return b.BytesOrPanic(), nil
}

// tagMRZ is around the characters of the MRZ in DG1 (Doc 9303-10 §4.7.1).
const tagMRZ = 0x5F1F

// joined returns the characters of an MRZ that was typed, without line breaks.
func joined(typed string) (string, error) {
	lines := strings.Fields(typed)
	text := strings.Join(lines, "")
	for _, format := range []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3} {
		if count, width := format.Size(); len(text) == count*width {
			return text, nil
		}
	}
	return "", &mrz.Error{Line: -1, Err: mrz.ErrFormat}
}

// ErrFiles says that bytes are not evidence files.
var ErrFiles = errors.New("not the files of a travel document")

// ParseFiles takes identity bytes apart again: each file at most once, in the order of their numbers, DG1
// there, nothing between and nothing behind. The error wraps ErrFiles.
func ParseFiles(data []byte) (map[int][]byte, error) {
	if len(data) > maxEvidence {
		return nil, fmt.Errorf("%w: too long", ErrFiles)
	}
	groups := make(map[int][]byte)
	last := 0
	for len(data) > 0 {
		number := groupOf(data[0])
		if number <= last {
			return nil, fmt.Errorf("%w: tag %02X where it cannot stand", ErrFiles, data[0])
		}
		size, ok := objectSize(data)
		if !ok {
			return nil, fmt.Errorf("%w: length of DG%d", ErrFiles, number)
		}
		groups[number], data, last = data[:size:size], data[size:], number
	}
	if groups[groupMRZ] == nil {
		return nil, fmt.Errorf("%w: without DG1", ErrFiles)
	}
	return groups, nil
}

// groupOf returns the data group that begins with a tag, 0 for none of evidence.
func groupOf(tag byte) int {
	for number, t := range groupTags {
		if t == tag {
			return number
		}
	}
	return 0
}

// objectSize returns how many bytes the data object at the beginning has, its tag of one byte included. Chips write
// lengths in more bytes than they need, and the hashes are over what they write, so it is not DER.
func objectSize(data []byte) (size int, ok bool) {
	if len(data) < 2 {
		return 0, false
	}
	header, length := 2, int(data[1])
	if length >= 0x80 {
		n := length & 0x7F
		if n == 0 || n > 3 || len(data) < 2+n {
			return 0, false
		}
		header, length = 2+n, 0
		for _, b := range data[2:header] {
			length = length<<8 | int(b)
		}
	}
	return header + length, length > 0 && header+length <= len(data)
}
