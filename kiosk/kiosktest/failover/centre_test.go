package failover_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/assets/testpki"
	"balcao/kiosk/central"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/inbox"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/revocation"
)

// doors of the centre, both on this computer.
var doorAddresses = []string{"127.0.0.1:8443", "127.0.0.1:8444"}

// site is a centre as an operator sets it up with kioskctl: the cluster, two doors, two registrars, and a message centre.
type site struct {
	*nodes
	dir        string // the administrator's
	bin        string // of the programs
	admin      string // connection string of the superuser
	doors      []*service
	registrars []*service
	recipient  age.Recipient
	phones     *inbox.Inbox
	roots      *x509.CertPool // of the doors
	desks      *deskca.Authority
	db         *pgxpool.Pool // as superuser, at whoever is primary
}

// programs returns the folder of the programs: what make built, or built now.
func programs(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("BALCAO_BIN"); dir != "" {
		return dir
	}
	dir := filepath.Join(base, "bin")
	check(t, os.Mkdir(dir, 0o755))
	check(t, run("go", "build", "-o", dir+"/", "balcao/cmd/centre", "balcao/cmd/registrar", "balcao/cmd/kioskctl"))
	return dir
}

func newSite(ctx context.Context, t *testing.T, issued []pki.Issued) *site {
	t.Helper()
	bin := programs(t)
	s := &site{dir: filepath.Join(base, "admin"), bin: bin, phones: inbox.New(2000)}
	check(t, os.Mkdir(s.dir, 0o700))
	do := func(program string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(ctx, filepath.Join(bin, program), args...)
		cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "BALCAO_ADMIN_DSN="+s.admin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", program, args, err, out)
		}
		return string(out)
	}
	var hosts []string
	for _, name := range nodeNames {
		hosts = append(hosts, name+".example.pt")
		do("kioskctl", "db", "server", name+".example.pt", "--as", name+".example.pt")
	}
	s.nodes = newNodes(t, s.dir)
	t.Cleanup(func() {
		if t.Failed() {
			s.tell()
		}
	})
	check(t, s.well(ctx))
	dsn := func(database string) string {
		return (&url.URL{Scheme: "postgres", User: url.UserPassword("postgres", passwords["PATRONI_SUPERUSER_PASSWORD"]), Host: strings.Join(hosts, ","), Path: "/" + database,
			RawQuery: url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.path("service-ca/ca.crt")}, "target_session_attrs": {"read-write"}, "connect_timeout": {"3"}}.Encode()}).String()
	}
	s.admin = dsn("postgres")
	do("kioskctl", "db", "create")
	s.admin = dsn("balcao")
	do("kioskctl", "db", "centre", "--hosts", strings.Join(hosts, ","))
	do("kioskctl", "db", "server", "127.0.0.1", "--as", "centre")
	do("kioskctl", "db", "check")
	keys := do("registrar", "keygen", "keys", "balcao.example.pt/log")
	s.recipient = recipientIn(t, keys)
	s.furnishCentre(t, bin, hosts, do)
	s.serveOthers(ctx, t, issued)
	var err error
	s.db, err = pgxpool.New(ctx, s.admin)
	check(t, err)
	t.Cleanup(s.db.Close)
	check(t, s.loosen(ctx))
	s.desks, err = deskca.Load(s.path("desk-ca"))
	check(t, err)
	s.roots = x509.NewCertPool()
	text, err := os.ReadFile(s.path("service-ca/ca.crt"))
	check(t, err)
	s.roots.AppendCertsFromPEM(text)
	for _, service := range append(s.doors, s.registrars...) {
		service.start(t)
	}
	check(t, s.ready(ctx))
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// recipientIn finds the centre's public key in what keygen says.
func recipientIn(t *testing.T, said string) age.Recipient {
	t.Helper()
	for word := range strings.FieldsSeq(said) {
		if r, err := age.ParseX25519Recipient(word); err == nil {
			return r
		}
	}
	t.Fatalf("keygen named no recipient:\n%s", said)
	return nil
}

