package icao

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Attribute types of names (RFC 5280 §4.1.2.4).
const (
	attributeCommonName   = "2.5.4.3"
	attributeCountry      = "2.5.4.6"
	attributeOrganization = "2.5.4.10"
	attributeUnit         = "2.5.4.11"
)

// attribute is one attribute of a name, its text decoded.
type attribute struct {
	oid  string
	text string
}

// maxNameParts bounds the attributes of a name; the longest of the German master list has eight.
const maxNameParts = 64

// readName takes a DER Name apart: the relative names in their order, each with its attributes.
func readName(der []byte) ([][]attribute, bool) {
	input := cryptobyte.String(der)
	var name cryptobyte.String
	if !input.ReadASN1(&name, cbasn1.SEQUENCE) || !input.Empty() {
		return nil, false
	}
	var parts [][]attribute
	for count := 0; !name.Empty(); {
		var set cryptobyte.String
		if !name.ReadASN1(&set, cbasn1.SET) || set.Empty() {
			return nil, false
		}
		var part []attribute
		for ; !set.Empty(); count++ {
			var pair, value cryptobyte.String
			var oid asn1.ObjectIdentifier
			var tag cbasn1.Tag
			if count == maxNameParts || !set.ReadASN1(&pair, cbasn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&oid) ||
				!pair.ReadAnyASN1(&value, &tag) || !pair.Empty() {
				return nil, false
			}
			part = append(part, attribute{oid: oid.String(), text: decodeText(value, tag)})
		}
		parts = append(parts, part)
	}
	return parts, true
}

// decodeText turns a string of any of ASN.1's kinds into UTF-8. TeletexString is read as Latin-1, as everybody does.
func decodeText(value []byte, tag cbasn1.Tag) string {
	const bmpString, universalString, teletexString = cbasn1.Tag(30), cbasn1.Tag(28), cbasn1.Tag(20)
	switch {
	case tag == universalString && len(value)%4 == 0:
		runes := make([]rune, len(value)/4)
		for i := range runes {
			runes[i] = rune(binary.BigEndian.Uint32(value[4*i:])) // what is no character becomes U+FFFD
		}
		return string(runes)
	case tag == bmpString && len(value)%2 == 0:
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(value[2*i:])
		}
		return string(utf16.Decode(units))
	case tag == teletexString:
		runes := make([]rune, len(value))
		for i, b := range value {
			runes[i] = rune(b)
		}
		return string(runes)
	}
	return strings.ToValidUTF8(string(value), "\uFFFD")
}

// SameName reports whether two DER Names are the same name: equal but for the kind of string, for upper and
// lower case and for spaces (RFC 5280 §7.1). States write their own name in one way in a CA's certificate and in
// another in those that it issues. Two things that are not names are the same only byte by byte.
func SameName(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	left, okLeft := FoldName(a)
	right, okRight := FoldName(b)
	return okLeft && okRight && left == right
}

// FoldName makes one string of a DER Name, to look names up by: it is the same for names that are the same, as SameName
// has it. An empty name is nobody's name, for which ok is false as for what is no name.
func FoldName(der []byte) (folded string, ok bool) {
	parts, ok := readName(der)
	if !ok || len(parts) == 0 {
		return "", false
	}
	var b strings.Builder
	for _, part := range parts {
		b.WriteByte(1)
		attributes := make([]string, len(part))
		for i, a := range part {
			attributes[i] = "\x02" + a.oid + "\x03" + foldText(a.text)
		}
		slices.Sort(attributes) // those of one relative name are a set
		b.WriteString(strings.Join(attributes, ""))
	}
	return b.String(), true
}

// foldText prepares a text for comparing (RFC 4518 §2): letters without case, characters of one meaning as one, runs
// of spaces as one and none at the ends, nothing that cannot be seen.
func foldText(text string) string {
	seen := strings.Map(func(r rune) rune {
		if r == '\u00AD' || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(norm.NFKC.String(cases.Fold().String(norm.NFKC.String(seen)))), " ")
}

// country returns the name's country in upper case, "" when there is none, more than one, or something
// that is not two letters (Doc 9303-12 §7.1.1.1). Some States write theirs in lower case.
func country(der []byte) string {
	parts, _ := readName(der)
	found := ""
	for _, part := range parts {
		for _, a := range part {
			if a.oid != attributeCountry {
				continue
			}
			code := strings.ToUpper(a.text)
			if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' || found != "" {
				return ""
			}
			found = code
		}
	}
	return found
}

// title returns what people call the holder of a name: its common name, or else its unit or organization.
func title(der []byte) string {
	parts, _ := readName(der)
	for _, oid := range []string{attributeCommonName, attributeUnit, attributeOrganization} {
		for _, part := range parts {
			for _, a := range part {
				if a.oid == oid {
					return a.text
				}
			}
		}
	}
	return ""
}
