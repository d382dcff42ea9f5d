package citizencard

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"balcao/cardreader/iso7816"
)

// Tags around the photograph: CBEFF, as ICAO 9303-10 §4.7.2 uses it (ISO/IEC 7816-11).
const (
	tagFace         iso7816.Tag = 0x75   // data group 2
	tagGroup        iso7816.Tag = 0x7F61 // biometric information group template
	tagTemplate     iso7816.Tag = 0x7F60 // one biometric information template
	tagBiometric    iso7816.Tag = 0x5F2E // biometric data block
	tagBiometricAlt iso7816.Tag = 0x7F2E // the same, constructed
)

// Sizes in a facial record (ISO/IEC 19794-5:2005 §5.3 to §5.7).
const (
	facialHeader     = 14
	facialInfo       = 20
	featurePoint     = 8
	imageInfo        = 12
	maxPhoto         = iso7816.MaxOffset + 1
	facialRecordMark = "FAC\x00010\x00"
)

// ParsePhoto returns the image within Files.Photo: JPEG 2000 on Citizen Cards, JPEG on some test cards.
// Errors wrap ErrMalformed. The image is not decoded: it is untrusted input, to be decoded in a
// process without secrets.
func ParsePhoto(generation string, raw []byte) ([]byte, error) {
	if len(raw) > maxPhoto {
		return nil, fmt.Errorf("%w: photograph of %d bytes", ErrMalformed, len(raw))
	}
	var group []byte
	var err error
	switch generation {
	case Generation1:
		group, err = restoreZeros(raw)
	case Generation2024:
		group, err = iso7816.Unwrap(raw, tagFace)
	default:
		return nil, fmt.Errorf("citizencard: no generation %q", generation)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: photograph: %w", ErrMalformed, err)
	}
	record, err := biometricDataBlock(group)
	if err != nil {
		return nil, fmt.Errorf("%w: photograph: %w", ErrMalformed, err)
	}
	return imageOf(record)
}

// restoreZeros undoes the trimming of trailing zeros, which the hash of the first generation's
// photograph demands, up to the length that the record states.
func restoreZeros(raw []byte) ([]byte, error) {
	h, err := iso7816.ReadHeader(raw)
	if err != nil {
		return nil, err
	}
	if h.Total() > maxPhoto || h.Total() < len(raw) {
		return nil, fmt.Errorf("%w: %d bytes declared, %d there", iso7816.ErrTLV, h.Total(), len(raw))
	}
	return append(bytes.Clone(raw), make([]byte, h.Total()-len(raw))...), nil
}

// biometricDataBlock finds the facial record in 7F61 { 02 01 count, 7F60 { A1 {…}, 5F2E record } }.
func biometricDataBlock(group []byte) ([]byte, error) {
	content, err := iso7816.Unwrap(group, tagGroup)
	if err != nil {
		return nil, err
	}
	template, err := find(content, tagTemplate)
	if err != nil {
		return nil, err
	}
	return find(template, tagBiometric, tagBiometricAlt)
}

func find(content []byte, tags ...iso7816.Tag) ([]byte, error) {
	objects, err := iso7816.Parse(content)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		for _, tag := range tags {
			if object.Tag == tag {
				return object.Value, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: no object %X", iso7816.ErrTLV, uint32(tags[0]))
}

// imageOf skips the headers of a facial record with one face.
func imageOf(record []byte) ([]byte, error) {
	if len(record) < facialHeader+facialInfo+imageInfo || string(record[:8]) != facialRecordMark {
		return nil, fmt.Errorf("%w: photograph is no facial record", ErrMalformed)
	}
	length := uint64(binary.BigEndian.Uint32(record[8:]))
	if length != uint64(len(record)) || binary.BigEndian.Uint16(record[12:]) != 1 {
		return nil, fmt.Errorf("%w: facial record of another length, or not of one face", ErrMalformed)
	}
	points := int(binary.BigEndian.Uint16(record[facialHeader+4:]))
	skip := facialHeader + facialInfo + points*featurePoint + imageInfo
	if skip >= len(record) {
		return nil, fmt.Errorf("%w: facial record without an image", ErrMalformed)
	}
	image := record[skip:]
	for _, magic := range imageMagic {
		if bytes.HasPrefix(image, magic) {
			return bytes.Clone(image), nil
		}
	}
	return nil, fmt.Errorf("%w: photograph is neither JPEG nor JPEG 2000", ErrMalformed)
}

var imageMagic = [][]byte{
	{0x00, 0x00, 0x00, 0x0C, 'j', 'P', ' ', ' ', 0x0D, 0x0A, 0x87, 0x0A}, // JP2 file (ISO/IEC 15444-1 annex I)
	{0xFF, 0x4F, 0xFF, 0x51}, // JPEG 2000 codestream
	{0xFF, 0xD8, 0xFF},       // JPEG
}
