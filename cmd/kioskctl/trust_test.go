package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mustCA writes a self-signed CA certificate and its key as PEM, and returns their paths and the template.
func mustCA(t *testing.T, dir, country, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{Country: []string{country}, CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".cer"), filepath.Join(dir, name+".key")
	mustWriteFile(t, cert, der)
	mustWriteFile(t, key, pkcs8)
	return cert, key
}

func mustWriteFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mustMasterList lets OpenSSL certify a signer of master lists and sign one with the certificates in the files.
func mustMasterList(t *testing.T, dir, ca, caKey string, files ...string) string {
	t.Helper()
	config := "[req]\ndistinguished_name=dn\n[dn]\n[e]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,2.23.136.1.1.3\n" +
		"subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
	mustWriteFile(t, filepath.Join(dir, "config"), []byte(config))
	var set []byte
	for _, file := range files {
		der, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, der...)
	}
	list := derSequence(0x30, append([]byte{2, 1, 0}, derSequence(0x31, set)...))
	mustWriteFile(t, filepath.Join(dir, "content"), list)
	script := `set -e; cd "$1"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout signer.key -subj /C=UT/CN=signer -config config -out signer.csr
openssl x509 -req -in signer.csr -CAform DER -CA "$2" -CAkeyform DER -CAkey "$3" -set_serial 9 -days 1 -extfile config -extensions e -out signer.pem
openssl cms -sign -binary -nodetach -econtent_type 2.23.136.1.1.2 -in content -signer signer.pem -inkey signer.key -md sha256 -keyid -outform DER -out list.ml`
	if out, err := exec.Command("bash", "-c", script, "bash", dir, ca, caKey).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v: %s", err, out)
	}
	return filepath.Join(dir, "list.ml")
}

// mustBrainpoolCA writes a country signing certificate that crypto/x509 does not read.
func mustBrainpoolCA(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "brainpool.cer")
	out, err := exec.Command("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1",
		"-subj", "/C=UT/CN=CSCA", "-days", "2", "-keyout", filepath.Join(dir, "brainpool.key"), "-outform", "DER", "-out", path).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl: %v: %s", err, out)
	}
	return path
}

// ldifRecord is a record of the ICAO PKD with the list in a file, its lines folded.
func ldifRecord(t *testing.T, file string) []byte {
	t.Helper()
	der, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := "pkdMasterListContent:: " + base64.StdEncoding.EncodeToString(der)
	record := "dn: cn=CN\\3DMasterlist signer,o=ml,c=UT,dc=data,dc=download,dc=pkd,dc=icao,dc=int\nobjectClass: pkdMasterList\n"
	for ; len(text) > 76; text = " " + text[76:] {
		record += text[:76] + "\n"
	}
	return []byte(record + text + "\n\n")
}

