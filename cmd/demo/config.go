package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"balcao/assets/testpki"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
)

// Where the bench listens; its certificates name the first.
const (
	smppAddress = "127.0.0.1:35981"
	smtpAddress = "127.0.0.1:35982"
)

// writeConfigs writes the trust folder, the registrar's keys and both configuration files: what an
// operator does once for a real desk and centre.
func (d *demo) writeConfigs(deskDSN string) error {
	if err := copyTestPKI(d.dir); err != nil {
		return err
	}
	recipient, err := d.makeKeys()
	if err != nil {
		return err
	}
	certificate, key, err := d.makeDeskKey()
	if err != nil {
		return err
	}
	if err := writeTOML(d.path("kiosk.toml"), map[string]any{
		"name": deskName, "desk": deskRole, "centre": deskDSN, "centre_recipient": recipient,
		"certificate": certificate, "key": key,
		"trust": d.path("trust"), "allow_private_revocation": true, "clerk_language": "pt", "citizen_language": "pt",
	}); err != nil {
		return err
	}
	return writeTOML(d.path("registrar.toml"), d.registrarConfig())
}

// registrarConfig is what a centre's operator writes, with the bench's addresses.
func (d *demo) registrarConfig() map[string]any {
	return map[string]any{
		"database": d.cluster.DSN(cluster.Registrar, database),
		"identity": filepath.Join(d.path("keys"), "identity.age"),
		"pepper":   filepath.Join(d.path("keys"), "pepper"),
		"trust":    d.path("trust"),

		"allow_private_revocation": true, // the bench answers for the cards' authorities

		"desk_authority": filepath.Join(d.path("desk-ca"), "ca.crt"),

		"support": "+351 210 489 010",
		"sms":     map[string]any{"address": smppAddress, "system_id": "balcao", "password": "balcao", "source": "CMD"},
		"mail": map[string]any{
			"address": smtpAddress, "from": "cmd@balcao.example", "ca_file": filepath.Join(d.path("tls"), "ca.crt"),
		},
	}
}

// makeDeskKey makes the authority of desks, as kioskctl db create does, and the desk's certificate, as kioskctl
// desk add does. The demo's desk logs in over a socket without it; what it signs, it signs with it.
func (d *demo) makeDeskKey() (certificate, key string, err error) {
	authority, err := deskca.Create(d.path("desk-ca"))
	if err != nil {
		return "", "", fmt.Errorf("making the authority of desks: %w", err)
	}
	pair, err := authority.Login(deskRole)
	if err != nil {
		return "", "", fmt.Errorf("making the desk's certificate: %w", err)
	}
	return pair.Write(d.dir, deskRole)
}

// makeKeys lets the registrar make its keys and returns the recipient that desks seal PINs to.
func (d *demo) makeKeys() (recipient string, err error) {
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(d.programs, "registrar"), "keygen", d.path("keys"))
	cmd.Stdout = &out
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("making the centre's keys: %w", err)
	}
	for _, word := range strings.Fields(out.String()) {
		if strings.HasPrefix(word, "age1") {
			return word, nil
		}
	}
	return "", fmt.Errorf("making the centre's keys: registrar keygen printed no recipient")
}

// copyTestPKI copies the bench's anchors and the authority of its mail server, and no key.
func copyTestPKI(dir string) error {
	return fs.WalkDir(testpki.FS, ".", func(path string, e fs.DirEntry, err error) error {
		public := strings.HasPrefix(path, "trust/") || path == "tls/ca.crt"
		if err != nil || e.IsDir() || !public {
			return err
		}
		data, err := testpki.FS.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o600)
	})
}

func writeTOML(path string, value map[string]any) error {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(value); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// writeEnv writes what scripts and tests need to reach the demo, in the form that a shell sources.
func (d *demo) writeEnv(ctx context.Context) error {
	var b strings.Builder
	put := func(name, value string) { fmt.Fprintf(&b, "%s='%s'\n", name, value) }
	deskDSN, err := d.cluster.Desk(ctx, deskRole, database)
	if err != nil {
		return fmt.Errorf("naming the desk's connection: %w", err)
	}
	put("BALCAO_DESK_DSN", deskDSN)
	put("BALCAO_ADMIN_DSN", d.cluster.DSN(cluster.Admin, database))
	put("BALCAO_REGISTRAR_DSN", d.cluster.DSN(cluster.Registrar, database))
	put("BALCAO_DESK", deskRole)
	put("BALCAO_TRUST", d.path("trust"))
	put("BALCAO_ALLOW_PRIVATE_REVOCATION", "true")
	put("BALCAO_KIOSK_CONFIG", d.path("kiosk.toml"))
	put("BALCAO_REGISTRAR_CONFIG", d.path("registrar.toml"))
	put("BALCAO_SMPP", smppAddress)
	put("BALCAO_SMTP", smtpAddress)
	put("BALCAO_LOGS", d.dir)
	for _, p := range d.parts {
		put("BALCAO_"+strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))+"_PID", strconv.Itoa(p.Cmd.Process.Pid))
	}
	if d.pcscd != nil {
		put("BALCAO_PCSCD_PID", strconv.Itoa(d.pcscd.Cmd.Process.Pid))
	}
	temporary := d.path("env.new")
	if err := os.WriteFile(temporary, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("writing env: %w", err)
	}
	return os.Rename(temporary, d.path("env"))
}
