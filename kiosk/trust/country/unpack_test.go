package country_test

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

// folded writes an attribute of LDIF as the ICAO PKD does, in lines of 76 characters.
func folded(attribute string, value []byte, end string) string {
	text := attribute + ":: " + base64.StdEncoding.EncodeToString(value)
	var b strings.Builder
	for ; len(text) > 76; text = " " + text[76:] {
		b.WriteString(text[:76] + end)
	}
	return b.String() + text + end
}

// Master lists come in many wrappings, the one of the ICAO PKD among them.
func TestReadMasterList_Forms(t *testing.T) {
	u := mustUtopia(t)
	root := []*icao.Certificate{mustParse(t, u.first)}
	ml := trusttest.MustMessage(t, trusttest.MustIssue(t, listSignerTemplate(), u.first, trusttest.MustKey(t)), trusttest.OidMasterList, masterListContent(u.first, u.second), crypto.SHA256)
	stranger := mustUtopia(t).first
	foreign := trusttest.MustMessage(t, trusttest.MustIssue(t, listSignerTemplate(), stranger, trusttest.MustKey(t)), trusttest.OidMasterList, masterListContent(stranger), crypto.SHA256)
	const dn = "dn: cn=CN\\3DMasterlist signer\\2CC\\3DUT,o=ml,c=UT,dc=data,dc=download,dc=pkd,dc=icao,dc=int"
	record := func(attribute string, value []byte, end string) string {
		return dn + end + "pkdVersion: 70" + end + "objectClass: pkdMasterList" + end + folded(attribute, value, end) + end
	}
	for name, tt := range map[string]struct {
		file   string
		others int
	}{
		"DER":                      {string(ml), 0},
		"PEM":                      {string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: ml})), 0},
		"PEM of another label":     {"a list\n" + string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: ml})), 0},
		"base64":                   {base64.StdEncoding.EncodeToString(ml), 0},
		"base64 in lines":          {strings.ReplaceAll(base64.StdEncoding.EncodeToString(ml), "A", "A\r\n"), 0},
		"LDIF":                     {record("pkdMasterListContent", ml, "\n"), 0},
		"LDIF, CR LF":              {"version: 1\r\n\r\n# the PKD\r\n" + record("pkdMasterListContent", ml, "\r\n"), 0},
		"LDIF, byte order mark":    {"\uFEFF" + record("pkdMasterListContent", ml, "\n"), 0},
		"LDIF, another attribute":  {record("CscaMasterListData;binary", ml, "\n"), 0},
		"LDIF, further lists":      {record("pkdMasterListContent", foreign, "\n") + record("pkdMasterListContent", ml, "\n"), 1},
		"LDIF, further attributes": {record("userCertificate;binary", u.firstSigner.Cert.Raw, "\n") + record("pkdMasterListContent", ml, "\n"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := country.ReadMasterList([]byte(tt.file), root, trusttest.Now)
			if err != nil {
				t.Fatal(err)
			}
			if len(l.Certificates) != 2 || l.Others != tt.others {
				t.Errorf("got %d certificates and %d other lists", len(l.Certificates), l.Others)
			}
			if !country.HoldsMasterList(trusttest.MustWrite(t, t.TempDir(), "file", []byte(tt.file))) {
				t.Error("not seen to be a master list")
			}
		})
	}
	head := mustRead(t, filepath.Join("testdata", "12-master-list-head.ldif"))
	for name, tt := range map[string]struct{ file, says string }{
		"head of a list":       {string(head), "LDIF with 1 × master list that is cut off"},
		"other certificates":   {record("userCertificate;binary", u.firstSigner.Cert.Raw, "\n"), "LDIF with 1 × certificate"},
		"revocation lists":     {record("certificateRevocationList;binary", mustList(t, u.first, nil).Raw, "\n"), "LDIF with 1 × revocation list"},
		"nothing":              {dn + "\n", "LDIF without anything in it"},
		"certificate":          {string(u.first.Cert.Raw), "DER with 1 × certificate"},
		"web page":             {"<!DOCTYPE html><html>", "a web page"},
		"archive":              {"PK\x03\x04....", "a ZIP archive"},
		"empty":                {"", "an empty file"},
		"other signed content": {string(trusttest.MustMessage(t, u.firstSigner, trusttest.OidCardSecurity, []byte{0x31, 0}, crypto.SHA256)), "other CMS message"},
	} {
		t.Run(name, func(t *testing.T) {
			if l, err := country.ReadMasterList([]byte(tt.file), root, trusttest.Now); l != nil || !errors.Is(err, country.ErrMasterList) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, %v; want %q", l, err, tt.says)
			}
			dir := t.TempDir()
			trusttest.MustWrite(t, dir, "csca/x.cer", []byte(tt.file))
			if c, err := country.Load(dir); err != nil || name != "certificate" && name != "other certificates" && len(c.BadFiles()) != 1 {
				t.Errorf("in the folder: got %v, left out %v", err, c.BadFiles())
			}
		})
	}
	both := []byte(record("pkdMasterListContent", foreign, "\n") + record("pkdMasterListContent", foreign, "\n"))
	if l, err := country.ReadMasterList(both, root, trusttest.Now); l != nil || trust.FaultOf(err) != trust.FaultUntrusted {
		t.Errorf("signers that the root does not know: got %v, %v", l, err)
	}
}

func FuzzUnpackMasterList(f *testing.F) {
	u := mustUtopia(f)
	root := []*icao.Certificate{mustParse(f, u.first)}
	ml := trusttest.MustMessage(f, trusttest.MustIssue(f, listSignerTemplate(), u.first, trusttest.MustKey(f)), trusttest.OidMasterList, masterListContent(u.first), crypto.SHA256)
	f.Add([]byte("dn: c=UT\n" + folded("pkdMasterListContent", ml, "\n")))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: ml}))
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := country.ReadMasterList(file, root, trusttest.Now)
		if (l == nil) == (err == nil) {
			t.Fatalf("got %v, %v", l, err)
		}
		if l != nil && !bytes.Equal(l.Certificates[0].Raw, u.first.Cert.Raw) {
			t.Fatal("a list that nobody signed")
		}
	})
}
