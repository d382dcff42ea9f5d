package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"balcao/cmd/internal/process"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/record"
	"balcao/mock-pcsc/fixtures"
)

// siteDatabase is the name of a site's database.
const siteDatabase = "measure"

// site is a centre as an operator sets it up: a PostgreSQL that writes to disk and takes the certificates of the
// centre's services over TCP, and the program centre before it.
type site struct {
	dir             string
	cluster         *cluster.Cluster
	desks, services *deskca.Authority
	roots           *x509.CertPool // of services
	centre          *process.Process
	url             string // of centre

	records ed25519.PrivateKey // the registrars': signs what the door believes of keys

	database, registrar, signIns string // connection strings of the three services
}

// openSite makes it in a folder; settings are more of postgresql.conf, as name=value. The caller closes it.
func openSite(ctx context.Context, dir string, settings ...string) (s *site, err error) {
	s = &site{dir: dir, roots: x509.NewCertPool()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.desks, err = deskca.Create(filepath.Join(dir, "desk-ca")); err != nil {
		return s, err
	}
	if s.services, err = deskca.CreateService(filepath.Join(dir, "service-ca")); err != nil {
		return s, err
	}
	s.roots.AddCert(s.services.Certificate())
	server, err := s.services.Server("127.0.0.1")
	if err == nil {
		_, _, err = server.Write(dir, "centre")
	}
	if err != nil {
		return s, err
	}
	ca, err := os.ReadFile(s.serviceCA())
	if err != nil {
		return s, err
	}
	s.cluster, err = cluster.Start(context.WithoutCancel(ctx), cluster.Options{Durable: true, Desks: s.desks, Settings: settings,
		TLS: &cluster.TLS{Certificate: server.Certificate, Key: server.Key, ClientCA: ca}})
	if err == nil {
		err = s.cluster.Create(ctx, siteDatabase)
	}
	if err != nil {
		return s, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	admin, err := pgxpool.New(ctx, s.admin())
	if err != nil {
		return s, err
	}
	defer admin.Close()
	if err := errors.Join(kiosktest.Employ(ctx, admin, kiosktest.Clerks...), os.WriteFile(s.staffCA(), fixtures.StaffAuthority(), 0o600)); err != nil {
		return s, err
	}
	private, public, err := record.GenerateKey()
	if err == nil {
		s.records, err = record.ParsePrivateKey(private)
	}
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "record.pub"), public, 0o600)); err != nil {
		return s, err
	}
	for _, limit := range []string{"desk_opens_per_hour", "desk_codes_per_hour", "centre_opens_per_hour", "centre_codes_per_hour", "prefix_codes_per_hour"} {
		if err := schema.Set(ctx, s.admin(), limit, 1_000_000); err != nil {
			return s, err
		}
	}
	if s.database, err = s.login(schema.CentreLogin); err != nil {
		return s, err
	}
	if s.registrar, err = s.login(cluster.Registrar); err != nil {
		return s, err
	}
	if s.signIns, err = s.login(schema.LoginService); err != nil {
		return s, err
	}
	return s, s.startCentre(ctx)
}

// startCentre starts the program beside this one.
func (s *site) startCentre(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding our programs: %w", err)
	}
	// All desks of a measurement are at one address, with two connections each.
	config := fmt.Sprintf("listen = \"127.0.0.1:0\"\ncertificate = \"centre.crt\"\nkey = \"centre.key\"\n"+
		"desk_authority = \"desk-ca/ca.crt\"\nstaff_authority = \"staff-ca.crt\"\nrecord_keys = [\"record.pub\"]\ndatabase = %q\n[limits]\nper_address = 4096\n", s.database)
	file := filepath.Join(s.dir, "centre.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	s.centre, err = process.StartLogged(filepath.Join(s.dir, "centre.log"), filepath.Join(filepath.Dir(self), "centre"), "-config", file)
	if err != nil {
		return err
	}
	said, _, err := s.centre.Await(ctx, "ready", 0, func(line string) bool { return strings.HasPrefix(line, "ready ") })
	s.url = "https://" + strings.TrimPrefix(said.Text, "ready ")
	return err
}

