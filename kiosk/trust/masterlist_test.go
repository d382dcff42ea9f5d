package trust_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/cms"
)

func masterListContent(certificates ...*authority) []byte {
	var set []byte
	for _, a := range certificates {
		set = append(set, a.cert.Raw...)
	}
	return wrap(0x30, []byte{2, 1, 0}, wrap(0x31, set))
}

func listSignerTemplate() x509.Certificate {
	template := documentSignerTemplate()
	template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{2, 23, 136, 1, 1, 3}}
	return template
}

func TestReadMasterList(t *testing.T) {
	u, abroad := mustUtopia(t), mustUtopia(t)
	signer := mustIssue(t, listSignerTemplate(), u.first, mustKey(t))
	content := masterListContent(u.first, u.link, abroad.first)
	ml := mustMessage(t, signer, oidMasterList, content, crypto.SHA256, u.first.cert)
	root := []*cms.Certificate{mustParse(t, u.first)}

	t.Run("OK", func(t *testing.T) {
		l, err := trust.ReadMasterList(ml, root, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Certificates) != 3 || l.Unreadable != 0 || !l.Certificates[2].Equal(mustParse(t, abroad.first)) || !l.Signer.Equal(mustParse(t, signer)) {
			t.Errorf("got %d certificates, signer %q", len(l.Certificates), l.Signer.Title)
		}
	})
	t.Run("OK/OneUnreadable", func(t *testing.T) {
		odd := wrap(0x30, []byte{2, 1, 0}, wrap(0x31, u.first.cert.Raw, wrap(0x30, []byte{5, 0})))
		l, err := trust.ReadMasterList(mustMessage(t, signer, oidMasterList, odd, crypto.SHA256), root, now)
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
		"ErrMasterList/AnotherType":   mustMessage(t, signer, oidSecurityObject, content, crypto.SHA256),
		"ErrMasterList/Version":       mustMessage(t, signer, oidMasterList, bytes.Replace(content, []byte{2, 1, 0}, []byte{2, 1, 1}, 1), crypto.SHA256),
		"ErrMasterList/NoCertificate": mustMessage(t, signer, oidMasterList, masterListContent(), crypto.SHA256),
		"ErrMasterList/Rest":          mustMessage(t, signer, oidMasterList, append(bytes.Clone(content), 5, 0), crypto.SHA256),
	} {
		t.Run(name, func(t *testing.T) {
			if l, err := trust.ReadMasterList(bad, root, now); l != nil || !errors.Is(err, trust.ErrMasterList) {
				t.Errorf("got %v, %v", l, err)
			}
		})
	}

	for name, tt := range map[string]struct {
		signer *authority
		roots  []*cms.Certificate
		at     time.Time
		want   trust.Fault
	}{
		"ErrUntrusted/NoRoot":      {signer, nil, now, trust.FaultUntrusted},
		"ErrUntrusted/AnotherRoot": {signer, []*cms.Certificate{mustParse(t, abroad.first)}, now, trust.FaultUntrusted},
		"ErrPurpose/DocumentSigner": {
			mustIssue(t, documentSignerTemplate(), u.first, mustKey(t)), root, now, trust.FaultPurpose,
		},
		"ErrPurpose/CA": {u.link, root, now, trust.FaultPurpose}, // Doc 9303-12 §5.3
		"ErrExpired":    {signer, root, day(2036), trust.FaultExpired},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := trust.ReadMasterList(mustMessage(t, tt.signer, oidMasterList, content, crypto.SHA256), tt.roots, tt.at)
			if got := trust.FaultOf(err); l != nil || got != tt.want {
				t.Errorf("got %v, %q (%v), want %q", l, got, err, tt.want)
			}
		})
	}
}

func FuzzParseMasterList(f *testing.F) {
	u := mustUtopia(f)
	f.Add(masterListContent(u.first, u.link))
	f.Add(wrap(0x30, []byte{2, 1, 0}, wrap(0x31, wrap(0x30, []byte{5, 0}))))
	f.Fuzz(func(t *testing.T, der []byte) {
		certificates, err := trust.ParseMasterList(der)
		if err != nil && !errors.Is(err, trust.ErrMasterList) {
			t.Fatalf("got %v", err)
		}
		for _, c := range certificates {
			if c == nil || len(c.Raw) == 0 {
				t.Fatal("a certificate of nothing")
			}
		}
	})
}
