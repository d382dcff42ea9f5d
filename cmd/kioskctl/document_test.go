package main

import (
	"bytes"
	"crypto"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"balcao/kiosk"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/revocation"
)

// mustTrustFolder is a copy of the tests' trust folder with Utopia's list of revoked signers, so that nobody has to be
// asked.
func mustTrustFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "assets", "testpki", "trust"))); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "csca-crl"), 0o700); err != nil {
		t.Fatal(err)
	}
	const name = "csca-ut-002.crl"
	answer := httptest.NewRecorder()
	revocation.New(pki.New(), nil).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/crl/"+name, nil))
	mustWriteFile(t, filepath.Join(dir, "csca-crl", name), answer.Body.Bytes())
	return dir
}

// mustSigned writes a SOD of Utopia over data groups in files.
func mustSigned(t *testing.T, groups map[int]string) string {
	t.Helper()
	signer, err := pki.New().Country("ds-ut-03")
	if err != nil {
		t.Fatal(err)
	}
	object := pki.SecurityObject{Groups: map[int][]byte{}, Hash: crypto.SHA256, LDS: "0107"}
	for n, path := range groups {
		if object.Groups[n], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	sod, err := signer.Sign(object)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ef.sod")
	mustWriteFile(t, path, sod)
	return path
}

func TestDocument(t *testing.T) {
	trust := mustTrustFolder(t)
	file := func(name string) string { return filepath.Join("testdata", name) }
	const us, plus1, newer = "01-us-style-ber.dg1", "03-facial-record-length-plus1.dg2", "03-record-39794.dg2"
	noSurname := file("04-no-surname.dg1")
	altered := filepath.Join(t.TempDir(), "altered.dg1")
	content, err := os.ReadFile(noSurname)
	if err != nil {
		t.Fatal(err)
	}
	mustWriteFile(t, altered, bytes.Replace(content, []byte("RAMESHWAR"), []byte("RAMESHWAK"), 1))
	garbage, empty := filepath.Join(t.TempDir(), "garbage"), filepath.Join(t.TempDir(), "empty")
	mustWriteFile(t, garbage, []byte("no file of a chip"))
	mustWriteFile(t, empty, nil)
	portugal := filepath.Join("..", "..", "assets", "testpki", "trust", "csca", "csca-pt-006.cer")
	cases := map[string]struct {
		args   []string
		exit   int
		reason kiosk.Reason
		photo  string
		name   string // surname and given names
	}{
		"plain":               {[]string{"--sod", file("00-plain-control.sod")}, exitOK, "", "", ""},
		"BER":                 {[]string{"--sod", file("01-us-style-ber.sod"), "--dg1", file(us)}, exitOK, "", "", "ERIKSSON FABLE, ANNA MARIA"},
		"other string type":   {[]string{"--sod", file("02-sid-other-string-type.sod")}, exitOK, "", "", ""},
		"length of a record":  {[]string{"--sod", mustSigned(t, map[int]string{1: file(us), 2: file(plus1)}), "--dg1", file(us), "--dg2", file(plus1)}, exitOK, "", "shown", "ERIKSSON FABLE, ANNA MARIA"},
		"unreadable record":   {[]string{"--sod", mustSigned(t, map[int]string{1: file(us), 2: file(newer)}), "--dg1", file(us), "--dg2", file(newer)}, exitOK, "", "unshown", "ERIKSSON FABLE, ANNA MARIA"},
		"no surname":          {[]string{"--sod", mustSigned(t, map[int]string{1: noSurname}), "--dg1", noSurname}, exitOK, "", "", ", RAMESHWAR"},
		"photograph is no DG": {[]string{"--sod", mustSigned(t, map[int]string{1: file(us), 2: garbage}), "--dg1", file(us), "--dg2", garbage}, exitOK, "", "unshown", "ERIKSSON FABLE, ANNA MARIA"},
		"altered":             {[]string{"--sod", mustSigned(t, map[int]string{1: noSurname}), "--dg1", altered}, exitRefused, kiosk.ReasonDataAltered, "", ", RAMESHWAK"},
		"zone is garbage":     {[]string{"--sod", mustSigned(t, map[int]string{1: garbage}), "--dg1", garbage}, exitRefused, kiosk.ReasonMalformed, "", ""},
		"SOD is garbage":      {[]string{"--sod", garbage}, exitRefused, kiosk.ReasonMalformed, "", ""},
		"another State's":     {[]string{"--sod", file("01-us-style-ber.sod"), "--dg1", file(us), "--anchor", portugal}, exitRefused, kiosk.ReasonSODUntrusted, "", "ERIKSSON FABLE, ANNA MARIA"},
		"no SOD":              {[]string{"--dg1", noSurname}, exitUsage, "", "", ""},
		"no such file":        {[]string{"--sod", filepath.Join(t.TempDir(), "nothing")}, exitUsage, "", "", ""},
		"an empty file":       {[]string{"--sod", empty}, exitUsage, "", "", ""},
		"no such flag":        {[]string{"--dg17", noSurname}, exitUsage, "", "", ""},
		"no flag":             {[]string{"--sod", file("00-plain-control.sod"), noSurname}, exitUsage, "", "", ""},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			args := append([]string{"document", "--json", "--trust", trust}, tt.args...)
			if got := run(t.Context(), args, nil, &out, &errs); got != tt.exit {
				t.Fatalf("exit %d, want %d: %s%s", got, tt.exit, out.String(), errs.String())
			}
			if tt.exit == exitUsage {
				if out.Len() > 0 || errs.Len() == 0 {
					t.Errorf("printed %q and %q", out.String(), errs.String())
				}
				return
			}
			var report cardReport
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Fatal(err)
			}
			var want []kiosk.Reason
			if tt.reason != "" {
				want = append(want, tt.reason)
			}
			if !slices.Equal(report.Reasons, want) || report.Photo != tt.photo {
				t.Errorf("refused for %v, photograph %q", report.Reasons, report.Photo)
			}
			got := ""
			if p := report.Identity; p != nil {
				got = p.Surname + ", " + p.GivenNames
			}
			if got != tt.name || report.Level == kiosk.LevelHigh {
				t.Errorf("got %q at level %q", got, report.Level)
			}
		})
	}
}