func derSequence(tag byte, content []byte) []byte {
	return append([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
}

func TestTrust(t *testing.T) {
	work, dir := t.TempDir(), filepath.Join(t.TempDir(), "trust")
	root, rootKey := mustCA(t, work, "UT", "CSCA-Utopia")
	abroad, abroadKey := mustCA(t, work, "XX", "CSCA-Elsewhere")
	card, _ := mustCA(t, work, "PT", "Card-Root")
	ml := mustMasterList(t, work, root, rootKey, root, abroad)
	shorter := mustMasterList(t, t.TempDir(), root, rootKey, root)
	garbage := filepath.Join(work, "garbage.cer")
	mustWriteFile(t, garbage, []byte("garbage"))

	run := func(exit int, says string, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := runTrust(t.Context(), append(args, "--dir", dir), &stdout, &stderr); got != exit {
			t.Errorf("%v: exit %d, want %d\n%s%s", args, got, exit, &stdout, &stderr)
		}
		if all := stdout.String() + stderr.String(); !strings.Contains(all, says) {
			t.Errorf("%v: does not say %q:\n%s", args, says, all)
		}
		return stdout.String()
	}

	run(exitUsage, "Usage", "import")
	run(exitUsage, "Usage", "import", root, "--dry-run")
	run(exitUsage, "Usage", "list", root)
	run(exitUsage, "--root ROOT.cer", "import", ml)
	run(exitError, "no trust anchors", "list")
	run(exitError, "untrusted", "import", ml, "--root", abroad)
	run(exitError, "malformed certificate", "import", ml, "--root", garbage)
	run(exitError, "not a signed master list", "import", root, "--root", root)

	run(exitOK, "Nothing was written: 2 are new", "import", "--dry-run", ml, "--root", root)
	ldif := filepath.Join(work, "pkd.ldif")
	mustWriteFile(t, ldif, append(ldifRecord(t, ml), ldifRecord(t, mustMasterList(t, t.TempDir(), abroad, abroadKey, abroad))...))
	run(exitUsage, "--root ROOT.cer", "import", ldif)
	run(exitOK, "1 more lists in the file", "import", "--dry-run", ldif, "--root", root)
	run(exitError, "LDIF with 2 × master list", "import", ldif, "--root", card)
	run(exitUsage, "--root ROOT.cer", "import", "--country", ldif)
	if _, err := os.Stat(dir); err == nil {
		t.Error("a dry run made the folder")
	}
	run(exitOK, "2 of 2 certificates read", "import", ml, "--root", root)
	run(exitOK, "CSCA-Elsewhere", "list")
	run(exitOK, "1 that are not in the list were kept", "import", shorter, "--root", root)
	run(exitOK, "1 removed", "import", shorter, "--root", root, "--remove-gone")
	run(exitOK, "would be added", "import", "--country", abroad, "--dry-run")
	run(exitOK, "country signing CA, until", "import", "--country", abroad)
	run(exitOK, "already there", "import", "--country", abroad)
	run(exitError, "refused", "import", "--country", garbage)
	run(exitOK, "anchor until", "import", card)
	run(exitError, "refused", "import", garbage)
	run(exitError, "Then --country", "import", mustBrainpoolCA(t, work))

	bad := filepath.Join(dir, "csca-crl", "x.crl")
	if err := os.MkdirAll(filepath.Dir(bad), 0o700); err != nil {
		t.Fatal(err)
	}
	mustWriteFile(t, bad, []byte("garbage"))
	run(exitError, "csca-crl/x.crl", "list")
	run(exitError, `"left out"`, "list", "--json")
	named := func() (out string) {
		for _, f := range trustFindings(dir) {
			out += fmt.Sprintln(f.OK, f.Title, f.Cause, f.Cure)
		}
		return out
	}
	if got := named(); !strings.HasPrefix(got, "false "+bad+" is left out.") {
		t.Errorf("the doctor says %s", got)
	}
	if err := os.Remove(bad); err != nil {
		t.Fatal(err)
	}
	if got := named(); !strings.HasPrefix(got, "true ") {
		t.Errorf("the doctor says %s", got)
	}

	var lines []struct{ Kind, Country, Title, SHA256 string }
	if err := json.Unmarshal([]byte(run(exitOK, "", "list", "--json")), &lines); err != nil || len(lines) != 3 {
		t.Fatalf("got %v, %v", lines, err)
	}
	for i, want := range []string{"anchor  Card-Root", "csca UT CSCA-Utopia", "csca XX CSCA-Elsewhere"} {
		if got := lines[i].Kind + " " + lines[i].Country + " " + lines[i].Title; got != want || len(lines[i].SHA256) != 64 {
			t.Errorf("got %q %q, want %q", got, lines[i].SHA256, want)
		}
	}
	var report struct {
		Certificates, Read int
		Countries          []struct{ Country string }
		Gone               []struct{ Country string }
		Written            int
	}
	if err := json.Unmarshal([]byte(run(exitOK, "", "import", shorter, "--root", root, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Certificates != 1 || report.Read != 1 || len(report.Countries) != 1 || len(report.Gone) != 1 || report.Gone[0].Country != "XX" || report.Written != 0 {
		t.Errorf("got %+v", report)
	}
}
