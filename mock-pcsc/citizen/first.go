package citizen

import (
	"crypto/rsa"
	"errors"

	"balcao/mock-pcsc/card"
)

// Answers to reset of the first generation: applet 3 and applet 4, both T=1.
var (
	atrApplet3 = []byte{
		0x3b, 0xff, 0x96, 0x00, 0x00, 0x81, 0x31, 0x80, 0x43, 0x80, 0x31, 0x80, 0x65, 0xb0, 0x85, 0x03, 0x00, 0xef,
		0x12, 0x0f, 0xff, 0x82, 0x90, 0x00, 0x67,
	}
	atrApplet4 = []byte{
		0x3b, 0xff, 0x96, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x43, 0x80, 0x31, 0x80, 0x65, 0xb0, 0x85, 0x04, 0x01, 0x20,
		0x12, 0x0f, 0xff, 0x82, 0x90, 0x00, 0xd0,
	}
)

// aid is a name in the registry's range.
func aid(last byte) []byte { return []byte{0x60, 0x46, 0x32, 0xff, 0x00, 0x00, last} }

const (
	certificateSize = 2700
	sodSize         = 4000
)

func (m *maker) firstGeneration() (card.Contents, error) {
	files, err := m.citizenFiles()
	if err != nil {
		return card.Contents{}, err
	}
	cplc := lifeCycle(m.plan.Person)
	atr, version, algorithms := atrApplet3, "v3.02.1", card.AlgorithmsRSA3()
	if m.plan.Key == "RSA-3072" {
		atr, version, algorithms = atrApplet4, "v4.01.2", card.AlgorithmsRSA4()
	}
	trace := &card.File{ID: 0x0003, Data: []byte{0x00, 0x00, 0x20, 0x04, 0x01, 0x01}, Write: card.Access(card.PINActivation)}
	root := &card.Dir{
		ID: 0x3f00, Name: "MF", Files: []*card.File{trace, applicationDirectory()},
		Dirs: []*card.Dir{
			{ID: 0x4f00, Name: "DF issuer", Files: []*card.File{
				fixed(0x5031, padTo(60, objectDirectory())), fixed(0x5032, tokenInfo(m.ids.signed.PAN)),
			}},
			{ID: 0x5f00, Name: "DF citizen", Files: files},
		},
	}
	return card.Contents{
		ATR: atr, Objects: map[uint16][]byte{card.TagCPLC: cplc}, Algorithms: algorithms,
		Applications: []*card.Application{{
			AID: aid(2), Root: root, Holds: true, Objects: map[uint16][]byte{
				card.TagCPLC:    cplc,
				card.TagVersion: append([]byte{0xdf, 0x30, byte(len(version))}, version...),
			},
		}},
		Keys: []*card.Key{
			{Ref: 2, PIN: card.PINAuthentication, Private: m.keys.authentication},
			{Ref: 1, PIN: card.PINSignature, OneUse: true, Private: m.keys.signature},
		},
	}, nil
}

// citizenFiles are those of the directory 5F00.
func (m *maker) citizenFiles() ([]*card.File, error) {
	authentication, ok := m.keys.authentication.Public().(*rsa.PublicKey)
	signature, okToo := m.keys.signature.Public().(*rsa.PublicKey)
	if !ok || !okToo {
		return nil, errors.New("the first generation holds RSA keys only")
	}
	identity, sod, err := m.identityAndSOD()
	if err != nil {
		return nil, err
	}
	keys := keyObjects(authentication, signature)
	c := m.certificates
	if m.plan.Absurd == AbsurdCertificate {
		c.authentication = absurdLength(c.authentication)
	}
	return []*card.File{
		fixed(0x4401, padTo(258, pinDirectory())),
		{ID: 0xef02, SFI: 0x02, Data: identity, Write: card.Never},
		{ID: 0xef05, SFI: 0x05, Data: addressFile(), Read: card.Access(card.PINAddress), Write: card.Never},
		sod,
		{ID: 0xef07, SFI: 0x07, Data: make([]byte, 1000), Write: card.Access(card.PINAuthentication)},
		fixed(0xef08, padTo(certificateSize, c.signature)),
		fixed(0xef09, padTo(certificateSize, c.authentication)),
		fixed(0xef0c, certificateDirectory()),
		fixed(0xef0d, privateKeyDirectory(keys)),
		fixed(0xef0e, publicKeyDirectory(keys)),
		fixed(0xef0f, padTo(certificateSize, c.signatureCA)),
		fixed(0xef10, padTo(certificateSize, c.authenticationCA)),
		fixed(0xef11, padTo(certificateSize, c.cardCA)),
		fixed(0xef12, citizenDirectory()),
	}, nil
}

// identityAndSOD builds EF02 and EF06, which is short file 06.
func (m *maker) identityAndSOD() ([]byte, *card.File, error) {
	chip, err := m.pki.CardKey("rsa1024-chip")
	if err != nil {
		return nil, nil, err
	}
	key, ok := chip.Public().(*rsa.PublicKey)
	if !ok {
		return nil, nil, errors.New("the chip's key of the first generation is not RSA")
	}
	identity, err := identityFile(m.ids.written, key, m.photo.written)
	if err != nil {
		return nil, nil, err
	}
	groups := map[int][]byte{1: identityGroup(m.ids.signed), 2: addressGroup(), 4: cardKey(key)}
	if m.photo.signed != nil {
		groups[3] = m.photo.signed
	}
	object, err := m.securityObject(groups)
	if err != nil {
		return nil, nil, err
	}
	sod := &card.File{ID: 0xef06, SFI: 0x06, Data: padTo(sodSize, object), Write: card.Never}
	switch m.plan.Absurd {
	case AbsurdSOD:
		sod.Data, sod.Declared = absurdLength(sod.Data), declaredHuge
	case AbsurdIdentity:
		identity = identity[:400] // ends within the surname
	case AbsurdNothing, AbsurdCertificate:
	}
	return identity, sod, nil
}

// fixed is a file that everybody reads and nobody changes.
func fixed(id uint16, data []byte) *card.File {
	return &card.File{ID: id, SFI: byte(id) & 0x1f, Data: data, Write: card.Never}
}
