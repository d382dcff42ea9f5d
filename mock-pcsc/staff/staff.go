// Package staff makes the staff cards of the bench: what is written on an emulated PIV card (package card) that an
// office gave to one of its people.
package staff

import (
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/pki"
)

// PIN of every staff card, as cards come from the factory.
const PIN = "123456"

const puk = "12345678"

// A Plan is the order for one card.
type Plan struct {
	Name    string // of the card; its certificate and key have the same
	Blank   bool   // from the factory: neither key nor certificate
	Blocked bool   // all PIN tries used up
}

// atr is T=1 with nothing but a word in the historical bytes, so that no program takes the card for one it knows.
var atr = []byte{0x3b, 0xe7, 0x00, 0x00, 0x81, 0x21, 0x45, 'P', 'E', 'S', 'S', 'O', 'A', 'L', 0x55}

// Make puts the card together.
func Make(authorities *pki.PKI, p Plan) (*card.PIV, error) {
	identity := sha256.Sum256([]byte("staff card " + p.Name))
	c := card.PIVContents{
		ATR: atr, Serial: binary.BigEndian.Uint32(identity[:]), PIN: card.NewPIN(card.PINPIV, PIN, puk),
		Keys: map[byte]crypto.Signer{}, Objects: map[card.PIVObject][]byte{card.PIVCHUID: holderIdentifier(identity[:16])},
	}
	if p.Blocked {
		c.PIN.Block()
	}
	if p.Blank {
		return card.NewPIV(c), nil
	}
	key, err := authorities.StaffKey(p.Name)
	if err != nil {
		return nil, fmt.Errorf("making staff card %s: %w", p.Name, err)
	}
	certificate, err := pki.StaffCertificate(p.Name)
	if err != nil {
		return nil, fmt.Errorf("making staff card %s: %w", p.Name, err)
	}
	c.Keys[card.PIVAuthentication] = key
	c.Objects[card.PIVCertificate9A] = certificateObject(certificate)
	return card.NewPIV(c), nil
}

// certificateObject is 70 certificate, 71 not compressed, FE no check (SP 800-73-4 part 1 table 10).
func certificateObject(der []byte) []byte {
	head := []byte{0x70, 0x82, byte(len(der) >> 8), byte(len(der))}
	return slices.Concat(head, der, []byte{0x71, 0x01, 0x00, 0xfe, 0x00})
}

// holderIdentifier is the CHUID (SP 800-73-4 part 1 §3.1.2): 30 a FASC-N of agency 9999, which says that there is none,
// 34 the number of the card, 35 the day on which it expires, 3E no signature, FE no check.
func holderIdentifier(guid []byte) []byte {
	fascn := []byte{
		0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed, 0x39, 0xce, 0x73, 0x9d, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21,
		0xc8, 0x42, 0x10, 0xc3, 0xeb,
	}
	return slices.Concat([]byte{0x30, byte(len(fascn))}, fascn, []byte{0x34, byte(len(guid))}, guid,
		[]byte{0x35, 8}, []byte("20500101"), []byte{0x3e, 0x00, 0xfe, 0x00})
}
