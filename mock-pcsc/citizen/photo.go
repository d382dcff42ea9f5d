package citizen

import (
	"encoding/binary"
	"slices"
)

// photoRecord wraps a JP2 file as a card has it: a biometric information template (ISO/IEC 7816-11)
// around a facial record (ISO/IEC 19794-5:2005 §5). On the first generation it is the input of
// data group 3, on that of 2024 the content of data group 2.
func photoRecord(jp2 []byte) []byte {
	const header, information, image = 14, 20, 12
	length := header + information + image + len(jp2)
	record := slices.Concat([]byte("FAC\x00010\x00"), big32(length), []byte{0, 1},
		big32(length-header), make([]byte, information-4), // no feature points, nothing said of the face
		[]byte{0x02, 0x01, 0x01, 0x94, 0x02, 0x1a, 0x01, 0x02, 0, 0, 0, 0}, // token frontal, JPEG 2000, 404 x 538, sRGB, camera
		jp2)
	biometric := []byte{0xa1, 0x0e, 0x81, 0x01, 0x02, 0x82, 0x01, 0x00, 0x87, 0x02, 0x01, 0x01, 0x88, 0x02, 0x05, 0x01}
	template := longTag(0x7f60, slices.Concat(biometric, longTag(0x5f2e, record)))
	return longTag(0x7f61, slices.Concat([]byte{0x02, 0x01, 0x01}, template))
}

func big32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// photoGroup is EF 0102 of the 2024 generation (ICAO 9303-10 §4.7.2).
func photoGroup(record []byte) []byte {
	return append([]byte{0x75, 0x82, byte(len(record) >> 8), byte(len(record))}, record...)
}
