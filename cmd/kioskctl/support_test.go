package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"balcao/assets/testpki"
	"balcao/kiosk/kiosktest"
)

// planted is what no bundle may hold, as it might get into texts from outside.
var planted = []string{
	"Inês", "Falcão", "INES", "FALCAO", "Sousa", "912345678", "912 345 678", "+351", "pessoa", "correio.example", "298765431", "12345678",
	"9ZX1", "P<PRT", "<<", "407182", "1234", "839016", "hunter2", "BX4-77Q", "0198f4a2-7d1c", "Amaurota", "1984-02-29", "29.02.1984",
}

// hostile has all of them.
const hostile = "Inês Falcão Sousa ines falcao INES FALCAO 912345678 912 345 678 +351 912 345 678 pessoa@correio.example 298765431 12345678 9ZX1 " +
	"P<PRTFALCAO<SOUSA<<INES<<<<< 407182 1234 839016 hunter2 BX4-77Q 0198f4a2-7d1c-7cc2-93a1-111111111111 Amaurota 1984-02-29 29.02.1984"

// bundleOf makes a bundle by the command, and returns all its files, unpacked, and what was printed.
func bundleOf(t *testing.T, args ...string) (files map[string]string, printed string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bundle.zip")
	var stdout, stderr bytes.Buffer
	began := time.Now()
	if code := run(t.Context(), append([]string{"support", "-o", file}, args...), nil, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if took := time.Since(began); took > 2*supportTime {
		t.Errorf("it took %v", took)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want a file for its owner alone", info.Mode(), err)
	}
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	files = map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files["(the archive itself)"] = string(raw)
	return files, stdout.String() + stderr.String()
}

// wantNothingPersonal searches everything for what was planted.
func wantNothingPersonal(t *testing.T, files map[string]string, printed string, more ...string) {
	t.Helper()
	for name, text := range files {
		for _, secret := range append(planted, more...) {
			if name != "(the archive itself)" && kiosktest.Holds(text, secret) || strings.Contains(text, secret) && len(secret) > 5 {
				t.Errorf("%s holds %q:\n%.2000s", name, secret, text)
			}
		}
	}
	for _, secret := range append(planted, more...) {
		if kiosktest.Holds(printed, secret) {
			t.Errorf("what was printed holds %q:\n%s", secret, printed)
		}
	}
}

// TestSupport_Hostile: whatever stands in configuration, trust folder, environment and log, nothing personal is in the
// bundle, and what helps still is.
func TestSupport_Hostile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Inês Falcão 912345678")
	trust := filepath.Join(dir, "trust")
	if err := os.CopyFS(trust, os.DirFS(filepath.Join("..", "..", "assets", "testpki", "trust"))); err != nil {
		t.Fatal(err)
	}
	own := selfSigned(t, "Inês Falcão", time.Now().Add(time.Hour)) // somebody's own certificate, put there by mistake
	write(t, filepath.Join(trust, "anchors", "ines falcao 12345678.cer"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}))
	write(t, filepath.Join(trust, "csca-crl", "pessoa@correio.example.crl"), []byte(hostile))
	config := filepath.Join(dir, "kiosk.toml")
	var text strings.Builder
	for _, key := range append(append(append([]string{"database", "password"}, plainKeys...), setKeys...), addressKeys...) {
		if key != "trust" {
			_, _ = fmt.Fprintf(&text, "%s = %q\n", key, hostile)
		}
	}
	_, _ = fmt.Fprintf(&text, "trust = %q\n[\"%s\"]\nx = 1\n", trust, hostile)
	write(t, config, []byte(text.String()))
	log := filepath.Join(dir, "log")
	var lines bytes.Buffer
	for _, line := range []string{
		`{"time":"2026-12-01T10:00:00.5Z","level":"INFO","msg":"state","case":7,"reference":"BX4-77Q","step":"contact","opened":true,"photo":false,"left":0}`,
		`{"time":"2026-12-01T10:00:01Z","level":"WARN","msg":"card","case":7,"reference":"BX4-77Q","work":"read","error":"card answered 6982 to command A4: security status not satisfied"}`,
		`{"time":"2026-12-01T10:00:01Z","level":"WARN","msg":"centre","enrolment":"0198f4a2-7d1c-7cc2-93a1-111111111111","error":"the centre failed (HTTP 502)"}`,
		fmt.Sprintf(`{"time":%[1]q,"level":%[1]q,"msg":%[1]q,"error":%[1]q,"step":%[1]q,"case":912345678,"left":298765431,"ines":true,"stack":%[1]q,%[1]q:%[1]q,"file":{"name":%[1]q}}`, hostile),
		`{"time":"2026-12-01T10:00:02Z","level":"ERROR","msg":"card","fault":"runtime.boundsError","stack":"goroutine 7\nbalcao/kiosk/desk.(*card).read(0x1234)\n\t/home/ines/kiosk/desk/reading.go:12 +0x407182"}`,
		hostile, "panic: " + hostile, `{"time": "broken`, `["` + hostile + `"]`,
	} {
		lines.WriteString(line + "\n")
	}
	write(t, log, lines.Bytes())
	t.Setenv("HTTPS_PROXY", "http://ines:hunter2@correio.example:3128")
	t.Setenv("PCSCLITE_CSOCK_NAME", filepath.Join(dir, "none"))
	files, printed := bundleOf(t, "--config", config, "--log", log)
	wantNothingPersonal(t, files, strings.ReplaceAll(printed, t.TempDir(), ""))
	for file, wants := range map[string][]string{
		"log.txt": {
			"2026-12-01T10:00:00.500Z INFO  state case=7 left=0 opened=true step=contact\n",
			`WARN  card case=7 error="card answered 6982 to command …: security status not satisfied" work=read`,
			`error="the centre failed (HTTP 502)"`, "stack=reading.go:12",
		},
		"trust.json":    {`"kind": "certificate, of no authority"`, `"folder": "anchors"`, `"folder": "csca-crl"`},
		"config.json":   {`"name": "(set)"`, "HTTPS_PROXY", `"unknown_keys": 3`},
		"summary.txt":   {"csca-crl/….crl is left out.", "anchors/….cer is left out.", "✗ The desk's certificate cannot be read.", "✗ The configuration has no address of the centre.", "✗ The smart-card service is installed but does not run."},
		"versions.json": {"kioskctl", "go1."},
	} {
		for _, want := range wants {
			if !strings.Contains(files[file], want) {
				t.Errorf("%s does not say %q:\n%s", file, want, files[file])
			}
		}
	}
}

