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
	"balcao/kiosk/central/schema"
)

// TestDeskCertificate logs in over TCP as a real desk does: TLS, its own certificate, several hosts.
func TestDeskCertificate(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	ca, err := deskca.Create(filepath.Join(dir, "ca"))
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca", deskca.CertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	server, err := ca.Server("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c, err := cluster.Start(ctx, cluster.Options{Log: &log,
		TLS: &cluster.TLS{Certificate: server.Certificate, Key: server.Key, ClientCA: authority}})
	if err != nil {
		t.Fatal(err)
	}
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
	for _, name := range []string{"loja_1", "loja_2"} {
		if err := schema.AddLogin(ctx, c.DSN(cluster.Admin, "balcao"), schema.Login{Name: name, Group: schema.DeskGroup}); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := ca.Login("loja_1")
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile, err := pair.Write(dir, "loja_1")
	if err != nil {
		t.Fatal(err)
	}
	connect := func(user, mode, cert, key string) error {
		query := url.Values{"sslmode": {mode}, "target_session_attrs": {"read-write"}, "connect_timeout": {"3"},
			"sslrootcert": {filepath.Join(dir, "ca", deskca.CertificateFile)}}
		if cert != "" {
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

	if err := connect("loja_1", "verify-full", certFile, keyFile); err != nil {
		t.Errorf("with its own certificate: %v", err)
	}
	for name, err := range map[string]error{
		"another desk's name":    connect("loja_2", "verify-full", certFile, keyFile),
		"no certificate":         connect("loja_1", "verify-full", "", ""),
		"no TLS":                 connect("loja_1", "disable", "", ""),
		"the administrator":      connect(cluster.Admin, "verify-full", certFile, keyFile),
		"a stranger's authority": connect("loja_1", "verify-full", mustStranger(t, dir), filepath.Join(dir, "stranger.key")),
	} {
		var pgErr *pgconn.PgError
		switch {
		case err == nil:
			t.Errorf("%s: let in", name)
		case errors.As(err, &pgErr) && !strings.HasPrefix(pgErr.Code, "28"):
			t.Errorf("%s: %v, want an authorization error", name, err)
		}
	}
}

// mustStranger writes a certificate for loja_1 from an authority that the server does not know.
func mustStranger(t *testing.T, dir string) (certFile string) {
	t.Helper()
	other, err := deskca.Create(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := other.Login("loja_1")
	if err != nil {
		t.Fatal(err)
	}
	certFile, _, err = pair.Write(dir, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	return certFile
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
