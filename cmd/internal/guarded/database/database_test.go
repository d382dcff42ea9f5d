package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"balcao/cmd/internal/guarded/database"
	"balcao/kiosk/central/deskca"
)

func TestTLS(t *testing.T) {
	for _, name := range []string{"PGHOST", "PGSSLMODE", "PGSSLKEY", "PGSSLCERT", "PGSSLROOTCERT", "PGSERVICE"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir()) // where the parser looks for certificates, services and passwords
	dir := filepath.Join(t.TempDir(), "a 'folder'+%")
	authority, err := deskca.Create(filepath.Join(dir, "ca"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Login("registrar_1")
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := pair.Write(dir, "registrar_1")
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "ca", deskca.CertificateFile)
	inURL := strings.NewReplacer("%", "%25", " ", "%20", "'", "%27").Replace
	quoted := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'" }
	pairURL := "&sslrootcert=" + inURL(root) + "&sslcert=" + inURL(certificate) + "&sslkey=" + inURL(key)
	pairWords := " sslrootcert=" + quoted(root) + " sslcert=" + quoted(certificate) + " sslkey = " + quoted(key)
	for name, test := range map[string]struct {
		dsn, open string
		want      string // "" when it is good
	}{
		"socket":                  {dsn: "host=/run/postgresql dbname=balcao"},
		"socket in a URL":         {dsn: "postgres:///balcao?host=/run/postgresql"},
		"verify-full":             {dsn: "postgres://u@db1,db2/balcao?sslmode=verify-full" + pairURL},
		"verify-full in words":    {dsn: "host=db1,db2 sslmode=verify-full" + pairWords},
		"the system's anchors":    {dsn: "host=db1 sslmode=verify-full"},
		"socket, then TLS":        {dsn: "host=/run/postgresql,db2 sslmode=verify-full"},
		"nothing said":            {dsn: "host=db1", want: "db1"},
		"disable":                 {dsn: "host=db1 sslmode=disable", want: "verify-full"},
		"allow":                   {dsn: "host=db1 sslmode=allow", want: "verify-full"},
		"prefer":                  {dsn: "host=db1 sslmode=prefer", want: "verify-full"},
		"require":                 {dsn: "postgres://u@db1/balcao?sslmode=require", want: "verify-full"},
		"require with a root":     {dsn: "postgres://u@db1/balcao?sslmode=require" + pairURL, want: "verify-full"},
		"verify-ca":               {dsn: "postgres://u@db1/balcao?sslmode=verify-ca" + pairURL, want: "verify-full"},
		"this computer over TCP":  {dsn: "host=localhost sslmode=disable", want: "localhost"},
		"socket, then bare":       {dsn: "host=/run/postgresql,db2 sslmode=require", want: "db2"},
		"key that others read":    {dsn: "postgres://u@db1/balcao?sslmode=verify-full" + pairURL, open: key, want: "chmod 600"},
		"the same in words":       {dsn: "host=db1 sslmode=verify-full" + pairWords, open: key, want: "chmod 600"},
		"authority others change": {dsn: "host=db1 sslmode=verify-full" + pairWords, open: root, want: "chmod go-w"},
		"nonsense":                {dsn: "host=db1 port=x password=hunter2", want: "not a connection string"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.open != "" {
				mustChmod(t, test.open, 0o666)
				defer mustChmod(t, test.open, 0o600)
			}
			check(t, database.TLS(test.dsn), test.want)
		})
	}
}

func mustChmod(t *testing.T, file string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

func TestPassword(t *testing.T) {
	for dsn, want := range map[string]bool{
		"host=db1 user=x": false, "host=db1 password=x": true, "host=db1 password = 'a b'": true,
		"postgres://u@db1/b": false, "postgres://u:x@db1/b": true, "postgres://db1/b?user=u&password=x": true,
	} {
		if got := database.Password(dsn); got != want {
			t.Errorf("%s: got %t", dsn, got)
		}
	}
}

func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q in it", err, want)
	}
}
