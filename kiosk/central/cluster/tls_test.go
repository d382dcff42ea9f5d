package cluster_test

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
)

// TestWhoPostgreSQLLetsIn tries to log in over TCP: TLS, a certificate, several hosts.
func TestWhoPostgreSQLLetsIn(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	services := must(deskca.CreateService(filepath.Join(dir, "service-ca")))(t)
	desks := must(deskca.Create(filepath.Join(dir, "desk-ca")))(t)
	stranger := must(deskca.CreateService(filepath.Join(dir, "stranger-ca")))(t)
	authorityFile := filepath.Join(dir, "service-ca", deskca.CertificateFile)
	server := must(services.Server("127.0.0.1"))(t)
	var log bytes.Buffer
	c := must(cluster.Start(ctx, cluster.Options{Log: &log, Desks: desks, TLS: &cluster.TLS{
		Certificate: server.Certificate, Key: server.Key, ClientCA: must(os.ReadFile(authorityFile))(t)}}))(t)
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() { // the server writes into it until it has stopped
			t.Log(log.String())
		}
	})
	if err := c.Create(ctx, "balcao"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Desk(ctx, "loja_1", "balcao"); err != nil {
		t.Fatal(err)
	}
	// A role of the desk's name changes nothing: no line of pg_hba.conf lets it in.
	admin := must(pgx.Connect(ctx, c.DSN(cluster.Admin, "balcao")))(t)
	if _, err := admin.Exec(ctx, `create role loja_1 login; grant connect on database balcao to loja_1`); err != nil {
		t.Fatal(err)
	}
	if err := admin.Close(ctx); err != nil {
		t.Fatal(err)
	}
	connect := func(user, mode string, pair deskca.Pair) error {
		query := url.Values{"sslmode": {mode}, "target_session_attrs": {"read-write"}, "connect_timeout": {"3"},
			"sslrootcert": {authorityFile}}
		if pair.Certificate != nil {
			cert, key := must2(pair.Write(t.TempDir(), user))(t)
			query.Set("sslcert", cert)
			query.Set("sslkey", key)
		}
		// The first host is where nobody listens: as after the loss of a server.
		dsn := url.URL{Scheme: "postgres", User: url.User(user), Host: "127.0.0.1:1," + c.Addr(), Path: "/balcao",
			RawQuery: query.Encode()}
		conn, err := pgx.Connect(ctx, dsn.String())
		if err != nil {
			return err
		}
		var encrypted bool
		err = conn.QueryRow(ctx, `select ssl and session_user = $1 from pg_stat_ssl where pid = pg_backend_pid()`, user).
			Scan(&encrypted)
		if err == nil && !encrypted {
			err = errors.New("not encrypted, or another user")
		}
		return errors.Join(err, conn.Close(ctx))
	}

	for _, c := range []struct {
		name, user, mode string
		authority        *deskca.Authority
		certificate      string
		in               bool
	}{
		{"the door", cluster.Centre, "verify-full", services, cluster.Centre, true},
		{"a registrar", cluster.Registrar, "verify-full", services, cluster.Registrar, true},
		{"a desk", "loja_1", "verify-full", desks, "loja_1", false},
		{"a desk as the door", cluster.Centre, "verify-full", desks, "loja_1", false},
		{"a desk whose certificate says it is the door", cluster.Centre, "verify-full", desks, cluster.Centre, false},
		{"a desk with a certificate of the services", "loja_1", "verify-full", services, "loja_1", false},
		{"the door as a registrar", cluster.Registrar, "verify-full", services, cluster.Centre, false},
		{"a registrar as the door", cluster.Centre, "verify-full", services, cluster.Registrar, false},
		{"no certificate", cluster.Centre, "verify-full", nil, "", false},
		{"no TLS", cluster.Centre, "disable", nil, "", false},
		{"the administrator", cluster.Admin, "verify-full", services, cluster.Admin, false},
		{"a stranger's authority", cluster.Centre, "verify-full", stranger, cluster.Centre, false},
	} {
		var pair deskca.Pair
		if c.authority != nil {
			pair = must(c.authority.Login(c.certificate))(t)
		}
		err := connect(c.user, c.mode, pair)
		var pgErr *pgconn.PgError
		switch {
		case c.in && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !c.in && err == nil:
			t.Errorf("%s: let in", c.name)
		case errors.As(err, &pgErr) && !strings.HasPrefix(pgErr.Code, "28"):
			t.Errorf("%s: %v, want an authorization error", c.name, err)
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func must2[A, B any](a A, b B, err error) func(*testing.T) (A, B) {
	return func(t *testing.T) (A, B) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
}

func TestStopRemovesEverything(t *testing.T) {
	t.Parallel()
	data, err := os.MkdirTemp("", "balcao-test-") // t.TempDir is not open to the server's user
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: data, Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range []string{data, c.Dir()} {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", dir, err)
		}
	}
}

func TestStartKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Start(t.Context(), cluster.Options{Dir: dir}); err == nil {
		t.Error("Start in a folder that holds something: no error")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}
