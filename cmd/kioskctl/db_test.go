package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
)

// fingerprintOf is how a staff card of the test PKI is named.
func fingerprintOf(t *testing.T, name string) string {
	t.Helper()
	certificate, err := certificateFile("../../assets/testpki/staff/" + name + ".crt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// TestCentreFromNothing is what an operator does, in order, on a new server.
func TestCentreFromNothing(t *testing.T) {
	server, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	ca, services, out := filepath.Join(dir, "ca"), filepath.Join(dir, "services"), filepath.Join(dir, "out")
	type command struct {
		name string
		args []string
		exit int
		says string
	}
	run := func(c command) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		do := runDB
		switch c.args[0] {
		case "desk":
			do = runDesk
		case "staff":
			do = runStaff
		case "client":
			do = runClient
		case "messages":
			do = runMessages
		case "retention":
			do = runRetention
		case "alerts":
			do = runAlerts
		}
		if got := do(t.Context(), c.args[1:], &stdout, &stderr); got != c.exit {
			t.Errorf("%s: exit %d, want %d\n%s%s", c.name, got, c.exit, &stdout, &stderr)
		}
		all := stdout.String() + stderr.String() // tables as wide as their rows
		if !strings.Contains(all, c.says) && !strings.Contains(strings.Join(strings.Fields(all), " "), c.says) {
			t.Errorf("%s: does not say %q:\n%s", c.name, c.says, all)
		}
	}

	t.Setenv("BALCAO_ADMIN_DSN", "")
	run(command{"no connection string", []string{"db", "check"}, exitUsage, "BALCAO_ADMIN_DSN"})
	t.Setenv("BALCAO_ADMIN_DSN", server.DSN(cluster.Admin, "postgres"))
	run(command{"nothing there", []string{"db", "check"}, exitOpen, "kioskctl db create"})
	for range 2 { // it may be repeated
		run(command{"create", []string{"db", "create", "--ca", ca, "--service-ca", services}, exitOK, "ssl_ca_file"})
	}
	t.Setenv("BALCAO_ADMIN_DSN", server.DSN(cluster.Admin, "balcao"))
	run(command{"migrate", []string{"db", "migrate"}, exitOK, "already"})
	run(command{"no alerts", []string{"alerts", "list"}, exitOK, "no alerts"})
	run(command{"a rule", []string{"alerts", "rule", "codes_day", "--most", "12", "--hold", "30m"}, exitOK, "codes_day is changed"})
	run(command{"rules", []string{"alerts", "rules"}, exitOK, "codes_day count of a contact > 12 in 24h0m0s hold 30m0s"})
	run(command{"no such rule", []string{"alerts", "rule", "tea"}, exitError, "no such rule"})
	run(command{"a phone's desk", []string{"alerts", "rule", "codes_day", "--act", "suspend_desk"}, exitError, "does not fit the rule"})
	run(command{"the door", []string{"db", "centre", "--service-ca", services, "--out", out, "--hosts", "db1,db2"}, exitOK,
		"postgres://balcao_centre@db1,db2/balcao?"})
	run(command{"the login service", []string{"db", "login", "--service-ca", services, "--out", out, "--hosts", "db1"}, exitOK,
		"postgres://balcao_login@db1/balcao?"})
	run(command{"a registrar", []string{"db", "registrar", "registrar_a", "--service-ca", services, "--out", out}, exitOK, "registrar_a.crt"})
	run(command{"which registrar", []string{"db", "registrar", "--service-ca", services}, exitUsage, "Usage"})
	run(command{"a server", []string{"db", "server", "db1", "10.0.0.1", "--service-ca", services, "--out", out}, exitOK, "server.crt"})
	run(command{"the door's server", []string{"db", "server", "centre", "--as", "centre", "--service-ca", services, "--out", out}, exitOK, "centre.crt"})
	run(command{"a desk", []string{"desk", "add", "loja_1", "--ca", ca, "--out", out}, exitOK, `certificate = "` + filepath.Join(out, "loja_1.crt") + `"`})
	run(command{"the same desk again", []string{"desk", "add", "loja_1", "--ca", ca, "--out", out}, exitError, "exists"})
	run(command{"again, elsewhere", []string{"desk", "add", "loja_1", "--ca", ca, "--out", dir}, exitError, "use rotate"})
	if left, err := filepath.Glob(filepath.Join(dir, "loja_1*")); err != nil || len(left) > 0 {
		t.Errorf("files of a certificate that came to nothing: %v, %v", left, err)
	}
	run(command{"an impossible desk", []string{"desk", "add", "Loja 1", "--ca", ca, "--out", out}, exitError, "lower-case"})
	run(command{"no authority", []string{"desk", "add", "loja_2", "--ca", dir, "--out", out}, exitError, "authority"})
	run(command{"suspended", []string{"desk", "suspend", "loja_1"}, exitOK, "is suspended"})
	run(command{"listed", []string{"desk", "list"}, exitOK, "loja_1  suspended, added"})
	run(command{"resumed", []string{"desk", "resume", "loja_1"}, exitOK, "may go on"})
	run(command{"rotated", []string{"desk", "rotate", "loja_1", "--overlap", "1h", "--ca", ca, "--out", out}, exitOK, "loja_1-"})
	run(command{"both listed", []string{"desk", "list"}, exitOK, ", ends "})
	run(command{"revoked", []string{"desk", "revoke", "loja_1"}, exitOK, "for good"})
	run(command{"not resumed", []string{"desk", "resume", "loja_1"}, exitError, "revoked"})
	run(command{"not rotated", []string{"desk", "rotate", "loja_1", "--ca", ca, "--out", out}, exitError, "revoked"})
	run(command{"no such desk", []string{"desk", "suspend", "loja_2"}, exitError, "no desk"})
	run(command{"which desk", []string{"desk", "suspend"}, exitUsage, "Usage"})
	run(command{"a second authority", []string{"desk", "ca", "--ca", ca}, exitError, "already"})
	run(command{"no staff", []string{"staff", "list"}, exitOK, "no member of staff"})
	rita := []string{"staff", "add", "F0417", "--role", "clerk", "--certificate", "../../assets/testpki/staff/clerk.crt"}
	for range 2 { // it may be repeated
		run(command{"a clerk", rita, exitOK, "F0417 has the card of SERIALNUMBER=F0417,CN=Rita Neves"})
	}
	run(command{"the same with another card", append(slices.Clone(rita[:6]), "../../assets/testpki/staff/clerk-2.crt"), exitError, "use renew"})
	run(command{"the same card again", append([]string{"staff", "add", "F0418"}, rita[3:]...), exitError, "another member of staff's"})
	run(command{"an impossible role", []string{"staff", "add", "F0418", "--role", "boss", "--certificate", "../../assets/testpki/staff/clerk-2.crt"}, exitError, "clerk, supervisor or auditor"})
	run(command{"no card", []string{"staff", "add", "F0418", "--role", "clerk"}, exitUsage, "either --card or --certificate"})
	run(command{"no certificate", []string{"staff", "add", "F0418", "--role", "clerk", "--certificate", "db.go"}, exitError, "no certificate"})
	run(command{"suspended staff", []string{"staff", "suspend", "F0417"}, exitOK, "is suspended"})
	run(command{"staff listed", []string{"staff", "list"}, exitOK, "F0417  Rita Neves, clerk, suspended, added"})
	run(command{"resumed staff", []string{"staff", "resume", "F0417"}, exitOK, "may sign in"})
	run(command{"another card", []string{"staff", "renew", "F0417", "--overlap", "1h", "--certificate", "../../assets/testpki/staff/clerk-2.crt"}, exitOK, "CN="})
	run(command{"both cards listed", []string{"staff", "list"}, exitOK, ", ends "})
	run(command{"revoked card", []string{"staff", "revoke", fingerprintOf(t, "clerk-2")}, exitOK, "is revoked"})
	run(command{"revoked card listed", []string{"staff", "list"}, exitOK, ", revoked"})
	run(command{"no such card", []string{"staff", "revoke", "00ff"}, exitError, "no member of staff has a card"})
	run(command{"not a fingerprint", []string{"staff", "revoke", "card"}, exitError, "no member of staff has a card"})
	run(command{"no such staff", []string{"staff", "suspend", "F9999"}, exitError, "no member of staff"})
	run(command{"renewed for nobody", []string{"staff", "renew", "F9999", "--certificate", "../../assets/testpki/staff/clerk.crt"}, exitError, "no member of staff"})
	run(command{"which staff", []string{"staff", "suspend"}, exitUsage, "Usage"})
	run(command{"which command", []string{"staff", "fire", "F0417"}, exitUsage, "no command"})
	run(command{"a service", []string{"client", "add", "shop", "--name", "Loja", "--redirect", "https://shop.example.pt/cb", "--claims", "name,pt_nif"}, exitOK, "client_secret = "})
	run(command{"the same again", []string{"client", "add", "shop", "--name", "Loja", "--redirect", "https://shop.example.pt/cb"}, exitError, "use rotate"})
	run(command{"redirected in the clear", []string{"client", "add", "shop2", "--name", "Loja", "--redirect", "http://shop.example.pt/cb"}, exitError, "https://"})
	run(command{"a secret and keys", []string{"client", "add", "shop2", "--name", "Loja", "--redirect", "https://shop.example.pt/cb", "--post", "--jwks", "db.go"}, exitError, "--jwks"})
	run(command{"no keys", []string{"client", "add", "shop2", "--name", "Loja", "--redirect", "https://shop.example.pt/cb", "--jwks", "db.go"}, exitError, "JWKS"})
	run(command{"another secret", []string{"client", "rotate", "shop", "--overlap", "1h"}, exitOK, "client_secret = "})
	run(command{"services listed", []string{"client", "list"}, exitOK, "the secret before ends"})
	run(command{"a service changed", []string{"client", "set", "shop", "--redirect", "https://new.example.pt/cb", "--redirect", "https://new.example.pt/cb2", "--par"}, exitOK, "from now on"})
	run(command{"what stays", []string{"client", "list"}, exitOK, "client_secret_basic, sector shop.example.pt the secret before ends"})
	run(command{"what changed", []string{"client", "list"}, exitOK, "https://new.example.pt/cb https://new.example.pt/cb2 claims name pt_nif"})
	run(command{"changed to the clear", []string{"client", "set", "shop", "--redirect", "http://shop.example.pt/cb"}, exitError, "https://"})
	run(command{"changed to a claim that is none", []string{"client", "set", "shop", "--claims", "name,photo"}, exitError, "pt_nsns"})
	run(command{"two ways", []string{"client", "set", "shop", "--basic", "--post"}, exitError, "one of them"})
	run(command{"nothing changed", []string{"client", "set", "shop"}, exitUsage, "Usage"})
	run(command{"sent in the form", []string{"client", "set", "shop", "--post", "--par=false"}, exitOK, "from now on"})
	run(command{"its secret stays", []string{"client", "list"}, exitOK, "client_secret_post, sector shop.example.pt the secret before ends"})
	run(command{"no such service to change", []string{"client", "set", "nobody", "--par"}, exitError, "no service"})
	run(command{"a service suspended", []string{"client", "suspend", "shop"}, exitOK, "any more"})
	run(command{"a service resumed", []string{"client", "resume", "shop"}, exitOK, "again"})
	run(command{"no such service", []string{"client", "suspend", "nobody"}, exitError, "no service"})
	run(command{"which service", []string{"client", "add"}, exitUsage, "Usage"})
	run(command{"destinations", []string{"db", "destination", "list"}, exitOK, "+351"})
	run(command{"a destination", []string{"db", "destination", "set", "+3519999", "off", "--per-hour", "5"}, exitOK, "+3519999 is off."})
	run(command{"which destination", []string{"db", "destination", "set", "3519999"}, exitUsage, "Usage"})
	run(command{"an impossible destination", []string{"db", "destination", "set", "0351", "on"}, exitError, "1 to 10 digits"})
	run(command{"no alerts", []string{"db", "alerts"}, exitOK, "No alert"})
	run(command{"no messages", []string{"messages"}, exitOK, "No message waits"})
	run(command{"which messages", []string{"messages", "sms"}, exitUsage, "what is"})
	run(command{"what is kept", []string{"retention"}, exitOK, "keep_key_days = 2557"})
	run(command{"nothing due", []string{"retention", "run"}, exitOK, "Nothing is due."})
	run(command{"which retention", []string{"retention", "stop"}, exitUsage, "Usage"})
	run(command{"no reviews", []string{"db", "reviews"}, exitOK, "No pair"})
	run(command{"no extension", []string{"db", "extension", "list"}, exitOK, "No law"})
	law := []string{"db", "extension", "add", "DL 10-A/2020", "--kinds", "residence-permit,residence-card",
		"--expired-from", "2020-02-22", "--expired-to", "2025-06-30", "--until", "2025-10-15"}
	run(command{"an extension", law, exitOK, ""})
	run(command{"the same again", law, exitError, "remove it first"})
	run(command{"half an extension", law[:6], exitError, "three days in order"})
	run(command{"an impossible day", append(slices.Clone(law[:11]), "2025-10-32"), exitUsage, "until"})
	run(command{"extensions", []string{"db", "extension", "list"}, exitOK,
		"residence-permit, residence-card that expired from 2020-02-22 to 2025-06-30 count as valid until 2025-10-15"})
	run(command{"no more extension", []string{"db", "extension", "remove", "DL 10-A/2020"}, exitOK, ""})
	run(command{"none to remove", []string{"db", "extension", "remove", "DL 10-A/2020"}, exitError, "no extension"})
	run(command{"which extension", []string{"db", "extension", "remove"}, exitUsage, "Usage"})
	run(command{"a rule", []string{"db", "set", "typed_mrz", "1"}, exitOK, "typed_mrz is 1."})
	run(command{"an impossible rule", []string{"db", "set", "typed_mrz", "3"}, exitError, "between 0 and 2"})
	run(command{"an unknown rule", []string{"db", "set", "typed", "1"}, exitError, "no such setting"})
	run(command{"no number", []string{"db", "set", "typed_mrz", "yes"}, exitUsage, "whole number"})
	run(command{"rules", []string{"db", "settings"}, exitOK, "typed_mrz 1 0–2"})
	run(command{"check", []string{"db", "check"}, exitOK, "ok    the door and registrars read no table"})

	info, err := os.Stat(filepath.Join(out, "loja_1.key"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), os.FileMode(0o600); got != want {
		t.Errorf("mode of the key = %v, want %v", got, want)
	}
	admin, err := pgx.Connect(t.Context(), server.DSN(cluster.Admin, "balcao"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(t.Context(), `grant select on centre.person to balcao_centre`); err != nil {
		t.Fatal(err)
	}
	if err := admin.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(command{"check after a mistake", []string{"db", "check"}, exitOpen, "balcao_centre on centre.person"})
}
