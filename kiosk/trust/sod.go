package trust

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/cms"
)

// Errors of a document security object, besides *ChainError for a signer that is not believed.
var (
	ErrSODMalformed = errors.New("malformed document security object")
	ErrSODFraming   = fmt.Errorf("%w: not the bytes its tag 77 announces", ErrSODMalformed)
	ErrSODSignature = errors.New("document security object's signature does not verify")
)

// oidLDSSecurityObject is the content type of a document security object (ICAO 9303-10 §4.6.2.3).
var oidLDSSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}

// tagSOD is the application tag around the CMS message: 77, [APPLICATION 23] constructed.
const tagSOD cbasn1.Tag = 0x77

// digestHashes are the hashes of data groups that are accepted (ICAO 9303-12 §4.4). SHA-1 is not:
// no Citizen Card has it, and a second image for a weak hash is what a forger would look for.
var digestHashes = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// SecurityObject is a document security object whose signature was verified: what the data groups of
// the document must hash to.
type SecurityObject struct {
	Version int // 0, or 1 with the LDS and Unicode versions in it
	Hash    crypto.Hash
	Hashes  map[int][]byte // by data group number, 1 to 16

	Signer      *x509.Certificate
	SigningTime time.Time           // as the signer claims; zero when not stated
	Chain       []*x509.Certificate // signer to anchor; nil until Store.TrustSigner
	others      []*x509.Certificate
}

// VerifySOD verifies a document security object, with or without its outer tag 77: the signature, and
// that a document signer under an anchor made it who was valid at the time given. The error wraps
// ErrSODMalformed (ErrSODFraming among them) or ErrSODSignature, or is a *ChainError about the signer.
func (s *Store) VerifySOD(sod []byte, at time.Time) (*SecurityObject, error) {
	object, err := ReadSOD(sod)
	if err != nil {
		return nil, err
	}
	if err := s.TrustSigner(object, at); err != nil {
		return nil, err
	}
	return object, nil
}

// ReadSOD verifies the signature of a document security object with the certificate in it, whoever's
// that is. What it returns is not to be believed before Store.TrustSigner.
func ReadSOD(sod []byte) (*SecurityObject, error) {
	message, err := unwrapSOD(sod)
	if err != nil {
		return nil, err
	}
	verified, err := cms.Verify(message, cms.Options{})
	switch {
	case errors.Is(err, cms.ErrSignature):
		return nil, fmt.Errorf("%w: %w", ErrSODSignature, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrSODMalformed, err)
	case !verified.ContentType.Equal(oidLDSSecurityObject):
		return nil, fmt.Errorf("%w: content is not an LDS security object", ErrSODMalformed)
	}
	object, err := parseSecurityObject(verified.Content)
	if err != nil {
		return nil, err
	}
	object.SigningTime = verified.SigningTime
	if object.Signer, err = x509.ParseCertificate(verified.Signer); err != nil {
		return nil, fmt.Errorf("%w: signer's certificate: %v", ErrSODMalformed, err)
	}
	for _, der := range verified.Others {
		if c, err := x509.ParseCertificate(der); err == nil {
			object.others = append(object.others, c)
		}
	}
	return object, nil
}

// TrustSigner checks that a document signer under an anchor, valid at the time given, made the object, and
// sets its Chain. Certificates in the message may stand between signer and anchor.
func (s *Store) TrustSigner(object *SecurityObject, at time.Time) error {
	chain, err := s.Chain(object.Signer, object.others, at)
	if err != nil {
		return err
	}
	if err := checkDocumentSigner(object.Signer); err != nil {
		return err
	}
	object.Chain = chain
	return nil
}

// Match compares data groups as they were read with the signed hashes and returns the numbers of those
// that differ or were never signed. An empty answer for at least one group means: unaltered.
func (o *SecurityObject) Match(groups map[int][]byte) (differ []int) {
	for number, content := range groups {
		w := o.Hash.New()
		w.Write(content)
		want, signed := o.Hashes[number]
		if !signed || !bytes.Equal(w.Sum(nil), want) {
			differ = append(differ, number)
		}
	}
	return differ
}

// unwrapSOD takes off the tag 77, whose length must be that of the whole.
func unwrapSOD(sod []byte) ([]byte, error) {
	input := cryptobyte.String(sod)
	if !input.PeekASN1Tag(tagSOD) {
		return sod, nil
	}
	var message cryptobyte.String
	if !input.ReadASN1(&message, tagSOD) || !input.Empty() {
		return nil, ErrSODFraming
	}
	return message, nil
}

// parseSecurityObject reads LDSSecurityObject, versions 0 and 1 (ICAO 9303-10 §4.6.2.3).
func parseSecurityObject(der []byte) (*SecurityObject, error) {
	malformed := func(what string) (*SecurityObject, error) {
		return nil, fmt.Errorf("%w: %s", ErrSODMalformed, what)
	}
	o := &SecurityObject{Hashes: make(map[int][]byte)}
	input := cryptobyte.String(der)
	var object, algorithm, hashes cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&object, cbasn1.SEQUENCE) || !input.Empty() {
		return malformed("not one SEQUENCE")
	}
	if !object.ReadASN1Integer(&o.Version) || o.Version < 0 || o.Version > 1 {
		return malformed("unknown version")
	}
	if !object.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return malformed("digest algorithm")
	}
	var ok bool
	if o.Hash, ok = digestHashes[oid.String()]; !ok {
		return malformed("digest algorithm not accepted")
	}
	if !algorithm.Empty() && (!algorithm.SkipASN1(cbasn1.NULL) || !algorithm.Empty()) {
		return malformed("parameters of the digest algorithm")
	}
	if !object.ReadASN1(&hashes, cbasn1.SEQUENCE) {
		return malformed("data group hashes")
	}
	if !readGroupHashes(hashes, o) {
		return malformed("data group hashes")
	}
	// Version 1 adds LDSVersionInfo { ldsVersion, unicodeVersion }, which change nothing here.
	if o.Version == 1 && !object.SkipASN1(cbasn1.SEQUENCE) || !object.Empty() {
		return malformed("version information")
	}
	return o, nil
}

// readGroupHashes reads DataGroupHash { number 1 to 16, hash }, at least one, none twice.
func readGroupHashes(hashes cryptobyte.String, o *SecurityObject) bool {
	for !hashes.Empty() {
		var entry, hash cryptobyte.String
		var number int
		if !hashes.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1Integer(&number) ||
			!entry.ReadASN1(&hash, cbasn1.OCTET_STRING) || !entry.Empty() ||
			number < 1 || number > 16 || len(hash) != o.Hash.Size() || o.Hashes[number] != nil {
			return false
		}
		o.Hashes[number] = bytes.Clone(hash)
	}
	return len(o.Hashes) > 0
}
