// Package icao reads the certificates and revocation lists of travel documents' PKIs (Doc 9303-12), which Go's
// crypto/x509 refuses in part: explicit or Brainpool curves, RSA without parameters, negative serial numbers, BER.
// It verifies signatures of whoever holds a certificate; package cms verifies messages with it.
package icao

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrCertificate says that bytes are not an X.509 certificate as this package reads them.
var ErrCertificate = errors.New("malformed certificate")

// Certificate is an X.509 certificate (RFC 5280 §4.1) of a travel document's PKI (Doc 9303-12 §7.1). It is
// immutable and safe for concurrent use.
type Certificate struct {
	Raw        []byte // DER of the whole
	RawTBS     []byte // DER of what is signed
	Version    int    // 1 to 3
	Serial     *big.Int
	RawIssuer  []byte // DER of the issuer's name
	RawSubject []byte
	Country    string // of the subject: two upper-case letters, or "" when it names none or more than one
	Title      string // the subject's common name, or else its unit or organization
	NotBefore  time.Time
	NotAfter   time.Time
	SPKI       []byte // DER of SubjectPublicKeyInfo
	Extensions

	Signature []byte
	algorithm algorithmIdentifier // of the signature

	key        func() (crypto.PublicKey, error)
	selfSigned func() bool
}

// Extensions are what a certificate says beyond its fields (RFC 5280 §4.2, Doc 9303-12 table 6). What it does
// not say is zero.
type Extensions struct {
	IssuerID
	SubjectKeyID          []byte
	KeyUsage              x509.KeyUsage
	HasConstraints        bool // BasicConstraints is there
	IsCA                  bool
	MaxPathLen            int       // -1 when not stated
	KeyUsedFrom           time.Time // PrivateKeyUsagePeriod: when the key signs
	KeyUsedUntil          time.Time
	CRLDistributionPoints []string
	ExtKeyUsage           []asn1.ObjectIdentifier
	DocumentTypes         []string // of a document signer, as in the MRZ; one letter stands for all types that begin with it
	NameChange            bool
	UnknownCritical       []asn1.ObjectIdentifier
}

// IssuerID tells the certificates of an issuer apart (AuthorityKeyIdentifier, RFC 5280 §4.2.1.1).
type IssuerID struct {
	AuthorityKeyID  []byte   // identifier of the issuer's key; beside or instead of it both of
	AuthorityIssuer []byte   // DER of the name of the issuer's issuer, and
	AuthoritySerial *big.Int // the number of the issuer's certificate
}

func badCertificate(what string) error { return fmt.Errorf("%w: %s", ErrCertificate, what) }

// ParseCertificate reads one DER certificate and nothing after it. It reads what States have issued and
// crypto/x509 refuses: negative serial numbers, keys and signatures of kinds that Go does not know (see
// PublicKey and CheckSignatureFrom), names in all kinds of strings. The error wraps ErrCertificate.
func ParseCertificate(der []byte) (*Certificate, error) {
	c := &Certificate{Raw: bytes.Clone(der), Serial: new(big.Int), Extensions: Extensions{MaxPathLen: -1}}
	input := cryptobyte.String(c.Raw)
	var outer, tbs cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return nil, badCertificate("not one SEQUENCE")
	}
	c.RawTBS = tbs
	algorithm, err := ReadAlgorithm(&outer)
	if err != nil {
		return nil, badCertificate("signature algorithm")
	}
	if !outer.ReadASN1BitStringAsBytes(&c.Signature) || !outer.Empty() {
		return nil, badCertificate("signature")
	}
	c.algorithm = algorithm
	if err := c.readTBS(tbs); err != nil {
		return nil, err
	}
	c.key = sync.OnceValues(func() (crypto.PublicKey, error) { return ParsePublicKey(c.SPKI) })
	c.selfSigned = sync.OnceValue(func() bool {
		return SameName(c.RawIssuer, c.RawSubject) && c.CheckSignatureFrom(c) == nil
	})
	return c, nil
}