func (s *site) close() (err error) {
	if s.centre != nil {
		err = s.centre.Stop(15 * time.Second)
	}
	if s.cluster != nil {
		err = errors.Join(err, s.cluster.Stop())
	}
	return err
}

func (s *site) admin() string { return s.cluster.DSN(cluster.Admin, siteDatabase) }

func (s *site) serviceCA() string { return filepath.Join(s.dir, "service-ca", deskca.CertificateFile) }

func (s *site) staffCA() string { return filepath.Join(s.dir, "staff-ca.crt") }

// login makes the certificate of a role, and returns the connection string with it: over TCP, and both sides prove
// themselves.
func (s *site) login(role string) (string, error) {
	pair, err := s.services.Login(role)
	if err != nil {
		return "", err
	}
	cert, key, err := pair.Write(s.dir, role)
	if err != nil {
		return "", err
	}
	dsn := url.URL{Scheme: "postgres", User: url.User(role), Host: s.cluster.Addr(), Path: "/" + siteDatabase, RawQuery: url.Values{
		"sslmode": {"verify-full"}, "sslrootcert": {s.serviceCA()}, "sslcert": {cert}, "sslkey": {key}}.Encode()}
	return dsn.String(), nil
}

// deskAt is a desk that calls the centre, with its certificate and key.
type deskAt struct {
	*central.Centre
	cert  tls.Certificate
	shift kiosktest.Shift // of who is signed in, when somebody is
}

// addDesk makes a desk. The caller closes it.
func (s *site) addDesk(ctx context.Context, name string) (deskAt, error) {
	cert, err := s.cluster.Desk(ctx, name, siteDatabase)
	if err != nil {
		return deskAt{}, fmt.Errorf("adding a desk: %w", err)
	}
	c, err := central.Dial(central.Config{URLs: []string{s.url}, Certificate: cert, Roots: s.roots, Timeout: 30 * time.Second})
	return deskAt{Centre: c, cert: cert}, err
}

// signIn has a clerk sign in at each desk.
func signIn(ctx context.Context, desks []deskAt) (err error) {
	for i, d := range desks {
		if desks[i].shift, err = kiosktest.SignIn(ctx, d.Centre, kiosktest.Clerks[0]); err != nil {
			return err
		}
	}
	return nil
}

// addDesks makes so many.
func (s *site) addDesks(ctx context.Context, prefix string, n int) ([]deskAt, error) {
	desks := make([]deskAt, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range desks {
		g.Go(func() (err error) {
			desks[i], err = s.addDesk(ctx, fmt.Sprintf("%s-%d", prefix, i+1))
			return err
		})
	}
	return desks, g.Wait()
}

func closeAll(desks []deskAt) {
	for _, d := range desks {
		if d.Centre != nil {
			d.Close()
		}
	}
}

// roles are whom a desk's certificate is tried as at PostgreSQL; the last is itself.
var roles = []string{schema.CentreLogin, cluster.Registrar, ""}

// knock tries to log in to PostgreSQL with a desk's certificate, and returns an error when it is let in.
func knock(ctx context.Context, dsn string, cert tls.Certificate, roots *x509.CertPool) error {
	for _, role := range roles {
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			return errors.New("the connection string cannot be parsed") // its errors quote it
		}
		cfg.User, cfg.Password, cfg.Fallbacks = cmp.Or(role, cert.Leaf.Subject.CommonName), "", nil
		if cfg.TLSConfig != nil {
			cfg.TLSConfig = &tls.Config{RootCAs: roots, ServerName: cfg.Host, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		}
		if conn, err := pgx.ConnectConfig(ctx, cfg); err == nil {
			_ = conn.Close(ctx)
			return fmt.Errorf("PostgreSQL let a desk's certificate in as %s", cfg.User)
		}
	}
	return nil
}
