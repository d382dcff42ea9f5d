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
	"balcao/kiosk/central/schema"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/staff"
)

// Where the bench listens; its certificates name the first.
const (
	smppAddress = "127.0.0.1:25981"
	smtpAddress = "127.0.0.1:25982"
)

// centreAddress is where the centre's door listens.
const centreAddress = "127.0.0.1:25983"

// writeConfigs writes the trust folder, the keys and certificates, and the configuration files: what an operator does
// once for a real desk and centre.
func (d *demo) writeConfigs(ctx context.Context) error {
	if err := copyTestPKI(d.dir); err != nil {
		return err
	}
	recipient, err := d.makeKeys()
	if err != nil {
		return err
	}
	if err := d.makeCertificates(ctx); err != nil {
		return err
	}
	if err := d.addStaff(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(d.staffAuthority(), fixtures.StaffAuthority(), 0o600); err != nil {
		return err
	}
	if err := writeTOML(d.path("kiosk.toml"), map[string]any{
		"staff_reader": d.staffReader(),
		"name":         deskName, "centre": "https://" + centreAddress, "centre_ca": d.serviceCA(), "centre_recipient": recipient,
		"certificate": d.path(deskRole + ".crt"), "key": d.path(deskRole + ".key"),
		"trust": d.path("trust"), "allow_private_revocation": true, "clerk_language": "pt", "citizen_language": "pt",
		"support": support,
	}); err != nil {
		return err
	}
	if err := writeTOML(d.path("centre.toml"), map[string]any{
		"listen": centreAddress, "certificate": d.path("centre.crt"), "key": d.path("centre.key"),
		"desk_authority": d.deskCA(), "staff_authority": d.staffAuthority(), "record_keys": []string{d.recordKey()}, "log_key": d.logKey(),
		"database": d.cluster.DSN(cluster.Centre, database),
	}); err != nil {
		return err
	}
	return writeTOML(d.path("registrar.toml"), d.registrarConfig())
}

// staffReader is the name of the reader that is the staff cards' alone, "" when none is.
func (d *demo) staffReader() string {
	if d.oneReader {
		return ""
	}
	return "Virtual PCD 00 01"
}

// staffSlot is the bench's slot of the reader that staff sign in at.
func (d *demo) staffSlot() string {
	if d.oneReader {
		return "1"
	}
	return "2"
}

func (d *demo) deskCA() string { return filepath.Join(d.path("desk-ca"), deskca.CertificateFile) }

func (d *demo) staffAuthority() string { return d.path("staff-ca.crt") }

// recordKey is the half of the key of records with which they are verified.
func (d *demo) recordKey() string { return filepath.Join(d.path("keys"), "record.pub") }

func (d *demo) serviceCA() string { return filepath.Join(d.path("service-ca"), deskca.CertificateFile) }

// registrarConfig is what a centre's operator writes, with the bench's addresses.
func (d *demo) registrarConfig() map[string]any {
	return map[string]any{
		"database": d.cluster.DSN(cluster.Registrar, database),
		"identity": filepath.Join(d.path("keys"), "identity.age"),
		"pepper":   filepath.Join(d.path("keys"), "pepper"),
		"trust":    d.path("trust"),

		"allow_private_revocation": true, // the bench answers for the cards' authorities

		"desk_authority":  d.deskCA(),
		"staff_authority": d.staffAuthority(),
		"record_key":      filepath.Join(d.path("keys"), "record.key"),

		"support": support,
		"letters": map[string]any{"from": "Chave Móvel Digital · Apartado 0 · 0000-000 Amaurota", "place": "Amaurota"},
		"sms":     map[string]any{"address": smppAddress, "system_id": "balcao", "password": "balcao", "source": "CMD"},
		"mail": map[string]any{
			"address": smtpAddress, "from": "cmd@balcao.example", "ca_file": filepath.Join(d.path("tls"), "ca.crt"),
		},
		"log": map[string]any{
			"key":       filepath.Join(d.path("keys"), "log.key"),
			"witnesses": []map[string]any{{"url": "http://" + witnessAddress, "key": d.witnessKey()}},
		},
	}
}

// makeCertificates makes the two authorities, as kioskctl db create does, the door's certificate, as kioskctl desk
// server does, and adds the desk, as kioskctl desk add does.
func (d *demo) makeCertificates(ctx context.Context) error {
	desks, err := deskca.Create(d.path("desk-ca"))
	if err != nil {
		return fmt.Errorf("making the authority of desks: %w", err)
	}
	services, err := deskca.CreateService(d.path("service-ca"))
	if err != nil {
		return fmt.Errorf("making the authority of services: %w", err)
	}
	door, err := services.Server("127.0.0.1")
	if err != nil {
		return fmt.Errorf("making the door's certificate: %w", err)
	}
	desk, err := desks.Login(deskRole)
	if err != nil {
		return fmt.Errorf("making the desk's certificate: %w", err)
	}
	for name, pair := range map[string]deskca.Pair{"centre": door, deskRole: desk} {
		if _, _, err := pair.Write(d.dir, name); err != nil {
			return err
		}
	}
	if err := schema.AddDesk(ctx, d.cluster.DSN(cluster.Admin, database), deskRole, desk.DER()); err != nil {
		return fmt.Errorf("adding the desk: %w", err)
	}
	return nil
}

// makeKeys lets the registrar make its keys and returns the recipient that desks seal PINs to.
func (d *demo) makeKeys() (recipient string, err error) {
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(d.programs, "registrar"), "keygen", d.path("keys"), origin)
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
func (d *demo) writeEnv() error {
	var b strings.Builder
	put := func(name, value string) { fmt.Fprintf(&b, "%s='%s'\n", name, value) }
	put("BALCAO_CENTRE_URL", "https://"+centreAddress)
	put("BALCAO_CENTRE_CA", d.serviceCA())
	put("BALCAO_DESK_CERT", d.path(deskRole+".crt"))
	put("BALCAO_DESK_KEY", d.path(deskRole+".key"))
	put("BALCAO_ADMIN_DSN", d.cluster.DSN(cluster.Admin, database))
	put("BALCAO_REGISTRAR_DSN", d.cluster.DSN(cluster.Registrar, database))
	put("BALCAO_DESK", deskRole)
	put("BALCAO_TRUST", d.path("trust"))
	put("BALCAO_ALLOW_PRIVATE_REVOCATION", "true")
	put("BALCAO_KIOSK_CONFIG", d.path("kiosk.toml"))
	put("BALCAO_CENTRE_CONFIG", d.path("centre.toml"))
	put("BALCAO_REGISTRAR_CONFIG", d.path("registrar.toml"))
	put("BALCAO_STAFF_AUTHORITY", d.staffAuthority())
	put("BALCAO_STAFF_PIN", staff.PIN)
	put("BALCAO_STAFF_READER", d.staffReader())
	put("BALCAO_STAFF_SLOT", d.staffSlot())
	put("BALCAO_RECORD_KEY", d.recordKey())
	put("BALCAO_LOG_KEY", d.logKey())
	put("BALCAO_WITNESS_URL", "http://"+witnessAddress)
	put("BALCAO_WITNESS_KEY", d.witnessKey())
	put("BALCAO_SMPP", smppAddress)
	put("BALCAO_SMTP", smtpAddress)
	put("BALCAO_LOGIN_URL", loginURL)
	put("BALCAO_LOGIN_CONFIG", d.path("login.toml"))
	put("BALCAO_CLIENT_ID", visitor)
	put("BALCAO_CLIENT_SECRET", d.secret)
	put("BALCAO_PORTAL_URL", "http://"+portalAddress)
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
