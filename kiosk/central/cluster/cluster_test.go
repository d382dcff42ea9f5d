package cluster_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

func TestNewDatabase(t *testing.T) {
	t.Parallel()
	for range 3 {
		db := cluster.NewDatabase(t)
		conn, err := pgx.Connect(t.Context(), db.Desk("loja_1"))
		if err != nil {
			t.Fatal(err)
		}
		var who string
		if err := conn.QueryRow(t.Context(), "select session_user from desk.hello()").Scan(&who); err != nil {
			t.Fatal(err)
		}
		if got, want := who, "loja_1"; got != want {
			t.Errorf("session_user = %q, want %q", got, want)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
