package citizen

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/mock-pcsc/card"
)

// atr2024 is the answer over contacts, T=1.
var atr2024 = []byte{
	0x3b, 0xff, 0x96, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x43, 0x80, 0x31, 0x80, 0x65, 0xb0, 0x85, 0x05, 0x00, 0x11,
	0x12, 0x0f, 0xff, 0x82, 0x90, 0x00, 0xe1,
}

var (
	oidP384              = asn1.ObjectIdentifier{1, 3, 132, 0, 34}
	oidActiveAuth        = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}
	oidPlainECDSASHA256  = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3}
	oidChipKeyECDH       = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 1, 2}
	oidChipAuthenticated = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 3, 2, 2} // ECDH, AES-128
)

// generation2024 builds three applications: keys and certificates, the national data, and the token of
// the remote address service.
func (m *maker) generation2024() (card.Contents, error) {
	data, err := m.nationalData()
	if err != nil {
		return card.Contents{}, err
	}
	multipass, err := m.multipass(data)
	if err != nil {
		return card.Contents{}, err
	}
	objects := map[uint16][]byte{card.TagCPLC: lifeCycle(m.plan.Person)}
	return card.Contents{
		ATR: atr2024, Objects: objects, Algorithms: card.AlgorithmsECDSA(), Modern: true,
		Applications: []*card.Application{
			{AID: aid(4), Root: m.electronicIdentity(), Objects: objects, Holds: true},
			{AID: aid(5), Root: &card.Dir{ID: 0x3f00, Name: "NATIONAL DATA", Files: data}},
			{AID: aid(6), Root: &card.Dir{ID: 0x3f00, Name: "MULTIPASS", Files: multipass}},
		},
		Keys: []*card.Key{
			{Ref: 6, PIN: card.PINAuthentication, Private: m.keys.authentication},
			{Ref: 8, PIN: card.PINSignature, OneUse: true, Private: m.keys.signature},
		},
	}, nil
}

func (m *maker) electronicIdentity() *card.Dir {
	c := m.certificates
	if m.plan.Absurd == AbsurdCertificate {
		c.authentication = absurdLength(c.authentication)
	}
	trace := []byte{0x00, 0x00, 0x20, 0x24, 0x01, 0x01}
	return &card.Dir{
		ID: 0x3f00, Name: "EID",
		Files: []*card.File{{ID: 0x0003, Data: trace, Write: card.Access(card.PINActivation)}, applicationDirectory()},
		Dirs: []*card.Dir{{ID: 0x4f00, Name: "DF issuer", Files: []*card.File{
			fixed(0x5032, tokenInfo(fmt.Sprintf("99990000%08d", m.plan.Person.Number))), // PKCS #11 software looks for it first
		}}, {ID: 0x5f00, Name: "DF citizen", Files: []*card.File{
			fixed(0xef02, padTo(certificateSize, c.authentication)),
			fixed(0xef04, padTo(certificateSize, c.signature)),
			fixed(0xef06, padTo(certificateSize, c.authenticationCA)),
			fixed(0xef08, padTo(certificateSize, c.signatureCA)),
			fixed(0xef0a, padTo(certificateSize, c.cardCA)),
		}}},
	}
}

// nationalData builds the data groups and the SOD over them, short file 1D.
func (m *maker) nationalData() ([]*card.File, error) {
	groups, written, err := m.dataGroups()
	if err != nil {
		return nil, err
	}
	sod, err := m.securityObject(groups)
	if err != nil {
		return nil, err
	}
	var files []*card.File
	for _, n := range []int{1, 2, 13, 14, 15} {
		if data, ok := written[n]; ok {
			files = append(files, fixed(0x0100|uint16(n), data))
		}
	}
	object := fixed(0x011d, sod)
	switch m.plan.Absurd {
	case AbsurdSOD:
		object.Data, object.Declared = absurdLength(sod), declaredHuge
	case AbsurdIdentity:
		i := slices.IndexFunc(files, func(f *card.File) bool { return f.ID == 0x010d })
		files[i].Data, files[i].Declared = absurdLength(files[i].Data), declaredHuge
	case AbsurdNothing, AbsurdCertificate:
	}
	return append(files, object), nil
}

// dataGroups are the files as they were signed and as they are written.
func (m *maker) dataGroups() (signed, written map[int][]byte, err error) {
	chip, err := m.pki.CardKey("p384-chip")
	if err != nil {
		return nil, nil, err
	}
	key, ok := chip.Public().(*ecdsa.PublicKey)
	if !ok {
		return nil, nil, errors.New("the chip's key of the 2024 generation is not on a curve")
	}
	info, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the chip's key: %w", err)
	}
	signed = map[int][]byte{1: mrzGroup(m.ids.signed.MRZ), 15: append([]byte{0x6f, byte(len(info))}, info...)}
	if signed[14], err = securityInfos(info, m.infos); err != nil {
		return nil, nil, err
	}
	if signed[13], err = identityASN1(m.ids.signed, key); err != nil {
		return nil, nil, err
	}
	written = map[int][]byte{1: signed[1], 14: signed[14], 15: signed[15]}
	if written[13], err = identityASN1(m.ids.written, key); err != nil {
		return nil, nil, err
	}
	if m.photo.signed != nil {
		signed[2], written[2] = photoGroup(m.photo.signed), photoGroup(m.photo.written)
	}
	return signed, written, nil
}

// mrzGroup is data group 1 for TD1: 90 characters without separators (ICAO 9303-10 §4.7.1).
func mrzGroup(lines [3]string) []byte {
	return append([]byte{0x61, 0x5d, 0x5f, 0x1f, 0x5a}, lines[0]+lines[1]+lines[2]...)
}

// securityInfos is data group 14 (ICAO 9303-11 §9.2): how the chip proves itself over the contactless interface.
func securityInfos(chipKey []byte, more [][]byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(application(14).Constructed(), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidChipKeyECDH)
				b.AddBytes(chipKey)
			})
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidChipAuthenticated)
				b.AddASN1Int64(1)
			})
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidActiveAuth)
				b.AddASN1Int64(1)
				b.AddASN1ObjectIdentifier(oidPlainECDSASHA256)
			})
			for _, info := range more {
				b.AddBytes(info)
			}
		})
	})
	group, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding data group 14: %w", err)
	}
	return group, nil
}

// multipass is the application of the remote address service: its SOD can be read, and ends in the
// twelve bytes from which readers derive the access key to the token, which this card never grants.
func (m *maker) multipass(data []*card.File) ([]*card.File, error) {
	token := append([]byte{0x6d, 0x12, 0xc0, 0x10}, make([]byte, 16)...)
	groups := map[int][]byte{13: token}
	for _, f := range data {
		if f.ID == 0x010e || f.ID == 0x010f {
			groups[int(f.ID&0xff)] = f.Data
		}
	}
	sod, err := m.securityObject(groups)
	if err != nil {
		return nil, err
	}
	locked := func(id uint16, data []byte) *card.File {
		return &card.File{ID: id, SFI: byte(id) & 0x1f, Data: data, Read: card.Never, Write: card.Never}
	}
	return []*card.File{
		fixed(0x011d, append(sod, fmt.Sprintf("%012d", m.plan.Person.Number)...)),
		locked(0x010d, token), locked(0x010e, groups[14]), locked(0x010f, groups[15]),
	}, nil
}
