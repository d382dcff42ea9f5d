package icao_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/icao"
)

// mustWithExtensions makes a certificate whose extensions are the test's.
func mustWithExtensions(t testing.TB, extensions ...pkix.Extension) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"UT"}, CommonName: "x"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<31, 0), ExtraExtensions: extensions,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func ext(value []byte, id ...int) pkix.Extension { return pkix.Extension{Id: id, Value: value} }

func TestParseCertificate_Extensions(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		c := mustCertificate(t, mustWithExtensions(t,
			ext([]byte("0\x0d\x02\x01\x001\x08\x13\x02AR\x13\x02ID"), 2, 23, 136, 1, 1, 6, 2),
			ext([]byte{5, 0}, 2, 23, 136, 1, 1, 6, 1),
			ext([]byte("0\x22\x80\x0f20080129000000Z\x81\x0f20180428235959Z"), 2, 5, 29, 16),
			ext([]byte{0x30, 6, 1, 1, 1, 2, 1, 0}, 2, 5, 29, 19), // TRUE as one State writes it
			pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 18}, Critical: true, Value: []byte{0x30, 0}},
			pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true},
		))
		if len(c.DocumentTypes) != 2 || c.DocumentTypes[1] != "ID" || !c.NameChange || !c.IsCA || c.MaxPathLen != 0 ||
			c.KeyUsedFrom.Year() != 2008 || c.KeyUsedUntil.Month() != time.April || len(c.UnknownCritical) != 1 {
			t.Errorf("got %+v", c.Extensions)
		}
	})
	t.Run("OK/AuthorityByNumber", func(t *testing.T) {
		der, private := mustCA(t, curve("prime256v1"), []string{"-sha256"}, "-set_serial", "-77")
		ca := mustCertificate(t, der)
		issuer := wrapDER(0xA4, ca.RawIssuer)
		c := mustCertificate(t, mustWithExtensions(t, ext(wrapDER(0x30, append(wrapDER(0xA1, issuer), 0x82, 1, 0xB3)), 2, 5, 29, 35)))
		if c.AuthoritySerial.Cmp(big.NewInt(-77)) != 0 || ca.Serial.Cmp(big.NewInt(-77)) != 0 || !icao.SameName(c.AuthorityIssuer, ca.RawIssuer) {
			t.Errorf("got %v, %v of %s", c.AuthoritySerial, ca.Serial, private)
		}
		c.RawIssuer = ca.RawSubject
		if !c.IssuedBy(ca) {
			t.Error("the issuer's number is not recognised")
		}
		c.AuthoritySerial = big.NewInt(-78)
		if c.IssuedBy(ca) {
			t.Error("another number is taken for the issuer's")
		}
	})
	for name, e := range map[string]pkix.Extension{
		"key usage of nothing":       ext([]byte{3, 1, 0}, 2, 5, 29, 15),
		"key usage, trailing":        ext([]byte{3, 2, 7, 0x80, 0}, 2, 5, 29, 15),
		"subject key, no string":     ext([]byte{5, 0}, 2, 5, 29, 14),
		"authority key, no sequence": ext([]byte{5, 0}, 2, 5, 29, 35),
		"constraints, negative":      ext([]byte{0x30, 3, 2, 1, 0xFF}, 2, 5, 29, 19),
		"constraints, long boolean":  ext([]byte{0x30, 4, 1, 2, 0xFF, 0xFF}, 2, 5, 29, 19),
		"usage period, no date":      ext([]byte("0\x05\x80\x03now"), 2, 5, 29, 16),
		"points, no sequence":        ext([]byte{4, 0}, 2, 5, 29, 31),
		"purposes, none":             ext([]byte{0x30, 0}, 2, 5, 29, 37),
		"types, none":                ext([]byte{0x30, 5, 2, 1, 0, 0x31, 0}, 2, 23, 136, 1, 1, 6, 2),
		"types, three letters":       ext([]byte("0\x0a\x02\x01\x001\x05\x13\x03ARX"), 2, 23, 136, 1, 1, 6, 2),
	} {
		t.Run("ErrCertificate/"+name, func(t *testing.T) {
			if c, err := icao.ParseCertificate(mustWithExtensions(t, e)); c != nil || !errors.Is(err, icao.ErrCertificate) {
				t.Errorf("got %v, %v", c, err)
			}
		})
	}
	t.Run("ErrCertificate/twice", func(t *testing.T) {
		twice := mustWithExtensions(t, ext([]byte{5, 0}, 2, 23, 136, 1, 1, 6, 1), ext([]byte{5, 0}, 2, 23, 136, 1, 1, 6, 3))
		twice = bytes.Replace(twice, []byte{0x67, 0x81, 0x08, 1, 1, 6, 3}, []byte{0x67, 0x81, 0x08, 1, 1, 6, 1}, 1)
		if c, err := icao.ParseCertificate(twice); c != nil || !errors.Is(err, icao.ErrCertificate) {
			t.Errorf("got %v, %v", c, err)
		}
	})
}

func wrapDER(tag byte, content []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(content) })
	return b.BytesOrPanic()
}
