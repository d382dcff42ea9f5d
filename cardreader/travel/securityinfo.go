package travel

import (
	"encoding/asn1"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

// Object identifiers of Doc 9303-11 §9.2.
var (
	oidPACE       = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4}
	oidChipKey    = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 1}
	oidChipAuth   = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 3}
	oidActiveAuth = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 5}
	oidPlainECDSA = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1}
)

// absent stands for an identifier that an info leaves out.
const absent = -1

// securityInfos is what of a SecurityInfos set (§9.2) is of use here. Infos of other kinds are passed over, because
// every document may bring its own.
type securityInfos struct {
	pace       []paceInfo
	domains    []domainInfo
	chipKeys   []chipKeyInfo
	chipAuths  []chipAuthInfo
	activeAuth asn1.ObjectIdentifier // the signature algorithm, nil for none
}

// paceInfo is PACEInfo (§9.2.1).
type paceInfo struct {
	oid       asn1.ObjectIdentifier
	version   int
	parameter int // or absent
}

// domainInfo is PACEDomainParameterInfo (§9.2.2).
type domainInfo struct {
	protocol  int    // the arc that says which agreement and mapping
	algorithm []byte // DER AlgorithmIdentifier
	parameter int    // or absent
}

// chipKeyInfo is ChipAuthenticationPublicKeyInfo (§9.2.5).
type chipKeyInfo struct {
	elliptic bool
	spki     []byte // DER SubjectPublicKeyInfo
	id       int    // or absent
}

// chipAuthInfo is ChipAuthenticationInfo (§9.2.6).
type chipAuthInfo struct {
	oid      asn1.ObjectIdentifier
	elliptic bool
	cipher   secure.Cipher
	id       int // or absent
}

// parseSecurityInfos reads a DER SET OF SecurityInfo to its last byte.
func parseSecurityInfos(der []byte) (securityInfos, error) {
	var infos securityInfos
	input := cryptobyte.String(der)
	var set cryptobyte.String
	if !input.ReadASN1(&set, cbasn1.SET) || !input.Empty() {
		return infos, fmt.Errorf("%w: security infos", ErrMalformed)
	}
	for !set.Empty() {
		var info cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !set.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) {
			return securityInfos{}, fmt.Errorf("%w: security infos", ErrMalformed)
		}
		if !infos.add(oid, info) {
			return securityInfos{}, fmt.Errorf("%w: security info %v", ErrMalformed, oid)
		}
	}
	return infos, nil
}

// add reads one info behind its identifier and reports whether it was well-formed.
func (s *securityInfos) add(oid asn1.ObjectIdentifier, info cryptobyte.String) bool {
	switch arcs := len(oid); {
	case under(oid, oidPACE) && arcs == len(oidPACE)+2:
		p := paceInfo{oid: oid}
		ok := info.ReadASN1Integer(&p.version) && readIdentifier(&info, &p.parameter)
		s.pace = append(s.pace, p)
		return ok
	case under(oid, oidPACE) && arcs == len(oidPACE)+1:
		d := domainInfo{protocol: oid[arcs-1]}
		ok := readElement(&info, &d.algorithm) && readIdentifier(&info, &d.parameter)
		s.domains = append(s.domains, d)
		return ok
	case under(oid, oidChipKey) && arcs == len(oidChipKey)+1:
		k := chipKeyInfo{elliptic: oid[arcs-1] == agreementECDH}
		ok := readElement(&info, &k.spki) && readIdentifier(&info, &k.id)
		s.chipKeys = append(s.chipKeys, k)
		return ok
	case under(oid, oidChipAuth) && arcs == len(oidChipAuth)+2:
		version := 0
		a := chipAuthInfo{oid: oid, elliptic: oid[arcs-2] == agreementECDH, cipher: secure.Cipher(oid[arcs-1])}
		ok := info.ReadASN1Integer(&version) && readIdentifier(&info, &a.id)
		// Version 2 is that of BSI TR-03110 for identity cards, another protocol.
		if version == 1 && a.cipher >= secure.TripleDES && a.cipher <= secure.AES256 {
			s.chipAuths = append(s.chipAuths, a)
		}
		return ok
	case oid.Equal(oidActiveAuth):
		version := 0
		return s.activeAuth == nil && info.ReadASN1Integer(&version) && info.ReadASN1ObjectIdentifier(&s.activeAuth) && info.Empty()
	}
	return true
}

// The arc of chip authentication that says which agreement; the other is Diffie-Hellman's, 1.
const agreementECDH = 2

// under reports whether an identifier begins with another.
func under(oid, root asn1.ObjectIdentifier) bool {
	return len(oid) > len(root) && slices.Equal(oid[:len(root)], root)
}

func readElement(s *cryptobyte.String, out *[]byte) bool {
	var element cryptobyte.String
	ok := s.ReadASN1Element(&element, cbasn1.SEQUENCE)
	*out = element
	return ok
}

// readIdentifier reads the optional INTEGER at the end of an info.
func readIdentifier(s *cryptobyte.String, out *int) bool {
	*out = absent
	if s.Empty() {
		return true
	}
	return s.ReadASN1Integer(out) && *out >= 0 && *out <= 1<<31-1 && s.Empty()
}

// identifierBytes is an identifier as it goes into a command: unsigned, without leading zeros.
func identifierBytes(id int) []byte {
	var out []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if id>>shift != 0 || shift == 0 {
			out = append(out, byte(id>>shift))
		}
	}
	return out
}

// oidContent is an object identifier as commands carry it: the content of its DER.
func oidContent(oid asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	content, err := iso7816.Unwrap(b.BytesOrPanic(), 0x06)
	if err != nil {
		panic("travel: " + err.Error())
	}
	return content
}

// signedContent takes the content out of EF.CardSecurity, a CMS SignedData (RFC 5652 §5.1), without
// verifying anything.
func signedContent(der []byte) ([]byte, error) {
	malformed := fmt.Errorf("%w: EF.CardSecurity", ErrMalformed)
	input := cryptobyte.String(der)
	var info, explicit, signed, encapsulated cryptobyte.String
	var kind, content asn1.ObjectIdentifier
	context0 := cbasn1.Tag(0).ContextSpecific().Constructed()
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() || !info.ReadASN1ObjectIdentifier(&kind) ||
		!info.ReadASN1(&explicit, context0) || !info.Empty() || !explicit.ReadASN1(&signed, cbasn1.SEQUENCE) || !explicit.Empty() ||
		!signed.SkipASN1(cbasn1.INTEGER) || !signed.SkipASN1(cbasn1.SET) || !signed.ReadASN1(&encapsulated, cbasn1.SEQUENCE) ||
		!encapsulated.ReadASN1ObjectIdentifier(&content) || !encapsulated.ReadASN1(&explicit, context0) || !encapsulated.Empty() {
		return nil, malformed
	}
	var octets []byte
	if !explicit.ReadASN1Bytes(&octets, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return nil, malformed
	}
	return octets, nil
}
