package citizen

import (
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/travel"
)

// atrContactless is what a contactless reader makes of the 2024 generation's answer to select.
var atrContactless = []byte{
	0x3b, 0x8f, 0x80, 0x01, 0x80, 0x31, 0x80, 0x65, 0xb0, 0x85, 0x05, 0x00, 0x11, 0x12, 0x0f, 0xff, 0x82, 0x90, 0x00, 0x8b,
}

// contactlessPACE is how the contactless side is opened: what is reported of Portuguese passports.
var contactlessPACE = emrtd.PACE{Cipher: emrtd.AES128, Domain: 13}

// MakeContactless puts the contactless side of a card of the 2024 generation together. Its applications
// are those of the other side, behind PACE with the MRZ or the CAN.
func MakeContactless(authorities *pki.PKI, p Plan) (*emrtd.Chip, error) {
	m := &maker{plan: p, pki: authorities, infos: [][]byte{travel.PACEInfo(contactlessPACE)}}
	chip, err := m.contactless()
	if err != nil {
		return nil, fmt.Errorf("making card %s: %w", p.Name, err)
	}
	return chip, nil
}

func (m *maker) contactless() (*emrtd.Chip, error) {
	if m.plan.Generation != Y2024 {
		return nil, errors.New("only the 2024 generation has a contactless side")
	}
	if err := m.gather(); err != nil {
		return nil, err
	}
	inner, err := m.generation2024()
	if err != nil {
		return nil, err
	}
	inner.Trouble, inner.PINs = m.plan.Trouble, m.pins()
	access, err := travel.CardAccess([]emrtd.PACE{contactlessPACE})
	if err != nil {
		return nil, err
	}
	key, err := m.pki.CardKey("p384-chip")
	if err != nil {
		return nil, err
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the chip's key of the 2024 generation is not on a curve")
	}
	c, err := curve.Of(private.Curve)
	if err != nil {
		return nil, err
	}
	return emrtd.New(emrtd.Contents{
		ATR: atrContactless, Master: []*emrtd.File{access}, PACE: []emrtd.PACE{contactlessPACE}, Inner: card.New(inner),
		Password: map[byte][]byte{
			emrtd.PasswordMRZ: accessInformation(m.plan.Person, m.plan.Until), emrtd.PasswordCAN: []byte(m.plan.CAN),
		},
		Chip: []*emrtd.ChipKey{{
			ID: -1, Ciphers: []emrtd.Cipher{emrtd.AES128}, Domain: c.Domain,
			Private: private.D, //nolint:staticcheck // the chip computes on curves that crypto/ecdh does not know
		}},
		Active: &emrtd.ActiveKey{Private: private, Hash: crypto.SHA256},
	}), nil
}
