package icao

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrRevocationList says that bytes are not a certificate revocation list as this package reads them.
var ErrRevocationList = errors.New("malformed revocation list")

// ReasonUnspecified is the reason of an entry that states none (RFC 5280 §5.3.1).
const ReasonUnspecified = 0

// RevocationList is a certificate revocation list (RFC 5280 §5.1) of a country signing CA (Doc 9303-12 §7.1.4). Nothing
// in it is to be believed before CheckSignatureFrom. It is immutable.
type RevocationList struct {
	Raw        []byte
	RawTBS     []byte
	RawIssuer  []byte   // DER of the issuer's name
	OtherNames [][]byte // DER of the names that the issuer had before (IssuerAltName, Doc 9303-12 §7.1.4 note 1)
	Country    string   // of the issuer, as in Certificate
	ThisUpdate time.Time
	NextUpdate time.Time
	Number     *big.Int // nil when not stated
	Partial    bool     // it does not speak of all certificates of its issuer, or is a delta: it cannot say "good"

	IssuerID
	UnknownCritical []asn1.ObjectIdentifier // of the list and of its entries: what they mean is not known

	Signature []byte
	algorithm algorithmIdentifier
	revoked   map[string]int
}

func badList(what string) error { return fmt.Errorf("%w: %s", ErrRevocationList, what) }

// ParseRevocationList reads one DER list of version 2, which says how long it holds. The error wraps
// ErrRevocationList.
func ParseRevocationList(der []byte) (*RevocationList, error) {
	l := &RevocationList{Raw: bytes.Clone(der), revoked: make(map[string]int)}
	input := cryptobyte.String(l.Raw)
	var outer, tbs cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return nil, badList("not one SEQUENCE")
	}
	l.RawTBS = tbs
	var err error
	if l.algorithm, err = ReadAlgorithm(&outer); err != nil {
		return nil, badList("signature algorithm")
	}
	if !outer.ReadASN1BitStringAsBytes(&l.Signature) || !outer.Empty() {
		return nil, badList("signature")
	}
	if err := l.readTBS(tbs); err != nil {
		return nil, err
	}
	return l, nil
}

// RevocationListCountry returns the country of a list's issuer, also of a list that ParseRevocationList refuses and of one
// that was cut off; "" where not even that can be read.
func RevocationListCountry(der []byte) string {
	for range 2 { // into CertificateList and TBSCertList, whose ends may be missing
		size := 2
		if len(der) > 1 && der[1] > 0x80 {
			size += int(der[1] & 0x7f)
		}
		if size > len(der) || der[0] != byte(cbasn1.SEQUENCE) {
			return ""
		}
		der = der[size:]
	}
	tbs := cryptobyte.String(der)
	var issuer cryptobyte.String
	if !tbs.SkipOptionalASN1(cbasn1.INTEGER) || !tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) {
		return ""
	}
	return country(issuer)
}

func (l *RevocationList) readTBS(element cryptobyte.String) error {
	var tbs, issuer, entries cryptobyte.String
	var version int
	var hasEntries bool
	if !element.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return badList("signed part")
	}
	if !tbs.PeekASN1Tag(cbasn1.INTEGER) {
		return badList("version 1, where Doc 9303-12 §7.1.4 has version 2")
	}
	if !tbs.ReadASN1Integer(&version) || version != 1 {
		return badList("version")
	}
	inner, err := ReadAlgorithm(&tbs)
	if err != nil || inner.oid != l.algorithm.oid || !bytes.Equal(inner.params, l.algorithm.params) {
		return badList("signature algorithms inside and outside differ")
	}
	if !tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !readTime(&tbs, &l.ThisUpdate) || !readTime(&tbs, &l.NextUpdate) {
		return badList("issuer or dates")
	}
	if _, ok := readName(issuer); !ok {
		return badList("issuer")
	}
	l.RawIssuer, l.Country = issuer, country(issuer)
	if !tbs.ReadOptionalASN1(&entries, &hasEntries, cbasn1.SEQUENCE) {
		return badList("entries")
	}
	for !entries.Empty() {
		if !l.readEntry(&entries) {
			return badList("entry")
		}
	}
	return l.readListExtensions(tbs)
}

// readEntry reads a revoked certificate (RFC 5280 §5.3).
func (l *RevocationList) readEntry(entries *cryptobyte.String) bool {
	var entry, list cryptobyte.String
	var revoked time.Time
	var hasExtensions bool
	serial, reason := new(big.Int), ReasonUnspecified
	if !entries.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1Integer(serial) || !readTime(&entry, &revoked) ||
		!entry.ReadOptionalASN1(&list, &hasExtensions, cbasn1.SEQUENCE) || !entry.Empty() {
		return false
	}
	extensions, ok := readExtensionList(list)
	if !ok {
		return false
	}
	for _, e := range extensions {
		switch {
		case e.oid.Equal(asn1.ObjectIdentifier{2, 5, 29, 21}):
			if !e.value.ReadASN1Enum(&reason) || !e.value.Empty() {
				return false
			}
		case e.critical: // certificateIssuer of an indirect list: the entry is about somebody else's certificate
			l.UnknownCritical = append(l.UnknownCritical, e.oid)
		}
	}
	l.revoked[serial.String()] = reason
	return true
}

// readListExtensions reads the end of a TBSCertList (RFC 5280 §5.2).
func (l *RevocationList) readListExtensions(tbs cryptobyte.String) error {
	if tbs.Empty() {
		return nil
	}
	var explicit, list cryptobyte.String
	if !tbs.ReadASN1(&explicit, ContextTag(0)) || !tbs.Empty() ||
		!explicit.ReadASN1(&list, cbasn1.SEQUENCE) || !explicit.Empty() {
		return badList("extensions")
	}
	extensions, ok := readExtensionList(list)
	if !ok {
		return badList("extensions")
	}
	for _, e := range extensions {
		ok := true
		switch e.oid.String() {
		case "2.5.29.35":
			ok = l.readAuthorityKeyID(e.value)
		case "2.5.29.20":
			l.Number = new(big.Int)
			ok = e.value.ReadASN1Integer(l.Number) && e.value.Empty()
		case "2.5.29.18":
			var names cryptobyte.String
			if ok = e.value.ReadASN1(&names, cbasn1.SEQUENCE) && e.value.Empty(); ok {
				l.OtherNames, ok = directoryNames(names)
			}
		case "2.5.29.27", "2.5.29.28": // delta list, issuing distribution point
			l.Partial = true
		default:
			if e.critical {
				l.UnknownCritical = append(l.UnknownCritical, e.oid)
			}
		}
		if !ok {
			return badList("extension " + e.oid.String())
		}
	}
	return nil
}

// CheckSignatureFrom checks that the issuer's key signed the list, as Certificate.CheckSignatureFrom does.
func (l *RevocationList) CheckSignatureFrom(issuer *Certificate) error {
	return checkSignature(l.algorithm, issuer, l.RawTBS, l.Signature)
}

// IssuedBy reports whether the certificate is that of the list's issuer: by name, and by key identifier
// where it is stated.
func (l *RevocationList) IssuedBy(issuer *Certificate) bool {
	return SameName(l.RawIssuer, issuer.RawSubject) && l.names(issuer)
}

// Reason looks a certificate up by its number and returns why it was revoked (RFC 5280 §5.3.1).
func (l *RevocationList) Reason(serial *big.Int) (reason int, listed bool) {
	reason, listed = l.revoked[serial.String()]
	return reason, listed
}

// Len is the number of certificates in the list.
func (l *RevocationList) Len() int { return len(l.revoked) }
