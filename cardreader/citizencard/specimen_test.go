package citizencard_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"sync"

	"balcao/cardreader/citizencard"
)

// specimen is an invented person, in the order of the first generation's file.
var specimen = []struct {
	offset, size int
	tag          byte // of the generation of 2024; 0 when it has no such field
	value        string
}{
	{0, 40, 0xC0, "República Portuguesa"},
	{40, 80, 0xC1, "PRT"},
	{120, 34, 0xC2, "Cartão de Cidadão"},
	{154, 28, 0xC3, "99000588 7 ZZ1"},
	{182, 16, 0, "9999000000035539"},
	{214, 16, 0xC4, "006.008.24"},
	{230, 20, 0xC5, "15 04 2024"},
	{250, 60, 0xC6, "AMA"},
	{310, 20, 0xC7, "15 04 2034"},
	{330, 120, 0xC8, "Exemplo Inventado"},
	{450, 120, 0xC9, "Conceição João"},
	{570, 2, 0xCA, "F"},
	{572, 6, 0xCB, "PRT"},
	{578, 20, 0xCC, "29 02 1988"},
	{598, 8, 0xCD, "1,75"},
	{606, 18, 0xD0, "990005887"},
	{624, 120, 0xD3, "Mãe"},
	{744, 120, 0xD4, "Luísa"},
	{864, 120, 0xD1, "Pai"},
	{984, 120, 0xD2, "António"},
	{1104, 18, 0xD5, "400000000"},
	{1122, 22, 0xD6, "19999999990"},
	{1144, 18, 0xD7, "999999990"},
	{1162, 120, 0xD8, "Sem ID Esq"},
}

var specimenIdentity = citizencard.Identity{
	IssuingEntity: "República Portuguesa", Country: "PRT", DocumentType: "Cartão de Cidadão",
	DocumentNumber: "99000588 7 ZZ1", PAN: "9999000000035539", DocumentVersion: "006.008.24",
	ValidFrom: citizencard.Date{Year: 2024, Month: 4, Day: 15}, PlaceOfRequest: "AMA",
	ValidUntil: citizencard.Date{Year: 2034, Month: 4, Day: 15},
	Surname:    "Exemplo Inventado", GivenNames: "Conceição João", Sex: "F", Nationality: "PRT",
	BirthDate: citizencard.Date{Year: 1988, Month: 2, Day: 29}, Height: "1,75", CivilNumber: "990005887",
	MotherSurname: "Mãe", MotherGivenNames: "Luísa", FatherSurname: "Pai", FatherGivenNames: "António",
	TaxNumber: "400000000", SocialSecurity: "19999999990", HealthNumber: "999999990", Indications: "Sem ID Esq",
}

// fixedIdentity is the specimen as the first generation has it, with some fields (by offset) changed.
func fixedIdentity(changes map[int]string) []byte {
	raw := make([]byte, 1282)
	for _, f := range specimen {
		value, changed := changes[f.offset]
		if !changed {
			value = f.value
		}
		copy(raw[f.offset:f.offset+f.size], value)
	}
	return raw
}

// taggedIdentity is the specimen as the generation of 2024 has it. Changes are by the first
// generation's offset, so that both can be tested with the same.
func taggedIdentity(changes map[int]string) []byte {
	var content []byte
	for _, f := range specimen {
		value, changed := changes[f.offset]
		if !changed {
			value = f.value
		}
		if f.tag != 0 {
			content = append(content, f.tag, byte(len(value)))
			content = append(content, value...)
		}
	}
	return wrap(append(content, object(300, 0x7F, 0x49)...), 0x6D)
}

// wrap makes one data object of content.
func wrap(content []byte, tag ...byte) []byte {
	b := append(bytes.Clone(tag), 0x82, byte(len(content)>>8), byte(len(content)))
	return append(b, content...)
}

// jp2 begins as a JPEG 2000 file and is not one: nothing here decodes it.
func jp2(size int) []byte {
	image := bytes.Repeat([]byte{0xC3}, size)
	copy(image, "\x00\x00\x00\x0CjP  \r\n\x87\n")
	return image
}

// biometricGroup is the record around a photograph: CBEFF, facial record, image.
func biometricGroup(image []byte) []byte {
	record := []byte("FAC\x00010\x00")
	record = binary.BigEndian.AppendUint32(record, uint32(14+20+12+len(image)))
	record = append(record, 0, 1)
	record = binary.BigEndian.AppendUint32(record, uint32(20+12+len(image)))
	record = append(record, make([]byte, 16)...)
	record = append(record, 0x02, 0x01, 0x01, 0x94, 0x02, 0x1A, 0, 0, 0, 0, 0, 0)
	record = append(record, image...)
	header := []byte{0xA1, 0x0E, 0x81, 1, 2, 0x82, 1, 0, 0x87, 2, 1, 1, 0x88, 2, 5, 1}
	template := wrap(append(header, wrap(record, 0x5F, 0x2E)...), 0x7F, 0x60)
	return wrap(append([]byte{0x02, 1, 1}, template...), 0x7F, 0x61)
}

// rsaKey is as long as those of cards since 2019, whose signatures come in two parts.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		panic(err)
	}
	return key
})

var ecKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

func signRS(digest []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, ecKey(), digest)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out, nil
}
