package trust_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"os"
	"path/filepath"
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

// changes counts the items of a report by change.
func changes(r trust.CountryReport) map[trust.Change]int {
	counts := make(map[trust.Change]int)
	for _, item := range r.Items {
		counts[item.Change]++
	}
	return counts
}

func TestCountryImport(t *testing.T) {
	u := mustUtopia(t)
	dir := t.TempDir()
	first, link, second := mustParse(t, u.first), mustParse(t, u.link), mustParse(t, u.second)
	mustImport := func(o trust.CountryImport, certificates ...*cms.Certificate) trust.CountryReport {
		t.Helper()
		r, err := o.Import(dir, certificates)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	inFolder := func() int {
		t.Helper()
		c, err := trust.LoadCountries(dir)
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(filepath.Join(dir, "csca"))
		if err == nil && len(files) != len(c.Certificates()) {
			t.Errorf("%d files for %d certificates", len(files), len(c.Certificates()))
		}
		return len(c.Certificates())
	}

	if r := mustImport(trust.CountryImport{DryRun: true}, first, link); r.Written != 0 || inFolder() != 0 || changes(r)[trust.Added] != 2 {
		t.Errorf("a dry run: got %v, %d written", changes(r), r.Written)
	}
	if r := mustImport(trust.CountryImport{}, first, link, mustParse(t, u.firstSigner)); r.Written != 2 || inFolder() != 2 || r.Items[2].Refused == nil {
		t.Errorf("the first import: got %v, %d written", changes(r), r.Written)
	}
	if r := mustImport(trust.CountryImport{}, first, link); r.Written != 0 || changes(r)[trust.Unchanged] != 2 || len(r.Gone) != 0 {
		t.Errorf("again: got %v, %d gone", changes(r), len(r.Gone))
	}
	// The same CA and key, certified for longer; the link has left the list.
	anew := mustParse(t, expiredCA(t, u.first, day(2040)))
	r := mustImport(trust.CountryImport{}, anew, second)
	if changes(r)[trust.Changed] != 1 || changes(r)[trust.Added] != 1 || len(r.Gone) != 2 || r.Removed || inFolder() != 4 {
		t.Errorf("a newer list: got %v, %d gone, removed %v", changes(r), len(r.Gone), r.Removed)
	}
	r = mustImport(trust.CountryImport{DryRun: true, RemoveGone: true}, anew, second)
	if len(r.Gone) != 2 || r.Removed || inFolder() != 4 {
		t.Errorf("a dry run removes: %d gone, removed %v", len(r.Gone), r.Removed)
	}
	r = mustImport(trust.CountryImport{RemoveGone: true}, anew, second)
	if len(r.Gone) != 2 || !r.Removed || inFolder() != 2 {
		t.Errorf("removing: %d gone, removed %v", len(r.Gone), r.Removed)
	}

	mustWrite(t, dir, "csca/broken.cer", []byte("garbage"))
	if _, err := (trust.CountryImport{}).Import(dir, []*cms.Certificate{first}); err == nil {
		t.Error("a folder that cannot be read was written to")
	}
}

func FuzzReadTravelSOD(f *testing.F) {
	u := mustUtopia(f)
	f.Add(mustSOD(f, u.firstSigner, mustMarshal(f, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)})))
	f.Add([]byte{0x77, 0x82, 0xFF, 0xFF})
	countries := mustTrust(f, u.first, u.link)
	f.Fuzz(func(t *testing.T, sod []byte) {
		object, err := trust.ReadTravelSOD(sod)
		if (object == nil) == (err == nil) {
			t.Fatalf("got %v and %v", object, err)
		}
		if err != nil {
			return
		}
		chain, err := countries.TrustSigner(object, now)
		if err == nil && !chain[0].Equal(mustParse(t, u.firstSigner)) {
			t.Fatal("somebody else's certificate is believed")
		}
	})
}

func FuzzParseGroupHashes(f *testing.F) {
	f.Add(mustMarshal(f, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)}))
	info := mustMarshal(f, struct{ LDS, Unicode string }{"0108", "040000"})
	f.Add(mustMarshal(f, securityObject{Version: 1, Algorithm: sha256ID, Hashes: hashesOf(1), Info: asn1.RawValue{FullBytes: info}}))
	f.Fuzz(func(t *testing.T, der []byte) {
		g, err := trust.ParseGroupHashes(der)
		if err != nil {
			if g.Hashes != nil || !errors.Is(err, trust.ErrSODMalformed) {
				t.Fatalf("got %v beside %v", g, err)
			}
			return
		}
		for number, hash := range g.Hashes {
			if number < 1 || number > 16 || len(hash) != g.Hash.Size() {
				t.Fatalf("group %d has a hash of %d bytes", number, len(hash))
			}
		}
	})
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
