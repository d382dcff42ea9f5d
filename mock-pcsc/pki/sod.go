package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of a document security object (ICAO 9303-10 §4.6.2, RFC 5652, RFC 5754).
var (
	oidSignedData      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidSecurityObject  = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	oidContentType     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSHA256          = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA256WithRSA   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// SignSecurityObject makes the SOD of a card: the hashes of its data groups in a CMS SignedData of
// version 3, signed by signer, in the application tag 23 that files carry it in.
func SignSecurityObject(signer *Authority, groups map[int][]byte) ([]byte, error) {
	content, err := securityObject(groups)
	if err != nil {
		return nil, err
	}
	attributes, err := signedAttributes(content)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(attributes)
	signature, err := signer.Key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing the security object: %w", err)
	}
	algorithm, err := signatureAlgorithm(signer.Key.Public())
	if err != nil {
		return nil, err
	}
	context0 := cbasn1.Tag(0).ContextSpecific().Constructed()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.Tag(23).Constructed()|0x40, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			b.AddASN1(context0, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(3)
					b.AddASN1(cbasn1.SET, addSHA256)
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidSecurityObject)
						b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
					})
					b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddBytes(signer.Certificate.Raw) })
					b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
						addSignerInfo(b, signer, attributes, algorithm, signature)
					})
				})
			})
		})
	})
	sod, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the security object: %w", err)
	}
	return sod, nil
}

// securityObject is LDSSecurityObject of version 0.
func securityObject(groups map[int][]byte) ([]byte, error) {
	numbers := make([]int, 0, len(groups))
	for n := range groups {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		addSHA256(b)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range numbers {
				sum := sha256.Sum256(groups[n])
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(int64(n))
					b.AddASN1OctetString(sum[:])
				})
			}
		})
	})
	content, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the data group hashes: %w", err)
	}
	return content, nil
}

// signedAttributes is the SET that is hashed and signed. Its members are in the order that DER wants
// (X.690 §11.6): the shorter one comes first. The State sets no signing time.
func signedAttributes(content []byte) ([]byte, error) {
	sum := sha256.Sum256(content)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		addAttribute(b, oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidSecurityObject) })
		addAttribute(b, oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum[:]) })
	})
	attributes, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the signed attributes: %w", err)
	}
	return attributes, nil
}

func addAttribute(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, value)
	})
}

func addSHA256(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSHA256)
		b.AddASN1NULL()
	})
}

// addSignerInfo names the signer by issuer and serial number (RFC 5652 §5.3, version 1).
func addSignerInfo(b *cryptobyte.Builder, signer *Authority, attributes, algorithm, signature []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(signer.Certificate.RawIssuer)
			b.AddASN1BigInt(signer.Certificate.SerialNumber)
		})
		addSHA256(b)
		b.AddUint8(0xa0) // [0] IMPLICIT in place of SET
		b.AddBytes(attributes[1:])
		b.AddBytes(algorithm)
		b.AddASN1OctetString(signature)
	})
}

func signatureAlgorithm(key crypto.PublicKey) ([]byte, error) {
	var b cryptobyte.Builder
	switch key.(type) {
	case *rsa.PublicKey:
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSHA256WithRSA)
			b.AddASN1NULL()
		})
	case *ecdsa.PublicKey:
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidECDSAWithSHA256) })
	default:
		return nil, fmt.Errorf("no signature algorithm for %T", key)
	}
	return b.Bytes()
}
