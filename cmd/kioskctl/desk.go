package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

const deskUsage = `Usage: kioskctl desk COMMAND [flags]

  add NAME [--out DIR] [--ca DIR]
        make a desk and its TLS client certificate
  suspend NAME, resume NAME
        cut a desk off from its next call, which ends what it has open, and let it go on
  rotate NAME [--overlap DURATION] [--out DIR] [--ca DIR]
        make its next certificate; those before it end after the overlap (24h when not said, 0s: at once)
  revoke NAME
        cut a desk off for good
  list  print the desks and their certificates
  ca [--ca DIR]
        make the certification authority of the desks, without a database

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

// runDesk carries out "kioskctl desk".
func runDesk(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return oneOf(ctx, "kioskctl desk", deskUsage, map[string]command{
		"add": deskCertificate("add"), "rotate": deskCertificate("rotate"), "list": deskList, "ca": deskAuthority,
		"suspend": changeOne("desk suspend", deskUsage, schema.SuspendDesk, "Desk %s is suspended.\n"),
		"resume":  changeOne("desk resume", deskUsage, schema.ResumeDesk, "Desk %s may go on.\n"),
		"revoke":  changeOne("desk revoke", deskUsage, schema.RevokeDesk, "Desk %s is revoked for good.\n"),
	}, args, stdout, stderr)
}

// deskCertificate is the command that makes a certificate for a new desk, or the next one of a desk.
func deskCertificate(name string) command {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		return makeDeskCertificate(ctx, name, args, stdout, stderr)
	}
}

func makeDeskCertificate(ctx context.Context, command string, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("desk "+command, deskUsage, stderr)
	out := fs.String("out", ".", "")
	ca := fs.String("ca", "desk-ca", "")
	overlap := 24 * time.Hour
	if command == "rotate" {
		fs.DurationVar(&overlap, "overlap", overlap, "")
	}
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	name := leading[0]
	if err := schema.CheckName(name); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	authority, err := deskca.Load(*ca)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	pair, err := authority.Login(name)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	file := name
	if command == "rotate" { // the files of the one before are in use
		sum := sha256.Sum256(pair.DER())
		file += "-" + hex.EncodeToString(sum[:4])
	}
	certFile, keyFile, err := pair.Write(*out, file)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	if command == "add" {
		err = schema.AddDesk(ctx, *dsn, name, pair.DER())
	} else {
		err = schema.RotateDesk(ctx, *dsn, name, pair.DER(), overlap)
	}
	if err != nil {
		return fail(stderr, fs.Name(), errors.Join(err, remove(certFile, keyFile)))
	}
	_, _ = fmt.Fprintf(stdout, `Desk %s speaks to the centre with these two files (keep the key secret). In its kiosk.toml, where they lie there:
  certificate = %q
  key         = %q
`, name, certFile, keyFile)
	return exitOK
}

// remove takes back files of a certificate that came to nothing.
func remove(files ...string) error {
	var errs []error
	for _, file := range files {
		errs = append(errs, os.Remove(file))
	}
	return errors.Join(errs...)
}

func deskList(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("desk list", deskUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	desks, err := schema.Desks(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	for _, d := range desks {
		_, _ = fmt.Fprintf(stdout, "%s  %s, added %s\n", d.Name, d.State, day(d.AddedAt))
		for _, c := range d.Certificates {
			_, _ = fmt.Fprintf(stdout, "  %s added %s%s\n", c.Fingerprint, day(c.AddedAt), ending(c.Revoked, c.EndsAt))
		}
	}
	return exitOK
}

// ending says that a certificate was revoked or ends, and nothing of any other.
func ending(revoked bool, ends time.Time) string {
	switch {
	case revoked:
		return ", revoked"
	case !ends.IsZero():
		return ", ends " + ends.UTC().Format(time.RFC3339)
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func deskAuthority(_ context.Context, args []string, stdout, stderr io.Writer) int {
	fs, _ := adminFlags("desk ca", deskUsage, stderr)
	ca := fs.String("ca", "desk-ca", "")
	if err := fs.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	if _, err := deskca.Create(*ca); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s is for the door and the registrars, %s stays here.\n",
		filepath.Join(*ca, deskca.CertificateFile), filepath.Join(*ca, deskca.KeyFile))
	return exitOK
}
