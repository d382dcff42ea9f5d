package country_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

func masterListContent(certificates ...*trusttest.Authority) []byte {
	var set []byte
	for _, a := range certificates {
		set = append(set, a.Cert.Raw...)
	}
	return trusttest.Wrap(0x30, []byte{2, 1, 0}, trusttest.Wrap(0x31, set))
}

func listSignerTemplate() x509.Certificate {
	template := documentSignerTemplate()
	template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{2, 23, 136, 1, 1, 3}}
	return template
}

func TestReadMasterList(t *testing.T) {
	u, abroad := mustUtopia(t), mustUtopia(t)
	signer := trusttest.MustIssue(t, listSignerTemplate(), u.first, trusttest.MustKey(t))
	content := masterListContent(u.first, u.link, abroad.first)
	ml := trusttest.MustMessage(t, signer, trusttest.OidMasterList, content, crypto.SHA256, u.first.Cert)
	root := []*icao.Certificate{mustParse(t, u.first)}

	t.Run("OK", func(t *testing.T) {
		l, err := country.ReadMasterList(ml, root, trusttest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Certificates) != 3 || l.Unreadable != 0 || !l.Certificates[2].Equal(mustParse(t, abroad.first)) || !l.Signer.Equal(mustParse(t, signer)) {
			t.Errorf("got %d certificates, signer %q", len(l.Certificates), l.Signer.Title)
		}
	})
	t.Run("OK/OneUnreadable", func(t *testing.T) {
		odd := trusttest.Wrap(0x30, []byte{2, 1, 0}, trusttest.Wrap(0x31, u.first.Cert.Raw, trusttest.Wrap(0x30, []byte{5, 0})))
		l, err := country.ReadMasterList(trusttest.MustMessage(t, signer, trusttest.OidMasterList, odd, crypto.SHA256), root, trusttest.Now)
		if err != nil || len(l.Certificates) != 1 || l.Unreadable != 1 {
			t.Errorf("got %+v, %v", l, err)
		}
	})

	altered := bytes.Clone(ml)
	altered[len(altered)-1] ^= 1
	for name, bad := range map[string][]byte{
		"ErrMasterList":               nil,
		"ErrMasterList/Altered":       altered,
		"ErrMasterList/Trailing":      append(bytes.Clone(ml), 0),
		"ErrMasterList/AnotherType":   trusttest.MustMessage(t, signer, trusttest.OidSecurityObject, content, crypto.SHA256),
		"ErrMasterList/Version":       trusttest.MustMessage(t, signer, trusttest.OidMasterList, bytes.Replace(content, []byte{2, 1, 0}, []byte{2, 1, 1}, 1), crypto.SHA256),
		"ErrMasterList/NoCertificate": trusttest.MustMessage(t, signer, trusttest.OidMasterList, masterListContent(), crypto.SHA256),
		"ErrMasterList/Rest":          trusttest.MustMessage(t, signer, trusttest.OidMasterList, append(bytes.Clone(content), 5, 0), crypto.SHA256),
	} {
		t.Run(name, func(t *testing.T) {
			if l, err := country.ReadMasterList(bad, root, trusttest.Now); l != nil || !errors.Is(err, country.ErrMasterList) {
				t.Errorf("got %v, %v", l, err)
			}
		})
	}

	for name, tt := range map[string]struct {
		signer *trusttest.Authority
		roots  []*icao.Certificate
		at     time.Time
		want   trust.Fault
	}{
		"ErrUntrusted/NoRoot":      {signer, nil, trusttest.Now, trust.FaultUntrusted},
		"ErrUntrusted/AnotherRoot": {signer, []*icao.Certificate{mustParse(t, abroad.first)}, trusttest.Now, trust.FaultUntrusted},
		"ErrPurpose/DocumentSigner": {
			trusttest.MustIssue(t, documentSignerTemplate(), u.first, trusttest.MustKey(t)), root, trusttest.Now, trust.FaultPurpose,
		},
		"ErrPurpose/CA": {u.link, root, trusttest.Now, trust.FaultPurpose}, // Doc 9303-12 §5.3
		"ErrExpired":    {signer, root, trusttest.Day(2036), trust.FaultExpired},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := country.ReadMasterList(trusttest.MustMessage(t, tt.signer, trusttest.OidMasterList, content, crypto.SHA256), tt.roots, tt.at)
			if got := trust.FaultOf(err); l != nil || got != tt.want {
				t.Errorf("got %v, %q (%v), want %q", l, got, err, tt.want)
			}
		})
	}
}

func FuzzParseMasterList(f *testing.F) {
	u := mustUtopia(f)
	f.Add(masterListContent(u.first, u.link))
	f.Add(trusttest.Wrap(0x30, []byte{2, 1, 0}, trusttest.Wrap(0x31, trusttest.Wrap(0x30, []byte{5, 0}))))
	f.Fuzz(func(t *testing.T, der []byte) {
		certificates, err := country.ParseMasterList(der)
		if err != nil && !errors.Is(err, country.ErrMasterList) {
			t.Fatalf("got %v", err)
		}
		for _, c := range certificates {
			if c == nil || len(c.Raw) == 0 {
				t.Fatal("a certificate of nothing")
			}
		}
	})
}
