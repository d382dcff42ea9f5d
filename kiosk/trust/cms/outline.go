package cms

import (
	"bytes"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/icao"
)

var oidSubjectKeyID = asn1.ObjectIdentifier{2, 5, 29, 14}

// certificate is as much of an X.509 certificate (RFC 5280 §4.1) as finding the signer needs.
type certificate struct {
	raw    []byte
	issuer []byte // DER of the name
	serial *big.Int
	keyID  []byte // subject key identifier, nil when not stated
	spki   []byte // DER of SubjectPublicKeyInfo
}

// parseCertificate reads the outline of a certificate. Fields that it does not need may be anything.
func parseCertificate(der cryptobyte.String) (certificate, error) {
	c := certificate{raw: bytes.Clone(der), serial: new(big.Int)}
	var outer, tbs, issuer, spki cryptobyte.String
	if !der.ReadASN1(&outer, cbasn1.SEQUENCE) || !der.Empty() || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return certificate{}, icao.Malformed("certificate")
	}
	if !tbs.SkipOptionalASN1(icao.ContextTag(0)) || // version
		!tbs.ReadASN1Integer(c.serial) ||
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // signature algorithm
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // validity
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // subject
		!tbs.ReadASN1Element(&spki, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cbasn1.Tag(1).ContextSpecific()) || // issuerUniqueID
		!tbs.SkipOptionalASN1(cbasn1.Tag(2).ContextSpecific()) { // subjectUniqueID
		return certificate{}, icao.Malformed("certificate")
	}
	c.issuer, c.spki = bytes.Clone(issuer), bytes.Clone(spki)
	keyID, ok := readKeyID(tbs)
	if !ok {
		return certificate{}, icao.Malformed("certificate's extensions")
	}
	c.keyID = keyID
	return c, nil
}

// readKeyID finds the subject key identifier among the extensions at the end of a TBSCertificate.
func readKeyID(tbs cryptobyte.String) ([]byte, bool) {
	if tbs.Empty() {
		return nil, true
	}
	var explicit, extensions cryptobyte.String
	if !tbs.ReadASN1(&explicit, icao.ContextTag(3)) || !tbs.Empty() ||
		!explicit.ReadASN1(&extensions, cbasn1.SEQUENCE) || !explicit.Empty() {
		return nil, false
	}
	for !extensions.Empty() {
		var extension, value, id cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !extensions.ReadASN1(&extension, cbasn1.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&oid) ||
			!extension.SkipOptionalASN1(cbasn1.BOOLEAN) || !extension.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return nil, false
		}
		if !oid.Equal(oidSubjectKeyID) {
			continue
		}
		if !value.ReadASN1(&id, cbasn1.OCTET_STRING) || !value.Empty() {
			return nil, false
		}
		return bytes.Clone(id), true
	}
	return nil, true
}

// signedBy reports whether c is the certificate that a SignerInfo names.
func (c certificate) signedBy(s signerInfo) bool {
	if s.keyID != nil {
		return len(c.keyID) > 0 && bytes.Equal(c.keyID, s.keyID)
	}
	return c.serial.Cmp(s.serial) == 0 && icao.SameName(c.issuer, s.issuer)
}
