package travel

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/mock-pcsc/emrtd"
)

// Object identifiers of security infos (ICAO 9303-11 §9.2).
var (
	oidActive       = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}
	oidChipKey      = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 1, 2} // over ECDH
	oidTerminal     = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 2}
	oidStandardised = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 2}
	plainECDSA      = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1}
)

// plainArc is the last arc of plain ECDSA with a hash (BSI TR-03111 §5.2.1).
var plainArc = map[crypto.Hash]int{crypto.SHA1: 1, crypto.SHA224: 2, crypto.SHA256: 3, crypto.SHA384: 4, crypto.SHA512: 5}

// Infos encodes security infos as the SET that EF.CardAccess is.
func Infos(infos ...[]byte) ([]byte, error) {
	infos = slices.Clone(infos)
	slices.SortFunc(infos, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, info := range infos {
			b.AddBytes(info)
		}
	})
	set, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding security infos: %w", err)
	}
	return set, nil
}

// PACEInfo announces one way of doing PACE.
func PACEInfo(p emrtd.PACE) []byte {
	return info(p.OID(), func(b *cryptobyte.Builder) {
		b.AddASN1Int64(2)
		b.AddASN1Int64(int64(p.Domain))
	})
}

// ChipInfo announces chip authentication. A negative key identifier is left out.
func ChipInfo(domain byte, c emrtd.Cipher, keyID int) []byte {
	return info(emrtd.ChipOID(domain, c), func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		if keyID >= 0 {
			b.AddASN1Int64(int64(keyID))
		}
	})
}

// ChipKeyInfo has the public key of chip authentication, as SubjectPublicKeyInfo.
func ChipKeyInfo(public []byte, keyID int) []byte {
	return named(oidChipKey, func(b *cryptobyte.Builder) {
		b.AddBytes(public)
		if keyID >= 0 {
			b.AddASN1Int64(int64(keyID))
		}
	})
}

// standardisedKey is SubjectPublicKeyInfo over parameters that both sides know by number.
func standardisedKey(domain byte, private *big.Int) ([]byte, error) {
	public, err := emrtd.Public(domain, private)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidStandardised)
			b.AddASN1Int64(int64(domain))
		})
		b.AddASN1BitString(public)
	})
	return b.Bytes()
}

// ActiveInfo says with which hash the chip signs, which ECDSA keys need.
func ActiveInfo(h crypto.Hash) []byte {
	return named(oidActive, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(append(slices.Clone(plainECDSA), plainArc[h]))
	})
}

// terminalInfo says that fingerprints ask for a terminal's certificate.
func terminalInfo() []byte {
	return named(oidTerminal, func(b *cryptobyte.Builder) { b.AddASN1Int64(1) })
}

func info(oid []byte, rest func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
		rest(b)
	})
	return b.BytesOrPanic()
}

func named(oid asn1.ObjectIdentifier, rest func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		rest(b)
	})
	return b.BytesOrPanic()
}
