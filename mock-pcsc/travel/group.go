package travel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/jpeg" // portraits
	"slices"
	"strings"
	"time"
)

// object encodes a data object with a tag of one or two bytes and the shortest length.
func object(tag uint16, parts ...[]byte) []byte {
	var out []byte
	if tag > 0xff {
		out = append(out, byte(tag>>8))
	}
	value := slices.Concat(parts...)
	out = append(out, byte(tag))
	switch n := len(value); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, value...)
}

// zoneGroup is data group 1 (ICAO 9303-10 §4.7.1).
func zoneGroup(lines []string) []byte {
	return object(0x61, object(0x5f1f, []byte(strings.Join(lines, ""))))
}

// Kinds of image data (ISO/IEC 19794-5 §5.7.2).
const (
	imageJPEG     = 0
	imageJPEG2000 = 1
)

// photoGroup is data group 2: one biometric information template (ICAO 9303-10 §4.7.2.1) around a record.
func photoGroup(picture []byte, form Record) ([]byte, error) {
	kind, width, height, err := dimensions(picture)
	if err != nil {
		return nil, err
	}
	block, record := uint16(0x5f2e), facialRecord(picture, kind, width, height)
	switch form {
	case RecordPlain:
	case RecordLong:
		binary.BigEndian.PutUint32(record[8:], uint32(len(record)+1))
	case RecordExtensible:
		block, record = 0x7f2e, extensibleRecord(picture, kind)
	case RecordUnreadable:
		block, record = 0x7f2e, object(0xa1, object(0x30, picture))
	}
	// The four objects that issuers write; mrtdreader looks for the picture behind as many bytes as they make.
	head := object(0xa1, object(0x81, []byte{0x02}), object(0x82, []byte{0x00}), object(0x87, []byte{0x01, 0x01}),
		object(0x88, []byte{0x00, 0x08}))
	return object(0x75, object(0x7f61, object(0x02, []byte{1}), object(0x7f60, head, object(block, record)))), nil
}

// facialRecord is a record of ISO/IEC 19794-5:2005 §5 without feature points.
func facialRecord(picture []byte, kind byte, width, height int) []byte {
	const header, information, imageInformation = 14, 20, 12
	size := information + imageInformation + len(picture)
	record := []byte("FAC\x00010\x00")
	record = binary.BigEndian.AppendUint32(record, uint32(header+size))
	record = append(record, 0, 1)
	record = binary.BigEndian.AppendUint32(record, uint32(size))
	record = append(record, make([]byte, information-4)...)
	record = append(record, 0x01, kind) // full frontal
	record = binary.BigEndian.AppendUint16(record, uint16(width))
	record = binary.BigEndian.AppendUint16(record, uint16(height))
	record = append(record, 0x01, 0x02, 0, 0, 0, 0) // sRGB, digital camera
	return append(record, picture...)
}

// extensibleRecord is a record of ISO/IEC 39794-5:2019 annex A: version block, and one representation block with its 2D
// image.
func extensibleRecord(picture []byte, kind byte) []byte {
	version := object(0xa0, object(0x80, []byte{3}), object(0x81, []byte{0x07, 0xe3})) // 3, 2019
	format := object(0xa0, object(0x80, []byte{2 + kind}))                             // JPEG, JPEG 2000
	image := object(0xa0, object(0xa0, object(0x80, picture), object(0xa1, format)))
	return object(0xa1, object(0x65, version, object(0xa1, object(0x30, object(0x80, []byte{0}), object(0xa1, image)))))
}

// dimensions finds kind and size of a portrait. A JP2 file has its size in the image header box
// (ISO/IEC 15444-1 §I.5.3.1): height first.
func dimensions(picture []byte) (kind byte, width, height int, err error) {
	if i := bytes.Index(picture, []byte("ihdr")); i > 0 && len(picture) > i+12 {
		box := picture[i+4:]
		return imageJPEG2000, int(binary.BigEndian.Uint32(box[4:])), int(binary.BigEndian.Uint32(box)), nil
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return 0, 0, 0, fmt.Errorf("reading a portrait's size: %w", err)
	}
	return imageJPEG, config.Width, config.Height, nil
}

// fingerGroup is data group 3 with as many templates as an issuer has that takes no fingerprints, filled to
// the size of two of them: nobody reads it.
func fingerGroup() []byte {
	return object(0x63, object(0x7f61, object(0x02, []byte{0}), object(0x53, make([]byte, 1<<10))))
}

// detailsGroup is data group 11 (ICAO 9303-10 §4.7.11): the name as it is spelled, and the whole date of birth.
func detailsGroup(p Person) []byte {
	name := strings.ReplaceAll(p.Surname, " ", "<") + "<<" + strings.ReplaceAll(p.GivenNames, " ", "<")
	return object(0x6b, object(0x5c, []byte{0x5f, 0x0e, 0x5f, 0x2b, 0x5f, 0x11}), object(0x5f0e, []byte(name)),
		object(0x5f2b, []byte(p.Birth.Format("20060102"))), object(0x5f11, []byte("Amaurote<UTO")))
}

// documentGroup is data group 12 (ICAO 9303-10 §4.7.12): who issued the document, and when.
func documentGroup(authority string, from time.Time) []byte {
	return object(0x6c, object(0x5c, []byte{0x5f, 0x19, 0x5f, 0x26}), object(0x5f19, []byte(authority)),
		object(0x5f26, []byte(from.Format("20060102"))))
}

// groupTags are the tags of data groups, by number (ICAO 9303-10 table 33).
var groupTags = map[int]byte{1: 0x61, 2: 0x75, 3: 0x63, 11: 0x6b, 12: 0x6c, 14: 0x6e, 15: 0x6f}

// commonFile is EF.COM (ICAO 9303-10 §4.6.1): versions, and which groups there are.
func commonFile(groups map[int][]byte) []byte {
	var tags []byte
	for n := 1; n <= 16; n++ {
		if groups[n] != nil {
			tags = append(tags, groupTags[n])
		}
	}
	return object(0x60, object(0x5f01, []byte("0107")), object(0x5f36, []byte("040000")), object(0x5c, tags))
}

// absurdLength replaces the outer length of a data object with a tag of one byte by 2 GiB.
func absurdLength(file []byte) []byte {
	head := 2
	if file[1] >= 0x80 {
		head += int(file[1] & 0x7f)
	}
	return append([]byte{file[0], 0x84, 0x7f, 0xff, 0xff, 0xff}, file[head:]...)
}
