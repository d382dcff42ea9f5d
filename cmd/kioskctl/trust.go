package main

import (
	"crypto/sha256"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"balcao/kiosk/trust"
)

const trustUsage = `Usage: kioskctl trust import [--dir DIR] FILE…   add CA certificates (DER or PEM); self-signed ones become anchors
       kioskctl trust list   [--dir DIR]         show anchors and intermediates, with SHA-256 fingerprints

DIR is otherwise $BALCAO_TRUST, /etc/balcao/trust or the demo's. Compare the fingerprint of each root with
the one that the State publishes before you import it.
`

// runTrust keeps the folder that decides whom the kiosk believes.
func runTrust(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, trustUsage)
		return exitUsage
	}
	flags := flag.NewFlagSet("trust "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, trustUsage) }
	dir := flags.String("dir", "", "trust folder")
	if err := flags.Parse(args[1:]); err != nil {
		return mistake(err, exitUsage)
	}
	switch {
	case args[0] == "import" && flags.NArg() > 0:
		return importTrust(trustFolder(*dir), flags.Args(), stdout, stderr)
	case args[0] == "list" && flags.NArg() == 0:
		return listTrust(trustFolder(*dir), stdout, stderr)
	}
	flags.Usage()
	return exitUsage
}

// importTrust exits with 1 when a file was refused, so that a script notices.
func importTrust(dir string, files []string, stdout, stderr io.Writer) int {
	report, err := trust.Import(dir, files...)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	t := tabwriter.NewWriter(stdout, 0, 4, 2, ' ', 0)
	for _, item := range report.Items {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", importOutcome(item), item.Subject, item.File)
	}
	if err := t.Flush(); err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	if len(report.Refused()) > 0 {
		return exitError
	}
	return exitOK
}

func importOutcome(item trust.ImportItem) string {
	switch {
	case item.Refused != nil:
		return "refused: " + item.Refused.Error()
	case item.Duplicate:
		return "already there"
	case item.Anchor && time.Now().After(item.NotAfter):
		return "anchor, expired " + item.NotAfter.Format(time.DateOnly)
	case item.Anchor:
		return "anchor until " + item.NotAfter.Format(time.DateOnly)
	case item.Fault == trust.FaultUntrusted:
		return "intermediate, WITHOUT a chain to an anchor yet"
	case item.Fault == trust.FaultExpired:
		return "intermediate, expired " + item.NotAfter.Format(time.DateOnly)
	}
	return "intermediate until " + item.NotAfter.Format(time.DateOnly)
}

func listTrust(dir string, stdout, stderr io.Writer) int {
	store, err := trust.Load(dir)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	t := tabwriter.NewWriter(stdout, 0, 4, 2, ' ', 0)
	row := func(kind string, certificates []*x509.Certificate) {
		for _, c := range certificates {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%X\n", kind, c.Subject.CommonName, c.NotAfter.Format(time.DateOnly), sha256.Sum256(c.Raw))
		}
	}
	row("anchor", store.Anchors())
	row("intermediate", store.Intermediates())
	if err := t.Flush(); err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	return exitOK
}
