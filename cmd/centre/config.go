package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/BurntSushi/toml"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/guarded/database"
	"balcao/cmd/internal/metrics"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/door"
	"balcao/kiosk/ledger"
	"balcao/kiosk/record"
	"balcao/kiosk/trust/staff"
)

// config is the centre's configuration file.
type config struct {
	// Listen is host:port; without a host all addresses.
	Listen string `toml:"listen"`
	// Certificate and Key are the server's, in PEM: what desks reach it by has to be in the certificate.
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	// DeskAuthority is the certificate of the desks' certification authority (desk-ca/ca.crt of kioskctl db create).
	DeskAuthority string `toml:"desk_authority"`
	// StaffAuthority is a file with the certificates (PEM) of who issues staff cards, and StaffCards a folder with the
	// certificates of single cards (DER or PEM). Without both nobody could sign in.
	StaffAuthority string `toml:"staff_authority"`
	StaffCards     string `toml:"staff_cards"`
	// RecordKeys are the registrars' files record.pub (registrar keygen). No key is said to be active whose record is not
	// signed with one of them.
	RecordKeys []string `toml:"record_keys"`
	// LogKey is the public key of the transparency log (log.pub), whose name receipts name. Without it they
	// name none.
	LogKey string `toml:"log_key"`
	// Database is the PostgreSQL connection string of balcao_centre; it may name several hosts.
	Database string      `toml:"database"`
	Limits   door.Limits `toml:"limits"`
	// Metrics is where Prometheus finds the figures, at /metrics, in the clear: 127.0.0.1:9464, or an address that only
	// Prometheus reaches. Without it there are none.
	Metrics string `toml:"metrics"`

	certificate tls.Certificate
	desks       *x509.CertPool
	staff       *staff.Trust
	records     []ed25519.PublicKey
	logOrigin   string
}

// loadConfig reads and validates path. Unknown keys are errors; all problems are reported at once.
// Relative paths are relative to the folder of the file.
func loadConfig(path string) (config, error) {
	c := config{Listen: ":8443", Limits: door.DefaultLimits}
	meta, err := toml.DecodeFile(path, &c)
	if err != nil {
		return c, fmt.Errorf("reading the configuration: %w", err)
	}
	var problems []error
	for _, key := range meta.Undecoded() {
		problems = append(problems, fmt.Errorf("unknown key %q", key.String()))
	}
	files := []*string{&c.Certificate, &c.Key, &c.DeskAuthority, &c.StaffAuthority, &c.StaffCards, &c.LogKey}
	for i := range c.RecordKeys {
		files = append(files, &c.RecordKeys[i])
	}
	for _, file := range files {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(filepath.Dir(path), *file)
		}
	}
	secret := guarded.File
	if database.Password(c.Database) {
		secret = guarded.Secret
	}
	problems = append(problems, secret(path), c.load())
	if err := errors.Join(problems...); err != nil {
		return c, fmt.Errorf("%s:\n%w", path, err)
	}
	return c, nil
}

// load reads what the configuration names and reports everything that is wrong with it.
func (c *config) load() error {
	var problems []error
	about := func(key string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	_, _, err := net.SplitHostPort(c.Listen)
	about("listen", err)
	about("metrics", metrics.Check(c.Metrics))
	about("key", guarded.Secret(c.Key))
	c.certificate, err = tls.LoadX509KeyPair(c.Certificate, c.Key)
	about("certificate", err)
	about("desk_authority", guarded.File(c.DeskAuthority))
	authority, err := deskca.LoadCertificate(c.DeskAuthority)
	about("desk_authority", err)
	if err == nil {
		c.desks = x509.NewCertPool()
		c.desks.AddCert(authority)
	}
	if c.StaffAuthority != "" {
		about("staff_authority", guarded.File(c.StaffAuthority))
	}
	if c.StaffCards != "" {
		about("staff_cards", guarded.Folder(c.StaffCards))
	}
	c.staff, err = staff.Load(c.StaffAuthority, c.StaffCards)
	about("staff_authority, staff_cards", err)
	if c.StaffAuthority == "" && c.StaffCards == "" {
		about("staff_authority, staff_cards", errors.New("one of them is needed: nobody could sign in"))
	}
	if len(c.RecordKeys) == 0 {
		about("record_keys", errors.New("missing: no key could be said to be active"))
	}
	for _, file := range c.RecordKeys {
		about("record_keys", guarded.File(file))
		key, err := readRecordKey(file)
		about("record_keys", err)
		c.records = append(c.records, key)
	}
	if c.LogKey != "" {
		about("log_key", guarded.File(c.LogKey))
		key, err := ledger.LoadVerifier(c.LogKey)
		if about("log_key", err); err == nil {
			c.logOrigin = key.Name()
		}
	}
	about("database", checkDatabase(c.Database))
	for _, limit := range []struct {
		key         string
		value, most int
	}{
		{"calls", c.Limits.Calls, 50}, {"streams", c.Limits.Streams, 1 << 16},
		{"connections", c.Limits.Connections, 1 << 16}, {"per_address", c.Limits.PerAddress, 1 << 16},
	} {
		if limit.value < 1 || limit.value > limit.most {
			about("limits", fmt.Errorf("%s is between 1 and %d", limit.key, limit.most))
		}
	}
	return errors.Join(problems...)
}

// readRecordKey reads the public half of a registrar's key.
func readRecordKey(file string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return record.ParsePublicKey(text)
}

func checkDatabase(dsn string) error {
	if dsn == "" { // which would be whatever PGHOST says
		return errors.New("missing")
	}
	return database.TLS(dsn)
}
