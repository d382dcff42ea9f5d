package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"balcao/assets/testpki"
	programs "balcao/cmd/internal/process"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/record"
)

func TestMain(m *testing.M) {
	syscall.Umask(0o077)
	if os.Getenv(asRegistrar) != "" {
		main()
	}
	cluster.TestMain(m)
}

// try runs the program to its end.
func try(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestKeygen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	code, out, errs := try(t, "keygen", dir)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if _, err := age.ParseX25519Recipient(strings.TrimSpace(out)); err != nil {
		t.Errorf("printed %q, want a recipient: %v", out, err)
	}
	for _, name := range []string{identityFile, pepperFile, recordFile, publicFile, logKeyFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	identity, pepper, err := loadKeys(filepath.Join(dir, identityFile), filepath.Join(dir, pepperFile))
	if err != nil || len(pepper) != 32 || identity.(*age.X25519Identity).Recipient().String() != strings.TrimSpace(out) {
		t.Errorf("the keys do not load: %v", err)
	}
	key, err := loadRecordKey(filepath.Join(dir, recordFile))
	text, err2 := os.ReadFile(filepath.Join(dir, publicFile))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if public, err := record.ParsePublicKey(text); err != nil || !public.Equal(key.Public()) {
		t.Errorf("%s is not the other half: %v", publicFile, err)
	}
	if code, _, _ := try(t, "keygen", dir); code != exitError {
		t.Errorf("a second keygen over the first: exit %d", code)
	}
	if err := os.Chmod(filepath.Join(dir, pepperFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := loadKeys(filepath.Join(dir, identityFile), filepath.Join(dir, pepperFile)); err == nil {
		t.Error("a pepper that everybody may read was accepted")
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"keygen"}, {"-nonsense"}, {"-config", "x", "extra"}} {
		if code, _, errs := try(t, args...); code != exitUsage || !strings.Contains(errs, "Usage: registrar") {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	if code, _, errs := try(t, "-help"); code != exitOK || !strings.Contains(errs, "keygen") {
		t.Errorf("-help: exit %d, %q", code, errs)
	}
}

// centre is a folder with keys, anchors and a configuration file.
func centre(t *testing.T, database, more string) (configFile string) {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := try(t, "keygen", filepath.Join(dir, "keys")); code != exitOK {
		t.Fatal(errs)
	}
	if err := os.CopyFS(filepath.Join(dir, "pki"), testpki.FS); err != nil {
		t.Fatal(err)
	}
	if _, err := deskca.Create(filepath.Join(dir, "desk-ca")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(more, "desk_authority") {
		more += "\ndesk_authority = \"desk-ca/ca.crt\""
	}
	if !strings.Contains(more, "staff_") {
		more += "\nstaff_authority = \"pki/staff/staff-ca.crt\""
	}
	if !strings.Contains(more, "record_key") {
		more += "\nrecord_key = \"keys/record.key\""
	}
	config := fmt.Sprintf(`
database = %q
trust = "pki/trust"
identity = "keys/identity.age"
pepper = "keys/pepper"
%s
[sms]
address = "127.0.0.1:1"
system_id = "balcao"
password = "balcao"
source = "CMD"
[mail]
address = "127.0.0.1:1"
from = "cmd@balcao.example"
ca_file = "pki/tls/ca.crt"
`, database, more)
	file := filepath.Join(dir, "registrar.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCheckConfig(t *testing.T) {
	file := centre(t, "host=/tmp dbname=balcao", "")
	if code, _, errs := try(t, "-config", file, "-check-config"); code != exitOK {
		t.Errorf("good: exit %d: %s", code, errs)
	}
	bad := filepath.Join(filepath.Dir(file), "pki", "trust", "csca-crl", "x.crl")
	if err := os.MkdirAll(filepath.Dir(bad), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := try(t, "-config", file, "-check-config"); code != exitError || !strings.Contains(errs, "csca-crl/x.crl: ") {
		t.Errorf("a bad list in the trust folder: exit %d: %s", code, errs)
	}
	if err := os.Remove(bad); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Join(filepath.Dir(file), "keys"))
	without := strings.NewReplacer("identity = ", "# ", "pepper = ", "# ", "record_key = ", "# ")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(without.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := try(t, "-config", file, "-check-config"); code != exitOK {
		t.Errorf("keys as systemd credentials: exit %d: %s", code, errs)
	}
}

// Whom of the staff to believe may be left out; that, and what records are signed with, may not be wrong.
func TestCheckConfig_Staff(t *testing.T) {
	dir := t.TempDir()
	ca, err := deskca.Create(filepath.Join(dir, "staff"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Login("clerk")
	if err != nil {
		t.Fatal(err)
	}
	card, _, err := pair.Write(filepath.Join(dir, "cards"), "clerk")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(strings.TrimSuffix(card, ".crt") + ".key"); err != nil {
		t.Fatal(err)
	}
	authority := filepath.Join(dir, "staff", deskca.CertificateFile)
	open := filepath.Join(dir, "open.key")
	if err := os.WriteFile(open, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ config, want string }{
		"all of it":       {fmt.Sprintf("staff_authority = %q\nstaff_cards = %q\nrecord_key = \"keys/record.key\"", authority, filepath.Dir(card)), ""},
		"neither":         {"# staff_authority, staff_cards", "staff_authority, staff_cards: name one"},
		"no such file":    {`staff_authority = "none.crt"`, "staff_authority: no such file"},
		"a card as CA":    {fmt.Sprintf("staff_authority = %q", card), "not an authority's certificate"},
		"no such folder":  {`staff_cards = "none"`, "staff_cards: no such folder"},
		"an empty folder": {fmt.Sprintf("staff_cards = %q", t.TempDir()), "no certificate in the folder"},
		"no such key":     {`record_key = "none.key"`, "record_key: no such file"},
		"the public half": {`record_key = "keys/record.pub"`, "record_key: reading the key of records"},
		"an open key":     {fmt.Sprintf("record_key = %q", open), "chmod 600"},
	} {
		code, _, errs := try(t, "-config", centre(t, "host=/tmp dbname=balcao", tt.config), "-check-config")
		if (code == exitOK) != (tt.want == "") || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: exit %d: %s", name, code, errs)
		}
	}
}

// Without an authority of desks no enrolment could be believed.
func TestCheckConfig_DeskAuthority(t *testing.T) {
	dir := t.TempDir()
	ca, err := deskca.Create(filepath.Join(dir, "desk-ca"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Login("loja_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := pair.Write(dir, "loja_1"); err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "desk-ca", deskca.CertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	twice := filepath.Join(dir, "twice.crt")
	if err := os.WriteFile(twice, bytes.Repeat(authority, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"none": "", "missing": filepath.Join(dir, "ca.crt"), "a folder": dir, "its key": filepath.Join(dir, "desk-ca", deskca.KeyFile),
		"a desk's certificate": filepath.Join(dir, "loja_1.crt"), "two certificates": twice,
	} {
		config := centre(t, "host=/tmp dbname=balcao", fmt.Sprintf("desk_authority = %q", file))
		if code, _, errs := try(t, "-config", config, "-check-config"); code != exitError || !strings.Contains(errs, "desk_authority: reading") {
			t.Errorf("%s: exit %d: %s", name, code, errs)
		}
	}
}

// An operator's texts are looked at before anybody is sent one.
func TestCheckConfig_Messages(t *testing.T) {
	file := centre(t, "host=/tmp dbname=balcao", "messages = \"texts\"")
	check := func(want string) {
		t.Helper()
		code, _, errs := try(t, "-config", file, "-check-config")
		if (code == exitOK) != (want == "") || !strings.Contains(errs, want) {
			t.Errorf("exit %d: %s, want %q", code, errs, want)
		}
	}
	check("messages: no such folder")
	folder := filepath.Join(filepath.Dir(file), "texts")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"Your code is {{.Code}}.", ""},
		{"Your code is {{.Code}", "code.sms.en.txt"},
		{"Your code is {{.Code}}." + strings.Repeat("x", 160), "one SMS"},
		{"Your code is on its way.", "the code is to be in the text"},
	} {
		if err := os.WriteFile(filepath.Join(folder, "code.sms.en.txt"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		check(c.want)
	}
}

func TestCheckConfig_ReportsEverything(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.toml")
	config := `
database = "host=x port=nonsense password=hunter2"
workers = 99
web = "http://entrar.example.pt"
metrics = ":9465"
colour = "red"
[sms]
address = "nowhere"
password = "x"
password_file = "y"
[mail]
from = "nobody"
[log]
before = ["nowhere.pub"]
`
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := try(t, "-config", file, "-check-config")
	if code != exitError {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{
		`unknown key "colour"`, "metrics: ", "database:", "trust:", "desk_authority:", "identity:", "pepper:", "workers:", "web: an https address",
		"[sms] address", "[sms] system_id", "[sms] source", "[sms] password and password_file", "[mail] address", "[mail] from",
		"[log] before: ",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("%s is not reported in\n%s", want, errs)
		}
	}
	if strings.Contains(errs, "hunter2") {
		t.Error("the report quotes the connection string")
	}
}

// The whole program begins to listen, says so, and ends in order when asked to.
func TestServe(t *testing.T) {
	file := centre(t, cluster.NewDatabase(t).Registrar(), "workers = 1\nname = \"r1\"\nmetrics = \"127.0.0.1:0\"")
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	reader, writer := io.Pipe()
	var errs kiosktest.Log
	ended := make(chan int)
	go func() { ended <- run(ctx, []string{"-config", file}, writer, &errs) }()
	line := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(reader, line); err != nil || string(line) != "ready\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	told, err := programs.Scrape(t.Context(), errs.String())
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{"balcao_trust_end_timestamp_seconds{what=\"anchor\"} ", "balcao_log_witnesses 0", "balcao_jobs_total{", "go_goroutines "} {
		if !strings.Contains(told, "\n"+want) {
			t.Errorf("%s is not told in\n%s", want, told)
		}
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	if !strings.Contains(errs.String(), `"msg":"stopped"`) {
		t.Errorf("it did not end in order: %s", errs.String())
	}
}

// What others may read or change is named at -check-config and at start, all of it, with the cure.
func TestFilesOpenToOthers(t *testing.T) {
	file := centre(t, "host=/tmp dbname=balcao", "")
	dir := filepath.Dir(file)
	for name, mode := range map[string]os.FileMode{
		"registrar.toml": 0o644, "keys/identity.age": 0o640, "keys/pepper": 0o604, "pki/trust": 0o777,
		"desk-ca/ca.crt": 0o666, "pki/tls/ca.crt": 0o646,
	} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"-config", file, "-check-config"}, {"-config", file}} {
		code, _, errs := try(t, args...)
		if code != exitError {
			t.Errorf("%v: exit %d", args, code)
		}
		for _, want := range []string{
			"chmod 600 " + file, "identity: ", "pepper: ", "trust: ", "chmod -R go-w", "desk_authority: ", "[mail] ca_file: ",
		} {
			if !strings.Contains(errs, want) {
				t.Errorf("%v: %s is not reported in\n%s", args, want, errs)
			}
		}
	}
}

// Lines that others could read, or that could end anywhere, are refused at -check-config and at start.
func TestLinesOpenToOthers(t *testing.T) {
	file := centre(t, "postgres://registrar_1:hunter2@db1.example.pt/balcao?sslmode=require", "")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("[sms]\naddress = \"127.0.0.1:1\""), []byte("[sms]\naddress = \"smsc.example.pt:2775\""), 1)
	text = bytes.Replace(text, []byte("password = \"balcao\""), nil, 1)
	if err := errors.Join(os.WriteFile(file, text, 0o600), os.Chmod(file, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-config", file, "-check-config"}, {"-config", file}} {
		code, _, errs := try(t, args...)
		if code != exitError {
			t.Errorf("%v: exit %d", args, code)
		}
		for _, want := range []string{"database: ", "db1.example.pt", "sslmode=verify-full", "[sms] tls: ", "chmod 600 " + file} {
			if !strings.Contains(errs, want) {
				t.Errorf("%v: %s is not reported in\n%s", args, want, errs)
			}
		}
		if strings.Contains(errs, "hunter2") {
			t.Errorf("%v quotes the password", args)
		}
	}
}
