package cluster

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

// Create makes a database with the centre's schema, and gives passwords to the login roles Centre, Login and Registrar.
func (c *Cluster) Create(ctx context.Context, database string) error {
	if err := schema.Create(ctx, c.DSN(Admin, "postgres"), database); err != nil {
		return err
	}
	// By default every role may connect to these two; ours need neither.
	if err := c.exec(ctx, "revoke all on database postgres, template1 from public"); err != nil {
		return fmt.Errorf("closing the other databases: %w", err)
	}
	return errors.Join(c.login(ctx, schema.Login{Name: Registrar}), c.login(ctx, schema.Login{Name: Centre}), c.login(ctx, schema.Login{Name: Login}))
}

// Desk makes the row of a desk in the database and returns its client certificate, which is the same for the same
// name.
func (c *Cluster) Desk(ctx context.Context, name, database string) (tls.Certificate, error) {
	cert, err := c.certificate(name)
	if err != nil {
		return tls.Certificate{}, err
	}
	return cert, schema.AddDesk(ctx, c.DSN(Admin, database), name, cert.Leaf.Raw)
}

func (c *Cluster) certificate(name string) (tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cert, ok := c.certs[name]; ok {
		return cert, nil
	}
	pair, err := c.desks.Login(name)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, err := pair.TLS()
	if err == nil {
		c.certs[name] = cert
	}
	return cert, err
}

// testDesks is the one authority of desks of a test program.
var testDesks = sync.OnceValue(func() *deskca.Authority {
	a, err := deskca.New()
	if err != nil {
		panic(err) // there is no randomness
	}
	return a
})

// DeskAuthority issues the certificates of Database.Desk.
func DeskAuthority() *x509.Certificate { return testDesks().Certificate() }

// DeskPool holds DeskAuthority and nothing else.
func DeskPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(DeskAuthority())
	return pool
}

func (c *Cluster) login(ctx context.Context, login schema.Login) error {
	admin := c.DSN(Admin, "postgres")
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.passwords[login.Name]; ok {
		return nil
	}
	login.Password = rand.Text()
	if err := schema.AddLogin(ctx, admin, login); err != nil {
		return err
	}
	c.passwords[login.Name] = login.Password
	return nil
}

// Clone makes a new database like the one that Create makes, by copying a template: tens of
// milliseconds instead of all migrations.
func (c *Cluster) Clone(ctx context.Context) (database string, err error) {
	if err := c.makeTemplate(ctx); err != nil {
		return "", err
	}
	// CREATE DATABASE takes one template at a time; the lock makes that a queue instead of an error.
	c.mu.Lock()
	c.databases++
	database = "test_" + strconv.Itoa(c.databases)
	c.mu.Unlock()
	cloning.Lock()
	err = c.exec(ctx, "create database "+database+" template "+c.template+" strategy file_copy")
	cloning.Unlock()
	if err != nil {
		return "", fmt.Errorf("cloning the template database: %w", err)
	}
	return database, c.exec(ctx, schema.Seal(database))
}

var cloning sync.Mutex

func (c *Cluster) makeTemplate(ctx context.Context) error {
	cloning.Lock()
	defer cloning.Unlock()
	if c.template != "" {
		return nil
	}
	const name = "balcao_template"
	if err := c.Create(ctx, name); err != nil {
		return err
	}
	c.template = name
	return nil
}

// exec does something as the administrator, on a connection that stays until the server ends.
func (c *Cluster) exec(ctx context.Context, sql string) (err error) {
	c.admins.Lock()
	defer c.admins.Unlock()
	if c.admin == nil || c.admin.Ping(ctx) != nil { // the server has crashed since
		if c.admin, err = pgx.Connect(ctx, c.DSN(Admin, "postgres")); err != nil {
			return fmt.Errorf("connecting as administrator: %w", err)
		}
	}
	_, err = c.admin.Exec(ctx, sql)
	return err
}

// shared is the one server of a test program.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// TestMain runs a package's tests and then stops the server that they started, if they did. Every
// package that calls NewDatabase has a TestMain that calls this one:
//
//	func TestMain(m *testing.M) { cluster.TestMain(m) }
func TestMain(m interface{ Run() int }) {
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// TB is what NewDatabase needs of a testing.TB, so that programs do not link package testing.
type TB interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}

// Database is a migrated database of a test's own, on the server that all tests of the program share.
type Database struct {
	Name    string
	Pool    *pgxpool.Pool // of an administrator, if the test has one: Desk needs no connection of its own then
	cluster *Cluster
	t       TB
	desks   sync.Map // that Desk made
}

// Shared says how the server of NewDatabase runs. A TestMain may change it.
var Shared Options

// NewDatabase gives a test its own database. Without an installed server the test fails, saying so.
func NewDatabase(t TB) *Database {
	t.Helper()
	shared.once.Do(func() { shared.cluster, shared.err = Start(context.Background(), Shared) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster.NewDatabase(t)
}

// NewDatabase gives a test its own database, on a server that it started.
func (c *Cluster) NewDatabase(t TB) *Database {
	t.Helper()
	name, err := c.Clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &Database{Name: name, cluster: c, t: t}
}

// Drop removes the database, and ends every connection to it.
func (d *Database) Drop(ctx context.Context) error {
	return d.cluster.exec(ctx, "drop database "+d.Name+" with (force)")
}

// Admin is the connection string of the superuser.
func (d *Database) Admin() string { return d.cluster.DSN(Admin, d.Name) }

// Centre is the connection string of the door.
func (d *Database) Centre() string { return d.cluster.DSN(Centre, d.Name) }

// Login is the connection string of the service at which people sign in.
func (d *Database) Login() string { return d.cluster.DSN(Login, d.Name) }

// Registrar is the connection string of a registrar.
func (d *Database) Registrar() string { return d.cluster.DSN(Registrar, d.Name) }

// Desk makes the desk's row when it does not exist and returns its client certificate, by DeskAuthority.
// Certificates are the server's: tests may use the same names, in databases of their own.
func (d *Database) Desk(name string) tls.Certificate {
	d.t.Helper()
	if made, ok := d.desks.Load(name); ok {
		return made.(tls.Certificate)
	}
	ctx := d.t.Context()
	cert, err := d.cluster.certificate(name)
	switch {
	case err != nil:
	case d.Pool == nil:
		err = schema.AddDesk(ctx, d.Admin(), name, cert.Leaf.Raw)
	default:
		err = pgx.BeginFunc(ctx, d.Pool, func(tx pgx.Tx) error { return schema.AddDeskIn(ctx, tx, name, cert.Leaf.Raw) })
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.desks.Store(name, cert)
	return cert
}