// TestSupport_Faults: what is wrong is said first, whichever it is, on a real door.
func TestSupport_Faults(t *testing.T) {
	office := kiosktest.NewOffice(t)
	office.OpenCentre(t.Context(), t)
	ca, err := testpki.FS.ReadFile("tls/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	closed := closedPort(t)
	silent := silentPort(t)
	good := office.Own
	expired := selfSigned(t, "loja_1", time.Now().Add(-time.Hour))
	foreign := selfSigned(t, "another authority", time.Now().Add(time.Hour))
	for _, test := range []struct {
		name    string
		address string
		ca      []byte
		own     tls.Certificate
		ahead   time.Duration
		code    string // of the fault; "" when there is none
		says    string
	}{
		{"Good", office.Door.Address, ca, good, 0, "", "The centre accepts this desk."},
		{"Unreachable", closed, ca, good, 0, "centre_unreachable", "connection refused"},
		{"Silent", silent, ca, good, 0, "centre_tls", "no answer in time"},
		{"UnknownName", "nowhere.invalid:8443", ca, good, 0, "centre_name_unknown", "DNS says"},
		{"WrongAuthority", office.Door.Address, inPEM(foreign.Certificate[0]), good, 0, "centre_wrong_authority", "None of the authorities"},
		{"ClockAhead", office.Door.Address, ca, good, 40 * time.Minute, "clock_off", "40m0s ahead of"},
		{"ClockBehind", office.Door.Address, ca, good, -7 * time.Minute, "clock_off", "7m0s behind"},
		{"ClockOfLastCentury", office.Door.Address, ca, good, -40 * 365 * 24 * time.Hour, "centre_certificate_early", "not valid yet"},
		{"ExpiredDesk", office.Door.Address, ca, expired, 0, "desk_certificate_expired", "The desk's certificate has expired."},
		{"RefusedDesk", office.Door.Address, ca, selfSigned(t, "loja_1", time.Now().Add(time.Hour)), 0, "desk_refused", "does not accept this desk"},
		{"UnknownDesk", office.Door.Address, ca, kiosktest.NewDesk(t, "loja_9"), 0, "desk_refused", "does not accept this desk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "ca.crt"), test.ca)
			writeDesk(t, dir, test.own)
			config := filepath.Join(dir, "kiosk.toml")
			write(t, config, fmt.Appendf(nil, "centre = %q\ncentre_ca = %q\ncertificate = %q\nkey = %q\ntrust = %q\n", "https://"+test.address,
				filepath.Join(dir, "ca.crt"), filepath.Join(dir, "desk.crt"), filepath.Join(dir, "desk.key"), dir))
			d := deskProbes{config: readDeskConfig(config), wording: newWording(driverFiles), log: filepath.Join(dir, "none"), lines: 1,
				now: func() time.Time { return time.Now().Add(test.ahead) }}
			sections := gather(t.Context(), []probe{{"network", d.network}, {"configuration", d.configuration}}, io.Discard)
			summary := string(summarise(time.Now(), sections))
			faulty := false
			for _, s := range sections {
				for _, f := range s.findings {
					if !f.OK && (f.Cause == "" || f.Cure == "") {
						t.Errorf("%s: no cause or no cure", f.Code)
					}
					faulty = faulty || f.Code == test.code && !f.OK
				}
			}
			switch {
			case test.code == "" && strings.Contains(summary, "✗"), test.code != "" && !faulty:
				t.Errorf("want %q:\n%s", test.code, summary)
			case !strings.Contains(summary, test.says):
				t.Errorf("want it to say %q:\n%s", test.says, summary)
			}
		})
	}
}

