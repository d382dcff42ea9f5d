package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"balcao/cardreader/staffcard"
	"balcao/kiosk/central/schema"
)

const staffUsage = `Usage: kioskctl staff COMMAND [flags]

  add NUMBER --role clerk|supervisor|auditor (--card READER | --certificate FILE) [--name NAME]
        register a member of staff with their card: one in a reader, by its number or part of its name, or the file
        of its certificate (PEM or DER). The name is the certificate's when not said
  suspend NUMBER, resume NUMBER
        end what they have open at every desk and let them sign in no more; and let them sign in again, also
        after wrong sign-ins
  renew NUMBER (--card READER | --certificate FILE) [--overlap DURATION]
        register their next card; those before it end after the overlap (24h when not said, 0s: at once)
  revoke FINGERPRINT
        a card was lost or stolen: end what was opened with it, and let nobody sign in with it any more
  list  print the staff and the fingerprints of their cards

That a card is a staff card at all, door and registrars know from files of their own (staff_authority, staff_cards).
The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

// runStaff carries out "kioskctl staff".
func runStaff(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, staffUsage)
		return exitUsage
	}
	command, rest := args[0], args[1:]
	switch command {
	case "add", "renew":
		return staffCard(ctx, command, rest, stdout, stderr)
	case "suspend":
		return staffChange(ctx, command, rest, schema.SuspendStaff, "Member of staff %s is suspended.\n", stdout, stderr)
	case "resume":
		return staffChange(ctx, command, rest, schema.ResumeStaff, "Member of staff %s may sign in.\n", stdout, stderr)
	case "revoke":
		return staffChange(ctx, command, rest, schema.RevokeStaffCard, "Card %s is revoked.\n", stdout, stderr)
	case "list":
		return staffList(ctx, rest, stdout, stderr)
	case "help", "-h", "--help":
		_, _ = fmt.Fprint(stdout, staffUsage)
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "kioskctl staff: no command %q\n\n%s", command, staffUsage)
	return exitUsage
}

// parseStaff parses flags behind one number or fingerprint.
func parseStaff(fs *flag.FlagSet, dsn *string, args []string, stderr io.Writer) (which string, exit int, ok bool) {
	leading, rest := names(args)
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return "", exit, false
	}
	if len(leading) != 1 {
		_, _ = fmt.Fprint(stderr, staffUsage)
		return "", exitUsage, false
	}
	return leading[0], exitOK, true
}

// staffCard registers the first card of a member of staff, or their next.
func staffCard(ctx context.Context, command string, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("staff "+command, staffUsage, stderr)
	reader := fs.String("card", "", "")
	file := fs.String("certificate", "", "")
	var s schema.Staff
	overlap := 24 * time.Hour
	if command == "add" {
		fs.StringVar(&s.Name, "name", "", "")
		fs.StringVar(&s.Role, "role", "", "")
	} else {
		fs.DurationVar(&overlap, "overlap", overlap, "")
	}
	number, exit, ok := parseStaff(fs, dsn, args, stderr)
	if !ok {
		return exit
	}
	if (*reader == "") == (*file == "") {
		_, _ = fmt.Fprintf(stderr, "%s: give either --card or --certificate\n", fs.Name())
		return exitUsage
	}
	certificate, err := certificateFile(*file)
	if *reader != "" {
		certificate, err = certificateOfCard(ctx, *reader)
	}
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	if command == "add" {
		s.Number, s.Name = number, cmp.Or(s.Name, certificate.Subject.CommonName)
		err = schema.AddStaff(ctx, *dsn, s, certificate.Raw)
	} else {
		err = schema.RenewStaff(ctx, *dsn, number, certificate.Raw, overlap)
	}
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "Member of staff %s has the card of %s, valid until %s.\n", number, certificate.Subject, day(certificate.NotAfter))
	return exitOK
}

func certificateFile(name string) (*x509.Certificate, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	certificate, err := x509.ParseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no certificate, PEM or DER", name)
	}
	return certificate, nil
}

// certificateOfCard reads a staff card's certificate. No PIN is asked for, and no other reader is touched.
func certificateOfCard(ctx context.Context, reader string) (*x509.Certificate, error) {
	wanted, err := readersLike(ctx, reader)
	if err != nil {
		return nil, err
	}
	if len(wanted) > 1 {
		return nil, fmt.Errorf("%q is part of %d readers' names; give the number of one, see kioskctl doctor", reader, len(wanted))
	}
	card, err := staffcard.Open(ctx, wanted[0])
	if err != nil {
		return nil, err
	}
	return card.Certificate(), card.Close()
}

func staffChange(ctx context.Context, command string, args []string, change func(context.Context, string, string) error, done string,
	stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("staff "+command, staffUsage, stderr)
	which, exit, ok := parseStaff(fs, dsn, args, stderr)
	if !ok {
		return exit
	}
	if err := change(ctx, *dsn, which); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, done, which)
	return exitOK
}

func staffList(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("staff list", staffUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	staff, err := schema.StaffList(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	if len(staff) == 0 {
		_, _ = fmt.Fprintln(stdout, "There is no member of staff.")
	}
	for _, s := range staff {
		_, _ = fmt.Fprintf(stdout, "%s  %s, %s, %s, added %s\n", s.Number, s.Name, s.Role, s.State, day(s.AddedAt))
		for _, c := range s.Certificates {
			_, _ = fmt.Fprintf(stdout, "  %s added %s%s\n", c.Fingerprint, day(c.AddedAt), ending(c.Revoked, c.EndsAt))
		}
	}
	return exitOK
}
