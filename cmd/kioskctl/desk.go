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

const deskUsage = `Usage: kioskctl desk COMMAND [flags]

  add NAME [--out DIR] [--ca DIR] [--hosts A,B] [--name DB]
        make the login role of a desk and its TLS client certificate, and print its connection string
  ca [--ca DIR]
        make the certification authority of the desks, without a database
  server HOST… [--out DIR] [--ca DIR]
        issue the database server's certificate, where there is no other authority for it

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

// runDesk carries out "kioskctl desk".
func runDesk(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, deskUsage)
		return exitUsage
	}
	command, rest := args[0], args[1:]
	switch command {
	case "add":
		return addLogin(ctx, "desk add", schema.DeskGroup, rest, stdout, stderr)
	case "ca":
		return deskAuthority(rest, stdout, stderr)
	case "server":
		return deskServer(rest, stdout, stderr)
	case "help", "-h", "--help":
		_, _ = fmt.Fprint(stdout, deskUsage)
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "kioskctl desk: no command %q\n\n%s", command, deskUsage)
	return exitUsage
}

// names splits leading arguments that are not flags from the rest.
func names(args []string) (leading, rest []string) {
	for i, a := range args {
		if strings.HasPrefix(a, "-") {
			return args[:i], args[i:]
		}
	}
	return args, nil
}

// addLogin makes a role and its certificate: for a desk, or for a registrar.
func addLogin(ctx context.Context, command, group string, args []string, stdout, stderr io.Writer) int {
	usage := deskUsage
	if group == schema.RegistrarGroup {
		usage = dbUsage
	}
	leading, rest := names(args)
	fs, dsn := adminFlags(command, usage, stderr)
	out := fs.String("out", ".", "")
	ca := fs.String("ca", "desk-ca", "")
	hosts := fs.String("hosts", "db1.example.pt,db2.example.pt", "")
	database := fs.String("name", "balcao", "")
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return exit
	}
	if len(leading) != 1 {
		_, _ = fmt.Fprint(stderr, usage)
		return exitUsage
	}
	role := leading[0]
	if err := schema.CheckName(role); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	authority, err := deskca.Load(*ca)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	pair, err := authority.Login(role)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	// No password: the certificate is the only way in.
	if err := schema.AddLogin(ctx, *dsn, schema.Login{Name: role, Group: group}); err != nil {
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

// connectionString names every host, so that a desk finds the primary after a failover.
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

func deskAuthority(args []string, stdout, stderr io.Writer) int {
	fs, _ := adminFlags("desk ca", deskUsage, stderr)
	ca := fs.String("ca", "desk-ca", "")
	if err := fs.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	if _, err := deskca.Create(*ca); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s is for the server (ssl_ca_file), %s stays here.\n",
		filepath.Join(*ca, deskca.CertificateFile), filepath.Join(*ca, deskca.KeyFile))
	return exitOK
}

func deskServer(args []string, stdout, stderr io.Writer) int {
	hosts, rest := names(args)
	fs, _ := adminFlags("desk server", deskUsage, stderr)
	out := fs.String("out", ".", "")
	ca := fs.String("ca", "desk-ca", "")
	if err := fs.Parse(rest); err != nil {
		return mistake(err, exitUsage)
	}
	authority, err := deskca.Load(*ca)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	pair, err := authority.Server(hosts...)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	certFile, keyFile, err := pair.Write(*out, "server")
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s and %s are for the server (ssl_cert_file, ssl_key_file).\n", certFile, keyFile)
	return exitOK
}
