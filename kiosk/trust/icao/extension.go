package icao

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of what is looked at in one certificate.
const (
	maxExtensions = 64
	maxListed     = 64 // addresses, purposes, document types
)

// extensionReaders reads the value of each extension that is understood.
var extensionReaders = map[string]func(*Extensions, cryptobyte.String) bool{
	"2.5.29.14":        (*Extensions).readSubjectKeyID,
	"2.5.29.15":        (*Extensions).readKeyUsage,
	"2.5.29.16":        (*Extensions).readKeyUsagePeriod,
	"2.5.29.19":        (*Extensions).readConstraints,
	"2.5.29.31":        (*Extensions).readDistributionPoints,
	"2.5.29.35":        func(e *Extensions, value cryptobyte.String) bool { return e.readAuthorityKeyID(value) },
	"2.5.29.37":        (*Extensions).readExtKeyUsage,
	"2.23.136.1.1.6.1": (*Extensions).readNameChange,
	"2.23.136.1.1.6.2": (*Extensions).readDocumentTypes,
}

// extensionsWithoutEffect may be critical without being read: alternative names and policies decide
// nothing here (Doc 9303-12 §7.1.1.2).
var extensionsWithoutEffect = map[string]bool{"2.5.29.17": true, "2.5.29.18": true, "2.5.29.32": true}

// rawExtension is one extension, not yet understood.
type rawExtension struct {
	oid      asn1.ObjectIdentifier
	critical bool
	value    cryptobyte.String
}

// readExtensionList reads Extensions (RFC 5280 §4.1), none of them twice.
func readExtensionList(list cryptobyte.String) ([]rawExtension, bool) {
	var extensions []rawExtension
	seen := make(map[string]bool)
	for !list.Empty() {
		var e rawExtension
		var body cryptobyte.String
		if !list.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&e.oid) {
			return nil, false
		}
		// Some States write the default out, which DER forbids; it cannot be mistaken.
		if body.PeekASN1Tag(cbasn1.BOOLEAN) && !body.ReadASN1Boolean(&e.critical) {
			return nil, false
		}
		if !body.ReadASN1(&e.value, cbasn1.OCTET_STRING) || !body.Empty() ||
			seen[e.oid.String()] || len(extensions) == maxExtensions {
			return nil, false
		}
		seen[e.oid.String()] = true
		extensions = append(extensions, e)
	}
	return extensions, true
}

// readExtensions reads the end of a TBSCertificate.
func (c *Certificate) readExtensions(tbs cryptobyte.String) error {
	if tbs.Empty() {
		return nil
	}
	var explicit, list cryptobyte.String
	if c.Version != 3 || !tbs.ReadASN1(&explicit, ContextTag(3)) || !tbs.Empty() ||
		!explicit.ReadASN1(&list, cbasn1.SEQUENCE) || !explicit.Empty() {
		return badCertificate("extensions")
	}
	extensions, ok := readExtensionList(list)
	if !ok {
		return badCertificate("extensions")
	}
	for _, e := range extensions {
		read, known := extensionReaders[e.oid.String()]
		switch {
		case known && !read(&c.Extensions, e.value):
			return badCertificate("extension " + e.oid.String())
		case !known && e.critical && !extensionsWithoutEffect[e.oid.String()]:
			c.UnknownCritical = append(c.UnknownCritical, e.oid)
		}
	}
	return nil
}

func (e *Extensions) readSubjectKeyID(value cryptobyte.String) bool {
	return value.ReadASN1Bytes(&e.SubjectKeyID, cbasn1.OCTET_STRING) && value.Empty()
}

// readAuthorityKeyID reads RFC 5280 §4.2.1.1. Of the names, the one directory name counts.
func (e *IssuerID) readAuthorityKeyID(value cryptobyte.String) bool {
	var id, key, names, serial cryptobyte.String
	var hasKey, hasNames, hasSerial bool
	if !value.ReadASN1(&id, cbasn1.SEQUENCE) || !value.Empty() ||
		!id.ReadOptionalASN1(&key, &hasKey, cbasn1.Tag(0).ContextSpecific()) ||
		!id.ReadOptionalASN1(&names, &hasNames, ContextTag(1)) ||
		!id.ReadOptionalASN1(&serial, &hasSerial, cbasn1.Tag(2).ContextSpecific()) || !id.Empty() {
		return false
	}
	if hasKey {
		e.AuthorityKeyID = bytes.Clone(key)
	}
	if !hasNames || !hasSerial {
		return true // one of them alone names nobody
	}
	directory, ok := directoryNames(names)
	if !ok || len(serial) == 0 {
		return false
	}
	if len(directory) == 1 {
		e.AuthorityIssuer, e.AuthoritySerial = directory[0], signed(serial)
	}
	return true
}

// signed reads the content of an INTEGER.
func signed(content []byte) *big.Int {
	n := new(big.Int).SetBytes(content)
	if content[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(content))))
	}
	return n
}

// directoryNames returns the directory names among GeneralNames (RFC 5280 §4.2.1.6), as DER.
func directoryNames(names cryptobyte.String) ([][]byte, bool) {
	var found [][]byte
	for count := 0; !names.Empty(); count++ {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if count == maxListed || !names.ReadAnyASN1(&value, &tag) {
			return nil, false
		}
		if tag == ContextTag(4) {
			found = append(found, bytes.Clone(value))
		}
	}
	return found, true
}

