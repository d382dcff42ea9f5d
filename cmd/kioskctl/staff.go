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
	return oneOf(ctx, "kioskctl staff", staffUsage, map[string]command{
		"add": staffAdd, "renew": staffRenew, "list": staffList,
		"suspend": changeOne("staff suspend", staffUsage, schema.SuspendStaff, "Member of staff %s is suspended.\n"),
		"resume":  changeOne("staff resume", staffUsage, schema.ResumeStaff, "Member of staff %s may sign in.\n"),
		"revoke":  changeOne("staff revoke", staffUsage, schema.RevokeStaffCard, "Card %s is revoked.\n"),
	}, args, stdout, stderr)
}

func staffAdd(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("staff add", staffUsage, stderr)
	name, role := fs.String("name", "", ""), fs.String("role", "", "")
	return staffCard(ctx, fs, dsn, args, stdout, stderr, func(number string, card *x509.Certificate) error {
		s := schema.Staff{Number: number, Name: cmp.Or(*name, card.Subject.CommonName), Role: *role}
		return schema.AddStaff(ctx, *dsn, s, card.Raw)
	})
}

func staffRenew(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("staff renew", staffUsage, stderr)
	overlap := fs.Duration("overlap", 24*time.Hour, "")
	return staffCard(ctx, fs, dsn, args, stdout, stderr, func(number string, card *x509.Certificate) error {
		return schema.RenewStaff(ctx, *dsn, number, card.Raw, *overlap)
	})
}

// staffCard registers a card of a member of staff.
func staffCard(ctx context.Context, fs *flag.FlagSet, dsn *string, args []string, stdout, stderr io.Writer,
	register func(number string, card *x509.Certificate) error) int {
	reader, file := fs.String("card", "", ""), fs.String("certificate", "", "")
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	if (*reader == "") == (*file == "") {
		_, _ = fmt.Fprintf(stderr, "%s: give either --card or --certificate\n", fs.Name())
		return exitUsage
	}
	var card *x509.Certificate
	var err error
	if *reader != "" {
		card, err = certificateOfCard(ctx, *reader)
	} else {
		card, err = certificateFile(*file)
	}
	if err == nil {
		err = register(leading[0], card)
	}
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "Member of staff %s has the card of %s, valid until %s.\n", leading[0], card.Subject, day(card.NotAfter))
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
