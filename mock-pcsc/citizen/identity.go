package citizen

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Sizes of the first generation's identity file.
const (
	identitySize = 15500
	mrzOffset    = 1282
	keyOffset    = 1372
	photoOffset  = 1503
)

// identityFile lays out EF02 of the first generation: text in fields of two bytes a character, padded
// with NUL, then MRZ, card key and photograph.
func identityFile(id Identity, chip *rsa.PublicKey, photo []byte) ([]byte, error) {
	file := make([]byte, identitySize)
	for _, f := range []struct {
		offset, width int
		value         string
	}{
		{0, 40, id.IssuingEntity}, {40, 80, id.Country}, {120, 34, id.DocumentType}, {154, 28, id.DocumentNumber},
		{182, 16, id.PAN}, {214, 16, id.Version}, {230, 20, id.ValidFrom}, {250, 60, id.Place},
		{310, 20, id.ValidUntil}, {330, 120, id.Surname}, {450, 120, id.GivenNames}, {570, 2, id.Sex},
		{572, 6, id.Nationality}, {578, 20, id.Birth}, {598, 8, id.Height}, {606, 18, id.CivilNumber},
		{624, 120, id.MotherSurname}, {744, 120, id.MotherGiven}, {864, 120, id.FatherSurname},
		{984, 120, id.FatherGiven}, {1104, 18, id.Tax}, {1122, 22, id.SocialSecurity}, {1144, 18, id.Health},
		{1162, 120, id.Indications}, {mrzOffset, 30, id.MRZ[0]}, {mrzOffset + 30, 30, id.MRZ[1]},
		{mrzOffset + 60, 30, id.MRZ[2]},
	} {
		if len(f.value) > f.width {
			return nil, fmt.Errorf("field at offset %d is longer than %d bytes", f.offset, f.width)
		}
		copy(file[f.offset:], f.value)
	}
	copy(file[keyOffset:], cardKey(chip))
	if len(photo) > identitySize-photoOffset {
		return nil, fmt.Errorf("photograph of %d bytes does not fit", len(photo))
	}
	copy(file[photoOffset:], photo)
	return file, nil
}

// cardKey is what data group 4 covers: a modulus of 1024 bits and an exponent of three bytes.
func cardKey(key *rsa.PublicKey) []byte {
	raw := make([]byte, 131)
	key.N.FillBytes(raw[:128])
	raw[128], raw[129], raw[130] = byte(key.E>>16), byte(key.E>>8), byte(key.E)
	return raw
}

// identityGroup is the input of data group 1: the fields one after another without padding. The
// indications come before the numbers, unlike in the file, and the MRZ is not covered.
func identityGroup(id Identity) []byte {
	fields := []string{
		id.IssuingEntity, id.Country, id.DocumentType, id.DocumentNumber, id.PAN, id.Version, id.ValidFrom,
		id.Place, id.ValidUntil, id.Surname, id.GivenNames, id.Sex, id.Nationality, id.Birth, id.Height,
		id.CivilNumber, id.MotherSurname, id.MotherGiven, id.FatherSurname, id.FatherGiven, id.Indications,
		id.Tax, id.SocialSecurity, id.Health,
	}
	var b bytes.Buffer
	for _, f := range fields {
		b.WriteString(f)
	}
	return b.Bytes()
}

// identityASN1 is EF 010D of the 2024 generation: application 13 holding strings with private tags, and
// the chip's key with its curve written out.
func identityASN1(id Identity, chip *ecdsa.PublicKey) ([]byte, error) {
	fields := []struct {
		tag   cbasn1.Tag
		value string
	}{
		{0, id.IssuingEntity}, {1, id.Country}, {2, id.DocumentType}, {3, id.DocumentNumber}, {4, id.Version},
		{5, id.ValidFrom}, {6, id.Place}, {7, id.ValidUntil}, {8, id.Surname}, {9, id.GivenNames},
		{0xa, id.Sex}, {0xb, id.Nationality}, {0xc, id.Birth}, {0xd, id.Height}, {0x10, id.CivilNumber},
		{0x11, id.FatherSurname}, {0x12, id.FatherGiven}, {0x13, id.MotherSurname}, {0x14, id.MotherGiven},
		{0x15, id.Tax}, {0x16, id.SocialSecurity}, {0x17, id.Health},
	}
	key, err := chipKeyASN1(chip)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(application(13).Constructed(), func(b *cryptobyte.Builder) {
		for _, f := range fields {
			b.AddASN1(f.tag|0xc0, func(b *cryptobyte.Builder) { b.AddBytes([]byte(f.value)) })
		}
		if id.Indications != "" {
			b.AddASN1(0x18|0xc0, func(b *cryptobyte.Builder) { b.AddBytes([]byte(id.Indications)) })
		}
		b.AddBytes(key)
	})
	file, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the identity: %w", err)
	}
	return file, nil
}

// chipKeyASN1 is the ICC public key, application 73. Its tag takes two bytes (7F 49), which the
// encoder for single-byte tags does not write.
func chipKeyASN1(key *ecdsa.PublicKey) ([]byte, error) {
	curve := key.Params()
	size := (curve.BitSize + 7) / 8
	point := func(x, y []byte) []byte { return slices.Concat([]byte{4}, x, y) }
	q, err := key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the chip's key: %w", err)
	}
	a := curve.P.FillBytes(make([]byte, size)) // these curves have a = p - 3
	a[size-1] -= 3
	parts := [][]byte{
		curve.P.FillBytes(make([]byte, size)), a, curve.B.FillBytes(make([]byte, size)),
		point(curve.Gx.FillBytes(make([]byte, size)), curve.Gy.FillBytes(make([]byte, size))),
		curve.N.FillBytes(make([]byte, size)), q, {1},
	}
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oidP384)
	for i, part := range parts {
		tag := cbasn1.Tag(i + 1).ContextSpecific()
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(part) })
	}
	content, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the chip's key: %w", err)
	}
	return longTag(0x7f49, content), nil
}

func application(n cbasn1.Tag) cbasn1.Tag { return n | 0x40 }

// longTag encodes a data object with a tag of two bytes and a length of three, the form that both
// generations use around photographs.
func longTag(tag uint16, value []byte) []byte {
	out := binary.BigEndian.AppendUint16(nil, tag)
	out = append(out, 0x82, byte(len(value)>>8), byte(len(value)))
	return append(out, value...)
}
