package icao_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"balcao/kiosk/trust/icao"
)

func TestSameName(t *testing.T) {
	name := func(parts ...pkix.AttributeTypeAndValue) []byte {
		var sequence pkix.RDNSequence
		for _, p := range parts {
			sequence = append(sequence, pkix.RelativeDistinguishedNameSET{p})
		}
		der, err := asn1.Marshal(sequence)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	cn := func(tag int, bytes string) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: asn1.RawValue{Tag: tag, Bytes: []byte(bytes)}}
	}
	o := func(text string) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: text}
	}
	pair := func(parts ...pkix.AttributeTypeAndValue) []byte { // in one relative name, in this order
		var members []byte
		for _, p := range parts {
			der, err := asn1.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, der...)
		}
		der, err := asn1.Marshal([]asn1.RawValue{{Tag: asn1.TagSet, IsCompound: true, Bytes: members}})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	const utf8, printable, teletex, universal, bmp = 12, 19, 20, 28, 30
	for i, tt := range []struct {
		a, b []byte
		want bool
	}{
		{name(cn(utf8, "CSCA")), name(cn(printable, "CSCA")), true},
		{name(cn(utf8, "CSCA  Utopia ")), name(cn(utf8, "csca utopia")), true},
		{name(cn(utf8, "É")), name(cn(teletex, "\xE9")), true},
		{name(cn(utf8, "Ab")), name(cn(bmp, "\x00A\x00b")), true},
		{name(cn(utf8, "Ab")), name(cn(universal, "\x00\x00\x00A\x00\x00\x00b")), true},
		{name(cn(utf8, "CSCA\u00A0Straße\u00AD")), name(cn(utf8, "csca STRASSE")), true},
		{name(cn(utf8, "E\u0301TAT")), name(cn(teletex, "\xE9tat")), true},
		{name(cn(utf8, "CSCA")), name(cn(utf8, "CSCA 2")), false},
		{name(cn(utf8, "É")), name(cn(utf8, "E")), false},
		{pair(cn(utf8, "a"), o("b")), pair(o("B"), cn(printable, "A")), true},
		{pair(cn(utf8, "a"), o("b")), name(cn(utf8, "a"), o("b")), false},
		{name(cn(utf8, "a"), o("b")), name(o("b"), cn(utf8, "a")), false},
		{name(cn(utf8, "a")), name(o("a")), false},
		{name(cn(utf8, "a\x02b")), name(cn(utf8, "a"), cn(utf8, "b")), false},
		{name(), name(cn(utf8, "")), false},
		{[]byte("not"), []byte("names"), false},
	} {
		if got := icao.SameName(tt.a, tt.b); got != tt.want || icao.SameName(tt.b, tt.a) != tt.want {
			t.Errorf("case %d: got %v, want %v", i, got, tt.want)
		}
	}
}
