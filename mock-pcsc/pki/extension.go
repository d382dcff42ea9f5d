package pki

import (
	"crypto"
	"crypto/sha1" // key identifiers are SHA-1 by custom, not for security
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type policy struct {
	oid asn1.ObjectIdentifier
	cps string
}

var (
	anyPolicy   = asn1.ObjectIdentifier{2, 5, 29, 32, 0}
	statePolicy = asn1.ObjectIdentifier{2, 16, 620, 1, 1, 1, 2}
)

func under(arcs ...int) asn1.ObjectIdentifier {
	return append(append(asn1.ObjectIdentifier(nil), statePolicy...), arcs...)
}

const (
	statePractices = "https://www.scee.gov.pt/rep/"
	cardPractices  = "http://pki2.cartaodecidadao.pt/publico/praticas-certificacao"
	cardPolicy     = "http://pki2.cartaodecidadao.pt/publico/politica-certificados"
)

// Policies as the real certificates list them.
var (
	authorityPolicies = map[Role][]policy{
		Root:           {{anyPolicy, statePractices}},
		CitizenCard:    {{anyPolicy, statePractices}},
		Authentication: {{anyPolicy, statePractices}, {under(4, 0, 1, 3), cardPolicy}, {under(4, 0, 7), cardPractices}},
		Signature:      {{anyPolicy, statePractices}, {under(4, 0, 7), cardPractices}, {under(4, 0, 1, 2), cardPolicy}},
		DocumentSigner: {{under(4, 0, 7), cardPractices}},
	}
	authenticationPolicies = []policy{
		{under(20), ""}, {under(4, 2, 0, 7), cardPractices}, {under(10), ""}, {under(4, 2, 0, 1, 1), cardPolicy},
	}
	signaturePolicies = []policy{
		{under(4, 1, 0, 1, 1), cardPolicy}, {under(4, 1, 0, 7), cardPractices}, {under(10), ""},
	}
)

// policies is the certificatePolicies extension (RFC 5280 §4.2.1.4) with its CPS qualifiers.
func policies(list ...policy) pkix.Extension {
	oidCPS := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 2, 1}
	return extension(asn1.ObjectIdentifier{2, 5, 29, 32}, func(b *cryptobyte.Builder) {
		for _, p := range list {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(p.oid)
				if p.cps == "" {
					return
				}
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidCPS)
						b.AddASN1(cbasn1.IA5String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(p.cps)) })
					})
				})
			})
		}
	})
}

// dateOfBirth is subjectDirectoryAttributes (RFC 5280 §4.2.1.8) with the one attribute of RFC 3739 §3.2.2.
// The time is noon, as RFC 3739 advises, so that no time zone changes the day.
func dateOfBirth(day time.Time) pkix.Extension {
	return extension(asn1.ObjectIdentifier{2, 5, 29, 9}, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1})
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1GeneralizedTime(time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, time.UTC))
			})
		})
	})
}

// Netscape certificate types as first bytes of the bit string.
const (
	netscapeClientAndMail = 0xa0
	netscapeMail          = 0x20
)

func netscapeType(bits byte) pkix.Extension {
	return pkix.Extension{
		Id:    asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1},
		Value: []byte{0x03, 0x02, 0x05, bits},
	}
}

// freshestCRL points to the delta list, which the bench serves as the full one.
func freshestCRL(url string) pkix.Extension {
	context0 := cbasn1.Tag(0).ContextSpecific()
	return extension(asn1.ObjectIdentifier{2, 5, 29, 46}, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(context0.Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(context0.Constructed(), func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.Tag(6).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(url)) })
				})
			})
		})
	})
}

// qualifiedStatements says that a signature certificate is qualified and its key on a secure device
// (ETSI EN 319 412-5 §4.2).
func qualifiedStatements() pkix.Extension {
	return extension(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, func(b *cryptobyte.Builder) {
		for _, last := range []int{1, 4} {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{0, 4, 0, 1862, 1, last})
			})
		}
	})
}

// extension wraps content in the SEQUENCE that each of these extensions is. The content is fixed, so
// a failure to encode it is a mistake in this file.
func extension(oid asn1.ObjectIdentifier, content func(*cryptobyte.Builder)) pkix.Extension {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, content)
	return pkix.Extension{Id: oid, Value: b.BytesOrPanic()}
}

// keyIdentifier is method 1 of RFC 5280 §4.2.1.2.
func keyIdentifier(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("parsing a public key: %w", err)
	}
	sum := sha1.Sum(info.Key.RightAlign())
	return sum[:], nil
}