// furnishCentre writes the configuration of doors and registrars.
func (s *site) furnishCentre(t *testing.T, bin string, hosts []string, do func(string, ...string) string) {
	t.Helper()
	check(t, os.WriteFile(s.path("staff-ca.crt"), fixtures.StaffAuthority(), 0o600))
	check(t, os.CopyFS(s.path("pki"), testpki.FS))
	check(t, os.WriteFile(s.path("smpp-password"), []byte("balcao"), 0o600))
	line := func(role string) string { // as kioskctl prints it, with folders
		return (&url.URL{Scheme: "postgres", User: url.User(role), Host: strings.Join(hosts, ","), Path: "/balcao", RawQuery: url.Values{
			"sslmode": {"verify-full"}, "sslrootcert": {s.path("service-ca/ca.crt")}, "sslcert": {s.path(role + ".crt")}, "sslkey": {s.path(role + ".key")},
			"target_session_attrs": {"read-write"}, "connect_timeout": {"3"}}.Encode()}).String()
	}
	service := func(program, name, config string) *service {
		file := s.path(name + ".toml")
		check(t, os.WriteFile(file, []byte(config), 0o600))
		do(program, "-config", file, "-check-config")
		return &service{name: name, command: []string{filepath.Join(bin, program), "-config", file}, log: filepath.Join(base, name+".log"), env: os.Environ()}
	}
	for i, address := range doorAddresses {
		s.doors = append(s.doors, service("centre", fmt.Sprintf("centre-%d", i+1), fmt.Sprintf(`listen = %q
certificate = "centre.crt"
key = "centre.key"
desk_authority = "desk-ca/ca.crt"
staff_authority = "staff-ca.crt"
record_keys = ["keys/record.pub"]
log_key = "keys/log.pub"
database = %q
`, address, line(schema.CentreLogin))))
	}
	for i := range 2 {
		name := fmt.Sprintf("registrar-%d", i+1)
		do("kioskctl", "db", "registrar", name, "--hosts", strings.Join(hosts, ","))
		s.registrars = append(s.registrars, service("registrar", name, fmt.Sprintf(`database = %q
name = %q
trust = "pki/trust"
allow_private_revocation = true
desk_authority = "desk-ca/ca.crt"
staff_authority = "staff-ca.crt"
identity = "keys/identity.age"
pepper = "keys/pepper"
record_key = "keys/record.key"
[log]
key = "keys/log.key"
state = "log-%d.signed"
[sms]
address = %q
system_id = "balcao"
password_file = "smpp-password"
source = "CMD"
[mail]
address = "127.0.0.1:1"
from = "cmd@balcao.example"
ca_file = "pki/tls/ca.crt"
`, line(name), name, i+1, smppAddress)))
	}
}

const (
	smppAddress       = "127.0.0.1:2775"
	revocationAddress = "127.0.0.1:35980" // which the test certificates name
)

// serveOthers is what is not the centre's: a message centre with phones, and the State's answers about cards.
func (s *site) serveOthers(ctx context.Context, t *testing.T, issued []pki.Issued) {
	t.Helper()
	smpp, err := net.Listen("tcp", smppAddress)
	check(t, err)
	kiosktest.Run(ctx, t, nil, func(ctx context.Context) error { return inbox.NewCentre("balcao", "balcao", s.phones).Serve(ctx, smpp) })
	l, err := net.Listen("tcp", revocationAddress)
	check(t, err)
	answers := &httptest.Server{Listener: l, Config: &http.Server{Handler: revocation.New(pki.New(), issued)}} //nolint:gosec // a test's
	answers.Start()
	t.Cleanup(answers.Close)
}

// loosen lifts the limits that stand between a stolen desk and the public, and has hashes cost little: others test these.
func (s *site) loosen(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `update centre.watch_rule set act = 'none', hold_seconds = 0`)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `update centre.setting set value = case name when 'pin_hash_memory_kib' then '7168' when 'pin_hash_passes' then '1' else to_jsonb(highest) end
		where name in ('pin_hash_memory_kib', 'pin_hash_passes', 'desk_opens_per_hour', 'desk_codes_per_hour', 'centre_opens_per_hour',
			'centre_codes_per_hour', 'prefix_codes_per_hour')`)
	if err != nil {
		return err
	}
	return kiosktest.Employ(ctx, s.db, kiosktest.Clerks...)
}

// ready waits until all doors answer, and have the database.
func (s *site) ready(ctx context.Context) error {
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: s.roots}}}
	for _, address := range doorAddresses {
		for {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/readyz", nil)
			if err != nil {
				return err
			}
			answer, err := client.Do(r)
			if err == nil {
				_ = answer.Body.Close()
				if answer.StatusCode == http.StatusNoContent {
					break
				}
				err = errors.New(answer.Status)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the door at %s: %w", address, err)
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return nil
}

// openDesk makes a desk at which a clerk signs in. Its line to the centre is returned too.
func (s *site) openDesk(ctx context.Context, t *testing.T, name, clerk string) (kiosktest.OpenDesk, *central.Centre) {
	t.Helper()
	pair, err := s.desks.Login(name)
	check(t, err)
	certificate, err := pair.TLS()
	check(t, err)
	check(t, schema.AddDesk(ctx, s.admin, name, pair.DER()))
	cfg := central.Config{Certificate: certificate, Roots: s.roots}
	for _, address := range doorAddresses {
		cfg.URLs = append(cfg.URLs, "https://"+address)
	}
	c, err := central.Dial(cfg)
	check(t, err)
	t.Cleanup(c.Close)
	shift, err := kiosktest.SignIn(ctx, c, clerk)
	check(t, err)
	return kiosktest.OpenDesk{Asks: c, Name: name, Certificate: certificate, Shift: shift}, c
}

// scalar asks the primary.
func scalar[T any](ctx context.Context, t *testing.T, s *site, sql string, args ...any) (v T) {
	t.Helper()
	for {
		err := s.db.QueryRow(ctx, sql, args...).Scan(&v)
		if err == nil || errors.Is(err, pgx.ErrNoRows) || ctx.Err() != nil {
			check(t, err)
			return v
		}
		time.Sleep(100 * time.Millisecond) // whoever it asked is no primary any more
	}
}

// tell writes the ends of all logs.
func (s *site) tell() {
	s.nodes.tell()
	for _, service := range append(s.doors, s.registrars...) {
		s.t.Logf("%s:\n%s", service.name, tail(service.log))
		keep(s.t, "", service.log)
	}
}
