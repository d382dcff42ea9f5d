package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
)

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
	ca, out := filepath.Join(dir, "ca"), filepath.Join(dir, "out")
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
		if c.args[0] == "desk" {
			do = runDesk
		}
		if got := do(t.Context(), c.args[1:], &stdout, &stderr); got != c.exit {
			t.Errorf("%s: exit %d, want %d\n%s%s", c.name, got, c.exit, &stdout, &stderr)
		}
		if all := stdout.String() + stderr.String(); !strings.Contains(all, c.says) {
			t.Errorf("%s: does not say %q:\n%s", c.name, c.says, all)
		}
	}

	t.Setenv("BALCAO_ADMIN_DSN", "")
	run(command{"no connection string", []string{"db", "check"}, exitUsage, "BALCAO_ADMIN_DSN"})
	t.Setenv("BALCAO_ADMIN_DSN", server.DSN(cluster.Admin, "postgres"))
	run(command{"nothing there", []string{"db", "check"}, exitOpen, "kioskctl db create"})
	for range 2 { // it may be repeated
		run(command{"create", []string{"db", "create", "--ca", ca}, exitOK, "ssl_ca_file"})
	}
	t.Setenv("BALCAO_ADMIN_DSN", server.DSN(cluster.Admin, "balcao"))
	run(command{"migrate", []string{"db", "migrate"}, exitOK, "already"})
	run(command{"a registrar", []string{"db", "registrar", "registrar_a", "--ca", ca, "--out", out}, exitOK, "registrar_a.crt"})
	run(command{"a desk", []string{"desk", "add", "loja_1", "--ca", ca, "--out", out, "--hosts", "db1,db2"}, exitOK,
		"postgres://loja_1@db1,db2/balcao?"})
	run(command{"the same desk again", []string{"desk", "add", "loja_1", "--ca", ca, "--out", out}, exitError, "exists"})
	run(command{"an impossible desk", []string{"desk", "add", "Loja 1", "--ca", ca, "--out", out}, exitError, "lower-case"})
	run(command{"no authority", []string{"desk", "add", "loja_2", "--ca", dir, "--out", out}, exitError, "authority"})
	run(command{"a server", []string{"desk", "server", "db1", "10.0.0.1", "--ca", ca, "--out", out}, exitOK, "server.crt"})
	run(command{"a second authority", []string{"desk", "ca", "--ca", ca}, exitError, "already"})
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
	run(command{"rules", []string{"db", "settings"}, exitOK, "typed_mrz                  1     0–2"})
	run(command{"check", []string{"db", "check"}, exitOK, "ok    desks and registrars read no table"})

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
	if _, err := admin.Exec(t.Context(), `grant select on cmd.person to loja_1, balcao_desk`); err != nil {
		t.Fatal(err)
	}
	if err := admin.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(command{"check after a mistake", []string{"db", "check"}, exitOpen, "balcao_desk on cmd.person"})
}
