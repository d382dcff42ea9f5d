package pki

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// loose writes a DER message as some issuers do, in BER (X.690 §8): lengths are indefinite at every level, and octet strings
// come in pieces, of which the first is in pieces itself. The values in verbatim stay as they are: certificates, which
// nobody writes in another way than they were signed.
func loose(der []byte, verbatim ...[]byte) []byte {
	var out []byte
	for input := cryptobyte.String(der); !input.Empty(); {
		var element, content cryptobyte.String
		var tag cbasn1.Tag
		if !input.ReadAnyASN1Element(&element, &tag) {
			panic("pki: not DER")
		}
		value := element
		if !value.ReadAnyASN1(&content, &tag) {
			panic("pki: not DER")
		}
		switch {
		case contains(verbatim, element):
			out = append(out, element...)
		case tag&0x20 != 0:
			out = append(out, indefinite(byte(tag), loose(content, verbatim...))...)
		case tag == cbasn1.OCTET_STRING && len(content) > 2:
			first := indefinite(0x24, append(octets(content[:1]), octets(content[1:2])...))
			out = append(out, indefinite(0x24, append(first, octets(content[2:])...))...)
		default:
			out = append(out, element...)
		}
	}
	return out
}

func contains(all [][]byte, one []byte) bool {
	for _, a := range all {
		if bytes.Equal(a, one) {
			return true
		}
	}
	return false
}

func indefinite(tag byte, content []byte) []byte {
	return append(append([]byte{tag, 0x80}, content...), 0, 0)
}

func octets(b []byte) []byte {
	var out cryptobyte.Builder
	out.AddASN1OctetString(b)
	return out.BytesOrPanic()
}
