//go:build shared

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"balcao/kiosk/trust/trusttest"
)

// TestTrustHosts: of the real authorities, the network sheet names every host that a desk asks about a Citizen Card; and
// the States' are listed by their codes, without directories (LDAP).
func TestTrustHosts(t *testing.T) {
	data, dir := filepath.Join(trusttest.SharedFolder(t), "data"), t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"trust"}, args...), nil, &stdout, &stderr); code != exitOK {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr.String())
		}
		return stdout.String()
	}
	cards, err := filepath.Glob(filepath.Join(data, "citizen-card-ca", "*.der"))
	if err != nil {
		t.Fatal(err)
	}
	do(append([]string{"import", "--dir", dir}, cards...)...)
	do("import", "--dir", dir, filepath.Join(data, "master-lists", "DE_ML_2026-05-28-08-28-45.ml"), "--root", filepath.Join(data, "master-lists", "DE_ROOT_CA_CSCA07.cer"))
	sheet, err := os.ReadFile("../../assets/doc/network.md")
	if err != nil {
		t.Fatal(err)
	}
	citizens, states := 0, 0
	for line := range strings.Lines(do("hosts", "--dir", dir)) {
		fields := strings.Fields(strings.Replace(line, citizenCard, "citizen", 1))
		host := fields[len(fields)-1]
		if fields[0] != "citizen" {
			states++
			continue
		}
		citizens++
		if name, port, _ := strings.Cut(host, ":"); !strings.Contains(string(sheet), name+":") || !strings.Contains(string(sheet), ":"+port) {
			t.Errorf("the network sheet does not name %s", host)
		}
	}
	if citizens < 10 || states < 100 {
		t.Errorf("got %d hosts of the Citizen Card and %d of States", citizens, states)
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"trust", "hosts", "--dir", t.TempDir()}, nil, io.Discard, &stderr); code != exitOK && !strings.Contains(stderr.String(), "trust") {
		t.Errorf("an empty folder: exit code %d, %s", code, stderr.String())
	}
}
