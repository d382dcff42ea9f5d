package citizen

import (
	"crypto/rsa"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/mock-pcsc/card"
)

// The PKCS #15 files, most of them of the first generation alone (ISO/IEC 7816-15 §8), object by object as on the real card.

func path(file uint16) []byte { return []byte{0x3f, 0x00, 0x5f, 0x00, byte(file >> 8), byte(file)} }

// applicationDirectory is EF.DIR (ISO/IEC 7816-15 §6.4): one application template that leads to the directory of TokenInfo.
func applicationDirectory() *card.File {
	template := []byte("\x61\x1d\x4f\x09DF issuer\x50\x0cPORTUGAL EID\x51\x02\x4f\x00")
	return &card.File{ID: 0x2f00, Write: card.Never, Data: padTo(78, template)}
}

// objectDirectory is EF.ODF: where the private keys, public keys, certificates and PINs are listed.
func objectDirectory() []byte {
	return sequence(func(b *cryptobyte.Builder) {
		for _, entry := range []struct {
			tag  cbasn1.Tag
			file uint16
		}{{0, 0xef0d}, {1, 0xef0e}, {4, 0xef0c}, {8, 0x4401}} {
			b.AddASN1(entry.tag.ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { addPath(b, path(entry.file)) })
		}
	})
}

// tokenInfo is EF.TokenInfo, or EF.CIAInfo (ISO/IEC 7816-15 §8.10), with a number of the card.
func tokenInfo(pan string) []byte {
	serial := make([]byte, len(pan)/2) // in BCD
	for i := range serial {
		serial[i] = pan[2*i]<<4 | pan[2*i+1]&0x0f
	}
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			b.AddASN1OctetString(serial)
			addUTF8(b, "GEMALTO")
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte("CARTAO DE CIDADAO")) })
			b.AddBytes([]byte{0x03, 0x01, 0x00})
		})
	})
}

// pinDirectory is EF.AODF. Each PIN: case-sensitive and initialised, ASCII digits, at least four,
// stored in eight bytes padded with FF.
func pinDirectory() []byte {
	return sequence(func(b *cryptobyte.Builder) {
		for i, label := range []string{"PIN da Autenticação", "PIN da Assinatura", "PIN da Morada"} {
			id, ref := byte(i+1), byte(0x81+i)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addUTF8(b, label) })
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1OctetString([]byte{id})
					b.AddASN1Int64(int64(ref))
				})
				addTyped(b, func(b *cryptobyte.Builder) {
					b.AddBytes([]byte{0x03, 0x02, 0x03, 0x88, 0x0a, 0x01, 0x01, 0x02, 0x01, 0x04, 0x02, 0x01, 0x08})
					b.AddBytes([]byte{0x80, 0x02, 0x00, ref, 0x04, 0x01, 0xff})
				})
			})
		}
	})
}

// certificateDirectory is EF.CDF.
func certificateDirectory() []byte {
	return sequence(func(b *cryptobyte.Builder) {
		for _, c := range []struct {
			label string
			id    byte
			file  uint16
		}{
			{"CITIZEN AUTHENTICATION CERTIFICATE", 0x45, 0xef09},
			{"CITIZEN SIGNATURE CERTIFICATE", 0x46, 0xef08},
			{"SIGNATURE SUB CA", 0x51, 0xef0f},
			{"AUTHENTICATION SUB CA", 0x52, 0xef10},
			{"ROOT CA", 0x50, 0xef11},
		} {
			addCertificate(b, c.label, c.id, c.file)
		}
	})
}

// citizenDirectory is EF12, a second list of the person's own certificates that no known program reads.
func citizenDirectory() []byte {
	return sequence(func(b *cryptobyte.Builder) {
		addCertificate(b, "Citizen Authentication Certificate", 0x45, 0xef09)
		addCertificate(b, "Citizen Signature Certificate", 0x46, 0xef08)
	})
}

func addCertificate(b *cryptobyte.Builder, label string, id byte, file uint16) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addUTF8(b, label) })
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte{id}) })
		addTyped(b, func(b *cryptobyte.Builder) { addPath(b, path(file)) })
	})
}

// keyObject is one key pair of the card, as both key directories describe it.
type keyObject struct {
	name    string
	id      byte
	pin     byte
	ref     byte
	usage   []byte // of the private key, an encoded bit string
	consent bool
	modulus int
}

func keyObjects(authentication, signature *rsa.PublicKey) []keyObject {
	return []keyObject{
		{"CITIZEN AUTHENTICATION KEY", 0x45, 1, 2, []byte{0x03, 0x02, 0x05, 0x20}, false, authentication.N.BitLen()},
		{"CITIZEN SIGNATURE KEY", 0x46, 2, 1, []byte{0x03, 0x03, 0x06, 0x00, 0x40}, true, signature.N.BitLen()},
	}
}

// privateKeyDirectory is EF.PrKDF. The keys are no files: their path is empty, their reference counts.
func privateKeyDirectory(keys []keyObject) []byte {
	return sequence(func(b *cryptobyte.Builder) {
		for _, k := range keys {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addUTF8(b, k.name)
					b.AddBytes([]byte{0x03, 0x02, 0x07, 0x80}) // private
					b.AddASN1OctetString([]byte{k.pin})
					if k.consent {
						b.AddASN1Int64(1)
					}
				})
				k.addClass(b, k.usage)
				k.addType(b)
			})
		}
	})
}

// publicKeyDirectory is EF.PuKDF. It says that the public halves exist; their bytes cannot be read.
func publicKeyDirectory(keys []keyObject) []byte {
	verify := []byte{0x03, 0x02, 0x01, 0x02}
	return sequence(func(b *cryptobyte.Builder) {
		for _, k := range keys {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addUTF8(b, k.name)
					b.AddBytes([]byte{0x03, 0x02, 0x06, 0x40}) // modifiable
					b.AddASN1OctetString([]byte{0x80 | k.pin})
				})
				k.addClass(b, verify)
				k.addType(b)
			})
		}
	})
}

func (k keyObject) addClass(b *cryptobyte.Builder, usage []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString([]byte{k.id})
		b.AddBytes(usage)
		b.AddASN1Int64(int64(k.ref))
	})
}

func (k keyObject) addType(b *cryptobyte.Builder) {
	addTyped(b, func(b *cryptobyte.Builder) {
		addPath(b, nil)
		b.AddASN1Int64(int64(k.modulus))
	})
}

// addTyped adds the attributes of an object's type: [1] around a SEQUENCE.
func addTyped(b *cryptobyte.Builder, content func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, content)
	})
}

func addPath(b *cryptobyte.Builder, p []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(p) })
}

func addUTF8(b *cryptobyte.Builder, s string) {
	b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// sequence encodes entries that follow each other without a frame. What is encoded here is fixed, so
// a failure is a mistake in this file.
func sequence(content func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	content(&b)
	out, err := b.Bytes()
	if err != nil {
		panic(fmt.Sprintf("citizen: encoding a PKCS #15 file: %v", err))
	}
	return out
}
