package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/BurntSushi/toml"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/guarded/database"
	"balcao/cmd/internal/metrics"
	"balcao/kiosk/login/oidc"
	"balcao/kiosk/record"
	"balcao/kiosk/signin"
)

// config is the sign-in service's configuration file.
type config struct {
	// Listen is host:port; without a host all addresses.
	Listen string `toml:"listen"`
	// Issuer is by what services and browsers know this service: https://host, or of a demonstration http://127.0.0.1:port.
	Issuer string `toml:"issuer"`
	// Certificate and Key are the server's, in PEM. Both may be left out behind a proxy on the same computer that listens for
	// it, that is when Listen is a loopback address.
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	// Database is the PostgreSQL connection string of balcao_login; it may name several hosts.
	Database string `toml:"database"`
	// Pepper is the registrars' file pepper: PINs are hashed under it. It and SubjectKey, when left out, are looked for in
	// $CREDENTIALS_DIRECTORY, as pepper and subjects.
	Pepper string `toml:"pepper"`
	// RecordKeys are the registrars' files record.pub: nobody is signed in whose record none of them verifies.
	RecordKeys []string `toml:"record_keys"`
	// SigningKeys is a folder of keys that sign ID tokens (kioskctl client key).
	SigningKeys string `toml:"signing_keys"`
	// SubjectKey is a file of 32 random bytes, the same at each instance for ever: another makes everybody somebody else
	// to every service.
	SubjectKey string `toml:"subject_key"`
	// TrustedProxies are networks (10.0.0.0/8) whose X-Forwarded-For is believed.
	TrustedProxies []string `toml:"trusted_proxies"`
	// AtOnce PINs are hashed at a time, each in as much memory as the centre's settings say, while Waiting others queue;
	// who comes then is told to come again.
	AtOnce  int `toml:"at_once"`
	Waiting int `toml:"waiting"`
	// Connections is the most that are open at a time.
	Connections int `toml:"connections"`
	// VisitsPerMinute is how many sign-ins may begin from one network (/24 or /48) within a minute, at this instance.
	VisitsPerMinute int `toml:"visits_per_minute"`
	// Metrics is where Prometheus finds the figures, at /metrics, in the clear: 127.0.0.1:9466, or an address that only
	// Prometheus reaches. Without it there are none.
	Metrics string `toml:"metrics"`

	certificate *tls.Certificate
	records     []ed25519.PublicKey
	proxies     []netip.Prefix
	keys        *oidc.Keys
}

// loadConfig reads and validates path. Unknown keys are errors; all problems are reported at once.
// Relative paths are relative to the folder of the file.
func loadConfig(path string) (config, error) {
	c := config{Listen: ":8444", AtOnce: runtime.GOMAXPROCS(0), Waiting: 200, Connections: 4096, VisitsPerMinute: 300}
	meta, err := toml.DecodeFile(path, &c)
	if err != nil {
		return c, fmt.Errorf("reading the configuration: %w", err)
	}
	var problems []error
	for _, key := range meta.Undecoded() {
		problems = append(problems, fmt.Errorf("unknown key %q", key.String()))
	}
	guarded.Credential(&c.Pepper, "pepper")
	guarded.Credential(&c.SubjectKey, "subjects")
	files := []*string{&c.Certificate, &c.Key, &c.Pepper, &c.SigningKeys, &c.SubjectKey}
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
	host, _, err := net.SplitHostPort(c.Listen)
	about("listen", err)
	about("issuer", checkIssuer(c.Issuer))
	about("metrics", metrics.Check(c.Metrics))
	if c.Certificate != "" || c.Key != "" || !loopback(host) {
		about("key", guarded.Secret(c.Key))
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		about("certificate", err)
		c.certificate = &pair
	}
	if len(c.RecordKeys) == 0 {
		about("record_keys", errors.New("missing: nobody could be signed in"))
	}
	for _, file := range c.RecordKeys {
		about("record_keys", guarded.File(file))
		key, err := readRecordKey(file)
		about("record_keys", err)
		c.records = append(c.records, key)
	}
	about("pepper", checkSecret(c.Pepper, signin.PepperLength))
	about("subject_key", checkSecret(c.SubjectKey, oidc.SubjectKeyLength))
	about("signing_keys", c.loadKeys())
	for _, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		about("trusted_proxies", err)
		c.proxies = append(c.proxies, prefix)
	}
	if c.Database == "" { // which would be whatever PGHOST says
		about("database", errors.New("missing"))
	} else {
		about("database", database.TLS(c.Database))
	}
	for _, limit := range []struct {
		key                string
		value, least, most int
	}{{"at_once", c.AtOnce, 1, 256}, {"waiting", c.Waiting, 0, 1 << 16}, {"connections", c.Connections, 1, 1 << 16}, {"visits_per_minute", c.VisitsPerMinute, 1, 1 << 20}} {
		if limit.value < limit.least || limit.value > limit.most {
			about(limit.key, fmt.Errorf("between %d and %d", limit.least, limit.most))
		}
	}
	return errors.Join(problems...)
}

func (c *config) loadKeys() (err error) {
	if c.SigningKeys == "" {
		return errors.New("missing")
	}
	files, err := filepath.Glob(filepath.Join(c.SigningKeys, "*.pem"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := guarded.Secret(file); err != nil {
			return err
		}
	}
	c.keys, err = oidc.LoadKeys(c.SigningKeys)
	return err
}

// checkIssuer: services and browsers are reached by HTTPS, but on the computer itself.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Scheme+"://"+u.Host != issuer:
		return errors.New("https:// and a host, with nothing behind it")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("https://, or http:// on a loopback address")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func checkSecret(file string, length int) error {
	if err := guarded.Secret(file); err != nil {
		return err
	}
	raw, err := readSecret(file, length)
	clear(raw)
	return err
}

func readSecret(file string, length int) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err == nil && len(raw) != length {
		err = fmt.Errorf("%d bytes, want %d", len(raw), length)
	}
	return raw, err
}

// readRecordKey reads the public half of a registrar's key.
func readRecordKey(file string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return record.ParsePublicKey(text)
}