// readTBS reads the signed part, its header still before it.
func (c *Certificate) readTBS(element cryptobyte.String) error {
	var tbs, validity, issuer, subject, spki cryptobyte.String
	if !element.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return badCertificate("signed part")
	}
	if !tbs.ReadOptionalASN1Integer(&c.Version, ContextTag(0), 0) || c.Version < 0 || c.Version > 2 {
		return badCertificate("version")
	}
	c.Version++
	if !tbs.ReadASN1Integer(c.Serial) {
		return badCertificate("serial number")
	}
	inner, err := ReadAlgorithm(&tbs)
	if err != nil || inner.oid != c.algorithm.oid || !bytes.Equal(inner.params, c.algorithm.params) {
		return badCertificate("signature algorithms inside and outside differ") // RFC 5280 §4.1.1.2
	}
	if !tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !tbs.ReadASN1(&validity, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&spki, cbasn1.SEQUENCE) {
		return badCertificate("names, validity or key")
	}
	if !readTime(&validity, &c.NotBefore) || !readTime(&validity, &c.NotAfter) || !validity.Empty() {
		return badCertificate("validity")
	}
	c.RawIssuer, c.RawSubject, c.SPKI = issuer, subject, spki
	for _, name := range [][]byte{issuer, subject} {
		if _, ok := readName(name); !ok {
			return badCertificate("name")
		}
	}
	c.Country, c.Title = country(subject), title(subject)
	if !tbs.SkipOptionalASN1(cbasn1.Tag(1).ContextSpecific()) || !tbs.SkipOptionalASN1(cbasn1.Tag(2).ContextSpecific()) {
		return badCertificate("unique identifiers")
	}
	return c.readExtensions(tbs)
}

// readTime reads Time (RFC 5280 §4.1.2.5).
func readTime(data *cryptobyte.String, t *time.Time) bool {
	if data.PeekASN1Tag(cbasn1.UTCTime) {
		return data.ReadASN1UTCTime(t)
	}
	return data.ReadASN1GeneralizedTime(t)
}

// PublicKey returns the certificate's key, read when it is first asked for: *rsa.PublicKey, *PSSPublicKey or
// *ecdsa.PublicKey. A certificate whose key is of another kind is read all the same, and trusted with nothing.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) { return c.key() }

// SelfSigned reports whether the certificate is signed with its own key and in its own name, as trust anchors
// are. A self-issued certificate whose key was certified with an earlier one is not: it links the two keys
// (Doc 9303-12 §4.1.4.3).
func (c *Certificate) SelfSigned() bool { return c.selfSigned() }

// SignatureHash returns the hash that the certificate's signature is made with, 0 for an algorithm that
// is not known here.
func (c *Certificate) SignatureHash() crypto.Hash {
	a, err := c.algorithm.Signature(0)
	if err != nil {
		return 0
	}
	return a.Hash
}

// CheckSignatureFrom checks that the issuer's key signed the certificate, with any hash from SHA-1 on: who
// cares how strong it is asks SignatureHash. Nothing else is checked, neither names nor what the issuer may do. The
// error wraps ErrSignature, or ErrMalformed when key or algorithm are of a kind that is not verified here.
func (c *Certificate) CheckSignatureFrom(issuer *Certificate) error {
	return checkSignature(c.algorithm, issuer, c.RawTBS, c.Signature)
}

func checkSignature(algorithm algorithmIdentifier, issuer *Certificate, signed, signature []byte) error {
	a, err := algorithm.Signature(0)
	if err != nil {
		return err
	}
	key, err := issuer.PublicKey()
	if err != nil {
		return fmt.Errorf("%w: issuer's public key: %v", ErrMalformed, err)
	}
	return a.Verify(key, signed, signature)
}

// IssuedBy reports whether the issuer's certificate is the one that c names: by name, and by key identifier and by
// the issuer's own issuer and number where they are stated. It says nothing about the signature.
func (c *Certificate) IssuedBy(issuer *Certificate) bool {
	return SameName(c.RawIssuer, issuer.RawSubject) && c.names(issuer)
}

// names reports whether a certificate may be the one that is meant. What is not stated rules nobody out.
func (e *IssuerID) names(issuer *Certificate) bool {
	if len(e.AuthorityKeyID) > 0 && len(issuer.SubjectKeyID) > 0 {
		return bytes.Equal(e.AuthorityKeyID, issuer.SubjectKeyID)
	}
	if e.AuthoritySerial != nil && len(e.AuthorityIssuer) > 0 {
		return e.AuthoritySerial.Cmp(issuer.Serial) == 0 && SameName(e.AuthorityIssuer, issuer.RawIssuer)
	}
	return true
}

// Equal reports whether two certificates are the same, byte by byte.
func (c *Certificate) Equal(other *Certificate) bool { return bytes.Equal(c.Raw, other.Raw) }
