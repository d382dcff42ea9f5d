package cluster_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

func TestNewDatabase(t *testing.T) {
	t.Parallel()
	var fingerprint [32]byte
	for n := range 3 {
		db := cluster.NewDatabase(t)
		cert := db.Desk("loja_1")
		if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: cluster.DeskPool(),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Error(err)
		}
		if again := db.Desk("loja_1"); !again.Leaf.Equal(cert.Leaf) || n > 0 && fingerprint != sha256.Sum256(cert.Leaf.Raw) {
			t.Error("another certificate for the same desk")
		}
		fingerprint = sha256.Sum256(cert.Leaf.Raw)
		conn, err := pgx.Connect(t.Context(), db.Centre())
		if err != nil {
			t.Fatal(err)
		}
		var who string
		if err := conn.QueryRow(t.Context(), "select desk from desk.hello($1)", fingerprint[:]).Scan(&who); err != nil {
			t.Fatal(err)
		}
		if got, want := who, "loja_1"; got != want {
			t.Errorf("desk = %q, want %q", got, want)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestCrash: what was committed is there when the server has recovered, at its address.
func TestCrash(t *testing.T) {
	t.Parallel()
	c, err := cluster.Start(t.Context(), cluster.Options{Settings: []string{"synchronous_commit=on"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	dsn := c.DSN(cluster.Admin, "postgres")
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "create table kept as select 1 as n"); err != nil {
		t.Fatal(err)
	}
	c.Crash()
	if _, err := pgx.Connect(t.Context(), dsn); err == nil {
		t.Error("it answers after it has crashed")
	}
	if err := c.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close(context.Background()) }()
	var n int
	if err := again.QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil {
		t.Errorf("what was committed is lost: %v", err)
	}
}
