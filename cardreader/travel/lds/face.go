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

// imageIn finds an image's format by its first bytes, because the format that records state is
// often wrong.
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
	facialMark   = "FAC\x00"
)

// ParseDG2 returns the face. Of several images it is the first, which Doc 9303-9 §4.3 demands to be the displayed portrait.
// Records of ISO/IEC 19794-5 are read, and of ISO/IEC 39794-5, which documents may have from 2026 on. ErrMalformed
// when the file is no such or has no image in it.
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
			return faceIn(object.Value)
		}
	}
	return Image{}, fmt.Errorf("%w: DG2: template without data", ErrMalformed)
}

func malformedFace(err error) error { return fmt.Errorf("%w: DG2: %w", ErrMalformed, err) }

// tagExtensible is around a record of ISO/IEC 39794-5 (Doc 9303-10 §4.7.2).
const tagExtensible iso7816.Tag = 0xA1

// faceIn finds the image in a record of either kind.
func faceIn(record []byte) (Image, error) {
	if bytes.HasPrefix(record, []byte(facialMark)) {
		return facialImage(record)
	}
	content, err := iso7816.Unwrap(record, tagExtensible)
	if err != nil {
		return Image{}, fmt.Errorf("%w: DG2: no facial record", ErrMalformed)
	}
	return extensibleImage(content, maxNesting)
}

// facialImage finds the image in a record of ISO/IEC 19794-5: behind its headers or, where they are
// of another length than they say, at the first place where an image begins. Issuers have signed
// records with wrong lengths; the signed hash of the file protects the image, whatever the lengths
// are. Of several images the first has the length that the record says, if that is possible.
func facialImage(record []byte) (Image, error) {
	if len(record) < facialHeader+facialInfo+imageInfo {
		return Image{}, fmt.Errorf("%w: DG2: face without an image", ErrMalformed)
	}
	face := record[facialHeader:]
	size := uint64(binary.BigEndian.Uint32(face))
	if faces := binary.BigEndian.Uint16(record[12:]); faces > 1 && size > facialInfo+imageInfo && size <= uint64(len(face)) {
		face = face[:size:size]
	}
	points := int(binary.BigEndian.Uint16(face[4:]))
	if at := facialInfo + points*featurePoint + imageInfo; at < len(face) {
		if image, err := imageIn(face[at:]); err == nil {
			return image, nil
		}
	}
	first := len(face)
	for _, m := range imageMagic {
		if at := bytes.Index(face[:min(len(face), first+len(m.magic))], m.magic); at >= 0 {
			first = at
		}
	}
	image, err := imageIn(face[first:])
	if err != nil {
		return Image{}, fmt.Errorf("DG2: %w", err)
	}
	return image, nil
}

// maxNesting bounds how deep a record of ISO/IEC 39794-5 is looked into; its images are eight objects deep.
const maxNesting = 12

// Tags that an image has in a record of ISO/IEC 39794-5: representationData2D, or a plain octet string.
const (
	tagRepresentation iso7816.Tag = 0x80
	tagOctets         iso7816.Tag = 0x04
)

// extensibleImage finds the first image in the DER of ISO/IEC 39794-5. Only an object that is an image from its first
// byte counts, at whatever depth: later versions of the standard may put more around it.
func extensibleImage(content []byte, depth int) (Image, error) {
	none := fmt.Errorf("%w: DG2: no image in a record of ISO/IEC 39794-5", ErrMalformed)
	objects, err := iso7816.Parse(content)
	if err != nil || depth == 0 {
		return Image{}, none
	}
	for _, object := range objects {
		switch {
		case object.Tag == tagRepresentation, object.Tag == tagOctets:
			if image, err := imageIn(object.Value); err == nil {
				return image, nil
			}
		case object.Tag.Constructed():
			if image, err := extensibleImage(object.Value, depth-1); err == nil {
				return image, nil
			}
		}
	}
	return Image{}, none
}