// TestSupport_NeverHangs: something that never answers is said, within the time.
func TestSupport_NeverHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	began := make(chan struct{})
	never := make(chan struct{})
	defer close(never)
	go func() { <-began; cancel() }()
	sections := gather(ctx, []probe{
		{"stone", func(context.Context) []section { close(began); <-never; return nil }},
		{"fonts", deskProbes{}.fonts},
	}, io.Discard)
	if summary := string(summarise(time.Now(), sections)); !strings.Contains(summary, "✗ No answer in time: stone.") {
		t.Errorf("got %s", summary)
	}
}

// TestSupport_NoFile: what is named and is no file is not waited for.
func TestSupport_NoFile(t *testing.T) {
	dir := t.TempDir()
	files, _ := bundleOf(t, "--config", dir, "--log", "/dev/zero", "--trust", filepath.Join(dir, "gone"))
	for _, want := range []string{"✗ The desk's configuration cannot be read.", "✗ No log of the desk can be read.", "✗ The trust folder "} {
		if !strings.Contains(files["summary.txt"], want) {
			t.Errorf("it does not say %q:\n%s", want, files["summary.txt"])
		}
	}
}

// TestSupport_KeepsWhatIsThere: a file of that name stays as it is.
func TestSupport_KeepsWhatIsThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "letter.txt")
	write(t, file, []byte("mine"))
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"support", "-o", file}, nil, io.Discard, &stderr); code != exitError {
		t.Errorf("got exit code %d, %s", code, stderr.String())
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestWording(t *testing.T) {
	w := newWording(driverFiles)
	for text, want := range map[string]string{
		"reading the card: permission denied":          "reading the card: permission denied",
		"reading the card of Inês Falcão: not found":   "reading the card of …: not found",
		"card answered 6A82 to command":                "card answered 6A82 to command",
		"card sent 6A82":                               "card sent …",
		"the code 407182 was wrong 3 times":            "the code … was wrong 3 times",
		"write 91 23 45 67 8 or 912-345-678":           "write … or …",
		"<P<PRTFALCAO<<INES>":                          "…",
		"A reader's driver hangs: journalctl -u pcscd": "A reader's driver hangs: journalctl -u pcscd",
		"the PIN 12 34 was wrong":                      "the PIN … was wrong",
		"write to pessoa@correio.example":              "write to …",
		"/etc/balcao/trust/anchors/Inês.cer":           "/etc/balcao/trust/anchors/….cer",
		"/home/ines/kiosk.toml":                        "/home/…/kiosk.toml",
		"the centre failed (HTTP 503)":                 "the centre failed (HTTP 503)",
		"\xff\xfeInês":                                 "…",
		"":                                             "",
		strings.Repeat("Falcão ", 1000):                "…",
	} {
		if got := w.plain(text); got != want {
			t.Errorf("%.60q: got %q, want %q", text, got, want)
		}
	}
	for name, want := range map[string]string{
		"ACS ACR122U PICC Interface 00 00":                  "ACS ACR122U PICC Interface 00 00",
		"Alcor Micro AU9540 00 00":                          "Alcor Micro AU9540 00 00",
		"Leitor da Inês Falcão 912345678 0A 00":             "… 0A 00",
		"OMNIKEY AG CardMan 3121 (OKCM0021405111729) 01 00": "OMNIKEY AG CardMan 3121 (…) 01 00",
	} {
		if got := w.reader(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestWording_KnowsItsProgram: of the words in the texts of the packages that a desk logs from, nearly all are known.
// Otherwise bundles say less with each change: add the missing ones to support_words.txt.
func TestWording_KnowsItsProgram(t *testing.T) {
	word := regexp.MustCompile(`[a-z]{4,}`)
	literal := regexp.MustCompile(`(?:errors\.New|fmt\.Errorf|Title:|Cause:|Cure:|Log\.\w+)\(? *"((?:[^"\\]|\\.)*)"`)
	w := newWording("")
	missing, total := map[string]bool{}, 0
	for _, pattern := range []string{"kiosk/desk", "kiosk/central", "kiosk/trust", "kiosk/trust/country", "kiosk/trust/folder", "cardreader", "cardreader/citizencard", "cardreader/iso7816", "cardreader/travel", "cmd/kiosk", "cmd/kioskctl/support"} {
		if pattern != "cmd/kioskctl/support" {
			pattern += "/"
		}
		for _, file := range matches("../../" + pattern + "*.go") {
			if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_windows.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range literal.FindAllStringSubmatch(string(source), -1) {
				for _, one := range word.FindAllString(strings.ToLower(text[1]), -1) {
					if total++; !w.known[one] {
						missing[one] = true
					}
				}
			}
		}
	}
	if total < 500 || len(missing)*20 > total {
		t.Errorf("of %d words unknown: %v", total, missing)
	}
}

// TestSupport_KnowsTheKeys: each key of a desk's configuration is told in one of the three ways.
func TestSupport_KnowsTheKeys(t *testing.T) {
	source, err := os.ReadFile("../kiosk/config.go")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Join(append(append(append([]string{""}, plainKeys...), setKeys...), append(addressKeys, "")...), " ")
	keys := regexp.MustCompile("`toml:\"([a-z_]+)\"`").FindAllStringSubmatch(string(source), -1)
	for _, key := range keys {
		if !strings.Contains(known, " "+key[1]+" ") {
			t.Errorf("%s: say in support_config.go how a bundle tells it", key[1])
		}
	}
	if len(keys) < 15 {
		t.Errorf("found %d keys", len(keys))
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func inPEM(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }

func writeDesk(t *testing.T, dir string, own tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "desk.crt"), inPEM(own.Certificate[0]))
	write(t, filepath.Join(dir, "desk.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

// selfSigned is a certificate of nobody's authority.
func selfSigned(t *testing.T, name string, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(12345678), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-24 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// silentPort is an address that accepts and says nothing.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
