package lds

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"balcao/cardreader/iso7816"
)

// Formats of an image.
const (
	JPEG     = "jpeg"
	JPEG2000 = "jpeg2000"
)

// Image is an image as the document has it.
type Image struct {
	Format string // JPEG or JPEG2000
	Data   []byte // part of the file that was parsed, not a copy
}

var imageMagic = []struct {
	format string
	magic  []byte
}{
	{JPEG2000, []byte{0x00, 0x00, 0x00, 0x0C, 'j', 'P', ' ', ' ', 0x0D, 0x0A, 0x87, 0x0A}}, // JP2 file (ISO/IEC 15444-1 annex I)
	{JPEG2000, []byte{0xFF, 0x4F, 0xFF, 0x51}},                                             // codestream
	{JPEG, []byte{0xFF, 0xD8, 0xFF}},
}

// imageIn tells what an image is by its first bytes: what records say of it is wrong often enough.
func imageIn(data []byte) (Image, error) {
	for _, m := range imageMagic {
		if bytes.HasPrefix(data, m.magic) {
			return Image{Format: m.format, Data: data}, nil
		}
	}
	return Image{}, fmt.Errorf("%w: image is neither JPEG nor JPEG 2000", ErrMalformed)
}

// Tags around biometric data: CBEFF as Doc 9303-10 §4.7.2 has it (ISO/IEC 7816-11).
const (
	tagGroup       iso7816.Tag = 0x7F61 // a number and so many templates
	tagTemplate    iso7816.Tag = 0x7F60
	tagBlock       iso7816.Tag = 0x5F2E // a record of ISO/IEC 19794-5
	tagBlockNested iso7816.Tag = 0x7F2E // the same, or one of ISO/IEC 39794-5
)

// Sizes in a facial record (ISO/IEC 19794-5:2005 §5.3 to §5.7).
const (
	facialHeader = 14
	facialInfo   = 20
	featurePoint = 8
	imageInfo    = 12
	facialMark   = "FAC\x00010\x00"
)

// ParseDG2 returns the face. Of several images it is the first, which Doc 9303-9 §4.3 demands to be the displayed portrait.
// ErrMalformed when the file is no such, ErrUnsupported when the record is of ISO/IEC 39794-5, which documents
// may have from 2026 on.
func ParseDG2(file []byte) (Image, error) {
	content, err := iso7816.Unwrap(file, tagDG2)
	if err != nil {
		return Image{}, malformedFace(err)
	}
	group, err := iso7816.Unwrap(content, tagGroup)
	if err != nil {
		return Image{}, malformedFace(err)
	}
	templates, err := iso7816.Parse(group)
	if err != nil {
		return Image{}, malformedFace(err)
	}
	if len(templates) < 2 || templates[0].Tag != tagNumber || len(templates[0].Value) != 1 || templates[1].Tag != tagTemplate {
		return Image{}, fmt.Errorf("%w: DG2: no template", ErrMalformed)
	}
	objects, err := iso7816.Parse(templates[1].Value)
	if err != nil {
		return Image{}, malformedFace(err)
	}
	for _, object := range objects {
		if object.Tag == tagBlock || object.Tag == tagBlockNested {
			return faceIn(object)
		}
	}
	return Image{}, fmt.Errorf("%w: DG2: template without data", ErrMalformed)
}

func malformedFace(err error) error { return fmt.Errorf("%w: DG2: %w", ErrMalformed, err) }

// faceIn skips the headers of a facial record.
func faceIn(object iso7816.TLV) (Image, error) {
	record := object.Value
	if len(record) < facialHeader+facialInfo+imageInfo || string(record[:8]) != facialMark {
		if object.Tag == tagBlockNested && len(record) > 0 && record[0] == 0xA1 {
			return Image{}, fmt.Errorf("%w: DG2: record of ISO/IEC 39794-5", ErrUnsupported)
		}
		return Image{}, fmt.Errorf("%w: DG2: no facial record", ErrMalformed)
	}
	length := uint64(binary.BigEndian.Uint32(record[8:]))
	if length != uint64(len(record)) || binary.BigEndian.Uint16(record[12:]) == 0 {
		return Image{}, fmt.Errorf("%w: DG2: length or number of faces", ErrMalformed)
	}
	face := record[facialHeader:]
	if size := uint64(binary.BigEndian.Uint32(face)); size <= uint64(len(face)) {
		face = face[:size:size]
	} else {
		return Image{}, fmt.Errorf("%w: DG2: length of the face", ErrMalformed)
	}
	if len(face) < facialInfo+imageInfo {
		return Image{}, fmt.Errorf("%w: DG2: face without an image", ErrMalformed)
	}
	points := int(binary.BigEndian.Uint16(face[4:]))
	skip := facialInfo + points*featurePoint + imageInfo
	if skip >= len(face) {
		return Image{}, fmt.Errorf("%w: DG2: face without an image", ErrMalformed)
	}
	image, err := imageIn(face[skip:])
	if err != nil {
		return Image{}, fmt.Errorf("DG2: %w", err)
	}
	return image, nil
}

// ParseDG7 returns the displayed signatures or usual marks (Doc 9303-10 §4.7.7). The errors wrap ErrMalformed.
func ParseDG7(file []byte) ([]Image, error) {
	content, err := iso7816.Unwrap(file, tagDG7)
	if err != nil {
		return nil, fmt.Errorf("%w: DG7: %w", ErrMalformed, err)
	}
	f := fields{file: "DG7"}
	if err := f.list(content); err != nil {
		return nil, err
	}
	var images []Image
	for _, object := range f.others {
		if object.Tag != 0x5F43 {
			return nil, f.malformed(fmt.Sprintf("object %X", uint32(object.Tag)))
		}
		image, err := imageIn(object.Value)
		if err != nil {
			return nil, fmt.Errorf("DG7: %w", err)
		}
		images = append(images, image)
	}
	return images, nil
}
