package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

// dbCentre makes the door's certificate for the database. Its role is there since db create.
func dbCentre(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return addLogin(ctx, "db centre", append([]string{schema.CentreLogin}, args...), stdout, stderr)
}

// dbLogin makes the certificate of the login service.
func dbLogin(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return addLogin(ctx, "db login", append([]string{schema.LoginService}, args...), stdout, stderr)
}

func dbRegistrar(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return addLogin(ctx, "db registrar", args, stdout, stderr)
}

// addLogin makes a role and its certificate.
func addLogin(ctx context.Context, command string, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags(command, dbUsage, stderr)
	out := fs.String("out", ".", "")
	ca := fs.String("service-ca", "service-ca", "")
	hosts := fs.String("hosts", "db1.example.pt,db2.example.pt", "")
	database := fs.String("name", "balcao", "")
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	role := leading[0]
	authority, err := deskca.Load(*ca)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	pair, err := authority.Login(role)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	// No password: the certificate is the only way in.
	if err := schema.AddLogin(ctx, *dsn, schema.Login{Name: role}); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	certFile, keyFile, err := pair.Write(*out, role)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, `Role %s may log in with
  %s
  %s (keep it secret)
Connection string; server-ca.crt is the authority of the servers' own certificates:
  %s
`, role, certFile, keyFile, connectionString(role, *database, strings.Split(*hosts, ","), certFile, keyFile))
	return exitOK
}

// connectionString names every host, so that the primary is found after a failover.
func connectionString(role, database string, hosts []string, certFile, keyFile string) string {
	query := url.Values{
		"sslmode":              {"verify-full"},
		"sslrootcert":          {"server-ca.crt"},
		"sslcert":              {filepath.Base(certFile)},
		"sslkey":               {filepath.Base(keyFile)},
		"target_session_attrs": {"read-write"},
		"connect_timeout":      {"3"},
	}
	dsn := url.URL{Scheme: "postgres", User: url.User(role), Host: strings.Join(hosts, ","), Path: "/" + database,
		RawQuery: query.Encode()}
	return dsn.String()
}

func dbServer(_ context.Context, args []string, stdout, stderr io.Writer) int {
	hosts, rest := names(args)
	fs, _ := adminFlags("db server", dbUsage, stderr)
	out := fs.String("out", ".", "")
	as := fs.String("as", "server", "")
	ca := fs.String("service-ca", "service-ca", "")
	if err := fs.Parse(rest); err != nil {
		return mistake(err, exitUsage)
	}
	if err := ensure(deskca.CreateService, *ca); err != nil { // a server that demands TLS needs its certificate first
		return fail(stderr, fs.Name(), err)
	}
	authority, err := deskca.Load(*ca)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	pair, err := authority.Server(hosts...)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	certFile, keyFile, err := pair.Write(*out, *as)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s and %s are for the server (ssl_cert_file, ssl_key_file).\n", certFile, keyFile)
	return exitOK
}
