package pki

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// oidCardSecurity is the content type of EF.CardSecurity (ICAO 9303-11 §9.2.11).
var (
	oidCardSecurity = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
	oidSigningTime  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

// A SecurityObject is what a document signer signs of a travel document.
type SecurityObject struct {
	Groups  map[int][]byte // data groups, whole files
	Hash    crypto.Hash    // of the groups
	LDS     string         // version of the logical data structure, for example "0108"; empty: not said
	At      time.Time      // signing time; zero: not said
	ByKeyID bool           // names its signer by key identifier instead of issuer and serial number
	BER     bool           // written in BER, see loose
	Respelt bool           // names its signer's issuer in capitals and in another kind of string than the certificate
}

// Sign makes the document security object (ICAO 9303-10 §4.7.15), tag 77 included.
func (a *CountryAuthority) Sign(o SecurityObject) ([]byte, error) {
	content, err := o.content()
	if err != nil {
		return nil, err
	}
	signed, err := a.signedData(oidSecurityObject, content, o)
	if err != nil {
		return nil, err
	}
	if o.BER {
		signed = loose(signed, a.Certificate)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.Tag(23).Constructed()|0x40, func(b *cryptobyte.Builder) { b.AddBytes(signed) })
	return b.Bytes()
}

// SignCardSecurity makes EF.CardSecurity of security infos, a SET in DER.
func (a *CountryAuthority) SignCardSecurity(infos []byte) ([]byte, error) {
	return a.signedData(oidCardSecurity, infos, SecurityObject{})
}

// content is LDSSecurityObject of version 0, or 1 where it says the versions.
func (o SecurityObject) content() ([]byte, error) {
	numbers := make([]int, 0, len(o.Groups))
	for n := range o.Groups {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	version := int64(0)
	if o.LDS != "" {
		version = 1
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(version)
		b.AddBytes(digestAlgorithm(o.Hash))
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range numbers {
				h := o.Hash.New()
				h.Write(o.Groups[n])
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(int64(n))
					b.AddASN1OctetString(h.Sum(nil))
				})
			}
		})
		if o.LDS != "" {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, v := range []string{o.LDS, "040000"} {
					b.AddASN1(cbasn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(v)) })
				}
			})
		}
	})
	content, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the data group hashes: %w", err)
	}
	return content, nil
}

// signedData is ContentInfo with SignedData of version 3 (RFC 5652 §5.1) and the signer's certificate.
func (a *CountryAuthority) signedData(oid asn1.ObjectIdentifier, content []byte, o SecurityObject) ([]byte, error) {
	info, err := a.signerInfo(oid, content, o)
	if err != nil {
		return nil, err
	}
	context0 := cbasn1.Tag(0).ContextSpecific().Constructed()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(3)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(digestAlgorithm(a.Scheme.hash())) })
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oid)
					b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
				})
				b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddBytes(a.Certificate) })
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(info) })
			})
		})
	})
	signed, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding signed data: %w", err)
	}
	return signed, nil
}

func (a *CountryAuthority) signerInfo(oid asn1.ObjectIdentifier, content []byte, o SecurityObject) ([]byte, error) {
	attributes, err := a.attributes(oid, content, o.At)
	if err != nil {
		return nil, err
	}
	signature, err := a.key.sign(attributes)
	if err != nil {
		return nil, err
	}
	identifier, version, err := a.identifier(o)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(version)
		b.AddBytes(identifier)
		b.AddBytes(digestAlgorithm(a.Scheme.hash()))
		b.AddUint8(0xa0) // [0] IMPLICIT in place of SET
		b.AddBytes(attributes[1:])
		b.AddBytes(a.Scheme.algorithm())
		b.AddASN1OctetString(signature)
	})
	return b.Bytes()
}

// identifier is SignerIdentifier, and the version that SignerInfo has with it (RFC 5652 §5.3).
func (a *CountryAuthority) identifier(o SecurityObject) (der []byte, version int64, err error) {
	var b cryptobyte.Builder
	if o.ByKeyID {
		id, err := countryKeyIdentifier(a.key.Public())
		if err != nil {
			return nil, 0, err
		}
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(id) })
		der, err = b.Bytes()
		return der, 3, err
	}
	issuer, ok := countryBySlug(a.Issuer)
	if !ok {
		return nil, 0, fmt.Errorf("no country authority %q in the test infrastructure", a.Issuer)
	}
	name, err := issuer.subject()
	if o.Respelt {
		name, err = issuer.respelt()
	}
	if err != nil {
		return nil, 0, err
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(name)
		b.AddASN1BigInt(Serial(a.Slug))
	})
	der, err = b.Bytes()
	return der, 1, err
}

// attributes is the SET that is signed, in the order that DER wants (X.690 §11.6).
func (a *CountryAuthority) attributes(oid asn1.ObjectIdentifier, content []byte, at time.Time) ([]byte, error) {
	h := a.Scheme.hash().New()
	h.Write(content)
	values := map[string]func(*cryptobyte.Builder){
		oidContentType.String():   func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) },
		oidMessageDigest.String(): func(b *cryptobyte.Builder) { b.AddASN1OctetString(h.Sum(nil)) },
	}
	if !at.IsZero() {
		values[oidSigningTime.String()] = func(b *cryptobyte.Builder) { addTime(b, at) }
	}
	var members [][]byte
	for _, oid := range []asn1.ObjectIdentifier{oidContentType, oidSigningTime, oidMessageDigest} {
		value, ok := values[oid.String()]
		if !ok {
			continue
		}
		var b cryptobyte.Builder
		addAttribute(&b, oid, value)
		member, err := b.Bytes()
		if err != nil {
			return nil, fmt.Errorf("encoding a signed attribute: %w", err)
		}
		members = append(members, member)
	}
	slices.SortFunc(members, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, m := range members {
			b.AddBytes(m)
		}
	})
	return b.Bytes()
}
