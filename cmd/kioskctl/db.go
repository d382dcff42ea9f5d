package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

const dbUsage = `Usage: kioskctl db COMMAND [flags]

  create [--name DB] [--ca DIR] [--service-ca DIR]
        make the centre's database and two certification authorities: of its desks, and of its services
  migrate                         bring the database up to this program's version; stop the registrars before, and
                                  start those of the same version after
  check                           compare versions and audit who may do what (exit 3 when something is open)
  centre [--out DIR]              make the TLS client certificate of the door (cmd/centre) for the database
  login [--out DIR]               the same of the service at which people sign in (cmd/login)
  registrar NAME [--out DIR]      make a registrar's role and TLS client certificate for the database
  server HOST… [--as NAME] [--out DIR]
        issue the certificate of the database's server, or of the door's, where there is no other authority for it
        all four: [--service-ca DIR]; the first three also [--hosts A,B] [--name DB]
  settings                        print the centre's rules: name, value, bounds, what it is
  set NAME VALUE                  change one, for example: set typed_mrz 1
  extension list | remove NAME    the laws that let expired documents count as valid
  extension add NAME --kinds K,K --expired-from D --expired-to D --until D
        documents of the kinds (citizen-card, passport, residence-permit, residence-card) whose last day is from
        D to D count as valid until D; days as 2031-04-15
  destination list                where codes go by SMS: the longest prefix of a number decides, none means no
  destination set PREFIX on|off [--per-hour N]
        N codes within an hour at most; 0: as the setting prefix_codes_per_hour says
  alerts                          desks that met a contact with which other desks were busy; messages that wait; the log
  reviews                         pairs of living keys that may be one person's

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN, which other users of this
computer cannot see. Create connects to any database of the server; the others to the centre's.
`

// exitOpen is db check's answer when a rule of the audit is broken.
const exitOpen = 3

// runDB carries out "kioskctl db".
func runDB(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return oneOf(ctx, "kioskctl db", dbUsage, map[string]command{
		"create": dbCreate, "migrate": dbMigrate, "check": dbCheck, "centre": dbCentre, "login": dbLogin, "registrar": dbRegistrar, "server": dbServer,
		"settings": dbSettings, "set": dbSet, "extension": dbExtension, "destination": dbDestination,
		"alerts": dbAlerts, "reviews": dbReviews,
	}, args, stdout, stderr)
}

func dbCreate(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("db create", dbUsage, stderr)
	name := fs.String("name", "balcao", "")
	ca := fs.String("ca", "desk-ca", "")
	services := fs.String("service-ca", "service-ca", "")
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	if err := schema.Create(ctx, *dsn, *name); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	if err := errors.Join(ensure(deskca.Create, *ca), ensure(deskca.CreateService, *services)); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, `Database %[1]s is ready.

The server trusts the door and the registrars by %[2]s/%[4]s, and no desk. In postgresql.conf:
  ssl = on
  ssl_ca_file = '%[4]s'
  log_error_verbosity = terse              # no rows in the log
  log_parameter_max_length_on_error = 0
  log_parameter_max_length = 0             # nor what was asked for, such as a service
In pg_hba.conf, behind the administrators' own lines and before anything more generous:
  hostssl %[1]s %[5]s,%[8]s,+%[6]s all cert
  host    all   all all reject
The door and the registrars know desks by %[3]s/%[4]s.
Keep %[2]s/%[7]s and %[3]s/%[7]s off the servers.
Next: kioskctl db centre, kioskctl db registrar NAME, kioskctl desk add NAME.
`, *name, *services, *ca, deskca.CertificateFile, schema.CentreLogin, schema.RegistrarGroup, deskca.KeyFile, schema.LoginService)
	return exitOK
}

// ensure makes an authority unless there is one.
func ensure(create func(string) (*deskca.Authority, error), dir string) error {
	_, err := create(dir)
	if errors.Is(err, deskca.ErrExists) {
		_, err = deskca.Load(dir)
	}
	return err
}

func dbMigrate(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("db migrate", dbUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	from, to, err := schema.Migrate(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	if from == to {
		_, _ = fmt.Fprintf(stdout, "The schema is at version %d already.\n", to)
	} else {
		_, _ = fmt.Fprintf(stdout, "The schema went from version %d to %d.\n", from, to)
	}
	return exitOK
}

func dbCheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("db check", dbUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	findings, err := schema.Check(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	exit := exitOK
	for _, f := range findings {
		if f.OK() {
			_, _ = fmt.Fprintf(stdout, "ok    %s\n", f.Rule)
			continue
		}
		exit = exitOpen
		_, _ = fmt.Fprintf(stdout, "OPEN  %s\n", f.Rule)
		for _, o := range f.Offenders {
			_, _ = fmt.Fprintf(stdout, "        %s\n", o)
		}
		_, _ = fmt.Fprintf(stdout, "      cure: %s\n", f.Cure)
	}
	return exit
}
