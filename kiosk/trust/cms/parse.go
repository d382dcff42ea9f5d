// Package cms verifies CMS SignedData messages (RFC 5652) of the kind that documents carry: one
// signer, signed attributes, the content inside. Messages may be in BER, as RFC 5652 has it; beyond that it is strict
// where leniency would let two readers see two messages, and returns what was signed, never a verdict beside
// unverified bytes:
//
//	v, err := cms.Verify(der, cms.Options{})
//	… v.Content, v.Signer …
//
// It proves that the holder of the signer certificate's key signed the content. Whether that
// certificate is to be believed is the caller's question; package trust answers it.
//
// Certificates of the message are read down to what finding the signer needs, so that one with an exotic key
// beside the signer's does no harm. Verified.Signer is the certificate as bytes. Public keys come from
// Options.ParseKey, where curves that crypto/x509 does not know can be added.
//
// For travel documents, whose certificates crypto/x509 often refuses, the package has certificates and revocation
// lists of its own: ParseCertificate, ParseRevocationList. They can be read, compared and their signatures verified;
// what a chain of them is worth is for package trust to say. They are not for anything that crypto/x509 can do:
// there are no name constraints, policies or chains here.
package cms

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/icao"
)

// Limits of what is looked at. An eMRTD's SOD with two certificates stays under 16 KB.
const (
	maxMessage      = 4 << 20 // a country's master list has 1 MB
	maxCertificates = 64
	maxAttributes   = 16
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

// message is a SignedData, taken apart but not verified.
type message struct {
	contentType  asn1.ObjectIdentifier
	content      []byte
	certificates []certificate
	signer       signerInfo
}

// signerInfo is the one SignerInfo of a message (RFC 5652 §5.3).
type signerInfo struct {
	issuer    []byte   // DER of the issuer's name; nil when identified by key identifier
	serial    *big.Int // with issuer
	keyID     []byte   // SubjectKeyIdentifier; nil when identified by issuer and serial number
	digest    crypto.Hash
	attrs     [][]byte // signed attributes as they may have been hashed: DER with the tag SET OF
	signature []byte
	algorithm icao.SignatureAlgorithm

	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	signingTime   time.Time // zero when not stated
}

// parse takes a message apart. cryptobyte reads DER only, so that the message is brought into it first.
func parse(ber []byte) (*message, error) {
	if len(ber) > maxMessage {
		return nil, icao.Malformed("too long")
	}
	der, err := icao.DER(ber)
	if err != nil {
		return nil, icao.Malformed("not one value in BER")
	}
	input := cryptobyte.String(der)
	var info, explicit, data cryptobyte.String
	var contentType asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() {
		return nil, icao.Malformed("not one SEQUENCE")
	}
	if !info.ReadASN1ObjectIdentifier(&contentType) || !contentType.Equal(oidSignedData) {
		return nil, icao.Malformed("not SignedData")
	}
	if !info.ReadASN1(&explicit, icao.ContextTag(0)) || !info.Empty() ||
		!explicit.ReadASN1(&data, cbasn1.SEQUENCE) || !explicit.Empty() {
		return nil, icao.Malformed("ContentInfo")
	}
	return parseSignedData(data)
}

// parseSignedData reads RFC 5652 §5.1.
func parseSignedData(data cryptobyte.String) (*message, error) {
	var (
		m              message
		version        int64
		digests, certs cryptobyte.String
		signers        cryptobyte.String
		hasCerts       bool
	)
	if !data.ReadASN1Integer(&version) || version < 1 || version > 5 {
		return nil, icao.Malformed("SignedData version")
	}
	if !data.ReadASN1(&digests, cbasn1.SET) {
		return nil, icao.Malformed("digestAlgorithms")
	}
	if err := m.parseContent(&data); err != nil {
		return nil, err
	}
	if !data.ReadOptionalASN1(&certs, &hasCerts, icao.ContextTag(0)) || !data.SkipOptionalASN1(icao.ContextTag(1)) {
		return nil, icao.Malformed("certificates or crls")
	}
	if !data.ReadASN1(&signers, cbasn1.SET) || !data.Empty() {
		return nil, icao.Malformed("signerInfos")
	}
	if err := m.parseCertificates(certs); err != nil {
		return nil, err
	}
	var signer cryptobyte.String
	if !signers.ReadASN1(&signer, cbasn1.SEQUENCE) || !signers.Empty() {
		return nil, icao.Malformed("not exactly one signer")
	}
	if err := m.signer.parse(signer); err != nil {
		return nil, err
	}
	return &m, nil
}

// parseContent reads EncapsulatedContentInfo (RFC 5652 §5.2). Detached content is refused.
func (m *message) parseContent(data *cryptobyte.String) error {
	var encap, explicit, content cryptobyte.String
	if !data.ReadASN1(&encap, cbasn1.SEQUENCE) ||
		!encap.ReadASN1ObjectIdentifier(&m.contentType) ||
		!encap.ReadASN1(&explicit, icao.ContextTag(0)) || !encap.Empty() ||
		!explicit.ReadASN1(&content, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return icao.Malformed("encapsulated content")
	}
	m.content = bytes.Clone(content)
	return nil
}

// parseCertificates keeps the X.509 certificates of a CertificateSet; the other choices carry
// context-specific tags and are passed over.
func (m *message) parseCertificates(certs cryptobyte.String) error {
	for count := 0; !certs.Empty(); count++ {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if count == maxCertificates || !certs.ReadAnyASN1Element(&element, &tag) {
			return icao.Malformed("certificates")
		}
		if tag != cbasn1.SEQUENCE {
			continue
		}
		c, err := parseCertificate(element)
		if err != nil {
			return err
		}
		m.certificates = append(m.certificates, c)
	}
	return nil
}

// parse reads one SignerInfo.
func (s *signerInfo) parse(data cryptobyte.String) error {
	var version int64
	if !data.ReadASN1Integer(&version) || (version != 1 && version != 3) {
		return icao.Malformed("SignerInfo version")
	}
	if err := s.parseIdentifier(&data); err != nil {
		return err
	}
	digest, err := icao.ReadAlgorithm(&data)
	if err != nil {
		return err
	}
	if s.digest, err = digest.Hash(); err != nil {
		return err
	}
	var attrs cryptobyte.String
	if !data.ReadASN1Element(&attrs, icao.ContextTag(0)) {
		return icao.Malformed("no signed attributes")
	}
	if err := s.parseAttributes(attrs); err != nil {
		return err
	}
	algorithm, err := icao.ReadAlgorithm(&data)
	if err != nil {
		return err
	}
	if s.algorithm, err = algorithm.Signature(s.digest); err != nil {
		return err
	}
	var signature cryptobyte.String
	if !data.ReadASN1(&signature, cbasn1.OCTET_STRING) || !data.SkipOptionalASN1(icao.ContextTag(1)) || !data.Empty() {
		return icao.Malformed("signature")
	}
	s.signature = bytes.Clone(signature)
	return nil
}

// parseIdentifier reads the SignerIdentifier: issuer and serial number, or a key identifier.
func (s *signerInfo) parseIdentifier(data *cryptobyte.String) error {
	keyTag := cbasn1.Tag(0).ContextSpecific()
	if data.PeekASN1Tag(keyTag) || data.PeekASN1Tag(icao.ContextTag(0)) {
		var id cryptobyte.String
		var tag cbasn1.Tag
		ok := data.ReadAnyASN1(&id, &tag)
		if ok && tag != keyTag { // an octet string in pieces, which its tag does not tell
			id, ok = icao.Join(id, cbasn1.OCTET_STRING)
		}
		if !ok || len(id) == 0 {
			return icao.Malformed("signer's key identifier")
		}
		s.keyID = bytes.Clone(id)
		return nil
	}
	var pair, issuer cryptobyte.String
	s.serial = new(big.Int)
	if !data.ReadASN1(&pair, cbasn1.SEQUENCE) || !pair.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!pair.ReadASN1Integer(s.serial) || !pair.Empty() {
		return icao.Malformed("signer's issuer and serial number")
	}
	s.issuer = bytes.Clone(issuer)
	return nil
}

// parseAttributes reads the signed attributes (RFC 5652 §5.3, §11). What is hashed is the attributes
// in DER with the tag SET OF in place of [0] (§5.4). That has an order of its own; some signers wrote another order and
// hashed what they wrote, so that is tried as well: it says the same.
func (s *signerInfo) parseAttributes(element cryptobyte.String) error {
	written := bytes.Clone(element)
	written[0] = byte(cbasn1.SET)

	var set cryptobyte.String
	if !element.ReadASN1(&set, icao.ContextTag(0)) {
		return icao.Malformed("signed attributes")
	}
	sorted, ok := icao.SortedAttributes(set)
	if !ok {
		return icao.Malformed("signed attributes")
	}
	if s.attrs = [][]byte{sorted}; !bytes.Equal(sorted, written) {
		s.attrs = append(s.attrs, written)
	}
	seen := make(map[string]bool)
	for !set.Empty() {
		var attr, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !set.ReadASN1(&attr, cbasn1.SEQUENCE) || !attr.ReadASN1ObjectIdentifier(&oid) ||
			!attr.ReadASN1(&values, cbasn1.SET) || !attr.Empty() || values.Empty() {
			return icao.Malformed("signed attribute")
		}
		if seen[oid.String()] || len(seen) == maxAttributes {
			return icao.Malformed("repeated or too many signed attributes")
		}
		seen[oid.String()] = true
		if err := s.parseAttribute(oid, values); err != nil {
			return err
		}
	}
	if s.contentType == nil || s.messageDigest == nil {
		return icao.Malformed("signed attributes without content-type or message-digest")
	}
	return nil
}

// parseAttribute reads the value of the attributes that verification needs; others are signed, but
// say nothing here.
func (s *signerInfo) parseAttribute(oid asn1.ObjectIdentifier, values cryptobyte.String) error {
	switch {
	case oid.Equal(oidContentType):
		if !values.ReadASN1ObjectIdentifier(&s.contentType) || !values.Empty() {
			return icao.Malformed("content-type attribute")
		}
	case oid.Equal(oidMessageDigest):
		var digest cryptobyte.String
		if !values.ReadASN1(&digest, cbasn1.OCTET_STRING) || !values.Empty() || len(digest) == 0 {
			return icao.Malformed("message-digest attribute")
		}
		s.messageDigest = bytes.Clone(digest)
	case oid.Equal(oidSigningTime):
		if values.PeekASN1Tag(cbasn1.UTCTime) {
			if !values.ReadASN1UTCTime(&s.signingTime) || !values.Empty() {
				return icao.Malformed("signing-time attribute")
			}
			return nil
		}
		if !values.ReadASN1GeneralizedTime(&s.signingTime) || !values.Empty() {
			return icao.Malformed("signing-time attribute")
		}
	}
	return nil
}
