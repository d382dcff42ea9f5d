package pki

import (
	"cmp"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions of ICAO 9303-12 §7.1.1.
var (
	oidSubjectKey     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage       = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidKeyUsagePeriod = asn1.ObjectIdentifier{2, 5, 29, 16}
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidIssuerAltName  = asn1.ObjectIdentifier{2, 5, 29, 18}
	oidConstraints    = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidCRLNumber      = asn1.ObjectIdentifier{2, 5, 29, 20}
	oidCRLReason      = asn1.ObjectIdentifier{2, 5, 29, 21}
	oidDistribution   = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidAuthorityKey   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidDocumentTypes  = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}
	oidLocality       = asn1.ObjectIdentifier{2, 5, 4, 7}
)

// NewCountryAuthority makes the certificate that spec describes, for key, signed by issuer (nil: by itself).
func NewCountryAuthority(spec CountrySpec, key crypto.Signer, issuer *CountryAuthority) (*CountryAuthority, error) {
	own := &CountryAuthority{CountrySpec: spec, key: signer{key, spec.Scheme}}
	if issuer == nil {
		issuer = own
	}
	tbs, err := own.toBeSigned(issuer)
	if err != nil {
		return nil, fmt.Errorf("issuing %s: %w", spec.Slug, err)
	}
	if own.Certificate, err = issuer.key.wrap(tbs); err != nil {
		return nil, fmt.Errorf("issuing %s: %w", spec.Slug, err)
	}
	return own, nil
}

// wrap signs a certificate or a list: the signed part, algorithm and signature in a SEQUENCE.
func (s signer) wrap(tbs []byte) ([]byte, error) {
	signature, err := s.sign(tbs)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(s.scheme.algorithm())
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

func (a *CountryAuthority) toBeSigned(issuer *CountryAuthority) ([]byte, error) {
	subject, subjectErr := a.subject()
	above, aboveErr := issuer.subject()
	info, infoErr := PublicKeyInfo(a.key.Public())
	extensions, extensionsErr := a.extensions(issuer)
	for _, err := range []error{subjectErr, aboveErr, infoErr, extensionsErr} {
		if err != nil {
			return nil, err
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1BigInt(Serial(a.Slug))
		b.AddBytes(issuer.Scheme.algorithm())
		b.AddBytes(above)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, year(a.From))
			addTime(b, year(a.Until))
		})
		b.AddBytes(subject)
		b.AddBytes(info)
		b.AddASN1(cbasn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
		})
	})
	return b.Bytes()
}

// addTime is UTCTime until 2049 and GeneralizedTime after it (RFC 5280 §4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t.Year() < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

// extensions are those of ICAO 9303-12 table 6, for a CSCA, a link certificate, or a document signer.
func (a *CountryAuthority) extensions(issuer *CountryAuthority) ([]byte, error) {
	own, err := countryKeyIdentifier(a.key.Public())
	if err != nil {
		return nil, err
	}
	above, err := countryKeyIdentifier(issuer.key.Public())
	if err != nil {
		return nil, err
	}
	status := cmp.Or(a.StatusAt, a.Issuer, a.Slug)
	var list []byte
	add := func(oid asn1.ObjectIdentifier, critical bool, content func(*cryptobyte.Builder)) {
		list = append(list, countryExtension(oid, critical, content)...)
	}
	add(oidAuthorityKey, false, sequence(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(above) })
	}))
	add(oidSubjectKey, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(own) })
	usage := []byte{0x03, 0x02, 0x07, 0x80} // digitalSignature
	if a.Role != TravelSigner {
		usage = []byte{0x03, 0x02, 0x01, 0x06} // keyCertSign, cRLSign
		add(oidConstraints, true, sequence(func(b *cryptobyte.Builder) {
			b.AddASN1Boolean(true)
			b.AddASN1Int64(0)
		}))
	}
	add(oidKeyUsage, true, func(b *cryptobyte.Builder) { b.AddBytes(usage) })
	add(oidKeyUsagePeriod, false, sequence(func(b *cryptobyte.Builder) {
		for i, t := range []time.Time{year(a.From), year(a.UsedUntil)} {
			b.AddASN1(cbasn1.Tag(i).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(t.Format("20060102150405Z"))) })
		}
	}))
	add(oidIssuerAltName, false, alternative(issuer.State))
	add(oidSubjectAltName, false, alternative(a.State))
	add(oidDistribution, false, distribution(CRLURL(status)))
	if len(a.DocumentTypes) > 0 {
		add(oidDocumentTypes, false, documentTypes(a.DocumentTypes))
	}
	return list, nil
}

func countryExtension(oid asn1.ObjectIdentifier, critical bool, content func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(cbasn1.OCTET_STRING, content)
	})
	return b.BytesOrPanic()
}

func sequence(content func(*cryptobyte.Builder)) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, content) }
}

// alternative is a name that says the State as the MRZ has it, which the names of two letters do not.
func alternative(state string) func(*cryptobyte.Builder) {
	return sequence(func(b *cryptobyte.Builder) {
		der, err := asn1.Marshal(name(oidLocality, state))
		if err != nil {
			b.SetError(err)
			return
		}
		b.AddASN1(cbasn1.Tag(4).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(der) })
	})
}

func distribution(url string) func(*cryptobyte.Builder) {
	context0 := cbasn1.Tag(0).ContextSpecific().Constructed()
	return sequence(sequence(func(b *cryptobyte.Builder) {
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			b.AddASN1(context0, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.Tag(6).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(url)) })
			})
		})
	}))
}

func documentTypes(types []string) func(*cryptobyte.Builder) {
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			for _, t := range slices.SortedFunc(slices.Values(types), derOrder) {
				b.AddASN1(cbasn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(t)) })
			}
		})
	})
}

// derOrder is the order of a SET OF whose members differ in length and letters (X.690 §11.6).
func derOrder(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return slices.Compare([]byte(a), []byte(b))
}

// CountryList makes the revocation list of a CSCA as of a moment (ICAO 9303-12 §7.1.4).
func (a *CountryAuthority) CountryList(issued []Issued, now, until time.Time) ([]byte, error) {
	own, err := countryKeyIdentifier(a.key.Public())
	if err != nil {
		return nil, err
	}
	subject, err := a.subject()
	if err != nil {
		return nil, err
	}
	issued = slices.DeleteFunc(slices.Clone(issued), func(c Issued) bool { return c.RevokedAt.IsZero() })
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(a.Scheme.algorithm())
		b.AddBytes(subject)
		addTime(b, now)
		addTime(b, until)
		if len(issued) > 0 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, c := range issued {
					addRevoked(b, c)
				}
			})
		}
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), sequence(func(b *cryptobyte.Builder) {
			b.AddBytes(countryExtension(oidAuthorityKey, false, sequence(func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(own) })
			})))
			b.AddBytes(countryExtension(oidCRLNumber, false, func(b *cryptobyte.Builder) { b.AddASN1BigInt(big.NewInt(now.Unix())) }))
		}))
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding the revocation list of %s: %w", a.Slug, err)
	}
	return a.key.wrap(tbs)
}

func addRevoked(b *cryptobyte.Builder, c Issued) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(c.Serial)
		addTime(b, c.RevokedAt)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(countryExtension(oidCRLReason, false, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(c.Reason)) }))
		})
	})
}