// readKeyUsage reads the bits of RFC 5280 §4.2.1.3, of which the first is x509.KeyUsageDigitalSignature.
func (e *Extensions) readKeyUsage(value cryptobyte.String) bool {
	var bits asn1.BitString
	if !value.ReadASN1BitString(&bits) || !value.Empty() {
		return false
	}
	for i := range 9 {
		if bits.At(i) != 0 {
			e.KeyUsage |= 1 << i
		}
	}
	return e.KeyUsage != x509.KeyUsage(0) // a key for nothing at all would look like one without the extension
}

// readKeyUsagePeriod reads PrivateKeyUsagePeriod (RFC 3280 §4.2.1.4): implicit GeneralizedTime.
func (e *Extensions) readKeyUsagePeriod(value cryptobyte.String) bool {
	var period, from, until cryptobyte.String
	var hasFrom, hasUntil bool
	if !value.ReadASN1(&period, cbasn1.SEQUENCE) || !value.Empty() ||
		!period.ReadOptionalASN1(&from, &hasFrom, cbasn1.Tag(0).ContextSpecific()) ||
		!period.ReadOptionalASN1(&until, &hasUntil, cbasn1.Tag(1).ContextSpecific()) || !period.Empty() {
		return false
	}
	return (!hasFrom || implicitTime(from, &e.KeyUsedFrom)) && (!hasUntil || implicitTime(until, &e.KeyUsedUntil))
}

// implicitTime reads a GeneralizedTime under another tag. Some States leave the seconds out.
func implicitTime(content []byte, t *time.Time) bool {
	for _, layout := range []string{"20060102150405Z", "200601021504Z"} {
		parsed, err := time.Parse(layout, string(content))
		if err == nil {
			*t = parsed
			return true
		}
	}
	return false
}

func (e *Extensions) readConstraints(value cryptobyte.String) bool {
	var constraints cryptobyte.String
	if !value.ReadASN1(&constraints, cbasn1.SEQUENCE) || !value.Empty() {
		return false
	}
	e.HasConstraints = true
	if constraints.PeekASN1Tag(cbasn1.BOOLEAN) {
		// DER wants FF for true; one State writes 01.
		var flag cryptobyte.String
		if !constraints.ReadASN1(&flag, cbasn1.BOOLEAN) || len(flag) != 1 {
			return false
		}
		e.IsCA = flag[0] != 0
	}
	if constraints.PeekASN1Tag(cbasn1.INTEGER) && (!constraints.ReadASN1Integer(&e.MaxPathLen) || e.MaxPathLen < 0) {
		return false
	}
	return constraints.Empty()
}

// readDistributionPoints keeps the addresses of full names (RFC 5280 §4.2.1.13). Whose list is there, and
// whether it is complete, the list itself says under its signature.
func (e *Extensions) readDistributionPoints(value cryptobyte.String) bool {
	var points cryptobyte.String
	if !value.ReadASN1(&points, cbasn1.SEQUENCE) || !value.Empty() {
		return false
	}
	for count := 0; !points.Empty(); count++ {
		var point, name, names cryptobyte.String
		var hasName, hasFull bool
		if count == maxListed || !points.ReadASN1(&point, cbasn1.SEQUENCE) ||
			!point.ReadOptionalASN1(&name, &hasName, ContextTag(0)) {
			return false
		}
		if !hasName {
			continue
		}
		if !name.ReadOptionalASN1(&names, &hasFull, ContextTag(0)) {
			return false
		}
		for hasFull && !names.Empty() {
			var address cryptobyte.String
			var tag cbasn1.Tag
			if len(e.CRLDistributionPoints) == maxListed || !names.ReadAnyASN1(&address, &tag) {
				return false
			}
			if tag == cbasn1.Tag(6).ContextSpecific() {
				e.CRLDistributionPoints = append(e.CRLDistributionPoints, string(address))
			}
		}
	}
	return true
}

func (e *Extensions) readExtKeyUsage(value cryptobyte.String) bool {
	var purposes cryptobyte.String
	if !value.ReadASN1(&purposes, cbasn1.SEQUENCE) || !value.Empty() || purposes.Empty() {
		return false
	}
	for !purposes.Empty() {
		var oid asn1.ObjectIdentifier
		if len(e.ExtKeyUsage) == maxListed || !purposes.ReadASN1ObjectIdentifier(&oid) {
			return false
		}
		e.ExtKeyUsage = append(e.ExtKeyUsage, oid)
	}
	return true
}

// readNameChange: the extension is a mark without content (Doc 9303-12 §7.1.1.5). What States put into it is not looked at.
func (e *Extensions) readNameChange(cryptobyte.String) bool {
	e.NameChange = true
	return true
}

// readDocumentTypes reads DocumentTypeList (Doc 9303-12 §7.1.1.6).
func (e *Extensions) readDocumentTypes(value cryptobyte.String) bool {
	var list, types cryptobyte.String
	var version int
	if !value.ReadASN1(&list, cbasn1.SEQUENCE) || !value.Empty() || !list.ReadASN1Integer(&version) ||
		!list.ReadASN1(&types, cbasn1.SET) || !list.Empty() || types.Empty() {
		return false
	}
	for !types.Empty() {
		var code cryptobyte.String
		if len(e.DocumentTypes) == maxListed || !types.ReadASN1(&code, cbasn1.PrintableString) || len(code) < 1 || len(code) > 2 {
			return false
		}
		e.DocumentTypes = append(e.DocumentTypes, string(code))
	}
	return true
}
