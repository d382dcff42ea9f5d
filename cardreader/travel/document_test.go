package travel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/agreement"
)

// object is a data object of exactly size bytes.
func object(tag iso7816.Tag, size int) []byte {
	for n := size; n >= 0; n-- {
		value := make([]byte, n)
		for i := range value {
			value[i] = byte(i * 31 >> 2)
		}
		if o := iso7816.Append(nil, tag, value); len(o) == size {
			return o
		}
	}
	panic("no object has this size")
}

const zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C<3UTO6908061F9406236ZE184226B<<<<<14"

// passport is a chip with the files of a passport whose photograph is that large, and no access control yet.
func passport(photo int) *fakeChip {
	return &fakeChip{files: map[uint16][]byte{
		0x011E: {0x60, 0x14, 0x5F, 0x01, 4, '0', '1', '0', '7', 0x5F, 0x36, 6, '0', '4', '0', '0', '0', '0', 0x5C, 2, 0x61, 0x75},
		0x0101: iso7816.Append(nil, 0x61, iso7816.Append(nil, 0x5F1F, []byte(zone))),
		0x0102: object(0x75, photo),
		0x011D: object(0x77, 1900),
	}}
}

func basicPassport(photo int) *fakeChip {
	f := passport(photo)
	f.basic, f.absent = true, 0x6A82
	return f
}

// pacePassport offers one PACE.
func pacePassport(t testing.TB, photo, parameter int, arcs ...int) *fakeChip {
	t.Helper()
	f := passport(photo)
	f.access = infoSet(paceInfo(parameter, arcs...))
	f.basic = true
	return f
}

// withChipKey gives a chip a static key, in DG14 and, for CAM, in EF.CardSecurity.
func withChipKey(t testing.TB, f *fakeChip, id, keyID, cipherArc int) *fakeChip {
	t.Helper()
	g, err := agreement.Standardised(id)
	if err != nil {
		t.Fatal(err)
	}
	if f.caSecret, err = g.Scalar(rand.Reader); err != nil {
		t.Fatal(err)
	}
	f.caGroup = g
	public := mustMultiply(t, g, g.Generator(), f.caSecret)
	arc := 1
	if g.Elliptic() {
		arc = 2
	}
	infos := infoSet(chipKeyInfo(t, id, keyID, public), chipAuthInfo(keyID, arc, cipherArc))
	f.files[0x010E] = iso7816.Append(nil, 0x6E, infos)
	f.security = signedData(infos)
	return f
}

// signedData is a CMS SignedData as far as anybody reads it without verifying.
func signedData(content []byte) []byte {
	tlv := func(tag iso7816.Tag, parts ...[]byte) []byte { return iso7816.Append(nil, tag, bytes.Join(parts, nil)) }
	kind := []byte{0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2}
	inner := []byte{0x06, 8, 4, 0, 0x7F, 0, 7, 3, 2, 1}
	encapsulated := tlv(0x30, inner, tlv(0xA0, tlv(0x04, content)))
	return tlv(0x30, kind, tlv(0xA0, tlv(0x30, []byte{2, 1, 3}, tlv(0x31), encapsulated, tlv(0x31))))
}

func mustRecognise(t testing.TB, f *fakeChip, o travel.Options) *travel.Chip {
	t.Helper()
	chip, err := travel.Recognise(context.Background(), f, o)
	if err != nil {
		t.Fatalf("recognising: %v", err)
	}
	t.Cleanup(chip.Close)
	return chip
}

func mustUnlock(t testing.TB, f *fakeChip, o travel.Options) (*travel.Chip, travel.Protection) {
	t.Helper()
	chip := mustRecognise(t, f, o)
	p, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey))
	if err != nil {
		t.Fatal(err)
	}
	return chip, p
}

// mustRead reads files and compares them with what the chip has.
func mustRead(t testing.TB, f *fakeChip, chip *travel.Chip, files ...travel.File) {
	t.Helper()
	ids := map[travel.File]uint16{
		travel.COM: 0x011E, travel.SOD: 0x011D, travel.DG1: 0x0101, travel.DG2: 0x0102, travel.DG14: 0x010E, travel.DG15: 0x010F,
	}
	for _, file := range files {
		got, err := chip.Read(context.Background(), file, nil)
		want := f.files[ids[file]]
		h, headerErr := iso7816.ReadHeader(want)
		if headerErr != nil {
			t.Fatal(headerErr)
		}
		if err != nil || !bytes.Equal(got, want[:h.Total()]) {
			t.Fatalf("%v: got %d bytes, %v, want %d", file, len(got), err, h.Total())
		}
	}
}

// claimsExtended is an answer to reset whose historical bytes say that the chip takes extended length.
var claimsExtended = []byte{0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0xC8, 0x21, 0x40, 0x00}
