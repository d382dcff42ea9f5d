package lds_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/lds"
)

var jpegStart = []byte{0xFF, 0xD8, 0xFF, 0xE0}

// face writes a facial record with so many feature points and images, the first of which is image.
func face(points, images int, image []byte) []byte {
	var faces []byte
	for i := range images {
		if i > 0 {
			image = append(bytes.Clone(jpegStart), byte(i))
		}
		info := make([]byte, 20+8*points+12)
		binary.BigEndian.PutUint32(info, uint32(len(info)+len(image)))
		binary.BigEndian.PutUint16(info[4:], uint16(points))
		faces = append(append(faces, info...), image...)
	}
	record := append([]byte("FAC\x00010\x00"), make([]byte, 6)...)
	binary.BigEndian.PutUint32(record[8:], uint32(14+len(faces)))
	binary.BigEndian.PutUint16(record[12:], uint16(images))
	return append(record, faces...)
}

func dg2(tag iso7816.Tag, record []byte) []byte {
	header := object(0xA1, object(0x87, []byte{1, 1}), object(0x88, []byte{0, 8}))
	return object(0x75, object(0x7F61, object(0x02, []byte{1}), object(0x7F60, header, object(tag, record))))
}

func TestParseDG2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start, format := jpegStart, lds.JPEG
		if rapid.Bool().Draw(t, "jp2") {
			start, format = []byte("\x00\x00\x00\x0CjP  \x0D\x0A\x87\x0A"), lds.JPEG2000
		}
		image := append(bytes.Clone(start), rapid.SliceOfN(rapid.Byte(), 0, 500).Draw(t, "image")...)
		tag := rapid.SampledFrom([]iso7816.Tag{0x5F2E, 0x7F2E}).Draw(t, "tag")
		file := dg2(tag, face(rapid.IntRange(0, 9).Draw(t, "points"), rapid.IntRange(1, 3).Draw(t, "images"), image))
		got, err := lds.ParseDG2(file)
		if err != nil || got.Format != format || !bytes.Equal(got.Data, image) {
			t.Fatalf("got %d bytes of %q, %v, want %d", len(got.Data), got.Format, err, len(image))
		}
	})
}

func TestParseDG2_Errors(t *testing.T) {
	good := face(1, 1, jpegStart)
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"Empty":           {nil, lds.ErrMalformed},
		"OtherTag":        {object(0x76), lds.ErrMalformed},
		"NoTemplate":      {object(0x75, object(0x7F61, object(0x02, []byte{0}))), lds.ErrMalformed},
		"NoData":          {object(0x75, object(0x7F61, object(0x02, []byte{1}), object(0x7F60, object(0xA1)))), lds.ErrMalformed},
		"NoRecord":        {dg2(0x5F2E, []byte("JPEG")), lds.ErrMalformed},
		"NoImage":         {dg2(0x5F2E, face(0, 1, nil)), lds.ErrMalformed},
		"AnotherImage":    {dg2(0x5F2E, face(0, 1, []byte("GIF89a"))), lds.ErrMalformed},
		"NewKindOfRecord": {dg2(0x7F2E, object(0xA1, make([]byte, 60))), lds.ErrMalformed},
		"TooDeep":         {dg2(0x7F2E, nested(0xA1, 20, object(0x80, jpegStart))), lds.ErrMalformed},
		"CutOff":          {dg2(0x5F2E, good)[:40], lds.ErrMalformed},
	} {
		if got, err := lds.ParseDG2(test.file); !errors.Is(err, test.want) || got.Data != nil {
			t.Errorf("%s: got %d bytes, %v, want %v", name, len(got.Data), err, test.want)
		}
	}
}

// nested puts a value into so many objects, one in the other.
func nested(tag iso7816.Tag, n int, value []byte) []byte {
	for range n {
		value = object(tag, value)
	}
	return value
}

// A record may have any wrong number in its headers: the image is where an image begins.
func TestParseDG2_WrongLengths(t *testing.T) {
	want := append(bytes.Clone(jpegStart), "the rest of a picture"...)
	for name, change := range map[string]func(record []byte){
		"RecordPlusOne":   func(r []byte) { r[11]++ },
		"RecordMinusTwo":  func(r []byte) { r[11] -= 2 },
		"RecordOfNothing": func(r []byte) { clear(r[8:12]) },
		"FacePlusOne":     func(r []byte) { r[17]++ },
		"FaceMinusOne":    func(r []byte) { r[17]-- },
		"FaceOfNothing":   func(r []byte) { clear(r[14:18]) },
		"NoFaces":         func(r []byte) { r[13] = 0 },
		"PointsWithout":   func(r []byte) { r[18] = 255 },
		"OnePointMore":    func(r []byte) { r[19]++ },
		"OtherVersion":    func(r []byte) { r[5] = '2' },
	} {
		record := face(1, 1, want)
		change(record)
		if got, err := lds.ParseDG2(dg2(0x5F2E, record)); err != nil || !bytes.Equal(got.Data, want) {
			t.Errorf("%s: got %d bytes, %v", name, len(got.Data), err)
		}
	}
}

// ISO/IEC 39794-5: version block, then representation blocks, each with its 2D image.
func TestParseDG2_Extensible(t *testing.T) {
	image := object(0xA1, object(0xA0, object(0xA0, object(0x80, jpegStart), object(0xA1, object(0x80, []byte{2})))))
	block := object(0x65, object(0xA0, object(0x80, []byte{3}), object(0x81, []byte{0x07, 0xE3})),
		object(0xA1, object(0x30, object(0x80, []byte{0}), image)))
	for name, record := range map[string][]byte{"Application": object(0xA1, block), "Bare": object(0xA1, block[2:])} {
		if got, err := lds.ParseDG2(dg2(0x7F2E, record)); err != nil || got.Format != lds.JPEG || !bytes.Equal(got.Data, jpegStart) {
			t.Errorf("%s: got %q, %v", name, got.Format, err)
		}
	}
}

func FuzzImages(f *testing.F) {
	f.Add(dg2(0x5F2E, face(1, 2, jpegStart)))
	f.Add(dg2(0x7F2E, object(0xA1, make([]byte, 60))))
	f.Fuzz(func(t *testing.T, file []byte) {
		image, err := lds.ParseDG2(file)
		if (err == nil) != (len(image.Data) > 0 && image.Format != "") || !bytes.Contains(file, image.Data) {
			t.Errorf("DG2: got %d bytes, %v", len(image.Data), err)
		}
	})
}
